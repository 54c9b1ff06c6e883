package mapping

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// A selector is what stands in brackets behind a multi-valued attribute.
type selector struct {
	kind selectorKind
	text string // between the brackets: "0", `type eq "work"`, ""
	typ  string // of a type selector: work
}

type selectorKind int

const (
	noSelector    selectorKind = iota // a single-valued attribute
	everySelector                     // [] every value of a Graph collection
	indexSelector                     // [0] the one value that Graph holds
	typeSelector                      // [type eq "work"] the one value of this type
)

var (
	attributeName = regexp.MustCompile(`^(\$ref|[A-Za-z][-_0-9A-Za-z]*)$`)
	typeSelection = regexp.MustCompile(`^type eq "([^"\\]+)"$`)
	propertyName  = regexp.MustCompile(`^(@odata\.type|[A-Za-z][_0-9A-Za-z]*)$`)
)

// A scimPath is a parsed SCIM path of a row.
type scimPath struct {
	prefix, name, sub string
	selector          selector
}

// parseSCIM reads "prefix.name[selector].sub"; prefix, selector and sub are
// optional. isPrefix tells a prefix from an attribute.
func parseSCIM(text string, isPrefix func(string) bool) (scimPath, error) {
	var p scimPath
	rest := text
	if head, tail, found := strings.Cut(text, "."); found && isPrefix(head) {
		p.prefix, rest = head, tail
	}
	head, inside, tail, err := cutBrackets(rest)
	if err != nil {
		return p, err
	}
	if p.selector, err = parseSelector(inside); err != nil {
		return p, err
	}
	if inside == nil {
		p.name, p.sub, _ = strings.Cut(head, ".")
	} else {
		p.name, p.sub = head, strings.TrimPrefix(tail, ".")
	}
	return p, p.check(text, tail)
}

func (p scimPath) check(text, tail string) error {
	if tail != "" && !strings.HasPrefix(tail, ".") {
		return fmt.Errorf("bad SCIM path %q", text)
	}
	if name, _, found := strings.Cut(p.sub, "."); found && p.prefix == "" && attributeName.MatchString(name) {
		return fmt.Errorf("unknown prefix %q in SCIM path %q", p.name, text)
	}
	if !attributeName.MatchString(p.name) || p.name == "$ref" || (p.sub != "" && !attributeName.MatchString(p.sub)) {
		return fmt.Errorf("bad SCIM path %q", text)
	}
	if strings.HasSuffix(text, ".") {
		return fmt.Errorf("bad SCIM path %q", text)
	}
	return nil
}

// cutBrackets cuts "a[b]c" into a, b and c; inside is nil without brackets.
func cutBrackets(text string) (before string, inside *string, after string, err error) {
	before, rest, found := strings.Cut(text, "[")
	if !found {
		return text, nil, "", nil
	}
	in, after, found := strings.Cut(rest, "]")
	if !found {
		return "", nil, "", fmt.Errorf("bad path %q: a bracket is not closed", text)
	}
	return before, &in, after, nil
}

func parseSelector(inside *string) (selector, error) {
	if inside == nil {
		return selector{}, nil
	}
	if *inside == "" {
		return selector{kind: everySelector}, nil
	}
	if m := typeSelection.FindStringSubmatch(*inside); m != nil {
		return selector{kind: typeSelector, text: *inside, typ: m[1]}, nil
	}
	if n, err := strconv.Atoi(*inside); err == nil && n >= 0 && n < maxIndex {
		return selector{kind: indexSelector, text: strconv.Itoa(n)}, nil
	}
	return selector{}, fmt.Errorf("bad selector [%s]: want [], an index below %d or [type eq \"...\"]", *inside, maxIndex)
}

// maxIndex bounds indexes, so that a typing error does not become a huge array.
const maxIndex = 100

// A graphPath is a parsed Graph path of a row.
type graphPath struct {
	property string // of the object: businessPhones, employeeOrgData, manager
	every    bool   // property[]: every value of a collection
	index    int    // property[0]: this one value of a collection; -1: not indexed
	sub      string // property of the value: costCenter, id, @odata.type
}

// parseGraph reads "property", "property[0]", "property[]", each optionally
// followed by ".sub".
func parseGraph(text string) (graphPath, error) {
	p := graphPath{index: -1}
	head, inside, tail, err := cutBrackets(text)
	if err != nil {
		return p, err
	}
	switch {
	case inside == nil && !strings.HasPrefix(text, "@"):
		p.property, p.sub, _ = strings.Cut(head, ".")
		tail = "." + p.sub
	default:
		p.property, p.sub = head, strings.TrimPrefix(tail, ".")
	}
	if inside != nil {
		if err := p.bracket(*inside); err != nil {
			return p, err
		}
	}
	dot := tail != "" && tail != "." && !strings.HasPrefix(tail, ".")
	if dot || strings.HasSuffix(text, ".") || !propertyName.MatchString(p.property) || (p.sub != "" && !propertyName.MatchString(p.sub)) {
		return p, fmt.Errorf("bad Graph path %q", text)
	}
	return p, nil
}

func (p *graphPath) bracket(inside string) error {
	if inside == "" {
		p.every = true
		return nil
	}
	n, err := strconv.Atoi(inside)
	if err != nil || n < 0 || n >= maxIndex {
		return fmt.Errorf("bad index [%s] in a Graph path", inside)
	}
	p.index = n
	return nil
}

// name is the path as the entity data model writes it.
func (p graphPath) name() string {
	if p.sub == "" {
		return p.property
	}
	return p.property + "/" + p.sub
}
