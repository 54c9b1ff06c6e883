package graphsim

import (
	"strings"
	"unicode"

	"github.com/go-json-experiment/json"
)

// A passwordProfile is the property of that name. The password is checked and
// forgotten: nothing ever shows it.
type passwordProfile struct {
	Password string `json:"password"`
	Force    bool   `json:"forceChangePasswordNextSignIn"`
	ForceMFA bool   `json:"forceChangePasswordNextSignInWithMfa"`
}

func checkPassword(w *userWrite, name string) error {
	var p passwordProfile
	if json.Unmarshal(w.changes.values[name], &p) != nil {
		return invalidValue(w.kind, name)
	}
	if p.Password == "" {
		if w.object == nil {
			return missing(w.kind, "password")
		}
		return nil
	}
	if w.object == nil && w.changes.identified() {
		return w.checkLocalPassword(p)
	}
	policies := w.state.get(w.kind, "passwordPolicies")
	if w.changes.has("passwordPolicies") {
		policies = string(w.changes.values["passwordPolicies"])
	}
	if !strong(p.Password, strings.Contains(policies, "DisableStrongPassword")) {
		return weak()
	}
	return nil
}

func weak() error {
	e := refuse("The specified password does not comply with password complexity requirements. Please provide a different password.")
	e.Details = append(e.Details, detail("passwordProfile.password", "InvalidValue", e.Message))
	return e
}

// checkLocalPassword is for a user who is created by identities: the password must
// neither expire nor be changed at the next sign-in. Its classes of characters are
// a matter of the customer's policy.
func (w *userWrite) checkLocalPassword(p passwordProfile) error {
	switch {
	case !strong(p.Password, true):
		return weak()
	case p.Force || p.ForceMFA:
		return invalidValue(w.kind, "passwordProfile")
	case !strings.Contains(w.changes.text("passwordPolicies"), "DisablePasswordExpiration"):
		return invalidValue(w.kind, "passwordPolicies")
	}
	return nil
}

// strong tells whether a password has 8 to 256 ASCII characters and, unless the
// policy is off, three of the four classes.
func strong(password string, anyClass bool) bool {
	if len(password) < 8 || len(password) > 256 || !ascii(password) {
		return false
	}
	if anyClass {
		return true
	}
	var lower, upper, digit, symbol int
	for _, r := range password {
		switch {
		case unicode.IsLower(r):
			lower = 1
		case unicode.IsUpper(r):
			upper = 1
		case unicode.IsDigit(r):
			digit = 1
		default:
			symbol = 1
		}
	}
	return lower+upper+digit+symbol >= 3
}

// storePassword keeps what a passwordProfile says beside the password.
func (d *Directory) storePassword(k *kind, s *state) {
	var p passwordProfile
	_ = json.Unmarshal([]byte(s.get(k, "passwordProfile")), &p)
	s.set(k, "passwordProfile", `{"forceChangePasswordNextSignIn":`+boolean(p.Force)+
		`,"forceChangePasswordNextSignInWithMfa":`+boolean(p.ForceMFA)+`,"password":null}`)
	if p.Password != "" {
		s.set(k, "lastPasswordChangeDateTime", timeText(d.clock()))
	}
}
