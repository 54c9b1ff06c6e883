package graph

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"entrascim/internal/calls"
	"entrascim/internal/fault"
)

const guid = "3f2504e0-4f89-11d3-9a0c-0305e82c3301"

func user(method string) Request {
	r := Request{Method: method, Path: "/users/{id}", Params: map[string]string{"id": guid}}
	if method == http.MethodPost {
		r = Request{Method: method, Path: "/users"}
	}
	if method == http.MethodPost || method == http.MethodPatch {
		r.Body = []byte(`{"displayName":"Ada"}`)
	}
	return r
}

func TestRetry(t *testing.T) {
	t.Parallel()
	ok := status(http.StatusOK, `{"id":"1"}`)
	throttled := status(http.StatusTooManyRequests, refusal("TooManyRequests", "Please retry again later."), "Retry-After", "7")
	busy := status(http.StatusConflict, refusal("Directory_ConcurrencyViolation", "parallel"))
	for name, test := range map[string]struct {
		request Request
		graph   []http.HandlerFunc
		asked   int
		kind    fault.Kind // Internal: success
		waits   []time.Duration
	}{
		"429, then well":                   {user("POST"), []http.HandlerFunc{throttled, ok}, 2, 0, []time.Duration{7 * time.Second}},
		"429 for ever":                     {user("GET"), []http.HandlerFunc{throttled}, 3, fault.Throttled, slices.Repeat([]time.Duration{7 * time.Second}, 2)},
		"503 of a POST":                    {user("POST"), []http.HandlerFunc{status(503, ``, "Retry-After", "2"), ok}, 2, 0, []time.Duration{2 * time.Second}},
		"503 for ever":                     {user("GET"), []http.HandlerFunc{status(503, ``)}, 5, fault.Unavailable, nil},
		"504 of a GET":                     {user("GET"), []http.HandlerFunc{status(504, ``), ok}, 2, 0, nil},
		"504 of a POST":                    {user("POST"), []http.HandlerFunc{status(504, ``), ok}, 1, fault.Timeout, nil},
		"500 of a PATCH":                   {user("PATCH"), []http.HandlerFunc{status(500, `{}`), ok}, 2, 0, nil},
		"500 of a POST":                    {user("POST"), []http.HandlerFunc{status(500, `{}`), ok}, 1, fault.BadGateway, nil},
		"lost GET":                         {user("GET"), []http.HandlerFunc{drop, ok}, 2, 0, nil},
		"lost DELETE":                      {user("DELETE"), []http.HandlerFunc{drop, status(204, ``)}, 2, 0, nil},
		"lost DELETE that was done":        {user("DELETE"), []http.HandlerFunc{drop, status(404, refusal("Request_ResourceNotFound", "x"))}, 2, 0, nil},
		"DELETE that failed, but was done": {user("DELETE"), []http.HandlerFunc{status(500, `{}`), status(404, refusal("Request_ResourceNotFound", "x"))}, 2, 0, nil},
		"throttled DELETE of nothing":      {user("DELETE"), []http.HandlerFunc{throttled, status(404, refusal("Request_ResourceNotFound", "x"))}, 2, fault.NotFound, []time.Duration{7 * time.Second}},
		"lost PATCH":                       {user("PATCH"), []http.HandlerFunc{drop, status(204, ``)}, 2, 0, nil},
		"lost POST":                        {user("POST"), []http.HandlerFunc{drop, ok}, 1, fault.Timeout, nil},
		"lost POST that only reads":        {Request{Method: "POST", Path: "/directoryObjects/getByIds", Body: []byte(`{}`), Reads: true}, []http.HandlerFunc{drop, ok}, 2, 0, nil},
		"concurrent change":                {user("PATCH"), []http.HandlerFunc{busy, busy, status(204, ``)}, 3, 0, nil},
		"concurrent change for ever":       {user("PATCH"), []http.HandlerFunc{busy}, 5, fault.Conflict, nil},
		"another conflict":                 {user("PATCH"), []http.HandlerFunc{status(409, refusal("Conflict", "x"))}, 1, fault.Conflict, nil},
		"404 is not tried again":           {user("GET"), []http.HandlerFunc{status(404, refusal("Request_ResourceNotFound", "x")), ok}, 1, fault.NotFound, nil},
		"400 is not tried again":           {user("GET"), []http.HandlerFunc{status(400, refusal("Request_BadRequest", "x")), ok}, 1, fault.InvalidValue, nil},
		"Retry-After beyond the patience":  {user("GET"), []http.HandlerFunc{status(429, ``, "Retry-After", "61"), ok}, 1, fault.Throttled, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, sequence(test.graph...))
			_, err := s.client(t).Do(t.Context(), test.request)
			if test.kind == 0 && err != nil || test.kind != 0 && !fault.Is(err, test.kind) {
				t.Fatalf("error %v, want %v", err, test.kind)
			}
			if got := len(s.requests()); got != test.asked {
				t.Errorf("asked %d times, want %d", got, test.asked)
			}
			if test.waits != nil && !slices.Equal(s.waits(), test.waits) {
				t.Errorf("waited %v, want %v", s.waits(), test.waits)
			}
			if got := len(s.waits()); got > 0 && got != test.asked-1 {
				t.Errorf("waited %d times for %d requests", got, test.asked)
			}
		})
	}
}

