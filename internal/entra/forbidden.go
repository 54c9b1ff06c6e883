package entra

import (
	"strings"

	"entrascim/internal/fault"
	"entrascim/internal/graph"
)

// apartToWrite are properties of a user that take more than the permission to change
// users. Source: https://learn.microsoft.com/graph/api/user-update.
var apartToWrite = []struct{ property, takes string }{
	{"passwordProfile", "a password takes the permission User-PasswordProfile.ReadWrite.All and, of the application, the directory role User Administrator at least"},
	{"employeeHireDate", "Microsoft says that applications can set it for new users only"},
	{"employeeLeaveDateTime", "it takes the permission User-LifeCycleInfo.ReadWrite.All"},
}

// sensitive are properties that, of a user who holds a directory role, only an application
// changes that holds a higher one. Source:
// https://learn.microsoft.com/graph/api/resources/users#who-can-perform-sensitive-actions.
var sensitive = []string{"accountEnabled", "businessPhones", "mobilePhone", "onPremisesImmutableId", "otherMails", "userPrincipalName"}

// outranked is what is said of a user whom the application may not rank above.
const outranked = "of a user who holds a directory role, or is in a group made for one, it takes a role of the application that ranks above"

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
		var names []string
		for _, property := range sensitive {
			if _, sent := body[property]; sent {
				names = append(names, u.attribute(property))
			}
		}
		if len(names) > 0 {
			f.Detail = strings.TrimSpace(f.Detail) + " " + strings.Join(names, ", ") + ": " + outranked + "."
		}
		return &f
	}
}

// ranked says of a user who may not be deleted what that may take.
func ranked(err error) error {
	if !fault.Is(err, fault.Forbidden) || graph.RefusalOf(err) == nil {
		return err
	}
	f := *fault.From(err)
	f.Detail = strings.TrimSpace(f.Detail) + " To delete: " + outranked + "."
	return &f
}
