package auth_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"entrascim/internal/auth"
	"entrascim/internal/fault"
	"entrascim/internal/tenant"
)

// from is a request from the address.
func from(address string, r *http.Request) *http.Request {
	r.RemoteAddr = address
	return r
}

// guess sends n tokens that nobody has.
func guess(known *auth.Authenticator, address string, n int) (err error) {
	for i := range n {
		_, err = known.Authenticate(from(address, request(fmt.Sprintf("Bearer guess-%d", i))))
	}
	return err
}

// An address that guesses is refused before its credential is looked at, and let in
// again by and by.
func TestGuessing(t *testing.T) {
	t.Parallel()
	clock := newClock()
	known := auth.New(auth.Options{Now: clock.Now}, client("iga", tenant.Bearer, &tenant.Tenant{}, []string{"token-of-iga"}))
	const address = "192.0.2.1:1"
	if err := guess(known, address, 20); !fault.Is(err, fault.Unauthenticated) {
		t.Fatalf("the 20th guess: %v", err)
	}
	_, err := known.Authenticate(from(address, request("Bearer token-of-iga")))
	if !fault.Is(err, fault.Throttled) || fault.From(err).RetryAfter != 3*time.Second {
		t.Fatalf("a good token was looked at: %v after %s", err, fault.From(err).RetryAfter)
	}
	if _, err := known.Authenticate(from(address, request())); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("without a credential: %v", err)
	}
	clock.move(2 * time.Second)
	if err := guess(known, address, 1); !fault.Is(err, fault.Throttled) || fault.From(err).RetryAfter != time.Second {
		t.Errorf("2 s later: %v", err)
	}
	clock.move(time.Second)
	if err := guess(known, address, 1); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("3 s later: %v", err)
	}
	if err := guess(known, address, 1); !fault.Is(err, fault.Throttled) {
		t.Errorf("once more: %v", err)
	}
	clock.move(time.Minute)
	if err := guess(known, address, 20); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("a minute later: %v", err)
	}
	if err := guess(known.With(), address, 1); !fault.Is(err, fault.Throttled) {
		t.Errorf("with other clients: %v", err)
	}
}

// Whoever guesses locks out nobody else: not from another address, and not those
// whose credentials were good from the same one.
func TestGuessingLocksNobodyOut(t *testing.T) {
	t.Parallel()
	clock, one := newClock(), &tenant.Tenant{Name: "a"}
	known := auth.New(auth.Options{Now: clock.Now, URL: here},
		client("iga", tenant.Bearer, one, []string{"token-of-iga"}), client("shell", tenant.Bearer, one, []string{"token-of-shell"}),
		client("script", tenant.Basic, one, []string{"password-of-script"}), oauthClient(one))
	const address = "[2001:db8:0:1::1]:1"
	token := func() (string, error) {
		g, err := known.Grant(from(address, asking(form)))
		return "Bearer " + g.Token, err
	}
	first, err := token()
	if err != nil {
		t.Fatal(err)
	}
	good := []string{"Bearer token-of-iga", basic("id-of-script", "password-of-script"), first}
	for _, header := range good {
		if _, err := known.Authenticate(from(address, request(header))); err != nil {
			t.Fatal(err)
		}
	}
	_ = guess(known, "[2001:db8:0:1:ffff::2]:7", 30) // of the same /64
	for _, header := range good {
		if _, err := known.Authenticate(from(address, request(header))); err != nil {
			t.Errorf("%.12s, known from there: %v", header, err)
		}
	}
	for range 3 { // each with another token
		clock.move(10 * time.Minute)
		_ = guess(known, "[2001:db8:0:1:ffff::2]:7", 30)
		next, err := token()
		if err != nil {
			t.Fatalf("a known client gets no token: %v", err)
		}
		if _, err := known.Authenticate(from(address, request(next))); err != nil {
			t.Errorf("the next token of a known client: %v", err)
		}
	}
	for name, header := range map[string]string{"not known from there": "Bearer token-of-shell", "a wrong password": basic("id-of-script", "x"), "another user": basic("id-of-oauth", "password-of-script")} {
		if _, err := known.Authenticate(from(address, request(header))); !fault.Is(err, fault.Throttled) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := known.Grant(from(address, asking(form+"x"))); !fault.Is(err, fault.Throttled) {
		t.Errorf("a wrong client secret: %v", err)
	}
	for _, address := range []string{"[2001:db8:0:2::1]:1", "192.0.2.1:1", "@"} {
		if _, err := known.Authenticate(from(address, request("Bearer token-of-shell"))); err != nil {
			t.Errorf("from %s: %v", address, err)
		}
	}
}

// A token that was good and is not any more is looked at, counts, and is no way in.
func TestKnownNoMore(t *testing.T) {
	t.Parallel()
	one := &tenant.Tenant{}
	known := auth.New(auth.Options{Now: newClock().Now}, client("iga", tenant.Bearer, one, []string{"token-of-iga"}))
	if _, err := known.Authenticate(request("Bearer token-of-iga")); err != nil {
		t.Fatal(err)
	}
	known = known.With()
	for range 40 {
		if _, err := known.Authenticate(request("Bearer token-of-iga")); !fault.Is(err, fault.Unauthenticated) {
			t.Fatal(err)
		}
	}
	if err := guess(known, "192.0.2.1:1", 1); !fault.Is(err, fault.Throttled) {
		t.Errorf("it did not count: %v", err)
	}
}
