package entra

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/fault"
	"entrascim/internal/graph"
	"entrascim/internal/guard"
)

// A step is one of the requests that a write takes.
type step struct {
	request graph.Request
	// undone is said when the step was not done: "the manager was not set"; "" for
	// a step that changes nothing.
	undone string
	// refused gives Graph's refusal its meaning; nil: named does.
	refused func(error) error
	// settled tells of Graph's refusal that there is nothing to do any more; nil: none says so.
	settled func(error) bool
	// answered is told Graph's answer; nil: it is of no interest.
	answered func(jsontext.Value)
	// optional says that the others go on without the step's answer.
	optional bool
	// old says that it is about nothing that was made moments ago: what is not found is not
	// there.
	old bool
}

// run does the steps in order, in as few HTTP requests as can be, and gives
// Graph's answers. When one fails the others are not done, and the error tells
// so; done is what had been done before. New are ids that may still have to be
// waited for.
func (r *resource) run(ctx context.Context, done string, steps []step, fresh ...string) ([]graph.Response, error) {
	answers, err := r.answers(ctx, steps, fresh...)
	for i, s := range steps[:min(len(answers), len(steps))] {
		if s.answered != nil {
			s.answered(answers[i].Body)
		}
	}
	if err == nil {
		return answers, nil
	}
	if refused := steps[len(answers)].refused; refused != nil {
		if err = refused(err); err == nil {
			return answers, nil
		}
	}
	return answers, partly(r.named(ctx, err), done, steps, len(answers))
}

// answers does the steps, and goes on behind one that is settled already.
func (r *resource) answers(ctx context.Context, steps []step, fresh ...string) (answers []graph.Response, err error) {
	for len(answers) < len(steps) {
		waited := r.patient(ctx, func() error {
			var more []graph.Response
			more, err = r.sequence(ctx, steps[len(answers):])
			if answers = append(answers, more...); err != nil && steps[len(answers)].old {
				return nil
			}
			return err
		}, fresh...)
		if waited == nil {
			return answers, err
		}
		if settled := steps[len(answers)].settled; settled == nil || !settled(err) {
			return answers, err
		}
		answers, err = append(answers, graph.Response{}), nil
	}
	return answers, err
}

func (r *resource) sequence(ctx context.Context, steps []step) ([]graph.Response, error) {
	if len(steps) == 1 {
		response, err := r.graph.Do(ctx, steps[0].request)
		if err != nil {
			return nil, err
		}
		return []graph.Response{*response}, nil
	}
	requests := make([]graph.Request, len(steps))
	for i, s := range steps {
		requests[i] = s.request
	}
	results, err := r.graph.Batch(ctx, requests, graph.Sequential)
	var answers []graph.Response
	for i, result := range results {
		if result.Err != nil && !steps[i].optional {
			return answers, result.Err
		}
		answers = append(answers, result.Response)
	}
	return answers, err
}

// partly makes an error say what was done and what was not, when something was.
func partly(err error, done string, steps []step, n int) error {
	var did, undone []string
	for i, s := range steps {
		switch {
		case s.undone == "":
		case i < n:
			did = append(did, strings.Replace(s.undone, " not", "", 1))
		default:
			undone = append(undone, s.undone)
		}
	}
	done, undone = join(done, strings.Join(few(did), "; ")), few(undone)
	if done == "" {
		return err
	}
	f := *fault.From(err)
	f.Detail = strings.TrimSpace(f.Detail + " Done: " + done + ".")
	if len(undone) > 0 {
		f.Detail += " Not done: " + strings.Join(undone, "; ") + "."
	}
	return &f
}

// few are the first of what an error tells, and how many more there are.
func few(list []string) []string {
	const most = 10
	if len(list) <= most {
		return list
	}
	return append(list[:most:most], fmt.Sprintf("%d more", len(list)-most))
}

func join(a, b string) string {
	switch {
	case a == "":
		return b
	case b == "":
		return a
	}
	return a + "; " + b
}

// patch is the request that changes an object's properties.
func (r *resource) patch(id string, body map[string]any) (graph.Request, error) {
	text, err := json.Marshal(body, json.Deterministic(true))
	return graph.Request{
		Method: http.MethodPatch, Path: "/" + r.table.Collection() + "/{id}", Params: map[string]string{"id": id}, Body: text,
	}, err
}

// post is the request that makes an object.
func (r *resource) post(body map[string]any) (graph.Request, error) {
	text, err := json.Marshal(body, json.Deterministic(true))
	return graph.Request{Method: http.MethodPost, Path: "/" + r.table.Collection(), Body: text}, err
}

// Delete removes the object. Graph keeps users and Microsoft 365 groups for 30
// days, in which they can be restored.
func (r *resource) Delete(ctx context.Context, id string) error {
	if err := r.checkID(id); err != nil {
		return err
	}
	if err := r.shows(ctx, id); err != nil {
		return err
	}
	if err := r.options.Guard.Allow(ctx, guard.Amounts{guard.Deletes: 1}); err != nil {
		return err
	}
	err := r.patient(ctx, func() error {
		_, err := r.graph.Do(ctx, graph.Request{
			Method: http.MethodDelete, Path: "/" + r.table.Collection() + "/{id}", Params: map[string]string{"id": id},
		})
		return err
	}, id)
	switch {
	case fault.Is(err, fault.NotFound):
		return r.absent(err)
	case err != nil:
		return err
	}
	r.fresh.Drop(id)
	r.positions.Changed()
	r.options.Vault.Forget(id)
	return nil
}

// made remembers that an object was made.
func (r *resource) made(id string) {
	r.fresh.Add(r.table.Collection(), id)
	r.positions.Changed()
}
