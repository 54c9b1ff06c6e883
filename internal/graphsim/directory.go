package graphsim

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Lag is how long a write stays invisible to reads. Lists, filters, searches and
// counts read an index that lags more than reads by id do.
type Lag struct {
	Read time.Duration // GET by id, and links of an object read by id
	List time.Duration // collections; at least Read
}

// A Directory is the directory of one tenant. Its methods are safe for
// concurrent use.
type Directory struct {
	tenant string
	schema schema
	clock  func() time.Time
	ids    *idSource

	mu      sync.RWMutex
	lag     Lag
	past    time.Duration // how long ago what is changed now is to have happened
	seq     uint32
	byID    map[string]*object
	sets    map[*kind]*links
	indexes map[*kind][]index
	roles   map[string][]string // directory roles by id of the holder
	busy    map[string]*call    // objects with a write under way, and whose it is
	cursors *cursors
	basic   bool                          // without Entra ID P1 and P2
	noPIM   bool                          // there is no license for Privileged Identity Management
	jobs    map[string][]*provisioningJob // by service principal
}

// An index finds the live objects by the value of one property, in lower case.
type index struct {
	slot   int
	name   string
	byText map[string][]*object
}

// indexed names the properties that filters and rules look objects up by.
var indexed = map[string][]string{
	"user":             {"userPrincipalName", "mail", "mailNickname", "displayName", "employeeId", "onPremisesImmutableId", "proxyAddresses"},
	"group":            {"displayName", "mail", "mailNickname", "proxyAddresses"},
	"application":      {"appId", "displayName"},
	"servicePrincipal": {"appId", "displayName"},
	"domain":           {"id"},
	// extension names are unique in a tenant
	"extensionProperty": {"name"},
}

func newDirectory(tenant string, s schema, seed uint64, clock func() time.Time) *Directory {
	d := &Directory{
		tenant: tenant, schema: s, clock: clock, ids: newIDs(seed, tenant),
		byID: map[string]*object{}, sets: map[*kind]*links{}, indexes: map[*kind][]index{},
		roles: map[string][]string{}, busy: map[string]*call{}, cursors: newCursors(tenant),
		jobs: map[string][]*provisioningJob{},
	}
	for name, k := range s {
		d.sets[k] = &links{}
		for _, p := range indexed[name] {
			d.indexes[k] = append(d.indexes[k], index{slot: k.slots[p], name: p, byText: map[string][]*object{}})
		}
	}
	return d
}

// insert puts a new object into the directory; the caller holds the lock.
func (d *Directory) insert(k *kind, id string, s *state) *object {
	d.seq++
	o := &object{seq: d.seq, id: id, kind: k}
	s.set(k, "id", quote(id))
	d.byID[id] = o
	d.sets[k].add(o)
	d.apply(o, s)
	return o
}

// apply makes a state the newest of an object; the caller holds the lock.
func (d *Directory) apply(o *object, next *state) {
	d.reindex(o, o.state, next)
	now := d.clock().Add(-d.past)
	next.since, next.prev = now.UnixNano(), nil
	if d.lag.List > 0 {
		next.prev = o.state
		next.prune(now.Add(-d.lag.List))
	}
	renamed := o.state != nil && o.get("displayName") != next.get(o.kind, "displayName")
	o.state = next
	if renamed {
		d.rename(o)
	}
}

// remove takes an object out of the directory for good, and with it its app role
// assignments and the extensions that it registered.
func (d *Directory) remove(o *object) {
	for _, r := range []relation{assignments, assignedTo, extensions, roleAssignments, assignedRoles, eligibilities, schedules} {
		for _, other := range slices.Clone(o.links[r].list) {
			d.remove(other)
		}
	}
	next, lived := o.edit(), o.state.status == live
	next.status = gone
	d.apply(o, next)
	if lived {
		d.unlicense(o)
	}
	if d.lag.List > 0 { // lagging reads may still meet it
		return
	}
	for r := range relations {
		for _, other := range o.links[r].list {
			other.links[r.inverse()].remove(o)
		}
		o.links[r] = links{}
	}
	delete(d.byID, o.id)
	d.sets[o.kind].remove(o)
}

func (d *Directory) link(r relation, from, to *object) {
	from.links[r].add(to)
	to.links[r.inverse()].add(from)
	d.note(r, from, to, true)
	d.relicense(r, from, to)
}

func (d *Directory) unlink(r relation, from, to *object) {
	from.links[r].remove(to)
	to.links[r.inverse()].remove(from)
	d.note(r, from, to, false)
	d.relicense(r, from, to)
}

func (d *Directory) note(r relation, from, to *object, made bool) {
	if d.lag.List == 0 {
		return
	}
	now := d.clock().Add(-d.past)
	oldest := now.Add(-d.lag.List).UnixNano()
	from.links[r].note(change{other: to, made: made, at: now.UnixNano()}, oldest)
	to.links[r.inverse()].note(change{other: from, made: made, at: now.UnixNano()}, oldest)
}

// lockPast locks the directory for changes that are to have been there always: so
// long ago that lag hides none of them.
func (d *Directory) lockPast() (unlock func()) {
	d.mu.Lock()
	d.past = d.lag.List
	return func() {
		d.past = 0
		d.mu.Unlock()
	}
}

// reading is what a read by id sees, listing what a read of a collection sees.
func (d *Directory) reading() view { return d.view(d.lag.Read) }
func (d *Directory) listing() view { return d.view(d.lag.List) }

func (d *Directory) view(lag time.Duration) view {
	return view{at: d.clock().Add(-lag).UnixNano(), lagged: lag > 0}
}

// newest sees everything: rules such as uniqueness know no lag.
func (d *Directory) newest() view { return view{} }

// users counts the users, deleted ones among them.
func (d *Directory) users() int {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return len(d.sets[d.schema["user"]].list)
}

// find gives the object with an id when it is of the kind; nil otherwise.
func (d *Directory) find(k *kind, id string) *object {
	if o := d.byID[strings.ToLower(id)]; o != nil && (k == nil || o.kind == k) {
		return o
	}
	return nil
}

// lookup finds the live objects of a kind by an indexed property.
func (d *Directory) lookup(k *kind, name, text string) []*object {
	for _, ix := range d.indexes[k] {
		if ix.name == name {
			return ix.byText[strings.ToLower(text)]
		}
	}
	panic(fmt.Sprintf("graphsim: %s.%s has no index", k.name, name))
}

// reindex moves an object in the indexes from its old state to its new one.
func (d *Directory) reindex(o *object, from, to *state) {
	for _, ix := range d.indexes[o.kind] {
		var was, is string
		if from != nil && from.status == live {
			was = from.values[ix.slot]
		}
		if to.status == live {
			is = to.values[ix.slot]
		}
		if was == is {
			continue
		}
		ix.drop(o, was)
		ix.keep(o, is)
	}
}

func (ix *index) keep(o *object, text string) {
	for _, key := range keys(text) {
		l := links{list: ix.byText[key]}
		l.add(o)
		ix.byText[key] = l.list
	}
}

func (ix *index) drop(o *object, text string) {
	for _, key := range keys(text) {
		l := links{list: ix.byText[key]}
		if l.remove(o); len(l.list) > 0 {
			ix.byText[key] = l.list
		} else {
			delete(ix.byText, key)
		}
	}
}

// keys are the texts under which a value is found: each element of a collection.
func keys(text string) []string {
	switch {
	case text == "":
		return nil
	case text[0] == '[':
		list := stringsOf(text)
		for i := range list {
			list[i] = strings.ToLower(list[i])
		}
		return list
	}
	return []string{strings.ToLower(unquote(text))}
}
