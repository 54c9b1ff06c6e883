package mapping

import (
	"bytes"
	"iter"
)

// The functions of this file go through JSON that jsontext has found well-formed
// before: reading it again token by token would cost more than all that is made
// of it. On other text they may panic.

// elements are the values of an array, as JSON.
func elements(array []byte) iter.Seq[[]byte] {
	return func(yield func(value []byte) bool) {
		for at := skipSpace(array, 1); array[at] != ']'; {
			end := valueEnd(array, at)
			if !yield(array[at:end]) {
				return
			}
			at = skipComma(array, end)
		}
	}
}

// skipSpace is where white space that begins at a place ends.
func skipSpace(text []byte, at int) int {
	for text[at] <= ' ' {
		at++
	}
	return at
}

// skipColon is where the value begins whose name ends at a place.
func skipColon(text []byte, at int) int { return skipSpace(text, skipSpace(text, at)+len(":")) }

// skipComma is where the next member or element begins, or the closing bracket is.
func skipComma(text []byte, at int) int {
	if at = skipSpace(text, at); text[at] == ',' {
		return skipSpace(text, at+1)
	}
	return at
}

// valueEnd is where the value that begins at a place ends.
func valueEnd(text []byte, at int) int {
	switch text[at] {
	case '"':
		return stringEnd(text, at)
	case '{', '[':
		return nestedEnd(text, at)
	}
	for at < len(text) && text[at] > ' ' && text[at] != ',' && text[at] != '}' && text[at] != ']' {
		at++
	}
	return at
}

// stringEnd is where the string that begins at a place ends.
func stringEnd(text []byte, at int) int {
	for at++; ; at++ {
		at += bytes.IndexByte(text[at:], '"')
		escapes := 0
		for text[at-1-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return at + 1
		}
	}
}

// nestedEnd is where the object or array that begins at a place ends.
func nestedEnd(text []byte, at int) int {
	for depth := 0; ; at++ {
		switch text[at] {
		case '"':
			at = stringEnd(text, at) - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return at + 1
			}
		}
	}
}
