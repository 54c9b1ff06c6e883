package vault

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
)

// A KeyVault is an Azure Key Vault, in which each user has a secret
// (https://learn.microsoft.com/rest/api/keyvault/secrets).
type KeyVault struct {
	host   string
	client *azsecrets.Client
	life   time.Duration
	now    func() time.Time

	mu    sync.Mutex
	probe string // the version of the secret that Check touches; "" not known
}

const (
	keyVaultPrefix = "entrascim-" // of the names of secrets
	keyVaultProbe  = "entrascim-probe"
	plainText      = "text/plain"
)

// NewKeyVault makes the sink. The credential signs in to the directory that the vault
// belongs to; with a life the secrets expire.
func NewKeyVault(to string, credential azcore.TokenCredential, life time.Duration, rt http.RoundTripper, now func() time.Time) (*KeyVault, error) {
	u, err := parseHTTPS(to)
	if err != nil {
		return nil, err
	}
	client, err := azsecrets.NewClient(to, credential, &azsecrets.ClientOptions{ClientOptions: azcore.ClientOptions{
		Retry: policy.RetryOptions{MaxRetries: -1}, Transport: newHTTP(rt),
	}})
	if err != nil {
		return nil, mistake("url", "is not the URL of a Key Vault")
	}
	return &KeyVault{host: u.Host, client: client, life: life, now: now}, nil
}

// Name implements Sink.
func (k *KeyVault) Name() string { return "Azure Key Vault " + k.host }

// Check touches a secret that has no password, which needs the permission that to set
// one does (secrets/set). It is set once by each process, and then changed without
// making a version of it.
func (k *KeyVault) Check(ctx context.Context, _ Password) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.probe != "" {
		_, err := k.client.UpdateSecretProperties(ctx, keyVaultProbe, k.probe, azsecrets.UpdateSecretPropertiesParameters{Tags: probeTags()}, nil)
		if code(err) != http.StatusNotFound {
			return keyVaultError(err)
		}
		k.probe = ""
	}
	value, kind := "no password: by this secret the gateway sees whether it can write", plainText
	made, err := k.client.SetSecret(ctx, keyVaultProbe, azsecrets.SetSecretParameters{Value: &value, ContentType: &kind, Tags: probeTags()}, nil)
	if err == nil && made.ID != nil {
		k.probe = made.ID.Version()
	}
	return keyVaultError(err)
}

func probeTags() map[string]*string { return tags("purpose", "probe") }

// Deliver sets the user's secret, a new version of it where there is one.
func (k *KeyVault) Deliver(ctx context.Context, p Password) (string, error) {
	value, kind, enabled := string(p.Text), plainText, true
	attributes := &azsecrets.SecretAttributes{Enabled: &enabled}
	if k.life > 0 {
		ends := k.now().Add(k.life).UTC().Truncate(time.Second)
		attributes.Expires = &ends
	}
	_, err := k.client.SetSecret(ctx, keyVaultPrefix+strings.ToLower(p.UserID), azsecrets.SetSecretParameters{
		Value: &value, ContentType: &kind, SecretAttributes: attributes,
		Tags: tags("userPrincipalName", p.UserName, "tenant", p.Tenant),
	}, nil)
	return "", keyVaultError(err)
}

// maxTag is how long the value of a tag can be.
const maxTag = 256

func tags(pairs ...string) map[string]*string {
	all := map[string]*string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		value := pairs[i+1]
		if len(value) > maxTag {
			value = value[:maxTag]
		}
		all[pairs[i]] = &value
	}
	return all
}

func code(err error) int {
	if answer, is := errors.AsType[*azcore.ResponseError](err); is {
		return answer.StatusCode
	}
	return 0
}

// keyVaultError says what happened without what was sent or answered.
func keyVaultError(err error) error {
	switch n := code(err); {
	case err == nil:
		return nil
	case n == http.StatusConflict:
		return refused("has a deleted secret of this name (409): recover or purge that first")
	case n != 0:
		return status(n, "give its app registration the role Key Vault Secrets Officer on the vault, and let the vault's firewall pass")
	}
	var signIn interface{ NonRetriable() }
	if errors.As(err, &signIn) {
		return errors.New("cannot be signed in to: it must belong to the tenant's own directory, and its URL end as those of its cloud do")
	}
	return plainly(err)
}
