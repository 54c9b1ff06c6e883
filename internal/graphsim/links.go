package graphsim

import (
	"cmp"
	"slices"
)

// A relation is a kind of link. Links are kept at both ends.
type relation int

const (
	members relation = iota
	memberOf
	owners
	ownedObjects
	manager
	directReports
	sponsors
	sponsorOf
	assignments // the appRoleAssignments of a principal
	principal
	assignedTo // the appRoleAssignments to a resource
	resource
	extensions // the extensionProperties of an application
	extensionOf
	roleAssignments // the unifiedRoleAssignments of a principal
	roleHolder
	assignedRoles // the unifiedRoleAssignments of a role definition
	roleOf
	eligibilities // the unifiedRoleEligibilitySchedules of a principal
	eligibleHolder
	schedules // the unifiedRoleAssignmentSchedules of a principal
	scheduledHolder
	relations
)

// inverse is the other end of a relation.
func (r relation) inverse() relation { return inverses[r] }

var inverses = [relations]relation{
	members: memberOf, memberOf: members,
	owners: ownedObjects, ownedObjects: owners,
	manager: directReports, directReports: manager,
	sponsors: sponsorOf, sponsorOf: sponsors,
	assignments: principal, principal: assignments,
	assignedTo: resource, resource: assignedTo,
	extensions: extensionOf, extensionOf: extensions,
	roleAssignments: roleHolder, roleHolder: roleAssignments,
	assignedRoles: roleOf, roleOf: assignedRoles,
	eligibilities: eligibleHolder, eligibleHolder: eligibilities,
	schedules: scheduledHolder, scheduledHolder: schedules,
}

// Links are the objects at the other end, in creation order, which makes finding
// one and going on behind one a binary search.
type links struct {
	list   []*object
	recent []change // while lag can hide them, oldest first
}

// A change is one link made or cut.
type change struct {
	other *object
	made  bool
	at    int64 // Unix time in nanoseconds
}

func bySeq(o *object, seq uint32) int { return cmp.Compare(o.seq, seq) }

// after is the part of a list in creation order behind seq.
func after(list []*object, seq uint32) []*object {
	i, found := slices.BinarySearchFunc(list, seq, bySeq)
	if found {
		i++
	}
	return list[i:]
}

func (l *links) has(o *object) bool {
	_, found := slices.BinarySearchFunc(l.list, o.seq, bySeq)
	return found
}

func (l *links) add(o *object) {
	if n := len(l.list); n == 0 || l.list[n-1].seq < o.seq {
		l.list = append(l.list, o)
		return
	}
	if i, found := slices.BinarySearchFunc(l.list, o.seq, bySeq); !found {
		l.list = slices.Insert(l.list, i, o)
	}
}

func (l *links) remove(o *object) {
	if i, found := slices.BinarySearchFunc(l.list, o.seq, bySeq); found {
		l.list = slices.Delete(l.list, i, i+1)
	}
}

// in lists what a view sees: the links without the changes made since.
func (l *links) in(v view) []*object {
	if !v.lagged || len(l.recent) == 0 {
		return l.list
	}
	past := links{list: slices.Clone(l.list)}
	for _, c := range slices.Backward(l.recent) {
		switch {
		case c.at <= v.at:
			return past.list
		case c.made:
			past.remove(c.other)
		default:
			past.add(c.other)
		}
	}
	return past.list
}

// note remembers a change for the views that must not see it yet and forgets
// those that every view sees.
func (l *links) note(c change, oldest int64) {
	l.recent = slices.DeleteFunc(l.recent, func(old change) bool { return old.at <= oldest })
	l.recent = append(l.recent, c)
}
