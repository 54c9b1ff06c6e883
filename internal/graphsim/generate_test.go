package graphsim

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func generate(tb testing.TB, s Scale) *Directory {
	tb.Helper()
	d := New(Options{}).Tenant(DefaultTenant)
	if err := d.Generate(s); err != nil {
		tb.Fatal(err)
	}
	return d
}

func count(list []*object, is func(*object) bool) int {
	n := 0
	for _, o := range list {
		if is(o) {
			n++
		}
	}
	return n
}

func flag(name string) func(*object) bool { return func(o *object) bool { return o.is(name) } }

func equals(name, value string) func(*object) bool {
	return func(o *object) bool { return o.text(name) == value }
}

func TestGenerateIsAsLargeAsAsked(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]Scale{
		"empty":       {},
		"one user":    {Users: 1},
		"demo":        {Users: 200, Groups: 40, Memberships: 1000, Applications: 12},
		"few users":   {Users: 3, Groups: 5, Memberships: 8, Applications: 1},
		"full groups": {Users: 10, Groups: 2, Memberships: 15},
		"thousands":   {Users: 2000, Groups: 300, Memberships: 20000, Applications: 40, Seed: 7},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := generate(t, s)
			if n := len(d.sets[d.schema["user"]].list); n != s.Users {
				t.Errorf("%d users", n)
			}
			groups := d.sets[d.schema["group"]].list
			memberships := 0
			for _, o := range groups {
				memberships += len(o.links[members].list)
			}
			if len(groups) != s.Groups || memberships != s.Memberships {
				t.Errorf("%d groups, %d memberships", len(groups), memberships)
			}
			if n := len(d.sets[d.schema["application"]].list); n != s.Applications+1 { // the one that signs in
				t.Errorf("%d applications", n)
			}
		})
	}
}

func TestGenerateIsRealistic(t *testing.T) {
	t.Parallel()
	d := generate(t, Scale{Users: 200, Groups: 40, Memberships: 1000, Applications: 12})
	users, groups := d.sets[d.schema["user"]].list, d.sets[d.schema["group"]].list
	principals := d.sets[d.schema["servicePrincipal"]].list
	for what, n := range map[string]int{
		"guests":             count(users, equals("userType", "Guest")),
		"pending guests":     count(users, equals("externalUserState", "PendingAcceptance")),
		"synchronized users": count(users, flag("onPremisesSyncEnabled")),
		"disabled users":     count(users, equals("accountEnabled", "")) + count(users, func(o *object) bool { return !o.is("accountEnabled") }),
		"federated users":    count(users, func(o *object) bool { return strings.HasSuffix(o.text("userPrincipalName"), "@federated.example.com") }),
		"Microsoft 365":      count(groups, func(o *object) bool { return o.has("groupTypes", "Unified") }),
		"dynamic":            count(groups, func(o *object) bool { return o.has("groupTypes", "DynamicMembership") }),
		"mail-enabled":       count(groups, func(o *object) bool { return o.is("mailEnabled") && o.is("securityEnabled") }),
		"distribution lists": count(groups, func(o *object) bool {
			return o.is("mailEnabled") && !o.is("securityEnabled") && !o.has("groupTypes", "Unified")
		}),
		"synchronized":    count(groups, flag("onPremisesSyncEnabled")),
		"role-assignable": count(groups, flag("isAssignableToRole")),
		"nesting": count(groups, func(o *object) bool {
			return slices.ContainsFunc(o.links[members].list, func(m *object) bool { return m.kind.name == "group" })
		}),
		"owned":              count(groups, func(o *object) bool { return len(o.links[owners].list) > 0 }),
		"everybody":          count(groups, func(o *object) bool { return len(o.links[members].list) == 200 }),
		"managed identities": count(principals, equals("servicePrincipalType", "ManagedIdentity")),
		"assigned groups":    count(groups, func(o *object) bool { return len(o.links[assignments].list) > 0 }),
		"assigned users":     count(users, func(o *object) bool { return len(o.links[assignments].list) > 0 }),
		"app roles":          count(principals, func(o *object) bool { return len(o.get("appRoles")) > 2 }),
	} {
		if n == 0 {
			t.Errorf("%s: none", what)
		}
	}
}

