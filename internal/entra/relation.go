package entra

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/rs/zerolog"

	"entrascim/internal/entra/entity"
	"entrascim/internal/fault"
	"entrascim/internal/grant"
	"entrascim/internal/graph"
)

// The relations that tables name (see package mapping).
const (
	relationManager      = "manager"
	relationMemberOf     = "memberOf"
	relationMembers      = "members"
	relationApplications = "applications"
	relationInvitation   = "invitation"
	relationOwners       = "owners"
	relationSponsors     = "sponsors"
	relationPassword     = "password"
)

const groupType = "#microsoft.graph.group"

// relationRequest lists a relation of one object, in pages as large as can be.
func (r *resource) relationRequest(name, id string) graph.Request {
	if name == relationRoles || name == relationEligible || name == relationSchedules {
		return roleRequest(name, id)
	}
	request := graph.Request{
		Path:   r.relationPath(name),
		Params: map[string]string{"id": id},
		Query:  graph.Query{Select: append([]string{"id", "displayName"}, r.hiding(name)...), Top: graph.MaxPage},
	}
	switch name {
	case relationManager, relationSponsors: // which takes no option but $select
		request.Query.Top = 0
	case relationApplications:
		request.Query.Select = nil
	}
	return request
}

// relationPath is where a relation of an object is.
func (r *resource) relationPath(name string) string {
	if name == relationApplications {
		name = "appRoleAssignments"
	}
	return "/" + r.table.Collection() + "/{id}/" + name
}

// relationRequests are the requests for the relations of the objects, object by
// object.
func (r *resource) relationRequests(ids, relations []string) []graph.Request {
	requests := make([]graph.Request, 0, len(ids)*len(relations))
	for _, id := range ids {
		for _, name := range relations {
			requests = append(requests, r.relationRequest(name, id))
		}
	}
	return requests
}

// relate gives the objects their relations, from the results of
// relationRequests. What may not be read for want of a permission is left out
// when lenient, and remembered; else it fails the whole.
func (r *resource) relate(ctx context.Context, objects []object, relations []string, lenient bool, results []graph.Result) error {
	var held []*assignments
	for i := range objects {
		o := &objects[i]
		o.related = map[string]related{}
		for j, name := range relations {
			result := results[i*len(relations)+j]
			if r.unscheduled(o, name, result.Err) {
				continue
			}
			first, err := r.first(ctx, name, lenient, result)
			if err != nil {
				return err
			}
			l := &link{client: r.graph, body: first, route: r.relationPath(name), hidden: r.hides(name)}
			switch {
			case first == nil: // none
			case name == relationManager:
				o.raw = withManager(o.raw, first)
			case name == relationApplications:
				held = append(held, &assignments{of: o, link: l})
			case name == relationRoles, name == relationEligible, name == relationSchedules:
				if err := r.hold(ctx, o, name, l); err != nil {
					return err
				}
			default:
				l.groups = name == relationMemberOf
				o.related[name] = l.all(ctx)
			}
		}
	}
	return r.applications(ctx, held, lenient)
}

// first is the first page of a relation, nil when there is none: a user has no
// manager, or the relation may not be read.
func (r *resource) first(ctx context.Context, name string, lenient bool, result graph.Result) (jsontext.Value, error) {
	switch {
	case result.Err == nil:
		return result.Body, nil
	case fault.Is(result.Err, fault.NotFound):
		return nil, nil
	case lenient && fault.Is(result.Err, fault.Forbidden):
		r.lacking.Add(name)
		zerolog.Ctx(ctx).Warn().Err(result.Err).Str("relation", name).Msg("answered without a relation that may not be read")
		return nil, nil
	case fault.Is(result.Err, fault.Forbidden):
		f := *fault.From(result.Err)
		f.Detail = fmt.Sprintf("The gateway lacks the directory permission to read %s.", r.relationAttribute(name))
		return nil, &f
	}
	return nil, result.Err
}

// A link is a relation of one object of which the first page has been read.
type link struct {
	client *graph.Client
	route  string // of the request, for the account of calls
	body   jsontext.Value
	groups bool                      // only groups are wanted
	hidden func(jsontext.Value) bool // what is not shown; nil: nothing
}

var errStop = errors.New("the reader has enough")

// all yields the related objects to the end; the pages after the first are read
// as they are reached. A value is valid until the next one.
func (l *link) all(ctx context.Context) related {
	return func(yield func(jsontext.Value, error) bool) {
		each := func(d *jsontext.Decoder) error {
			v, err := d.ReadValue()
			if err != nil {
				return err
			}
			if l.groups && string(entity.Member(v, "@odata.type")) != `"`+groupType+`"` && entity.Text(v, "@odata.type") != groupType {
				return nil
			}
			if l.hidden != nil && l.hidden(v) {
				return nil
			}
			if !yield(v, nil) {
				return errStop
			}
			return nil
		}
		if err := l.pages(ctx, each); err != nil && !errors.Is(err, errStop) {
			yield(nil, err)
		}
	}
}

func (l *link) pages(ctx context.Context, each func(*jsontext.Decoder) error) error {
	page, err := graph.Collection(l.body, each)
	for err == nil && page.NextLink != "" {
		last := page.NextLink
		page, err = l.client.Page(ctx, graph.Request{Path: l.route}, last, each)
		if err == nil && page.NextLink == last {
			return fault.Wrap(errors.New("a next link repeats"), fault.BadGateway, "The directory's answer is broken.")
		}
	}
	return err
}

// withManager puts a manager into a user, where $expand would have put it.
func withManager(user, manager jsontext.Value) jsontext.Value {
	return entity.With(user, relationManager, manager)
}

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
