package entra_test

import (
	"net/http"
	"net/url"
	"slices"
	"testing"

	"entrascim/internal/entra"
	"entrascim/internal/graphsim"
	"entrascim/internal/tenant"
)

// A hybrid is a directory with users and groups of its own and from on premises.
type hybrid struct {
	*gateway
	cloud, synced     string // users
	mixed, old, inner string // groups: of the cloud, with both; one formerly from on premises; one that is
}

func newHybrid(t *testing.T, policy tenant.Policy) hybrid {
	t.Helper()
	h := hybrid{gateway: start(t, graphsim.Options{}, "", func(o *entra.Options) { o.Policy = policy })}
	user := func(name string, synced any) string {
		return h.add("user", graphsim.Values{
			"displayName": name, "userPrincipalName": name + "@contoso.com", "mailNickname": name, "accountEnabled": true, "onPremisesSyncEnabled": synced,
		})
	}
	group := func(name string, synced any, members ...string) string {
		id := h.add("group", graphsim.Values{
			"displayName": name, "mailNickname": name, "mailEnabled": false, "securityEnabled": true, "groupTypes": []string{}, "onPremisesSyncEnabled": synced,
		})
		if err := h.dir.AddMembers(id, members...); err != nil {
			t.Fatal(err)
		}
		return id
	}
	h.cloud, h.synced = user("cloud", nil), user("synced", true)
	h.inner = group("inner", true, h.cloud, h.synced)
	h.mixed = group("mixed", nil, h.cloud, h.synced, h.inner)
	h.old = group("old", false, h.synced)
	h.asked()
	return h
}

var (
	skipped  = tenant.Policy{SkipOnPremisesGroups: true}
	included = tenant.Policy{SkipOnPremisesGroups: true, IncludeOnPremisesMembers: true}
)

// The groups from on premises are left out of every list, whose totals are those of the
// others, and are not found; all users are.
func TestOnPremisesGroupsSkipped(t *testing.T) {
	t.Parallel()
	for _, policy := range []tenant.Policy{skipped, included} {
		h := newHybrid(t, policy)
		shown := []string{h.mixed, h.old}
		h.asked()
		for filter, want := range map[string][]string{
			`id pr`: shown, `displayName sw "o"`: {h.old}, `displayName co "n"`: nil, `displayName co "e"`: {h.mixed}, `displayName eq "inner"`: nil,
			`id eq "` + h.inner + `"`: nil, `id eq "` + h.inner + `" or id eq "` + h.old + `"`: {h.old},
			entraGroup + `:onPremisesSyncEnabled eq true`: nil, entraGroup + `:onPremisesSyncEnabled ne true`: shown, `not (displayName eq "old")`: {h.mixed},
			`members.value eq "` + h.cloud + `"`: {h.mixed},
		} {
			if got := h.found("/Groups", filter); !same(got, want) {
				t.Errorf("%s: %v, want %v", filter, got, want)
			}
		}
		h.asked()
		list := h.get("/Groups?attributes=displayName&sortBy=displayName&count=1&startIndex=2")
		if got := idsOf(list); !slices.Equal(got, []string{h.old}) || list["totalResults"] != 2.0 {
			t.Errorf("the second page: %v", list)
		}
		if list := h.get("/Groups?attributes=displayName&sortBy=displayName&count=1&cursor="); !slices.Equal(idsOf(list), []string{h.mixed}) || list["totalResults"] != 2.0 || list["nextCursor"] == nil {
			t.Errorf("by cursor: %v", list)
		}
		if list := h.get("/Groups?count=0"); list["totalResults"] != 2.0 {
			t.Errorf("counted: %v", list)
		}
		if got := h.found("/Users", "id pr"); !same(got, []string{h.cloud, h.synced}) {
			t.Errorf("users: %v", got)
		}
	}
}

// A group from on premises is not found, whatever is to be done to it, and nothing is.
func TestOnPremisesGroupIsNotThere(t *testing.T) {
	t.Parallel()
	h := newHybrid(t, skipped)
	path := "/Groups/" + h.inner
	h.do(http.MethodGet, path, nil, http.StatusNotFound)
	h.patch(path, http.StatusNotFound, object{"op": "add", "path": "members", "value": members(h.cloud)})
	h.patch(path, http.StatusNotFound, object{"op": "replace", "path": "displayName", "value": "X"})
	h.do(http.MethodPut, path, object{"displayName": "X", "members": []object{}}, http.StatusNotFound)
	h.do(http.MethodDelete, path, nil, http.StatusNotFound)
	if _, writes := h.asked(); writes != 0 {
		t.Errorf("%d writes", writes)
	}
	h.do(http.MethodDelete, "/Groups/"+h.old, nil, http.StatusNoContent)
	h.wantAsked("DELETE of another", 2, 1)
}

