package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"entrascim/internal/graphsim"
	"entrascim/internal/server"
)

// The ids of the RFCs' examples; those that they abbreviate are completed.
const (
	babsID    = "2819c223-7f76-453a-919d-413861904646"
	mandyID   = "902c246b-6245-4190-8e05-00816be7344a"
	jamesID   = "08e1d05d-121c-4561-8b96-473d93df9210"
	johnID    = "26118915-6090-4610-87e4-49d8ca9f808d"
	guidesID  = "acbf3ae7-8463-4692-b4fd-9b4da3f908ce"
	circleAID = "c3a26dd3-27a0-4dec-a2ac-ce211e105f97"
	circleBID = "6c5bb468-14b2-4183-baf2-06d523e03bd3"
)

// completed writes out what the examples abbreviate.
var completed = strings.NewReplacer(
	"2819c223...919d-413861904646", babsID, "2819c223-7f76-...413861904646", babsID, "2819c223...413861904646", babsID, "08e1d05d...473d93df9210", jamesID,
)

// An example is a JSON text of RFC 7643 or 7644, and the world that it is about.
type example struct {
	t    *testing.T
	w    *world
	doc  any
	text string
	seen *sync.Map // what of elsewhere was met
}

// examples says of each file what it is a message of.
var examples = map[string]func(*example){
	"rfc7643-001.json": func(e *example) { e.creates("Users") },
	"rfc7643-002.json": func(e *example) { e.creates("Users") },
	"rfc7643-003.json": func(e *example) { e.john(); e.creates("Users") },
	"rfc7643-004.json": func(e *example) { e.colleagues(); e.creates("Groups") },
	"rfc7643-005.json": func(e *example) { e.answers("GET", "/ServiceProviderConfig", "", 200) },
	"rfc7643-006.json": func(e *example) { e.listed("/ResourceTypes") },
	"rfc7643-007.json": func(e *example) { e.listed("/Schemas") },
	"rfc7643-008.json": func(e *example) { e.characterized() },
	"rfc7644-001.json": func(e *example) { e.creates("Users") },
	"rfc7644-002.json": func(e *example) { e.answers("POST", "/Users", newBabs, 201) },
	"rfc7644-003.json": func(e *example) { e.colleagues(); e.answers("GET", "/Users/"+babsID, "", 200) },
	"rfc7644-004.json": func(e *example) { e.colleagues(); e.answers("GET", "/Users?attributes=userName", "", 200) },
	"rfc7644-005.json": func(e *example) { e.colleagues(); e.finds() },
	"rfc7644-006.json": func(e *example) { e.colleagues(); e.replaces("/Users/" + babsID) },
	"rfc7644-007.json": func(e *example) { e.colleagues(); e.answers("PUT", "/Users/"+babsID, e.other("rfc7644-006.json"), 200) },
	"rfc7644-008.json": func(e *example) { e.colleagues(johnID); e.members(johnID, babsID) },
	"rfc7644-009.json": func(e *example) {
		e.colleagues()
		e.patches("/Users/"+babsID, `{"Operations":[{"op":"add","value":{"emails":[`+e.text+`],"nickname":"Babs"}}]}`)
		e.holds(map[string]any{"nickName": "Babs", "emails": []any{e.doc}}, e.read("/Users/"+babsID))
	},
	"rfc7644-010.json": func(e *example) { e.colleagues(babsID, johnID); e.members(johnID) },
	"rfc7644-011.json": func(e *example) { e.colleagues(babsID, johnID); e.members() },
	"rfc7644-012.json": func(e *example) { e.colleagues(); e.refused("/Users/"+babsID, 400, "mutability") }, // Entra cannot clear mail
	"rfc7644-013.json": func(e *example) { e.colleagues(babsID, johnID); e.members(johnID, jamesID) },
	"rfc7644-014.json": func(e *example) { e.colleagues(johnID); e.members(babsID, jamesID) },
	"rfc7644-015.json": func(e *example) { e.colleagues(johnID); e.members(babsID, jamesID) },
	"rfc7644-016.json": func(e *example) {
		e.colleagues()
		e.patches("/Users/"+babsID, e.text)
		e.holds(map[string]any{"addresses": []any{e.operation()["value"]}}, e.read("/Users/"+babsID))
	},
	"rfc7644-017.json": func(e *example) {
		e.colleagues()
		e.patches("/Users/"+babsID, e.text)
		e.holds(map[string]any{"addresses": []any{map[string]any{"type": "work", "streetAddress": e.operation()["value"], "locality": "Hollywood"}}}, e.read("/Users/"+babsID))
	},
	"rfc7644-018.json": (*example).addresses, // the two values of one operation
	"rfc7644-019.json": (*example).addresses,
	"rfc7644-020.json": func(e *example) { e.answers("GET", "/Users/"+babsID, "", 404) },
	"rfc7644-021.json": func(e *example) { e.bulk("409", "409") }, // refused, as section 3.7.1 allows
	"rfc7644-022.json": func(e *example) { e.circle(); e.answers("GET", "/Groups?filter=displayName+sw+%22Group%22", "", 200) },
	"rfc7644-023.json": func(e *example) { e.bulk("201", "201"); e.guided() },
	"rfc7644-024.json": func(e *example) { e.answers("POST", "/Bulk", e.other("rfc7644-023.json"), 200) },
	"rfc7644-025.json": func(e *example) { e.colleagues(babsID); e.answers("GET", "/Groups/"+guidesID, "", 200) },
	"rfc7644-026.json": func(e *example) { e.bulk("201", "201"); e.managed() },
	"rfc7644-027.json": func(e *example) { e.colleagues(); e.answers("POST", "/Bulk", fourOperations, 200) },
	"rfc7644-028.json": func(e *example) { e.answers("POST", "/Bulk", strings.Repeat(" ", 64<<10)+"{}", 413) },
	"rfc7644-029.json": func(e *example) { e.colleagues(); e.answers("GET", "/Users/"+babsID+"?attributes=userName", "", 200) },
	"rfc7644-030.json": func(e *example) { e.answers("GET", "/Users/"+babsID, "", 404) },
	"rfc7644-031.json": func(e *example) { e.creates("Users") },
	"rfc7644-032.json": func(e *example) { e.answers("POST", "/Users", newBabs, 201) },
	"rfc7644-033.json": func(e *example) { e.answers("GET", "/ResourceTypes", "", 200) },
	"rfc7644-034.json": func(e *example) { e.answers("GET", "/Schemas?filter=name+eq+%22User%22", "", 403) }, // names are no secret; what is refused so
}

