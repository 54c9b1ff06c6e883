package server

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// turns answers each request in parts of a size, each part as soon as the request's own
// gate lets it through, and counts how many answers are being made.
func turns(size int, gate <-chan struct{}, making *atomic.Int32) http.Handler {
	part := bytes.Repeat([]byte("x"), size)
	return takeTurns(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(part)
		making.Add(1)
		<-gate
		_, _ = w.Write(part)
	}))
}

func get(ctx context.Context, h http.Handler) {
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil))
}

// Of long answers some are made at once, and the next when one of those is made; short
// ones wait for nobody.
func TestTurns(t *testing.T) {
	t.Parallel()
	most := int32(turnsOfProcessor * runtime.GOMAXPROCS(0))
	for name, c := range map[string]struct {
		size         int
		first, after int32
	}{
		"long": {longPart, most, most + 1}, "short": {longPart - 1, 2 * most, 2 * most},
	} {
		synctest.Test(t, func(t *testing.T) {
			gate := make(chan struct{})
			var making atomic.Int32
			h := turns(c.size, gate, &making)
			var all sync.WaitGroup
			for range 2 * most {
				all.Go(func() { get(t.Context(), h) })
			}
			synctest.Wait()
			if got := making.Load(); got != c.first {
				t.Errorf("%s: %d are made at once, want %d", name, got, c.first)
			}
			gate <- struct{}{}
			synctest.Wait()
			if got := making.Load(); got != c.after {
				t.Errorf("%s: %d have begun when one is made, want %d", name, got, c.after)
			}
			close(gate)
			all.Wait()
		})
	}
}

// Who is slow, or waits for the directory, keeps nobody waiting for longer than a turn,
// and gives no place back twice.
func TestTurnsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		most := turnsOfProcessor * runtime.GOMAXPROCS(0)
		gate := make(chan struct{})
		var making atomic.Int32
		h := turns(longPart, gate, &making)
		var all sync.WaitGroup
		for range 3 * most {
			all.Go(func() { get(t.Context(), h) })
		}
		for round := range 3 {
			synctest.Wait()
			if got := int(making.Load()); got != (round+1)*most {
				t.Errorf("%d have begun after %d turns, want %d", got, round, (round+1)*most)
			}
			time.Sleep(longestTurn)
		}
		close(gate)
		all.Wait()
		begun := time.Now()
		for range 2 * most {
			all.Go(func() { get(t.Context(), h) })
		}
		all.Wait()
		if took := time.Since(begun); took > 0 {
			t.Errorf("a place is lost: %v were waited", took)
		}
	})
}

// A client who goes away while it waits for a turn leaves nothing behind.
func TestTurnOfNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		var making atomic.Int32
		h := turns(longPart, gate, &making)
		var all sync.WaitGroup
		for range turnsOfProcessor * runtime.GOMAXPROCS(0) {
			all.Go(func() { get(t.Context(), h) })
		}
		synctest.Wait()
		ctx, leave := context.WithCancel(t.Context())
		before := making.Load()
		all.Go(func() { get(ctx, h) })
		synctest.Wait()
		leave()
		synctest.Wait()
		if got := making.Load(); got != before+1 {
			t.Errorf("%d go on, want %d: it still waits", got, before+1)
		}
		close(gate)
		all.Wait()
	})
}
