package graphsim

import (
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// quote is s as a JSON string.
func quote(s string) string {
	b, err := jsontext.AppendQuote(nil, s)
	if err != nil { // invalid UTF-8 was replaced
		return string(b)
	}
	return string(b)
}

// unquote is the value of a JSON string; "" for anything else.
func unquote(text string) string {
	if len(text) < 2 || text[0] != '"' {
		return ""
	}
	if strings.IndexByte(text, '\\') < 0 {
		return text[1 : len(text)-1]
	}
	b, err := jsontext.AppendUnquote(nil, text)
	if err != nil {
		return ""
	}
	return string(b)
}

// stringsOf is the value of a JSON array of strings; nil for anything else.
func stringsOf(text string) []string {
	if len(text) <= 2 || text[0] != '[' {
		return nil
	}
	var list []string
	if json.Unmarshal([]byte(text), &list) != nil {
		return nil
	}
	return list
}

// hasString tells whether a JSON array of strings holds an element.
func hasString(text, element string) bool {
	return strings.Contains(text, quote(element))
}

// quoteAll is a JSON array of strings.
func quoteAll(list ...string) string {
	b := []byte{'['}
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, quote(s)...)
	}
	return string(append(b, ']'))
}

func boolean(b bool) string { return strconv.FormatBool(b) }
