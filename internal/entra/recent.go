package entra

import (
	"slices"
	"strings"
	"sync"
	"time"

	"entrascim/internal/fault"
	"entrascim/internal/graph"
)

// How long the directory may take to show a new object, and how it is waited for:
// 15.75 s in all.
const (
	freshFor    = time.Minute
	firstWait   = 250 * time.Millisecond
	longestWait = 8 * time.Second
	maxRecent   = 10000
)

// recent remembers the ids of objects that were made moments ago.
type recent struct {
	now func() time.Time

	mu sync.Mutex
	at map[string]time.Time
}

func newRecent(now func() time.Time) *recent {
	return &recent{now: now, at: map[string]time.Time{}}
}

func (r *recent) add(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.put(id)
}

// claim adds an id, and tells whether it was not there.
func (r *recent) claim(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	at, ok := r.at[strings.ToLower(id)]
	r.put(id)
	return !ok || r.now().Sub(at) > freshFor
}

func (r *recent) put(id string) {
	if len(r.at) >= maxRecent {
		r.prune()
	}
	r.at[strings.ToLower(id)] = r.now()
}

// prune drops what is old and, when everything is new, everything: an id that is
// not remembered is only not waited for.
func (r *recent) prune() {
	for id, at := range r.at {
		if r.now().Sub(at) > freshFor {
			delete(r.at, id)
		}
	}
	if len(r.at) >= maxRecent {
		clear(r.at)
	}
}

func (r *recent) drop(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.at, strings.ToLower(id))
}

// any tells whether one of the ids is new.
func (r *recent) any(ids []string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(ids, func(id string) bool {
		at, ok := r.at[strings.ToLower(id)]
		return ok && r.now().Sub(at) <= freshFor
	})
}

// unseen tells whether an object was not found, or not yet.
func unseen(err error) bool {
	return fault.Is(err, fault.NotFound) || graph.NotReplicated(err)
}

// lacking remembers which relations could not be read for want of a permission.
type lacking struct {
	now func() time.Time

	mu sync.Mutex
	at map[string]time.Time
}

// lackingFor is how long the want of a permission is reported after it was met.
const lackingFor = 10 * time.Minute

func newLacking(now func() time.Time) *lacking {
	return &lacking{now: now, at: map[string]time.Time{}}
}

func (l *lacking) add(relation string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at[relation] = l.now()
}

func (l *lacking) names() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var names []string
	for name, at := range l.at {
		if l.now().Sub(at) <= lackingFor {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