// A Retry-After that the caller's deadline does not leave is answered at once.
func TestRetryAfterBeyondDeadline(t *testing.T) {
	t.Parallel()
	s := newServer(t, status(http.StatusTooManyRequests, ``, "Retry-After", "50"))
	ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
	defer cancel()
	_, err := s.client(t).Do(ctx, user("GET"))
	f := fault.From(err)
	if f.Kind != fault.Throttled || f.RetryAfter != 50*time.Second || f.RequestID != "r-1" || len(s.waits()) > 0 {
		t.Errorf("kind %v, Retry-After %v, request-id %q, waits %v", f.Kind, f.RetryAfter, f.RequestID, s.waits())
	}
}

// Without Retry-After the waits grow, and the client is told when to come back.
func TestBackOff(t *testing.T) {
	t.Parallel()
	s := newServer(t, status(http.StatusServiceUnavailable, ``))
	_, err := s.client(t).Do(t.Context(), user("GET"))
	if f := fault.From(err); f.RetryAfter < time.Second || f.RetryAfter%time.Second != 0 {
		t.Errorf("Retry-After %v, want whole seconds", f.RetryAfter)
	}
	for i, got := range s.waits() {
		if longest := 500 * time.Millisecond << i; got < longest/2 || got > longest {
			t.Errorf("wait %d is %v, want %v to %v", i, got, longest/2, longest)
		}
	}
}

// After a 503 the retry comes over another connection (Graph's best practices).
func TestNewConnectionAfter503(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(testing.TB, http.HandlerFunc) *server{"HTTP/1.1": newServer, "HTTP/2": newServer2} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, sequence(status(200, `{}`), status(200, `{}`), status(503, ``), status(200, `{}`)))
			c := s.client(t)
			for range 3 {
				if _, err := c.Do(t.Context(), user("GET")); err != nil {
					t.Fatal(err)
				}
			}
			if s.peers[0] != s.peers[1] || s.peers[1] != s.peers[2] {
				t.Errorf("connections %v: the first three should be one", s.peers)
			}
			if s.peers[3] == s.peers[2] {
				t.Errorf("connections %v: the retry used the old one", s.peers)
			}
			if s.protocol != name+".0" && s.protocol != name {
				t.Errorf("spoke %s", s.protocol)
			}
		})
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s := newServer(t, func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	if _, err := s.client(t).Do(ctx, user("GET")); !fault.Is(err, fault.Timeout) || len(s.requests()) != 1 {
		t.Errorf("error %v after %d requests", err, len(s.requests()))
	}
}

