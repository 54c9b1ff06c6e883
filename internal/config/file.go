package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// A given is one value of a configuration file.
type given struct {
	key   string
	line  int
	items []string // one, unless it is a list
	list  bool
	item  bool // one of a list of groups begins here
}

// parseFile reads a YAML file into its leaves: strict, so that a misspelt key
// never counts as silence.
//
// The groups are the keys that hold settings themselves.
func parseFile(name string, text []byte, groups []string) (found []given, errs []error) {
	p := fileParser{name: name, groups: groups, seen: map[string]int{}}
	defer func() { // the YAML parser panics on some broken texts
		if recover() != nil {
			p.complain(1, "is not YAML")
			found, errs = nil, p.errs
		}
	}()
	file, err := parser.ParseBytes(text, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		p.syntax(err)
		return nil, p.errs
	}
	for i, doc := range file.Docs {
		if i > 0 {
			p.complain(doc.GetToken().Position.Line, "a second document is not allowed")
			break
		}
		if doc.Body != nil {
			p.group("", doc.Body)
		}
	}
	return p.found, p.errs
}

type fileParser struct {
	name   string
	groups []string
	found  []given
	errs   []error
	seen   map[string]int
}

func (p *fileParser) complain(line int, format string, args ...any) {
	p.errs = append(p.errs, fmt.Errorf("%s:%d: %s", p.name, line, fmt.Sprintf(format, args...)))
}

// group reads a mapping whose keys all begin with the prefix.
func (p *fileParser) group(prefix string, node ast.Node) {
	switch n := node.(type) {
	case *ast.MappingNode:
		for _, value := range n.Values {
			p.entry(prefix, value)
		}
	case *ast.NullNode, *ast.CommentGroupNode:
	default:
		p.complain(node.GetToken().Position.Line, "%s must be a group of settings", orWhole(prefix))
	}
}

func orWhole(prefix string) string {
	if prefix == "" {
		return "the file"
	}
	return strings.TrimSuffix(prefix, ".")
}

func (p *fileParser) entry(prefix string, entry *ast.MappingValueNode) {
	key, line := prefix+entry.Key.GetToken().Value, entry.Key.GetToken().Position.Line
	if before, twice := p.seen[key]; twice {
		p.complain(line, "%s is given twice, first on line %d", key, before)
		return
	}
	p.seen[key] = line
	switch {
	case slices.Contains(p.groups, key):
		p.group(key+".", entry.Value)
	case key == clientList:
		p.items(key, line, entry.Value)
	default:
		p.leaf(given{key: key, line: line}, entry.Value)
	}
}

// items reads a list of groups.
func (p *fileParser) items(key string, line int, node ast.Node) {
	sequence, list := node.(*ast.SequenceNode)
	if !list {
		p.complain(line, "%s must be a list of groups", key)
		return
	}
	for n, item := range sequence.Values {
		g := given{key: itemKey(key, n), line: item.GetToken().Position.Line, item: true}
		p.found = append(p.found, g)
		p.group(g.key+".", item)
	}
}

func (p *fileParser) leaf(g given, node ast.Node) {
	sequence, list := node.(*ast.SequenceNode)
	if !list {
		if text, ok := p.scalar(g, node); ok {
			g.items = []string{text}
			p.found = append(p.found, g)
		}
		return
	}
	g.list = true
	for _, item := range sequence.Values {
		text, ok := p.scalar(g, item)
		if !ok {
			return
		}
		g.items = append(g.items, text)
	}
	p.found = append(p.found, g)
}

// scalar is the value as it was written, so that 1e3 or 0x10 is not taken for
// another number than it looks like. Anchors and tags are not taken at all.
func (p *fileParser) scalar(g given, node ast.Node) (string, bool) {
	switch n := node.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	case *ast.NullNode:
		p.complain(g.line, "%s has no value", g.key)
	default:
		p.complain(g.line, "%s must be a plain value or a list of them", g.key)
	}
	return "", false
}

// syntax complains without the excerpt of the file that the parser adds, for
// there may be a secret in it.
func (p *fileParser) syntax(err error) {
	var e yaml.Error
	if !errors.As(err, &e) {
		p.complain(1, "is not YAML")
		return
	}
	p.complain(e.GetToken().Position.Line, "is not YAML: %s", e.GetMessage())
}

// groups are the keys that hold some of the settings.
func groups(of []setting) []string {
	var all []string
	for _, s := range of {
		if i := strings.LastIndex(s.key, "."); i > 0 && !slices.Contains(all, s.key[:i]) {
			all = append(all, s.key[:i])
		}
	}
	return all
}
