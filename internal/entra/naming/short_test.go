package naming

import (
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

func TestShorten(t *testing.T) {
	t.Parallel()
	const suffix = "@contoso.com"
	for text, want := range map[string]string{
		`{"id":"1","userName":"ada@contoso.com","title":"x"}`:           `{"id":"1","userName":"ada","title":"x"}`,
		`{"userName":"ADA@CONTOSO.COM"}`:                                `{"userName":"ADA"}`,
		`{"userName":"ada@fabrikam.com"}`:                               `{"userName":"ada@fabrikam.com"}`,
		`{"userName":"@contoso.com"}`:                                   `{"userName":"@contoso.com"}`,
		`{"userName":"a_b.c#EXT#@contoso.com"}`:                         `{"userName":"a_b.c#EXT#@contoso.com"}`,
		`{"userName":"a_b.c#ext#@contoso.com"}`:                         `{"userName":"a_b.c#ext#@contoso.com"}`,
		`{"userName":"a\"b@contoso.com"}`:                               `{"userName":"a\"b"}`,
		`{"x":{"userName":"a@contoso.com"},"userName":"b@contoso.com"}`: `{"x":{"userName":"a@contoso.com"},"userName":"b"}`,
		`{"x":"\\","y":["userName","}"],"userName":"b@contoso.com"}`:    `{"x":"\\","y":["userName","}"],"userName":"b"}`,
		`{"x":"userName","y":"\"userName\":\"a@contoso.com\""}`:         `{"x":"userName","y":"\"userName\":\"a@contoso.com\""}`,
		`{"id":"1"}`: `{"id":"1"}`,
	} {
		before := `[{"userName":"z@contoso.com"},`
		got := string(Names{Domain: suffix[1:]}.ShortenIn([]byte(before+text), len(before)))
		if got != before+want || !jsontext.Value(got[len(before):]).IsValid() {
			t.Errorf("%s becomes %s, want %s", text, got[len(before):], want)
		}
	}
}
