package entra_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"entrascim/internal/entra"
	"entrascim/internal/graphsim"
)

// What common filters cost, in calls to Graph.
func TestFilterCalls(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	users := g.addUsers(1200)
	ada := g.add("user", graphsim.Values{
		"userPrincipalName": "ada@contoso.com", "displayName": "Ada", "mailNickname": "ada", "mail": "ada@contoso.com", "otherMails": []string{"a@x.org"},
		"businessPhones": []string{"+1"}, "surname": "Lovelace", "accountEnabled": false, "userType": "Guest", "createdDateTime": "2035-01-01T00:00:00Z",
	})
	big := g.addGroup("Big", append(users, ada)...)
	small := g.addGroup("Small", ada, users[0])
	outer := g.addGroup("Outer", small)
	if err := g.dir.SetManager(ada, users[0]); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		endpoint, filter string
		want             []string
		calls            int
	}{
		{"/Users", fmt.Sprintf("id eq %q", ada), []string{ada}, 1},
		{"/Users", `userName eq "ada@contoso.com"`, []string{ada}, 1},
		{"/Users", `meta.created ge "2034-01-01T00:00:00Z"`, []string{ada}, 1},
		{"/Users", `meta.created gt "2034-01-01T00:00:00Z" and active eq false`, []string{ada}, 1},
		{"/Users", fmt.Sprintf("groups.value eq %q", small), []string{ada, users[0]}, 1},
		{"/Users", fmt.Sprintf(`groups[value eq %q and type eq "direct"]`, small), []string{ada, users[0]}, 1},
		{"/Users", fmt.Sprintf("groups.value eq %q and userName eq \"ada@contoso.com\"", big), []string{ada}, 1},
		{"/Users", fmt.Sprintf("manager.value eq %q", users[0]), []string{ada}, 1},
		{"/Users", fmt.Sprintf("%s:manager.value eq %q", enterprise, users[0]), []string{ada}, 1},
		{"/Users", fmt.Sprintf("%s:manager eq %q and active eq false", enterprise, users[0]), []string{ada}, 1},
		{"/Users", fmt.Sprintf("id eq %q and manager eq %q", ada, users[0]), []string{ada}, 1},
		{"/Users", fmt.Sprintf("id eq %q or id eq %q", ada, users[3]), []string{ada, users[3]}, 1},
		{"/Users", fmt.Sprintf("id eq %q", strings.ToUpper(ada)), nil, 0}, // caseExact
		{"/Users", `emails eq "ada@contoso.com"`, []string{ada}, 1},
		{"/Users", `emails.value eq "a@x.org"`, []string{ada}, 1},
		{"/Users", `emails[type eq "work" and value eq "ada@contoso.com"]`, []string{ada}, 1},
		{"/Users", `emails[type eq "work"].value eq "ada@contoso.com"`, []string{ada}, 1},
		{"/Users", `phoneNumbers.value eq "+1"`, []string{ada}, 1},
		{"/Users", `active eq false`, []string{ada}, 1},
		{"/Users", `name.familyName sw "love"`, []string{ada}, 1},
		{"/Users", `userType eq "guest"`, []string{ada}, 1},
		{"/Users", `displayName co "DA"`, []string{ada}, 2}, // every user is looked at, 999 a call
		{"/Users", `displayName co "DA" and userType eq "Guest"`, []string{ada}, 1},
		{"/Users", `shoeSize eq 5 or meta.lastModified ge "0001-01-03T00:00:00.0000000Z"`, nil, 0},
		{"/Users", `active eq false and (meta.lastModified ge "0001-01-03T00:00:00.0Z" or title pr)`, nil, 1},
		{"/Groups", fmt.Sprintf("members.value eq %q", ada), []string{big, small}, 1},
		{"/Groups", fmt.Sprintf("members eq %q and id eq %q", ada, big), []string{big}, 1},
		{"/Groups", fmt.Sprintf("members[value eq %q and type eq \"User\"]", ada), []string{big, small}, 1},
		{"/Groups", fmt.Sprintf("members[value eq %q and type eq \"Group\"]", small), []string{outer}, 1},
		{"/Groups", fmt.Sprintf("members[value eq %q and type eq \"Group\"]", ada), nil, 1},
		{"/Groups", fmt.Sprintf("members[value eq %q and type eq \"Device\"]", ada), nil, 0},
		{"/Groups", fmt.Sprintf("members.value eq %q", small), []string{outer}, 2}, // it is no user
		{"/Groups", `displayName eq "big"`, []string{big}, 1},
	} {
		t.Run(c.filter, func(t *testing.T) {
			g.asked()
			if got := g.found(c.endpoint, c.filter); !same(got, c.want) {
				t.Errorf("finds %v, want %v", got, c.want)
			}
			g.wantAsked(c.filter, c.calls, 0)
		})
	}
}

