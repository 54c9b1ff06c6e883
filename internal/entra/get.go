package entra

import (
	"context"
	"errors"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/fault"
	"entrascim/internal/graph"
	"entrascim/internal/mapping"
	"entrascim/internal/scim"
)

// Get writes one resource. Without relations that is one GET; with them one
// $batch, whatever follows being the further pages of relations.
func (r *resource) Get(ctx context.Context, id string, p scim.Projection, enc *jsontext.Encoder) error {
	if err := r.checkID(id); err != nil {
		return err
	}
	ctx = graph.WithPriority(ctx, graph.High)
	plan := r.plan(p)
	o, err := r.fetch(ctx, fetch{id: id, plan: plan, lenient: !p.Explicit()})
	if err != nil {
		return r.unreadable(err)
	}
	return r.write(ctx, o, plan, enc)
}

// A fetch says what is to be read of one object.
type fetch struct {
	id         string
	plan       *mapping.ReadPlan
	properties []string // beside those of the plan
	lenient    bool     // relations that may not be read are left out
	beside     []graph.Request
	answers    *[]graph.Result // of beside
}

// fetch reads one object with its relations, waiting for one that was just made.
func (r *resource) fetch(ctx context.Context, f fetch) (object, error) {
	var o object
	err := r.patient(ctx, func() error {
		var err error
		o, err = r.fetchOnce(ctx, f)
		return err
	}, f.id)
	switch {
	case errors.Is(err, errHalfSeen):
		f := *fault.From(err)
		f.Kind, f.Detail = fault.Unavailable, "The directory does not yet show all of this "+r.table.Resource()+"."
		return o, &f
	case fault.Is(err, fault.NotFound):
		return o, r.absent(err)
	}
	return o, err
}

// errHalfSeen says that an object was found, but not a relation that every such
// object has: a part of the directory does not know it yet, or no longer.
var errHalfSeen = errors.New("entra: an object is there without its relations")

// halfSeen finds such a relation in the results of relationRequests. Only a
// manager may not be there.
func halfSeen(relations []string, results []graph.Result) error {
	for i, name := range relations {
		if name != relationManager && fault.Is(results[i].Err, fault.NotFound) {
			f := *fault.From(results[i].Err)
			f.Err = errors.Join(errHalfSeen, f.Err)
			return &f
		}
	}
	return nil
}

func (r *resource) fetchOnce(ctx context.Context, f fetch) (object, error) {
	request := r.objectRequest(f.id, f.plan, f.properties)
	relations := withSchedules(f.plan.Relations)
	if len(relations)+len(f.beside) == 0 {
		response, err := r.graph.Do(ctx, request)
		switch {
		case r.refused(ctx, err, request.Query.Select):
			return r.fetchOnce(ctx, f)
		case err != nil:
			return object{}, err
		case !r.has(response.Body):
			return object{}, r.notFound()
		}
		return object{raw: response.Body}, nil
	}
	requests := append([]graph.Request{request}, r.relationRequests([]string{f.id}, relations)...)
	results, err := r.graph.Batch(ctx, append(requests, f.beside...), graph.Parallel)
	if err != nil {
		return object{}, err
	}
	switch {
	case r.refused(ctx, results[0].Err, request.Query.Select):
		return r.fetchOnce(ctx, f)
	case results[0].Err != nil:
		return object{}, results[0].Err
	case !r.has(results[0].Body):
		return object{}, r.notFound()
	}
	if err := halfSeen(relations, results[1:]); err != nil {
		return object{}, err
	}
	objects := []object{{raw: results[0].Body}}
	if err := r.relate(ctx, objects, relations, f.lenient, results[1:]); err != nil {
		return object{}, err
	}
	if f.answers != nil {
		*f.answers = results[len(requests):]
	}
	return objects[0], nil
}

// objectRequest reads the properties of one object.
func (r *resource) objectRequest(id string, plan *mapping.ReadPlan, more []string) graph.Request {
	return graph.Request{
		Path:   "/" + r.table.Collection() + "/{id}",
		Params: map[string]string{"id": id},
		Query:  graph.Query{Select: r.allowed(union(plan.Select, more)), Expand: plan.Expand},
	}
}

// absent is the fault of a resource that Graph does not find.
func (r *resource) absent(err error) error {
	f := *fault.From(err)
	f.Detail = "There is no " + r.table.Resource() + " with this id."
	return &f
}

func union(a, b []string) []string {
	out := append(make([]string, 0, len(a)+len(b)), a...)
	for _, s := range b {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}