// The generated directory keeps the rules that the simulator holds clients to.
func TestGenerateKeepsTheRules(t *testing.T) {
	t.Parallel()
	d := generate(t, Scale{Users: 700, Groups: 60, Memberships: 6000, Applications: 5, Seed: 3})
	roots := 0
	for _, o := range d.sets[d.schema["user"]].list {
		if err := d.principalName(o); err != "" {
			t.Error(err)
		}
		if o.text("userType") == "Member" && len(o.links[manager].list) == 0 {
			roots++
		}
		steps := 0
		for up := o; len(up.links[manager].list) > 0; up = up.links[manager].list[0] {
			if steps++; steps > 20 {
				t.Fatalf("%s has no end of managers", o.text("displayName"))
			}
		}
	}
	if roots != 1 {
		t.Errorf("%d employees without a manager", roots)
	}
	for _, o := range d.sets[d.schema["group"]].list {
		checkMembers(t, d, o)
	}
}

// principalName tells what is wrong with a user principal name; "" if nothing is.
func (d *Directory) principalName(o *object) string {
	upn := o.text("userPrincipalName")
	local, domain, _ := strings.Cut(upn, "@")
	switch {
	case d.domain(domain) == nil:
		return upn + " is in no verified domain"
	case len(upn) > 113 || len(local) > 64 || strings.HasSuffix(local, "."):
		return upn + " has a bad length or end"
	case strings.Trim(strings.ToLower(local), "abcdefghijklmnopqrstuvwxyz0123456789'._!#^~-") != "":
		return upn + " has bad characters"
	case d.domain(domain).text("authenticationType") == "Federated" && o.text("onPremisesImmutableId") == "":
		return upn + " is federated and has no onPremisesImmutableId"
	}
	return ""
}

func checkMembers(t *testing.T, d *Directory, group *object) {
	t.Helper()
	name := group.text("displayName")
	for _, m := range group.links[members].list {
		if group.is("mailEnabled") && m.kind.name != "user" {
			t.Errorf("%s has a member that is a %s", name, m.kind.name)
		}
	}
	rule := group.text("membershipRule")
	if rule == "" {
		return
	}
	meets := count(d.sets[d.schema["user"]].list, func(o *object) bool {
		return rule == fmt.Sprintf("user.department -eq %q", o.text("department"))
	})
	if meets != len(group.links[members].list) || meets == 0 {
		t.Errorf("%s: %d meet the rule, %d are members", name, meets, len(group.links[members].list))
	}
}

func TestGenerateIsDeterministic(t *testing.T) {
	t.Parallel()
	s := Scale{Users: 150, Groups: 30, Memberships: 900, Applications: 6, Seed: 5}
	written := func(s Scale) string {
		var b strings.Builder
		d := generate(t, s)
		for _, entity := range []string{"user", "group", "application", "servicePrincipal", "appRoleAssignment"} {
			for _, o := range d.sets[d.schema[entity]].list {
				fmt.Fprintln(&b, o.id, o.state.values)
				for _, m := range o.links[members].list {
					fmt.Fprintln(&b, "  ", m.id)
				}
			}
		}
		return b.String()
	}
	first := written(s)
	if first != written(s) {
		t.Error("the same seed gives two directories")
	}
	if s.Seed++; first == written(s) {
		t.Error("the seed changes nothing")
	}
}

// The scale that the simulator is built for: 100,000 users, 10,000 groups and a
// million memberships in under 10 s and 2 GiB.
func BenchmarkGenerate(b *testing.B) {
	for b.Loop() {
		d := generate(b, Scale{Users: 100_000, Groups: 10_000, Memberships: 1_000_000, Applications: 200})
		b.StopTimer()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(m.HeapAlloc)/(1<<20), "MiB-live")
		b.ReportMetric(float64(m.Sys)/(1<<20), "MiB-sys")
		runtime.KeepAlive(d)
		b.StartTimer()
	}
}
