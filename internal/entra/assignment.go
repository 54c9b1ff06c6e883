package entra

import (
	"context"

	"github.com/go-json-experiment/json"
	"github.com/rs/zerolog"

	"entrascim/internal/entra/entity"
	"entrascim/internal/fault"
	"entrascim/internal/grant"
)

// assignments are those of one object. There are 1,500 at most (Entra's service
// limits), so they are held.
type assignments struct {
	of   *object
	link *link
	list []grant.Assignment
}

// applications gives the objects their assignments: all are read, and then the
// service principals of all at once.
func (r *resource) applications(ctx context.Context, held []*assignments, lenient bool) error {
	var resources []string
	for _, h := range held {
		for v, err := range h.link.all(ctx) {
			var a grant.Assignment
			if err == nil {
				err = json.Unmarshal(v, &a)
			}
			if err != nil {
				return entity.Broken(err)
			}
			h.list = append(h.list, a)
			resources = append(resources, a.ResourceID)
		}
	}
	found, err := r.principals.Find(ctx, resources)
	switch {
	case err == nil:
	case lenient && fault.Is(err, fault.Forbidden):
		r.lacking.Add(relationApplications)
		zerolog.Ctx(ctx).Warn().Err(err).Msg("answered without applications, whose service principals may not be read")
		return nil
	default:
		return err
	}
	for _, h := range held {
		for i, a := range h.list {
			h.list[i] = a.Of(found[a.ResourceID])
		}
		var err error
		if h.of.related[relationApplications], err = relatedOf(h.list); err != nil {
			return err
		}
	}
	return nil
}
