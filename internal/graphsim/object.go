package graphsim

import (
	"maps"
	"slices"
	"time"
)

// A status says in which part of the directory an object is.
type status uint8

const (
	live    status = iota
	deleted        // in deletedItems, restorable
	gone           // permanently deleted
)

// An object is one directory object. What it says is in its states, what it is
// linked to is in its links.
type object struct {
	seq   uint32 // creation order, which is the order of every list
	id    string // GUID in lower case
	kind  *kind
	state *state // the newest
	links [relations]links
}

// A state is what an object says from a moment on. Earlier states are kept only
// while replication lag can still show them.
type state struct {
	values []string          // JSON text by slot of the kind; "": no value
	extra  map[string]string // JSON text of directory extensions, by name
	status status
	since  int64 // Unix time in nanoseconds
	prev   *state
}

// A view is the moment in the past that a read sees: now, less the lag.
type view struct {
	at     int64 // Unix time in nanoseconds
	lagged bool
}

// in finds the state that the view shows; nil when the object did not exist yet
// or exists no more.
func (o *object) in(v view) *state {
	s := o.state
	if v.lagged {
		for s != nil && s.since > v.at {
			s = s.prev
		}
	}
	if s == nil || s.status == gone {
		return nil
	}
	return s
}

// live finds the state in the view when the object is not deleted in it.
func (o *object) live(v view) *state {
	if s := o.in(v); s != nil && s.status == live {
		return s
	}
	return nil
}

// get is the JSON text of a property in the newest state; "" when unset.
func (o *object) get(name string) string {
	if i := o.kind.slot(name); i >= 0 {
		return o.state.values[i]
	}
	return ""
}

// text is the string value of a property in the newest state.
func (o *object) text(name string) string { return unquote(o.get(name)) }

// is tells whether a boolean property is true in the newest state.
func (o *object) is(name string) bool { return o.get(name) == "true" }

// has tells whether a collection of strings holds an element.
func (o *object) has(name, element string) bool {
	return hasString(o.get(name), element)
}

// edit starts a new state from the newest one.
func (o *object) edit() *state {
	next := *o.state
	next.values = slices.Clone(o.state.values)
	next.extra = maps.Clone(o.state.extra)
	return &next
}

// set gives a property of the object's kind a value; an unknown name is a
// mistake of this package.
func (s *state) set(k *kind, name, text string) {
	s.values[k.slots[name]] = text
}

// get is the JSON text of a property; "" when unset.
func (s *state) get(k *kind, name string) string {
	if i := k.slot(name); i >= 0 {
		return s.values[i]
	}
	return s.extra[name]
}

// prune forgets the states that no view reaches back to.
func (s *state) prune(oldest time.Time) {
	for ; s != nil; s = s.prev {
		if s.since <= oldest.UnixNano() {
			s.prev = nil
			return
		}
	}
}
