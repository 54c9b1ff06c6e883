// Package transcript plays recorded conversations against a handler: what a
// client says, what it hears, and what the gateway asked of Graph meanwhile. It
// is for tests only.
//
// A conversation is a txtar file. Its comment says why it exists; then any
// number of turns, each a "request" section followed by its "response" and
// "graph" sections:
//
//	A user is read with one call.
//	-- request --
//	GET /Users/1 HTTP/1.1
//
//	-- response --
//	200 OK
//	Content-Type: application/scim+json
//
//	{ ... }
//	-- graph --
//	GET /v1.0/users/1?$select=id
//
// {{name}} in a request stands for a member or header of an answer before, a string:
// the last cursor or ETag that was told.
//
// Any other section (config, seed, fault) is given to the test's own Section
// function at the place where it stands. Under -update the answers are
// rewritten; the diff is the review.
package transcript

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// A World is what one conversation is played against.
type World struct {
	Handler http.Handler
	// Header is sent with each request that does not set it itself.
	Header http.Header
	// Calls tells, one line a call, what was asked of Graph since it was last
	// asked; the items of a batch are indented below it.
	Calls func() []string
	// Section takes every section that the format itself does not know.
	Section func(name string, data []byte) error
}

// Run plays every conversation of dir, each in a world of its own, in parallel.
// With update the files are rewritten instead of compared.
func Run(t *testing.T, dir string, update bool, start func(t *testing.T) World) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no conversations in %s (%v)", dir, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			play(t, file, update, start(t))
		})
	}
}

// Update is the flag that rewrites recorded answers: a package's tests declare it
// once and hand it to Run.
func Update() *bool {
	return flag.Bool("update", false, "rewrite the recorded answers")
}

