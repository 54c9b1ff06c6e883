package cache

import (
	"slices"
	"sync"
	"time"
)

// Lacking remembers which relations, resource types and properties could not be read for
// want of a permission.
type Lacking struct {
	now func() time.Time

	mu sync.Mutex
	at map[string]time.Time
}

// NewLacking remembers nothing yet.
func NewLacking(now func() time.Time) *Lacking {
	return &Lacking{now: now, at: map[string]time.Time{}}
}

// lackingFor is how long the want of a permission is reported after it was met.
const lackingFor = 10 * time.Minute

// Add remembers the want of a relation, resource type or property.
func (l *Lacking) Add(relation string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at[relation] = l.now()
}

// Has tells whether it was met lately.
func (l *Lacking) Has(name string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	at, met := l.at[name]
	return met && l.now().Sub(at) <= lackingFor
}

// Names are those that were met lately, sorted.
func (l *Lacking) Names() []string {
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
