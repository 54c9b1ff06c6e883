package login_test

import (
	"context"
	"crypto"
	"crypto/x509"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"        //nolint:depguard // the client that the gateway signs in with
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"  //nolint:depguard // the client that the gateway signs in with
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy" //nolint:depguard // the client that the gateway signs in with
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"    //nolint:depguard // the client that the gateway signs in with
)

// The client that the gateway uses accepts the service as a login service.
func TestAzidentity(t *testing.T) {
	t.Parallel()
	p := start(t)
	o := azcore.ClientOptions{
		Cloud:     cloud.Configuration{ActiveDirectoryAuthorityHost: p.URL},
		Transport: p.Client(),
		Retry:     policy.RetryOptions{MaxRetries: -1},
	}
	bySecret, err := azidentity.NewClientSecretCredential(tenantID, appID, secret,
		&azidentity.ClientSecretCredentialOptions{ClientOptions: o, DisableInstanceDiscovery: true})
	if err != nil {
		t.Fatal(err)
	}
	byCertificate, err := azidentity.NewClientCertificateCredential(tenantID, appID,
		[]*x509.Certificate{p.cert}, crypto.PrivateKey(testKey()),
		&azidentity.ClientCertificateCredentialOptions{ClientOptions: o, DisableInstanceDiscovery: true})
	if err != nil {
		t.Fatal(err)
	}
	byAssertion, err := azidentity.NewClientAssertionCredential(tenantID, appID,
		func(context.Context) (string, error) { return p.external(t, nil), nil },
		&azidentity.ClientAssertionCredentialOptions{ClientOptions: o, DisableInstanceDiscovery: true})
	if err != nil {
		t.Fatal(err)
	}
	byWrong, err := azidentity.NewClientSecretCredential(tenantID, appID, "wrong",
		&azidentity.ClientSecretCredentialOptions{ClientOptions: o, DisableInstanceDiscovery: true})
	if err != nil {
		t.Fatal(err)
	}
	scopes := policy.TokenRequestOptions{Scopes: []string{p.URL + "/.default"}}
	for name, credential := range map[string]azcore.TokenCredential{
		"secret": bySecret, "certificate": byCertificate, "client assertion": byAssertion,
	} {
		token, err := credential.GetToken(t.Context(), scopes)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if who, err := p.authenticate("Bearer " + token.Token); err != nil || who.AppID != appID {
			t.Errorf("%s: %+v %v", name, who, err)
		}
	}
	if _, err := byWrong.GetToken(t.Context(), scopes); err == nil || !strings.Contains(err.Error(), "AADSTS7000215") {
		t.Errorf("wrong secret: %v", err)
	}
}