// Users are shown without the groups from on premises, and are not found by them.
func TestGroupsOfUsersSkipped(t *testing.T) {
	t.Parallel()
	h := newHybrid(t, skipped)
	groups := func(user object) (ids []string) {
		list, _ := user["groups"].([]any)
		for _, one := range list {
			ids = append(ids, one.(object)["value"].(string))
		}
		return ids
	}
	if got := groups(h.get("/Users/" + h.synced)); !same(got, []string{h.mixed, h.old}) {
		t.Errorf("groups: %v", got)
	}
	h.wantAsked("a user", 1, 0)
	for _, user := range h.get("/Users?attributes=groups")["Resources"].([]any) {
		if got := groups(user.(object)); slices.Contains(got, h.inner) || !slices.Contains(got, h.mixed) {
			t.Errorf("groups in a list: %v", got)
		}
	}
	for filter, want := range map[string][]string{
		`groups.value eq "` + h.inner + `"`: nil, `groups.value eq "` + h.mixed + `"`: {h.cloud, h.synced}, `groups.display eq "inner"`: nil, `groups.display eq "old"`: {h.synced},
	} {
		if got := h.found("/Users", filter); !same(got, want) {
			t.Errorf("%s: %v, want %v", filter, got, want)
		}
	}
}

// The members of a group of the cloud are shown without the users from on premises,
// unless these are included; the groups from there are members in no case.
func TestOnPremisesMembers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		policy tenant.Policy
		mixed  func(hybrid) []string
		by     func(hybrid) []string // groups of the user from on premises
	}{
		"neither":   {tenant.Policy{}, func(h hybrid) []string { return []string{h.cloud, h.synced, h.inner} }, func(h hybrid) []string { return []string{h.inner, h.mixed, h.old} }},
		"no effect": {tenant.Policy{IncludeOnPremisesMembers: true}, func(h hybrid) []string { return []string{h.cloud, h.synced, h.inner} }, func(h hybrid) []string { return []string{h.inner, h.mixed, h.old} }},
		"skipped":   {skipped, func(h hybrid) []string { return []string{h.cloud} }, func(hybrid) []string { return nil }},
		"included":  {included, func(h hybrid) []string { return []string{h.cloud, h.synced} }, func(h hybrid) []string { return []string{h.mixed, h.old} }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHybrid(t, c.policy)
			if got := memberIDs(h.get("/Groups/" + h.mixed)); !same(got, c.mixed(h)) {
				t.Errorf("members: %v, want %v", got, c.mixed(h))
			}
			h.wantAsked("a group", 1, 0)
			list := h.get("/Groups?attributes=members&filter=" + url.QueryEscape(`displayName eq "mixed"`))
			if got := memberIDs(at(list, "Resources", "0").(object)); !same(got, c.mixed(h)) {
				t.Errorf("members in a list: %v", got)
			}
			if got := h.found("/Groups", `members.value eq "`+h.synced+`"`); !same(got, c.by(h)) {
				t.Errorf("groups of the user: %v, want %v", got, c.by(h))
			}
			if got, want := h.found("/Groups", `members.value eq "`+h.inner+`"`), []string{h.mixed}; c.policy.SkipOnPremisesGroups != (len(got) == 0) || len(got) > 0 && !same(got, want) {
				t.Errorf("groups of the group: %v", got)
			}
		})
	}
}

// Whoever writes the members that are seen leaves those alone that are not.
func TestHiddenMembersStay(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		write func(h hybrid, path, other string)
		shown func(h hybrid, other string) []string
	}{
		"PUT": {func(h hybrid, path, other string) {
			h.do(http.MethodPut, path, object{"displayName": "mixed", "members": members(other)}, http.StatusOK)
		}, func(_ hybrid, other string) []string { return []string{other} }},
		"PUT of nobody": {func(h hybrid, path, _ string) {
			h.do(http.MethodPut, path, object{"displayName": "mixed", "members": []object{}}, http.StatusOK)
		}, func(hybrid, string) []string { return nil }},
		"replace": {func(h hybrid, path, other string) {
			h.patched(path, object{"op": "replace", "path": "members", "value": members(h.cloud, other)})
		}, func(h hybrid, other string) []string { return []string{h.cloud, other} }},
		"remove all": {func(h hybrid, path, _ string) {
			h.patched(path, object{"op": "remove", "path": "members"})
		}, func(hybrid, string) []string { return nil }},
		"remove by filter": {func(h hybrid, path, _ string) {
			h.patched(path, object{"op": "remove", "path": `members[display pr]`})
		}, func(hybrid, string) []string { return nil }},
		"one that is named": {func(h hybrid, path, other string) {
			h.do(http.MethodPut, path, object{"displayName": "mixed", "members": members(h.synced, other)}, http.StatusOK)
			h.do(http.MethodPut, path, object{"displayName": "mixed", "members": members(other)}, http.StatusOK)
		}, func(_ hybrid, other string) []string { return []string{other} }},
		"added, then replaced": {func(h hybrid, path, other string) {
			h.patched(path, object{"op": "remove", "path": "members", "value": members(h.synced)})
			h.patched(path, object{"op": "add", "path": "members", "value": members(h.synced, other)})
			h.do(http.MethodPut, path, object{"displayName": "mixed", "members": []object{}}, http.StatusOK)
		}, func(hybrid, string) []string { return nil }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHybrid(t, skipped)
			other := h.add("user", graphsim.Values{"displayName": "o", "userPrincipalName": "o@contoso.com", "mailNickname": "o", "accountEnabled": true})
			path := "/Groups/" + h.mixed
			c.write(h, path, other)
			shown := c.shown(h, other)
			if got := memberIDs(h.get(path)); !same(got, shown) {
				t.Errorf("shown: %v, want %v", got, shown)
			}
			h.options.Policy = tenant.Policy{}
			h.serve()
			if got, want := memberIDs(h.get(path)), append(shown, h.synced, h.inner); !same(got, want) {
				t.Errorf("members: %v, want %v", got, want)
			}
		})
	}
}

