package odata

import (
	"strings"
	"unicode/utf8"
)

// An expr is a condition on one object.
type expr interface {
	match(get Getter) bool
}

type (
	and []expr
	or  []expr
	not struct{ expr }
)

// A clause compares the property at path. Inside a lambda the path is relative to
// its variable, and empty for the variable itself. op is an edm.Op without its
// null and negated forms.
type clause struct {
	path   string
	op     string
	values []literal // one, but for "in"
}

// A lambda is path/any(x:body).
type lambda struct {
	path string
	body expr
}

// A counted is path/$count eq n or ne n.
type counted struct {
	path  string
	op    string
	value int64
}

func (e and) match(get Getter) bool {
	for _, term := range e {
		if !term.match(get) {
			return false
		}
	}
	return true
}

func (e or) match(get Getter) bool {
	for _, term := range e {
		if term.match(get) {
			return true
		}
	}
	return false
}

func (e not) match(get Getter) bool { return !e.expr.match(get) }

func (c *clause) match(get Getter) bool {
	value := get(c.path)
	switch c.op {
	case "eq", "in":
		return c.oneOf(value)
	case "ne":
		return !c.oneOf(value)
	case "startsWith":
		s, ok := value.(string)
		return ok && hasPrefixFold(s, c.values[0].text)
	case "endsWith":
		s, ok := value.(string)
		return ok && hasSuffixFold(s, c.values[0].text)
	}
	return c.ordered(value)
}

func (c *clause) oneOf(value any) bool {
	for _, l := range c.values {
		if l.equals(value) {
			return true
		}
	}
	return false
}

// ordered compares date-times, the only values that Graph grants ge and le.
func (c *clause) ordered(value any) bool {
	s, _ := value.(string)
	at, ok := moment(s)
	if !ok || c.values[0].kind != instant {
		return false
	}
	order := at.Compare(c.values[0].at)
	switch c.op {
	case "ge":
		return order >= 0
	case "le":
		return order <= 0
	case "gt":
		return order > 0
	}
	return c.op == "lt" && order < 0
}

func (l *lambda) match(get Getter) bool {
	switch items := get(l.path).(type) {
	case []string:
		for _, item := range items {
			if l.body.match(func(string) any { return item }) {
				return true
			}
		}
	case []map[string]any:
		for _, item := range items {
			if l.body.match(func(path string) any { return inside(item, path) }) {
				return true
			}
		}
	}
	return false
}

// inside reads a path of a complex value.
func inside(item map[string]any, path string) any {
	name, rest, deeper := strings.Cut(path, "/")
	value := item[name]
	if !deeper {
		return value
	}
	inner, _ := value.(map[string]any)
	return inside(inner, rest)
}

func (c *counted) match(get Getter) bool {
	n, ok := get(c.path + "/$count").(int64)
	if !ok {
		switch items := get(c.path).(type) {
		case []string:
			n = int64(len(items))
		case []map[string]any:
			n = int64(len(items))
		}
	}
	return (n == c.value) == (c.op == "eq")
}

func hasPrefixFold(s, prefix string) bool {
	if len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
		return true
	}
	return !ascii(s, prefix) && strings.HasPrefix(strings.ToLower(s), strings.ToLower(prefix))
}

func hasSuffixFold(s, suffix string) bool {
	if len(s) >= len(suffix) && strings.EqualFold(s[len(s)-len(suffix):], suffix) {
		return true
	}
	return !ascii(s, suffix) && strings.HasSuffix(strings.ToLower(s), strings.ToLower(suffix))
}

func ascii(all ...string) bool {
	for _, s := range all {
		for i := range len(s) {
			if s[i] >= utf8.RuneSelf {
				return false
			}
		}
	}
	return true
}
