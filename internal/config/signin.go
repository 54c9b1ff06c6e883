package config

import (
	"slices"
	"strings"

	"entrascim/internal/tenant"
)

// A signIn is how the gateway proves to Entra which application it is, as the settings
// of a group have it.
type signIn struct {
	group           string // of the settings
	clientID        string
	secret          Secret
	secretFile      File
	certificate     File
	password        Secret // of the certificate
	federatedToken  string // path
	identity        string // client id of a managed identity that the application trusts
	managedIdentity bool
	possible        string // the settings, one of which is needed
}

func (t Tenant) signIn() signIn {
	return signIn{
		"tenant", t.ClientID, t.ClientSecret, t.ClientSecretFile, t.Certificate, t.CertificatePassword, t.FederatedTokenFile, "", t.ManagedIdentity,
		"clientSecret, clientSecretFile, certificateFile, federatedTokenFile, managedIdentity",
	}
}

// signIn has no managed identity that signs in by itself, which it can in its own
// directory only.
func (o Operator) signIn() signIn {
	return signIn{
		"operator", o.ClientID, o.ClientSecret, o.ClientSecretFile, o.Certificate, o.CertificatePassword, o.FederatedTokenFile, o.ManagedIdentity, false,
		"clientSecret, clientSecretFile, certificateFile, federatedTokenFile, managedIdentity",
	}
}

// proofs names the settings that were given and prove who the gateway is.
func (s signIn) proofs() []string {
	var given []string
	for name, is := range map[string]bool{
		"clientSecret": s.secret != "", "clientSecretFile": s.secretFile.Given(), "certificateFile": s.certificate.Given(),
		"federatedTokenFile": s.federatedToken != "", "managedIdentity": s.managedIdentity || s.identity != "",
	} {
		if is {
			given = append(given, name)
		}
	}
	slices.Sort(given)
	return given
}

// given names all the settings that were given.
func (s signIn) given() []string {
	all := s.proofs()
	if s.clientID != "" {
		all = append(all, "clientID")
	}
	if s.password != "" {
		all = append(all, "certificatePassword")
	}
	return all
}

func (s signIn) checks() []check {
	given, in := s.proofs(), s.group+"."
	return []check{
		{len(given) > 0, in + "clientSecret", "is missing: give one of " + s.possible},
		{len(given) < 2, in + "clientSecret", "give one credential, not " + strings.Join(given, " and ")},
		{s.managedIdentity && s.clientID == "" || validGUID(s.clientID), in + "clientID", "must be the application's GUID"},
		{!s.secretFile.Given() || s.secretFile.secret() != "", in + "clientSecretFile", "is empty"},
		{!isExample(s.secret), in + "clientSecret", "is still the example's"},
		{!isExample(s.secretFile.secret()), in + "clientSecretFile", "is still the example's"},
		{s.password == "" || s.certificate.Given(), in + "certificatePassword", "needs " + in + "certificateFile"},
		{s.identity == "" || validGUID(s.identity), in + "managedIdentity", "must be the identity's client id, a GUID"},
		{s.federatedToken == "" || readable(s.federatedToken), in + "federatedTokenFile", "cannot be read"},
	}
}

func (s signIn) credential() tenant.Credential {
	secret := s.secret
	if secret == "" {
		secret = s.secretFile.secret()
	}
	return tenant.Credential{
		ClientID:            s.clientID,
		Secret:              string(secret),
		Certificate:         s.certificate.Content,
		CertificatePassword: string(s.password),
		FederatedTokenFile:  s.federatedToken,
		FederatedIdentity:   s.identity,
		ManagedIdentity:     s.managedIdentity,
	}
}
