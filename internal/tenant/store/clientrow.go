package store

import (
	"errors"
	"fmt"
	"net/netip"

	"entrascim/internal/tenant"
)

// A clientRow is a row of the table clients.
type clientRow struct {
	id, tenantID, name, kind, role string
	resourceTypes, networks        string // lists as JSON
	dialect, me, issuer, audience  string
	claims                         string // an object as JSON
	dryRun                         int64  // 1: yes
	revision, created, changed     int64
}

// newClientRow makes the row of a client; the revision and times are the transaction's.
func newClientRow(r tenant.ClientRecord) (row clientRow, err error) {
	row = clientRow{
		id: r.ID, tenantID: r.TenantID, name: r.Name, kind: string(r.Kind), role: string(r.Role),
		dialect: r.Dialect, me: r.Me, issuer: r.Issuer, audience: r.Audience,
	}
	if row.resourceTypes, err = marshal(r.ResourceTypes); err != nil {
		return row, err
	}
	if row.networks, err = marshal(r.Networks); err != nil {
		return row, err
	}
	if r.DryRun {
		row.dryRun = 1
	}
	row.claims, err = marshal(r.Claims)
	return row, err
}

func readClient(scan func(...any) error) (tenant.ClientRecord, *Broken) {
	var row clientRow
	err := scan(&row.id, &row.tenantID, &row.name, &row.kind, &row.role, &row.resourceTypes, &row.networks, &row.dialect, &row.me, &row.issuer, &row.audience,
		&row.claims, &row.dryRun, &row.revision, &row.created, &row.changed)
	if err == nil {
		var r tenant.ClientRecord
		if r, err = row.record(); err == nil {
			return r, nil
		}
	}
	return tenant.ClientRecord{}, &Broken{Table: "clients", ID: row.id, TenantID: row.tenantID, Err: err}
}

// record understands a row, or says what is wrong with it. An empty list is none: it
// was not written as one.
func (row clientRow) record() (tenant.ClientRecord, error) {
	r := tenant.ClientRecord{
		ID: row.id, TenantID: row.tenantID, Name: row.name, Kind: tenant.Kind(row.kind), Role: tenant.Role(row.role), DryRun: row.dryRun != 0,
		Dialect: row.dialect, Me: row.me, Issuer: row.issuer, Audience: row.audience,
		Revision: row.revision, Created: instant(row.created), Changed: instant(row.changed),
	}
	var err error
	if r.ResourceTypes, err = list[string](row.resourceTypes); err != nil {
		return r, fmt.Errorf("its resource types cannot be read: %w", err)
	}
	if r.Networks, err = list[netip.Prefix](row.networks); err != nil {
		return r, fmt.Errorf("its networks cannot be read: %w", err)
	}
	if err := unmarshal(row.claims, &r.Claims); err != nil {
		return r, fmt.Errorf("its claims cannot be read: %w", err)
	}
	if len(r.Claims) == 0 {
		r.Claims = nil
	}
	if r.ID == "" || r.Revision <= 0 {
		return r, errors.New("it has no id or revision")
	}
	return r, checkClient(r)
}

// list reads a list; an empty one is nil.
func list[T any](text string) ([]T, error) {
	var all []T
	if err := unmarshal(text, &all); err != nil || len(all) == 0 {
		return nil, err
	}
	return all, nil
}

// A secretRow is a row of the table secrets.
type secretRow struct {
	tenant.Secret
	clientID string
}

func readSecret(scan func(...any) error) (secretRow, *Broken) {
	var row secretRow
	var tenantID string
	var sum []byte
	var created, expires int64
	err := scan(&row.ID, &tenantID, &row.clientID, &sum, &created, &expires)
	if err == nil {
		row.Created, row.Expires = instant(created), instant(expires)
		if row.Sum, err = digest(sum); err == nil {
			err = checkSecrets([]tenant.Secret{row.Secret})
		}
	}
	if err != nil {
		return row, &Broken{Table: "secrets", ID: row.ID, TenantID: tenantID, Err: err}
	}
	return row, nil
}

func digest(bytes []byte) (sum [32]byte, err error) {
	if copy(sum[:], bytes) != len(sum) || len(bytes) != len(sum) {
		return sum, fmt.Errorf("its digest has %d bytes, not %d", len(bytes), len(sum))
	}
	return sum, nil
}
