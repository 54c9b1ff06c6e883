package entra

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/go-json-experiment/json"

	"entrascim/internal/fault"
	"entrascim/internal/graph"
	"entrascim/internal/mapping"
	"entrascim/internal/scim"
)

// maxBind is how many members one write to a group can add. Graph adds all of
// them or none.
const maxBind = 20

// readGroup reads a group for a write of what is known of it, and looks the
// members up that are to be added, in one HTTP request.
func (g groups) readGroup(ctx context.Context, id string, known, want mapping.Want, m *membership, lenient bool) (object, error) {
	if err := g.checkID(id); err != nil {
		return object{}, err
	}
	m.hidden = g.hides(relationMembers)
	lookups, err := m.lookups()
	if err != nil {
		return object{}, err
	}
	var answers []graph.Result
	o, err := g.fetch(ctx, fetch{
		id: id, plan: g.planFor(want), properties: aboutGroup, lenient: lenient, beside: lookups, answers: &answers,
	})
	if owners := o.related[relationOwners]; owners != nil {
		o.related[relationOwners] = g.recentOwners(id, owners)
	}
	if err == nil && g.concerned(relationOwners, known) && o.related[relationOwners] == nil {
		err = fault.New(fault.Forbidden, "The gateway lacks the directory permission to read %s.", g.relationAttribute(relationOwners))
	}
	if err == nil && len(lookups) > 0 {
		err = m.found(answers)
	}
	if err == nil {
		err = g.heldBeside(id, o, known)
	}
	if err != nil {
		return o, err
	}
	return g.refreshed(id, o, known)
}

// lookUp looks the members of a new group up.
func (g groups) lookUp(ctx context.Context, m *membership) error {
	m.hidden = g.hides(relationMembers)
	lookups, err := m.lookups()
	if err != nil || len(lookups) == 0 {
		return err
	}
	results, err := g.send(ctx, lookups, graph.Parallel)
	if err != nil {
		return err
	}
	return m.found(results)
}

// send is Batch, but for a single request, which needs none.
func (r *resource) send(ctx context.Context, requests []graph.Request, order graph.Order) ([]graph.Result, error) {
	if len(requests) != 1 {
		return r.graph.Batch(ctx, requests, order)
	}
	response, err := r.graph.Do(ctx, requests[0])
	if err != nil {
		status := 0
		if refusal := graph.RefusalOf(err); refusal != nil {
			status = refusal.Status
		}
		return []graph.Result{{Response: graph.Response{Status: status}, Err: err}}, nil
	}
	return []graph.Result{{Response: *response}}, nil
}

func (r *resource) urls(ids []string) ([]string, error) {
	urls := make([]string, len(ids))
	for i, id := range ids {
		var err error
		if urls[i], err = r.graph.ObjectURL(id); err != nil {
			return nil, err
		}
	}
	return urls, nil
}

// addMembers adds members, 20 with each write. Those who are members already are
// no failure: when Graph refuses a write for one of them, it is asked who is and
// the others are added. What it refuses then is done again member by member, until
// it is known of each.
func (g groups) addMembers(ctx context.Context, group string, m *membership, ids []string) error {
	done, sifted := 0, false
	ids, err := g.rehearsed(ctx, group, m, ids, isMember)
	if err != nil {
		return err
	}
	for len(ids) > 0 {
		n, err := g.addChunks(ctx, group, ids)
		done, ids = done+n, ids[n:]
		first := ids[:min(maxBind, len(ids))]
		switch {
		case err == nil:
			return nil
		case !aboutMember(err):
			return added(err, done)
		case graph.AlreadyLinked(err) && len(ids) == 1:
			return nil
		case graph.AlreadyLinked(err) && !sifted:
			known, err := g.linked(ctx, group, m, ids)
			if err != nil {
				return added(err, done)
			}
			sifted, ids = true, slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return known[id] == isMember })
			continue
		case len(first) > 1:
			err = g.addSingly(ctx, group, first)
		default:
			err = memberFault(attrMembers, err, first)
		}
		if err != nil {
			return added(err, done)
		}
		done, ids = done+len(first), ids[len(first):]
	}
	return nil
}

