package app

import (
	"net/http"
	"sync"

	"entrascim/internal/config"
	"entrascim/internal/graph"
	"entrascim/internal/tenant"
)

// A dialer makes the clients of directories. Those that trust the same certificate
// authorities share connections, on which each request has a token of its own, and those
// of one app registration what Graph allows it over all tenants.
type dialer struct {
	pacing config.Pacing
	apps   graph.Apps // of all tenants, and of those that were

	mu         sync.Mutex
	transports map[string]*http.Transport // by the PEM text of what they trust beside the system
}

func newDialer(pacing config.Pacing) *dialer {
	return &dialer{pacing: pacing, transports: map[string]*http.Transport{}}
}

// graph makes the client of the tenant's directory.
func (d *dialer) graph(t *tenant.Tenant) (*graph.Client, error) {
	transport, err := d.transport(t.RootCAs)
	if err != nil {
		return nil, err
	}
	return newGraphOver(t, transport, d.pacing, &d.apps)
}

func (d *dialer) transport(roots []byte) (*http.Transport, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if shared := d.transports[string(roots)]; shared != nil {
		return shared, nil
	}
	pool, err := trusted(roots)
	if err != nil {
		return nil, err
	}
	made := graph.NewTransport(pool)
	d.transports[string(roots)] = made
	return made, nil
}
