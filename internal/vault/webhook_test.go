package vault_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"entrascim/internal/vault"
)

// A receiver is a webhook of somebody who keeps to Standard Webhooks: it takes no
// request that is not signed or that is old.
type receiver struct {
	t   *testing.T
	key []byte

	mu     sync.Mutex
	status int    // answered instead of 204
	echo   bool   // the body is answered with, as a careless one does
	to     string // redirects there
	taken  []message
}

type message struct {
	id        string
	Type      string
	Timestamp time.Time
	Data      struct{ Tenant, ID, UserName, Password string }
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, _ := io.ReadAll(q.Body)
	id, stamp := q.Header.Get("Webhook-Id"), q.Header.Get("Webhook-Timestamp")
	mac := hmac.New(sha256.New, r.key)
	mac.Write([]byte(id + "." + stamp + "." + string(body)))
	signature := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	m := message{id: id}
	err := json.Unmarshal(body, &m, json.MatchCaseInsensitiveNames(true))
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case q.Method != http.MethodPost || id == "" || !hmac.Equal([]byte(signature), []byte(q.Header.Get("Webhook-Signature"))):
		w.WriteHeader(http.StatusUnauthorized)
		return
	case err != nil || q.Header.Get("Content-Type") != "application/json" || stamp == "" || m.Timestamp.IsZero():
		r.t.Errorf("a message that is none: %v %s", err, body)
	case r.to != "":
		http.Redirect(w, q, r.to, http.StatusTemporaryRedirect)
		return
	case r.status != 0:
		w.WriteHeader(r.status)
		if r.echo {
			_, _ = w.Write(body)
		}
		return
	}
	r.taken = append(r.taken, m)
	w.WriteHeader(http.StatusNoContent)
}

func (r *receiver) set(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

func (r *receiver) messages() []message {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]message(nil), r.taken...)
}

const hookKey = "a key of the webhook of the tests"

func newReceiver(t *testing.T) (*receiver, *vault.Webhook) {
	t.Helper()
	r := &receiver{t: t, key: []byte(hookKey)}
	w, err := vault.NewWebhook("https://hook.example/in/a-secret-path?x=y", hookKey, serve(t, r, "hook.example"), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return r, w
}

var ada = vault.Password{Tenant: "acme", UserID: "11111111-2222-4333-8444-555555555555", UserName: "ada@contoso.com", Text: "s3cret-Passw0rd"}

func TestWebhook(t *testing.T) {
	t.Parallel()
	r, w := newReceiver(t)
	if err := w.Check(t.Context(), ada); err != nil {
		t.Fatal(err)
	}
	again := ada
	again.Reset = true
	for _, p := range []vault.Password{ada, ada, again} {
		if answer, err := w.Deliver(t.Context(), p); answer != "" || err != nil {
			t.Fatal(answer, err)
		}
	}
	got := r.messages()
	if len(got) != 4 || got[0].Type != "ping" || got[0].Data.Password != "" || got[0].Data.Tenant != "acme" {
		t.Fatalf("%+v", got)
	}
	first := got[1]
	if first.Type != "password.created" || first.Data.Password != "s3cret-Passw0rd" || first.Data.ID != ada.UserID || first.Data.UserName != ada.UserName || got[3].Type != "password.reset" {
		t.Errorf("%+v", got)
	}
	if first.id != got[2].id || got[0].id == first.id {
		t.Error("a message that is sent again has the id of the first, and no other")
	}
}

// What a webhook answers, and where it is, is not told; a redirect is not followed.
func TestWebhookRefuses(t *testing.T) {
	t.Parallel()
	r, w := newReceiver(t)
	r.echo = true
	for _, status := range []int{400, 401, 403, 404, 410, 429, 500, 503, 302} {
		r.set(status)
		for _, err := range []error{w.Check(t.Context(), ada), second(w.Deliver(t.Context(), ada))} {
			wantQuiet(t, err)
		}
	}
	r.set(0)
	r.to = "https://hook.example/elsewhere"
	if err := second(w.Deliver(t.Context(), ada)); err == nil || !strings.Contains(err.Error(), "redirects") {
		t.Errorf("a redirect: %v", err)
	}
	r.to, r.key = "", []byte("another key")
	if err := w.Check(t.Context(), ada); err == nil || !strings.Contains(err.Error(), "passwords.secret") {
		t.Errorf("another key: %v", err)
	}
	if got := r.messages(); len(got) != 0 {
		t.Errorf("taken: %v", got)
	}
	untrusted, err := vault.NewWebhook("https://other.example", hookKey, serve(t, r, "hook.example"), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if err := untrusted.Check(t.Context(), ada); err == nil || !strings.Contains(err.Error(), "not trusted") {
		t.Errorf("another host: %v", err)
	}
	gone, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	wantQuiet(t, w.Check(gone, ada))
}

func second(_ string, err error) error { return err }

// wantQuiet wants an error that tells no password, no secret and no path of a URL.
func wantQuiet(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		t.Error("no error")
		return
	}
	for _, secret := range []string{string(ada.Text), "a-secret-path", hookKey} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("tells %q: %v", secret, err)
		}
	}
}
