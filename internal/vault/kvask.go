package vault

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
)

// takenError says that the place is not as a write wants it (check-and-set).
type takenError struct{ refusal }

// ask sends a request with the token. One that is no longer known is got anew, once.
func (k *KV) ask(ctx context.Context, path string, body any) ([]byte, error) {
	for again := false; ; again = true {
		token, err := k.token(ctx)
		if err != nil {
			return nil, err
		}
		code, answer, err := post(ctx, k.http, k.o.URL+"/v1/"+path, body, k.header(token))
		switch {
		case err != nil:
			return nil, err
		case code == http.StatusForbidden && k.o.Token == "" && !again:
			k.login.drop(token)
			continue
		case code == http.StatusBadRequest && mentions(answer, "check-and-set"):
			return nil, &takenError{refusal{"has something at the user's place already, or wants every write to name a version (cas_required)"}}
		}
		return answer, k.status(code)
	}
}

func (k *KV) status(code int) error {
	switch code {
	case http.StatusNotFound:
		return refused("has nothing at passwords.mount (404): it must be a key-value store of version 2")
	case http.StatusServiceUnavailable:
		return errors.New("is sealed or starting (503)")
	}
	return status(code, "passwords.secret must be good, and its policy let it write")
}

// mentions tells whether one of the errors that a server answered is about something.
func mentions(answer []byte, what string) bool {
	var said struct {
		Errors []string `json:"errors"`
	}
	return json.Unmarshal(answer, &said) == nil && strings.Contains(strings.Join(said.Errors, "\n"), what)
}

func (k *KV) header(token string) http.Header {
	h := http.Header{}
	h.Set("X-Vault-Request", "true")
	if token != "" {
		h.Set("X-Vault-Token", token)
	}
	if k.o.Namespace != "" {
		h.Set("X-Vault-Namespace", k.o.Namespace)
	}
	return h
}

func (k *KV) token(ctx context.Context) (string, error) {
	if k.o.Token != "" {
		return k.o.Token, nil
	}
	return k.login.token(ctx)
}

// signIn gets a token by AppRole (https://openbao.org/api-docs/auth/approle).
func (k *KV) signIn(ctx context.Context) (string, time.Duration, error) {
	body := map[string]string{"role_id": k.o.RoleID, "secret_id": k.o.SecretID}
	code, answer, err := post(ctx, k.http, k.o.URL+"/v1/auth/"+k.o.AppRole+"/login", body, k.header(""))
	switch {
	case err != nil:
		return "", 0, err
	case code == http.StatusBadRequest, code == http.StatusForbidden, code == http.StatusNotFound:
		return "", 0, refused("does not know the role (%d): passwords.roleID, passwords.secret and passwords.appRole must be good", code)
	case code != http.StatusOK:
		return "", 0, k.status(code)
	}
	var said struct {
		Auth struct {
			ClientToken   string `json:"client_token"`
			LeaseDuration int    `json:"lease_duration"`
		} `json:"auth"`
	}
	if json.Unmarshal(answer, &said) != nil || said.Auth.ClientToken == "" {
		return "", 0, errors.New("answered what is not understood")
	}
	return said.Auth.ClientToken, time.Duration(said.Auth.LeaseDuration) * time.Second, nil
}

// A lease is a token and how long it is good.
type lease struct {
	now func() time.Time
	get func(context.Context) (token string, life time.Duration, err error)

	mu    sync.Mutex
	held  string
	until time.Time // zero: for good
}

func (l *lease) token(ctx context.Context) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held != "" && (l.until.IsZero() || l.now().Before(l.until)) {
		return l.held, nil
	}
	token, life, err := l.get(ctx)
	if err != nil {
		return "", err
	}
	l.held, l.until = token, time.Time{}
	if life > 0 {
		l.until = l.now().Add(life * 9 / 10) // before it ends
	}
	return token, nil
}

// drop forgets a token that is not known any more.
func (l *lease) drop(token string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held == token {
		l.held = ""
	}
}
