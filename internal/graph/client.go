package graph

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	absauth "github.com/microsoft/kiota-abstractions-go/authentication"
	azauth "github.com/microsoft/kiota-authentication-azure-go"
	khttp "github.com/microsoft/kiota-http-go"
	core "github.com/microsoftgraph/msgraph-sdk-go-core"

	"entrascim/internal/graph/pace"
)

// A Client is one tenant's directory. It is safe for concurrent use.
type Client struct {
	options   Options
	base      *url.URL
	tokens    *tokens
	adapter   *core.GraphRequestAdapterBase
	kept      *http.Client // reuses connections
	fresh     *http.Client // opens a connection for each request
	owned     bool         // the transport is the client's own
	userAgent []string
	buffers   sync.Pool // of *bytes.Buffer, for answers to reads
	flights   flights
	pacer     *pace.Pacer
}

// New makes the client of one tenant. It does not sign in: the first request does.
func New(o Options) (*Client, error) {
	owned := o.Transport == nil
	o = o.withDefaults()
	base, err := parseBase(o.BaseURL)
	if err != nil {
		return nil, err
	}
	signIn, err := newTokens(o.Now, func() (azcore.TokenCredential, error) {
		return o.Credential.open(o.Transport, LoginFor(o.BaseURL))
	})
	if err != nil {
		return nil, err
	}
	c := &Client{owned: owned, options: o, base: base, tokens: signIn, userAgent: []string{o.UserAgent}, kept: newHTTPClient(o.Transport)}
	c.fresh = newHTTPClient(unkept(o.Transport))
	c.pacer = o.Apps.Pacer(pace.Options{
		ClientID: o.Credential.ClientID, Directory: o.Credential.TenantID, Host: base.Host, Pacing: o.Pacing, Now: o.Now, Sleep: o.Sleep,
	})
	authentication, err := newAuthentication(signIn, base)
	if err != nil {
		return nil, err
	}
	c.adapter, err = core.NewGraphRequestAdapterBaseWithParseNodeFactoryAndSerializationWriterFactoryAndHttpClient(
		authentication, core.GraphClientOptions{}, nil, nil, c.kept)
	if err != nil {
		return nil, fmt.Errorf("request adapter: %w", err)
	}
	c.adapter.SetBaseUrl(base.String())
	return c, nil
}

// newAuthentication puts tokens for the Graph host on requests to that host only.
func newAuthentication(t *tokens, base *url.URL) (absauth.AuthenticationProvider, error) {
	provider, err := azauth.NewAzureIdentityAccessTokenProviderWithScopesAndValidHostsAndObservabilityOptionsAndIsCaeEnabled(
		t, []string{base.Scheme + "://" + base.Host + "/.default"}, []string{base.Hostname()}, azauth.ObservabilityOptions{}, false)
	if err != nil {
		return nil, fmt.Errorf("token provider: %w", err)
	}
	return absauth.NewBaseBearerTokenAuthenticationProvider(provider), nil
}

func parseBase(text string) (*url.URL, error) {
	base, err := url.Parse(strings.TrimSuffix(text, "/"))
	if err != nil || base.Host == "" || base.Scheme != "https" || base.RawQuery != "" || base.Fragment != "" || base.User != nil {
		return nil, errors.New("base URL of Graph: must be an https URL without query, fragment and user")
	}
	return base, nil
}

// NewTransport makes the HTTP transport to Graph and the login service; roots are
// the certificate authorities to trust instead of the system's, nil: the system's.
// It may be shared by the clients of all tenants: it holds no token. An HTTP/2 connection
// that has gone dead is found out before many requests have been lost on it.
func NewTransport(roots *x509.CertPool) *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
		TLSHandshakeTimeout:   10 * time.Second,
		ForceAttemptHTTP2:     true,
		HTTP2:                 &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 10 * time.Second},
		MaxIdleConnsPerHost:   64,
		IdleConnTimeout:       90 * time.Second,
		ExpectContinueTimeout: time.Second,
	}
}

// unkept is the same transport opening a connection for each request.
func unkept(rt http.RoundTripper) http.RoundTripper {
	t, ok := rt.(*http.Transport)
	if !ok {
		return rt
	}
	t = t.Clone()
	t.DisableKeepAlives = true
	return t
}

// newHTTPClient is the SDK's middleware pipeline without its retry handler, which
// sleeps inside the call, and without its redirect handler: Graph's directory does
// not redirect, and a token is not carried to another host.
func newHTTPClient(rt http.RoundTripper) *http.Client {
	return &http.Client{
		CheckRedirect: noRedirect,
		Transport:     khttp.NewCustomTransportWithParentTransport(rt, core.NewGraphTelemetryHandler(&core.GraphClientOptions{})),
	}
}

func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Do sends one request and reads the answer whole, at most Options.MaxBody bytes.
// Every error is a *fault.Error, or wraps one; when Graph refused the request a
// *Refusal is in its chain. Throttling, failures of the directory and lost
// connections are retried first, and a request that Graph's limits leave no room for
// waits for its turn or is refused (fault.Throttled); see Options. Reads of the same at the same time share
// one request; see flights.
func (c *Client) Do(ctx context.Context, r Request) (*Response, error) {
	if o := c.operation(ctx); o != nil {
		return o.do(ctx, r)
	}
	return c.alone(ctx, r)
}

// alone is Do outside of Together.
func (c *Client) alone(ctx context.Context, r Request) (*Response, error) {
	k, err := build(c.base.String(), r)
	if err != nil {
		return nil, err
	}
	if k.reads {
		return c.readWhole(ctx, k)
	}
	if rehearsal := rehearsalOf(ctx); rehearsal != nil {
		return c.rehearse(ctx, rehearsal, k, r)
	}
	return c.exchange(ctx, k, new(bytes.Buffer), c.newBudget())
}

// Close closes idle connections of a transport that the client made itself.
func (c *Client) Close() {
	if t, ok := c.options.Transport.(*http.Transport); ok && c.owned {
		t.CloseIdleConnections()
	}
}
