package pace

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"entrascim/internal/fault"
)

var errRefused = &lostError{errors.New("connection refused")}

// fail lets one request fail after a time.
func (p *Pacer) fail(ctx context.Context, t *testing.T, after time.Duration, cause error) {
	t.Helper()
	got, err := p.take(ctx, reading(1), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(after)
	p.End(ctx, got, Answer{Err: cause})
}

// What opens the breaker, and what does not.
func TestBreakerOpens(t *testing.T) {
	t.Parallel()
	hangs := &lostError{context.DeadlineExceeded}
	for name, c := range map[string]struct {
		answer Answer
		times  int // until it opens; 0: never
	}{
		"no connection":         {Answer{Err: errRefused}, 10},
		"500":                   {Answer{Status: 500}, 10},
		"503":                   {Answer{Status: 503}, 10},
		"hanging":               {Answer{Err: hangs}, 4},
		"half an answer":        {Answer{Status: 200, Err: errRefused}, 10},
		"hanging in the middle": {Answer{Status: 200, Err: hangs}, 4},
		"429":                   {Answer{Status: 429}, 0},
		"404":                   {Answer{Status: 404}, 0},
		"501":                   {Answer{Status: 501}, 0},
		"our own failure":       {Answer{Err: errRefused, Ours: true}, 0},
		"nothing":               {Answer{}, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := idle(Pacing{}, nil)
			opened := 0
			for n := 1; n <= 30 && opened == 0; n++ {
				got, err := p.take(t.Context(), reading(1), time.Hour)
				if err != nil {
					t.Fatal(name, err)
				}
				p.End(t.Context(), got, c.answer)
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
			p.End(ctx, probe, Answer{Err: errRefused})
		}
		time.Sleep(time.Minute)
		gone, leave := context.WithCancel(ctx)
		probe := mustTake(t, p, reading(1), 0)
		leave()
		p.End(gone, probe, Answer{Err: context.Canceled})
		probe = mustTake(t, p, reading(1), 0) // the next one is the probe
		p.finish(ctx, probe, http.StatusNotFound)
		if p.breaker.state != Closed {
			t.Error("it is not closed")
		}
		spend(t, p, 1)
		for _, want := range []string{`"breaker":"open"`, `"breaker":"closed"`, `"directory":"` + directory + `"`, `"open_ms":32000`} {
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
		var under []Turn
		for range firstFlow {
			under = append(under, mustTake(t, p, reading(1), 0))
		}
		for _, got := range under[:mostHangs] {
			p.End(t.Context(), got, Answer{Err: &lostError{context.DeadlineExceeded}})
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
		var under []Turn
		for range firstFlow {
			under = append(under, mustTake(t, p, reading(1), 0))
		}
		var callers sync.WaitGroup
		refused := make(chan error, 100)
		for range 100 {
			callers.Go(func() {
				got, err := p.take(t.Context(), reading(1), time.Hour)
				if err == nil { // one goes for each that ended, until it opens
					p.End(t.Context(), got, Answer{Err: &lostError{context.DeadlineExceeded}})
				}
				refused <- err
			})
		}
		synctest.Wait()
		for _, got := range under {
			p.End(t.Context(), got, Answer{Err: &lostError{context.DeadlineExceeded}})
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
