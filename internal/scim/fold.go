package scim

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// folded writes a text in one case, so that two texts that strings.EqualFold takes
// for equal become the same: lower case, where that is no other letter.
func folded(s string) string {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return strings.Map(fold, s)
		}
	}
	return strings.ToLower(s)
}

// fold gives all the forms of a letter one of them. Those of k are K, k and the
// Kelvin sign; unicode.ToLower alone makes an i of the Turkish dotted capital, which
// is another letter.
func fold(r rune) rune {
	first := r
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		first = min(first, f)
	}
	lower := unicode.ToLower(first)
	for f := unicode.SimpleFold(first); f != first; f = unicode.SimpleFold(f) {
		if f == lower {
			return lower
		}
	}
	return first
}
