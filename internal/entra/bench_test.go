package entra_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"entrascim/internal/graphsim"
	"entrascim/internal/scim"
)

// BenchmarkList is a page of 999 users without relations, simulator and TLS
// included.
func BenchmarkList(b *testing.B) {
	benchmark(b, "/Users?count=999&excludedAttributes=groups,"+enterprise)
}

// BenchmarkGet is one user by id with a few attributes.
func BenchmarkGet(b *testing.B) {
	benchmark(b, "/Users/a0000000-0000-4000-8000-000000000001?attributes=userName,title,active")
}

func benchmark(b *testing.B, path string) {
	b.Helper()
	g := start(b, graphsim.Options{}, "", nil)
	if err := g.dir.Generate(graphsim.Scale{Users: 1200, Groups: 10, Memberships: 1000, Applications: 3, Seed: 1}); err != nil {
		b.Fatal(err)
	}
	if _, err := g.dir.Add("user", graphsim.Values{"id": "a0000000-0000-4000-8000-000000000001", "userPrincipalName": "ada@contoso.com"}); err != nil {
		b.Fatal(err)
	}
	h := scim.NewHandler(g.directory.ResourceTypes(), scim.Options{BaseURL: func(*http.Request) string { return base }})
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(b.Context(), http.MethodGet, path, http.NoBody))
		if w.Code != http.StatusOK {
			b.Fatalf("%d: %s", w.Code, w.Body)
		}
		b.SetBytes(int64(w.Body.Len()))
		_, _ = io.Copy(io.Discard, w.Body)
	}
}
