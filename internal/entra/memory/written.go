package memory

import (
	"maps"
	"strings"
	"sync"
	"time"

	"entrascim/internal/entra/entity"
	"entrascim/internal/grant"
)

// Written remembers what was written to objects moments ago. The directory may go
// on answering with what was there before, and a write that is planned on a stale
// answer would leave out what seems to be done already: a user disabled and at
// once enabled again would stay disabled. So what was sent is laid over what is
// read for a write, and sent again when it is asked for again.
//
// It knows the writes of this process alone, and only for as long as the
// directory usually takes.
type Written struct {
	now func() time.Time

	mu sync.Mutex
	by map[string]*trace // by lower-case object id
}

// A trace is what was written to one object.
type trace struct {
	at         time.Time
	properties map[string]any  // as sent to Graph; nil clears
	members    map[string]bool // lower-case id of a member: true for added, false for removed

	given Given
}

// Given is what an object was given moments ago and what was taken from it, by key; nil
// was taken.
type Given struct {
	Roles        map[string]map[string]*grant.Role // by relation
	Applications map[string]*grant.Assignment
}

// add notes what was done later.
func (g Given) add(later Given) {
	maps.Copy(g.Applications, later.Applications)
	for relation, roles := range later.Roles {
		if g.Roles[relation] == nil {
			g.Roles[relation] = map[string]*grant.Role{}
		}
		maps.Copy(g.Roles[relation], roles)
	}
}

func (g Given) copied() Given {
	c := Given{Roles: map[string]map[string]*grant.Role{}, Applications: map[string]*grant.Assignment{}}
	c.add(g)
	return c
}

// Bounds of what is remembered. A larger change of members is not remembered.
const (
	maxWritten        = 2000
	maxWrittenMembers = 2000
)

// NewWritten remembers nothing yet.
func NewWritten(now func() time.Time) *Written {
	return &Written{now: now, by: map[string]*trace{}}
}

// Set remembers properties that Graph accepted, never a password.
func (w *Written) Set(id string, properties map[string]any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	t := w.trace(id)
	for name, value := range properties {
		was, inner := t.properties[name].(map[string]any)
		parts, nested := value.(map[string]any)
		if inner && nested { // the parts that were sent before still count
			value = laidOver(was, parts)
		}
		t.properties[name] = value
	}
	entity.Hide(t.properties)
}

func laidOver(under, over map[string]any) map[string]any {
	out := maps.Clone(under)
	maps.Copy(out, over)
	return out
}

// Link remembers members that were added to or removed from a group.
func (w *Written) Link(id string, added bool, members []string) {
	if len(members) == 0 || len(members) > maxWrittenMembers {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	t := w.trace(id)
	if len(t.members)+len(members) > maxWrittenMembers {
		clear(t.members)
	}
	for _, member := range members {
		t.members[strings.ToLower(member)] = added
	}
}

// trace finds or makes the trace of an object, which is recent now.
func (w *Written) trace(id string) *trace {
	id = strings.ToLower(id)
	t := w.by[id]
	if t == nil || w.now().Sub(t.at) > freshFor {
		if len(w.by) >= maxWritten {
			w.prune()
		}
		t = newTrace()
		w.by[id] = t
	}
	t.at = w.now()
	return t
}

func newTrace() *trace {
	return &trace{properties: map[string]any{}, members: map[string]bool{}, given: Given{}.copied()}
}

// Give remembers what was given and taken.
func (w *Written) Give(id string, given Given) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.trace(id).given.add(given)
}

// Given is a copy of what was given and taken moments ago.
func (w *Written) Given(id string) Given {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.recent(id).given.copied()
}

// prune drops what is old and, when everything is new, everything.
func (w *Written) prune() {
	maps.DeleteFunc(w.by, func(_ string, t *trace) bool { return w.now().Sub(t.at) > freshFor })
	if len(w.by) >= maxWritten {
		clear(w.by)
	}
}

// Properties are copies of what was sent to the object moments ago; empty: nothing.
func (w *Written) Properties(id string) map[string]any {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.recent(id).properties)
}

// Members are the members added to or removed from the group moments ago.
func (w *Written) Members(id string) map[string]bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	members := map[string]bool{}
	maps.Copy(members, w.recent(id).members)
	return members
}

// Groups are those that the member was added to (true) or removed from (false) moments
// ago.
func (w *Written) Groups(member string) map[string]bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	groups := map[string]bool{}
	for id, t := range w.by {
		if added, known := t.members[member]; known && w.now().Sub(t.at) <= freshFor {
			groups[id] = added
		}
	}
	return groups
}

func (w *Written) recent(id string) trace {
	t := w.by[strings.ToLower(id)]
	if t == nil || w.now().Sub(t.at) > freshFor {
		return trace{}
	}
	return *t
}

// Copy remembers the same, and is told nothing of what is written from now on.
func (w *Written) Copy() *Written {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := NewWritten(w.now)
	for id, t := range w.by {
		c.by[id] = &trace{at: t.at, properties: maps.Clone(t.properties), members: maps.Clone(t.members), given: t.given.copied()}
	}
	return c
}
