package entra_test

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"entrascim/internal/entra"
	"entrascim/internal/graph"
	"entrascim/internal/graphsim"
)

// heardGrants takes down what a directory says of applications that are given.
type heardGrants struct {
	mu  sync.Mutex
	all []string
}

func (h *heardGrants) hear(_ context.Context, servicePrincipal, principal, kind string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all = append(h.all, kind+" "+principal+" "+servicePrincipal)
}

// take gives what was heard since the last time, in order.
func (h *heardGrants) take() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := h.all
	h.all = nil
	slices.Sort(all)
	return all
}

// Whoever wants to hear of applications that are given does, of users and of groups, of
// new ones too; not of those that are taken, or were there.
func TestGrantedIsHeard(t *testing.T) {
	t.Parallel()
	h := &heardGrants{}
	g := start(t, graphsim.Options{}, "", func(o *entra.Options) { o.Granted = h.hear })
	wiki, team, ada := g.application(wikiApp, "Wiki"), g.addGroup("team"), g.addUsers(1)[0]
	user, gives := "/Users/"+ada, adds(applications, object{"value": wikiApp})
	want := func(what string, want ...string) {
		t.Helper()
		if got := h.take(); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	g.patch(user, http.StatusNoContent, gives)
	want("given", "User "+ada+" "+wiki)
	g.patch(user, http.StatusNoContent, gives)
	want("given again")
	g.patch(user, http.StatusNoContent, object{"op": "remove", "path": applications})
	want("taken")
	g.patch("/Groups/"+team, http.StatusNoContent, adds(entraGroup+":applications", object{"value": wikiApp}))
	want("a group", "Group "+team+" "+wiki)
	made := g.do(http.MethodPost, "/Users", object{
		"userName": "grace@contoso.com", "displayName": "Grace", enterprise: object{"applications": []object{{"value": wikiApp}}},
	}, http.StatusCreated)
	want("a new user", "User "+made["id"].(string)+" "+wiki)
	g.patch(user, http.StatusBadRequest, adds(applications, object{"value": payrollApp}))
	want("refused")
}

// What was given before a later step failed was given.
func TestGrantedIsHeardOfAHalf(t *testing.T) {
	t.Parallel()
	h := &heardGrants{}
	g := start(t, graphsim.Options{}, "", func(o *entra.Options) { o.Granted = h.hear })
	wiki, gone, users := g.application(wikiApp, "Wiki"), g.application(payrollApp, "Gone"), g.addUsers(2)
	both := adds(applications, object{"value": wikiApp}, object{"value": payrollApp})
	g.patch("/Users/"+users[0], http.StatusNoContent, both) // which the gateway remembers the applications from
	h.take()
	_, err := g.options.Graph.Do(t.Context(), graph.Request{Method: http.MethodDelete, Path: "/servicePrincipals/{id}", Params: map[string]string{"id": gone}})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(object{"Operations": []object{both}})
	if err != nil {
		t.Fatal(err)
	}
	if status, answer := g.try(http.MethodPatch, "/Users/"+users[1], string(text)); status < 400 || !strings.Contains(answer, "Done: ") {
		t.Errorf("%d %s", status, answer)
	}
	if got, want := h.take(), []string{"User " + users[1] + " " + wiki}; !slices.Equal(got, want) {
		t.Errorf("heard %q, want %q", got, want)
	}
}

// A dry run gives nothing, and nobody hears of it.
func TestGrantedIsNotHeardInADryRun(t *testing.T) {
	t.Parallel()
	h := &heardGrants{}
	g := start(t, graphsim.Options{}, "", func(o *entra.Options) { o.Granted, o.Policy.DryRun = h.hear, true })
	g.application(wikiApp, "Wiki")
	answer := g.patch("/Users/"+g.addUsers(1)[0], http.StatusOK, adds(applications, object{"value": wikiApp}))
	if got := h.take(); len(got) != 0 || len(answer["calls"].([]any)) == 0 {
		t.Errorf("heard %q of %v", got, answer)
	}
}
