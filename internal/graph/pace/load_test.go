package pace

import (
	"testing"
)

func TestCosts(t *testing.T) {
	t.Parallel()
	selected := []string{"id"}
	for name, c := range map[string]struct {
		request  Request
		units    int
		priority Priority
	}{
		"users":                   {Request{Reads: true, Path: "/users"}, 2, Normal},
		"users, $select":          {Request{Reads: true, Path: "/users", Select: selected}, 1, Normal},
		"users, $expand":          {Request{Reads: true, Path: "/users", Expands: true}, 3, Normal},
		"users, a small page":     {Request{Reads: true, Path: "/users", Top: 19}, 1, Normal},
		"users, a page":           {Request{Reads: true, Path: "/users", Top: 20}, 2, Normal},
		"one user":                {Request{Reads: true, Path: "/users/{id}"}, 1, High},
		"one application by key":  {Request{Reads: true, Path: "/applications(appId='{appId}')"}, 1, High},
		"extensions by key":       {Request{Reads: true, Path: "/applications(appId='{appId}')/extensionProperties"}, 2, Normal},
		"assignments by key":      {Request{Reads: true, Path: "/servicePrincipals(appId='{appId}')/appRoleAssignments"}, 2, Normal},
		"members":                 {Request{Reads: true, Path: "/groups/{id}/members"}, 3, Normal},
		"members, cast":           {Request{Reads: true, Path: "/groups/{id}/members/microsoft.graph.user", Select: selected}, 2, Normal},
		"count of members":        {Request{Reads: true, Path: "/groups/{id}/members/$count"}, 3, Normal},
		"memberOf":                {Request{Reads: true, Path: "/users/{id}/memberOf"}, 2, Normal},
		"getByIds":                {Request{Reads: true, Path: "/directoryObjects/getByIds"}, 5, Normal},
		"getByIds, $select":       {Request{Reads: true, Path: "/directoryObjects/getByIds", Select: selected}, 2, Normal},
		"checkMemberGroups":       {Request{Reads: true, Path: "/users/{id}/checkMemberGroups"}, 4, Normal},
		"what is in no table":     {Request{Reads: true, Path: "/organization"}, 1, Normal},
		"create":                  {Request{Path: "/users"}, 1, High},
		"create, though $select":  {Request{Path: "/users", Select: selected}, 1, High},
		"removal of a member":     {Request{Path: "/groups/{id}/members/{member}/$ref"}, 1, High},
		"reading an empty path's": {Request{Reads: true, Path: "/"}, 1, Normal},
	} {
		got := Of(c.request)
		writes := 1
		if c.request.Reads {
			writes = 0
		}
		if got.cost.units != c.units || got.cost.writes != writes || got.priority != c.priority {
			t.Errorf("%s: %d units, %d writes, %v", name, got.cost.units, got.cost.writes, got.priority)
		}
	}
}

// Routes that have limits of their own are counted for them.
func TestSlowRoutes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		request Request
		slow    slowRoute
		most    int // in its span
	}{
		"sign-ins":      {Request{Reads: true, Path: "/auditLogs/signIns"}, signInReports, 5},
		"sign-in dates": {Request{Reads: true, Path: "/users", Select: []string{"id", "signInActivity"}}, signInDates, 10},
		"on demand":     {Request{Path: "/servicePrincipals/{id}/synchronization/jobs/{job}/provisionOnDemand"}, provisioning, 5},
		"policies":      {Request{Reads: true, Path: "/identity/conditionalAccess/policies"}, accessPolicies, 1},
	} {
		p := idle(Pacing{}, nil)
		k := Of(c.request)
		went := 0
		for went <= c.most {
			got, err := p.take(t.Context(), k, 0)
			if err != nil {
				break
			}
			p.finish(t.Context(), got, 200)
			went++
		}
		if went != c.most || k.cost.slow[c.slow] != 1 {
			t.Errorf("%s: %d went at once, want %d", name, went, c.most)
		}
		if got := mustTake(t, p, reading(1), 0); got.load.cost.slow != [slowRoutes]int{} {
			t.Error("a plain read is held up")
		}
	}
}
