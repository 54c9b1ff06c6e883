package mapping

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// A place is where something stands in a source.
type place struct {
	file string
	line int
}

func (p place) String() string { return fmt.Sprintf("%s:%d", p.file, p.line) }

// complaints collects every mistake of a table.
type complaints struct{ all []error }

func (c *complaints) add(at place, format string, args ...any) {
	c.all = append(c.all, fmt.Errorf("%s: %s", at, fmt.Sprintf(format, args...)))
}

func (c *complaints) err() error { return errors.Join(c.all...) }

// A document is a table or overlay as it is written.
type document struct {
	at          place
	Resource    string            `yaml:"resource"`
	Description string            `yaml:"description"`
	Endpoint    string            `yaml:"endpoint"`
	Optional    bool              `yaml:"optional"`
	Mutability  string            `yaml:"mutability"`
	Schema      string            `yaml:"schema"`
	Prefixes    map[string]string `yaml:"prefixes"`
	Extensions  map[string]title  `yaml:"extensions"`
	Graph       graphSource       `yaml:"graph"`
	Describe    map[string]string `yaml:"descriptions"`
	Attributes  ignored           `yaml:"attributes"`

	appID       string // of the source
	prefixOrder []string
	rows        []rowSource
}

// ignored takes a value that is decoded elsewhere.
type ignored struct{}

// UnmarshalYAML accepts anything.
func (*ignored) UnmarshalYAML([]byte) error { return nil }

type title struct {
	Name        string `yaml:"name"`
	Description string `yaml:"description"`
	Keep        bool   `yaml:"keep"`
}

// A graphSource says where the objects of a table are.
type graphSource struct {
	Collection string   `yaml:"collection"` // path of the collection: "users", "roleManagement/directory/roleDefinitions"
	Entity     string   `yaml:"entity"`     // CSDL name of the entity type
	Whole      []string `yaml:"whole"`      // complex properties that are only ever written whole
	Filter     string   `yaml:"filter"`     // which objects are resources: "property eq 'value'"; "" all
	Options    string   `yaml:"options"`    // "none": the collection takes no query options, and is read whole
	Dictionary string   `yaml:"dictionary"` // the complex attribute that further properties have, by their names in Graph
	ID         string   `yaml:"id"`         // "text": ids are no GUIDs
}

// A rowSource is a row as it is written. Pointers tell a field that an overlay
// does not state from one that it sets to the zero value.
type rowSource struct {
	at          place
	stated      map[string]bool
	SCIM        string            `yaml:"scim"`
	Remove      bool              `yaml:"remove"`
	Graph       string            `yaml:"graph"`
	Relation    string            `yaml:"relation"`
	Kind        string            `yaml:"kind"`
	Type        string            `yaml:"type"`
	Mutability  string            `yaml:"mutability"`
	Returned    string            `yaml:"returned"`
	Uniqueness  string            `yaml:"uniqueness"`
	Required    bool              `yaml:"required"`
	CaseExact   bool              `yaml:"caseExact"`
	Canonical   []string          `yaml:"canonicalValues"`
	References  []string          `yaml:"referenceTypes"`
	Description string            `yaml:"description"`
	Default     any               `yaml:"default"`
	Constant    any               `yaml:"constant"`
	Derive      string            `yaml:"derive"`
	Values      map[string]string `yaml:"values"`
	Fallback    string            `yaml:"fallback"`
	Alias       string            `yaml:"alias"`
	Permission  string            `yaml:"permission"`
	Keep        bool              `yaml:"keep"`
	Ignore      bool              `yaml:"ignoreOthers"`
}

// decode reads a source. What it cannot read it complains about; the rest is
// returned, so that the rest's mistakes are found in the same run.
func decode(src Source, c *complaints) *document {
	d := &document{at: place{src.Name, 1}, appID: src.AppID}
	root := rootMapping(src, c)
	if root == nil {
		return d
	}
	for _, pair := range root.Values {
		d.key(pair, c)
	}
	return d
}

