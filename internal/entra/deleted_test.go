package entra_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"entrascim/internal/entra"
	"entrascim/internal/graphsim"
)

// deletedUsers makes users and deletes them, in their order.
func (g *gateway) deletedUsers(n int) []string {
	g.t.Helper()
	ids := g.addUsers(n)
	for _, id := range ids {
		g.sim.Advance(1e9)
		g.do(http.MethodDelete, "/Users/"+id, nil, http.StatusNoContent)
	}
	return ids
}

// Deleted users are found by meta.deleted alone, with the names that they had, however
// much of the filter Graph can be asked.
func TestDeletedUsersAreFound(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", func(o *entra.Options) { o.DefaultDomain = "contoso.com" })
	gone := g.deletedUsers(9)
	group := g.addGroup("Sec")
	here := g.add("user", graphsim.Values{
		"displayName": "User user00003", "userPrincipalName": "user00003@contoso.com", "mailNickname": "user00003", "accountEnabled": true, "userType": "Member",
	})
	other := g.add("user", graphsim.Values{
		"displayName": "Other", "userPrincipalName": "xuser00003@contoso.com", "mailNickname": "x", "accountEnabled": true, "userType": "Member",
	})
	g.do(http.MethodDelete, "/Users/"+other, nil, http.StatusNoContent)
	all := append(slices.Clone(gone), other)
	for filter, want := range map[string][]string{
		`meta.deleted eq true`:                                                                    all,
		`META.DELETED eq "True"`:                                                                  all,
		`meta.deleted ne false`:                                                                   all,
		`meta.deleted pr`:                                                                         all,
		`not (meta.deleted eq false)`:                                                             all,
		`meta.deleted eq false`:                                                                   {here},
		`meta.deleted ne true`:                                                                    {here},
		`not (meta.deleted pr)`:                                                                   {here},
		`meta.deleted eq true and meta.deleted pr`:                                                all,
		`meta.deleted eq true and meta.deleted eq false`:                                          nil,
		`displayName sw "user" and meta.deleted eq false`:                                         {here},
		`meta.deleted eq true and userName eq "user00003@contoso.com"`:                            gone[3:4],
		`meta.deleted eq true and userName eq "USER00003"`:                                        gone[3:4],
		`meta.deleted eq true and userName sw "user0000"`:                                         gone,
		`meta.deleted eq true and userName ew "r00003@contoso.com"`:                               {gone[3], other},
		`meta.deleted eq true and userName co "user00003"`:                                        {gone[3], other},
		`meta.deleted eq true and userName ne "user00003@contoso.com"`:                            slices.DeleteFunc(slices.Clone(all), func(id string) bool { return id == gone[3] }),
		`meta.deleted eq true and emails.value eq "user00003@contoso.com"`:                        gone[3:4],
		`meta.deleted eq true and (userName eq "user00003@contoso.com" or name.givenName eq "5")`: {gone[3], gone[5]},
		`meta.deleted eq true and displayName eq "User user00004"`:                                gone[4:5],
		`meta.deleted eq true and displayName co "00004"`:                                         gone[4:5],
		`meta.deleted eq true and id eq "` + gone[2] + `"`:                                        gone[2:3],
		`meta.deleted eq true and (id eq "` + gone[2] + `" or id eq "` + gone[4] + `")`:           {gone[2], gone[4]},
		`meta.deleted eq true and id eq "` + gone[2] + `" and userName sw "user0"`:                gone[2:3],
		`meta.deleted eq true and id eq "` + here + `"`:                                           nil,
		`meta.deleted eq true and id eq "` + group + `"`:                                          nil,
		`meta.deleted eq true and id eq "x"`:                                                      nil,
		`meta.deleted eq true and active eq true`:                                                 all,
		`meta.deleted eq true and ` + entraUserURN + `:deletedDateTime pr`:                        all,
		`meta.deleted eq true and ` + entraUserURN + `:deletedDateTime le "2026-01-01T00:00:03Z"`: gone[:3],
		entraUserURN + `:deletedDateTime pr`:                                                      nil,
	} {
		if got := g.found("/Users", filter); !same(got, want) {
			t.Errorf("%s: %v, want %v", filter, got, want)
		}
	}
	for _, filter := range []string{
		`meta.deleted eq true or userName eq "x"`, `userName eq "x" and (meta.deleted eq true or active eq true)`, `meta.deleted sw "t"`, `meta.deleted eq 1`,
		`meta.deleted eq true and groups.value eq "` + group + `"`, `meta.deleted eq true and userExtension.manager.value pr or meta.deleted eq true`,
	} {
		refused := g.do(http.MethodGet, "/Users?filter="+url.QueryEscape(filter), nil, http.StatusBadRequest)
		if refused["scimType"] != "invalidFilter" {
			t.Errorf("%s: %v", filter, refused)
		}
	}
}

