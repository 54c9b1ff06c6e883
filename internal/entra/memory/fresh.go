// Package memory is what the gateway knows of its own writes until the directory shows
// them.
package memory

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	freshFor  = time.Minute // that the directory may take to show what was made or written
	maxRecent = 10000
)

// Fresh remembers the ids of objects that were made moments ago.
type Fresh struct {
	now func() time.Time

	mu  sync.Mutex
	ids map[string]newborn
}

// A newborn is an object that was made moments ago.
type newborn struct {
	collection string // of Graph, that it was made in
	at         time.Time
}

// NewFresh remembers nothing yet.
func NewFresh(now func() time.Time) *Fresh {
	return &Fresh{now: now, ids: map[string]newborn{}}
}

// Add remembers the id of an object that was made in the collection.
func (f *Fresh) Add(collection, id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.put(collection, id)
}

// Claim adds an id, and tells whether it was not there.
func (f *Fresh) Claim(collection, id string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, known := f.get(id)
	f.put(collection, id)
	return !known
}

func (f *Fresh) put(collection, id string) {
	if len(f.ids) >= maxRecent {
		f.prune()
	}
	f.ids[strings.ToLower(id)] = newborn{collection, f.now()}
}

func (f *Fresh) get(id string) (newborn, bool) {
	n, ok := f.ids[strings.ToLower(id)]
	return n, ok && f.now().Sub(n.at) <= freshFor
}

// prune drops what is old and, when everything is new, everything: an id that is
// not remembered is only not waited for.
func (f *Fresh) prune() {
	for id := range f.ids {
		if _, fresh := f.get(id); !fresh {
			delete(f.ids, id)
		}
	}
	if len(f.ids) >= maxRecent {
		clear(f.ids)
	}
}

// Drop forgets an id, whose object was deleted.
func (f *Fresh) Drop(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.ids, strings.ToLower(id))
}

// Any tells whether one of the ids is new.
func (f *Fresh) Any(ids []string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.ContainsFunc(ids, func(id string) bool {
		_, ok := f.get(id)
		return ok
	})
}

// Elsewhere tells whether the id is that of a new object of another collection: there is
// no use in waiting for it in this one, nor in asking.
func (f *Fresh) Elsewhere(collection, id string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, ok := f.get(id)
	return ok && n.collection != collection
}

// Copy remembers the same, and is told of nothing that is made from now on.
func (f *Fresh) Copy() *Fresh {
	f.mu.Lock()
	defer f.mu.Unlock()
	return &Fresh{now: f.now, ids: maps.Clone(f.ids)}
}
