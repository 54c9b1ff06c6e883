package app

import (
	"crypto/x509"
	"fmt"
	"net/http"

	"entrascim/internal/config"
	"entrascim/internal/graph"
	"entrascim/internal/tenant"
)

// newGraph makes a client of the tenant's directory, which shares nothing with others.
// It signs in when it is first used.
func newGraph(t *tenant.Tenant, pacing config.Pacing) (*graph.Client, error) {
	return newDialer(pacing).graph(t)
}

// newGraphOver makes a client over connections and limits that may be shared.
func newGraphOver(t *tenant.Tenant, transport http.RoundTripper, pacing config.Pacing, apps *graph.Apps) (*graph.Client, error) {
	client, err := graph.New(graph.Options{
		BaseURL:    t.GraphURL,
		Credential: credentialOf(t),
		Transport:  transport,
		Pacing:     pacing.Pacing,
		Apps:       apps,
	})
	if err != nil {
		return nil, fmt.Errorf("tenant %s: %w", t.Name, err)
	}
	return client, nil
}

// trusted are the system's certificate authorities with more beside them; nil
// when there are no more.
func trusted(more []byte) (*x509.CertPool, error) {
	if len(more) == 0 {
		return nil, nil //nolint:nilnil // nil stands for the system's
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("the system's certificate authorities: %w", err)
	}
	roots.AppendCertsFromPEM(more)
	return roots, nil
}
