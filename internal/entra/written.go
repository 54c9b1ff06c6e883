package entra

import (
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"entrascim/internal/entra/entity"
	"entrascim/internal/grant"
	"entrascim/internal/mapping"
)

// written remembers what was written to objects moments ago. The directory may go
// on answering with what was there before, and a write that is planned on a stale
// answer would leave out what seems to be done already: a user disabled and at
// once enabled again would stay disabled. So what was sent is laid over what is
// read for a write, and sent again when it is asked for again.
//
// It knows the writes of this process alone, and only for as long as the
// directory usually takes.
type written struct {
	now func() time.Time

	mu sync.Mutex
	by map[string]*trace // by lower-case object id
}

// A trace is what was written to one object.
type trace struct {
	at         time.Time
	properties map[string]any  // as sent to Graph; nil clears
	members    map[string]bool // lower-case id of a member: true for added, false for removed

	// What was given and taken, by key; nil was taken.
	roles        map[string]map[string]*grant.Role // by relation
	applications map[string]*grant.Assignment
}

// Bounds of what is remembered. A larger change of members is not remembered.
const (
	maxWritten        = 2000
	maxWrittenMembers = 2000
)

func newWritten(now func() time.Time) *written {
	return &written{now: now, by: map[string]*trace{}}
}

// set remembers properties that Graph accepted, never a password.
func (w *written) set(id string, properties map[string]any) {
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

// link remembers members that were added to or removed from a group.
func (w *written) link(id string, added bool, members []string) {
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
func (w *written) trace(id string) *trace {
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
	return &trace{
		properties: map[string]any{}, members: map[string]bool{}, applications: map[string]*grant.Assignment{},
		roles: map[string]map[string]*grant.Role{relationRoles: {}, relationEligible: {}},
	}
}

// gave remembers what was given and taken.
func (w *written) gave(id string, note func(*trace)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	note(w.trace(id))
}

// given is a copy of what was given and taken moments ago.
func (w *written) given(id string) *trace {
	w.mu.Lock()
	defer w.mu.Unlock()
	t, recent := newTrace(), w.recent(id)
	maps.Copy(t.applications, recent.applications)
	for relation, roles := range recent.roles {
		maps.Copy(t.roles[relation], roles)
	}
	return t
}

// prune drops what is old and, when everything is new, everything.
func (w *written) prune() {
	maps.DeleteFunc(w.by, func(_ string, t *trace) bool { return w.now().Sub(t.at) > freshFor })
	if len(w.by) >= maxWritten {
		clear(w.by)
	}
}

// properties are copies of what was sent to the object moments ago; empty: nothing.
func (w *written) properties(id string) map[string]any {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.recent(id).properties)
}

// members are the members added to or removed from the group moments ago.
func (w *written) members(id string) map[string]bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	members := map[string]bool{}
	maps.Copy(members, w.recent(id).members)
	return members
}

// groups are those that the member was added to (true) or removed from (false) moments
// ago.
func (w *written) groups(member string) map[string]bool {
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

func (w *written) recent(id string) trace {
	t := w.by[strings.ToLower(id)]
	if t == nil || w.now().Sub(t.at) > freshFor {
		return trace{}
	}
	return *t
}

// refreshed lays over an object that was read for a write what was written to it
// moments ago and the read does not show, and notes these properties: they are
// stale, or somebody else has changed them since.
func (r *resource) refreshed(id string, o object, known mapping.Want) (object, error) {
	sent := r.written.properties(id)
	if len(sent) == 0 {
		return o, nil
	}
	var shown map[string]any
	if err := json.Unmarshal(o.raw, &shown); err != nil {
		return o, entity.Broken(err)
	}
	maps.DeleteFunc(sent, func(name string, value any) bool { return entity.Shows(shown[name], value) })
	for _, row := range r.rows {
		_, stale := sent[row.Property()]
		if stale && row.Relation == "" && row.Writable() && known(row.Attr.URN, row.Attr.Name, row.Attr.Sub) {
			o.unsure = append(o.unsure, row.Property())
		}
	}
	var err error
	o.raw, err = entity.Overlaid(o.raw, sent)
	return o, err
}
