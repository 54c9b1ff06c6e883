package app

import (
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/goccy/go-yaml"
	"github.com/rs/zerolog"

	"entrascim/api"
	"entrascim/internal/admin"
	"entrascim/internal/config"
	"entrascim/internal/entra"
	"entrascim/internal/server"
)

// testOrigin is where the gateways of these tests say that they are.
func testOrigin() server.Origin { return server.Origin{Public: "http://127.0.0.1:8080"} }

// offline is a gateway that never asks Graph anything, for what it serves by
// itself.
func offline(t *testing.T) (*entra.Directory, http.Handler, http.Handler) {
	t.Helper()
	c := demoConfig(DemoOptions{}, "https://graph.invalid", nil)
	c.Store = config.Store{DSN: config.Secret(filepath.Join(t.TempDir(), "store.db")), Key: "key-of-the-tests-store"}
	c.Operator = config.Operator{ClientID: operatorApp, ClientSecret: operatorSecret, GraphURL: c.Tenant.GraphURL, Authority: c.Tenant.Authority}
	r, err := newRegistry(t.Context(), c, testOrigin())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.close)
	var protocol http.Handler
	var directory *entra.Directory
	for _, s := range r.current().seats {
		if protocol, directory, err = s.open(); err != nil {
			t.Fatal(err)
		}
	}
	face, err := newFace(zerolog.Nop().WithContext(t.Context()), c, r)
	if err != nil {
		t.Fatal(err)
	}
	return directory, protocol, face
}

func document(t *testing.T) map[string]any {
	t.Helper()
	var doc map[string]any
	if err := yaml.Unmarshal(api.OpenAPI, &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// Every route is in the document, and every operation of the document is a route.
func TestOpenAPIHasTheRoutes(t *testing.T) {
	t.Parallel()
	_, protocol, face := offline(t)
	served := map[string]bool{}
	for h, prefix := range map[http.Handler]string{face: "", newManaged(t).api: "", protocol: server.Root} {
		routes, ok := h.(chi.Routes)
		if !ok {
			t.Fatalf("the handler at %q does not tell its routes", prefix)
		}
		walk := func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
			if prefix+route != server.Root && prefix+route != server.TenantRoot && !strings.HasSuffix(route, "*") { // where the protocol is mounted
				served[method+" "+prefix+route] = true
			}
			return nil
		}
		if err := chi.Walk(routes, walk); err != nil {
			t.Fatal(err)
		}
	}
	described := map[string]bool{}
	for path, item := range object(t, document(t), "paths") {
		for method := range item.(map[string]any) {
			if method != "parameters" && method != "servers" {
				described[strings.ToUpper(method)+" "+path] = true
			}
		}
	}
	for _, route := range slices.Sorted(maps.Keys(served)) {
		method, path, _ := strings.Cut(route, " ")
		known := slices.Contains([]string{"GET", "POST", "PUT", "PATCH", "DELETE"}, method)
		if known && !described[route] {
			t.Errorf("%s %s is served and not described", method, path)
		}
	}
	for _, route := range slices.Sorted(maps.Keys(described)) {
		if !served[route] {
			t.Errorf("%s is described and not served", route)
		}
	}
}

// Every operation has its own id and a summary, and every reference leads
// somewhere.
func TestOpenAPIHoldsTogether(t *testing.T) {
	t.Parallel()
	doc := document(t)
	if doc["openapi"] != "3.1.0" {
		t.Errorf("openapi %v", doc["openapi"])
	}
	ids := map[string]string{}
	for path, item := range object(t, doc, "paths") {
		for method, operation := range item.(map[string]any) {
			op, ok := operation.(map[string]any)
			if !ok {
				continue // parameters
			}
			id, _ := op["operationId"].(string)
			if other := ids[id]; id != "" && other != "" {
				t.Errorf("%s %s: operationId %s is that of %s too", method, path, id, other)
			}
			ids[id] = method + " " + path
			if op["summary"] == nil || len(object(t, op, "responses")) == 0 {
				t.Errorf("%s %s: no summary or no response", method, path)
			}
		}
	}
	references(doc, func(ref string) {
		at := any(doc)
		for step := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
			node, _ := at.(map[string]any)
			at = node[step]
		}
		if at == nil {
			t.Errorf("%s leads nowhere", ref)
		}
	})
}

func references(node any, visit func(string)) {
	switch n := node.(type) {
	case map[string]any:
		if ref, ok := n["$ref"].(string); ok {
			visit(ref)
		}
		for _, v := range n {
			references(v, visit)
		}
	case []any:
		for _, v := range n {
			references(v, visit)
		}
	}
}

// The attributes of the resource types in the document are those of the mapping.
func TestOpenAPIHasTheAttributes(t *testing.T) {
	t.Parallel()
	directory, _, _ := offline(t)
	schemas := object(t, object(t, document(t), "components"), "schemas")
	for _, rt := range directory.ResourceTypes() {
		want := []string{"id", "meta", "schemas"}
		for _, a := range rt.Schema.Attributes {
			want = append(want, a.Name())
		}
		for _, e := range rt.Extensions {
			want = append(want, e.Schema.ID)
		}
		got := slices.Sorted(maps.Keys(object(t, object(t, schemas, rt.Name), "properties")))
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s is described with\n%v\nand has\n%v", rt.Name, got, want)
		}
	}
}

// What the admin API takes and shows is described, member by member.
func TestOpenAPIHasTheMembers(t *testing.T) {
	t.Parallel()
	schemas := object(t, object(t, document(t), "components"), "schemas")
	for name, shown := range map[string]any{"AdminTenant": admin.Tenant{}, "AdminClient": admin.Client{}, "AdminNewClient": admin.NewClient{}, "AdminEvent": admin.Event{}} {
		var want []string
		for _, field := range reflect.VisibleFields(reflect.TypeOf(shown)) {
			member, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			want = append(want, member)
		}
		got := slices.Sorted(maps.Keys(object(t, object(t, schemas, name), "properties")))
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s is described with\n%v\nand has\n%v", name, got, want)
		}
	}
	// Whatever is described of a tenant that is added is taken.
	m := newManaged(t)
	for _, name := range []string{"AdminNewTenant", "AdminCredential"} {
		for member := range object(t, object(t, schemas, name), "properties") {
			body := `{"` + member + `":null}`
			if name == "AdminCredential" {
				body = `{"credential":` + body + `}`
			}
			if _, out := m.manage("POST", "/tenants", body); strings.Contains(fmt.Sprint(out["detail"]), "not known here") {
				t.Errorf("%s of %s is not taken: %v", member, name, out)
			}
		}
	}
}

func object(t *testing.T, in map[string]any, key string) map[string]any {
	t.Helper()
	out, ok := in[key].(map[string]any)
	if !ok {
		t.Fatalf("%s is not an object", key)
	}
	return out
}
