package app

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"entrascim/internal/server"
)

var update = flag.Bool("update", false, "rewrite the discovery documents in api/")

// The discovery documents in api/ are what is served, byte by byte.
func TestDiscoveryDocuments(t *testing.T) {
	t.Parallel()
	_, _, face := offline(t)
	for route, file := range map[string]string{
		"/Schemas": "schemas.json", "/ResourceTypes": "resource-types.json", "/ServiceProviderConfig": "service-provider-config.json",
	} {
		r := httptest.NewRequest(http.MethodGet, server.Root+route, nil)
		r.Header.Set("Authorization", "Bearer "+demoToken)
		w := httptest.NewRecorder()
		face.ServeHTTP(w, r)
		var got bytes.Buffer
		if err := json.Indent(&got, w.Body.Bytes(), "", "  "); w.Code != http.StatusOK || err != nil {
			t.Fatalf("%s: %d %v", route, w.Code, err)
		}
		got.WriteString("\n")
		path := "../../api/" + file
		if *update {
			if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(got.Bytes(), want) {
			t.Errorf("%s is not what %s says (%v); make golden rewrites it, its diff is the review", route, file, err)
		}
	}
}
