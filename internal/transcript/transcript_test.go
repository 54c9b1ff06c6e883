package transcript

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

const conversation = `Why.
-- note --
hello
-- request --
POST /Users?x=a b HTTP/1.1
X-One: 1

{"a":1}
-- response --
-- graph --
`

// echo answers with what it was asked, and a Graph request-id that no run repeats.
func echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("Date", "now")
	w.Header().Set("X-Saw", r.Method+" "+r.URL.Query().Get("x")+" "+r.Header.Get("X-One")+r.Header.Get("Authorization"))
	w.WriteHeader(http.StatusCreated)
	_, _ = w.Write([]byte(`{"got":` + string(body) + `,"id":"request-id 11111111-1111-1111-1111-111111111111"}`))
}

func world(notes *[]string) World {
	return World{
		Handler: http.HandlerFunc(echo),
		Header:  http.Header{"Authorization": {"me"}},
		Calls:   func() []string { return []string{"GET /v1.0/users?$skiptoken=abc&x=1"} },
		Section: func(name string, data []byte) error { *notes = append(*notes, name+string(data)); return nil },
	}
}

func TestUpdateThenCompare(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "one.txtar")
	if err := os.WriteFile(file, []byte(conversation), 0o600); err != nil {
		t.Fatal(err)
	}
	var notes []string
	play(t, file, true, world(&notes))
	written, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"201 Created\n", "X-Saw: POST a b 1me\n", "\"a\": 1", "request-id ID", "GET /v1.0/users?$skiptoken=TOKEN&x=1\n"} {
		if !strings.Contains(string(written), want) {
			t.Errorf("%q is missing in\n%s", want, written)
		}
	}
	if strings.Contains(string(written), "Date:") || len(notes) != 1 || notes[0] != "notehello\n" {
		t.Errorf("date or notes wrong: %v\n%s", notes, written)
	}
	play(t, file, false, world(&notes))
}

func TestADifferenceIsSeen(t *testing.T) {
	t.Parallel()
	var notes []string
	recorded := txtar.Parse([]byte(strings.Replace(conversation, "-- graph --\n", "-- graph --\nGET /other\n", 1)))
	played, err := world(&notes).answer(recorded)
	if err != nil {
		t.Fatal(err)
	}
	same := true
	for i := range played.Files {
		same = same && string(played.Files[i].Data) == string(recorded.Files[i].Data)
	}
	if same {
		t.Error("an answer that was never recorded passed")
	}
}

// What an answer told stands in the requests behind it until another tells it anew; an
// answer to HEAD has no body.
func TestWhatWasTold(t *testing.T) {
	t.Parallel()
	var saw []string
	w := World{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			saw = append(saw, r.URL.Query().Get("cursor")+r.Header.Get("If-Match"))
			if len(saw) == 1 {
				w.Header().Set("ETag", `W/"1"`)
				_, _ = w.Write([]byte(`{"nextCursor":"abc","n":1}`))
			}
			if r.Method == http.MethodHead {
				_, _ = w.Write([]byte(`{}`))
			}
		}),
		Calls: func() []string { return nil },
	}
	played, err := w.answer(txtar.Parse([]byte("Why.\n-- request --\nGET / HTTP/1.1\n-- request --\nGET /?cursor={{nextCursor}} HTTP/1.1\n" +
		"-- request --\nHEAD /?cursor={{n}} HTTP/1.1\nIf-Match: {{Etag}}\n")))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Join(saw, "|") != `|abc|W/"1"` {
		t.Errorf("asked %q", saw)
	}
	if head := string(played.Files[len(played.Files)-2].Data); strings.Contains(head, "{") {
		t.Errorf("HEAD is answered\n%s", head)
	}
}
