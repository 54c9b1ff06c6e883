package entra

import (
	"context"

	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/mapping"
)

// beside is what a write gives and takes by requests of its own, beside the manager.
type beside struct {
	licenses *licensing
	roles    *roleChange
}

// steps are the requests for that of an object.
func (b beside) steps(id string) ([]step, error) {
	var steps []step
	if b.licenses != nil {
		steps = append(steps, b.licenses.step(id))
	}
	more, err := b.roles.steps(id)
	return append(steps, more...), err
}

// empty tells whether there is nothing to do.
func (b beside) empty() bool { return b.licenses == nil && b.roles == nil }

// overlay puts the roles that the object has then into it.
func (b beside) overlay(o *object) (err error) {
	if b.roles == nil {
		return nil
	}
	if o.related == nil {
		o.related = map[string]related{}
	}
	o.related[relationRoles], err = relatedRoles(b.roles.after)
	return err
}

// newBeside plans what a new user is given, and looks up all of it.
func (u users) newBeside(ctx context.Context, w mapping.Write) (b beside, err error) {
	if b.licenses, err = u.newLicenses(ctx, w); err != nil {
		return b, err
	}
	if b.roles, err = newRoleChange(object{}, w); err != nil || b.roles == nil || len(b.roles.add) == 0 {
		return b, err
	}
	answers, err := u.run(ctx, "", b.roles.lookups())
	if err == nil {
		b.roles.named(answers)
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
		steps, fresh = append(steps, s), append(fresh, text(m.found, "id"))
		given[relationManager] = m.object()
	}
	more, err := b.steps(id)
	if err != nil {
		return nil, err
	}
	steps = append(steps, more...)
	if b.licenses != nil {
		given[statesProperty] = b.licenses.after
	}
	if _, err := u.run(ctx, "the user was created with id "+id, steps, fresh...); err != nil {
		return nil, err
	}
	u.written.set(id, given)
	return overlaid(raw, given)
}
