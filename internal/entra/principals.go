package entra

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/graph"
)

// Bounds of what is remembered of service principals.
const (
	principalLife = 10 * time.Minute
	maxPrincipals = 10000
	maxByIDs      = 1000 // ids that getByIds takes
)

// A principal is what an assignment's resourceId leads to: the service principal
// of an application.
type principal struct {
	ID          string `json:"id"`
	AppID       string `json:"appId"`
	DisplayName string `json:"displayName"`

	at time.Time
}

// principals remembers service principals by id: they hardly ever change, and
// every assignment names one.
type principals struct {
	graph *graph.Client
	now   func() time.Time

	mu   sync.Mutex
	byID map[string]principal
}

func newPrincipals(c *graph.Client, now func() time.Time) *principals {
	return &principals{graph: c, now: now, byID: map[string]principal{}}
}

// find gives the service principals of the ids. One that Graph does not find is
// left out.
func (p *principals) find(ctx context.Context, ids []string) (map[string]principal, error) {
	found, missing := p.known(ids)
	for some := range slices.Chunk(missing, maxByIDs) {
		if err := p.ask(ctx, some, found); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func (p *principals) known(ids []string) (found map[string]principal, missing []string) {
	found = make(map[string]principal, len(ids))
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, id := range ids {
		sp, ok := p.byID[id]
		switch {
		case ok && p.now().Sub(sp.at) <= principalLife:
			found[id] = sp
		case !slices.Contains(missing, id):
			missing = append(missing, id)
		}
	}
	return found, missing
}

func (p *principals) ask(ctx context.Context, ids []string, found map[string]principal) error {
	request, err := getByIDs(ids, []string{"servicePrincipal"}, "id", "appId", "displayName")
	if err != nil {
		return err
	}
	response, err := p.graph.Do(ctx, request)
	if err != nil {
		return err
	}
	_, err = graph.Collection(response.Body, func(d *jsontext.Decoder) error {
		var sp principal
		if err := json.UnmarshalDecode(d, &sp); err != nil {
			return err
		}
		sp.at = p.now()
		found[sp.ID] = sp
		p.keep(sp)
		return nil
	})
	return broken(err)
}

func (p *principals) keep(sp principal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.byID) >= maxPrincipals {
		clear(p.byID)
	}
	p.byID[sp.ID] = sp
}

// getByIDs asks for up to maxByIDs directory objects at once; those that are not
// there are left out of the answer.
func getByIDs(ids, types []string, properties ...string) (graph.Request, error) {
	body, err := json.Marshal(map[string]any{"ids": ids, "types": types})
	return graph.Request{
		Method: http.MethodPost, Path: "/directoryObjects/getByIds", Body: body, Reads: true,
		Query: graph.Query{Select: properties},
	}, err
}
