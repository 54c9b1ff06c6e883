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
	"github.com/rs/zerolog"

	"entrascim/internal/fault"
)

const (
	// renewAhead is how long before its end a token is replaced, unless the login service
	// names a time: often enough that the service may be away for minutes unnoticed.
	renewAhead = 10 * time.Minute
	// renewTimeout bounds one try to replace a token that is still good, and renewPause is
	// what lies between two of them.
	renewTimeout = 30 * time.Second
	renewPause   = time.Minute
	// leastLeft is what a token must be good for to be sent with a request.
	leastLeft = 30 * time.Second
)

// tokens gives the access tokens of a credential and can be told that they are no
// longer taken. A token is got when it is first needed; near its end it is replaced
// while requests go on with it. A new credential starts without any.
type tokens struct {
	open func() (azcore.TokenCredential, error)
	now  func() time.Time

	mu       sync.Mutex
	current  azcore.TokenCredential
	held     azcore.AccessToken // of current; its times are of our clock
	renewing bool
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
	held, used := t.get(ctx, o)
	if held.Token != "" && o.Claims == "" {
		return held, nil
	}
	token, err := used.GetToken(ctx, o)
	if err != nil {
		return azcore.AccessToken{}, newSignInError(err)
	}
	return t.keep(used, used, token), nil
}

// get is the token that is good still, if there is one, and the credential. It begins
// to replace the token when that is due.
func (t *tokens) get(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, azcore.TokenCredential) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	if !now.Add(leastLeft).Before(t.held.ExpiresOn) {
		if fresh, err := t.open(); t.held.Token != "" && err == nil { // current may think otherwise of the time
			t.current, t.held = fresh, azcore.AccessToken{}
		}
		return azcore.AccessToken{}, t.current
	}
	if !t.renewing && !now.Before(t.held.RefreshOn) {
		t.renewing = true
		go t.replace(context.WithoutCancel(ctx), o, t.current)
	}
	return t.held, t.current
}

// replace gets a token by another credential of the same kind, which has none that it
// could give instead.
func (t *tokens) replace(ctx context.Context, o policy.TokenRequestOptions, used azcore.TokenCredential) {
	ctx, cancel := context.WithTimeout(ctx, renewTimeout)
	defer cancel()
	fresh, err := t.open()
	var token azcore.AccessToken
	if err == nil {
		token, err = fresh.GetToken(ctx, o)
	}
	if err == nil {
		t.keep(used, fresh, token)
	} else {
		zerolog.Ctx(ctx).Warn().Err(newSignInError(err)).Msg("the directory's token was not replaced ahead of its end")
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.renewing = false
	if pause := t.now().Add(renewPause); t.held.RefreshOn.Before(pause) { // it failed, or the token is no newer
		t.held.RefreshOn = pause
	}
}

// keep puts the token of the credential fresh in the place of used's, unless that has
// another one already. It gives the token with its times as our clock has them.
func (t *tokens) keep(used, fresh azcore.TokenCredential, token azcore.AccessToken) azcore.AccessToken {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	life := time.Until(token.ExpiresOn)
	renew := max(life-renewAhead, life/2)
	if !token.RefreshOn.IsZero() {
		renew = min(renew, time.Until(token.RefreshOn))
	}
	token.ExpiresOn, token.RefreshOn = now.Add(life), now.Add(renew)
	if t.current == used {
		t.current, t.held = fresh, token
	}
	return token
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
	e := &signInError{text: fault.Clip(err.Error())}
	var failed *azidentity.AuthenticationFailedError
	if errors.As(err, &failed) && failed.RawResponse != nil {
		e.status = failed.RawResponse.StatusCode
	}
	if said := aadsts.FindString(err.Error()); said != "" {
		e.text = fault.Clip(said)
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
