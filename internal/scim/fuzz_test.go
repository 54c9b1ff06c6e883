package scim

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"unicode/utf8"

	"entrascim/internal/fault"
)

// fuzzShared gives a file of outside cases for the seeds; nil when it is not
// here.
func fuzzShared(name string) []byte {
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", name))
	if err != nil {
		return nil
	}
	return text
}

// FuzzFilter: a filter is refused as invalidFilter or it is bound, and then it
// evaluates on any document, and negated it gives the opposite.
func FuzzFilter(f *testing.F) {
	for _, seed := range []string{
		`userName eq "a" and not (emails[type eq "work" and value co "x"].value pr)`, `meta.created gt "2024-05-01T10:00:00Z" or active eq "True"`,
		enterpriseSeed, `(title pr)`, `emails[not (type eq "work")]`, `name.familyName sw "O\u0027"`, `id eq null`, `a.b.c eq 1e5`, `pr pr`,
	} {
		f.Add(seed)
	}
	index := userType().index
	f.Fuzz(func(t *testing.T, text string) {
		e, decision, err := index.bindFilter(text, false)
		if err != nil {
			if !fault.Is(err, fault.InvalidFilter) {
				t.Fatalf("refused as %v", err)
			}
			return
		}
		negated, opposite, err := index.bindFilter("not ("+text+")", false)
		if err != nil {
			if len(text) < maxFilter-10 && !deep(text) {
				t.Fatalf("%q is valid and its negation is not: %v", text, err)
			}
			return
		}
		if decision != undecided {
			if opposite == decision || opposite == undecided {
				t.Fatalf("%q and its negation are both %v", text, decision)
			}
			return
		}
		_ = Attributes(e)
		yes, no := newMatcher(index, e), newMatcher(index, negated)
		for name, doc := range people() {
			if yes.Match(doc) == no.Match(doc) {
				t.Fatalf("%s satisfies both or neither of %q and its negation", name, text)
			}
		}
	})
}

const enterpriseSeed = `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value ne "m1"`

// deep tells whether a filter may nest as deep as is allowed.
func deep(text string) bool {
	n := 0
	for _, c := range text {
		if c == '(' {
			n++
		}
	}
	return n >= maxNesting-1
}

// FuzzBody: any bytes are refused with a fault that a client can be told, or
// give a document that is stable: written back, it stays what it is.
func FuzzBody(f *testing.F) {
	for _, seed := range []string{adaBody, `{"userName":"x","emails":[null]}`, `{"userName":1e400}`, `[[[[`, "\xef\xbb\xbf{}", `{"a":1,"A":2}`, `{"userName":"x","name.givenName":"y"}`} {
		f.Add([]byte(seed))
	}
	index := userType().index
	f.Fuzz(func(t *testing.T, text []byte) {
		body, err := parseBody(text)
		var doc Document
		if err == nil {
			doc, err = index.document(body, false)
		}
		if err != nil {
			if told := fault.From(err); told.Status() != 400 || !utf8.Valid(errorBody(told)) {
				t.Fatalf("refused as %v", err)
			}
			return
		}
		again, err := index.document(clone(doc).(map[string]any), true)
		if err != nil || fmt.Sprint(again) != fmt.Sprint(doc) {
			t.Fatalf("written back it changes: %v\n%v\n%v", err, doc, again)
		}
	})
}
