package entra

import (
	"context"

	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/entra/entity"
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
