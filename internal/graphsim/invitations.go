package graphsim

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/go-json-experiment/json"
)

// invitedShape is an e-mail address without the characters that the invitation
// page forbids. Source: https://learn.microsoft.com/graph/api/resources/invitation.
var invitedShape = regexp.MustCompile(`^[A-Za-z0-9.'_-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$`)

// memberInviters are the directory roles that may invite somebody as a member.
// Source: https://learn.microsoft.com/graph/api/resources/invitation.
var memberInviters = []string{"Global Administrator"}

// invitePost answers POST /invitations: the guest exists at once.
func invitePost(c *call) (*answer, error) {
	k := c.kind("invitation")
	values, names, err := c.object()
	if err != nil {
		return nil, err
	}
	w := &changeSet{values: values}
	for _, name := range names {
		if name == "invitedUser" || strings.HasPrefix(name, "@odata.") {
			continue
		}
		if err := c.dir.check(k, name, values[name]); err != nil {
			return nil, err
		}
		w.names = append(w.names, name)
	}
	if err := checkInvitation(k, w); err != nil {
		return nil, err
	}
	if w.text("invitedUserType") == "Member" && !c.holds(memberInviters) {
		return nil, denied()
	}
	s := &state{values: make([]string, len(k.props))}
	w.assign(k, s)
	guest, err := c.invited(w)
	if err != nil {
		return nil, err
	}
	return c.invitation(k, s, guest), nil
}

func checkInvitation(k *kind, w *changeSet) error {
	for _, name := range []string{"invitedUserEmailAddress", "inviteRedirectUrl"} {
		if w.text(name) == "" {
			return missing(k, name)
		}
	}
	if !invitedShape.MatchString(w.text("invitedUserEmailAddress")) {
		return invalidValue(k, "invitedUserEmailAddress")
	}
	u, err := url.Parse(w.text("inviteRedirectUrl"))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return invalidValue(k, "inviteRedirectUrl")
	}
	if t := w.text("invitedUserType"); t != "" && t != "Guest" && t != "Member" {
		return invalidValue(k, "invitedUserType")
	}
	if _, given := w.values["invitedUser"]; given && string(w.values["resetRedemption"]) != "true" {
		return readOnly("invitedUser")
	}
	return nil
}

// invited gives the user whom an invitation is for. To reset a redemption the
// body names the user, who must redeem again.
func (c *call) invited(w *changeSet) (*object, error) {
	if string(w.values["resetRedemption"]) != "true" {
		return c.guest(w)
	}
	var user struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(w.values["invitedUser"], &user) != nil || user.ID == "" {
		return nil, missing(c.kind("invitation"), "invitedUser")
	}
	o := c.dir.find(c.kind("user"), user.ID)
	if o == nil || o.live(c.dir.reading()) == nil || o.text("externalUserState") == "" {
		return nil, notFound(user.ID)
	}
	next := o.edit()
	next.set(o.kind, "externalUserState", `"PendingAcceptance"`)
	next.set(o.kind, "externalUserStateChangeDateTime", timeText(c.dir.clock()))
	c.dir.apply(o, next)
	return o, nil
}

// guest finds the user who was invited before, or makes one.
func (c *call) guest(w *changeSet) (*object, error) {
	k, mail := c.kind("user"), w.text("invitedUserEmailAddress")
	if o := first(c.dir.lookup(k, "proxyAddresses", "SMTP:"+mail)); o != nil {
		if o.text("externalUserState") != "" {
			return o, nil
		}
		return nil, refuse("The invited user already exists in the directory as object ID: %s. They can use that account to sign in to shared apps and resources.", o.id)
	}
	local, _, _ := strings.Cut(mail, "@")
	alias := strings.Replace(mail, "@", "_", 1) + "#EXT#"
	s := &state{values: make([]string, len(k.props))}
	now := timeText(c.dir.clock())
	for name, text := range map[string]string{
		"accountEnabled": "true", "displayName": quote(or(w.text("invitedUserDisplayName"), local)),
		"mail": quote(mail), "otherMails": quoteAll(mail), "mailNickname": quote(alias),
		"userPrincipalName": quote(alias + "@" + c.dir.initialDomain()),
		"userType":          quote(or(w.text("invitedUserType"), "Guest")), "creationType": `"Invitation"`,
		"externalUserState": `"PendingAcceptance"`, "externalUserStateChangeDateTime": now,
	} {
		s.set(k, name, text)
	}
	id := c.dir.ids.next()
	c.dir.complete(k, id, s)
	if err := c.dir.unique(k, nil, s); err != nil {
		return nil, err
	}
	return c.dir.insert(k, id, s), nil
}

// invitation is the answer that tells the invitation and whom it made.
func (c *call) invitation(k *kind, s *state, guest *object) *answer {
	id := c.dir.ids.next()
	status := guest.text("externalUserState")
	if status == "Accepted" {
		status = "Completed"
	}
	redeem := "https://login.microsoftonline.com/redeem?rd=" + url.QueryEscape(
		"https://invitations.microsoft.com/redeem/?tenant="+c.dir.tenant+"&user="+id+"&ticket="+c.dir.ids.next()+"&ver=2.0")
	s.set(k, "id", quote(id))
	s.set(k, "inviteRedeemUrl", quote(redeem))
	s.set(k, "status", quote(status))
	s.fill(k, "invitedUserType", `"Guest"`)
	s.fill(k, "sendInvitationMessage", "false")
	s.fill(k, "resetRedemption", "false")
	s.set(k, "invitedUserMessageInfo", messageInfo(s.get(k, "invitedUserMessageInfo")))
	e := &encoder{view: c.dir.newest()}
	b := append([]byte(`{"@odata.context":`), quote(c.metadata("invitations/$entity"))...)
	b = e.fields(append(b, ','), &object{kind: k, state: s}, s)
	b = append(b, `"invitedUser":{"id":`+quote(guest.id)+`,"userPrincipalName":`+guest.get("userPrincipalName")+`}}`...)
	return &answer{status: http.StatusCreated, body: b}
}

// messageInfo shows the message settings with every property.
func messageInfo(text string) string {
	info := struct {
		Language   *string `json:"messageLanguage"`
		Recipients []struct {
			Address struct {
				Name    *string `json:"name"`
				Address *string `json:"address"`
			} `json:"emailAddress"`
		} `json:"ccRecipients"`
		Body *string `json:"customizedMessageBody"`
	}{}
	_ = json.Unmarshal([]byte(or(text, "{}")), &info)
	if len(info.Recipients) == 0 {
		info.Recipients = append(info.Recipients, struct {
			Address struct {
				Name    *string `json:"name"`
				Address *string `json:"address"`
			} `json:"emailAddress"`
		}{})
	}
	b, err := json.Marshal(info)
	if err != nil {
		return "null"
	}
	return string(b)
}
