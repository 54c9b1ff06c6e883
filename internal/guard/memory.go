package guard

import (
	"context"
	"maps"
	"sync"
	"time"
)

// A Memory is the Counter of one process. The zero value is ready.
type Memory struct {
	mu    sync.Mutex
	count map[entry]int
}

// An entry is what is counted together.
type entry struct {
	tenant, kind string
	hour         time.Time
}

// Take implements Counter.
func (m *Memory) Take(_ context.Context, tenant, kind string, hour time.Time, n, most int) (counted int, taken bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	at := entry{tenant, kind, hour}
	before, known := m.count[at]
	if before+n > most {
		return before, false, nil
	}
	if !known {
		m.begin(hour)
	}
	m.count[at] = before + n
	return before + n, true, nil
}

// begin forgets what nobody asks for any more.
func (m *Memory) begin(hour time.Time) {
	if m.count == nil {
		m.count = map[entry]int{}
	}
	maps.DeleteFunc(m.count, func(e entry, _ int) bool { return hour.Sub(e.hour) > time.Hour })
}

// Taken implements Counter.
func (m *Memory) Taken(_ context.Context, tenant, kind string, hour time.Time) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.count[entry{tenant, kind, hour}], nil
}

// A rehearsal counts on top of another Counter, which it leaves as it is.
type rehearsal struct {
	Counter

	own Memory
}

// Take implements Counter.
func (r *rehearsal) Take(ctx context.Context, tenant, kind string, hour time.Time, n, most int) (counted int, taken bool, err error) {
	before, err := r.Counter.Taken(ctx, tenant, kind, hour)
	if err != nil {
		return 0, false, err
	}
	counted, taken, err = r.own.Take(ctx, tenant, kind, hour, n, most-before)
	return before + counted, taken, err
}

// Taken implements Counter.
func (r *rehearsal) Taken(ctx context.Context, tenant, kind string, hour time.Time) (int, error) {
	before, err := r.Counter.Taken(ctx, tenant, kind, hour)
	if err != nil {
		return 0, err
	}
	own, err := r.own.Taken(ctx, tenant, kind, hour)
	return before + own, err
}
