package action

import (
	"context"

	"entrascim/internal/fault"
	"entrascim/internal/mapping"
	"entrascim/internal/scim"
)

// users has the actions of users.
type users struct {
	Options
	subject
}

func (u users) actions() []scim.Action {
	return []scim.Action{
		{Name: "enable_user", Do: u.enable},
		{Name: "disable_user", Do: u.disable},
		{Name: "update_user", Do: u.update},
		{Name: "update_profile", Do: u.updateProfile},
		{Name: "set_manager", Do: u.setManager},
		{Name: "revoke_sessions", Do: u.revoke},
		{Name: "check_upn", OfType: true, Reads: true, Do: u.checkUPN},
	}
}

func (u users) enable(ctx context.Context, call *scim.ActionCall) error {
	if _, err := read(call); err != nil {
		return err
	}
	return u.setEnabled(ctx, call, true)
}

// disable does what active=false does; whether the sessions end is the tenant's policy
// unless it is said.
func (u users) disable(ctx context.Context, call *scim.ActionCall) error {
	p, err := read(call, param{"revoke_sessions", []string{"revokeSessions"}})
	if err != nil {
		return err
	}
	revoke, given, err := p.flag("revoke_sessions")
	if err != nil {
		return err
	}
	if given {
		ctx = u.Revoking(ctx, revoke)
	}
	return u.setEnabled(ctx, call, false)
}

func (u users) setEnabled(ctx context.Context, call *scim.ActionCall, enabled bool) error {
	changes, _ := u.table.Changes("accountEnabled", enabled)
	if changes == nil {
		return unmapped("accountEnabled")
	}
	return u.patch(ctx, call, changes)
}

// setManager sets the manager: an id, userPrincipalName or employee id; nobody removes
// the one there is.
func (u users) setManager(ctx context.Context, call *scim.ActionCall) error {
	p, err := read(call, param{"manager_identifier", []string{"managerIdentifier", "manager"}})
	if err != nil {
		return err
	}
	who, err := p.text("manager_identifier")
	if err != nil {
		return err
	}
	row := u.row(func(r mapping.Row) bool { return r.Relation == "manager" && r.Attr.Sub == "value" })
	if row == nil {
		return unmapped("manager")
	}
	change := mapping.Change{Op: "remove", Path: row.Attr.URN + ":" + row.Attr.Name}
	if who != "" {
		change.Op, change.Value = "replace", map[string]any{"value": who}
	}
	return u.patch(ctx, call, []mapping.Change{change})
}

// revoke ends the user's sessions, and changes nothing else.
func (u users) revoke(ctx context.Context, call *scim.ActionCall) error {
	if _, err := read(call); err != nil {
		return err
	}
	return u.Revoke(ctx, call.ID)
}

func unmapped(what string) error {
	return fault.New(fault.InvalidValue, "The mapping of this tenant has no %s.", what)
}
