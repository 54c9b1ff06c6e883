package app

import (
	"context"
	"errors"
	"strings"
	"time"

	"entrascim/internal/admin"
	"entrascim/internal/config"
	"entrascim/internal/consent"
	"entrascim/internal/fault"
	"entrascim/internal/graph"
	"entrascim/internal/seal"
	"entrascim/internal/server"
	"entrascim/internal/tenant"
	"entrascim/internal/tenant/store"
)

// openStore opens the store of the configuration; nil when there is none.
func openStore(ctx context.Context, c config.Config, keys *seal.Keys) (*store.Store, error) {
	if !c.Store.Given() {
		return nil, nil //nolint:nilnil // no store is no mistake
	}
	s, err := store.Open(ctx, store.Options{DSN: string(c.Store.DSN), Keys: keys})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// storeKeys are those of the configuration, or, without any, of this process alone.
func storeKeys(c config.Config) (*seal.Keys, error) {
	secrets := c.StoreSecrets()
	if len(secrets) == 0 {
		return seal.Random(), nil
	}
	keys, err := seal.New(secrets...)
	if err != nil {
		return nil, Mistake{err}
	}
	return keys, nil
}

// Admin opens what manages the store of the configuration, for a command. Done closes it.
func Admin(ctx context.Context, c config.Config) (service *admin.Service, done func(), err error) {
	if !c.Store.Given() {
		return nil, nil, Mistake{errors.New("store.dsn (ENTRASCIM_STORE) is missing: there is no store to manage")}
	}
	r, err := newRegistry(ctx, c, server.Origin{Public: c.PublicURL})
	if err != nil {
		return nil, nil, err
	}
	return newAdmin(r, nil), r.close, nil
}

// newAdmin makes what manages the registry's store.
func newAdmin(r *registry, changed func(context.Context)) *admin.Service {
	return admin.New(admin.Options{
		Store: r.store, Check: func(_ context.Context, record tenant.Record) error { return r.check(record) },
		CertificateEnds: credentialEnds, ResourceTypes: resources(), Invite: r.invite, Changed: changed,
	})
}

// credentialEnds is when the credential's certificate ends; the zero time when it has
// none, or none that can be read.
func credentialEnds(c tenant.Credential) time.Time {
	if len(c.Certificate) == 0 {
		return time.Time{}
	}
	ends, err := graph.CertificateEnds(c.Certificate, c.CertificatePassword)
	if err != nil {
		return time.Time{}
	}
	return ends
}

// invite makes an invitation that is opened below the gateway's public URL.
func (r *registry) invite(tenantID string, now time.Time, life time.Duration) (tenant.Invitation, string, error) {
	if r.config.PublicURL == "" {
		return tenant.Invitation{}, "", fault.New(fault.Conflict, "The gateway has no public URL (publicURL) that an invitation could lead to.")
	}
	if !r.config.HasOperator() {
		return tenant.Invitation{}, "", fault.New(fault.Conflict, "The gateway has no app registration that could be consented to (operator.clientID).")
	}
	i, url := consent.Invite(r.config.PublicURL, tenantID, now, life)
	return i, url, nil
}

// mistaken is a fault with every mistake in one line.
func mistaken(err error) error {
	return fault.New(fault.InvalidValue, "%s.", strings.ReplaceAll(err.Error(), "\n", "; "))
}
