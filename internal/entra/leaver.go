package entra

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/entra/entity"
	"entrascim/internal/fault"
	"entrascim/internal/grant"
	"entrascim/internal/graph"
	"entrascim/internal/guard"
	"entrascim/internal/mapping"
	"entrascim/internal/tenant"
)

// A departure is what becomes of a user that a client deletes where the tenant has a
// policy for leavers: the user is disabled, signed out, loses licenses and groups, and
// is deleted or stays. Repeating it does what is left.
type departure struct {
	users

	id      string
	user    object
	removed []string // groups that the user is to leave
	license *grant.Licenses
	disable bool
	stays   bool // the user is not deleted

	done   string  // said of what was done
	left   int     // groups that were left
	failed []error // groups that could not be left
}

// Delete deletes the user, or does what the tenant wants done with one who leaves: one
// read in a $batch, and all writes in one while they are no more than 20.
func (u users) Delete(ctx context.Context, id string) error {
	p := u.options.Policy
	stays := p.Delete == tenant.DeleteDisable
	if !stays && p.Leaver == (tenant.Leaver{}) {
		return ranked(u.resource.Delete(ctx, id))
	}
	d := &departure{users: u, id: strings.ToLower(id), disable: stays || p.Leaver.Disable, stays: stays}
	if err := d.read(ctx); err != nil {
		return err
	}
	steps, err := d.plan()
	if err != nil {
		return err
	}
	if err := d.options.Guard.Allow(ctx, d.amounts()); err != nil {
		return err
	}
	return d.do(ctx, steps)
}

// read reads the user and the groups that it is in.
func (d *departure) read(ctx context.Context) error {
	if err := d.checkID(d.id); err != nil {
		return err
	}
	f := fetch{id: d.id, plan: &mapping.ReadPlan{}, properties: []string{"id", enabledProperty, "onPremisesSyncEnabled", statesProperty}}
	var answers []graph.Result
	if d.options.Policy.Leaver.Groups {
		f.beside, f.answers = []graph.Request{d.memberships()}, &answers
	}
	var err error
	if d.user, err = d.fetch(ctx, f); err != nil {
		return err
	}
	known := func(urn, name, _ string) bool { return urn == d.typ.Schema.ID && name == "active" }
	if d.user, err = d.refreshed(d.id, d.user, known); err == nil && len(answers) > 0 {
		d.removed, err = d.leavable(ctx, answers[0])
	}
	return err
}

// memberships lists what the user is in, with what tells whether it can leave: Graph's
// default properties of groups.
func (d *departure) memberships() graph.Request {
	return graph.Request{Path: "/users/{id}/memberOf", Params: map[string]string{"id": d.id}, Query: graph.Query{Top: graph.MaxPage}}
}

// leavable are the groups whose members can be changed here: those of a dynamic group
// follow from its rule, others are managed on premises or in Exchange.
func (d *departure) leavable(ctx context.Context, first graph.Result) ([]string, error) {
	if first.Err != nil {
		return nil, first.Err
	}
	var ids []string
	l := &link{client: d.graph, body: first.Body, route: d.memberships().Path, groups: true}
	recent := d.written.Groups(d.id)
	for v, err := range l.all(ctx) {
		if err != nil {
			return nil, err
		}
		id := strings.ToLower(entity.Text(v, "id"))
		in, known := recent[id]
		delete(recent, id)
		if fixed(v) || known && !in {
			continue
		}
		ids = append(ids, id)
	}
	for id, in := range recent { // joined moments ago
		if in {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids, nil
}

// fixed tells whether the members of a group cannot be changed with Graph.
func fixed(group jsontext.Value) bool {
	types := groupTypes(group)
	exchange := entity.Flag(group, "mailEnabled") && !slices.Contains(types, unified)
	return exchange || entity.Flag(group, "onPremisesSyncEnabled") || slices.Contains(types, dynamic)
}

// amounts are what the departure takes away. One that finds nothing to take is the
// repetition of one before.
func (d *departure) amounts() guard.Amounts {
	all := guard.Amounts{guard.MemberRemovals: len(d.removed), guard.LicenseRemovals: d.license.Taken()}
	if d.disable && d.active() {
		all[guard.Disables] = 1
	}
	if !d.stays || all[guard.Disables]+all[guard.LicenseRemovals]+len(d.removed) > 0 {
		all[guard.Deletes] = 1
	}
	return all
}

// active tells whether the user may be able to sign in.
func (d *departure) active() bool {
	return enabled(d.user) || slices.Contains(d.user.unsure, enabledProperty)
}

// plan checks what Graph would refuse, and gives the steps in their order.
func (d *departure) plan() ([]step, error) {
	leaver := d.options.Policy.Leaver
	var steps []step
	if d.disable && d.active() {
		w := mapping.Write{Body: map[string]any{enabledProperty: false}}
		if err := d.checkMastered(d.user, w); err != nil {
			return nil, err
		}
		request, err := d.patch(d.id, w.Body)
		if err != nil {
			return nil, err
		}
		steps = append(steps, step{request: request, undone: "the user was not disabled"})
	}
	if leaver.Sessions || d.disable && d.options.Policy.RevokeSessions {
		steps = append(steps, d.revocation(d.id))
	}
	if leaver.Licenses {
		more, err := d.unlicense()
		if err != nil {
			return nil, err
		}
		steps = append(steps, more...)
	}
	for _, group := range d.removed {
		steps = append(steps, d.leave(group))
	}
	if !d.stays {
		steps = append(steps, step{undone: "the user was not deleted", request: graph.Request{
			Method: http.MethodDelete, Path: "/users/{id}", Params: map[string]string{"id": d.id},
		}})
	}
	return steps, nil
}

// unlicense takes the licenses that the user has by itself; the others end with the
// memberships they come from.
func (d *departure) unlicense() (_ []step, err error) {
	d.license, err = grant.PlanLicenses(attrEntitlements, entity.Member(d.user.raw, statesProperty), nil, nil, true)
	return stepsOf(d.license.Steps(d.id)), entity.Broken(err)
}

// leave takes the user out of a group; one that it is not in is no failure.
func (d *departure) leave(group string) step {
	return step{
		undone: "the user was not taken out of the group " + group,
		request: graph.Request{
			Method: http.MethodDelete, Path: "/groups/{id}/members/{member}/$ref", Params: map[string]string{"id": group, "member": d.id},
		},
		refused: func(err error) error {
			if graph.NotLinked(err) || fault.Is(err, fault.NotFound) {
				return nil
			}
			f := *fault.From(err)
			f.Detail = "The group " + group + " cannot be left: " + f.Detail
			return &f
		},
		optional: true,
	}
}
