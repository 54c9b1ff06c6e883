package vault

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
)

// A Webhook is a program of the tenant that is sent each password, signed as Standard
// Webhooks has it (https://www.standardwebhooks.com, version 1.0.0). An answer of 2xx
// says that it has taken the password.
type Webhook struct {
	url  string
	host string
	key  []byte
	http *http.Client
	now  func() time.Time
}

// minKey is the least length of the key, in bytes.
const minKey = 16

// NewWebhook makes the sink. The secret is "whsec_" and the key in base64, or the key as
// it is.
func NewWebhook(to, secret string, rt http.RoundTripper, now func() time.Time) (*Webhook, error) {
	u, err := parseHTTPS(to)
	if err != nil {
		return nil, err
	}
	key := []byte(secret)
	if coded, ok := strings.CutPrefix(secret, "whsec_"); ok {
		if key, err = base64.StdEncoding.DecodeString(coded); err != nil {
			return nil, mistake("secret", "must have base64 after whsec_")
		}
	}
	if len(key) < minKey {
		return nil, mistake("secret", "must be a key of at least %d bytes", minKey)
	}
	return &Webhook{url: to, host: u.Host, key: key, http: newHTTP(rt), now: now}, nil
}

func parseHTTPS(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "" {
		return nil, mistake("url", "must be an https URL")
	}
	return u, nil
}

// Name implements Sink. It tells no more of the URL than the host: the rest may be a
// secret.
func (w *Webhook) Name() string { return "The webhook at " + w.host }

// Check sends an event without a password.
func (w *Webhook) Check(ctx context.Context, p Password) error {
	return w.send(ctx, uuid.NewString(), "ping", map[string]any{"tenant": p.Tenant})
}

// Deliver sends the password. All tries of one have the same webhook-id, by which a
// receiver knows it.
func (w *Webhook) Deliver(ctx context.Context, p Password) (string, error) {
	kind := "password.created"
	if p.Reset {
		kind = "password.reset"
	}
	return "", w.send(ctx, w.id(p), kind, map[string]any{
		"tenant": p.Tenant, "id": p.UserID, "userName": p.UserName, "password": string(p.Text),
	})
}

// id tells nothing of the password to who does not have the key.
func (w *Webhook) id(p Password) string {
	return "msg_" + base64.RawURLEncoding.EncodeToString(w.sum("id\x00" + p.UserID + "\x00" + string(p.Text))[:18])
}

func (w *Webhook) sum(text string) []byte {
	mac := hmac.New(sha256.New, w.key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

func (w *Webhook) send(ctx context.Context, id, kind string, data map[string]any) error {
	now := w.now()
	body, err := json.Marshal(map[string]any{"type": kind, "timestamp": now.UTC().Format(time.RFC3339), "data": data}, json.Deterministic(true))
	if err != nil {
		return refused("cannot be told of this user")
	}
	stamp := strconv.FormatInt(now.Unix(), 10)
	header := http.Header{}
	header.Set("Webhook-Id", id)
	header.Set("Webhook-Timestamp", stamp)
	header.Set("Webhook-Signature", "v1,"+base64.StdEncoding.EncodeToString(w.sum(id+"."+stamp+"."+string(body))))
	code, _, err := post(ctx, w.http, w.url, body, header)
	if err != nil {
		return err
	}
	return status(code, "it must take requests that are signed with passwords.secret")
}
