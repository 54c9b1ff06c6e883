package entra_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"entrascim/internal/entra"
	"entrascim/internal/entra/extension"
	"entrascim/internal/fault"
	"entrascim/internal/graph"
	"entrascim/internal/graphsim"
	"entrascim/internal/graphsim/trouble"
)

const externalIDProperty = "extension_0c7d4a528e394b16a5f02d9b6e13c874_externalId"

// unprepared is a directory without the extension, with the client that prepares it.
func unprepared(t *testing.T) (*gateway, *graph.Client) {
	t.Helper()
	var client *graph.Client
	g := start(t, graphsim.Options{}, "", func(o *entra.Options) { client = o.Graph })
	return g, client
}

func TestPrepareExternalID(t *testing.T) {
	t.Parallel()
	g, client := unprepared(t)
	missing := extension.Preparation{AppName: "Provisioning", Property: externalIDProperty, Missing: true}
	made, there := missing, missing
	made.Made, there.Missing = true, false
	for _, turn := range []struct {
		name             string
		dry              bool
		want             extension.Preparation
		requests, writes int
	}{
		{"dry", true, missing, 2, 0}, {"dry again", true, missing, 2, 0}, {"made", false, made, 3, 1}, {"again", false, there, 2, 0}, {"dry last", true, there, 2, 0},
	} {
		got, err := extension.Prepare(t.Context(), client, strings.ToUpper(graphsim.DefaultClient), turn.dry)
		if err != nil || got != turn.want {
			t.Errorf("%s: %+v %v, want %+v", turn.name, got, err, turn.want)
		}
		g.wantAsked(turn.name, turn.requests, turn.writes)
	}
	if _, err := g.dir.Add("user", graphsim.Values{"displayName": "x", "userPrincipalName": "x@contoso.com", externalIDProperty: "HR-1"}); err != nil {
		t.Error(err)
	}
}

// An extension that cannot hold externalId is said to be so, and nothing is made.
func TestPrepareUnfit(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		name, dataType string
		targets        []string
		want           string
	}{
		"type":       {"externalId", "Integer", []string{"User", "Group"}, "is of type Integer, not String"},
		"no groups":  {"externalId", "String", []string{"User"}, "is not for Group objects"},
		"no users":   {"externalId", "String", []string{"Group", "Device"}, "is not for User objects"},
		"other case": {"externalID", "String", []string{"User", "Group"}, "is called extension_0c7d4a528e394b16a5f02d9b6e13c874_externalID"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, client := unprepared(t)
			if _, err := g.dir.AddExtension(graphsim.DefaultClient, c.name, c.dataType, c.targets...); err != nil {
				t.Fatal(err)
			}
			_, err := extension.Prepare(t.Context(), client, graphsim.DefaultClient, false)
			if !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), externalIDProperty+" exists and cannot hold externalId: it "+c.want) {
				t.Errorf("error %v", err)
			}
			g.wantAsked(name, 2, 0)
		})
	}
}

// The extension is found among others, and on a later page of them.
func TestPrepareAmongOthers(t *testing.T) {
	t.Parallel()
	g, client := unprepared(t)
	names := []string{"external", "externalId2"}
	for i := range 120 {
		names = append(names, fmt.Sprintf("other%d", i))
	}
	for _, name := range names {
		if _, err := g.dir.AddExtension(graphsim.DefaultClient, name, "Boolean", "Group"); err != nil {
			t.Fatal(err)
		}
	}
	for _, made := range []bool{true, false} {
		done, err := extension.Prepare(t.Context(), client, graphsim.DefaultClient, false)
		if err != nil || done.Made != made {
			t.Errorf("%+v %v, want made %t", done, err, made)
		}
	}
	g.wantAsked("two pages, twice", 7, 1)
}

func TestPrepareRefused(t *testing.T) {
	t.Parallel()
	const (
		app  = "/applications(appId='" + graphsim.DefaultClient + "')"
		list = app + "/extensionProperties"
	)
	denied := trouble.Fault{Status: http.StatusForbidden, Code: "Authorization_RequestDenied"}
	at := func(f trouble.Fault, method, path string) trouble.Fault {
		f.Method, f.Path = method, path
		return f
	}
	for name, c := range map[string]struct {
		appID string
		fault trouble.Fault
		kind  fault.Kind
		want  string
	}{
		"nobody's":           {"aaaaaaaa-0000-4000-8000-000000000009", at(denied, "GET", "/none"), fault.NotFound, "no app registration with the client id aaaaaaaa-0000-4000-8000-000000000009"},
		"may not read":       {graphsim.DefaultClient, at(denied, "GET", app), fault.Forbidden, "needs the permission Application.Read.All, Application.ReadWrite.OwnedBy or"},
		"may not list":       {graphsim.DefaultClient, at(denied, "GET", list), fault.Forbidden, "needs the permission Application.Read.All"},
		"may not write":      {graphsim.DefaultClient, at(denied, "POST", list), fault.Forbidden, "grant it the permission Application.ReadWrite.OwnedBy and make its service principal an owner"},
		"throttled":          {graphsim.DefaultClient, trouble.Fault{Path: list, Status: http.StatusTooManyRequests, Times: 20}, fault.Throttled, "throttling"},
		"the answer is lost": {graphsim.DefaultClient, trouble.Fault{Method: "POST", Path: list, AfterWrite: true, Drop: true}, fault.Timeout, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, client := unprepared(t)
			if err := g.sim.Fail(c.fault); err != nil {
				t.Fatal(err)
			}
			_, err := extension.Prepare(t.Context(), client, c.appID, false)
			if !fault.Is(err, c.kind) || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v", err)
			}
			if c.appID != graphsim.DefaultClient || c.kind == fault.Throttled {
				return
			}
			done, err := extension.Prepare(t.Context(), client, c.appID, false) // once more does it
			if err != nil || done.Made == (c.kind == fault.Timeout) {
				t.Errorf("again: %+v %v", done, err)
			}
		})
	}
}
