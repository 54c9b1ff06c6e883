package store

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"entrascim/internal/seal"
	"entrascim/internal/tenant"
)

// A tenantRow is a row of the table tenants.
type tenantRow struct {
	id, name, state, mode, directoryID string
	settings, overlays                 string
	credential                         []byte // sealed; nil: none
	revision, created, changed         int64
}

// overlay is an Overlay as the column has it.
type overlay struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// credential is a Credential as it is sealed.
type credential struct {
	ClientID            string `json:"clientID,omitzero"`
	Secret              string `json:"secret,omitzero"`
	Certificate         []byte `json:"certificate,omitempty"`
	CertificatePassword string `json:"certificatePassword,omitzero"`
	FederatedTokenFile  string `json:"federatedTokenFile,omitzero"`
	FederatedIdentity   string `json:"federatedIdentity,omitzero"`
	ManagedIdentity     bool   `json:"managedIdentity,omitzero"`
}

// sealedSecrets are the secrets of a tenant as they are sealed.
type sealedSecrets struct {
	credential `json:",inline"`

	SinkSecret string `json:"sinkSecret,omitzero"`
	SinkURL    string `json:"sinkURL,omitzero"`
}

// credentialPurpose binds a sealed credential to its place: it does not open in another
// tenant's row.
func credentialPurpose(id string) string { return "store tenants " + id + " credential" }

// newTenantRow makes the row of a tenant; the revision and times are the transaction's.
func newTenantRow(r tenant.Record, keys *seal.Keys) (tenantRow, error) {
	row := tenantRow{id: r.ID, name: r.Name, state: string(r.State), mode: string(r.Mode), directoryID: r.DirectoryID, settings: string(r.Settings)}
	overlays := make([]overlay, len(r.Overlays))
	for i, o := range r.Overlays {
		overlays[i] = overlay{o.Name, string(o.Text)}
	}
	var err error
	if row.overlays, err = marshal(overlays); err != nil {
		return tenantRow{}, err
	}
	row.credential, err = sealSecrets(keys, r)
	return row, err
}

func sealSecrets(keys *seal.Keys, r tenant.Record) ([]byte, error) {
	text, err := json.Marshal(sealedSecrets{credential(r.Credential), r.SinkSecret, r.SinkURL})
	if err != nil || string(text) == "{}" {
		return nil, err
	}
	return keys.Seal(text, credentialPurpose(r.ID)), nil
}

// openSecrets puts into the record what was sealed of it.
func openSecrets(keys *seal.Keys, r *tenant.Record, sealed []byte) error {
	if sealed == nil {
		return nil
	}
	text, err := keys.Open(sealed, credentialPurpose(r.ID))
	if err != nil {
		return fmt.Errorf("its credential %w", err)
	}
	var s sealedSecrets
	if err := json.Unmarshal(text, &s, json.RejectUnknownMembers(true)); err != nil {
		return errors.New("its credential cannot be read") // the cause may show it
	}
	r.Credential, r.SinkSecret, r.SinkURL = tenant.Credential(s.credential), s.SinkSecret, s.SinkURL
	return nil
}

func (s *Store) readTenant(scan func(...any) error) (tenant.Record, *Broken) {
	var row tenantRow
	err := scan(&row.id, &row.name, &row.state, &row.mode, &row.directoryID, &row.settings, &row.overlays, &row.credential, &row.revision, &row.created, &row.changed)
	if err == nil {
		var r tenant.Record
		if r, err = row.record(s.keys); err == nil {
			return r, nil
		}
	}
	return tenant.Record{}, &Broken{Table: "tenants", ID: row.id, TenantID: row.id, Err: err}
}

func (row tenantRow) record(keys *seal.Keys) (tenant.Record, error) {
	r := tenant.Record{
		ID: row.id, Name: row.name, State: tenant.State(row.state), Mode: tenant.Mode(row.mode), DirectoryID: row.directoryID,
		Revision: row.revision, Created: instant(row.created), Changed: instant(row.changed),
	}
	if row.settings != "" {
		r.Settings = []byte(row.settings)
	}
	var overlays []overlay
	if err := unmarshal(row.overlays, &overlays); err != nil {
		return r, fmt.Errorf("its overlays cannot be read: %w", err)
	}
	for _, o := range overlays {
		r.Overlays = append(r.Overlays, tenant.Overlay{Name: o.Name, Text: []byte(o.Text)})
	}
	if err := checkTenant(r); err != nil {
		return r, err
	}
	if r.Revision <= 0 || uuid.Validate(r.ID) != nil {
		return r, errors.New("it has no id or revision")
	}
	return r, openSecrets(keys, &r, row.credential)
}

func marshal(v any) (string, error) {
	text, err := json.Marshal(v, json.Deterministic(true))
	return string(text), err
}

func unmarshal[T any](text string, to *T) error {
	return json.Unmarshal([]byte(text), to, json.RejectUnknownMembers(true))
}
