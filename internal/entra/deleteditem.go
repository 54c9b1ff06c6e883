package entra

import (
	"context"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/entra/entity"
	"entrascim/internal/fault"
	"entrascim/internal/graph"
)

// original is a deleted object with the name that it had: Entra frees the name of a
// deleted user by putting the id, without its hyphens, before it. That no page says; a
// name that is otherwise is shown as it is.
func original(raw jsontext.Value) (jsontext.Value, error) {
	name := entity.Text(raw, upnProperty)
	former := formerName(entity.Text(raw, "id"), name)
	if former == name {
		return raw, nil
	}
	return entity.Overlaid(raw, map[string]any{upnProperty: former})
}

// formerName is the name that the user of the id had before it was deleted.
func formerName(id, name string) string {
	prefix := strings.ReplaceAll(id, "-", "")
	if id != "" && len(name) > len(prefix) && strings.EqualFold(name[:len(prefix)], prefix) {
		return name[len(prefix):]
	}
	return name
}

// deletedByID reads deleted objects of the type by id; those that are not there, or are
// of another type, are left out.
func (r *resource) deletedByID(ctx context.Context, ids, properties []string) ([]jsontext.Value, error) {
	requests := make([]graph.Request, len(ids))
	for i, id := range ids {
		requests[i] = graph.Request{
			Path: deletedItems + "/{id}", Params: map[string]string{"id": id}, Query: graph.Query{Select: union(properties, r.telling())},
		}
	}
	results, err := r.send(ctx, requests, graph.Parallel)
	if err != nil {
		return nil, err
	}
	var raws []jsontext.Value
	for i, id := range ids {
		result := results[i]
		switch is, err := r.isDeleted(ctx, id, result); {
		case err != nil:
			return nil, err
		case is:
			raw, err := original(result.Body)
			if err != nil {
				return nil, err
			}
			raws = append(raws, raw)
		}
	}
	return raws, nil
}

// isDeleted tells whether a deleted object was found that is one of the resources.
// Whether Graph refuses properties that an object of another type has not, no page says:
// an object of which it does is read again without naming any.
func (r *resource) isDeleted(ctx context.Context, id string, result graph.Result) (bool, error) {
	refusal := graph.RefusalOf(result.Err)
	switch {
	case result.Err == nil:
		return r.isOfType(result.Body) && r.has(result.Body), nil
	case fault.Is(result.Err, fault.NotFound):
		return false, nil
	case refusal == nil || refusal.Status != 400:
		return false, result.Err
	}
	whole, err := r.graph.Do(ctx, graph.Request{Path: deletedItems + "/{id}", Params: map[string]string{"id": id}})
	switch {
	case fault.Is(err, fault.NotFound):
		return false, nil
	case err != nil:
		return false, err
	case r.isOfType(whole.Body):
		return false, result.Err
	}
	return false, nil
}

// isOfType tells the type of an object by what Graph says of it or, in answers that do
// not say it, by a property that every object of the type has.
func (r *resource) isOfType(raw jsontext.Value) bool {
	if kind := entity.Text(raw, "@odata.type"); kind != "" {
		return strings.EqualFold(kind, "#microsoft.graph."+r.table.Entity())
	}
	v := entity.Member(raw, r.marker())
	return v != nil && v.Kind() != 'n'
}

// telling are the properties by which isDeleted tells.
func (r *resource) telling() []string {
	if barred := r.table.Barred(); barred != "" {
		return []string{r.marker(), barred}
	}
	return []string{r.marker()}
}

// marker is a property that all objects of the type have, and those of others have not.
func (r *resource) marker() string {
	if r.table.Entity() == entityUser {
		return upnProperty
	}
	return "groupTypes"
}
