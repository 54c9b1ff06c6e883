// Package action is what identity-governance products do to users and groups beside
// SCIM, by its own names: enable_user, set_manager, check_upn and the like. An action
// that SCIM has a request for is that request in other words, and goes the same way.
package action

import (
	"context"
	"slices"

	"entrascim/internal/graph"
	"entrascim/internal/mapping"
	"entrascim/internal/scim"
	"entrascim/internal/tenant"
)

// Options are what the actions of a tenant need beside its resource types.
type Options struct {
	Graph         *graph.Client
	Tables        []*mapping.Table
	DefaultDomain string // completes a proposed name without a domain; "" for off
	Policy        tenant.Policy

	Domains   func(context.Context) ([]string, error)           // the directory's verified domains
	CheckName func(name string) error                           // refuses what cannot be a userPrincipalName
	JustMade  func(name string) bool                            // tells of a name that the directory may not show yet
	Revoke    func(ctx context.Context, id string) error        // ends a user's sessions
	Revoking  func(ctx context.Context, b bool) context.Context // says whether who is disabled loses the sessions
}

// Decorate gives the users and groups among the resource types their actions.
func Decorate(types []scim.ResourceType, o Options) []scim.ResourceType {
	types = slices.Clone(types)
	for i := range types {
		var actions []scim.Action
		switch table := tableOf(o.Tables, types[i].Name); {
		case table == nil || types[i].Writer == nil:
			continue
		case types[i].Name == "User":
			actions = users{o, subject{types[i], table}}.actions()
		case types[i].Name == "Group":
			actions = groups{subject{types[i], table}}.actions()
		}
		types[i].Actions = append(slices.Clip(types[i].Actions), actions...)
	}
	return types
}

func tableOf(tables []*mapping.Table, resource string) *mapping.Table {
	i := slices.IndexFunc(tables, func(t *mapping.Table) bool { return t.Resource() == resource })
	if i < 0 {
		return nil
	}
	return tables[i]
}

// A subject is the resource type that an action is about.
type subject struct {
	typ   scim.ResourceType
	table *mapping.Table
}

// row finds a row that a client can write; nil when the mapping has none.
func (s subject) row(is func(mapping.Row) bool) *mapping.Row {
	rows := s.table.Rows()
	i := slices.IndexFunc(rows, func(r mapping.Row) bool { return r.Writable() && is(r) })
	if i < 0 {
		return nil
	}
	return &rows[i]
}

// patch does the operations as a PATCH of the resource does them.
func (s subject) patch(ctx context.Context, call *scim.ActionCall, changes []mapping.Change) error {
	patch, err := s.patchOf(changes)
	if err != nil {
		return err
	}
	return s.apply(ctx, call, patch)
}

func (s subject) patchOf(changes []mapping.Change) (scim.Patch, error) {
	operations := make([]any, len(changes))
	for i, c := range changes {
		operations[i] = map[string]any{"op": c.Op, "path": c.Path, "value": c.Value}
	}
	return s.typ.NewPatch(operations...)
}

func (s subject) apply(ctx context.Context, call *scim.ActionCall, patch scim.Patch) error {
	call.Resource = true
	return s.typ.Writer.Patch(ctx, call.ID, patch, call.Projection, call.Projection.Explicit(), call.Out)
}
