package store_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"entrascim/internal/tenant/store"
)

// wantTaken takes, and wants it to be so.
func (w *world) wantTaken(s *store.Store, tenantID, kind string, hour time.Time, n, most, counted int, taken bool) {
	w.t.Helper()
	gotCounted, gotTaken, err := s.Take(w.t.Context(), tenantID, kind, hour, n, most)
	if err != nil || gotCounted != counted || gotTaken != taken {
		w.t.Errorf("%d of %d %s: counted %d, taken %v, %v; want %d, %v", n, most, kind, gotCounted, gotTaken, err, counted, taken)
	}
}

// What is taken away is counted apart for each tenant, kind and hour, all of a request
// or nothing, by whatever replica.
func TestTaken(t *testing.T) {
	each(t, func(w *world) {
		a, b := w.open(oldKey), w.open(oldKey)
		hour := w.now()
		w.wantTaken(a, "acme", "deletes", hour, 7, 6, 0, false)
		w.wantTaken(a, "acme", "deletes", hour, 4, 6, 4, true)
		w.wantTaken(b, "acme", "deletes", hour, 3, 6, 4, false)
		w.wantTaken(b, "acme", "deletes", hour, 2, 6, 6, true)
		w.wantTaken(a, "acme", "deletes", hour, 1, 6, 6, false)
		w.wantTaken(a, "acme", "deletes", hour, 1, 7, 7, true) // the threshold was raised
		w.wantTaken(a, "globex", "deletes", hour, 6, 6, 6, true)
		w.wantTaken(a, "acme", "disables", hour, 6, 6, 6, true)
		w.wantTaken(a, "acme", "deletes", hour.Add(time.Hour), 6, 6, 6, true)
		if n, err := b.Taken(w.t.Context(), "acme", "deletes", hour); n != 7 || err != nil {
			w.t.Errorf("taken %d, %v", n, err)
		}
		w.wantTaken(a, "acme", "deletes", hour.Add(48*time.Hour), 1, 6, 1, true)
		if n, err := b.Taken(w.t.Context(), "acme", "deletes", hour); n != 0 || err != nil {
			w.t.Errorf("two days later %d, %v", n, err)
		}
	})
}

// However many replicas take at once, never more is taken than may be.
func TestTakenAtOnce(t *testing.T) {
	each(t, func(w *world) {
		stores := []*store.Store{w.open(oldKey), w.open(oldKey)}
		var taken atomic.Int64
		var group sync.WaitGroup
		for i := range 40 {
			group.Go(func() {
				_, ok, err := stores[i%2].Take(w.t.Context(), "acme", "deletes", w.now(), 3, 50)
				if err != nil {
					w.t.Error(err)
				}
				if ok {
					taken.Add(3)
				}
			})
		}
		group.Wait()
		if n, err := stores[0].Taken(w.t.Context(), "acme", "deletes", w.now()); taken.Load() != 48 || n != 48 || err != nil {
			w.t.Errorf("%d were taken, %d counted, %v", taken.Load(), n, err)
		}
	})
}

// A store that cannot be asked lets nothing pass.
func TestTakenFromClosedStore(t *testing.T) {
	each(t, func(w *world) {
		s := w.open(oldKey)
		s.Close()
		if _, taken, err := s.Take(w.t.Context(), "acme", "deletes", w.now(), 1, 6); taken || err == nil {
			w.t.Errorf("taken %v, %v", taken, err)
		}
	})
}
