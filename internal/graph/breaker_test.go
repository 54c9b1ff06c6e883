package graph

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"entrascim/internal/fault"
)

var errRefused = &lostError{errors.New("connection refused")}

// fail lets one request fail after a time.
func (p *pacer) fail(ctx context.Context, t *testing.T, after time.Duration, cause error) {
	t.Helper()
	got, err := p.take(ctx, reading(1), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(after)
	p.end(ctx, got, nil, cause)
}

// What opens the breaker, and what does not.
func TestBreakerOpens(t *testing.T) {
	t.Parallel()
	hangs := &lostError{context.DeadlineExceeded}
	answer := func(status int) *Response { return &Response{Status: status, Header: http.Header{}} }
	for name, c := range map[string]struct {
		res   *Response
		err   error
		times int // until it opens; 0: never
	}{
		"no connection":           {nil, errRefused, 10},
		"500":                     {answer(500), nil, 10},
		"503":                     {answer(503), nil, 10},
		"hanging":                 {nil, hangs, 4},
		"half an answer":          {answer(200), errRefused, 10},
		"hanging in the middle":   {answer(200), hangs, 4},
		"a large answer":          {answer(200), fault.New(fault.BadGateway, "too large"), 0},
		"429":                     {answer(429), nil, 0},
		"404":                     {answer(404), nil, 0},
		"501":                     {answer(501), nil, 0},
		"a token that is refused": {nil, &signInError{status: 401, text: "AADSTS7000215"}, 0},
		"login that is down":      {nil, &signInError{status: 503}, 10},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := idle(Pacing{}, nil)
			opened := 0
			for n := 1; n <= 30 && opened == 0; n++ {
				got, err := p.take(t.Context(), reading(1), time.Hour)
				if err != nil {
					t.Fatal(name, err)
				}
				p.end(t.Context(), got, c.res, c.err)
				if p.breaker.state == Open {
					opened = n
				}
				time.Sleep(time.Second) // the answers before count all the same
			}
			if opened != c.times {
				t.Errorf("%s: opened after %d, want %d", name, opened, c.times)
			}
		})
	}
}

// Failures count that follow one another: one answer and the count begins anew. Who goes
// away soon says nothing; who waited long for a first byte does.
func TestBreakerCounts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := idle(Pacing{}, nil)
		for range 10 {
			for range mostFailures - 1 {
				p.fail(t.Context(), t, 0, errRefused)
			}
			spend(t, p, 1)
		}
		gone, leave := context.WithCancel(t.Context())
		leave()
		for range 20 {
			p.fail(gone, t, time.Second, context.Canceled)
		}
		if p.breaker.state != Closed {
			t.Error("it opened")
		}
		for range mostHangs {
			p.fail(gone, t, hangTime, context.Canceled)
		}
		if p.breaker.state != Open {
			t.Error("it did not open")
		}
	})
}

// While it is open requests fail at once and say when to come back; then one tries, and
// decides. It stays open longer each time, for a minute at most.
func TestBreakerProbes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		ctx := zerolog.New(&log).WithContext(t.Context())
		p := idle(Pacing{}, nil)
		for range mostFailures {
			p.fail(ctx, t, 0, errRefused)
		}
		for _, seconds := range []int{1, 2, 4, 8, 16, 32, 60, 60} {
			open := time.Duration(seconds) * time.Second
			begun := time.Now()
			_, err := p.take(ctx, reading(1), time.Hour)
			if f := fault.From(err); f.Kind != fault.Unavailable || f.RetryAfter != open || time.Since(begun) > 0 {
				t.Fatalf("open for %v: %v, Retry-After %v", open, err, f.RetryAfter)
			}
			if !strings.Contains(err.Error(), "connection refused") {
				t.Errorf("the cause is not told: %v", err)
			}
			time.Sleep(open)
			probe := mustTake(t, p, reading(1), 0)
			if _, err := p.take(ctx, reading(1), time.Hour); p.breaker.state != HalfOpen || !fault.Is(err, fault.Unavailable) {
				t.Fatalf("a second one beside the probe: %v", err)
			}
			p.end(ctx, probe, nil, errRefused)
		}
		time.Sleep(time.Minute)
		gone, leave := context.WithCancel(ctx)
		probe := mustTake(t, p, reading(1), 0)
		leave()
		p.end(gone, probe, nil, context.Canceled)
		probe = mustTake(t, p, reading(1), 0) // the next one is the probe
		p.finish(ctx, probe, http.StatusNotFound)
		if p.breaker.state != Closed {
			t.Error("it is not closed")
		}
		spend(t, p, 1)
		for _, want := range []string{`"breaker":"open"`, `"breaker":"closed"`, `"directory":"` + testTenant + `"`, `"open_ms":32000`} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("the log has no %s:\n%s", want, &log)
			}
		}
	})
}

// The probe does not wait for those that hang, nor does anybody else then.
func TestProbeBesideThoseThatHang(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := idle(Pacing{}, nil)
		var under []turn
		for range firstFlow {
			under = append(under, mustTake(t, p, reading(1), 0))
		}
		for _, got := range under[:mostHangs] {
			p.end(t.Context(), got, nil, &lostError{context.DeadlineExceeded})
		}
		time.Sleep(shortestOpen)
		begun := time.Now()
		probe := mustTake(t, p, reading(1), 0)
		for range 10 {
			if _, err := p.take(t.Context(), reading(1), time.Hour); !fault.Is(err, fault.Unavailable) {
				t.Error(err)
			}
		}
		if took := time.Since(begun); took > 0 || !probe.probe || p.flow.under != firstFlow-mostHangs+1 {
			t.Errorf("%v, %d under way", took, p.flow.under)
		}
	})
}

// When it opens nobody is left waiting in the queue.
func TestBreakerEmptiesTheQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := idle(Pacing{}, nil)
		var under []turn
		for range firstFlow {
			under = append(under, mustTake(t, p, reading(1), 0))
		}
		var callers sync.WaitGroup
		refused := make(chan error, 100)
		for range 100 {
			callers.Go(func() {
				got, err := p.take(t.Context(), reading(1), time.Hour)
				if err == nil { // one goes for each that ended, until it opens
					p.end(t.Context(), got, nil, &lostError{context.DeadlineExceeded})
				}
				refused <- err
			})
		}
		synctest.Wait()
		for _, got := range under {
			p.end(t.Context(), got, nil, &lostError{context.DeadlineExceeded})
		}
		callers.Wait()
		close(refused)
		n := 0
		for err := range refused {
			if fault.Is(err, fault.Unavailable) {
				n++
			}
		}
		if n < 90 || p.waiting() != 0 || p.flow.under != 0 {
			t.Errorf("%d refused, %d wait, %d under way", n, p.waiting(), p.flow.under)
		}
	})
}

// A tenant whose directory hangs is refused without asking it, and takes nothing of
// another, though both have one app and one transport.
func TestHangingTenant(t *testing.T) {
	t.Parallel()
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
	if asked := len(hangs.requests()); asked > firstFlow+mostHangs || int(slow.Load()) > firstFlow+mostHangs || refused.Load() < 25 {
		t.Errorf("the hanging directory was asked %d times; %d calls hung, %d were refused", asked, slow.Load(), refused.Load())
	}
	if s := hanging.State(); s.Breaker != Open || s.Waiting != 0 || s.Parallel != 0 {
		t.Errorf("%+v", s)
	}
	if s := other.State(); s.Breaker != Closed || s.Answered.IsZero() || s.Spent != 50 {
		t.Errorf("the other: %+v", s)
	}
}
