package entra

import (
	"context"

	"entrascim/internal/entra/entity"
	"entrascim/internal/graph"
	"entrascim/internal/scim"
)

// Rehearse makes what a dry run of one request is served by (see scim.Rehearse): a
// directory that knows what this one does and is forgotten with all that it learns.
func (d *Directory) Rehearse(ctx context.Context) (context.Context, []scim.ResourceType, func() []scim.Call) {
	r := new(graph.Rehearsal)
	calls := func() []scim.Call {
		var all []scim.Call
		for _, c := range r.Calls() {
			all = append(all, scim.Call(c))
		}
		return all
	}
	return graph.Rehearse(ctx, r), d.apart().types, calls
}

// apart is a directory that is told nothing of what is written, and whose own writes
// this one does not hear of. What was only read they have in common.
func (d *Directory) apart() *Directory {
	o := d.options
	o.Guard, o.Vault, o.Granted = o.Guard.Rehearsal(), o.Vault.Rehearsal(), nil
	a := empty(o)
	a.fresh, a.written = d.fresh.Copy(), d.written.Copy()
	a.principals, a.domains, a.lacking, a.extended = d.principals, d.domains, d.lacking, d.extended
	a.fill()
	return a
}

// supposed has a rehearsal know an object that it restores: as the deleted one is, by
// its new name if it gets one.
func (r *resource) supposed(ctx context.Context, id string, body map[string]any) error {
	if !graph.Rehearsing(ctx) {
		return nil
	}
	found, err := r.deletedByID(ctx, []string{id}, r.deletedPlan(func(_, _, _ string) bool { return true }).Select)
	if err != nil || len(found) == 0 {
		return err
	}
	raw := found[0]
	if name := body["newUserPrincipalName"]; name != nil {
		raw, err = entity.Overlaid(raw, map[string]any{upnProperty: name})
	}
	graph.Suppose(ctx, raw)
	return err
}
