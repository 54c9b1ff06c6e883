package entra

import (
	"context"

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
