package trouble_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"entrascim/internal/graphsim/odata"
	"entrascim/internal/graphsim/trouble"
)

// A graph is a server that answers every request with a body and does what is
// asked; done counts what it did.
type graph struct {
	*httptest.Server
	trouble *trouble.Trouble
	done    atomic.Int32
}

func start(t *testing.T, o trouble.Options) *graph {
	t.Helper()
	g := &graph{trouble: trouble.New(o)}
	refuse := func(w http.ResponseWriter, _ *http.Request, h http.Header, e *odata.Error) {
		maps.Copy(w.Header(), h)
		w.WriteHeader(e.Status)
		fmt.Fprint(w, e.Code, " ", e.Message)
	}
	g.Server = httptest.NewServer(g.trouble.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		g.done.Add(1)
		w.Header().Set("x-answer", "yes")
		w.WriteHeader(http.StatusAccepted)
		io.WriteString(w, strings.Repeat("body ", 100))
	}), refuse))
	t.Cleanup(g.Close)
	return g
}

func (g *graph) do(t *testing.T, method, path string) (int, http.Header, string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, g.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Close = true // a dropped connection is not tried again
	res, err := g.Client().Do(req)
	if err != nil {
		return 0, nil, "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return res.StatusCode, res.Header, string(body), err
}

func TestFaults(t *testing.T) {
	t.Parallel()
	whole := strings.Repeat("body ", 100)
	tests := map[string]struct {
		fault      trouble.Fault
		status     int // 0: no answer
		body       string
		retryAfter string
		done       bool
	}{
		"status": {
			trouble.Fault{Status: 429, RetryAfter: 7}, 429, "TooManyRequests Please retry again later.", "7", false,
		},
		"status, own text":    {trouble.Fault{Status: 403, Code: "X", Message: "no"}, 403, "X no", "", false},
		"status nobody knows": {trouble.Fault{Status: 418, Message: "no"}, 418, "UnknownError no", "", false},
		"dropped":             {trouble.Fault{Drop: true}, 0, "", "", false},
		"dropped after":       {trouble.Fault{Drop: true, AfterWrite: true}, 0, "", "", true},
		"lost answer": {
			trouble.Fault{Status: 504, AfterWrite: true}, 504, "GatewayTimeout The gateway did not receive a timely response.", "", true,
		},
		"slow body":       {trouble.Fault{SlowBody: trouble.Duration(time.Millisecond)}, 202, whole, "", true},
		"cut body":        {trouble.Fault{SlowBody: 1, Drop: true}, 202, whole[:len(whole)/2], "", true},
		"other method":    {trouble.Fault{Method: "POST", Status: 500}, 202, whole, "", true},
		"other path":      {trouble.Fault{Path: "/groups", Status: 500}, 202, whole, "", true},
		"path below":      {trouble.Fault{Path: "/users", Status: 500}, 202, whole, "", true},
		"path of version": {trouble.Fault{Path: "/v1.0/users/*", Status: 500, Message: "x"}, 500, "Service_InternalServerError x", "", false},
		"path":            {trouble.Fault{Path: "/users/1", Status: 500, Message: "x"}, 500, "Service_InternalServerError x", "", false},
		"tree":            {trouble.Fault{Path: "/users/**", Status: 500, Message: "x"}, 500, "Service_InternalServerError x", "", false},
		"tree of others":  {trouble.Fault{Path: "/groups/**", Status: 500}, 202, whole, "", true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := start(t, trouble.Options{})
			if err := g.trouble.Fail(test.fault); err != nil {
				t.Fatal(err)
			}
			status, header, body, err := g.do(t, http.MethodGet, "/v1.0/users/1")
			if lost := test.status == 0 || test.fault.SlowBody > 0 && test.fault.Drop; (err != nil) != lost {
				t.Fatalf("error %v", err)
			}
			if status != test.status || body != test.body || header.Get("Retry-After") != test.retryAfter {
				t.Errorf("got %d %q, Retry-After %q", status, body, header.Get("Retry-After"))
			}
			if done := g.done.Load() == 1; done != test.done {
				t.Errorf("performed %d times", g.done.Load())
			}
		})
	}
}

