package entra_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A condition is a filter of RFC 7644 section 3.4.2.2, with its text and its meaning.
type condition interface {
	text() string
	// holds evaluates it on a document, or on a value of a complex attribute.
	holds(doc object) bool
}

type (
	both   struct{ left, right condition }
	anyOf  struct{ left, right condition }
	denied struct{ inner condition }
)

func (c both) text() string   { return "(" + c.left.text() + ") and (" + c.right.text() + ")" }
func (c anyOf) text() string  { return "(" + c.left.text() + ") or (" + c.right.text() + ")" }
func (c denied) text() string { return "not (" + c.inner.text() + ")" }

func (c both) holds(d object) bool   { return c.left.holds(d) && c.right.holds(d) }
func (c anyOf) holds(d object) bool  { return c.left.holds(d) || c.right.holds(d) }
func (c denied) holds(d object) bool { return !c.inner.holds(d) }

// A bracketed condition holds of a resource when it does of one value.
type bracketed struct {
	name  string // as it is written
	of    facet
	inner condition
}

func (c bracketed) text() string { return c.name + "[" + c.inner.text() + "]" }

func (c bracketed) holds(d object) bool {
	return slices.ContainsFunc(c.of.of(d), func(v any) bool {
		m, ok := v.(object)
		return ok && c.inner.holds(m)
	})
}

// A compared condition is one comparison.
type compared struct {
	name  string // as it is written
	of    facet  // what is compared: the value, of a complex attribute
	inner bool   // in brackets: it is given the value of the complex attribute
	op    string
	value any    // string, bool, nil: null or, for pr, nothing
	as    string // the value as it is written
}

func (c compared) text() string {
	if c.op == "pr" {
		return c.name + " " + c.op
	}
	return c.name + " " + c.op + " " + c.as
}

func (c compared) holds(d object) bool {
	values := c.of.of(d)
	if c.inner {
		values = listed(d[c.of.sub])
	}
	switch {
	case c.op == "pr", c.value == nil && c.op == "ne":
		return len(values) > 0
	case c.value == nil:
		return len(values) == 0
	case len(values) == 0:
		return c.op == "ne"
	}
	return slices.ContainsFunc(values, c.matches)
}

func (c compared) matches(v any) bool {
	switch want := c.value.(type) {
	case bool:
		return (v == want) == (c.op == "eq")
	case string:
		got, ok := v.(string)
		if !ok {
			return false
		}
		if c.of.kind == "dateTime" && !slices.Contains([]string{"co", "sw", "ew"}, c.op) {
			x, errX := time.Parse(time.RFC3339Nano, got)
			y, errY := time.Parse(time.RFC3339Nano, want)
			return errX == nil && errY == nil && sorts(c.op, x.Compare(y))
		}
		got, want = c.of.lower(got), c.of.lower(want)
		switch c.op {
		case "co":
			return strings.Contains(got, want)
		case "sw":
			return strings.HasPrefix(got, want)
		case "ew":
			return strings.HasSuffix(got, want)
		}
		return sorts(c.op, strings.Compare(got, want))
	}
	return false
}

func sorts(op string, order int) bool {
	switch op {
	case "eq":
		return order == 0
	case "ne":
		return order != 0
	case "gt":
		return order > 0
	case "ge":
		return order >= 0
	case "lt":
		return order < 0
	case "le":
		return order <= 0
	}
	panic("no operator " + op)
}

// A grower makes a filter of bytes: each chooses a production, and when they end the
// first is taken.
type grower struct {
	bytes   []byte
	literal string // one that the fuzzer made up
	facets  []facet
	docs    []object
	short   string // the domain that user names are shown without; "" for none
}

func (g *grower) pick(n int) int {
	if len(g.bytes) == 0 || n <= 1 {
		return 0
	}
	b := int(g.bytes[0])
	if g.bytes = g.bytes[1:]; n > 256 && len(g.bytes) > 0 {
		b = b<<8 | int(g.bytes[0])
		g.bytes = g.bytes[1:]
	}
	return b % n
}

func one[T any](g *grower, from []T) T { return from[g.pick(len(from))] }

func (g *grower) filter(deep int) condition {
	switch choice := g.pick(12); {
	case deep == 0 || choice < 6:
		return g.comparison()
	case choice < 8:
		return both{g.filter(deep - 1), g.filter(deep - 1)}
	case choice < 10:
		return anyOf{g.filter(deep - 1), g.filter(deep - 1)}
	case choice < 11:
		return denied{g.filter(deep - 1)}
	}
	complexes := slices.DeleteFunc(slices.Clone(g.facets), func(a facet) bool { return !a.complex })
	of := one(g, complexes)
	return bracketed{g.written(of), of, g.selection(of, deep-1)}
}

// selection is a filter in brackets.
func (g *grower) selection(of facet, deep int) condition {
	switch choice := g.pick(10); {
	case deep <= 0 || choice < 5:
		subs := slices.DeleteFunc(slices.Clone(g.facets), func(a facet) bool { return a.urn != of.urn || a.name != of.name || a.sub == "" })
		if g.pick(12) == 11 {
			subs = []facet{{urn: of.urn, name: of.name, sub: "shoe", kind: "string"}}
		}
		c := g.compare(one(g, subs))
		c.inner, c.name = true, g.cased(c.of.sub)
		return c
	case choice < 7:
		return both{g.selection(of, deep-1), g.selection(of, deep-1)}
	case choice < 9:
		return anyOf{g.selection(of, deep-1), g.selection(of, deep-1)}
	}
	return denied{g.selection(of, deep-1)}
}

