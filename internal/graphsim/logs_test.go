package graphsim_test

import (
	"fmt"
	"slices"
	"testing"

	"entrascim/internal/graphsim"
	"entrascim/internal/graphsim/login"
)

// Logs show the newest first, filter by what their pages grant, and take a permission of
// their own.
func TestLogs(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	ada := c.user("ada")
	var signIns []graphsim.Values
	for _, day := range []int{2, 3, 1} {
		signIns = append(signIns, graphsim.Values{
			"createdDateTime": fmt.Sprintf("2025-12-0%dT00:00:00Z", day), "userId": ada, "userPrincipalName": "ada@contoso.com", "appDisplayName": "Wiki",
			"status": map[string]any{"errorCode": day - 1},
		})
	}
	added, err := c.sim.Seed("", graphsim.Seed{SignIns: signIns, DirectoryAudits: []graphsim.Values{{
		"activityDateTime": "2025-12-01T00:00:00Z", "activityDisplayName": "Add member to group", "initiatedBy": map[string]any{"user": map[string]any{"id": ada}},
		"targetResources": []map[string]any{{"id": ada, "displayName": "Ada"}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	ids := added["signIns"]
	for query, want := range map[string][]string{
		"":                               {ids[1], ids[0], ids[2]},
		"?$orderby=createdDateTime":      {ids[2], ids[0], ids[1]},
		"?$filter=status/errorCode eq 0": {ids[2]},
		"?$filter=createdDateTime ge 2025-12-02T00:00:00Z and userId eq '" + ada + "'": {ids[1], ids[0]},
		"?$filter=startsWith(userPrincipalName,'bob')":                                 {},
	} {
		if got := c.do("GET", "/auditLogs/signIns"+query, nil).want(200).list("id"); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", query, got, want)
		}
	}
	for query, n := range map[string]int{
		"activityDisplayName eq 'Add member to group'": 1, "targetResources/any(t:t/id eq '" + ada + "')": 1, "initiatedBy/user/id eq '" + absent + "'": 0,
	} {
		if got := c.do("GET", "/auditLogs/directoryAudits?$filter="+query, nil).want(200); got.size("value") != n {
			t.Errorf("%s: %s", query, got.raw)
		}
	}
	first := c.do("GET", "/auditLogs/signIns?$top=2", nil).want(200)
	if rest := c.do("GET", first.text("@odata.nextLink"), nil).want(200).list("id"); !slices.Equal(rest, ids[2:]) {
		t.Errorf("the rest is %q", rest)
	}
	for _, query := range []string{"?$top=1001", "?$select=id", "?$count=true", "?$filter=riskState eq 'none'", "?$filter=userDisplayName eq 'a'"} {
		c.do("GET", "/auditLogs/signIns"+query, nil).want(400)
	}
	c.do("GET", "/auditLogs/signIns/"+ids[0], nil).want(200)
	c.do("PATCH", "/auditLogs/signIns/"+ids[0], fields{}).want(405)
	const id = "10000000-0000-4000-8000-000000000005"
	if err := c.sim.Register(login.App{ID: id, DisplayName: "Reader", TenantID: graphsim.DefaultTenant, Roles: []string{"Directory.Read.All"}, Secrets: []login.Secret{{Value: "secret"}}}); err != nil {
		t.Fatal(err)
	}
	(&client{T: t, sim: c.sim, token: c.login(graphsim.DefaultTenant, id, "secret")}).do("GET", "/auditLogs/signIns", nil).want(403)
}

// Reading a log has a limit of its own.
func TestLogLimit(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{Throttle: true})
	for range 5 {
		c.do("GET", "/auditLogs/signIns", nil).want(200)
	}
	c.do("GET", "/auditLogs/directoryAudits", nil).want(429)
	c.do("GET", "/users", nil).want(200)
}
