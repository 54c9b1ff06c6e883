package entra

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"entrascim/internal/fault"
	"entrascim/internal/graph"
)

// A singly is one write for each of several members.
type singly struct {
	name     string // of the attribute; "" for members
	ids      []string
	requests []graph.Request
	forgive  func(error) bool // refusals that are as good as success
	// done tells of which members nothing has to be written: those who are what
	// is says. It is asked after the first refusal that is forgiven; nil: never.
	done func(ids []string) (map[string]linkage, error)
	is   linkage
}

// oneByOne does the writes in order: Graph answers writes on one object that it
// gets at the same time with a conflict. Behind one that fails it goes on with the
// others.
func (g groups) oneByOne(ctx context.Context, w singly) error {
	failures := make([]error, len(w.ids))
	for pending := indexes(len(w.ids)); len(pending) > 0; {
		results, err := g.send(ctx, w.of(pending), graph.Sequential)
		if err != nil {
			return err
		}
		n, forgiven := 0, false
		for i, result := range results {
			if i > 0 && result.Status == http.StatusFailedDependency {
				break
			}
			n++
			switch at := pending[i]; {
			case result.Err == nil:
			case w.forgive(result.Err):
				forgiven = true
			case aboutMember(result.Err):
				failures[at] = result.Err
			default: // it would be said of the others too
				failures[at] = result.Err
				return w.firstFailure(fillFrom(failures, at))
			}
		}
		if pending = pending[n:]; forgiven {
			if pending, err = w.sift(pending); err != nil {
				return err
			}
		}
	}
	return w.firstFailure(failures)
}

// sift leaves out, once, the members of whom nothing has to be written.
func (w *singly) sift(pending []int) ([]int, error) {
	if w.done == nil || len(pending) < 2 {
		return pending, nil
	}
	ids := make([]string, len(pending))
	for i, n := range pending {
		ids[i] = w.ids[n]
	}
	known, err := w.done(ids)
	w.done = nil
	return slices.DeleteFunc(pending, func(n int) bool { return known[w.ids[n]] == w.is }), err
}

func (w *singly) of(pending []int) []graph.Request {
	some := make([]graph.Request, len(pending))
	for i, n := range pending {
		some[i] = w.requests[n]
	}
	return some
}

func indexes(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// fillFrom gives those behind the n-th the failure of the n-th.
func fillFrom(failures []error, n int) []error {
	for i := range failures[n:] {
		failures[n+i] = failures[n]
	}
	return failures
}

// firstFailure names the first member that failed, and tells of the others.
func (w *singly) firstFailure(failures []error) error {
	failed := slices.DeleteFunc(slices.Clone(failures), func(err error) bool { return err == nil })
	if len(failed) == 0 {
		return nil
	}
	n := slices.IndexFunc(failures, func(err error) bool { return err != nil })
	name := cmp.Or(w.name, attrMembers)
	f := *fault.From(memberFault(name, failures[n], w.ids[n:n+1]))
	if done := len(failures) - len(failed); done > 0 {
		f.Detail += fmt.Sprintf(" Done: %d other %s.", done, plain(name))
	}
	if more := len(failed) - 1; more > 0 {
		f.Detail += fmt.Sprintf(" Not done: %d more.", more)
	}
	return &f
}

// memberFault makes Graph's refusal name the member: the one it speaks of, when
// several were asked for.
func memberFault(name string, err error, ids []string) error {
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
		f.Detail = fmt.Sprintf("%s.value %q: %s", name, named[0], f.Detail)
	} else {
		f.Detail = name + ".value: " + f.Detail
	}
	return &f
}

// plain is the name of an attribute without its schema.
func plain(name string) string { return name[strings.LastIndexByte(name, ':')+1:] }

func refusedProperty(err error) string {
	if refusal := graph.RefusalOf(err); refusal != nil {
		return refusal.Property
	}
	return ""
}
