package graph

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"
)

// A testClock is the time that a test decides.
type testClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *testClock) read() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *testClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// bearers are the tokens that Graph was sent, in order.
func (s *server) bearers() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for _, h := range s.header {
		all = append(all, h.Get("Authorization"))
	}
	return all
}

// Near its end a token is replaced while requests go on with it: they wait for no login
// service, and do not fail with it.
func TestTokenReplacedAhead(t *testing.T) {
	t.Parallel()
	s := newServer(t, status(200, `{}`))
	asked, answered := make(chan int), make(chan int)
	n := 0
	s.login = func(w http.ResponseWriter, _ *http.Request) {
		n++
		asked <- n
		if status := <-answered; status != http.StatusOK {
			answer(w, status, `{}`)
			return
		}
		answer(w, http.StatusOK, fmt.Sprintf(`{"token_type":"Bearer","expires_in":3599,"access_token":"token-%d"}`, n))
	}
	clock := &testClock{now: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)}
	c := s.client(t, func(o *Options) { o.Now = clock.read })
	do := func() {
		t.Helper()
		if _, err := c.Do(t.Context(), user("GET")); err != nil {
			t.Fatal(err)
		}
	}
	settled := func() { // no replacement is under way
		t.Helper()
		until(t, func() bool {
			c.tokens.mu.Lock()
			defer c.tokens.mu.Unlock()
			return !c.tokens.renewing
		})
	}
	go func() { <-asked; answered <- http.StatusOK }()
	do()
	clock.advance(48 * time.Minute)
	do() // it is not due yet: nobody takes what the login service would be asked
	clock.advance(3 * time.Minute)
	do()
	<-asked
	do() // while the login service hangs
	answered <- http.StatusServiceUnavailable
	settled()
	do() // it failed: it is not asked again at once
	clock.advance(renewPause + time.Second)
	do()
	<-asked
	answered <- http.StatusOK
	settled()
	do()
	want := []string{"token-1", "token-1", "token-1", "token-1", "token-1", "token-1", "token-3"}
	for i, got := range s.bearers() {
		if got != "Bearer "+want[i] {
			t.Errorf("request %d went with %q, want %s", i+1, got, want[i])
		}
	}
	if len(s.bearers()) != len(want) || s.tokens != 3 {
		t.Errorf("%d requests, the login service asked %d times", len(s.bearers()), s.tokens)
	}
}

// A token that has ended is not sent, and a new one waited for.
func TestTokenEnded(t *testing.T) {
	t.Parallel()
	s := newServer(t, status(200, `{}`))
	clock := &testClock{now: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)}
	c := s.client(t, func(o *Options) { o.Now = clock.read })
	for range 2 {
		if _, err := c.Do(t.Context(), user("GET")); err != nil {
			t.Fatal(err)
		}
		clock.advance(time.Hour)
	}
	if got := s.bearers(); len(got) != 2 || got[0] != "Bearer token-1" || got[1] != "Bearer token-2" {
		t.Errorf("requests went with %q", got)
	}
}
