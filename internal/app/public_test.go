package app

import (
	"fmt"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"entrascim/internal/config"
	"entrascim/internal/server"
)

// What is public shows nothing of any tenant; with a credential it is the tenant's own.
func TestPublicDiscovery(t *testing.T) {
	t.Parallel()
	w := newCallers(t)
	bare, err := newPublic(w.registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/Schemas", "/ResourceTypes", "/ServiceProviderConfig", "/Schemas/urn:ietf:params:scim:schemas:core:2.0:User"} {
		want := httptest.NewRecorder()
		bare.ServeHTTP(want, httptest.NewRequest("GET", path, nil))
		public := w.send("GET", server.Root+path, "", "")
		if public.Code != 200 || public.Body.String() != want.Body.String() {
			t.Errorf("%s: %d %.300s", path, public.Code, public.Body)
		}
		for _, tenant := range []string{"globex", "nobody"} {
			below := w.send("GET", "/tenants/"+tenant+server.Root+path, "", "")
			if got := strings.ReplaceAll(below.Body.String(), "/tenants/"+tenant, ""); below.Code != 200 || got != want.Body.String() {
				t.Errorf("%s: %s: %d %.300s", tenant, path, below.Code, below.Body)
			}
		}
	}
	if schemas := w.send("GET", "/scim/v2/Schemas", "", "").Body.String(); !strings.Contains(schemas, `"name":"title"`) {
		t.Error("the tables that ship have no title")
	}
	for _, path := range []string{"/Users", "/Groups", "/", "/Bulk", "/Me", "/.search"} {
		request := httptest.NewRequest("GET", path, nil)
		answer := httptest.NewRecorder()
		bare.ServeHTTP(answer, request)
		if answer.Code != 404 {
			t.Errorf("what is public has %s: %d", path, answer.Code)
		}
	}
	c := w.registry.config
	c.PublicDiscovery = false
	off, err := newFace(w.logged(), c, w.registry)
	if err != nil {
		t.Fatal(err)
	}
	answer := httptest.NewRecorder()
	off.ServeHTTP(answer, httptest.NewRequest("GET", "/scim/v2/Schemas", nil))
	if answer.Code != 401 {
		t.Errorf("where it is off: %d", answer.Code)
	}
}

// ServiceProviderConfig lists how clients of the tenant may authenticate.
func TestSchemes(t *testing.T) {
	t.Parallel()
	w := newCallers(t)
	schemes := func(header string) (types []string) {
		var body struct {
			AuthenticationSchemes []struct {
				Type    string
				Primary bool
				SpecURI string `json:"specUri"`
			}
		}
		if err := json.Unmarshal(w.send("GET", "/scim/v2/ServiceProviderConfig", "", header).Body.Bytes(), &body, json.MatchCaseInsensitiveNames(true)); err != nil {
			t.Fatal(err)
		}
		for i, s := range body.AuthenticationSchemes {
			if s.Primary != (i == 0) || s.SpecURI == "" {
				t.Errorf("scheme %+v", s)
			}
			types = append(types, s.Type)
		}
		return types
	}
	if got := fmt.Sprint(schemes("Bearer acme-token-of-iga")); got != "[oauthbearertoken oauth2 httpbasic]" {
		t.Errorf("of the tenant: %s", got)
	}
	if got := fmt.Sprint(schemes("")); got != "[oauthbearertoken oauth2]" {
		t.Errorf("public: %s", got)
	}
	text, err := os.ReadFile(w.path("acme.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	w.file("acme.yaml", strings.Split(string(text), "clients:\n")[0])
	w.registry.reload(w.logged())
	if got := fmt.Sprint(schemes("Bearer acme-token-of-iga")); got != "[oauthbearertoken]" {
		t.Errorf("after a reload: %s", got)
	}
	if got := schemesOf(nil); len(got) != 0 {
		t.Errorf("of nobody: %v", got)
	}
	if got := schemesOf(w.registry.clients().Kinds(nil)); len(got) != 0 {
		t.Errorf("of no tenant: %v", got)
	}
}

// The configuration and the protocol know the same resource types.
func TestResourceTypes(t *testing.T) {
	t.Parallel()
	directory, _, _ := offline(t)
	var names []string
	for _, rt := range directory.ResourceTypes() {
		names = append(names, rt.Name)
	}
	if fmt.Sprint(names) != fmt.Sprint(config.ResourceTypes()) {
		t.Errorf("%v, and in the configuration %v", names, config.ResourceTypes())
	}
}