// A text is found whatever is in it, with one call.
func TestFilterEscapes(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	ids := map[string]string{}
	for i, text := range hostile {
		name := fmt.Sprintf("u%02d", i)
		ids[text] = g.add("user", graphsim.Values{
			"userPrincipalName": name + "@contoso.com", "mailNickname": name, "displayName": name, "jobTitle": name + text + "'", "otherMails": []string{name + text},
		})
	}
	for i, text := range hostile {
		if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' }) {
			continue // not asked of Graph
		}
		name := fmt.Sprintf("u%02d", i)
		for _, filter := range []string{
			"title eq " + quoted(name+text+"'"), "title sw " + quoted(name+text), "emails.value eq " + quoted(name+text),
			"title eq " + quoted(name+text+"'") + " and not (title eq " + quoted(text+`' or '1' eq '1`) + ")",
		} {
			g.asked()
			if got := g.found("/Users", filter); !slices.Equal(got, []string{ids[text]}) {
				t.Errorf("%s finds %v", filter, got)
			}
			g.wantAsked(filter, 1, 0)
		}
	}
}

// In a tenant with short names filters see the names that are shown; for equality
// the whole name is as good.
func TestFilterShortNames(t *testing.T) {
	t.Parallel()
	domain := func(short bool) func(*entra.Options) {
		return func(o *entra.Options) { o.DefaultDomain, o.ShortNames = "contoso.com", short }
	}
	short, long := start(t, graphsim.Options{}, "", domain(true)), start(t, graphsim.Options{}, "", domain(false))
	for _, g := range []*gateway{short, long} {
		for _, name := range []string{"ann@contoso.com", "anna@Contoso.com", "ann@fabrikam.com", "con@contoso.com", "g_x.y#EXT#@contoso.com"} {
			nick, _, _ := strings.Cut(name, "@")
			g.add("user", graphsim.Values{"userPrincipalName": name, "mailNickname": nick, "displayName": name})
		}
	}
	for filter, want := range map[string][2]string{ // of the tenant with short names, and of the other
		`userName eq "ann"`:                    {"ann", "ann@contoso.com"},
		`userName eq "ANN@CONTOSO.com"`:        {"ann", "ann@contoso.com"},
		`userName eq "ann@fabrikam.com"`:       {"ann@fabrikam.com", "ann@fabrikam.com"},
		`userName ne "ann"`:                    {"ann@fabrikam.com anna con g_x.y#EXT#@contoso.com", "ann@fabrikam.com anna@Contoso.com con@contoso.com g_x.y#EXT#@contoso.com"},
		`not (userName eq "ann@contoso.com")`:  {"ann@fabrikam.com anna con g_x.y#EXT#@contoso.com", "ann@fabrikam.com anna@Contoso.com con@contoso.com g_x.y#EXT#@contoso.com"},
		`userName eq "ann" and title eq null`:  {"ann", "ann@contoso.com"},
		`userName sw "ann"`:                    {"ann ann@fabrikam.com anna", "ann@contoso.com ann@fabrikam.com anna@Contoso.com"},
		`userName sw "ann@"`:                   {"ann@fabrikam.com", "ann@contoso.com ann@fabrikam.com"},
		`userName ew "n"`:                      {"ann con", ""},
		`userName ew "a"`:                      {"anna", ""},
		`userName ew ".com"`:                   {"ann@fabrikam.com g_x.y#EXT#@contoso.com", "ann@contoso.com ann@fabrikam.com anna@Contoso.com con@contoso.com g_x.y#EXT#@contoso.com"},
		`userName ew "@contoso.com"`:           {"g_x.y#EXT#@contoso.com", "ann@contoso.com anna@Contoso.com con@contoso.com g_x.y#EXT#@contoso.com"},
		`userName co "con"`:                    {"con g_x.y#EXT#@contoso.com", "ann@contoso.com anna@Contoso.com con@contoso.com g_x.y#EXT#@contoso.com"},
		`userName gt "ann"`:                    {"ann@fabrikam.com anna con g_x.y#EXT#@contoso.com", "ann@contoso.com ann@fabrikam.com anna@Contoso.com con@contoso.com g_x.y#EXT#@contoso.com"},
		`userName le "ann"`:                    {"ann", ""},
		`userName eq "g_x.y#EXT#@contoso.com"`: {"g_x.y#EXT#@contoso.com", "g_x.y#EXT#@contoso.com"}, // a guest is shown whole
		`userName eq "g_x.y#EXT#"`:             {"g_x.y#EXT#@contoso.com", "g_x.y#EXT#@contoso.com"},
		`userName sw "g_x.y#EXT#@"`:            {"g_x.y#EXT#@contoso.com", "g_x.y#EXT#@contoso.com"},
		`emails eq "ann@contoso.com"`:          {"ann", "ann@contoso.com"},
		`emails eq "ann"`:                      {"", ""}, // an address is no name
		`emails[value sw "anna@"]`:             {"anna", "anna@Contoso.com"},
	} {
		for i, g := range []*gateway{short, long} {
			list := g.get("/Users?sortBy=userName&attributes=userName&filter=" + url.QueryEscape(filter))
			var names []string
			for _, r := range list["Resources"].([]any) {
				names = append(names, at(r, "userName").(string))
			}
			slices.Sort(names)
			if got := strings.Join(names, " "); got != want[i] {
				t.Errorf("%s (short %t) finds %q, want %q", filter, i == 0, got, want[i])
			}
		}
	}
	short.asked()
	short.found("/Users", `userName eq "anna"`)
	short.wantAsked("a short name", 1, 0)
}

