package tenant

import (
	"slices"

	"entrascim/internal/fault"
)

// State is how far a tenant of the store has come. One of a file is active or
// suspended.
type State string

// The states.
const (
	Invited   State = "invited"   // an administrator of the directory was asked to consent
	Consented State = "consented" // consent was given; what was granted does not suffice yet
	Active    State = "active"    // it is served
	Suspended State = "suspended" // its clients are refused, and its directory is asked nothing
	Removed   State = "removed"   // gone for good: its name is free, its secrets are not kept
)

// States are all of them, in the order of a tenant's life.
func States() []State { return []State{Invited, Consented, Active, Suspended, Removed} }

// A Move is what brings a tenant from one state to another.
type Move string

// The moves.
const (
	Invite   Move = "invite"   // asks for consent, for the first time or again
	Consent  Move = "consent"  // consent was given
	Activate Move = "activate" // what was granted suffices, or the tenant has a credential of its own
	Suspend  Move = "suspend"
	Resume   Move = "resume"
	Remove   Move = "remove"
)

// Moves are all of them.
func Moves() []Move { return []Move{Invite, Consent, Activate, Suspend, Resume, Remove} }

// moves says from which state a move leads where. What is missing is refused. An
// active tenant that is invited or consents again stays active: its clients are not
// cut off while an administrator looks at a page.
func moves() map[Move]map[State]State {
	return map[Move]map[State]State{
		Invite:   {"": Invited, Invited: Invited, Consented: Consented, Active: Active},
		Consent:  {Invited: Consented, Consented: Consented, Active: Active},
		Activate: {"": Active, Invited: Active, Consented: Active, Active: Active},
		Suspend:  {Consented: Suspended, Active: Suspended, Suspended: Suspended},
		Resume:   {Suspended: Active, Active: Active},
		Remove:   {Invited: Removed, Consented: Removed, Active: Removed, Suspended: Removed},
	}
}

// After is the state that the move leads to from s; "" is that of a tenant that does
// not exist yet. Its error is a fault of kind Conflict that names both.
func (s State) After(m Move) (State, error) {
	next, possible := moves()[m][s]
	switch {
	case possible:
		return next, nil
	case !slices.Contains(Moves(), m):
		return s, fault.New(fault.InvalidValue, "There is no move %q of a tenant.", string(m))
	case s == "":
		return s, fault.New(fault.NotFound, "There is no such tenant.")
	}
	return s, fault.New(fault.Conflict, "A tenant that is %s cannot be moved by %q.", string(s), string(m))
}
