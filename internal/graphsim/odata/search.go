package odata

import (
	"slices"
	"strings"
	"unicode"

	"entrascim/internal/edm"
)

// A search is a $search: a list of alternatives, each a list of terms that all
// have to be found.
type search [][]term

// A term is "property:words".
type term struct {
	path  string
	words []string // of a tokenised property, lower case
	text  string   // of another one: what a value starts with
}

// searched reads $search. The header alone makes it an advanced query.
// Source: https://learn.microsoft.com/graph/search-query-parameter.
func (r *reader) searched(q *Query) *Error {
	source, ok := r.given["$search"]
	if !ok {
		return nil
	}
	if !r.Advanced {
		return refuse(CodeUnsupportedQuery, "Request with $search query parameter only works through MSGraph with a special request header: 'ConsistencyLevel: eventual'")
	}
	if strings.Contains(source, "&") { // a known issue of Graph: fails even when encoded
		return unsearchable(source)
	}
	parts, ok := cutSearch(source)
	if !ok {
		return unsearchable(source)
	}
	for i := 0; i < len(parts); i += 2 {
		t, err := r.term(parts[i])
		if err != nil {
			return err
		}
		if i == 0 || parts[i-1] == "OR" {
			q.search = append(q.search, nil)
		}
		last := len(q.search) - 1
		q.search[last] = append(q.search[last], t)
	}
	return nil
}

func unsearchable(source string) *Error {
	return refuse(CodeBadRequest, "Syntax error in '%s' of $search. Terms have the form \"property:text\", joined by AND or OR.", source)
}

// cutSearch cuts `"a:b" AND "c:d"` into the terms, unquoted, and the operators
// between them. A backslash escapes a quote or a backslash.
func cutSearch(s string) (parts []string, ok bool) {
	for {
		term, rest, ok := cutTerm(strings.TrimSpace(s))
		if !ok {
			return nil, false
		}
		parts = append(parts, term)
		if rest == "" {
			return parts, true
		}
		operator, after, _ := strings.Cut(rest, " ")
		if operator != "AND" && operator != "OR" {
			return nil, false
		}
		parts, s = append(parts, operator), after
	}
}

func cutTerm(s string) (term, rest string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		return "", "", false
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
			b.WriteByte(s[i])
		case s[i] == '"':
			return b.String(), strings.TrimSpace(s[i+1:]), true
		default:
			b.WriteByte(s[i])
		}
	}
	return "", "", false
}

// term finds the property that a term names. A tokenised one is searched for
// words; one that grants startsWith for what it starts with; no other is searched.
func (r *reader) term(source string) (term, *Error) {
	name, wanted, ok := strings.Cut(source, ":")
	wanted = strings.TrimSpace(wanted)
	if !ok || wanted == "" {
		return term{}, unsearchable(source)
	}
	p, known := r.find(r.Entity, name)
	switch {
	case !known:
		return term{}, unknownProperty(name, r.Entity)
	case p.Search:
		return term{path: name, words: pieces(wanted)}, nil
	case p.Grants("startsWith") != edm.Unsupported:
		return term{path: name, text: wanted}, nil
	}
	return term{}, refuse(CodeUnsupportedQuery, "Unsupported or invalid search clause specified for property '%s' of resource '%s'.", name, capital(r.Entity))
}

func (s search) match(get Getter) bool {
	return slices.ContainsFunc(s, func(all []term) bool {
		return !slices.ContainsFunc(all, func(t term) bool { return !t.match(get) })
	})
}

func (t term) match(get Getter) bool {
	switch value := get(t.path).(type) {
	case string:
		if t.text != "" {
			return hasPrefixFold(value, t.text)
		}
		return len(t.words) > 0 && holds(value, t.words)
	case []string:
		return slices.ContainsFunc(value, func(s string) bool { return hasPrefixFold(s, t.text) })
	}
	return false
}

// holds tells whether each wanted piece begins a word of the text or a piece of one.
func holds(text string, wanted []string) bool {
	had := append(pieces(text), wholes(strings.ToLower(text))...)
	for _, w := range wanted {
		if !slices.ContainsFunc(had, func(h string) bool { return strings.HasPrefix(h, w) }) {
			return false
		}
	}
	return true
}

// pieces are the words of a text in lower case: cut at spaces and symbols, where
// small letters change to capitals, and where digits begin or end.
func pieces(s string) []string {
	var out []string
	for _, whole := range wholes(s) {
		last, start := rune(0), 0
		for i, c := range whole {
			if i > start && breaks(last, c) {
				out, start = append(out, strings.ToLower(whole[start:i])), i
			}
			last = c
		}
		out = append(out, strings.ToLower(whole[start:]))
	}
	return out
}

func wholes(s string) []string {
	return strings.FieldsFunc(s, func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) })
}

func breaks(before, after rune) bool {
	return (unicode.IsLower(before) && unicode.IsUpper(after)) || unicode.IsDigit(before) != unicode.IsDigit(after)
}
