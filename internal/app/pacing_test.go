package app

import (
	"context"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"entrascim/internal/config"
	"entrascim/internal/graphsim"
)

// A paced is a gateway with one tenant before a simulator whose answers a test can
// hold up.
type paced struct {
	t        *testing.T
	sim      *graphsim.Simulator
	users    []string
	trouble  atomic.Int32 // that the directory is in
	asked    atomic.Int32 // requests to it while it was
	log      strings.Builder
	handler  http.Handler
	registry *registry
}

// Troubles of a directory.
const (
	well = iota
	failing
	hanging
)

func newPaced(t *testing.T, change func(*config.Config)) *paced {
	t.Helper()
	p := &paced{t: t, sim: graphsim.New(graphsim.Options{})}
	for i := range 20 {
		name := fmt.Sprintf("user%02d", i)
		id, err := p.sim.Tenant(graphsim.DefaultTenant).Add("user", graphsim.Values{
			"accountEnabled": true, "displayName": name, "mailNickname": name, "userPrincipalName": name + "@contoso.com", "userType": "Member",
		})
		if err != nil {
			t.Fatal(err)
		}
		p.users = append(p.users, id)
	}
	ended := make(chan struct{})
	graph := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch p.trouble.Load() {
		case failing:
			p.asked.Add(1)
			w.WriteHeader(http.StatusServiceUnavailable)
		case hanging:
			select {
			case <-r.Context().Done():
			case <-ended:
			}
		default:
			p.sim.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(graph.Close)
	t.Cleanup(func() { close(ended) })
	c := demoConfig(DemoOptions{}, graph.URL, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: graph.Certificate().Raw}))
	c.Graph = config.Default().Graph
	change(&c)
	ctx := zerolog.New(zerolog.SyncWriter(&p.log)).WithContext(t.Context())
	var err error
	if p.handler, p.registry, err = newHandler(ctx, c, ""); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *paced) get(path string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(p.t.Context(), http.MethodGet, path, nil)
	r.Header.Set("Authorization", "Bearer "+demoToken)
	answer := httptest.NewRecorder()
	p.handler.ServeHTTP(answer, r)
	return answer
}

// retryAfter is the header of an answer that refuses, in seconds.
func (p *paced) retryAfter(answer *httptest.ResponseRecorder) int {
	p.t.Helper()
	seconds, err := strconv.Atoi(answer.Header().Get("Retry-After"))
	if err != nil || seconds < 1 || !strings.Contains(answer.Body.String(), "urn:ietf:params:scim:api:messages:2.0:Error") {
		p.t.Errorf("%d, Retry-After %q: %s", answer.Code, answer.Header().Get("Retry-After"), answer.Body)
	}
	return seconds
}

// A client who wants more than the budget has, and cannot wait, is told when to come
// back; Graph is not asked. Writes are not done in part, and readiness is not lost.
func TestBudgetIsSpent(t *testing.T) {
	t.Parallel()
	p := newPaced(t, func(c *config.Config) {
		c.Limits.Timeout = 3 * time.Second
		if err := c.Graph.Pacing.UnmarshalText([]byte("100")); err != nil {
			t.Fatal(err)
		}
	})
	var refused *httptest.ResponseRecorder
	for i := 0; i < 400 && refused == nil; i++ {
		answer := p.get("/scim/v2/Users/" + p.users[i%len(p.users)])
		switch answer.Code {
		case http.StatusOK:
		case http.StatusTooManyRequests:
			refused = answer
		default:
			t.Fatalf("%d: %s", answer.Code, answer.Body)
		}
	}
	if refused == nil {
		t.Fatal("nothing was refused")
	}
	if seconds := p.retryAfter(refused); seconds > 11 {
		t.Errorf("Retry-After %d", seconds)
	}
	if s := p.sim.Stats(); s.ResourceUnits > 100 || s.Throttled > 0 {
		t.Errorf("Graph counted %d units, and throttled %d", s.ResourceUnits, s.Throttled)
	}
	if answer := p.get("/readyz"); answer.Code != http.StatusOK {
		t.Errorf("readyz: %d", answer.Code)
	}
	if s := p.sim.Stats(); s.ResourceUnits > 100 {
		t.Errorf("Graph counted %d units", s.ResourceUnits)
	}
}

// A directory that fails is not asked any more for a moment: requests are answered 503
// with Retry-After. /readyz does not wait for one that then hangs, and the gateway is
// ready again by itself when it answers.
func TestDirectoryIsDown(t *testing.T) {
	t.Parallel()
	p := newPaced(t, func(*config.Config) {})
	if err := p.registry.ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.trouble.Store(failing)
	var all sync.WaitGroup
	for _, id := range p.users {
		all.Go(func() {
			answer := p.get("/scim/v2/Users/" + id)
			if answer.Code != http.StatusServiceUnavailable {
				t.Errorf("%d: %s", answer.Code, answer.Body)
			}
			p.retryAfter(answer)
		})
	}
	all.Wait()
	if asked := p.asked.Load(); asked > 60 { // 20 calls and their retries are 100
		t.Errorf("Graph was asked %d times", asked)
	}
	if !strings.Contains(p.log.String(), `"breaker":"open"`) {
		t.Errorf("the log does not tell: %s", &p.log)
	}
	p.trouble.Store(hanging)
	begun := time.Now()
	if answer := p.get("/readyz"); answer.Code != http.StatusServiceUnavailable {
		t.Errorf("readyz: %d", answer.Code)
	}
	if took := time.Since(begun); took > 3*time.Second { // it would wait for 5
		t.Errorf("readyz took %v", took)
	}
	p.trouble.Store(well)
	p.recovers()
}

func (p *paced) recovers() {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), time.Minute)
	defer cancel()
	for p.registry.ready(ctx) != nil {
		if ctx.Err() != nil {
			p.t.Fatal("the gateway is not ready again")
		}
		time.Sleep(20 * time.Millisecond)
	}
	if answer := p.get("/scim/v2/Users/" + p.users[0]); answer.Code != http.StatusOK {
		p.t.Errorf("%d: %s", answer.Code, answer.Body)
	}
}