func TestFaultsAreUsedUp(t *testing.T) {
	t.Parallel()
	g := start(t, trouble.Options{})
	err := g.trouble.Fail(trouble.Fault{Path: "/users", Status: 503, Times: 2}, trouble.Fault{Status: 500})
	if err != nil {
		t.Fatal(err)
	}
	var got []int
	for range 4 {
		status, _, _, err := g.do(t, http.MethodGet, "/v1.0/users")
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, status)
	}
	if want := []int{503, 503, 500, 202}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if left := g.trouble.Faults(); len(left) != 0 {
		t.Errorf("left %v", left)
	}
}

func TestForgive(t *testing.T) {
	t.Parallel()
	g := start(t, trouble.Options{})
	if err := g.trouble.Fail(trouble.Fault{Status: 500, Times: 9}); err != nil {
		t.Fatal(err)
	}
	g.trouble.Forgive()
	if status, _, _, err := g.do(t, http.MethodGet, "/v1.0/users"); status != 202 {
		t.Errorf("got %d %v", status, err)
	}
}

func TestFailRefuses(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]trouble.Fault{
		"nothing":            {Method: "GET"},
		"success":            {Status: 200},
		"status and drop":    {Status: 500, Drop: true},
		"status and slow":    {Status: 500, SlowBody: 1},
		"after and slow":     {AfterWrite: true, SlowBody: 1},
		"negative":           {Status: 500, Times: -1},
		"path without slash": {Status: 500, Path: "users"},
		"tree in the middle": {Status: 500, Path: "/users/**/manager"},
	} {
		tr := trouble.New(trouble.Options{})
		if err := tr.Fail(trouble.Fault{Status: 500}, f); err == nil || !strings.Contains(err.Error(), "fault 2") {
			t.Errorf("%s: got %v", name, err)
		}
		if len(tr.Faults()) != 0 {
			t.Errorf("%s: half of it was queued", name)
		}
	}
}

func TestFaultJSON(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{`"1m30s"`: 90 * time.Second, `2.5`: 2500 * time.Millisecond} {
		var d trouble.Duration
		if err := json.Unmarshal([]byte(text), &d); err != nil || time.Duration(d) != want {
			t.Errorf("%s: got %v %v", text, time.Duration(d), err)
		}
	}
	var d trouble.Duration
	for _, text := range []string{`"soon"`, `true`, `null`} {
		if json.Unmarshal([]byte(text), &d) == nil {
			t.Errorf("%s was taken", text)
		}
	}
}

func TestLoginFaults(t *testing.T) {
	t.Parallel()
	tr := trouble.New(trouble.Options{})
	if err := tr.Fail(trouble.Fault{Status: 500}, trouble.Fault{Path: "/*/oauth2/v2.0/token", Status: 503}); err != nil {
		t.Fatal(err)
	}
	h := tr.WrapLogin(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}),
		func(w http.ResponseWriter, _ *http.Request, _ http.Header, e *odata.Error) { w.WriteHeader(e.Status) })
	for _, want := range []int{503, 200} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/contoso.com/oauth2/v2.0/token", nil))
		if w.Code != want {
			t.Errorf("got %d, want %d", w.Code, want)
		}
	}
	if s := tr.Stats(); s.Requests != 0 {
		t.Errorf("token requests were counted: %+v", s)
	}
}

func TestLatency(t *testing.T) {
	t.Parallel()
	tr := trouble.New(trouble.Options{Latency: time.Hour})
	done := false
	h := tr.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { done = true }), nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/v1.0/users", nil).WithContext(ctx))
	if done {
		t.Error("it did not wait")
	}
	tr.SetLatency(0)
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/v1.0/users", nil))
	if !done {
		t.Error("latency was not taken away")
	}
}
