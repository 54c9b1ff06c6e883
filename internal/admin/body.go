package admin

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/fault"
	"entrascim/internal/tenant"
)

// maxBody bounds a request's body, in bytes: the overlays of a tenant, as JSON.
const maxBody = 8 << 20

const (
	jsonType  = "application/json"
	patchType = "application/merge-patch+json" // RFC 7396
)

// body reads the JSON of a request, strictly. Its error never tells what was sent: there
// may be a secret in it.
func body(r *http.Request, into any, types ...string) error {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	known := err == nil && media == jsonType
	for _, one := range types {
		known = known || err == nil && media == one
	}
	if !known {
		return fault.New(fault.UnsupportedMediaType, "The body must be %s.", jsonType)
	}
	text, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	switch {
	case err != nil:
		return fault.Wrap(err, fault.InvalidSyntax, "The body could not be read.")
	case len(text) > maxBody:
		return fault.New(fault.TooLarge, "The body is longer than %d bytes.", maxBody)
	}
	if jsontext.Value(text).Kind() != '{' {
		return fault.New(fault.InvalidSyntax, "The body must be a JSON object.")
	}
	return decode(text, into)
}

func decode(text []byte, into any) error {
	err := json.Unmarshal(text, into, json.RejectUnknownMembers(true))
	if err == nil {
		return nil
	}
	var syntactic *jsontext.SyntacticError
	var semantic *json.SemanticError
	switch {
	case errors.As(err, &semantic) && errors.Is(err, json.ErrUnknownName):
		return fault.New(fault.InvalidSyntax, "The body has a member that is not known here: %s.", clip(string(semantic.JSONPointer)))
	case errors.As(err, &semantic):
		return fault.New(fault.InvalidSyntax, "The body has a value that is not possible there: %s.", clip(string(semantic.JSONPointer)))
	case errors.As(err, &syntactic):
		return fault.New(fault.InvalidSyntax, "The body is not JSON: there is a mistake at byte %d.", syntactic.ByteOffset)
	}
	return fault.New(fault.InvalidSyntax, "The body is not the JSON that is expected here.")
}

// clip bounds a text that the client sent.
func clip(s string) string {
	if len(s) > 200 {
		return s[:200] + "…"
	}
	return s
}

// newTenant is the body of a tenant to be added.
type newTenant struct {
	Name        string         `json:"name"`
	Mode        tenant.Mode    `json:"mode"`
	DirectoryID string         `json:"directoryId"`
	Settings    jsontext.Value `json:"settings"`
	Overlays    []Overlay      `json:"overlays"`
	Credential  *credential    `json:"credential"`
	SinkSecret  string         `json:"passwordsSecret"`
	SinkURL     string         `json:"passwordsUrl"`
}

// credential is the body of a tenant.Credential: it is taken and never shown.
type credential struct {
	ClientID            string `json:"clientId"`
	ClientSecret        string `json:"clientSecret"`
	Certificate         string `json:"certificate"`       // PEM
	CertificatePKCS12   []byte `json:"certificatePkcs12"` // base64
	CertificatePassword string `json:"certificatePassword"`
	FederatedTokenFile  string `json:"federatedTokenFile"`
	ManagedIdentity     bool   `json:"managedIdentity"`
}

func (c *credential) value() (tenant.Credential, error) {
	if c == nil {
		return tenant.Credential{}, nil
	}
	if c.Certificate != "" && len(c.CertificatePKCS12) > 0 {
		return tenant.Credential{}, fault.New(fault.InvalidValue, "credential: give certificate or certificatePkcs12.")
	}
	certificate := c.CertificatePKCS12
	if c.Certificate != "" {
		certificate = []byte(c.Certificate)
	}
	return tenant.Credential{
		ClientID: c.ClientID, Secret: c.ClientSecret, Certificate: certificate, CertificatePassword: c.CertificatePassword,
		FederatedTokenFile: c.FederatedTokenFile, ManagedIdentity: c.ManagedIdentity,
	}, nil
}

func (n newTenant) value() (NewTenant, error) {
	given, err := n.Credential.value()
	if err != nil {
		return NewTenant{}, err
	}
	settings, err := settingsFrom(n.Settings)
	return NewTenant{n.Name, n.Mode, n.DirectoryID, settings, overlaysFrom(n.Overlays), given, n.SinkSecret, n.SinkURL}, err
}

// settingsFrom takes settings that are given as an object: JSON is YAML.
func settingsFrom(value jsontext.Value) ([]byte, error) {
	if len(value) == 0 || value.Kind() == 'n' {
		return nil, nil
	}
	if value.Kind() != '{' {
		return nil, fault.New(fault.InvalidValue, "settings: must be an object.")
	}
	return value, nil
}

func overlaysFrom(all []Overlay) []tenant.Overlay {
	var overlays []tenant.Overlay
	for _, o := range all {
		overlays = append(overlays, tenant.Overlay{Name: o.Name, Text: []byte(o.Text)})
	}
	return overlays
}

// tenantPatch is a merge patch of a tenant (RFC 7396). Its credential, which is never
// shown, is one value: it is replaced whole.
type tenantPatch struct {
	Name        *string        `json:"name"`
	DirectoryID *string        `json:"directoryId"`
	Settings    jsontext.Value `json:"settings"`
	Overlays    jsontext.Value `json:"overlays"`
	Credential  *credential    `json:"credential"`
	SinkSecret  *string        `json:"passwordsSecret"`
	SinkURL     *string        `json:"passwordsUrl"`
}

// on is the change that the patch makes to a tenant as it is.
func (p tenantPatch) on(r tenant.Record) (TenantChange, error) {
	c := TenantChange{Name: p.Name, DirectoryID: p.DirectoryID, SinkSecret: p.SinkSecret, SinkURL: p.SinkURL}
	if len(p.Settings) > 0 {
		merged, err := merge(settingsOf(r), p.Settings)
		if err != nil {
			return c, err
		}
		settings, err := settingsFrom(merged)
		if err != nil {
			return c, err
		}
		c.Settings = &settings
	}
	if len(p.Overlays) > 0 {
		var given []Overlay
		if err := decode(p.Overlays, &given); err != nil {
			return c, fault.New(fault.InvalidValue, "overlays: must be a list of name and text.")
		}
		overlays := overlaysFrom(given)
		c.Overlays = &overlays
	}
	if p.Credential != nil {
		given, err := p.Credential.value()
		if err != nil {
			return c, err
		}
		c.Credential = &given
	}
	return c, nil
}

// merge applies a merge patch to a value (RFC 7396 section 2).
func merge(value, patch jsontext.Value) (jsontext.Value, error) {
	if patch.Kind() != '{' {
		return patch, nil
	}
	members, changes := map[string]jsontext.Value{}, map[string]jsontext.Value{}
	if value.Kind() == '{' {
		if err := json.Unmarshal(value, &members); err != nil {
			return nil, fault.Wrap(err, fault.Internal, "The settings that are kept are not JSON.")
		}
	}
	if err := json.Unmarshal(patch, &changes); err != nil {
		return nil, fault.New(fault.InvalidSyntax, "settings: are not an object of settings.")
	}
	for name, change := range changes {
		if change.Kind() == 'n' {
			delete(members, name)
			continue
		}
		merged, err := merge(members[name], change)
		if err != nil {
			return nil, err
		}
		members[name] = merged
	}
	text, err := json.Marshal(members, json.Deterministic(true))
	return text, err
}

// A span is a length of time in a body: "72h", "30m".
type span time.Duration

// UnmarshalText reads what time.ParseDuration does.
func (s *span) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	*s = span(d)
	return err
}
