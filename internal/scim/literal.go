package scim

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	filter "github.com/scim2/filter-parser/v2"
)

// unquoted is a literal that only a boolean attribute may be compared with.
type unquoted string

func (p *parser) quoted() (string, error) {
	end := 1
	for end < len(p.rest) && p.rest[end] != '"' {
		if p.rest[end] == '\\' {
			end++
		}
		end++
	}
	if end >= len(p.rest) {
		return "", errors.New("a string is not closed")
	}
	text, err := jsontext.AppendUnquote(nil, p.rest[:end+1])
	if err != nil {
		return "", errors.New("a string is not valid JSON")
	}
	p.rest = p.rest[end+1:]
	return string(text), nil
}

// number reads a JSON number: an int where it is one, else a float64.
func number(word string) (any, bool) {
	if v := jsontext.Value(word); !v.IsValid() || v.Kind() != '0' {
		return nil, false
	}
	if i, err := strconv.Atoi(word); err == nil {
		return i, true
	}
	f, err := strconv.ParseFloat(word, 64)
	return f, err == nil
}

// attributePath splits [URI ":"] ATTRNAME ["." ATTRNAME].
func attributePath(word string) (filter.AttributePath, error) {
	uri, name := "", word
	if i := strings.LastIndexByte(word, ':'); i >= 0 {
		uri, name = word[:i], word[i+1:]
	}
	attr, sub, dotted := strings.Cut(name, ".")
	if !validName(attr) || dotted && !validName(sub) || uri == "" && name != word {
		return filter.AttributePath{}, fmt.Errorf("%q is not an attribute name", word)
	}
	path := filter.AttributePath{AttributeName: attr}
	if uri != "" {
		path.URIPrefix = &uri
	}
	if dotted {
		path.SubAttribute = &sub
	}
	return path, nil
}

// validName tells whether a name is an ATTRNAME (RFC 7643 section 2.1), or $ref.
func validName(name string) bool {
	if strings.EqualFold(name, "$ref") {
		return true
	}
	for i := range len(name) {
		c := name[i]
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		if !letter && (i == 0 || c != '-' && c != '_' && c != '$' && (c < '0' || c > '9')) {
			return false
		}
	}
	return name != ""
}
