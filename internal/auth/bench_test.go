package auth_test

import (
	"fmt"
	"testing"

	"entrascim/internal/auth"
	"entrascim/internal/tenant"
)

// Authenticating a request of one of 3,000 clients of 1,000 tenants, of each kind.
func BenchmarkAuthenticate(b *testing.B) {
	w, clock := newWorld(b), newClock()
	all := map[tenant.Kind][]auth.Client{}
	for i := range 1000 {
		one := &tenant.Tenant{Name: fmt.Sprintf("tenant-%d", i)}
		for j := range 3 {
			name := fmt.Sprintf("%d-%d", i, j)
			for _, kind := range []tenant.Kind{tenant.Bearer, tenant.Basic, tenant.ClientCredentials} {
				all[kind] = append(all[kind], client(name, kind, one, []string{"secret-of-" + name}))
			}
			all[tenant.JWT] = append(all[tenant.JWT], w.of(name, one, "scim", map[string]string{"sub": name}))
		}
	}
	options := auth.Options{Now: clock.Now, URL: here, Issuers: w.Client().Transport}
	oauth := auth.New(options, all[tenant.ClientCredentials]...)
	g, err := oauth.Grant(asking("grant_type=client_credentials&client_id=id-of-700-1&client_secret=secret-of-700-1"))
	if err != nil {
		b.Fatal(err)
	}
	for kind, header := range map[tenant.Kind]string{
		tenant.Bearer: "Bearer secret-of-700-1", tenant.Basic: basic("id-of-700-1", "secret-of-700-1"),
		tenant.ClientCredentials: "Bearer " + g.Token, tenant.JWT: "Bearer " + w.token(b, start(), map[string]any{"sub": "700-1"}),
	} {
		b.Run(string(kind), func(b *testing.B) {
			known, r := oauth.With(all[kind]...), request(header)
			b.ReportAllocs()
			for b.Loop() {
				if c, err := known.Authenticate(r); err != nil || c.Name != "700-1" {
					b.Fatal(c.Name, err)
				}
			}
		})
	}
	b.Run("grant", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := oauth.Grant(asking("grant_type=client_credentials&client_id=id-of-700-1&client_secret=secret-of-700-1")); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("with", func(b *testing.B) { // what a change of any client costs
		clients := append(append(append(all[tenant.Bearer], all[tenant.Basic]...), all[tenant.ClientCredentials]...), all[tenant.JWT]...)
		b.ReportAllocs()
		for b.Loop() {
			oauth.With(clients...)
		}
	})
}
