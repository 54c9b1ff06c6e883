package graph

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// renewal is how long before its end a token is no longer used, as in the SDK.
const renewal = 5 * time.Minute

// tokens gives the access tokens of a credential, all for one scope, and can be told
// that they are no longer taken. The credential caches them, but takes long to look;
// a new credential starts without.
type tokens struct {
	open func() (azcore.TokenCredential, error)
	now  func() time.Time

	mu      sync.Mutex
	current azcore.TokenCredential
	held    azcore.AccessToken // of current
}

func newTokens(now func() time.Time, open func() (azcore.TokenCredential, error)) (*tokens, error) {
	current, err := open()
	if err != nil {
		return nil, fmt.Errorf("credential: %w", err)
	}
	return &tokens{open: open, now: now, current: current}, nil
}

// GetToken implements azcore.TokenCredential.
func (t *tokens) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	t.mu.Lock()
	current, held := t.current, t.held
	t.mu.Unlock()
	if o.Claims == "" && t.lasts(held) {
		return held, nil
	}
	token, err := current.GetToken(ctx, o)
	if err != nil {
		return azcore.AccessToken{}, newSignInError(err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.current == current {
		t.held = token
	}
	return token, nil
}

// lasts tells whether the credential need not be asked for another token yet.
func (t *tokens) lasts(token azcore.AccessToken) bool {
	now := t.now()
	return token.Token != "" && now.Add(renewal).Before(token.ExpiresOn) && (token.RefreshOn.IsZero() || now.Before(token.RefreshOn))
}

func (t *tokens) credential() azcore.TokenCredential {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.current
}

// renew forgets the tokens of used, which Graph refused. When another request did
// so already there is nothing to do.
func (t *tokens) renew(used azcore.TokenCredential) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.current != used {
		return nil
	}
	fresh, err := t.open()
	if err != nil {
		return fmt.Errorf("credential: %w", err)
	}
	t.current, t.held = fresh, azcore.AccessToken{}
	return nil
}

// A signInError says why no token was to be had. It holds what the login service
// said of itself, never what was sent to it.
type signInError struct {
	status int // of the login service's answer; 0: it did not answer
	text   string
}

// aadsts finds the login service's own sentence in a failure.
var aadsts = regexp.MustCompile(`AADSTS\d+[^"\\\r\n]*`)

func newSignInError(err error) *signInError {
	e := &signInError{text: clip(err.Error())}
	var failed *azidentity.AuthenticationFailedError
	if errors.As(err, &failed) && failed.RawResponse != nil {
		e.status = failed.RawResponse.StatusCode
	}
	if said := aadsts.FindString(err.Error()); said != "" {
		e.text = clip(said)
	}
	return e
}

// Error tells the login service's status and sentence.
func (e *signInError) Error() string {
	if e.status == 0 {
		return "sign-in failed: " + e.text
	}
	return fmt.Sprintf("sign-in refused with %d: %s", e.status, e.text)
}

// passing tells whether a later try may succeed.
func (e *signInError) passing() bool {
	if e.status == 0 {
		return !strings.Contains(e.text, "x509:") // an untrusted certificate stays one
	}
	return e.status == http.StatusTooManyRequests || e.status >= http.StatusInternalServerError
}