// rootMapping parses the text down to its one mapping.
func rootMapping(src Source, c *complaints) (root *ast.MappingNode) {
	at := place{src.Name, 1}
	defer func() { // the YAML parser panics on some broken texts
		if r := recover(); r != nil {
			c.add(at, "not YAML: %v", r)
			root = nil
		}
	}()
	file, err := parser.ParseBytes(src.Text, 0)
	switch {
	case err != nil:
		c.add(placeOf(src.Name, err), "not YAML: %s", firstLine(err))
		return nil
	case len(file.Docs) != 1 || file.Docs[0].Body == nil:
		c.add(at, "a table is exactly one YAML document")
		return nil
	}
	if root = mapping(file.Docs[0].Body); root == nil {
		c.add(at, "a table is a mapping with resource, endpoint, schema, graph and attributes")
	}
	return root
}

// key decodes one top-level key strictly.
func (d *document) key(pair *ast.MappingValueNode, c *complaints) {
	name := pair.Key.GetToken().Value
	at := place{d.at.file, line(pair.Key)}
	switch name {
	case "attributes":
		d.decodeRows(pair.Value, c)
	case "prefixes":
		d.orderPrefixes(pair.Value)
		fallthrough
	case "resource", "description", "endpoint", "optional", "mutability", "schema", "graph", "descriptions", "extensions":
		if err := strictly(only(pair), d); err != nil {
			c.add(placeIn(at, err), "%s: %s", name, firstLine(err))
		}
	default:
		c.add(at, "unknown key %q", name)
	}
}

// orderPrefixes remembers the order of the prefixes, which is the order of the
// extension schemas.
func (d *document) orderPrefixes(n ast.Node) {
	if m := mapping(n); m != nil {
		for _, pair := range m.Values {
			d.prefixOrder = append(d.prefixOrder, pair.Key.GetToken().Value)
		}
	}
}

func (d *document) decodeRows(n ast.Node, c *complaints) {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		c.add(place{d.at.file, line(n)}, "attributes is a list of rows")
		return
	}
	for _, v := range seq.Values {
		at := place{d.at.file, line(v)}
		row := mapping(v)
		if row == nil {
			c.add(at, "a row is a mapping such as {scim: title, graph: jobTitle}")
			continue
		}
		r := decodeRow(at, row, c)
		d.nameExtension(&r, c)
		d.rows = append(d.rows, r)
	}
}

func decodeRow(at place, row *ast.MappingNode, c *complaints) rowSource {
	r := rowSource{at: at, stated: map[string]bool{}}
	for _, pair := range row.Values {
		name := pair.Key.GetToken().Value
		here := place{at.file, line(pair.Key)}
		if !slices.Contains(rowKeys, name) {
			c.add(here, "unknown key %q", name)
			continue
		}
		r.stated[name] = true
		if err := strictly(only(pair), &r); err != nil {
			c.add(here, "%s: %s", name, firstLine(err))
		}
	}
	if r.SCIM == "" {
		c.add(at, "a row needs a scim path")
	}
	return r
}

var rowKeys = []string{
	"scim", "remove", "graph", "relation", "kind", "type", "mutability", "returned", "uniqueness", "required", "caseExact",
	"canonicalValues", "referenceTypes", "description", "default", "constant", "derive", "values", "fallback", "alias", "permission", "keep", "ignoreOthers",
}

// strictly decodes a node; panics of the YAML package on odd nodes are errors.
func strictly(n ast.Node, into any) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("not understood: %v", r)
		}
	}()
	return yaml.NodeToValue(n, into, yaml.Strict())
}

// only is a mapping of the one pair.
func only(pair *ast.MappingValueNode) ast.Node {
	return ast.Mapping(pair.Key.GetToken(), false, pair)
}

func mapping(n ast.Node) *ast.MappingNode {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n
	case *ast.MappingValueNode:
		return ast.Mapping(n.Key.GetToken(), false, n)
	}
	return nil
}

func line(n ast.Node) int {
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return 1
	}
	return n.GetToken().Position.Line
}

// placeOf finds the line that a YAML error names.
func placeOf(file string, err error) place { return placeIn(place{file, 1}, err) }

func placeIn(at place, err error) place {
	if y, ok := errors.AsType[yaml.Error](err); ok && y.GetToken() != nil && y.GetToken().Position != nil {
		at.line = y.GetToken().Position.Line
	}
	return at
}

// firstLine is the message of a YAML error without the excerpt of the source.
func firstLine(err error) string {
	if y, ok := errors.AsType[yaml.Error](err); ok {
		return y.GetMessage()
	}
	text, _, _ := strings.Cut(err.Error(), "\n")
	return text
}
