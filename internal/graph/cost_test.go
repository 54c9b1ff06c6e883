package graph

import (
	"testing"
)

func TestCosts(t *testing.T) {
	t.Parallel()
	selected := Query{Select: []string{"id"}}
	for name, c := range map[string]struct {
		request  Request
		units    int
		priority Priority
	}{
		"users":                   {Request{Path: "/users"}, 2, Normal},
		"users, $select":          {Request{Path: "/users", Query: selected}, 1, Normal},
		"users, $expand":          {Request{Path: "/users", Query: Query{Expand: "manager"}}, 3, Normal},
		"users, a small page":     {Request{Path: "/users", Query: Query{Top: 19}}, 1, Normal},
		"users, a page":           {Request{Path: "/users", Query: Query{Top: 20}}, 2, Normal},
		"one user":                {Request{Path: "/users/{id}"}, 1, High},
		"one application by key":  {Request{Path: "/applications(appId='{appId}')"}, 1, High},
		"extensions by key":       {Request{Path: "/applications(appId='{appId}')/extensionProperties"}, 2, Normal},
		"assignments by key":      {Request{Path: "/servicePrincipals(appId='{appId}')/appRoleAssignments"}, 2, Normal},
		"members":                 {Request{Path: "/groups/{id}/members"}, 3, Normal},
		"members, cast":           {Request{Path: "/groups/{id}/members/microsoft.graph.user", Query: selected}, 2, Normal},
		"count of members":        {Request{Path: "/groups/{id}/members/$count"}, 3, Normal},
		"memberOf":                {Request{Path: "/users/{id}/memberOf"}, 2, Normal},
		"getByIds":                {Request{Method: "POST", Path: "/directoryObjects/getByIds", Reads: true}, 5, Normal},
		"getByIds, $select":       {Request{Method: "POST", Path: "/directoryObjects/getByIds", Query: selected, Reads: true}, 2, Normal},
		"checkMemberGroups":       {Request{Method: "POST", Path: "/users/{id}/checkMemberGroups", Reads: true}, 4, Normal},
		"what is in no table":     {Request{Path: "/organization"}, 1, Normal},
		"create":                  {Request{Method: "POST", Path: "/users"}, 1, High},
		"create, though $select":  {Request{Method: "POST", Path: "/users", Query: selected}, 1, High},
		"removal of a member":     {Request{Method: "DELETE", Path: "/groups/{id}/members/{member}/$ref"}, 1, High},
		"reading an empty path's": {Request{Path: "/"}, 1, Normal},
	} {
		reads := c.request.Reads || c.request.Method == ""
		route := appendRoute(nil, c.request.Path)
		got := costOf(c.request, route, reads)
		writes := 1
		if reads {
			writes = 0
		}
		if got.units != c.units || got.writes != writes || priorityOf(route, reads) != c.priority {
			t.Errorf("%s: %d units, %d writes, %v", name, got.units, got.writes, priorityOf(route, reads))
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
		"sign-ins":      {Request{Path: "/auditLogs/signIns"}, signInReports, 5},
		"sign-in dates": {Request{Path: "/users", Query: Query{Select: []string{"id", "signInActivity"}}}, signInDates, 10},
		"on demand":     {Request{Method: "POST", Path: "/servicePrincipals/{id}/synchronization/jobs/{job}/provisionOnDemand"}, provisioning, 5},
		"policies":      {Request{Path: "/identity/conditionalAccess/policies"}, accessPolicies, 1},
	} {
		p := idle(Pacing{}, nil)
		k := call{method: 0, reads: c.request.Method == ""}
		k.pace(c.request)
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
		if got := mustTake(t, p, reading(1), 0); got.call.cost.slow != [slowRoutes]int{} {
			t.Error("a plain read is held up")
		}
	}
}
