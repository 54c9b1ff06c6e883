package entra_test

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"entrascim/internal/entra"
	"entrascim/internal/graphsim"
)

// A law holds the lists that a gateway gives against the same worked out on all
// resources, which were read once.
type law struct {
	g        *gateway
	endpoint string
	facets   []facet
	docs     []object
	short    string
}

const (
	coreUser        = "urn:ietf:params:scim:schemas:core:2.0:User"
	coreGroup       = "urn:ietf:params:scim:schemas:core:2.0:Group"
	coreApplication = "urn:ietf:params:scim:schemas:core:2.0:Application"
	entraUser       = "urn:ietf:params:scim:schemas:extension:entra:2.0:User"
)

// laws makes a directory and the laws of its users, groups and applications, and of
// its users as tenants see them who have short names or another table.
func laws(tb testing.TB) map[string]law {
	tb.Helper()
	plain := start(tb, graphsim.Options{}, externalID, nil)
	short := start(tb, graphsim.Options{}, "", func(o *entra.Options) { o.DefaultDomain, o.ShortNames = "contoso.com", true })
	starling := start(tb, graphsim.Options{}, "starling", nil)
	for _, g := range []*gateway{plain, short, starling} {
		furnish(g)
	}
	for i, id := range idsOf(plain.get("/Users?count=1000&attributes=id")) {
		if i%2 == 0 { // in another case, another id
			value := []string{"hr-", "HR-", "Hr-"}[i%3] + strconv.Itoa(i/6) + hostile[i%len(hostile)]
			plain.patch("/Users/"+id, http.StatusNoContent, object{"op": "add", "path": "externalId", "value": value})
		}
	}
	return map[string]law{
		"users":        newLaw(plain, "/Users", coreUser, enterprise, entraUser),
		"groups":       newLaw(plain, "/Groups", coreGroup, entraGroup),
		"short":        newLaw(short, "/Users", coreUser, enterprise, entraUser),
		"starling":     newLaw(starling, "/Users", coreUser, enterprise, entraUser),
		"applications": newLaw(plain, "/Applications", coreApplication),
	}
}

func newLaw(g *gateway, endpoint, core string, extensions ...string) law {
	l := law{g: g, endpoint: endpoint, facets: facets(g.get("/Schemas"), core, extensions...)}
	if endpoint == "/Users" && at(g.get("/Users?count=1"), "Resources", "0", "userName") == "ada" {
		l.short = "contoso.com"
	}
	var names []string
	for _, a := range l.facets {
		if a.sub == "" || a.name == "meta" {
			names = append(names, a.String())
		}
	}
	all := g.get(endpoint + "?count=1000&attributes=" + url.QueryEscape(strings.Join(names, ",")))
	usual := g.get(endpoint + "?count=1000")
	for i, r := range all["Resources"].([]any) {
		doc := r.(object)
		doc["schemas"] = at(usual, "Resources", strconv.Itoa(i), "schemas") // those of attributes that must be asked for do not count
		l.docs = append(l.docs, doc)
	}
	return l
}

