package grant_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/fault"
	"entrascim/internal/grant"
)

const (
	me    = "a0000000-0000-4000-8000-000000000001"
	team  = "b0000000-0000-4000-8000-000000000001"
	app   = "c0000000-0000-4000-8000-000000000001"
	sp    = "d0000000-0000-4000-8000-000000000001"
	clerk = "e0000000-0000-4000-8000-000000000001"
	boss  = "e0000000-0000-4000-8000-000000000002"
)

var service = map[string]grant.Service{app: {ID: sp, AppID: app, DisplayName: "App", Roles: []grant.AppRole{
	{ID: clerk, Value: "clerk", DisplayName: "Clerk", Enabled: true, Types: []string{"User"}},
	{ID: boss, Value: "boss", DisplayName: "Boss", Enabled: true, Types: []string{"User"}},
}}}

func held(principal, role string) grant.Assignment {
	name := map[string]string{clerk: "clerk", boss: "boss"}[role]
	return grant.Assignment{ID: principal + role, AppID: app, ResourceID: sp, AppRoleID: role, AppRole: name, PrincipalID: principal}
}

func decoded(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// did are the requests of a plan: "POST clerk", "DELETE boss".
func did(steps []grant.Step) string {
	var all []string
	for _, s := range steps {
		what := string(s.Request.Body) + s.Request.Params["assignment"]
		for id, name := range map[string]string{clerk: "clerk", boss: "boss"} {
			if strings.Contains(what, id) {
				all = append(all, s.Request.Method+" "+name)
			}
		}
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// What a client wants is compared with what is held, by the role, or by the application
// alone, and by who gives it.
func TestApplications(t *testing.T) {
	t.Parallel()
	mine, through := held(me, clerk), held(team, boss)
	for name, c := range map[string]struct {
		held []grant.Assignment
		want string
		put  bool
		does string // or the scimType of the refusal
	}{
		"the same by role":          {[]grant.Assignment{mine}, `[{"value":"` + app + `","appRole":"clerk"}]`, false, ""},
		"the same by name":          {[]grant.Assignment{mine}, `[{"value":"` + app + `","appRole":"CLERK"}]`, false, ""},
		"the same by app":           {[]grant.Assignment{mine}, `[{"value":"` + strings.ToUpper(app) + `"}]`, false, ""},
		"another role":              {[]grant.Assignment{mine}, `[{"value":"` + app + `","appRole":"boss"}]`, false, "DELETE clerk, POST boss"},
		"one more, twice":           {[]grant.Assignment{mine}, `[{"value":"` + app + `"},{"value":"` + app + `","appRole":"boss"},{"value":"` + app + `","appRoleId":"` + boss + `"}]`, false, "POST boss"},
		"none":                      {[]grant.Assignment{mine}, `[]`, false, "DELETE clerk"},
		"none of mine":              {[]grant.Assignment{mine, through}, `null`, false, "DELETE clerk"},
		"none, and only a group's":  {[]grant.Assignment{through}, `null`, false, "mutability"},
		"a group's left out":        {[]grant.Assignment{mine, through}, `[{"value":"` + app + `","appRole":"clerk"}]`, false, "mutability"},
		"the same of a PUT":         {[]grant.Assignment{mine, through}, `[{"value":"` + app + `","appRole":"clerk"}]`, true, ""},
		"a group's repeated":        {[]grant.Assignment{through}, `[{"value":"` + app + `","appRole":"boss"}]`, true, ""},
		"a group's and mine":        {[]grant.Assignment{through}, `[{"value":"` + app + `","appRole":"boss","principalId":"` + team + `"},{"value":"` + app + `","appRole":"boss"}]`, false, "POST boss"},
		"a group's that is no more": {nil, `[{"value":"` + app + `","appRole":"boss","principalId":"` + team + `"}]`, true, ""},
		"a group's made up":         {nil, `[{"value":"` + app + `","appRole":"boss","principalId":"` + team + `"}]`, false, "mutability"},
		"no role":                   {nil, `[{"value":"` + app + `"}]`, false, "invalidValue"},
		"no application":            {nil, `[{"value":"` + sp + `"}]`, false, "invalidValue"},
		"no value":                  {nil, `["x"]`, false, "invalidValue"},
	} {
		p, err := grant.PlanApplications("applications", me, c.held, decoded(t, c.want), c.put)
		if err == nil {
			err = p.Resolve(service)
		}
		var got string
		if err != nil {
			got = fault.From(err).SCIMType()
		} else {
			got = did(p.Steps("users", me))
		}
		if got != c.does {
			t.Errorf("%s: %q %v, want %q", name, got, err, c.does)
		}
	}
}

// Times decide what is asked for, and what was said of them is not said again.
func TestRoles(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	has := grant.Role{ID: "x", RoleDefinitionID: clerk, DirectoryScopeID: "/", StartDateTime: "2025-01-01T00:00:00Z", EndDateTime: "2026-06-01T00:00:00Z"}
	inherited := has
	inherited.MemberType = "Group"
	for name, c := range map[string]struct {
		held grant.Role
		want string
		does string // methods and ends of paths, or the scimType of the refusal
	}{
		"kept":              {has, `[{"value":"` + clerk + `"}]`, ""},
		"kept as it is":     {has, `[{"value":"` + clerk + `","start":"2025-01-01T01:00:00+01:00","end":"2026-06-01T00:00:00.0Z"}]`, ""},
		"begun before":      {has, `[{"value":"` + clerk + `","start":"2025-12-31T00:00:00Z"}]`, ""},
		"prolonged":         {has, `[{"value":"` + clerk + `","end":"2026-07-01T00:00:00Z"}]`, "adminUpdate"},
		"put off":           {has, `[{"value":"` + clerk + `","start":"2026-03-01T00:00:00Z"}]`, "adminUpdate"},
		"ended":             {has, `[{"value":"` + clerk + `","end":"2025-07-01T00:00:00Z"}]`, "invalidValue"},
		"taken":             {has, `[]`, "adminRemove"},
		"inherited, kept":   {inherited, `[{"value":"` + clerk + `"}]`, ""},
		"inherited, taken":  {inherited, `[]`, "mutability"},
		"inherited, longer": {inherited, `[{"value":"` + clerk + `","end":"2026-07-01T00:00:00Z"}]`, "mutability"},
	} {
		p, err := grant.PlanRoles("roles", true, []grant.Role{c.held}, decoded(t, c.want), now)
		got := ""
		if err != nil {
			got = fault.From(err).SCIMType()
		} else {
			for _, s := range p.Steps(me) {
				got += decoded(t, string(s.Request.Body)).(map[string]any)["action"].(string)
			}
		}
		if got != c.does {
			t.Errorf("%s: %q %v, want %q", name, got, err, c.does)
		}
	}
}

// Every request about an active role says a time, that of an eligible one not when it is
// taken: as the pages want it.
func TestTakenRolesSayWhen(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	has := grant.Role{ID: "x", RoleDefinitionID: clerk, DirectoryScopeID: "/", EndDateTime: "2026-06-01T00:00:00Z"}
	for eligible, want := range map[bool]any{true: nil, false: map[string]any{"startDateTime": "2026-01-01T00:00:00Z"}} {
		p, err := grant.PlanRoles("roles", eligible, []grant.Role{has}, []any{}, now)
		if err != nil {
			t.Fatal(err)
		}
		body := decoded(t, string(p.Steps(me)[0].Request.Body)).(map[string]any)
		if body["action"] != "adminRemove" || !reflect.DeepEqual(body["scheduleInfo"], want) {
			t.Errorf("eligible %v: %v", eligible, body)
		}
	}
}

// A schedule that lasts so long says until when.
func TestReadRole(t *testing.T) {
	t.Parallel()
	for duration, want := range map[string]string{
		"PT5H30M": "2026-01-01T05:30:00Z", "P30D": "2026-01-31T00:00:00Z", "P1DT2H": "2026-01-02T02:00:00Z", "P1Y": "", "P1M": "", "PT": "", "P": "", "P-1D": "", "P999999999999D": "", "": "",
	} {
		got, err := grant.ReadRole([]byte(`{"roleDefinitionId":"r","scheduleInfo":{"startDateTime":"2026-01-01T00:00:00Z","expiration":{"type":"afterDuration","duration":"` + duration + `"}}}`))
		if err != nil || got.EndDateTime != want {
			t.Errorf("%s: %q %v", duration, got.EndDateTime, err)
		}
	}
	if _, err := grant.ReadRole([]byte(`{"scheduleInfo": {"startDateTime": 1}}`)); err == nil {
		t.Error("a broken schedule was read")
	}
}

// What comes through a group is not taken from the user, and nobody is told that it was.
func TestLicensesOfAGroupAreNotTaken(t *testing.T) {
	t.Parallel()
	state := func(sku, group string) string {
		return `{"skuId":"` + sku + `","assignedByGroup":` + group + `,"disabledPlans":[],"state":"Active"}`
	}
	through := state(clerk, `"`+team+`"`)
	for name, c := range map[string]struct {
		states, after string
		put           bool
		does          string // the scimType of the refusal
		taken         int
	}{
		"the only one, by a filter or all": {through, `[]`, false, "mutability", 0},
		"beside one of the user's own":     {through + "," + state(boss, "null"), `[{"value":"` + boss + `"}]`, false, "mutability", 0},
		"all, with one of the user's own":  {through + "," + state(boss, "null"), `[]`, false, "", 1},
		"left out of a PUT":                {through, `[]`, true, "", 0},
		"none, of who has none":            {"", `[]`, false, "", 0},
	} {
		l, err := grant.PlanLicenses("entitlements", jsontext.Value("["+c.states+"]"), decoded(t, c.after), nil, c.put)
		got := ""
		if err != nil {
			got = fault.From(err).SCIMType()
		}
		if got != c.does || l.Taken() != c.taken {
			t.Errorf("%s: %q %v, %d taken", name, got, err, l.Taken())
		}
	}
}