// added makes the error tell how many members had been added before.
func added(err error, n int) error {
	if n == 0 {
		return err
	}
	return partly(err, fmt.Sprintf("%d of the members were added", n), nil, 0)
}

// aboutMember tells whether Graph refused a write for one of the members in it.
func aboutMember(err error) bool {
	return graph.AlreadyLinked(err) || unseen(err) || fault.Is(err, fault.InvalidValue)
}

// addChunks does the writes in order and tells how many members were added before
// the first write that was refused.
func (g groups) addChunks(ctx context.Context, group string, ids []string) (int, error) {
	chunks, done := slices.Collect(slices.Chunk(ids, maxBind)), 0
	requests := make([]graph.Request, len(chunks))
	for i, ids := range chunks {
		urls, err := g.urls(ids)
		if err != nil {
			return 0, err
		}
		if requests[i], err = g.patch(group, map[string]any{"members@odata.bind": urls}); err != nil {
			return 0, err
		}
	}
	err := g.patient(ctx, func() error {
		results, err := g.send(ctx, requests[done:], graph.Sequential)
		for _, result := range results {
			if result.Err != nil {
				return result.Err
			}
			done++
		}
		return err
	}, append([]string{group}, ids...)...)
	return min(done*maxBind, len(ids)), err
}

// addSingly adds members one by one; the error names the first who cannot be.
func (g groups) addSingly(ctx context.Context, group string, ids []string) error {
	requests := make([]graph.Request, len(ids))
	for i, id := range ids {
		url, err := g.graph.ObjectURL(id)
		if err != nil {
			return err
		}
		body, err := json.Marshal(map[string]string{"@odata.id": url})
		if err != nil {
			return err
		}
		requests[i] = graph.Request{
			Method: http.MethodPost, Path: "/groups/{id}/members/$ref", Params: map[string]string{"id": group},
			Body: body, Repeatable: true,
		}
	}
	return g.oneByOne(ctx, singly{ids: ids, requests: requests, forgive: graph.AlreadyLinked})
}

// removeMembers removes members; those who are none are no failure.
func (g groups) removeMembers(ctx context.Context, group string, m *membership, ids []string) error {
	ids, err := g.rehearsed(ctx, group, m, ids, noMember)
	if err != nil {
		return err
	}
	w := singly{
		forgive: func(err error) bool { return graph.NotLinked(err) || fault.Is(err, fault.NotFound) },
		done:    func(ids []string) (map[string]linkage, error) { return g.linked(ctx, group, m, ids) },
		is:      noMember,
	}
	for _, id := range ids {
		if !isGUID(id) {
			continue // nobody has this id
		}
		w.ids = append(w.ids, id)
		w.requests = append(w.requests, graph.Request{
			Method: http.MethodDelete, Path: "/groups/{id}/members/{member}/$ref",
			Params: map[string]string{"id": group, "member": id},
		})
	}
	return g.oneByOne(ctx, w)
}

// refers refuses a member of a resource type that the client may not reach, and of one
// that is not known, when it may be such a one. What is no user and no group has no
// resource type.
func (g groups) refers(ctx context.Context, name, member, kind string, known bool) error {
	user, group := scim.Reaches(ctx, "User"), scim.Reaches(ctx, "Group")
	switch {
	case user && group && (!known || kind == entityUser || kind == entityGroup), scim.Reaches(ctx, ""):
		return nil
	case known && (kind == entityUser && user || kind == entityGroup && group):
		return nil
	case !known && g.fresh.Any([]string{member}):
		f := fault.New(fault.Unavailable, "%s.value: %q was just made, and Graph does not say yet what it is.", name, member)
		f.RetryAfter = firstWait
		return f
	}
	return fault.New(fault.Forbidden, "%s.value: this client may not refer to %q, which is of a resource type that it may not reach.", name, member)
}
