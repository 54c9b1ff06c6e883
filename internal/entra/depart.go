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

// do does the steps in one sequence, in which each waits for the one before it. When it
// ends at a group that cannot be left, the user is still taken out of the others, but
// not deleted.
func (d *departure) do(ctx context.Context, steps []step) error {
	n, err := d.inOrder(ctx, steps)
	for _, s := range steps[:n] {
		d.did(s)
	}
	if err == nil {
		return nil
	}
	if !steps[n].optional {
		if refused := steps[n].refused; refused != nil {
			err = refused(err)
		}
		return partly(d.named(ctx, err), d.done, summed(steps[n:]), 0)
	}
	d.judge(steps[n], err)
	rest := steps[n+1:]
	end := slices.IndexFunc(rest, func(s step) bool { return !s.optional })
	if end < 0 {
		end = len(rest)
	}
	if err := d.leaveAll(ctx, rest[:end]); err != nil {
		return partly(err, d.done, summed(rest), 0)
	}
	if len(d.failed) > 0 {
		return d.outcome(rest[end:])
	}
	return d.do(ctx, rest[end:])
}

// inOrder does steps until one fails, and tells how many were done.
func (d *departure) inOrder(ctx context.Context, steps []step) (n int, err error) {
	var absent error // from a group: it is not waited for
	err = d.patient(ctx, func() error {
		results, err := d.resource.send(ctx, requestsOf(steps[n:]), graph.Sequential)
		for _, result := range results {
			if result.Err != nil && steps[n].optional && fault.Is(result.Err, fault.NotFound) {
				absent = result.Err
				return nil
			}
			if result.Err != nil {
				return result.Err
			}
			n++
		}
		return err
	}, append([]string{d.id}, d.removed...)...)
	return n, cmp.Or(err, absent)
}

// leaveAll takes the user out of the groups, whatever becomes of one of them.
func (d *departure) leaveAll(ctx context.Context, steps []step) error {
	results, err := d.resource.send(ctx, requestsOf(steps), graph.Parallel)
	if err != nil {
		return err
	}
	for i, result := range results {
		d.judge(steps[i], result.Err)
	}
	return nil
}

func requestsOf(steps []step) []graph.Request {
	all := make([]graph.Request, len(steps))
	for i, s := range steps {
		all[i] = s.request
	}
	return all
}

// judge takes what became of the step that leaves a group.
func (d *departure) judge(s step, err error) {
	if err != nil {
		err = s.refused(err)
	}
	if err != nil {
		d.failed = append(d.failed, err)
		return
	}
	d.did(s)
}

// did remembers a step that was done.
func (d *departure) did(s step) {
	switch {
	case s.optional:
		d.left++
		d.written.Link(s.request.Params["id"], false, []string{d.id})
		return
	case s.request.Method == http.MethodPatch:
		d.written.Set(d.id, map[string]any{enabledProperty: false})
	case s.request.Method == http.MethodDelete:
		d.fresh.Drop(d.id)
		d.positions.Changed()
	case strings.HasSuffix(s.request.Path, "/assignLicense"):
		d.written.Set(d.id, map[string]any{statesProperty: d.license.After()})
	}
	d.done = join(d.done, strings.Replace(s.undone, " not", "", 1))
}

// outcome is the fault of groups that could not be left, and of what was not done for
// it.
func (d *departure) outcome(undone []step) error {
	f := *fault.From(d.failed[0])
	if more := len(d.failed) - 1; more > 0 {
		f.Detail += fmt.Sprintf(" So it is with %d other groups.", more)
	}
	if d.left > 0 {
		d.done = join(d.done, fmt.Sprintf("%d groups were left", d.left))
	}
	return partly(&f, d.done, undone, 0)
}

// summed are steps of which those that leave groups are said in one.
func summed(steps []step) []step {
	groups := 0
	all := slices.DeleteFunc(slices.Clone(steps), func(s step) bool {
		if s.optional {
			groups++
		}
		return s.optional
	})
	if groups == 0 {
		return all
	}
	return append([]step{{undone: fmt.Sprintf("%d groups were not left", groups)}}, all...)
}