// A deleted user is shown as it was, with when it was deleted, and without what Graph
// does not tell of it; a list of others says nothing of it.
func TestDeletedUserIsShown(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	id := g.deletedUsers(1)[0]
	g.asked()
	one := at(g.get("/Users?filter="+url.QueryEscape("meta.deleted eq true")), "Resources", "0")
	g.wantAsked("a list of deleted users", 1, 0)
	for path, want := range map[string]any{
		"id": id, "userName": "user00000@contoso.com", "displayName": "User user00000", "meta deleted": true, "meta resourceType": "User", "emails 0 value": "user00000@contoso.com",
		entraUserURN + " deletedDateTime": "2026-01-01T00:00:01Z", "groups": nil,
	} {
		if got := at(one, strings.Fields(path)...); got != want {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
	one = at(g.get("/Users?attributes=meta.deleted,userName&filter="+url.QueryEscape(`meta.deleted eq true and id eq "`+id+`"`)), "Resources", "0")
	g.wantAsked("a deleted user by id", 1, 0)
	if at(one, "meta", "deleted") != true || at(one, "meta", "created") != nil || at(one, "displayName") != nil {
		t.Errorf("with attributes: %v", one)
	}
	g.do(http.MethodGet, "/Users/"+id, nil, http.StatusNotFound)
	g.wantAsked("GET of a deleted user", 1, 0)
	live := g.add("user", graphsim.Values{"displayName": "A", "userPrincipalName": "a@contoso.com", "mailNickname": "a", "accountEnabled": true})
	if one := g.get("/Users/" + live + "?attributes=meta," + entraUserURN + ":deletedDateTime"); at(one, "meta", "deleted") != nil || at(one, "meta", "created") == nil {
		t.Errorf("a user that is not deleted: %v", one)
	}
}

// Lists of deleted users are counted, sorted and paged as others are.
func TestDeletedUsersArePaged(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	gone := g.deletedUsers(7)
	deleted := "&filter=" + url.QueryEscape("meta.deleted eq true")
	backwards := slices.Clone(gone)
	slices.Reverse(backwards)
	g.asked()
	if n := g.get("/Users?count=0" + deleted)["totalResults"]; n != 7.0 {
		t.Errorf("%v of 7", n)
	}
	g.wantAsked("the number of deleted users", 1, 0)
	for sort, want := range map[string][]string{
		"": gone, "&sortBy=displayName": gone, "&sortBy=displayName&sortOrder=descending": backwards, "&sortBy=userName&sortOrder=descending": backwards,
		"&sortBy=" + entraUserURN + ":deletedDateTime&sortOrder=descending": backwards, "&sortBy=id": slices.Sorted(slices.Values(gone)),
	} {
		var got []string
		for start := 1; start < 8; start += 3 {
			list := g.get("/Users?attributes=id&count=3&startIndex=" + string(rune('0'+start)) + sort + deleted)
			if got = append(got, idsOf(list)...); list["totalResults"] != 7.0 {
				t.Errorf("%s: total %v", sort, list["totalResults"])
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("by index, %s: %v, want %v", sort, got, want)
		}
		if got, _, _ = g.pages("attributes=id"+sort+deleted, 3, true); !slices.Equal(got, want) {
			t.Errorf("by cursor, %s: %v, want %v", sort, got, want)
		}
	}
	here := "&filter=" + url.QueryEscape(`meta.deleted eq true and name.givenName ne "1"`)
	want := slices.DeleteFunc(slices.Clone(gone), func(id string) bool { return id == gone[1] })
	if got, _, _ := g.pages("attributes=id"+here, 2, true); !slices.Equal(got, want) {
		t.Errorf("filtered here: %v, want %v", got, want)
	}
}

// Deleted groups, and deleted resources of all types.
func TestDeletedOfAllTypes(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	user := g.deletedUsers(1)[0]
	g.addGroup("Sec")
	group := g.do(http.MethodPost, "/Groups", object{"displayName": "Team", entraGroup: object{"groupType": "microsoft365"}}, http.StatusCreated)["id"].(string)
	g.do(http.MethodDelete, "/Groups/"+group, nil, http.StatusNoContent)
	if got := g.found("/Groups", `meta.deleted eq true and displayName eq "Team"`); !same(got, []string{group}) {
		t.Errorf("groups: %v", got)
	}
	for _, cursor := range []string{"", "cursor=&"} {
		list := g.get("/?" + cursor + "attributes=meta.deleted&filter=" + url.QueryEscape("meta.deleted eq true"))
		if got := idsOf(list); !same(got, []string{user, group}) || list["totalResults"] != 2.0 {
			t.Errorf("all: %v", list)
		}
	}
	list := g.do(http.MethodPost, "/Groups/.search", object{"filter": "meta.deleted eq true", "attributes": []string{"meta"}}, http.StatusOK)
	if at(list, "Resources", "0", "meta", "deleted") != true {
		t.Errorf(".search: %v", list)
	}
	if got := g.found("/Applications", "meta.deleted eq true"); len(got) != 0 {
		t.Errorf("applications: %v", got)
	}
	for _, live := range []string{"", " and meta.deleted eq false"} {
		if list := g.get("/?attributes=id&filter=" + url.QueryEscape("id pr"+live)); list["totalResults"] != g.get("/?attributes=id")["totalResults"] {
			t.Errorf("what is not deleted: %v", list)
		}
	}
}
