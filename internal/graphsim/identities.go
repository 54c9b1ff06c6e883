package graphsim

import (
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"entrascim/internal/edm"
)

// An identity is one way in which a user signs in. Source:
// https://learn.microsoft.com/graph/api/resources/objectidentity.
type identity struct {
	SignInType       string `json:"signInType"`
	Issuer           string `json:"issuer"`
	IssuerAssignedID string `json:"issuerAssignedId"`
}

// Sign-in types with rules of their own; the others are local accounts.
const (
	byUPN       = "userPrincipalName"
	byFederated = "federated"
)

func identitiesOf(text string) []identity {
	if text == "" {
		return nil
	}
	var list []identity
	_ = json.Unmarshal([]byte(text), &list) // stored values are well formed
	return list
}

// identified tells whether a create names its user by identities instead of a
// userPrincipalName, as for customers. Source:
// https://learn.microsoft.com/graph/api/user-post-users.
func (w *changeSet) identified() bool { return w.has("identities") && !w.has("userPrincipalName") }

// requiredOfIdentified are the properties that such a create needs: a password
// that does not expire for a local account, nothing for a social one.
func (w *changeSet) requiredOfIdentified() []string {
	local := func(i identity) bool { return i.SignInType != byFederated }
	if slices.ContainsFunc(identitiesOf(string(w.values["identities"])), local) {
		return []string{"passwordPolicies", "passwordProfile"}
	}
	return nil
}

// signIns makes the sign-in name, given as JSON, one of the identities, in place of
// a former one.
func (d *Directory) signIns(given, upn string) string {
	list := slices.DeleteFunc(identitiesOf(given), func(i identity) bool { return i.SignInType == byUPN })
	if len(list) == 0 {
		return d.identity(upn)
	}
	text, err := jsonText(list)
	if err != nil {
		panic(err) // strings are well formed
	}
	return strings.TrimSuffix(text, "]") + "," + strings.TrimPrefix(d.identity(upn), "[")
}

// checkIdentities wants whole identities that nobody has: of an update with the
// sign-in name among them, of a create with local accounts of a verified domain.
func checkIdentities(w *userWrite, name string) error {
	var list []identity
	if json.Unmarshal(w.changes.values[name], &list) != nil {
		return invalidValue(w.kind, name)
	}
	named := w.object == nil
	for _, i := range list {
		local := i.SignInType != byFederated && i.SignInType != byUPN
		if i.SignInType == "" || i.Issuer == "" || i.IssuerAssignedID == "" || local && w.call.dir.domain(i.Issuer) == nil {
			return invalidValue(w.kind, name)
		}
		if i.SignInType != byUPN && w.call.dir.identityTaken(i, w.object) {
			return taken(name)
		}
		named = named || i.SignInType == byUPN
	}
	if !named || len(list) == 0 {
		return invalidValue(w.kind, name)
	}
	return nil
}

// identityTaken tells whether another user signs in so.
func (d *Directory) identityTaken(wanted identity, o *object) bool {
	k := d.schema["user"]
	assigned := quote(wanted.IssuerAssignedID)
	for _, other := range d.sets[k].list {
		text := other.get("identities")
		if other == o || other.state.status != live || !strings.Contains(text, assigned) {
			continue
		}
		if slices.ContainsFunc(identitiesOf(text), func(i identity) bool {
			return i.IssuerAssignedID == wanted.IssuerAssignedID && strings.EqualFold(i.Issuer, wanted.Issuer)
		}) {
			return true
		}
	}
	return false
}

// nameIdentified gives a user who was created by identities the rest of a name.
func (d *Directory) nameIdentified(k *kind, id string, s *state) {
	s.fill(k, "accountEnabled", "true")
	s.fill(k, "mailNickname", quote(id))
	s.fill(k, "userPrincipalName", quote(id+"@"+d.initialDomain()))
}

// createdIdentified is the answer to such a create, which shows the identities,
// and the password policies if there are any, beside the default properties.
func (c *call) createdIdentified(o *object) *answer {
	e := &encoder{view: c.dir.newest()}
	for _, p := range o.kind.props {
		if p.Returned == edm.Default || p.Name == "identities" || p.Name == "passwordPolicies" {
			e.sel = append(e.sel, p.Name)
		}
	}
	return c.entity(http.StatusCreated, e, o, o.state, o.kind.set)
}
