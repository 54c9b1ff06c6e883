package mapping

import (
	"bytes"
	"encoding/binary"
	"iter"
	"math/bits"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// The functions of this file go through JSON (RFC 8259) and check it on the way. A
// page has a hundred thousand values: to check it first, token by token, would cost
// more than all that is made of it. What they take for well-formed jsontext does too,
// but for duplicate names (see FuzzScan). A place of -1 says that the text is not.

// malformed is the place of what is not JSON.
const malformed = -1

// maxNesting bounds nested values, as jsontext does.
const maxNesting = 10_000

// elements are the values of a well-formed array, as JSON.
func elements(array []byte) iter.Seq[[]byte] {
	return func(yield func(value []byte) bool) {
		for at := skipSpace(array, 1); array[at] != ']'; {
			end := valueEnd(array, at, 0)
			if !yield(array[at:end]) {
				return
			}
			if at = skipSpace(array, end); array[at] == ',' {
				at = skipSpace(array, at+1)
			}
		}
	}
}

// skipSpace is where white space that begins at a place ends.
func skipSpace(text []byte, at int) int {
	for at < len(text) && (text[at] == ' ' || text[at] == '\n' || text[at] == '\r' || text[at] == '\t') {
		at++
	}
	return at
}

// skipColon is where the value begins whose name ends at a place.
func skipColon(text []byte, at int) int {
	if at = skipSpace(text, at); at >= len(text) || text[at] != ':' {
		return malformed
	}
	return skipSpace(text, at+1)
}

// skipComma is where the next member or element begins, or, with more false, where
// the closing bracket ends.
func skipComma(text []byte, at int, bracket byte) (next int, more bool) {
	if at = skipSpace(text, at); at >= len(text) {
		return malformed, false
	}
	switch text[at] {
	case ',':
		return skipSpace(text, at+1), true
	case bracket:
		return at + 1, false
	}
	return malformed, false
}

// valueEnd is where the value that begins at a place ends.
func valueEnd(text []byte, at, depth int) int {
	if at >= len(text) || depth > maxNesting {
		return malformed
	}
	switch text[at] {
	case '"':
		return stringEnd(text, at)
	case '{':
		return nestedEnd(text, at, depth, '}')
	case '[':
		return nestedEnd(text, at, depth, ']')
	case 't':
		return literalEnd(text, at, "true")
	case 'f':
		return literalEnd(text, at, "false")
	case 'n':
		return literalEnd(text, at, "null")
	}
	return numberEnd(text, at)
}

func literalEnd(text []byte, at int, literal string) int {
	if end := at + len(literal); end <= len(text) && string(text[at:end]) == literal {
		return end
	}
	return malformed
}

// numberEnd is where the number that begins at a place ends. There are few.
func numberEnd(text []byte, at int) int {
	end := at
	for end < len(text) && bytes.IndexByte([]byte("+-.0123456789Ee"), text[end]) >= 0 {
		end++
	}
	if !jsontext.Value(text[at:end]).IsValid() {
		return malformed
	}
	return end
}

// stringEnd is where the string that begins at a place ends.
func stringEnd(text []byte, at int) int {
	if at >= len(text) || text[at] != '"' {
		return malformed
	}
	end := at + 1
	for ; end+8 <= len(text); end += 8 {
		if special := specials(binary.LittleEndian.Uint64(text[end:])); special != 0 {
			if end += bits.TrailingZeros64(special) / 8; text[end] == '"' {
				return end + 1
			}
			break
		}
	}
	return oddStringEnd(text, at, end)
}

// specials marks the first byte, and maybe others after it, of eight in a string that
// is a quote, a backslash, a control character or not ASCII.
func specials(word uint64) uint64 {
	const each, high = 0x0101010101010101, 0x8080808080808080
	quote, backslash := word^each*'"', word^each*'\\'
	return ((quote-each)&^quote | (backslash-each)&^backslash | (word-each*' ')&^word | word) & high
}

// oddStringEnd is stringEnd for a string that has from a place on escapes or what is
// not ASCII, which are looked at when the end is known.
func oddStringEnd(text []byte, at, from int) int {
	escaped := false
	for end := from; end < len(text); end++ {
		switch c := text[end]; {
		case c == '"':
			if escaped && !jsontext.Value(text[at:end+1]).IsValid() || !escaped && !utf8.Valid(text[at:end]) {
				return malformed
			}
			return end + 1
		case c == '\\':
			escaped = true
			end++
		case c < ' ':
			return malformed
		}
	}
	return malformed
}

// nestedEnd is where the object or array that begins at a place ends.
func nestedEnd(text []byte, at, depth int, bracket byte) int {
	if at = skipSpace(text, at+1); at < len(text) && text[at] == bracket {
		return at + 1
	}
	for more := true; more; {
		if bracket == '}' {
			end := stringEnd(text, at)
			if end == malformed {
				return malformed
			}
			if at = skipColon(text, end); at == malformed {
				return malformed
			}
		}
		if at = valueEnd(text, at, depth+1); at == malformed {
			return malformed
		}
		at, more = skipComma(text, at, bracket)
	}
	return at
}
