package entra

import (
	"strings"

	"entrascim/internal/fault"
)

// apartToWrite are properties of a user that take more than the permission to change
// users. Source: https://learn.microsoft.com/graph/api/user-update.
var apartToWrite = []struct{ property, takes string }{
	{"passwordProfile", "a password takes the permission User-PasswordProfile.ReadWrite.All and, of the application, the directory role User Administrator at least"},
	{"employeeHireDate", "Microsoft says that applications can set it for new users only"},
	{"employeeLeaveDateTime", "it takes the permission User-LifeCycleInfo.ReadWrite.All"},
}

// forbidden gives Graph's refusal of a change the name of what in it may be the reason:
// Graph refuses all of it and says no more.
func (u users) forbidden(body map[string]any) func(error) error {
	return func(err error) error {
		if !fault.Is(err, fault.Forbidden) {
			return err
		}
		f := *fault.From(err)
		for _, one := range apartToWrite {
			if _, sent := body[one.property]; sent {
				f.Detail = strings.TrimSpace(f.Detail) + " " + u.attribute(one.property) + ": " + one.takes + "."
			}
		}
		return &f
	}
}
