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

	mu  sync.Mutex
	ids map[string]newborn
}

// A newborn is an object that was made moments ago.
type newborn struct {
	collection string // of Graph, that it was made in
	at         time.Time
}

func newRecent(now func() time.Time) *recent {
	return &recent{now: now, ids: map[string]newborn{}}
}

func (r *recent) add(collection, id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.put(collection, id)
}

// claim adds an id, and tells whether it was not there.
func (r *recent) claim(collection, id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, known := r.get(id)
	r.put(collection, id)
	return !known
}

func (r *recent) put(collection, id string) {
	if len(r.ids) >= maxRecent {
		r.prune()
	}
	r.ids[strings.ToLower(id)] = newborn{collection, r.now()}
}

func (r *recent) get(id string) (newborn, bool) {
	n, ok := r.ids[strings.ToLower(id)]
	return n, ok && r.now().Sub(n.at) <= freshFor
}

// prune drops what is old and, when everything is new, everything: an id that is
// not remembered is only not waited for.
func (r *recent) prune() {
	for id := range r.ids {
		if _, fresh := r.get(id); !fresh {
			delete(r.ids, id)
		}
	}
	if len(r.ids) >= maxRecent {
		clear(r.ids)
	}
}

func (r *recent) drop(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.ids, strings.ToLower(id))
}

// any tells whether one of the ids is new.
func (r *recent) any(ids []string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(ids, func(id string) bool {
		_, ok := r.get(id)
		return ok
	})
}

// elsewhere tells whether the id is that of a new object of another collection: there is
// no use in waiting for it in this one, nor in asking.
func (r *recent) elsewhere(collection, id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	n, ok := r.get(id)
	return ok && n.collection != collection
}

// unseen tells whether an object was not found, or not yet.
func unseen(err error) bool {
	return fault.Is(err, fault.NotFound) || graph.NotReplicated(err)
}

// lacking remembers which relations, resource types and properties could not be read for want of a permission.
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

// has tells whether it was met lately.
func (l *lacking) has(name string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	at, met := l.at[name]
	return met && l.now().Sub(at) <= lackingFor
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
