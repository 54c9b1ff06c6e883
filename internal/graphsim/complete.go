package graphsim

import (
	"strings"

	"github.com/go-json-experiment/json"
)

// complete fills in what Graph gives a new object beside what was asked for.
func (d *Directory) complete(k *kind, id string, s *state) {
	s.fill(k, "createdDateTime", timeText(d.clock()))
	switch k.name {
	case "user":
		d.completeUser(k, id, s)
	case "group":
		d.completeGroup(k, id, s)
	case "application":
		d.completeApplication(k, s)
	case "servicePrincipal":
		d.completeServicePrincipal(k, s)
	case "subscribedSku":
		completeSubscription(k, s)
	case "unifiedRoleDefinition":
		completeRoleDefinition(k, id, s)
	case "directoryRole":
		d.completeDirectoryRole(k, s)
	}
}

// fill sets a property that has no value yet, if the kind has the property.
func (s *state) fill(k *kind, name, text string) {
	if i := k.slot(name); i >= 0 && s.values[i] == "" {
		s.values[i] = text
	}
}

func (d *Directory) completeUser(k *kind, id string, s *state) {
	now := timeText(d.clock())
	s.fill(k, "userType", `"Member"`)
	s.fill(k, "securityIdentifier", quote(securityIdentifier(id)))
	s.fill(k, "lastPasswordChangeDateTime", now)
	s.fill(k, "signInSessionsValidFromDateTime", now)
	s.set(k, "identities", d.signIns(s.get(k, "identities"), s.get(k, "userPrincipalName")))
	s.mailToProxy(k, "")
	d.completeLicenses(k, s)
}

// completeLicenses counts the licenses that a user is put into the directory with: they
// are its own.
func (d *Directory) completeLicenses(k *kind, s *state) {
	if s.get(k, "assignedLicenses") == "" || s.get(k, "licenseAssignmentStates") != "" {
		return
	}
	var list []license
	_ = json.Unmarshal([]byte(s.get(k, "assignedLicenses")), &list)
	states := make([]licenseState, 0, len(list))
	for _, l := range list {
		states = append(states, licenseState{DisabledPlans: l.plans(), LastUpdatedDateTime: timeOf(d), SkuID: strings.ToLower(l.SkuID), State: stateActive})
	}
	s.licensed(k, states)
	d.consume(nil, active(states))
}

// identity is the sign-in name that every user has.
func (d *Directory) identity(upn string) string {
	return `[{"signInType":"userPrincipalName","issuer":` + quote(d.initialDomain()) + `,"issuerAssignedId":` + upn + `}]`
}

// mailToProxy makes the mail address the primary one of the proxyAddresses; the
// former primary one stays as a secondary one.
func (s *state) mailToProxy(k *kind, former string) {
	mail := unquote(s.get(k, "mail"))
	if mail == "" {
		return
	}
	list := []string{"SMTP:" + mail}
	for _, address := range stringsOf(s.get(k, "proxyAddresses")) {
		bare := address[strings.IndexByte(address, ':')+1:]
		switch {
		case strings.EqualFold(bare, mail):
		case strings.EqualFold(bare, former):
			list = append(list, "smtp:"+bare)
		default:
			list = append(list, address)
		}
	}
	s.set(k, "proxyAddresses", quoteAll(list...))
}

// groupSwitches are off in a new Microsoft 365 group. Source:
// https://learn.microsoft.com/graph/api/group-get.
var groupSwitches = []string{
	"allowExternalSenders", "autoSubscribeNewMembers", "hideFromAddressLists", "hideFromOutlookClients", "isSubscribedByMail",
}

func (d *Directory) completeGroup(k *kind, id string, s *state) {
	s.fill(k, "securityIdentifier", quote(securityIdentifier(id)))
	s.fill(k, "renewedDateTime", s.get(k, "createdDateTime"))
	s.fill(k, "groupTypes", "[]")
	s.fill(k, "mailEnabled", "false")
	s.fill(k, "securityEnabled", "false")
	if hasString(s.get(k, "groupTypes"), "Unified") {
		s.fill(k, "visibility", `"Public"`)
		for _, name := range groupSwitches {
			s.fill(k, name, "false")
		}
		s.fill(k, "unseenCount", "0")
	}
	if s.get(k, "mailEnabled") == "true" {
		nickname := unquote(s.get(k, "mailNickname"))
		s.fill(k, "mail", quote(nickname+"@"+d.defaultDomain()))
		s.mailToProxy(k, "")
	}
}

func (d *Directory) completeApplication(k *kind, s *state) {
	s.fill(k, "appId", quote(d.ids.next()))
	s.fill(k, "publisherDomain", quote(d.defaultDomain()))
	s.fill(k, "signInAudience", `"AzureADMyOrg"`)
	for name, text := range applicationParts {
		s.set(k, name, merge(k, name, text, s))
	}
}

// applicationParts are complex properties that every application has. Source:
// https://learn.microsoft.com/graph/api/application-post-applications.
var applicationParts = map[string]string{
	"api":                     `{"acceptMappedClaims":null,"knownClientApplications":[],"oauth2PermissionScopes":[],"preAuthorizedApplications":[],"requestedAccessTokenVersion":null}`,
	"info":                    noLinks,
	"parentalControlSettings": `{"countriesBlockedForMinors":[],"legalAgeGroupRule":"Allow"}`,
	"publicClient":            `{"redirectUris":[]}`,
	"web":                     `{"homePageUrl":null,"implicitGrantSettings":{"enableAccessTokenIssuance":false,"enableIdTokenIssuance":false},"logoutUrl":null,"redirectUris":[]}`,
}

// noLinks are the informational links of a new application.
const noLinks = `{"logoUrl":null,"marketingUrl":null,"privacyStatementUrl":null,"supportUrl":null,"termsOfServiceUrl":null}`

func (d *Directory) completeServicePrincipal(k *kind, s *state) {
	app := first(d.lookup(d.schema["application"], "appId", unquote(s.get(k, "appId"))))
	if app != nil {
		for _, name := range []string{"displayName", "appRoles", "signInAudience", "tags"} {
			s.fill(k, name, app.get(name))
		}
		s.fill(k, "appDisplayName", app.get("displayName"))
		s.fill(k, "appOwnerOrganizationId", quote(d.tenant))
	}
	s.fill(k, "accountEnabled", "true")
	s.fill(k, "info", noLinks)
	s.fill(k, "appRoleAssignmentRequired", "false")
	s.fill(k, "servicePrincipalType", `"Application"`)
	s.fill(k, "servicePrincipalNames", quoteAll(unquote(s.get(k, "appId"))))
}

func first(list []*object) *object {
	if len(list) == 0 {
		return nil
	}
	return list[0]
}
