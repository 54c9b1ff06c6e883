package mapping_test

import (
	"encoding/json"
	"math/rand/v2"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	filter "github.com/scim2/filter-parser/v2"

	"entrascim/internal/edm"
	"entrascim/internal/fault"
	"entrascim/internal/graphsim/odata"
	"entrascim/internal/mapping"
)

// What a create sends to Graph reads back as what the client sent.
func FuzzRoundTrip(f *testing.F) {
	f.Add("jo@x.org", "Jo \"Doe\"", "CEO", "+1", "o@x.org", "4711", true)
	f.Add("a", "日本\n\\", "\u2028", "", "", "é", false)
	f.Add("", "", "'", "\x00", "<>&", "1234567890123456", true)
	users := compile(f, "user.yaml")
	plan := users.Read(everything)
	f.Fuzz(func(t *testing.T, name, display, title, phone, mail, cost string, active bool) {
		doc := sent(name, display, title, phone, mail, cost, active)
		w, err := users.Create(doc)
		if err != nil {
			if !fault.Is(err, fault.InvalidValue) {
				t.Fatalf("%v is no fault of the client", err)
			}
			return
		}
		w.Body["id"] = "u"
		body, err := json.Marshal(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		got := read(t, plan, string(body), nil)
		if name == "" || display == "" {
			return // it was derived
		}
		for attribute, want := range doc {
			if !reflect.DeepEqual(got[attribute], want) {
				t.Errorf("%s: got %v, want %v", attribute, got[attribute], want)
			}
		}
		doc["id"], doc["meta"] = got["id"], got["meta"]
		again, err := users.Update(doc, got)
		delete(again.Body, "mail") // shown as the user name when there is none
		delete(again.Body, "mailNickname")
		if err != nil || !again.Empty() {
			t.Errorf("writing what was read changes %v (%v)", again.Body, err)
		}
	})
}

// sent is a user of the values that are not empty.
func sent(name, display, title, phone, mail, cost string, active bool) map[string]any {
	doc := map[string]any{"userName": name, "displayName": display, "active": active}
	if title != "" {
		doc["title"] = title
	}
	if phone != "" {
		doc["phoneNumbers"] = []any{map[string]any{"value": phone, "type": "mobile"}}
	}
	if mail != "" {
		doc["emails"] = []any{map[string]any{"value": mail, "type": "work", "primary": true}, map[string]any{"value": mail + "x", "type": "other"}}
	}
	if cost != "" {
		doc[enterprise] = map[string]any{"costCenter": cost, "department": cost}
	}
	return doc
}

// people are Graph objects that differ in what filters look at.
var people = []map[string]any{
	{"id": "1", "userPrincipalName": "ada@x.org", "displayName": "Ada O'Neil", "accountEnabled": true, "jobTitle": "CEO", "mail": "Ada@x.org", "createdDateTime": "2024-01-01T00:00:00Z"},
	{"id": "2", "userPrincipalName": "bob@x.org", "displayName": "Bob", "accountEnabled": false, "department": "Sales", "otherMails": []string{"b@y.org"}, "createdDateTime": "2024-02-01T00:00:00Z"},
	{"id": "3", "userPrincipalName": "cy@y.org", "displayName": "Cy", "accountEnabled": true, "jobTitle": "ceo", "city": "Delft", "country": "NL", "createdDateTime": "2024-03-01T00:00:00Z"},
	{"id": "4", "userPrincipalName": "di@y.org", "displayName": "Di", "accountEnabled": true, "country": "DE", "mobilePhone": "+1", "businessPhones": []string{"+2"}, "createdDateTime": "2024-03-01T00:00:00.5Z"},
	{"id": "5", "userPrincipalName": "ed@z.org", "displayName": "ed", "accountEnabled": false, "employeeId": "5", "employeeOrgData": map[string]any{"costCenter": "C1"}, "createdDateTime": "2025-01-01T00:00:00Z"},
	{"id": "6", "userPrincipalName": "fay@z.org", "displayName": "Fay", "accountEnabled": true, "surname": "Key", "givenName": "Fay", "proxyAddresses": []string{"smtp:f@z.org", "SMTP:g@z.org"}, "createdDateTime": "2023-01-01T00:00:00Z"},
	{"id": "7", "userPrincipalName": "gus@z.org", "displayName": "Gus", "accountEnabled": true, "onPremisesSyncEnabled": true, "onPremisesImmutableId": "aB", "userType": "Guest", "createdDateTime": "2023-06-01T00:00:00Z"},
	{"id": "8", "userPrincipalName": "hal@z.org", "displayName": "Ada", "accountEnabled": true, "otherMails": []string{"a@y.org", "b@y.org"}, "companyName": "ACME", "createdDateTime": "2022-01-01T00:00:00Z"},
}

// A filterLaw holds the translation of filters against two evaluators: one of
// SCIM resources, and the simulator's of Graph objects.
type filterLaw struct {
	table     *mapping.Table
	model     *edm.Model
	objects   []odata.Getter
	documents []map[string]any
}

func newFilterLaw(tb testing.TB) filterLaw {
	tb.Helper()
	law := filterLaw{table: compile(tb, "user.yaml"), model: edm.New()}
	plan := law.table.Read(func(_, name, _ string) bool { return name != "groups" && name != "applications" })
	for _, person := range people {
		raw, err := json.Marshal(person)
		if err != nil {
			tb.Fatal(err)
		}
		law.objects = append(law.objects, getter(person))
		law.documents = append(law.documents, read(tb, plan, string(raw), nil))
	}
	return law
}

// check: whatever Graph is asked it grants; it selects whatever the filter
// selects, and nothing else when there is no residual.
func (l filterLaw) check(t *testing.T, text string) {
	t.Helper()
	e, err := filter.ParseFilter([]byte(text))
	if err != nil || !valid(l.table, e) || strings.Contains(text, `\`) || !utf8.ValidString(text) {
		return
	}
	q, err := l.table.Filter(e)
	if err != nil || q.IDs != nil || q.Relation != nil {
		return
	}
	query := url.Values{}
	if q.Filter != "" {
		query.Set("$filter", q.Filter)
	}
	if q.Advanced {
		query.Set("$count", "true")
	}
	parsed, err := odata.Parse(query.Encode(), odata.Options{Model: l.model, Entity: "user", Advanced: q.Advanced})
	if err != nil {
		t.Fatalf("%s: Graph refuses %s: %v", text, q.Filter, err)
	}
	for i, person := range people {
		selected, matches := parsed.Match(l.objects[i]) && !q.None, satisfies(l.documents[i], e)
		switch {
		case matches && !selected:
			t.Errorf("%s: %s does not select %v", text, told(q), person["displayName"])
		case q.Residual == nil && selected && !matches:
			t.Errorf("%s: %s selects %v", text, told(q), person["displayName"])
		case q.Residual != nil && selected && satisfies(l.documents[i], q.Residual) != matches:
			t.Errorf("%s: the residual of %s decides otherwise on %v", text, told(q), person["displayName"])
		}
	}
}

func FuzzFilter(f *testing.F) {
	for _, atom := range atoms {
		f.Add(atom)
		f.Add("not (" + atom + ")")
	}
	f.Add(`id eq "1" and active eq false`)
	f.Add(`displayName eq "Ada O'Neil" or groups.value eq "g"`)
	law := newFilterLaw(f)
	f.Fuzz(func(t *testing.T, text string) { law.check(t, text) })
}

// Filters of every shape keep the law.
func TestFilterShapes(t *testing.T) {
	t.Parallel()
	law := newFilterLaw(t)
	chance := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		shape := make([]byte, 12)
		for i := range shape {
			shape[i] = byte(chance.UintN(256))
		}
		text, _ := grown(shape, 3)
		law.check(t, text)
	}
}

// atoms are comparisons that differ in how they are translated.
var atoms = []string{
	`userName eq "ada@x.org"`, `userName ne "ada@x.org"`, `userName ew "@z.org"`, `userName pr`, `displayName sw "a"`, `displayName co "d"`, `displayName ge "c"`,
	`title eq "ceo"`, `title ne "CEO"`, `title sw "c"`, `title pr`, `active eq true`, `active ne true`, `userType ne "Guest"`, `name.familyName eq "key"`, `name pr`,
	`meta.created ge "2024-02-01T00:00:00Z"`, `meta.created lt "2024-03-01T00:00:00Z"`, `meta.created gt "2024-03-01T01:00:00+01:00"`, `meta.created eq "2024-03-01T00:00:00Z"`, `meta.created ne "2024-03-01T00:00:00Z"`,
	`emails.value eq "b@y.org"`, `emails.value sw "b"`, `emails.value ne "x"`, `emails.type eq "other"`, `emails[type eq "work" and value eq "ada@x.org"]`,
	`emails[type eq "other" and value ew "y.org"]`, `emails[type eq "other" and (value sw "a" or value sw "b")]`, `emails[type eq "other" and value sw "a" and value ew "g"]`, `emails[not (value eq "b@y.org")]`,
	`addresses.country eq "nl"`, `addresses[country ne "NL"]`, `addresses[type eq "work" and not (country pr)]`, `addresses[type eq "home"]`, `addresses pr`,
	`phoneNumbers[type eq "work" and value eq "+2"]`, `phoneNumbers[type eq "mobile"]`, `phoneNumbers.value eq "+1"`, `phoneNumbers pr`,
	enterprise + `:costCenter eq "c1"`, enterprise + `:costCenter sw "c"`, enterprise + `:organization ne "acme"`, enterprise + `:employeeNumber pr`,
	entraUser + `:proxyAddresses eq "smtp:f@z.org"`, entraUser + `:proxyAddresses pr`, entraUser + `:onPremisesImmutableId eq "ab"`, entraUser + `:onPremisesSyncEnabled eq true`, entraUser + `:onPremisesSyncEnabled pr`,
}

// grown makes a filter of the bytes: each chooses a production.
func grown(shape []byte, deep int) (text string, rest []byte) {
	if len(shape) == 0 {
		return atoms[0], nil
	}
	choice, rest := shape[0], shape[1:]
	if deep == 0 || choice%5 >= 3 {
		return atoms[int(choice)/5%len(atoms)], rest
	}
	left, rest := grown(rest, deep-1)
	if choice%5 == 2 {
		return "not (" + left + ")", rest
	}
	right, rest := grown(rest, deep-1)
	return "(" + left + []string{") and (", ") or ("}[choice%5] + right + ")", rest
}

func getter(object map[string]any) odata.Getter {
	return func(path string) any {
		var value any = object
		for name := range strings.SplitSeq(path, "/") {
			m, _ := value.(map[string]any)
			value = m[name]
		}
		return value
	}
}

// valid tells whether a filter fits the schema: the protocol layer refuses
// others before they come to a table.
func valid(table *mapping.Table, e filter.Expression) bool {
	switch e := e.(type) {
	case *filter.LogicalExpression:
		return valid(table, e.Left) && valid(table, e.Right)
	case *filter.NotExpression:
		return valid(table, e.Expression)
	case *filter.ValuePath:
		a, ok := find(table, e.AttributePath.AttributeName)
		return ok && a.HasSubAttributes() && a.MultiValued() && e.AttributePath.SubAttribute == nil && validInside(a.Name(), table, e.ValueFilter)
	case *filter.AttributeExpression:
		return validComparison(table, e.AttributePath, e)
	}
	return false
}

func validInside(name string, table *mapping.Table, e filter.Expression) bool {
	switch e := e.(type) {
	case *filter.LogicalExpression:
		return validInside(name, table, e.Left) && validInside(name, table, e.Right)
	case *filter.NotExpression:
		return validInside(name, table, e.Expression)
	case *filter.AttributeExpression:
		sub := e.AttributePath.AttributeName
		return e.AttributePath.SubAttribute == nil && validComparison(table, filter.AttributePath{AttributeName: name, SubAttribute: &sub}, e)
	}
	return false
}

func validComparison(table *mapping.Table, path filter.AttributePath, e *filter.AttributeExpression) bool {
	name := path.AttributeName
	if path.SubAttribute != nil {
		name += "." + *path.SubAttribute
	}
	a, ok := find(table, name)
	if strings.EqualFold(name, "meta.created") {
		at, err := time.Parse(time.RFC3339Nano, text(e.CompareValue))
		return err == nil && at.Year() > 1 && at.Year() < 9999 && e.Operator != filter.CO && e.Operator != filter.SW && e.Operator != filter.EW
	}
	if !ok || !declared(table, path) {
		return false
	}
	switch value := e.CompareValue.(type) {
	case nil:
		return e.Operator == filter.PR
	case bool:
		return a.AttributeType() == "boolean" && (e.Operator == filter.EQ || e.Operator == filter.NE)
	case string:
		return (a.AttributeType() == "string" || a.AttributeType() == "reference") && value != "" && strings.TrimSpace(value) == value
	}
	return false
}

// declared tells whether the URN in front of the path is the attribute's.
func declared(table *mapping.Table, path filter.AttributePath) bool {
	for _, s := range table.Extensions() {
		if _, ok := s.Attributes.ContainsAttribute(path.AttributeName); ok {
			return strings.EqualFold(path.URI(), s.ID)
		}
	}
	_, ok := table.Schema().Attributes.ContainsAttribute(path.AttributeName)
	return ok && (path.URIPrefix == nil || strings.EqualFold(path.URI(), table.URN()))
}

func text(v any) string {
	s, _ := v.(string)
	return s
}