func play(t *testing.T, file string, update bool, w World) {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(bytes.TrimSpace(archive.Comment)) == 0 {
		t.Errorf("%s does not say why it exists", file)
	}
	got, err := w.answer(archive)
	if err != nil {
		t.Fatal(err)
	}
	if update {
		if err := os.WriteFile(file, txtar.Format(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	compare(t, archive, got)
}

// answer plays the archive's requests and gives the archive as it should be.
func (w World) answer(archive *txtar.Archive) (*txtar.Archive, error) {
	out := &txtar.Archive{Comment: archive.Comment}
	told := map[string]string{}
	for _, section := range archive.Files {
		switch section.Name {
		case "response", "graph": // made anew after each request
		case "request":
			response, err := w.ask(filled(section.Data, told))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", firstLine(section.Data), err)
			}
			listen(response, told)
			graph := strings.Join(w.Calls(), "\n")
			out.Files = append(out.Files, section,
				txtar.File{Name: "response", Data: steady(response)},
				txtar.File{Name: "graph", Data: steady([]byte(graph))})
		default:
			if err := w.Section(section.Name, section.Data); err != nil {
				return nil, fmt.Errorf("section %s: %w", section.Name, err)
			}
			w.Calls()
			out.Files = append(out.Files, section)
		}
	}
	return out, nil
}

var placeholder = regexp.MustCompile(`\{\{(\w+)\}\}`)

// listen keeps the headers of an answer, and the members of its body that are strings.
func listen(answer []byte, told map[string]string) {
	head, body, _ := bytes.Cut(answer, []byte("\n\n"))
	for line := range strings.Lines(string(head)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ": "); ok {
			told[name] = value
		}
	}
	var members map[string]any
	_ = json.Unmarshal(body, &members) // an answer without a body has no members
	for name, value := range members {
		if text, ok := value.(string); ok {
			told[name] = text
		}
	}
}

// filled puts what was told before into a request.
func filled(request []byte, told map[string]string) []byte {
	return placeholder.ReplaceAllFunc(request, func(name []byte) []byte {
		return []byte(told[strings.Trim(string(name), "{}")])
	})
}

func (w World) ask(text []byte) ([]byte, error) {
	request, err := parse(text)
	if err != nil {
		return nil, err
	}
	for name, values := range w.Header {
		if request.Header.Get(name) == "" {
			request.Header[name] = values
		}
	}
	recorder := httptest.NewRecorder()
	w.Handler.ServeHTTP(recorder, request)
	if request.Method == http.MethodHead { // net/http sends none
		recorder.Body.Reset()
	}
	return render(recorder)
}

// parse reads a request line, headers and a body whose length nobody has to count.
func parse(text []byte) (*http.Request, error) {
	head, body, _ := bytes.Cut(text, []byte("\n\n"))
	lines := strings.Split(strings.TrimSpace(string(head)), "\n")
	method, rest, ok := strings.Cut(lines[0], " ")
	if !ok {
		return nil, fmt.Errorf("not a request line: %q", lines[0])
	}
	target := strings.TrimSuffix(rest, " HTTP/1.1")
	request := httptest.NewRequest(method, strings.ReplaceAll(target, " ", "%20"), bytes.NewReader(bytes.TrimSpace(body)))
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ":")
		request.Header.Set(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	if len(body) > 0 && request.Header.Get("Content-Type") == "" {
		request.Header.Set("Content-Type", "application/scim+json")
	}
	return request, nil
}

// Headers that differ from run to run, or that say nothing about the protocol.
func volatile() []string {
	return []string{"Date", "X-Request-Id", "Content-Length", "Vary", "X-Content-Type-Options", "Cache-Control", "Referrer-Policy", "Content-Security-Policy", "X-Frame-Options", "Strict-Transport-Security"}
}

func render(r *httptest.ResponseRecorder) ([]byte, error) {
	var out bytes.Buffer
	fmt.Fprintf(&out, "%d %s\n", r.Code, http.StatusText(r.Code))
	names := make([]string, 0, len(r.Header()))
	for name := range r.Header() {
		if !slices.Contains(volatile(), name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(&out, "%s: %s\n", name, strings.Join(r.Header()[name], ", "))
	}
	if r.Body.Len() == 0 {
		return out.Bytes(), nil
	}
	out.WriteByte('\n')
	if err := json.Indent(&out, r.Body.Bytes(), "", "  "); err != nil {
		return nil, fmt.Errorf("the answer is not JSON: %w: %s", err, r.Body.Bytes())
	}
	return out.Bytes(), nil
}

var (
	requestID = regexp.MustCompile(`request-id [0-9a-fA-F-]{36}`)
	cursor    = regexp.MustCompile(`("(?:next|previous)Cursor": )"[^"]+"`)
	skipToken = regexp.MustCompile(`((?:\$|%24)skiptoken=)[^&\s"]+`)
)

// steady replaces what no two runs share: Graph's request-ids, continuation tokens and
// cursors.
func steady(text []byte) []byte {
	text = requestID.ReplaceAll(text, []byte("request-id ID"))
	text = cursor.ReplaceAll(text, []byte(`${1}"CURSOR"`))
	text = skipToken.ReplaceAll(text, []byte("${1}TOKEN"))
	if len(text) > 0 && text[len(text)-1] != '\n' {
		text = append(text, '\n')
	}
	return text
}

func compare(t *testing.T, want, got *txtar.Archive) {
	t.Helper()
	if len(want.Files) != len(got.Files) {
		t.Errorf("%d sections recorded, %d played: record it with -update", len(want.Files), len(got.Files))
		return
	}
	turn := ""
	for i, section := range got.Files {
		if section.Name == "request" {
			turn = firstLine(section.Data)
		}
		if old := want.Files[i]; old.Name != section.Name || !bytes.Equal(old.Data, section.Data) {
			t.Errorf("%s: %s\n--- recorded\n%s\n--- now\n%s", turn, section.Name, old.Data, section.Data)
		}
	}
}

func firstLine(text []byte) string {
	line, _, _ := strings.Cut(string(text), "\n")
	return line
}
