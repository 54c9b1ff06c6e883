package vault_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json"

	"entrascim/internal/fault"
	"entrascim/internal/vault"
)

func jwk(t *testing.T, key any, change func(*jose.JSONWebKey)) string {
	t.Helper()
	k := jose.JSONWebKey{Key: key, KeyID: "k1"}
	if change != nil {
		change(&k)
	}
	text, err := k.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func rsaKey(t *testing.T, bits int) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// The holder of the private key, and nobody else, reads the password of the answer.
func TestEnvelope(t *testing.T) {
	t.Parallel()
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for how, key := range map[jose.KeyAlgorithm]crypto.Signer{jose.RSA_OAEP_256: rsaKey(t, 2048), jose.ECDH_ES_A256KW: curve} {
		own, err := vault.NewEnvelope(nil)
		if err != nil {
			t.Fatal(err)
		}
		chosen, err := vault.NewEnvelope([]byte(jwk(t, key.Public(), nil)))
		if err != nil {
			t.Fatal(err)
		}
		named := ada
		named.Recipient = jwk(t, key.Public(), nil)
		for _, c := range []struct {
			sink *vault.Envelope
			p    vault.Password
		}{{own, named}, {chosen, ada}} {
			if err := c.sink.Check(t.Context(), c.p); err != nil {
				t.Fatal(err)
			}
			text, err := c.sink.Deliver(t.Context(), c.p)
			if err != nil || strings.Contains(text, string(ada.Text)) {
				t.Fatal(text, err)
			}
			sealed, err := jose.ParseEncrypted(text, []jose.KeyAlgorithm{how}, []jose.ContentEncryption{jose.A256GCM})
			if err != nil {
				t.Fatal(err)
			}
			got, err := sealed.Decrypt(key)
			if err != nil || string(got) != string(ada.Text) || sealed.Header.KeyID != "k1" {
				t.Errorf("%s: %q %v", how, got, err)
			}
			if _, err := sealed.Decrypt(rsaKey(t, 2048)); err == nil {
				t.Error("another key opens it")
			}
		}
	}
}

// A key that is none, or that nobody should encrypt to, is a mistake of who sent it.
func TestEnvelopeRefusesKeys(t *testing.T) {
	t.Parallel()
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := rsaKey(t, 2048)
	symmetric, _ := json.Marshal(map[string]string{"kty": "oct", "k": "AAAA"})
	own, err := vault.NewEnvelope(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]string{
		"none": "", "no JSON": "x", "a list": "[]", "no key": "{}", "a private key": jwk(t, good, nil), "a symmetric key": string(symmetric),
		"a short key": jwk(t, rsaKey(t, 1024).Public(), nil), "a signing curve": jwk(t, public, nil),
		"for signing":       jwk(t, good.Public(), func(k *jose.JSONWebKey) { k.Use = "sig" }),
		"another algorithm": jwk(t, good.Public(), func(k *jose.JSONWebKey) { k.Algorithm = "RSA1_5" }),
		"endless":           `{"kty":"RSA","n":"` + strings.Repeat("A", 20<<10) + `","e":"AQAB"}`,
	} {
		p := ada
		p.Recipient = key
		if err := own.Check(t.Context(), p); !fault.Is(err, fault.InvalidValue) || !strings.Contains(err.Error(), "Password-Recipient") {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := vault.NewEnvelope([]byte(key)); key != "" && err == nil {
			t.Errorf("%s is taken as a setting", name)
		}
	}
	chosen, err := vault.NewEnvelope([]byte(jwk(t, good.Public(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	p := ada
	p.Recipient = jwk(t, good.Public(), nil)
	if err := chosen.Check(t.Context(), p); !fault.Is(err, fault.InvalidValue) {
		t.Errorf("a key in place of the operator's: %v", err)
	}
}
