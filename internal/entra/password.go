package entra

import (
	"crypto/rand"
	"math/big"
	"strings"
)

// passwordLength of generated passwords. Entra takes 8 to 256 characters of three
// of the four classes.
const passwordLength = 24

// passwordClasses are the classes of characters, each of which a generated
// password has. What is easily mistaken for another character is left out.
var passwordClasses = []string{
	"abcdefghijkmnopqrstuvwxyz",
	"ABCDEFGHJKLMNPQRSTUVWXYZ",
	"23456789",
	"!#$%*+-.:=?@_",
}

// newPassword makes a password that nobody is told. Whoever the account is for
// gets one by a reset.
func newPassword() (string, error) {
	all := strings.Join(passwordClasses, "")
	password := make([]byte, passwordLength)
	for i := range password {
		from := all
		if i < len(passwordClasses) {
			from = passwordClasses[i]
		}
		n, err := below(len(from))
		if err != nil {
			return "", err
		}
		password[i] = from[n]
	}
	for i := len(password) - 1; i > 0; i-- { // so that the first four tell nothing
		j, err := below(i + 1)
		if err != nil {
			return "", err
		}
		password[i], password[j] = password[j], password[i]
	}
	return string(password), nil
}

func below(n int) (int, error) {
	v, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
	if err != nil {
		return 0, err
	}
	return int(v.Int64()), nil
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
