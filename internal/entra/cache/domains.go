// Package cache remembers what was read of a directory, so that it is not asked for
// again at once.
package cache

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/entra/entity"
	"entrascim/internal/graph"
)

// domainLife is how long the verified domains are remembered.
const domainLife = 10 * time.Minute

// Domains remembers the directory's verified domains.
type Domains struct {
	graph *graph.Client
	now   func() time.Time

	mu    sync.Mutex
	at    time.Time
	names []string
}

// NewDomains asks nothing of Graph yet.
func NewDomains(c *graph.Client, now func() time.Time) *Domains {
	return &Domains{graph: c, now: now}
}

// Verified names the verified domains, in the order Graph gives them.
func (d *Domains) Verified(ctx context.Context) ([]string, error) {
	d.mu.Lock()
	names, known := d.names, d.names != nil && d.now().Sub(d.at) <= domainLife
	d.mu.Unlock()
	if known {
		return names, nil
	}
	names, err := d.ask(ctx)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at, d.names = d.now(), names
	return names, nil
}

func (d *Domains) ask(ctx context.Context) ([]string, error) {
	response, err := d.graph.Do(ctx, graph.Request{
		Path: "/organization", Query: graph.Query{Select: []string{"id", "verifiedDomains"}},
	})
	if err != nil {
		return nil, err
	}
	var names []string
	_, err = graph.Collection(response.Body, func(dec *jsontext.Decoder) error {
		var o struct {
			Domains []struct {
				Name string `json:"name"`
			} `json:"verifiedDomains"`
		}
		if err := json.UnmarshalDecode(dec, &o); err != nil {
			return err
		}
		for _, domain := range o.Domains {
			names = append(names, domain.Name)
		}
		return nil
	})
	return names, entity.Broken(err)
}

// Listed names the verified domains for an error text; "" when they cannot be
// read, so that the error stays what it is.
func (d *Domains) Listed(ctx context.Context) string {
	names, err := d.Verified(ctx)
	if err != nil || len(names) == 0 {
		return ""
	}
	return " The verified domains are " + strings.Join(names, ", ") + "."
}
