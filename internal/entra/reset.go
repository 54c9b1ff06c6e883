package entra

import (
	"context"

	"github.com/go-json-experiment/json"
	"github.com/rs/zerolog"

	"entrascim/internal/entra/entity"
	"entrascim/internal/fault"
	"entrascim/internal/graph"
	"entrascim/internal/scim"
	"entrascim/internal/vault"
)

// resetPassword is the action that gives a user a generated password, which goes to the
// tenant's sink: two calls of Graph.
func (u users) resetPassword() scim.Action {
	return scim.Action{Name: "reset_password", Do: u.reset}
}

func (u users) reset(ctx context.Context, call *scim.ActionCall) error {
	ctx = graph.WithPriority(ctx, graph.High)
	profile, err := resetProfile(call)
	if err != nil {
		return err
	}
	if !u.options.Vault.Delivers() {
		return fault.New(fault.Forbidden, "The tenant has no sink (passwords.sink) for generated passwords: nobody would learn it. Change the attribute password instead.")
	}
	given, err := u.replacement(ctx, call.ID)
	if err != nil {
		return err
	}
	if err := u.options.Vault.Check(ctx, *given); err != nil {
		return err
	}
	end, err := u.options.Vault.Begin(call.ID)
	if err != nil {
		return err
	}
	defer end()
	ctx, cancel := u.options.Vault.Lasting(ctx)
	defer cancel()
	if err := u.setPassword(ctx, call.ID, withPassword(profile, given)); err != nil {
		return err
	}
	encrypted, lost := u.deliver(ctx, call.ID, given)
	switch {
	case lost != nil:
		return undelivered("The password was reset.", lost)
	case encrypted == "":
		return nil
	}
	return json.MarshalEncode(call.Out, map[string]string{"id": call.ID, encryptedProperty: encrypted}, json.Deterministic(true))
}

// resetProfile is what the client says of the new password.
func resetProfile(call *scim.ActionCall) (map[string]any, error) {
	profile := map[string]any{}
	for name, v := range call.Params {
		change, is := v.(bool)
		switch {
		case name == "schemas", name == "user_id" && v == call.ID: // as the other actions have it
		case name == "user_id":
			return nil, fault.New(fault.InvalidValue, "user_id is not the id in the path.")
		case name != forceChange:
			return nil, fault.New(fault.InvalidValue, "reset_password takes %s, and no other parameter.", forceChange)
		case !is:
			return nil, fault.New(fault.InvalidValue, "%s: must be true or false.", forceChange)
		default:
			profile[forceChange] = change
		}
	}
	return profile, nil
}

// replacement generates a password for a user who is there.
func (u users) replacement(ctx context.Context, id string) (*vault.Password, error) {
	if err := u.checkID(id); err != nil {
		return nil, err
	}
	var found *graph.Response
	err := u.patient(ctx, func() (err error) {
		found, err = u.graph.Do(ctx, graph.Request{
			Path: "/users/{id}", Params: map[string]string{"id": id}, Query: graph.Query{Select: []string{"id", upnProperty, "displayName"}},
		})
		return err
	}, id)
	if fault.Is(err, fault.NotFound) {
		return nil, u.absent(err)
	}
	if err != nil {
		return nil, err
	}
	given, err := u.generate(ctx, entity.Text(found.Body, upnProperty), entity.Text(found.Body, "displayName"))
	if err == nil {
		given.Reset = true
	}
	return given, err
}

// setPassword sets it. When Graph's answer is lost it may be set, and nobody has it.
func (u users) setPassword(ctx context.Context, id string, profile map[string]any) error {
	request, err := u.patch(id, map[string]any{"passwordProfile": profile})
	if err != nil {
		return err
	}
	_, err = u.run(ctx, "", []step{{request: request}}, id)
	if graph.InDoubt(err) {
		f := *fault.From(err)
		f.Detail += " The password may be another now, which nobody has: have it reset again."
		zerolog.Ctx(ctx).Error().Str("user", id).Msg("a generated password may be set that nobody has: have it reset")
		return &f
	}
	return err
}