// A member that is not seen can be taken out, and put in, by its id.
func TestHiddenMemberByID(t *testing.T) {
	t.Parallel()
	h := newHybrid(t, skipped)
	path := "/Groups/" + h.mixed
	all := func() []string {
		t.Helper()
		h.options.Policy = tenant.Policy{}
		h.serve()
		defer func() { h.options.Policy = skipped; h.serve() }()
		return memberIDs(h.get(path))
	}
	h.patched(path, object{"op": "remove", "path": `members[value eq "` + h.synced + `"]`})
	if got := all(); !same(got, []string{h.cloud, h.inner}) {
		t.Errorf("removed: %v", got)
	}
	if got := memberIDs(h.patch(path+"?attributes=members", http.StatusOK, object{"op": "add", "path": "members", "value": members(h.synced)})); !same(got, []string{h.cloud}) {
		t.Errorf("the answer: %v", got)
	}
	if got := all(); !same(got, []string{h.cloud, h.inner, h.synced}) {
		t.Errorf("added: %v", got)
	}
}

// What is found by a member who may not be shown costs a look at the member.
func TestOnPremisesMemberCalls(t *testing.T) {
	t.Parallel()
	h := newHybrid(t, skipped)
	h.found("/Groups", `members.value eq "`+h.cloud+`"`)
	h.wantAsked("groups of a user", 2, 0)
	h.found("/Users", `groups.value eq "`+h.mixed+`"`)
	h.wantAsked("users of a group", 2, 0)
	h.options.Policy = included
	h.serve()
	h.found("/Groups", `members.value eq "`+h.cloud+`"`)
	h.wantAsked("groups of a user, on-premises members shown", 1, 0)
}

// Of the groups that an application is given to, those from on premises are not counted.
func TestOnPremisesGroupsOfAnApplication(t *testing.T) {
	t.Parallel()
	h := newHybrid(t, skipped)
	const appID = "c0000000-0000-4000-8000-0000000000aa"
	h.add("application", graphsim.Values{"appId": appID, "displayName": "Payroll"})
	sp := h.add("servicePrincipal", graphsim.Values{"appId": appID, "displayName": "Payroll"})
	for _, group := range []string{h.mixed, h.inner, h.old} {
		if _, err := h.dir.Assign(group, sp, ""); err != nil {
			t.Fatal(err)
		}
	}
	list := h.get("/Groups?attributes=id&count=1&filter=" + url.QueryEscape(entraGroup+`:applications.value eq "`+appID+`"`))
	if list["totalResults"] != 2.0 || len(idsOf(list)) != 1 {
		t.Errorf("%v", list)
	}
}

// Deleted groups from on premises are left out, too, and are not restored.
func TestDeletedOnPremisesGroup(t *testing.T) {
	t.Parallel()
	h := newHybrid(t, tenant.Policy{})
	group := h.add("group", graphsim.Values{
		"displayName": "gone", "mailNickname": "gone", "mailEnabled": true, "securityEnabled": false, "groupTypes": []string{"Unified"}, "onPremisesSyncEnabled": true,
	})
	if err := h.dir.Delete(group); err != nil {
		t.Fatal(err)
	}
	if got := h.found("/Groups", "meta.deleted eq true"); !same(got, []string{group}) {
		t.Fatalf("deleted: %v", got)
	}
	h.options.Policy = skipped
	h.serve()
	for _, filter := range []string{"meta.deleted eq true", `meta.deleted eq true and id eq "` + group + `"`} {
		if got := h.found("/Groups", filter); len(got) != 0 {
			t.Errorf("%s: %v", filter, got)
		}
	}
	h.asked()
	h.do(http.MethodPost, "/Groups/"+group+"/.actions/restore", nil, http.StatusNotFound)
	h.wantAsked("restore", 1, 0)
}
