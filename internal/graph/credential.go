package graph

import (
	"cmp"
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// A Credential is how the gateway proves to a directory which application it is.
// Exactly one of Secret, Certificate, FederatedTokenFile, FederatedIdentity and
// ManagedIdentity is set.
type Credential struct {
	TenantID  string // directory id or a verified domain
	ClientID  string // application id; with ManagedIdentity: of a user-assigned identity, "" for the system's
	Authority string // login host as URL; default: the one that belongs to the Graph host

	Secret              string `json:"-"`
	Certificate         []byte `json:"-"` // certificate and key, PEM or PKCS #12
	CertificatePassword string `json:"-"` // of the PKCS #12 file
	FederatedTokenFile  string // workload identity: read again whenever a token is needed
	// FederatedIdentity is the client id of a user-assigned managed identity of the
	// machine, which the application trusts: its token stands for a secret, in whichever
	// directory (https://learn.microsoft.com/entra/workload-id/workload-identity-federation-config-app-trust-managed-identity).
	FederatedIdentity string
	ManagedIdentity   bool
}

// open makes the azidentity credential. Its own retries are off: the client decides
// about sign-in failures as about any other.
func (c Credential) open(transport http.RoundTripper, login string) (azcore.TokenCredential, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	authority, err := url.Parse(cmp.Or(c.Authority, login))
	if err != nil || authority.Scheme != "https" || authority.Host == "" {
		return nil, errors.New("authority: must be an https URL; it has no default for a Graph host that is not Microsoft's")
	}
	options := azcore.ClientOptions{
		Cloud:     cloud.Configuration{ActiveDirectoryAuthorityHost: authority.String()},
		Retry:     policy.RetryOptions{MaxRetries: -1},
		Transport: &http.Client{Transport: transport, CheckRedirect: noRedirect},
	}
	return c.build(options, !microsoftLogin(authority))
}

// TokenCredential signs in as the application to other services of the cloud that the
// Graph base URL belongs to.
func (c Credential) TokenCredential(transport http.RoundTripper, baseURL string) (azcore.TokenCredential, error) {
	return c.open(transport, LoginFor(baseURL))
}

func (c Credential) build(options azcore.ClientOptions, undiscovered bool) (azcore.TokenCredential, error) {
	switch {
	case c.Secret != "":
		return azidentity.NewClientSecretCredential(c.TenantID, c.ClientID, c.Secret,
			&azidentity.ClientSecretCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: undiscovered})
	case len(c.Certificate) > 0:
		return c.certificate(options, undiscovered)
	case c.FederatedTokenFile != "":
		return azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
			ClientOptions: options, DisableInstanceDiscovery: undiscovered,
			TenantID: c.TenantID, ClientID: c.ClientID, TokenFilePath: c.FederatedTokenFile,
		})
	case c.FederatedIdentity != "":
		return c.federated(options, undiscovered)
	default:
		identity := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: options}
		if c.ClientID != "" {
			identity.ID = azidentity.ClientID(c.ClientID)
		}
		return azidentity.NewManagedIdentityCredential(identity)
	}
}

// federated signs in with the token of the managed identity.
func (c Credential) federated(options azcore.ClientOptions, undiscovered bool) (azcore.TokenCredential, error) {
	identity, err := azidentity.NewManagedIdentityCredential(&azidentity.ManagedIdentityCredentialOptions{
		ClientOptions: options, ID: azidentity.ClientID(c.FederatedIdentity),
	})
	if err != nil {
		return nil, err
	}
	ask := policy.TokenRequestOptions{Scopes: []string{exchangeAudience(options.Cloud.ActiveDirectoryAuthorityHost) + "/.default"}}
	assertion := func(ctx context.Context) (string, error) {
		token, err := identity.GetToken(ctx, ask)
		return token.Token, err
	}
	return azidentity.NewClientAssertionCredential(c.TenantID, c.ClientID, assertion,
		&azidentity.ClientAssertionCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: undiscovered})
}

// exchangeAudience is what a token must be for that stands for a secret, which each
// cloud calls its own way.
func exchangeAudience(authority string) string {
	switch {
	case strings.HasSuffix(strings.TrimSuffix(authority, "/"), ".us"):
		return "api://AzureADTokenExchangeUSGov"
	case strings.HasSuffix(strings.TrimSuffix(authority, "/"), ".cn"):
		return "api://AzureADTokenExchangeChina"
	}
	return "api://AzureADTokenExchange"
}

func (c Credential) certificate(options azcore.ClientOptions, undiscovered bool) (azcore.TokenCredential, error) {
	certs, key, err := parseCertificate(c.Certificate, c.CertificatePassword)
	if err != nil {
		return nil, err
	}
	return azidentity.NewClientCertificateCredential(c.TenantID, c.ClientID, certs, key,
		&azidentity.ClientCertificateCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: undiscovered})
}

func parseCertificate(text []byte, password string) ([]*x509.Certificate, crypto.PrivateKey, error) {
	var secret []byte
	if password != "" {
		secret = []byte(password)
	}
	certs, key, err := azidentity.ParseCertificates(text, secret)
	if err != nil {
		return nil, nil, fmt.Errorf("certificate: must be PEM with an unencrypted key, or PKCS #12 in its older form (openssl pkcs12 -legacy): %w", err)
	}
	return certs, key, nil
}

// CertificateEnds is when the certificate that belongs to the private key ends, of what
// Credential.Certificate holds.
func CertificateEnds(text []byte, password string) (time.Time, error) {
	certs, key, err := parseCertificate(text, password)
	if err != nil {
		return time.Time{}, err
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return time.Time{}, errors.New("certificate: its key cannot sign")
	}
	for _, c := range certs {
		if public, ok := c.PublicKey.(interface {
			Equal(other crypto.PublicKey) bool
		}); ok && public.Equal(signer.Public()) {
			return c.NotAfter, nil
		}
	}
	return time.Time{}, errors.New("certificate: none belongs to the private key")
}

func (c Credential) validate() error {
	kinds := 0
	for _, given := range []bool{c.Secret != "", len(c.Certificate) > 0, c.FederatedTokenFile != "", c.FederatedIdentity != "", c.ManagedIdentity} {
		if given {
			kinds++
		}
	}
	switch {
	case kinds != 1:
		return errors.New("exactly one of client secret, certificate, federated token file and managed identity must be given")
	case c.ManagedIdentity:
		return nil
	case c.TenantID == "":
		return errors.New("tenant id: missing")
	case c.ClientID == "":
		return errors.New("client id: missing")
	}
	return nil
}

// Format prints which application it is and how it proves that, never the proof.
func (c Credential) Format(f fmt.State, _ rune) {
	proof := "nothing"
	switch {
	case c.Secret != "":
		proof = "a secret"
	case len(c.Certificate) > 0:
		proof = "a certificate"
	case c.FederatedTokenFile != "":
		proof = "the assertion in " + c.FederatedTokenFile
	case c.FederatedIdentity != "":
		proof = "the managed identity " + c.FederatedIdentity
	case c.ManagedIdentity:
		proof = "a managed identity"
	}
	fmt.Fprintf(f, "application %q of tenant %q by %s", c.ClientID, c.TenantID, proof)
}
