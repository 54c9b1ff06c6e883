package entra

import (
	"context"
	"maps"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/entra/entity"
	"entrascim/internal/fault"
	"entrascim/internal/graph"
	"entrascim/internal/scim"
)

// An invited is a guest on the way into the directory.
type invited struct {
	email string
	body  map[string]any // what to set when the guest is there
	ask   map[string]any // the invitation
	m     *manager
	b     beside
}

// invite makes a guest, whom Graph lets be invited only. Everything is checked
// first; then there are the invitation and, for what it cannot carry, one more
// request. The answer is completed by a read, when the directory shows the guest
// already.
func (u users) invite(ctx context.Context, doc scim.Document, p scim.Projection, enc *jsontext.Encoder) (string, error) {
	in, err := u.invitation(ctx, doc)
	if err != nil {
		return "", err
	}
	if err := u.checkInvited(ctx, in); err != nil {
		return "", err
	}
	answer, err := u.sendOnce(ctx, in)
	if err != nil {
		return "", err
	}
	var who struct {
		User map[string]any `json:"invitedUser"`
	}
	if err := json.Unmarshal(answer, &who); err != nil {
		return "", entity.Broken(err)
	}
	id, _ := who.User["id"].(string)
	u.made(id)
	if name, ok := who.User[upnProperty].(string); ok {
		u.fresh.Add(u.table.Collection(), name)
	}
	if err := u.settle(ctx, id, in); err != nil {
		return "", err
	}
	raw, err := u.guest(ctx, who.User, in, p)
	if err != nil {
		return "", err
	}
	for _, name := range []string{"inviteRedeemUrl", "inviteRedirectUrl"} {
		if v := entity.Member(answer, name); v != nil {
			raw = entity.With(raw, name, v)
		}
	}
	o := object{raw: raw}
	if err := in.b.overlay(&o); err != nil {
		return "", err
	}
	return id, u.write(ctx, o, u.plan(p), enc)
}

// invitation translates the document. Entra makes the guest's userPrincipalName
// and mail of the e-mail address; there is no password.
func (u users) invitation(ctx context.Context, doc scim.Document) (*invited, error) {
	in := &invited{email: address(doc)}
	given := maps.Clone(doc)
	if redirect, _ := doc["redirectUrl"].(string); redirect == "" {
		return nil, fault.New(fault.InvalidValue, "redirectUrl is required to invite a guest.")
	}
	if in.email == "" {
		return nil, fault.New(fault.InvalidValue, "emails.value is required to invite a guest.")
	}
	given[attrUserName] = in.email // Entra makes another
	if given["displayName"] == nil && given["name"] == nil {
		given["displayName"] = in.email
	}
	w, err := u.table.Create(given)
	if err != nil {
		return nil, err
	}
	in.ask, _ = w.Relations[relationInvitation].After.(map[string]any)
	in.ask = maps.Clone(in.ask)
	in.ask["invitedUserEmailAddress"] = in.email
	if name := w.Body["displayName"]; name != in.email {
		in.ask["invitedUserDisplayName"] = name
	}
	in.body = w.Body
	for _, name := range []string{upnProperty, "displayName", "mail", "userType", "passwordProfile"} {
		delete(in.body, name)
	}
	if doc["nickName"] == nil {
		delete(in.body, "mailNickname")
	}
	if in.body["accountEnabled"] == true {
		delete(in.body, "accountEnabled") // a guest can sign in
	}
	if in.m, err = u.newManager(ctx, w); err == nil {
		in.b, err = u.newGiven(ctx, w)
	}
	return in, err
}

// address is the primary e-mail address, or else the first, or else the user
// name.
func address(doc scim.Document) string {
	first := ""
	list, _ := doc["emails"].([]any)
	for _, v := range list {
		m, _ := v.(map[string]any)
		value, _ := m["value"].(string)
		if m["primary"] == true && value != "" {
			return value
		}
		if first == "" {
			first = value
		}
	}
	name, _ := doc[attrUserName].(string)
	if first == "" && strings.Contains(name, "@") {
		return name
	}
	return first
}

// checkInvited looks up who is concerned: Graph would invite a guest who is there
// already a second time, and answer as if it were the first.
func (u users) checkInvited(ctx context.Context, in *invited) error {
	response, err := u.graph.Do(ctx, in.addressed(1, "id"))
	if err != nil {
		return err
	}
	taken := false
	if _, err = graph.Collection(response.Body, func(*jsontext.Decoder) error { taken = true; return nil }); err != nil {
		return err
	}
	if taken {
		return fault.New(fault.Uniqueness, "emails.value: a user with this e-mail address exists already.")
	}
	in.m, err = u.check(ctx, in.m)
	return err
}

