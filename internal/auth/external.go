package auth

import (
	"errors"
	"io"
	"net/http"
	"slices"

	"github.com/rs/zerolog"

	"entrascim/internal/fault"
)

// httpsOnly asks nobody in the clear, and takes no more than maxIssuerBody.
type httpsOnly struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (t httpsOnly) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" {
		return nil, errors.New("an issuer and its keys must be at an https URL")
	}
	answer, err := t.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	answer.Body = limited{io.LimitReader(answer.Body, maxIssuerBody), answer.Body}
	return answer, nil
}

type limited struct {
	io.Reader
	io.Closer
}

// external finds the client that a token of the issuer is good for. Two that it is
// good for get nothing: who is asked for must not be left to chance.
func (a *Authenticator) external(r *http.Request, i *issuer, given credential) (Client, error) {
	said, err := i.verify(r.Context(), given)
	if errors.Is(err, errAway) {
		f := fault.Wrap(err, fault.Unavailable, "The issuer of this token cannot be asked for its keys.")
		f.RetryAfter = askAgain
		return Client{}, f
	}
	if err != nil {
		return Client{}, unknown(err)
	}
	found := a.clients.tokens[i.url].match(said.audiences, said.claims)
	switch len(found) {
	case 0:
		return Client{}, unknown(nil)
	case 1:
		return *found[0], nil
	}
	var names []string
	for _, c := range found {
		names = append(names, c.Tenant.Name+"/"+c.Name)
	}
	slices.Sort(names)
	zerolog.Ctx(r.Context()).Warn().Str("issuer", i.url).Strs("clients", names).Msg("a token of the issuer is good for several clients, and so for none")
	return Client{}, unknown(nil)
}
