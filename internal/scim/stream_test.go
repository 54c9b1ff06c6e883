package scim

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/fault"
)

// odd is a Reader and Writer that does what a test says.
type odd struct {
	get  func(enc *jsontext.Encoder) error
	list func(out *ListWriter) error
}

func (o odd) Get(_ context.Context, _ string, _ Projection, enc *jsontext.Encoder) error {
	return o.get(enc)
}
func (o odd) List(_ context.Context, _ Query, out *ListWriter) error { return o.list(out) }

func oddly(t *testing.T, o odd) (string, *Outcome) {
	t.Helper()
	rt := userType()
	rt.Reader = o
	h := NewHandler([]ResourceType{*rt}, Options{})
	outcome := &Outcome{}
	return serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r.WithContext(NewContext(r.Context(), outcome)))
	})), outcome
}

func resources(n int) func(out *ListWriter) error {
	return func(out *ListWriter) error {
		for range n {
			if err := out.Resource(func(enc *jsontext.Encoder) error {
				return enc.WriteValue(jsontext.Value(`{"id":"` + strings.Repeat("x", 1000) + `"}`))
			}); err != nil {
				return err
			}
		}
		return nil
	}
}

// TestEarlyError: what goes wrong before much was written gets its own status.
func TestEarlyError(t *testing.T) {
	t.Parallel()
	throttled := fault.New(fault.Throttled, "The directory is throttling requests.")
	throttled.RetryAfter = 6100 * time.Millisecond
	base, outcome := oddly(t, odd{
		list: func(out *ListWriter) error { return errors.Join(resources(3)(out), throttled) },
		get:  func(*jsontext.Encoder) error { return errors.New("secret cause") },
	})
	a := call(t, base, "GET", "/Users", "")
	if a.status != 429 || a.header.Get("Retry-After") != "7" || strings.Contains(a.text, "Resources") {
		t.Errorf("got %d, Retry-After %q: %s", a.status, a.header.Get("Retry-After"), a.text)
	}
	if !errors.Is(outcome.Err(), throttled) {
		t.Errorf("noted %v", outcome.Err())
	}
	a = call(t, base, "GET", "/Users/x", "")
	if a.status != 500 || strings.Contains(a.text, "secret") || a.header.Get("Location") != "" {
		t.Errorf("got %d %s", a.status, a.text)
	}
}

// TestLateError: an error behind the head breaks the connection off, so that no
// client takes a part for the whole.
func TestLateError(t *testing.T) {
	t.Parallel()
	failed := errors.New("page 2 failed")
	base, outcome := oddly(t, odd{list: func(out *ListWriter) error { return errors.Join(resources(100)(out), failed) }})
	resp, err := http.Get(base + "/Users")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil || resp.StatusCode != 200 || len(text) < head {
		t.Errorf("got %d, %d bytes, %v: want the connection broken off", resp.StatusCode, len(text), err)
	}
	if !errors.Is(outcome.Err(), failed) {
		t.Errorf("noted %v", outcome.Err())
	}
}

func TestLongList(t *testing.T) {
	t.Parallel()
	base, _ := oddly(t, odd{list: func(out *ListWriter) error {
		defer out.Total(5000)
		return resources(1000)(out)
	}})
	a := call(t, base, "GET", "/Users?startIndex=7", "")
	list, _ := a.body["Resources"].([]any)
	if len(list) != 1000 || a.body["totalResults"] != 5000.0 || a.body["itemsPerPage"] != 1000.0 || a.body["startIndex"] != 7.0 {
		t.Errorf("got %d resources, %v, %v, %v", len(list), a.body["totalResults"], a.body["itemsPerPage"], a.body["startIndex"])
	}
}

func TestPanics(t *testing.T) {
	t.Parallel()
	base, outcome := oddly(t, odd{
		get:  func(*jsontext.Encoder) error { panic("secret state") },
		list: func(*ListWriter) error { return nil }, // no total: a bug, not an empty list
	})
	for _, path := range []string{"/Users/x", "/Users"} {
		a := call(t, base, "GET", path, "")
		if a.status != 500 || a.body["status"] != "500" || strings.Contains(a.text, "secret") {
			t.Errorf("GET %s: %d %s", path, a.status, a.text)
		}
		if outcome.Err() == nil {
			t.Errorf("GET %s: nothing noted", path)
		}
	}
}

func TestWriteErrorRetryAfter(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind fault.Kind
		wait time.Duration
		want string
	}{
		"rounded up":     {fault.Throttled, 1001 * time.Millisecond, "2"},
		"whole":          {fault.Unavailable, 3 * time.Second, "3"},
		"not known":      {fault.Throttled, 0, "5"},
		"not applicable": {fault.NotFound, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := fault.New(c.kind, "x")
			f.RetryAfter = c.wait
			w := httptest.NewRecorder()
			WriteError(w, httptest.NewRequest("GET", "/", nil), f)
			if got := w.Header().Get("Retry-After"); got != c.want || w.Code != f.Status() {
				t.Errorf("got %d, Retry-After %q, want %q", w.Code, got, c.want)
			}
		})
	}
}

// TestClientGoesAway: an answer that nobody takes any more is a cancellation, not
// a failure of the gateway's.
func TestClientGoesAway(t *testing.T) {
	t.Parallel()
	rt := userType()
	rt.Reader = odd{list: resources(100)}
	h, outcome := NewHandler([]ResourceType{*rt}, Options{}), &Outcome{}
	r := httptest.NewRequestWithContext(NewContext(t.Context(), outcome), http.MethodGet, "/Users", nil)
	broken := func() (v any) {
		defer func() { v = recover() }()
		h.ServeHTTP(deaf{httptest.NewRecorder()}, r)
		return nil
	}()
	if err, _ := broken.(error); !errors.Is(err, http.ErrAbortHandler) {
		t.Errorf("panic %v", broken)
	}
	if err := outcome.Err(); !errors.Is(err, context.Canceled) || !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("outcome %v", err)
	}
}

// deaf is a client that is gone.
type deaf struct{ *httptest.ResponseRecorder }

func (deaf) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// TestNothingFoundForAList: 404 is for a resource that was asked for.
func TestNothingFoundForAList(t *testing.T) {
	t.Parallel()
	base, _ := oddly(t, odd{
		list: func(*ListWriter) error { return fault.New(fault.NotFound, "No such resource.") },
		get:  func(*jsontext.Encoder) error { return fault.New(fault.NotFound, "No such resource.") },
	})
	if a := call(t, base, "GET", "/Users", ""); a.status != 502 {
		t.Errorf("list: got %d %s", a.status, a.text)
	}
	if a := call(t, base, "GET", "/Users/x", ""); a.status != 404 {
		t.Errorf("one: got %d %s", a.status, a.text)
	}
}