const (
	newBabs = `{"schemas":["` + coreUserURN + `"],"userName":"bjensen","externalId":"bjensen","name":{"formatted":"Ms. Barbara J Jensen III","familyName":"Jensen","givenName":"Barbara"}}`

	fourOperations = `{"schemas":["` + messageURN + `BulkRequest"],"Operations":[
		{"method":"POST","path":"/Users","bulkId":"qwerty","data":{"schemas":["` + coreUserURN + `"],"userName":"Alice"}},
		{"method":"PUT","path":"/Users/` + babsID + `","data":{"schemas":["` + coreUserURN + `"],"userName":"Bob"}},
		{"method":"PATCH","path":"/Users/` + mandyID + `","data":{"Operations":[{"op":"add","value":{"nickname":"Mandy"}}]}},
		{"method":"DELETE","path":"/Users/` + jamesID + `"}]}`
)

// Every example of the RFCs is served or accepted as it is printed, where Entra can
// hold it.
func TestRFCExamples(t *testing.T) {
	t.Parallel()
	var index []struct{ File string }
	if err := json.Unmarshal([]byte(sharedExample(t, "INDEX.json")), &index); err != nil {
		t.Fatal(err)
	}
	seen := &sync.Map{}
	missing := maps.Clone(examples)
	t.Run("file", func(t *testing.T) {
		for _, entry := range index {
			run := examples[entry.File]
			delete(missing, entry.File)
			t.Run(entry.File, func(t *testing.T) {
				t.Parallel()
				if run == nil {
					t.Fatal("nothing says what this example is")
				}
				e := &example{t: t, w: newWorld(t), text: completed.Replace(sharedExample(t, entry.File)), seen: seen}
				if err := json.Unmarshal([]byte(e.text), &e.doc); err != nil {
					t.Fatal(err)
				}
				run(e)
			})
		}
	})
	for file := range missing {
		t.Errorf("there is no %s", file)
	}
	for name, reason := range elsewhere {
		if _, met := seen.Load(name); !met {
			t.Errorf("no example lacks %s (%s)", name, reason)
		}
	}
}

