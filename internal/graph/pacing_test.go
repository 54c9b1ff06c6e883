package graph

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"entrascim/internal/fault"
	"entrascim/internal/graph/pace"
)

// What an attempt tells of the directory: not what is our own failure, nor an answer
// that is only too large.
func TestAnswers(t *testing.T) {
	t.Parallel()
	lost := &lostError{errors.New("connection refused")}
	whole := &Response{Status: 500}
	for name, c := range map[string]struct {
		res  *Response
		err  error
		want pace.Answer
	}{
		"no connection":           {nil, lost, pace.Answer{Err: lost}},
		"an answer":               {whole, nil, pace.Answer{Status: 500}},
		"half an answer":          {whole, lost, pace.Answer{Status: 500, Err: lost}},
		"a large answer":          {whole, fault.New(fault.BadGateway, "too large"), pace.Answer{Status: 500}},
		"a token that is refused": {nil, &signInError{status: 401}, pace.Answer{Ours: true}},
		"login that is down":      {nil, &signInError{status: 503}, pace.Answer{}},
		"a certificate":           {nil, &lostError{&tls.CertificateVerificationError{Err: lost}}, pace.Answer{Ours: true}},
		"nothing":                 {nil, nil, pace.Answer{}},
	} {
		got := answerOf(c.res, c.err)
		if got.Status != c.want.Status || got.Ours != c.want.Ours || c.want.Err != nil && got.Err == nil {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

// Graph is told how much a request matters; a context can only lower that.
func TestPriorityIsTold(t *testing.T) {
	t.Parallel()
	s := newServer(t, status(http.StatusOK, `{"value":[]}`))
	c := s.client(t)
	background := WithPriority(t.Context(), Low)
	for _, ctx := range []context.Context{t.Context(), background, WithPriority(background, High), WithPriority(WithPriority(t.Context(), High), Normal)} {
		if _, err := c.Do(ctx, user("GET")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Do(t.Context(), Request{Path: "/users"}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Do(t.Context(), user("PATCH")); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, h := range s.header {
		got = append(got, h.Get("X-Ms-Throttle-Priority"))
	}
	if want := "High,Low,Low,,,High"; strings.Join(got, ",") != want {
		t.Errorf("told %q, want %s", got, want)
	}
}

// A tenant whose directory hangs is refused without asking it, and takes nothing of
// another, though both have one app and one transport.
func TestHangingTenant(t *testing.T) {
	t.Parallel()
	const mostAsked = 20 // those that go at first, and as many hangs as open the breaker
	hangs := newServer(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	well := newServer(t, status(http.StatusOK, `{}`))
	apps := new(Apps)
	roots := well.roots()
	roots.AddCert(hangs.Certificate())
	transport := NewTransport(roots)
	client := func(s *server, directory string) *Client {
		return s.client(t, func(o *Options) {
			o.Apps, o.Transport, o.Credential.TenantID = apps, transport, directory
			o.BaseURL, o.Retries = s.URL+"/v1.0", -1
		})
	}
	hanging, other := client(hangs, testTenant), client(well, testTenant)
	hanging.options.Timeout = 20 * time.Millisecond
	if hanging.pacer == other.pacer {
		t.Fatal("both are one")
	}
	if _, err := hanging.SignIn(t.Context()); err != nil && !fault.Is(err, fault.BadGateway) {
		t.Fatal(err)
	}
	var callers sync.WaitGroup
	var refused, slow atomic.Int32
	for i := range 50 {
		callers.Go(func() {
			_, err := hanging.Do(t.Context(), numbered(i+1, http.MethodGet)[i])
			switch {
			case fault.Is(err, fault.Unavailable) && fault.From(err).RetryAfter > 0:
				refused.Add(1)
			case fault.Is(err, fault.Timeout):
				slow.Add(1)
			default:
				t.Errorf("%v", err)
			}
		})
		callers.Go(func() {
			if _, err := other.Do(t.Context(), numbered(i+1, http.MethodGet)[i]); err != nil {
				t.Errorf("another tenant: %v", err)
			}
		})
	}
	callers.Wait()
	if asked := len(hangs.requests()); asked > mostAsked || int(slow.Load()) > mostAsked || refused.Load() < 25 {
		t.Errorf("the hanging directory was asked %d times; %d calls hung, %d were refused", asked, slow.Load(), refused.Load())
	}
	if s := hanging.State(); s.Breaker != Open || s.Waiting != 0 || s.Parallel != 0 {
		t.Errorf("%+v", s)
	}
	if s := other.State(); s.Breaker != Closed || s.Answered.IsZero() || s.Spent != 50 {
		t.Errorf("the other: %+v", s)
	}
}