// As many candidates as allowed are looked at, and none beyond; an answer is whole
// or refused. A filter that narrows brings them below the bound.
func TestScanBoundary(t *testing.T) {
	t.Parallel()
	for bound, status := range map[int]int{29: 400, 30: 200, 31: 200} {
		g := start(t, graphsim.Options{}, "", func(o *entra.Options) { o.Policy.MaxScan = bound })
		users := g.addUsers(30)
		group := g.addGroup("All", users...)
		for _, query := range []string{
			"filter=" + url.QueryEscape(`displayName co "user"`), "count=1&filter=" + url.QueryEscape(`displayName co "user"`), "sortBy=title",
			"startIndex=25&count=2&sortBy=title", "filter=" + url.QueryEscape(fmt.Sprintf(`groups.value eq %q and displayName co "0"`, group)),
			"count=0&filter=" + url.QueryEscape(`displayName co "user"`), "sortBy=title&filter=" + url.QueryEscape(fmt.Sprintf("groups eq %q", group)),
		} {
			answer := g.do(http.MethodGet, "/Users?attributes=userName&"+query, nil, status)
			if status == http.StatusOK && answer["totalResults"] != 30.0 || status != http.StatusOK && answer["scimType"] != "tooMany" {
				t.Errorf("%s, at most %d: %v", query, bound, answer)
			}
		}
		if got := g.found("/Users", `displayName co "user" and userName sw "user0001"`); len(got) != 10 {
			t.Errorf("at most %d, of ten: %v", bound, got)
		}
	}
}

// Filters whose meaning hangs on values that have nothing of what is compared, and
// that Graph can be asked a part of at most.
func TestFilterOfMissingParts(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	ann := g.add("user", graphsim.Values{"userPrincipalName": "ann@contoso.com", "mailNickname": "ann", "displayName": "Ann", "otherMails": []string{"a@x.org"}})
	bob := g.add("user", graphsim.Values{"userPrincipalName": "bob@contoso.com", "mailNickname": "bob", "displayName": "Bob", "country": "NL", "showInAddressList": true})
	if err := g.dir.SetManager(bob, ann); err != nil {
		t.Fatal(err)
	}
	never := ` or displayName co "nobody"` // has the rest looked at here
	for filter, want := range map[string][]string{
		`emails[primary ne true]`:                      {ann}, // the other address is not said to be primary
		`emails[not (primary pr)]`:                     {ann},
		`addresses[locality ne "Delft"]`:               {bob},
		`addresses[locality eq null]`:                  {bob},
		`meta.lastModified ne "2024-01-01T00:00:00Z"`:  {ann, bob},
		`meta.version pr`:                              nil,
		`schemas eq "` + enterprise + `"`:              {bob},
		`schemas ne "` + coreUser + `"`:                {ann, bob}, // of Entra all users have something
		`not (schemas ew "enterprise:2.0:User")`:       {ann},
		`manager[displayName eq "ann"]`:                {bob},
		`manager eq null`:                              {ann},
		`name.middleName ne "x" and name.shoe eq null`: {ann, bob},
		entraUser + `:showInAddressList eq true`:       {bob},
		`meta.location ew "` + bob + `"`:               {bob},
	} {
		for _, f := range []string{filter, filter + never} {
			if got := g.found("/Users", f); !same(got, want) {
				t.Errorf("%s finds %v, want %v", f, got, want)
			}
		}
	}
}
