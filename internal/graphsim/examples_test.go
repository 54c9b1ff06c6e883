package graphsim_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"entrascim/internal/graphsim"
)

// An example is a request and its answer as the public documentation, or a public
// repository, shows them.
type example struct {
	number   string
	Name     string         `json:"name"`
	Request  exampleRequest `json:"request"`
	Response struct {
		Status  int               `json:"status"`
		Headers map[string]string `json:"headers"`
		Body    any               `json:"body"`
	} `json:"response"`
}

type exampleRequest struct {
	Method  string            `json:"method"`
	Path    string            `json:"path"`
	Headers map[string]string `json:"headers"`
	Body    any               `json:"body"`
}

// examples reads the folder of examples beside the repository.
func examples(t *testing.T) []example {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("there is no go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
	files, _ := filepath.Glob(filepath.Join(dir, "..", "shared", "graph", "examples", "*.json"))
	if len(files) == 0 {
		t.Skip("../shared/graph/examples is not there: the documentation's examples are not replayed")
	}
	var list []example
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		e := example{number: filepath.Base(file)[:3]}
		if err := json.Unmarshal(text, &e); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		list = append(list, e)
	}
	return list
}

// Every example is replayed, or listed as one that is not served. Differences are
// listed with a reason each; one that is listed and does not happen fails too.
func TestExamples(t *testing.T) {
	t.Parallel()
	list := examples(t)
	numbers := map[string]bool{}
	for _, e := range list {
		numbers[e.number] = true
		t.Run(e.number+" "+e.Name, func(t *testing.T) {
			t.Parallel()
			_, served := scenes[e.number]
			reason, unserved := notServed[e.number]
			switch {
			case served == unserved:
				t.Fatal("must be either in scenes or in notServed")
			case served:
				replay(t, e)
			default:
				refusedRoute(t, e, reason)
			}
		})
	}
	for _, table := range [][]string{
		slices.Collect(maps.Keys(scenes)), slices.Collect(maps.Keys(notServed)), slices.Collect(maps.Keys(exceptions)),
		slices.Collect(maps.Keys(repairs)), shortened,
	} {
		for _, number := range table {
			if !numbers[number] {
				t.Errorf("there is no example %s", number)
			}
		}
	}
}

// refusedRoute checks that a route that is not served is not served.
func refusedRoute(t *testing.T, e example, reason string) {
	t.Helper()
	if !strings.HasPrefix(e.Request.Path, "/v1.0/") {
		return // another service
	}
	t.Log("not served:", reason)
	e.Request.Path = strings.ReplaceAll(e.Request.Path, "/me/", "/users/{id}/")
	s := &scene{T: t, example: e, blanks: map[string][]string{"{id}": {absent}}}
	s.start(graphsim.Options{})
	if status, _, body := s.send(s.request()); status < http.StatusBadRequest {
		t.Errorf("answered %d %s: it is served, so write its scene", status, body)
	}
}

func replay(t *testing.T, e example) {
	t.Helper()
	if r, ok := repairs[e.number]; ok {
		e.repair(t, r)
	}
	s := &scene{T: t, example: e, blanks: map[string][]string{}}
	s.start(graphsim.Options{})
	scenes[e.number](s)
	request := s.request()
	status, header, body := s.send(request)
	got := compare(e, status, header, body)
	if slices.Contains(shortened, e.number) {
		got = withoutExtra(t, got)
	}
	want := slices.Sorted(maps.Keys(exceptions[e.number]))
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("%s %s\nanswered %d %s\ndiffers:  %q\nexpected: %q", request.Method, request.URL, status, body, got, want)
	}
}

// repair mends the request of an example.
func (e *example) repair(t *testing.T, r repair) {
	t.Helper()
	text, err := json.Marshal(e.Request)
	if err != nil {
		t.Fatal(err)
	}
	mended := strings.NewReplacer(r.pairs...).Replace(string(text))
	if mended == string(text) {
		t.Errorf("nothing to mend: strike it from the list (%s)", r.reason)
	}
	if err := json.Unmarshal([]byte(mended), &e.Request); err != nil {
		t.Fatal(err)
	}
}

// withoutExtra takes out the properties that the page left out of its example;
// they have to be ones that the model knows to be returned.
func withoutExtra(t *testing.T, differences []string) []string {
	t.Helper()
	rest := slices.DeleteFunc(slices.Clone(differences), documented)
	if len(rest) == len(differences) {
		t.Error("the example is not shortened: strike it from the list")
	}
	return rest
}

// A scene is a simulator in the state that an example takes.
type scene struct {
	*testing.T
	example
	sim    *graphsim.Simulator
	dir    *graphsim.Directory
	server *httptest.Server
	token  string
	blanks map[string][]string // placeholder → what stands for it, one after another
	made   int                 // names made up
}

// start gives the scene a new simulator.
func (s *scene) start(o graphsim.Options) {
	s.Helper()
	c := start(s.T, o)
	s.sim, s.token, s.dir = c.sim, c.token, c.sim.Tenant(graphsim.DefaultTenant)
	s.server = httptest.NewServer(c.sim)
	s.Cleanup(s.server.Close)
}

// put says what stands for a placeholder such as "{id}".
func (s *scene) put(placeholder string, values ...string) {
	s.blanks[placeholder] = append(s.blanks[placeholder], values...)
}

// fill replaces the placeholders of a text; the last value serves the rest.
func (s *scene) fill(text string) string {
	for _, blank := range slices.Sorted(maps.Keys(s.blanks)) {
		for strings.Contains(text, blank) {
			values := s.blanks[blank]
			text = strings.Replace(text, blank, values[0], 1)
			if len(values) > 1 {
				s.blanks[blank] = values[1:]
			}
		}
	}
	return text
}

// request is the example's request to the simulator.
func (s *scene) request() *http.Request {
	s.Helper()
	path := s.fill(strings.TrimPrefix(s.Request.Path, "https://login.microsoftonline.com"))
	path = strings.NewReplacer(" ", "%20", `"`, "%22", "#", "%23").Replace(path)
	var body io.Reader
	switch b := s.Request.Body.(type) {
	case nil:
	case string:
		body = strings.NewReader(s.fill(b))
	default:
		text, err := json.Marshal(b)
		if err != nil {
			s.Fatal(err)
		}
		body = strings.NewReader(s.fill(string(text)))
	}
	r, err := http.NewRequestWithContext(s.Context(), s.Request.Method, s.server.URL+path, body)
	if err != nil {
		s.Fatal(err)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for name, value := range s.Request.Headers {
		r.Header.Set(name, value)
	}
	if s.token != "" && strings.HasPrefix(path, "/v1.0/") {
		r.Header.Set("Authorization", "Bearer "+s.token)
	}
	return r
}

func (s *scene) send(r *http.Request) (status int, header http.Header, body []byte) {
	s.Helper()
	client := &http.Client{
		Transport:     s.server.Client().Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	res, err := client.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	defer res.Body.Close()
	if body, err = io.ReadAll(res.Body); err != nil {
		s.Fatal(err)
	}
	return res.StatusCode, res.Header, bytes.TrimSpace(body)
}

// do asks the simulator for something that a scene needs.
func (s *scene) do(method, path string) {
	s.Helper()
	c := &client{T: s.T, sim: s.sim, token: s.token}
	a := c.do(method, path, nil)
	if a.status >= http.StatusBadRequest {
		s.Fatalf("%s %s: %d %s", method, path, a.status, a.raw)
	}
}

func mediaType(h string) string {
	t, _, err := mime.ParseMediaType(h)
	if err != nil {
		return h
	}
	return t
}
