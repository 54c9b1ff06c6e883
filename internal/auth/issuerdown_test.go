package auth_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"entrascim/internal/fault"
	"entrascim/internal/tenant"
)

// An issuer that is down is 503 to who needs it, and nothing to others; what is known
// of it is good for a day.
func TestIssuerDown(t *testing.T) {
	t.Parallel()
	w, clock := newWorld(t), newClock()
	one := &tenant.Tenant{Name: "a"}
	iga := client("iga", tenant.Bearer, one, []string{"token-of-iga"})
	broken := func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusInternalServerError) }
	w.answers(discovery, broken)
	known := w.trusting(clock, w.of("robot", one, "scim", nil), iga)
	day := w.token(t, start(), map[string]any{"exp": start().Add(1000 * time.Hour).Unix()})
	if got := who(known, day); got != "503" {
		t.Errorf("while it is down: %s", got)
	}
	_, err := known.Authenticate(request("Bearer " + day))
	if f := fault.From(err); f.Status() != http.StatusServiceUnavailable || f.RetryAfter != 10*time.Second || w.asked.Load() != 1 {
		t.Errorf("once more: %v, asked %d times", err, w.asked.Load())
	}
	if got := who(known, "token-of-iga"); got != "a/iga" {
		t.Errorf("another client: %s", got)
	}
	w.answers(discovery, nil)
	clock.move(10 * time.Second)
	if got := who(known, day); got != "a/robot" {
		t.Errorf("when it is back: %s", got)
	}
	w.answers(discovery, broken)
	clock.move(23 * time.Hour)
	if got := who(known, day); got != "a/robot" {
		t.Errorf("with the keys of yesterday: %s", got)
	}
	clock.move(2 * time.Hour)
	if got := who(known, day); got != "503" {
		t.Errorf("with the keys of the day before: %s", got)
	}
}

// Answers of an issuer that are too long, lead elsewhere, or are none.
func TestOddIssuers(t *testing.T) {
	t.Parallel()
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a key was asked for in the clear") }))
	t.Cleanup(plain.Close)
	text := func(s string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(s)) }
	}
	for name, test := range map[string]struct{ path, body, to string }{
		"no JSON":                {path: discovery, body: "<html>"},
		"too long":               {path: discovery, body: strings.Repeat(" ", 2<<20) + `{}`},
		"another issuer":         {path: discovery, body: `{"issuer":"https://evil.example","jwks_uri":"https://evil.example"}`},
		"no keys":                {path: discovery, body: `{"issuer":"ISSUER"}`},
		"keys in the clear":      {path: discovery, body: `{"issuer":"ISSUER","jwks_uri":"` + plain.URL + `"}`},
		"keys of a file":         {path: discovery, body: `{"issuer":"ISSUER","jwks_uri":"file:///etc/passwd"}`},
		"a redirect":             {path: discovery, to: plain.URL},
		"a redirect of the keys": {path: jwks, to: plain.URL},
		"keys that are none":     {path: jwks, body: `{"keys":7}`},
		"keys that are too long": {path: jwks, body: `{"keys":[` + strings.Repeat(" ", 2<<20) + `]}`},
	} {
		w := newWorld(t)
		h := text(strings.ReplaceAll(test.body, "ISSUER", w.URL))
		if test.to != "" {
			h = http.RedirectHandler(test.to, http.StatusFound).ServeHTTP
		}
		w.answers(test.path, h)
		if got := who(w.trusting(newClock(), w.of("robot", &tenant.Tenant{Name: "a"}, "scim", nil)), w.token(t, start(), nil)); got != "503" {
			t.Errorf("%s: %s", name, got)
		}
	}
	w := newWorld(t)
	w.answers(jwks, text(`{"keys":[]}`))
	if got := who(w.trusting(newClock(), w.of("robot", &tenant.Tenant{Name: "a"}, "scim", nil)), w.token(t, start(), nil)); got != "401" {
		t.Errorf("an empty list of keys: %s", got)
	}
}

// An issuer that hangs holds a few requests that need it, and nobody else.
func TestIssuerHangs(t *testing.T) {
	t.Parallel()
	w, one := newWorld(t), &tenant.Tenant{Name: "a"}
	release, waiting := make(chan struct{}), make(chan struct{}, 100)
	w.answers(discovery, func(http.ResponseWriter, *http.Request) {
		waiting <- struct{}{}
		<-release
		panic(http.ErrAbortHandler)
	})
	known := w.trusting(newClock(), w.of("robot", one, "scim", nil), client("iga", tenant.Bearer, one, []string{"token-of-iga"}))
	token := w.token(t, start(), nil)
	ctx, leave := context.WithCancel(t.Context())
	var all sync.WaitGroup
	results := make(chan string, 100)
	ask := func() {
		c, err := known.Authenticate(request("Bearer " + token).WithContext(ctx))
		results <- fmt.Sprint(c.Name, fault.From(err).Status())
	}
	all.Go(ask)
	<-waiting // it is being asked
	for range 50 {
		all.Go(ask)
	}
	for range 51 - 8 { // those that there is no place for do not wait
		if got := <-results; got != "503" {
			t.Errorf("a request too many: %s", got)
		}
	}
	for range 100 {
		if got := who(known, "token-of-iga"); got != "a/iga" {
			t.Fatalf("another client: %s", got)
		}
	}
	leave() // clients that go away are let go
	all.Wait()
	if n := w.asked.Load(); n != 1 {
		t.Errorf("asked %d times", n)
	}
	close(release)
}
