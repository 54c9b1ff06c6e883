package cache

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/entra/entity"
	"entrascim/internal/grant"
	"entrascim/internal/graph"
)

// Bounds of what is remembered of service principals.
const (
	principalLife = 10 * time.Minute
	maxPrincipals = 10000
)

// MaxByIDs is how many ids getByIds takes
// (https://learn.microsoft.com/graph/api/directoryobject-getbyids).
const MaxByIDs = 1000

// A principal is what an assignment's resourceId leads to: the service principal
// of an application.
type principal struct {
	grant.Service

	at time.Time
}

// Principals remembers service principals by id and by appId: they hardly ever change,
// and every assignment names one.
type Principals struct {
	graph *graph.Client
	now   func() time.Time

	mu   sync.Mutex
	byID map[string]principal
	ids  map[string]string // by appId, in lower case
}

// NewPrincipals asks nothing of Graph yet.
func NewPrincipals(c *graph.Client, now func() time.Time) *Principals {
	return &Principals{graph: c, now: now, byID: map[string]principal{}, ids: map[string]string{}}
}

// Find gives the service principals of the ids. One that Graph does not find is
// left out.
func (p *Principals) Find(ctx context.Context, ids []string) (map[string]grant.Service, error) {
	found, missing := p.known(ids)
	for some := range slices.Chunk(missing, MaxByIDs) {
		if err := p.ask(ctx, some, found); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func (p *Principals) known(ids []string) (found map[string]grant.Service, missing []string) {
	found = make(map[string]grant.Service, len(ids))
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, id := range ids {
		sp, ok := p.byID[id]
		switch {
		case ok && p.now().Sub(sp.at) <= principalLife:
			found[id] = sp.Service
		case !slices.Contains(missing, id):
			missing = append(missing, id)
		}
	}
	return found, missing
}

func (p *Principals) ask(ctx context.Context, ids []string, found map[string]grant.Service) error {
	request, err := GetByIDs(ids, []string{"servicePrincipal"}, grant.ServiceProperties()...)
	if err != nil {
		return err
	}
	response, err := p.graph.Do(ctx, request)
	if err != nil {
		return err
	}
	_, err = graph.Collection(response.Body, func(d *jsontext.Decoder) error {
		v, err := d.ReadValue()
		if err != nil {
			return err
		}
		s, err := p.Take(v)
		found[s.ID] = s
		return err
	})
	return entity.Broken(err)
}

// Take remembers a service principal as Graph tells it.
func (p *Principals) Take(v jsontext.Value) (grant.Service, error) {
	var s grant.Service
	if err := json.Unmarshal(v, &s); err != nil {
		return s, entity.Broken(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.byID) >= maxPrincipals {
		clear(p.byID)
		clear(p.ids)
	}
	p.byID[s.ID] = principal{s, p.now()}
	p.ids[strings.ToLower(s.AppID)] = s.ID
	return s, nil
}

// Forget has service principals asked for again.
func (p *Principals) Forget(ids []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, id := range ids {
		delete(p.byID, id)
	}
}

// ByApp gives the service principals of applications that are known, by appId.
func (p *Principals) ByApp(appIDs []string) (found map[string]grant.Service, missing []string) {
	found = make(map[string]grant.Service, len(appIDs))
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, id := range appIDs {
		if sp, ok := p.byID[p.ids[id]]; ok && p.now().Sub(sp.at) <= principalLife {
			found[id] = sp.Service
			continue
		}
		missing = append(missing, id)
	}
	return found, missing
}

// GetByIDs asks for up to MaxByIDs directory objects at once; those that are not
// there are left out of the answer. Without types all that the directory has are
// searched, which the page says of a request that names none, and not of an empty list.
// Source: https://learn.microsoft.com/graph/api/directoryobject-getbyids.
func GetByIDs(ids, types []string, properties ...string) (graph.Request, error) {
	asked := map[string]any{"ids": ids}
	if len(types) > 0 {
		asked["types"] = types
	}
	body, err := json.Marshal(asked)
	return graph.Request{
		Method: http.MethodPost, Path: "/directoryObjects/getByIds", Body: body, Reads: true,
		Query: graph.Query{Select: properties},
	}, err
}
