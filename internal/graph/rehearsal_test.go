package graph_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"entrascim/internal/fault"
	"entrascim/internal/graph"
	"entrascim/internal/graphsim"
)

const rehearsedGroup = `{"displayName":"G","mailNickname":"g","mailEnabled":false,"securityEnabled":true}`

// rehearsed is a directory with a user, and a context that rehearses.
func rehearsed(t *testing.T) (*graphsim.Simulator, *graph.Client, string, context.Context, *graph.Rehearsal) {
	t.Helper()
	sim, o := simulate(t)
	o.Credential.Secret = graphsim.DefaultSecret
	id, err := sim.Tenant(graphsim.DefaultTenant).Add("user", graphsim.Values{
		"displayName": "Ada", "userPrincipalName": "ada@contoso.com", "mailNickname": "ada", "accountEnabled": true,
	})
	if err != nil {
		t.Fatal(err)
	}
	r := new(graph.Rehearsal)
	return sim, connect(t, o), id, graph.Rehearse(t.Context(), r), r
}

func lines(r *graph.Rehearsal) []string {
	var all []string
	for _, call := range r.Calls() {
		all = append(all, strings.TrimSpace(call.Method+" "+call.Path+" "+string(call.Body)))
	}
	return all
}

// What changes something is not sent, whichever way it goes; what reads is.
func TestRehearsalSendsReadsOnly(t *testing.T) {
	t.Parallel()
	sim, c, id, ctx, r := rehearsed(t)
	user := map[string]string{"id": id}
	read := graph.Request{Path: "/users/{id}", Params: user}
	change := graph.Request{Method: http.MethodPatch, Path: "/users/{id}", Params: user, Body: []byte(`{"jobTitle":"x","passwordProfile":{"password":"hunter2"}}`)}
	remove := graph.Request{Method: http.MethodDelete, Path: "/users/{id}", Params: user}
	if _, err := c.Do(ctx, change); err != nil {
		t.Error(err)
	}
	for _, order := range []graph.Order{graph.Parallel, graph.Sequential} {
		results, err := c.Batch(ctx, []graph.Request{read, change, remove, read}, order)
		if err != nil || results[0].Err != nil || results[1].Status != http.StatusNoContent || results[2].Err != nil || !strings.Contains(string(results[3].Body), "Ada") {
			t.Errorf("order %d: %v, %v", order, results, err)
		}
	}
	c.Together(ctx, 3, func(ctx context.Context, _ int) {
		if _, err := c.Do(ctx, change); err != nil {
			t.Error(err)
		}
	})
	if n := sim.Stats().Writes; n != 0 {
		t.Errorf("%d writes were sent", n)
	}
	patch := "PATCH /users/" + id + ` {"jobTitle":"x","passwordProfile":{"password":"***"}}`
	want := []string{patch, patch, "DELETE /users/" + id, patch, "DELETE /users/" + id, patch, patch, patch}
	if got := lines(r); !slices.Equal(got, want) {
		t.Errorf("calls:\n%s", strings.Join(got, "\n"))
	}
}

// A sequence ends at what fails, and what is not there cannot be deleted.
func TestRehearsalFailsAsGraphDoes(t *testing.T) {
	t.Parallel()
	_, c, id, ctx, r := rehearsed(t)
	gone := map[string]string{"id": "11111111-2222-4333-8444-555555555555"}
	results, err := c.Batch(ctx, []graph.Request{
		{Path: "/users/{id}", Params: gone},
		{Method: http.MethodDelete, Path: "/users/{id}", Params: map[string]string{"id": id}},
	}, graph.Sequential)
	if err != nil || !fault.Is(results[0].Err, fault.NotFound) || results[1].Status != http.StatusFailedDependency {
		t.Errorf("%v, %v", results, err)
	}
	_, err = c.Do(ctx, graph.Request{Method: http.MethodDelete, Path: "/users/{id}", Params: gone})
	if !fault.Is(err, fault.NotFound) || len(r.Calls()) != 0 {
		t.Errorf("%v, calls %v", err, lines(r))
	}
}

// What a rehearsal makes can be read and written in it, and nowhere else.
func TestRehearsalKnowsWhatItMade(t *testing.T) {
	t.Parallel()
	sim, c, _, ctx, r := rehearsed(t)
	made, err := c.Do(ctx, graph.Request{Method: http.MethodPost, Path: "/groups", Body: []byte(rehearsedGroup)})
	if err != nil || made.Status != http.StatusCreated || !strings.Contains(string(made.Body), `"id":"00000000-0000-4000-8000-000000000001"`) {
		t.Fatalf("%v, %v", made, err)
	}
	group := map[string]string{"id": "00000000-0000-4000-8000-000000000001"}
	reads := []graph.Request{{Path: "/groups/{id}", Params: group}, {Path: "/groups/{id}/members", Params: group}}
	results, err := c.Batch(ctx, reads, graph.Parallel)
	if err != nil || !strings.Contains(string(results[0].Body), `"displayName":"G"`) || string(results[1].Body) != `{"value":[]}` {
		t.Errorf("%v, %v", results, err)
	}
	if _, err := c.Do(t.Context(), reads[0]); !fault.Is(err, fault.NotFound) {
		t.Errorf("outside: %v", err)
	}
	if _, err := c.Do(ctx, graph.Request{Method: http.MethodDelete, Path: "/groups/{id}", Params: group}); err != nil {
		t.Error(err)
	}
	if _, err := c.Do(ctx, reads[0]); !fault.Is(err, fault.NotFound) {
		t.Errorf("deleted: %v", err)
	}
	if got := lines(r); len(got) != 2 || got[0] != "POST /groups "+`{"displayName":"G","mailEnabled":false,"mailNickname":"g","securityEnabled":true}` || sim.Stats().Writes != 0 {
		t.Errorf("calls %v", got)
	}
}