// addressed finds the users who have the e-mail address.
func (in *invited) addressed(most int, properties ...string) graph.Request {
	return graph.Request{Path: "/users", Query: graph.Query{
		Select: properties, Top: most,
		Filter: "mail eq " + quoted(in.email) + " or proxyAddresses/any(p:p eq " + quoted("SMTP:"+in.email) + ")",
	}}
}

// sendOnce invites the guest, who is there once: when the answer is lost the guest is
// looked for. One who was found is invited again for the links of the invitation, which
// Graph tells in its answer only; nobody is made by that, and no e-mail is sent.
func (u users) sendOnce(ctx context.Context, in *invited) (jsontext.Value, error) {
	sent := map[string]any{"creationType": "Invitation"}
	if name := in.ask["invitedUserDisplayName"]; name != nil {
		sent["displayName"] = name
	}
	c := u.creation(sent, in.addressed(2, append([]string{"id", upnProperty, createdProperty}, entity.Readable(sent)...)...))
	c.unique = "mail"
	c.taken = fault.New(fault.Uniqueness, "emails.value: a user with this e-mail address exists already.")
	answer, err := c.once(ctx, func() (jsontext.Value, error) { return u.send(ctx, in) })
	if err != nil || entity.Member(answer, "invitedUser") != nil {
		return answer, err
	}
	id := entity.Text(answer, "id")
	again, err := u.send(ctx, in)
	if err == nil && entity.Text(entity.Member(again, "invitedUser"), "id") == id {
		return again, nil
	}
	return json.Marshal(map[string]any{"invitedUser": map[string]any{"id": id, upnProperty: entity.Text(answer, upnProperty)}})
}

func (u users) send(ctx context.Context, in *invited) (jsontext.Value, error) {
	body, err := json.Marshal(in.ask, json.Deterministic(true))
	if err != nil {
		return nil, err
	}
	response, err := u.graph.Do(ctx, graph.Request{Method: http.MethodPost, Path: "/invitations", Body: body})
	if err != nil {
		return nil, invitationFault(err)
	}
	return response.Body, nil
}

// invitationFault names the attribute that Graph complained about.
func invitationFault(err error) error {
	refusal := graph.RefusalOf(err)
	if refusal == nil {
		return err
	}
	f := *fault.From(err)
	switch refusal.Property {
	case "invitedUserEmailAddress":
		f.Detail = "emails.value: the directory does not take this e-mail address."
	case "inviteRedirectUrl":
		f.Detail = "redirectUrl: the directory takes an absolute http or https URL."
	}
	if f.Kind == fault.InvalidValue && strings.Contains(strings.ToLower(refusal.Message), "already exists") {
		f.Kind, f.Detail = fault.Uniqueness, "emails.value: a user with this e-mail address exists already."
	}
	return &f
}

// settle sets what the invitation did not carry.
func (u users) settle(ctx context.Context, id string, in *invited) error {
	var steps []step
	if len(in.body) > 0 {
		request, err := u.patch(id, in.body)
		if err != nil {
			return err
		}
		steps = append(steps, step{request: request, undone: "the other attributes were not set"})
	}
	if in.m != nil {
		s, err := u.managerStep(id, in.m)
		if err != nil {
			return err
		}
		steps = append(steps, s)
	}
	steps = append(steps, in.b.steps(u.table.Collection(), id)...)
	if len(steps) == 0 {
		return nil
	}
	_, err := u.run(ctx, "the guest was invited and has the id "+id, steps, id)
	u.done(ctx, id, in.b)
	return err
}

// guest is the user object: what the directory shows of it, which right after
// the invitation may be nothing, overlaid with what was sent and accepted.
func (u users) guest(ctx context.Context, who map[string]any, in *invited, p scim.Projection) (jsontext.Value, error) {
	id, _ := who["id"].(string)
	known := map[string]any{"mail": in.email, "userType": "Guest"}
	if name := in.ask["invitedUserDisplayName"]; name != nil {
		known["displayName"] = name
	}
	maps.DeleteFunc(who, func(_ string, v any) bool { return v == nil })
	maps.Copy(known, who)
	response, err := u.graph.Do(ctx, u.objectRequest(id, u.plan(p), nil))
	switch {
	case err == nil:
		var shown map[string]any
		if err := json.Unmarshal(response.Body, &shown); err != nil {
			return nil, entity.Broken(err)
		}
		maps.DeleteFunc(shown, func(_ string, v any) bool { return v == nil })
		maps.Copy(known, shown)
	case !fault.Is(err, fault.NotFound):
		return nil, partly(err, "the guest was invited and has the id "+id, nil, 0)
	}
	raw, err := entity.Overlaid(nil, known)
	if err == nil {
		raw, err = entity.Overlaid(raw, in.body)
	}
	if err == nil && in.m != nil {
		raw, err = in.m.withFound(raw)
	}
	if err == nil && in.b.licenses != nil {
		raw, err = entity.Overlaid(raw, map[string]any{statesProperty: in.b.licenses.After()})
	}
	return raw, err
}
