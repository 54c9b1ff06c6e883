package entra

import "strings"

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