// strangers are facets that nobody has.
var strangers = []facet{
	{name: "shoeSize", kind: "string"},
	{name: "name", sub: "shoe", kind: "string"},
	{name: "shoe", sub: "size", kind: "string"},
	{urn: "urn:example:shoes:2.0:Shoe", name: "size", kind: "string", extension: true},
	{name: "locale", kind: "string"},
}

func (g *grower) comparison() condition {
	of := one(g, append(slices.Clone(g.facets), strangers[g.pick(len(strangers))]))
	name := g.written(of)
	value, ok := of.value(g.facets)
	if !ok { // only whether it is there
		return compared{name: name, of: of, op: "pr"}
	}
	c := g.compare(value)
	if c.name = name; c.op == "pr" {
		c.of = of
	}
	return c
}

// written is the name of a facet, with and without its schema, in any case.
func (g *grower) written(of facet) string {
	name := of.String()
	if !of.extension && of.urn != "" && g.pick(5) == 4 {
		name = of.urn + ":" + name
	}
	return g.cased(name)
}

func (g *grower) cased(s string) string {
	switch g.pick(6) {
	case 4:
		return strings.ToUpper(s)
	case 5:
		return strings.ToLower(s)
	}
	return s
}

// compare makes a comparison of a facet that is no complex attribute.
func (g *grower) compare(of facet) compared {
	c := compared{of: of}
	switch g.pick(10) {
	case 8:
		c.op = "pr"
		return c
	case 9:
		c.op, c.as = one(g, []string{"eq", "ne"}), "null"
		return c
	}
	if of.kind == "boolean" {
		yes := g.pick(2) == 1
		c.op, c.value = one(g, []string{"eq", "ne"}), yes
		c.as = one(g, []string{fmt.Sprint(yes), fmt.Sprintf("%q", fmt.Sprint(yes)), strings.ToUpper(fmt.Sprint(yes))})
		return c
	}
	c.op = one(g, []string{"eq", "eq", "sw", "ne", "co", "ew", "gt", "ge", "lt", "le"})
	text := g.value(of)
	if at, err := time.Parse(time.RFC3339Nano, text); of.kind == "dateTime" && !slices.Contains([]string{"sw", "co", "ew"}, c.op) {
		if err != nil {
			at = time.Date(2024, 5, 1, 10, 0, 0, 0, time.UTC)
		}
		zone := one(g, []*time.Location{time.UTC, time.FixedZone("", 5*3600+1800), time.FixedZone("", -8*3600)})
		text = at.Add(one(g, []time.Duration{0, 0, time.Millisecond, -time.Hour, 300 * 24 * time.Hour})).In(zone).Format(time.RFC3339Nano)
	}
	c.value, c.as = text, quoted(text)
	if of.sub == "" && of.name == "userName" && (c.op == "eq" || c.op == "ne") {
		c.value = g.shownName(text)
	}
	return c
}

// shownName: a user name with the domain that names are shown without finds the user.
// Those of guests are shown whole.
func (g *grower) shownName(name string) string {
	if g.short != "" && !strings.Contains(name, "@") && strings.Contains(strings.ToUpper(name), "#EXT#") {
		return name + "@" + g.short
	}
	if strings.Contains(strings.ToUpper(name), "#EXT#") {
		return name
	}
	if at := len(name) - len(g.short) - 1; g.short != "" && at > 0 && strings.EqualFold(name[at:], "@"+g.short) && !strings.Contains(name[:at], "@") {
		return name[:at]
	}
	return name
}

// hostile are texts that something between a client and the directory could take
// for syntax.
var hostile = []string{
	"", " ", "O'Brien", "''", "'", `"`, `\`, `a\"b`, "a&b=c", "100%", "%27", "#", "+", "a+b", "a;b", "$filter=x", "(", ")", "] or [", "null", "true",
	"é", "É", "Ærø", "日本", "😀", "ß", "*", "?", "/", "@", "\u2028", "\t", "a b", "\u202e", "' or '1' eq '1", "5", "-", "_",
}

// value is a text to compare with: one that a document has, a part of one, or a
// hostile one.
func (g *grower) value(of facet) string {
	switch g.pick(8) {
	case 6:
		return one(g, hostile)
	case 7:
		return g.literal
	}
	var texts []string
	for _, d := range g.docs {
		for _, v := range of.of(d) {
			if s, ok := v.(string); ok {
				texts = append(texts, s)
			}
		}
	}
	if len(texts) == 0 {
		return one(g, hostile)
	}
	text := one(g, texts)
	letters := []rune(text)
	half := len(letters) / 2
	switch g.pick(8) {
	case 3:
		return strings.ToUpper(text)
	case 4:
		return string(letters[:half])
	case 5:
		return string(letters[half:])
	case 6:
		return string(letters[min(1, len(letters)):max(len(letters)-1, min(1, len(letters)))])
	case 7:
		return text + one(g, hostile)
	}
	return text
}

func quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}