// sharedExample reads a file of the folder that lies beside the repository, and skips
// the test when it is not there.
func sharedExample(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "scim", "rfc-examples", name))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("the examples of the RFCs are not here: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// colleagues are the people of the examples, and a group of those named.
func (e *example) colleagues(members ...string) {
	e.t.Helper()
	d := e.w.sim.Tenant(graphsim.DefaultTenant)
	for id, v := range map[string]graphsim.Values{
		babsID: {
			"userPrincipalName": "bjensen@contoso.onmicrosoft.com", "displayName": "Ms. Barbara J Jensen III", "givenName": "Barbara", "surname": "Jensen", "mail": "bjensen@example.com",
			"businessPhones": []string{"555-555-8377"}, "streetAddress": "100 Universal City Plaza", "city": "Hollywood", "otherMails": []string{"old@jensen.org"},
			"extension_" + strings.ReplaceAll(graphsim.DefaultClient, "-", "") + "_externalId": "bjensen",
		},
		mandyID: {"userPrincipalName": "mandy@contoso.onmicrosoft.com", "displayName": "Mandy Pepperidge"},
		jamesID: {"userPrincipalName": "jsmith@contoso.onmicrosoft.com", "displayName": "Smith, James"},
	} {
		e.user(id, v)
	}
	e.john()
	e.group(guidesID, "Tour Guides")
	if err := d.AddMembers(guidesID, members...); err != nil {
		e.t.Fatal(err)
	}
}

// john is a manager.
func (e *example) john() {
	e.t.Helper()
	e.user(johnID, graphsim.Values{"userPrincipalName": "john@contoso.onmicrosoft.com", "displayName": "John Smith"})
}

func (e *example) user(id string, v graphsim.Values) {
	e.t.Helper()
	v["id"], v["accountEnabled"], v["mailNickname"] = id, true, strings.Split(v["userPrincipalName"].(string), "@")[0]
	if _, err := e.w.sim.Tenant(graphsim.DefaultTenant).Add("user", v); err != nil {
		e.t.Fatal(err)
	}
}

func (e *example) group(id, name string) {
	e.t.Helper()
	v := graphsim.Values{"id": id, "displayName": name, "mailNickname": strings.ReplaceAll(name, " ", ""), "mailEnabled": false, "securityEnabled": true}
	if _, err := e.w.sim.Tenant(graphsim.DefaultTenant).Add("group", v); err != nil {
		e.t.Fatal(err)
	}
}

// circle makes two groups that are members of one another.
func (e *example) circle() {
	e.t.Helper()
	e.group(circleAID, "Group A")
	e.group(circleBID, "Group B")
	d := e.w.sim.Tenant(graphsim.DefaultTenant)
	if err := errors.Join(d.AddMembers(circleAID, circleBID), d.AddMembers(circleBID, circleAID)); err != nil {
		e.t.Fatal(err)
	}
}

// send wants the status, and gives the answer.
func (e *example) send(method, path, body string, want int) map[string]any {
	e.t.Helper()
	answer := e.w.send(e.t, method, server.Root+path, body)
	if answer.Code != want && (want != http.StatusOK || answer.Code != http.StatusNoContent || method != http.MethodPatch) {
		e.t.Fatalf("%s %s: %d %s, want %d", method, path, answer.Code, answer.Body, want)
	}
	var doc map[string]any
	if err := json.Unmarshal(answer.Body.Bytes(), &doc); err != nil && answer.Body.Len() > 0 {
		e.t.Fatal(err)
	}
	return doc
}

func (e *example) read(path string) map[string]any {
	e.t.Helper()
	return e.send(http.MethodGet, path, "", http.StatusOK)
}

func (e *example) patches(path, body string) {
	e.t.Helper()
	e.send(http.MethodPatch, path, body, http.StatusOK)
}

// other is another example, as a request.
func (e *example) other(file string) string { return completed.Replace(sharedExample(e.t, file)) }

// operation is the first operation of the example.
func (e *example) operation() map[string]any {
	return e.doc.(map[string]any)["Operations"].([]any)[0].(map[string]any)
}

// creates: the example is a new resource, which is stored.
func (e *example) creates(endpoint string) {
	e.t.Helper()
	made := e.send(http.MethodPost, "/"+endpoint, e.text, http.StatusCreated)
	e.holds(e.doc, e.read(fmt.Sprintf("/%s/%v", endpoint, made["id"])))
}

// replaces: the example is what a resource becomes.
func (e *example) replaces(path string) {
	e.t.Helper()
	e.send(http.MethodPut, path, e.text, http.StatusOK)
	e.holds(e.doc, e.read(path))
}

// refused: the example is a PATCH that Entra cannot do.
func (e *example) refused(path string, status int, kind string) {
	e.t.Helper()
	if got := e.send(http.MethodPatch, path, e.text, status); got["scimType"] != kind {
		e.t.Errorf("refused as %v, want %s", got, kind)
	}
}

// members: the example is a PATCH after which the group has these members.
func (e *example) members(want ...string) {
	e.t.Helper()
	e.patches("/Groups/"+guidesID, e.text)
	got := []string{}
	list, _ := e.read("/Groups/" + guidesID)["members"].([]any)
	for _, m := range list {
		got = append(got, m.(map[string]any)["value"].(string))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		e.t.Errorf("members %v, want %v", got, want)
	}
}
