package entra

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"entrascim/internal/fault"
	"entrascim/internal/graph"
	"entrascim/internal/mapping"
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
	lookups, err := m.lookups()
	if err != nil {
		return object{}, err
	}
	var answers []graph.Result
	o, err := g.fetch(ctx, fetch{
		id: id, plan: g.table.Read(want), properties: aboutGroup, lenient: lenient, beside: lookups, answers: &answers,
	})
	if err == nil && len(lookups) > 0 {
		err = m.found(answers)
	}
	if err != nil {
		return o, err
	}
	return g.refreshed(id, o, known)
}

// lookUp looks the members of a new group up.
func (g groups) lookUp(ctx context.Context, m *membership) error {
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
// no failure: a write that Graph refuses for one of its members is done again
// member by member, until it is known of each.
func (g groups) addMembers(ctx context.Context, group string, ids []string) error {
	chunks := slices.Collect(slices.Chunk(ids, maxBind))
	total := len(chunks)
	for len(chunks) > 0 {
		n, err := g.addChunks(ctx, group, chunks)
		chunks = chunks[n:]
		switch {
		case err == nil:
			continue
		case !aboutMember(err):
			return added(err, total-len(chunks))
		case len(chunks[0]) > 1:
			err = g.addSingly(ctx, group, chunks[0])
		case graph.AlreadyLinked(err):
			err = nil
		default:
			err = memberFault(err, chunks[0])
		}
		if err != nil {
			return added(err, total-len(chunks))
		}
		chunks = chunks[1:]
	}
	return nil
}

// added makes the error tell how many members had been added before.
func added(err error, chunks int) error {
	if chunks == 0 {
		return err
	}
	return partly(err, fmt.Sprintf("%d of the members were added", chunks*maxBind), nil, 0)
}

// aboutMember tells whether Graph refused a write for one of the members in it.
func aboutMember(err error) bool {
	return graph.AlreadyLinked(err) || unseen(err) || fault.Is(err, fault.InvalidValue)
}

// addChunks does the writes in order and tells how many were done before the
// first that was refused.
func (g groups) addChunks(ctx context.Context, group string, chunks [][]string) (done int, err error) {
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
	err = g.patient(ctx, func() error {
		results, err := g.send(ctx, requests[done:], graph.Sequential)
		for _, result := range results {
			if result.Err != nil {
				return result.Err
			}
			done++
		}
		return err
	}, append([]string{group}, slices.Concat(chunks...)...)...)
	return done, err
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
	return g.oneByOne(ctx, ids, requests, graph.AlreadyLinked)
}

// removeMembers removes members; those who are none are no failure.
func (g groups) removeMembers(ctx context.Context, group string, ids []string) error {
	requests := make([]graph.Request, 0, len(ids))
	var known []string
	for _, id := range ids {
		if !isGUID(id) {
			continue // nobody has this id
		}
		known = append(known, id)
		requests = append(requests, graph.Request{
			Method: http.MethodDelete, Path: "/groups/{id}/members/{member}/$ref",
			Params: map[string]string{"id": group, "member": id},
		})
	}
	gone := func(err error) bool { return graph.NotLinked(err) || fault.Is(err, fault.NotFound) }
	return g.oneByOne(ctx, known, requests, gone)
}

// oneByOne does one write for each id, in order: Graph answers writes on one object
// that it gets at the same time with a conflict. Behind one that fails it goes on
// with the others. Refusals that are as good as success are forgiven.
func (g groups) oneByOne(ctx context.Context, ids []string, requests []graph.Request, forgive func(error) bool) error {
	failures := make([]error, len(requests))
	for done := 0; done < len(requests); {
		results, err := g.send(ctx, requests[done:], graph.Sequential)
		if err != nil {
			return err
		}
		for i, result := range results {
			if i > 0 && result.Status == http.StatusFailedDependency {
				break
			}
			if result.Err != nil && !forgive(result.Err) {
				failures[done] = result.Err
				if !aboutMember(result.Err) { // it would be said of the others too
					return firstFailure(ids, fillFrom(failures, done))
				}
			}
			done++
		}
	}
	return firstFailure(ids, failures)
}

// fillFrom gives those behind the n-th the failure of the n-th.
func fillFrom(failures []error, n int) []error {
	for i := range failures[n:] {
		failures[n+i] = failures[n]
	}
	return failures
}

// firstFailure names the first member that failed, and tells of the others.
func firstFailure(ids []string, failures []error) error {
	failed := slices.DeleteFunc(slices.Clone(failures), func(err error) bool { return err == nil })
	if len(failed) == 0 {
		return nil
	}
	n := slices.IndexFunc(failures, func(err error) bool { return err != nil })
	f := *fault.From(memberFault(failures[n], ids[n:n+1]))
	if done := len(failures) - len(failed); done > 0 {
		f.Detail += fmt.Sprintf(" Done: %d other members.", done)
	}
	if more := len(failed) - 1; more > 0 {
		f.Detail += fmt.Sprintf(" Not done: %d more.", more)
	}
	return &f
}

// memberFault makes Graph's refusal name the member: the one it speaks of, when
// several were asked for.
func memberFault(err error, ids []string) error {
	f := *fault.From(err)
	refusal := graph.RefusalOf(err)
	if refusal == nil {
		return err
	}
	if f.Kind == fault.NotFound {
		f.Kind, f.Detail = fault.InvalidValue, "The directory has no such object."
	}
	named := ids
	message := strings.ToLower(refusal.Message)
	if i := slices.IndexFunc(ids, func(id string) bool { return strings.Contains(message, id) }); i >= 0 {
		named = ids[i : i+1]
	}
	if len(named) == 1 {
		f.Detail = fmt.Sprintf("members.value %q: %s", named[0], f.Detail)
	} else {
		f.Detail = "members.value: " + f.Detail
	}
	return &f
}

func refusedProperty(err error) string {
	if refusal := graph.RefusalOf(err); refusal != nil {
		return refusal.Property
	}
	return ""
}
