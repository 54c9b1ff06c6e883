package odata

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

type tokenKind int

const (
	end    tokenKind = iota
	word             // a name, operator or unquoted literal
	quoted           // a string literal, unquoted
	mark             // one of ( ) , / :
	broken           // what no token begins with
)

type token struct {
	kind tokenKind
	text string
	pos  int // in bytes, from the start of the clause
}

// A lexer cuts a $filter or $search into tokens.
type lexer struct {
	source string
	at     int
}

func (l *lexer) next() token {
	for l.at < len(l.source) && (l.source[l.at] == ' ' || l.source[l.at] == '\t') {
		l.at++
	}
	start := l.at
	if start == len(l.source) {
		return token{kind: end, pos: start}
	}
	switch c := l.source[start]; {
	case c == '\'':
		return l.str(start)
	case strings.IndexByte("(),/:", c) >= 0:
		l.at++
		return token{kind: mark, text: string(c), pos: start}
	}
	return l.word(start)
}

// str reads a string literal; a quote inside it is doubled.
func (l *lexer) str(start int) token {
	var b strings.Builder
	for i := start + 1; i < len(l.source); i++ {
		switch {
		case l.source[i] != '\'':
			b.WriteByte(l.source[i])
		case i+1 < len(l.source) && l.source[i+1] == '\'':
			b.WriteByte('\'')
			i++
		default:
			l.at = i + 1
			return token{kind: quoted, text: b.String(), pos: start}
		}
	}
	l.at = len(l.source)
	return token{kind: broken, pos: start}
}

// word reads a name or an unquoted literal. Only date-times have colons and plus
// signs in them, and they begin with a digit.
func (l *lexer) word(start int) token {
	number := l.source[start] >= '0' && l.source[start] <= '9'
	for l.at < len(l.source) {
		c, size := utf8.DecodeRuneInString(l.source[l.at:])
		if !inWord(c) && (!number || (c != ':' && c != '+')) {
			break
		}
		l.at += size
	}
	if l.at == start {
		l.at = len(l.source)
		return token{kind: broken, pos: start}
	}
	return token{kind: word, text: l.source[start:l.at], pos: start}
}

func inWord(c rune) bool {
	return c == '_' || c == '-' || c == '.' || c == '$' || (c != utf8.RuneError && (unicode.IsLetter(c) || unicode.IsDigit(c)))
}

var (
	nameShape = regexp.MustCompile(`^\$?[\p{L}_][\p{L}\p{Nd}_]*$`)
	guidShape = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)
	intShape  = regexp.MustCompile(`^-?[0-9]{1,18}$`)
	// Offsets are required: a date alone is no Edm.DateTimeOffset.
	instantShape = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,12})?)?(Z|[+-]\d\d:\d\d)$`)
	dateShape    = regexp.MustCompile(`^\d{4}-\d\d-\d\d$`)
)
