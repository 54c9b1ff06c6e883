package vault

import (
	"fmt"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"entrascim/internal/tenant"
)

// Place is what of the process a tenant's sink is reached with.
type Place struct {
	Transport  http.RoundTripper
	Credential azcore.TokenCredential // the tenant's own; for a Key Vault
	Now        func() time.Time       // nil: time.Now
}

// PolicyOf is the policy that the tenant's settings say.
func PolicyOf(s tenant.Passwords) Policy { return Policy{Length: s.Length, Classes: s.Classes} }

// Open makes the sink that the tenant's settings describe; nil when they want none. It
// asks nothing of it. Its error says what is wrong with which setting.
func Open(s tenant.Passwords, at Place) (Sink, error) {
	if at.Now == nil {
		at.Now = time.Now
	}
	switch s.Sink {
	case tenant.NoSink:
		return nil, nil //nolint:nilnil // no sink is no mistake
	case tenant.KeyVault:
		return NewKeyVault(s.URL, at.Credential, s.Life, at.Transport, at.Now)
	case tenant.KV:
		o := KVOptions{URL: s.URL, Namespace: s.Namespace, Mount: s.Mount, Path: s.Path, RoleID: s.RoleID, AppRole: s.AppRole, Now: at.Now}
		if s.RoleID == "" {
			o.Token = s.Secret
		} else {
			o.SecretID = s.Secret
		}
		return NewKV(o, at.Transport)
	case tenant.Envelope:
		return NewEnvelope(s.Recipient)
	case tenant.Webhook:
		return NewWebhook(s.URL, s.Secret, at.Transport, at.Now)
	}
	return nil, mistake("sink", "must be none, keyvault, vault, jwe or webhook")
}

// Check tells what is wrong with the settings: a *Mistake.
func Check(s tenant.Passwords) error {
	if err := PolicyOf(s).Check(); err != nil {
		return err
	}
	_, err := Open(s, Place{})
	return err
}

// A Mistake is what is wrong with a setting of the group passwords.
type Mistake struct{ Setting, Text string }

func (m *Mistake) Error() string { return "passwords." + m.Setting + ": " + m.Text }

func mistake(setting, format string, args ...any) error {
	return &Mistake{setting, fmt.Sprintf(format, args...)}
}