// furnish seeds a directory that has something of everything.
func furnish(g *gateway) {
	g.t.Helper()
	ids := []string{g.add("user", graphsim.Values{
		"userPrincipalName": "ada@contoso.com", "displayName": "Ada O'Brien", "mailNickname": "ada", "accountEnabled": true,
	})}
	ids = append(ids, g.add("user", graphsim.Values{
		"userPrincipalName": "gu_est.org#EXT#@contoso.com", "displayName": "Gu Est", "mailNickname": "gu_est", "userType": "Guest", "accountEnabled": true, "mail": "gu@est.org",
	}))
	if err := g.dir.Generate(graphsim.Scale{Users: 24, Groups: 6, Memberships: 40, Applications: 3, Seed: 5}); err != nil {
		g.t.Fatal(err)
	}
	for i, text := range hostile {
		if text == "" || i%3 == 2 {
			continue
		}
		name := fmt.Sprintf("u%d", i)
		ids = append(ids, g.add("user", graphsim.Values{
			"userPrincipalName": name + []string{"@contoso.com", "@fabrikam.com", ".x@CONTOSO.com"}[i%3], "displayName": text + name, "mailNickname": name,
			"accountEnabled": i%2 == 0, "jobTitle": text, "department": []string{text, "Sales", "sales"}[i%3], "surname": strings.ToUpper(text) + "x",
			"otherMails": []string{name + "@other.example", text}, "businessPhones": []string{"+1 " + name}, "companyName": text, "country": "nl",
			"employeeOrgData": object{"costCenter": text}, "employeeId": strconv.Itoa(i), "createdDateTime": fmt.Sprintf("2024-0%d-01T00:00:00.%dZ", i%7+1, i),
			"onPremisesImmutableId": "aB" + name, "mail": []any{nil, name + "@contoso.com", strings.ToUpper(name) + "@x.org"}[i%3], "faxNumber": text,
			"onPremisesExtensionAttributes": object{"extensionAttribute1": text}, "usageLocation": "NL", "preferredLanguage": "en-US",
		}))
		g.add("application", graphsim.Values{
			"displayName": text + "a", "description": text, "identifierUris": []string{"api://" + name, "API://" + name + "/x"}, "tags": []string{text, name},
		})
		group := g.add("group", graphsim.Values{
			"displayName": text + "g", "mailNickname": name + "g", "mailEnabled": i%4 == 0, "securityEnabled": i%4 != 3,
			"groupTypes": [][]string{{"Unified"}, {}}[min(i%4, 1)], "description": text, "visibility": "Private",
		})
		if i%2 == 0 {
			if err := g.dir.AddMembers(group, ids[len(ids)/2:]...); err != nil {
				g.t.Fatal(err)
			}
		} else if err := g.dir.SetManager(ids[len(ids)-1], ids[len(ids)/3]); err != nil {
			g.t.Fatal(err)
		}
	}
}

// ask lists resources.
func (l law) ask(t *testing.T, query url.Values) (status int, list object, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, l.g.url+l.endpoint+"?"+query.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return response.StatusCode, list, string(text)
}

// check: a filter finds exactly the resources that it holds of.
func (l law) check(t *testing.T, shape []byte, literal string) {
	t.Helper()
	if !utf8.ValidString(literal) || len(literal) > 100 {
		return
	}
	grow := grower{bytes: shape, literal: literal, facets: l.facets, docs: l.docs, short: l.short}
	c := grow.filter(4)
	if len(c.text()) > 8000 {
		return
	}
	l.g.sim.Reset()
	status, list, body := l.ask(t, url.Values{"filter": {c.text()}, "attributes": {"id"}, "count": {"1000"}})
	if status != http.StatusOK {
		t.Fatalf("%s: %d %s", c.text(), status, body)
	}
	var want []string
	for _, doc := range l.docs {
		if c.holds(doc) {
			want = append(want, doc["id"].(string))
		}
	}
	got := idsOf(list)
	if !same(got, want) || list["totalResults"] != float64(len(want)) {
		t.Fatalf("%s\nfinds %v (total %v)\nwant  %v\n%s", c.text(), l.named(got, want), list["totalResults"], l.named(want, got), strings.Join(l.g.sim.Calls(), "\n"))
	}
}

// named tells resources that are in one list and not in the other.
func (l law) named(ids, other []string) []any {
	var names []any
	for _, doc := range l.docs {
		if id := doc["id"].(string); slices.Contains(ids, id) && !slices.Contains(other, id) {
			names = append(names, doc)
		}
	}
	return names
}

// The set of resources that a filter finds is the set that RFC 7644 says, whatever
// part of it Graph was asked.
func FuzzFilter(f *testing.F) {
	all := laws(f)
	chance := rand.New(rand.NewPCG(1, 2))
	for i := range 400 {
		shape := make([]byte, 40)
		for j := range shape {
			shape[j] = byte(chance.UintN(256))
		}
		f.Add(shape, hostile[i%len(hostile)], byte(i))
	}
	f.Fuzz(func(t *testing.T, shape []byte, literal string, of byte) {
		all[[]string{"users", "groups", "short", "starling", "applications"}[of%5]].check(t, shape, literal)
	})
}