// What every request carries, and what the account of the calls says of it.
func TestHeadersAndAccount(t *testing.T) {
	t.Parallel()
	s := newServer(t, sequence(status(429, ``, "Retry-After", "1"), status(200, `{}`)))
	log := new(calls.Log)
	c := s.client(t, func(o *Options) { o.UserAgent = "entrascim/1.2.3" })
	r := user("GET")
	r.Query.Advanced = true
	if _, err := c.Do(calls.NewContext(t.Context(), log), r); err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for _, h := range s.header {
		if len(h.Values("Client-Request-Id")) != 1 {
			t.Errorf("client-request-id %q", h.Values("Client-Request-Id"))
		}
		ids[h.Get("Client-Request-Id")] = true
		if h.Get("Authorization") != "Bearer token-1" || h.Get("ConsistencyLevel") != "eventual" ||
			!strings.HasPrefix(h.Get("User-Agent"), "entrascim/1.2.3") || h.Get("Accept") != "application/json" {
			t.Errorf("headers %v", h)
		}
	}
	if len(ids) != 2 {
		t.Errorf("%d client-request-ids for 2 requests", len(ids))
	}
	var got []string
	for _, c := range log.Calls() {
		got = append(got, c.Method+" "+c.Route+" "+http.StatusText(c.Status)+" "+c.RequestID)
	}
	want := []string{"GET /users/{id} Too Many Requests r-1", "GET /users/{id} OK r-1"}
	if !slices.Equal(got, want) {
		t.Errorf("account %q, want %q", got, want)
	}
}

// A redirect is not followed: the token stays where it belongs.
func TestNoRedirect(t *testing.T) {
	t.Parallel()
	foreign := newServer(t, status(200, `{}`))
	s := newServer(t, status(http.StatusFound, ``, "Location", foreign.URL+"/v1.0/users/1"))
	if _, err := s.client(t).Do(t.Context(), user("GET")); !fault.Is(err, fault.BadGateway) {
		t.Errorf("error %v", err)
	}
	if len(foreign.requests()) > 0 {
		t.Errorf("the foreign host was asked %q", foreign.requests())
	}
}

func TestSleep(t *testing.T) {
	t.Parallel()
	if err := sleep(t.Context(), 0); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := sleep(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// The caller going away while a retry waits ends the call.
func TestCancelledWhileWaiting(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s := newServer(t, status(429, ``, "Retry-After", "5"))
	c := s.client(t, func(o *Options) {
		o.Sleep = func(ctx context.Context, _ time.Duration) error { cancel(); return ctx.Err() }
	})
	if _, err := c.Do(ctx, user("GET")); !fault.Is(err, fault.Timeout) || !errors.Is(err, context.Canceled) || len(s.requests()) != 1 {
		t.Errorf("error %v after %d requests", err, len(s.requests()))
	}
}

// One request that takes longer than Options.Timeout is lost, and sent again.
func TestTimeout(t *testing.T) {
	t.Parallel()
	var answers atomic.Bool
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		if answers.Load() {
			answer(w, http.StatusOK, `{}`)
			return
		}
		<-r.Context().Done()
	})
	var c *Client
	heals := false // before the next attempt
	c = s.client(t, func(o *Options) {
		o.Timeout, o.Retries = time.Millisecond, 1
		o.Sleep = func(context.Context, time.Duration) error {
			if heals {
				answers.Store(true)
				c.options.Timeout = time.Minute
			}
			return nil
		}
	})
	if _, err := c.Do(t.Context(), user("GET")); !fault.Is(err, fault.Timeout) && !fault.Is(err, fault.Unavailable) {
		t.Errorf("error %v", err)
	}
	heals = true
	if _, err := c.Do(t.Context(), user("GET")); err != nil {
		t.Errorf("error %v", err)
	}
}

// What was never sent may be sent again, whatever it is.
func TestNobodyListens(t *testing.T) {
	t.Parallel()
	login, closed := newServer(t, nil), newServer(t, nil)
	closed.Close()
	c := login.client(t, func(o *Options) { o.BaseURL = closed.URL })
	if _, err := c.Do(t.Context(), user("POST")); !fault.Is(err, fault.Unavailable) || len(login.waits()) != 4 {
		t.Errorf("error %v after waits %v", err, login.waits())
	}
}

// A POST whose answer is lost is not sent again, and nobody is told that nothing
// was done.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		method string
		graph  http.HandlerFunc
		want   bool
	}{
		"lost":        {"POST", drop, true},
		"timed out":   {"POST", status(504, ``), true},
		"unavailable": {"POST", status(503, ``), false},
		"refused":     {"POST", status(400, refusal("Request_BadRequest", "x")), false},
		"reading":     {"GET", drop, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := newServer(t, test.graph).client(t).Do(t.Context(), user(test.method))
			if detail := fault.From(err).Detail; err == nil || strings.Contains(detail, "not known whether") != test.want {
				t.Errorf("error %v", err)
			}
		})
	}
}
