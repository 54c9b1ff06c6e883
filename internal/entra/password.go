package entra

import (
	"context"
	"maps"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/rs/zerolog"

	"entrascim/internal/entra/entity"
	"entrascim/internal/fault"
	"entrascim/internal/graph"
	"entrascim/internal/mapping"
	"entrascim/internal/scim"
	"entrascim/internal/vault"
)

// generate makes a password for a user of the names.
func (u users) generate(ctx context.Context, name, display string) (*vault.Password, error) {
	text, err := u.options.Vault.Generate(name, display)
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "No password could be generated.")
	}
	return &vault.Password{UserName: name, Text: text, Recipient: scim.Header(ctx, vault.RecipientHeader)}, nil
}

// withPassword is the profile with the password, which the user has to change at the
// first sign-in unless the client says otherwise.
func withPassword(profile map[string]any, given *vault.Password) map[string]any {
	full := map[string]any{forceChange: true}
	maps.Copy(full, profile)
	if full[forceChange] == nil {
		full[forceChange] = true
	}
	full["password"] = string(given.Text)
	return full
}

const forceChange = "forceChangePasswordNextSignIn"

// deliverable proves, before anything is written, that the tenant's sink would take the
// password, and that the client will see what it is answered of it.
func (u users) deliverable(ctx context.Context, given *vault.Password, p scim.Projection) error {
	if given == nil {
		return nil
	}
	row, mapped := u.encryptedRow()
	if shown := mapped && p.Includes(row.Attr.URN, row.Attr.Name, ""); u.options.Vault.Answers() && !shown {
		return fault.New(fault.InvalidValue, "password: a generated one is answered encrypted, as %s, which this request would not be shown: ask for that attribute, do not use a bulk request, or send a password.", u.relationAttribute(relationPassword))
	}
	return u.options.Vault.Check(ctx, *given)
}

func (r *resource) encryptedRow() (mapping.Row, bool) {
	for _, row := range r.rows {
		if row.Relation == relationPassword {
			return row, true
		}
	}
	return mapping.Row{}, false
}

// deliver gives the password of a user who is there to the tenant's sink, and returns
// what the client is answered with.
func (u users) deliver(ctx context.Context, id string, given *vault.Password) (encrypted string, lost error) {
	if given == nil || !u.options.Vault.Delivers() {
		return "", nil
	}
	given.UserID = id
	return u.options.Vault.Deliver(ctx, *given)
}

// abandoned is for a creation that failed after Graph was asked to make the user: one who
// is there has the password delivered, and of one who may be there the error says that it
// was not.
func (u users) abandoned(ctx context.Context, id string, given *vault.Password, err error) error {
	switch {
	case id != "":
		_, lost := u.deliver(ctx, id, given)
		return alsoLost(err, lost)
	case given != nil && u.options.Vault.Delivers() && graph.InDoubt(err):
		f := *fault.From(err)
		f.Detail += " If the user was created, the password was not delivered: have it reset."
		zerolog.Ctx(ctx).Error().Str("user", given.UserName).Msg("a generated password may be set that nobody has: have it reset")
		return &f
	}
	return err
}

// lasting goes on when the client hangs up, where a generated password is to be delivered.
func (u users) lasting(ctx context.Context, given *vault.Password) (context.Context, context.CancelFunc) {
	if given == nil {
		return ctx, func() {}
	}
	return u.options.Vault.Lasting(ctx)
}

// undelivered is the fault of a password that is set and was not delivered: 502, as
// 503 says that nothing was done.
func undelivered(done string, lost error) error {
	return fault.Wrap(lost, fault.BadGateway, "%s %s", done, lost)
}

// alsoLost has an error tell of the password, too.
func alsoLost(err, lost error) error {
	if lost == nil {
		return err
	}
	f := *fault.From(err)
	f.Detail += " " + lost.Error()
	return &f
}

// encryptedProperty stands beside the properties of a user in the answer that has it.
const encryptedProperty = "encryptedPassword"

func withEncrypted(raw jsontext.Value, encrypted string) jsontext.Value {
	if encrypted == "" {
		return raw
	}
	quoted, _ := jsontext.AppendQuote(nil, encrypted) // a JWE is ASCII
	return entity.With(raw, encryptedProperty, quoted)
}

// superseded forgets a generated password that waits for its sink when the client has
// set another.
func (u users) superseded(id string, w mapping.Write) {
	if profile, _ := w.Body["passwordProfile"].(map[string]any); profile["password"] != nil {
		u.options.Vault.Forget(id)
	}
}

const (
	passwordPolicies = "passwordPolicies"
	anyPassword      = "DisableStrongPassword"
)

// weaken adds to a write with a password that its complexity does not matter, where
// the tenant wants that; policies are those that the user has.
func (u users) weaken(body map[string]any, policies string) {
	profile, _ := body["passwordProfile"].(map[string]any)
	if !u.options.Policy.WeakPasswords || profile["password"] == nil {
		return
	}
	if given, ok := body[passwordPolicies].(string); ok {
		policies = given
	}
	switch {
	case policies == "", strings.EqualFold(policies, "None"):
		body[passwordPolicies] = anyPassword
	case !strings.Contains(strings.ToLower(policies), strings.ToLower(anyPassword)):
		body[passwordPolicies] = policies + ", " + anyPassword
	}
}
