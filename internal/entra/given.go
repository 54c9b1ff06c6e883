package entra

import (
	"context"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/entra/entity"
	"entrascim/internal/fault"
	"entrascim/internal/grant"
	"entrascim/internal/mapping"
)

// newGiven plans what a new user is given.
func (u users) newGiven(ctx context.Context, w mapping.Write) (beside, error) {
	b, skus, err := u.newBeside(ctx, w)
	if err == nil {
		b.licenses, err = u.licenses(nil, w, skus, false)
	}
	return b, err
}

// give gives a new user the manager, who may be nil, and what is given beside.
func (u users) give(ctx context.Context, id string, raw jsontext.Value, m *manager, b beside) (jsontext.Value, error) {
	var steps []step
	fresh, given := []string{id}, map[string]any{}
	if m != nil {
		s, err := u.managerStep(id, m)
		if err != nil {
			return nil, err
		}
		steps, fresh = append(steps, s), append(fresh, entity.Text(m.found, "id"))
		given[relationManager] = m.object()
	}
	steps = append(steps, b.steps(u.table.Collection(), id)...)
	if b.licenses != nil {
		given[statesProperty] = b.licenses.After()
	}
	_, err := u.run(ctx, "the user was created with id "+id, steps, fresh...)
	u.done(ctx, id, b)
	if err != nil {
		return nil, err
	}
	u.written.Set(id, given)
	return entity.Overlaid(raw, given)
}

// changeItself changes what is no membership, and tells what was done.
func (g groups) changeItself(ctx context.Context, id string, o *object, body map[string]any, b beside) (done string, err error) {
	steps := b.lookups()
	if len(body) > 0 {
		request, err := g.patch(id, body)
		if err != nil {
			return "", err
		}
		steps = append(steps, step{request: request, undone: "the attributes were not changed", answered: func(jsontext.Value) { g.written.Set(id, body) }})
	}
	steps = append(steps, b.steps(g.table.Collection(), id)...)
	if len(steps) == 0 {
		return "", nil
	}
	_, err = g.run(ctx, "", steps, id)
	g.done(ctx, id, b)
	if err != nil {
		return "", err
	}
	var did []string
	for _, s := range steps {
		if s.undone != "" {
			did = append(did, strings.Replace(s.undone, " not", "", 1))
		}
	}
	done = strings.Join(few(did), "; ")
	if o.raw, err = entity.Overlaid(o.raw, body); err == nil {
		err = b.overlay(o)
	}
	return done, err
}

// give gives a new group what is given beside its members.
func (g groups) give(ctx context.Context, id string, o *object, b beside) error {
	if b.empty() {
		return nil
	}
	_, err := g.run(ctx, "the group was created with id "+id, b.steps(g.table.Collection(), id), id)
	g.done(ctx, id, b)
	if err != nil {
		return err
	}
	return b.overlay(o)
}

// checkGiven refuses what a group cannot be given: roles take a group that was made for
// them, and access to applications takes one that is security-enabled
// (https://learn.microsoft.com/entra/identity/role-based-access-control/groups-concept,
// https://learn.microsoft.com/entra/identity/enterprise-apps/assign-user-or-group-access-portal).
func (g groups) checkGiven(about jsontext.Value, b beside) error {
	for relation, plan := range map[string]*grant.Roles{relationRoles: b.roles, relationEligible: b.eligible} {
		if plan.Gives() && !entity.Flag(about, assignableProperty) {
			return fault.New(fault.InvalidValue, "%s: only a group that was made with isAssignableToRole can be given a role.", g.relationAttribute(relation))
		}
	}
	if b.applications.Gives() && !entity.Flag(about, "securityEnabled") {
		return fault.New(fault.InvalidValue, "%s: only a security-enabled group can be given an application.", g.relationAttribute(relationApplications))
	}
	return nil
}
