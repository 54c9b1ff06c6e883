package graphsim

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// A userWrite is one create or update of a user while its values are checked.
type userWrite struct {
	call    *call
	kind    *kind
	changes *changeSet
	state   *state
	object  *object // nil on a create
}

// A userRule checks the value that a body gives a property, which is not null
// and has the property's type.
type userRule func(w *userWrite, name string) error

var userRules = map[string]userRule{
	"userPrincipalName":     checkUPN,
	"mailNickname":          checkNickname,
	"mail":                  checkMail,
	"otherMails":            checkOtherMails,
	"businessPhones":        checkBusinessPhones,
	"usageLocation":         checkUsageLocation,
	"onPremisesImmutableId": checkImmutableID,
	"passwordProfile":       checkPassword,
	"passwordPolicies":      checkPasswordPolicies,
	"identities":            checkIdentities,
	"userType":              checkUserType,
	"ageGroup":              oneOf("Minor", "NotAdult", "Adult"),

	"consentProvidedForMinor": oneOf("Granted", "Denied", "NotRequired"),

	"aboutMe": refuseElsewhere, "birthday": refuseElsewhere, "hireDate": refuseElsewhere,
	"interests": refuseElsewhere, "mySite": refuseElsewhere, "pastProjects": refuseElsewhere,
	"preferredName": refuseElsewhere, "responsibilities": refuseElsewhere, "schools": refuseElsewhere,
	"skills": refuseElsewhere, "mailboxSettings": refuseElsewhere, "print": refuseElsewhere,
	"deviceEnrollmentLimit": refuseElsewhere,
}

// refuseElsewhere keeps properties that are stored outside the directory out:
// they cannot be written together with the others, and not by an application.
func refuseElsewhere(*userWrite, string) error { return denied() }

func oneOf(values ...string) userRule {
	return func(w *userWrite, name string) error {
		if !slices.Contains(values, w.changes.text(name)) {
			return invalidValue(w.kind, name)
		}
		return nil
	}
}

var upnShape = regexp.MustCompile(`^[A-Za-z0-9'._!#^~-]{1,64}@[A-Za-z0-9.-]{1,48}$`)

func checkUPN(w *userWrite, name string) error {
	upn := w.changes.text(name)
	local, host, _ := strings.Cut(upn, "@")
	if len(upn) > 113 || !upnShape.MatchString(upn) || strings.HasSuffix(local, ".") {
		e := refuse("Property userPrincipalName is invalid.")
		e.Details = append(e.Details, detail(name, "InvalidValue", e.Message))
		return e
	}
	if w.call.dir.domain(host) != nil || w.call.sim.options.AnyDomain && domainShape.MatchString(host) {
		return nil
	}
	return unverifiedDomain()
}

// domainShape is a domain name of at least two labels (RFC 1123 section 2.1).
var domainShape = regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$`)

// federated refuses a user of a federated domain who has no link to the other
// directory.
func (d *Directory) federated(k *kind, s *state) error {
	_, host, _ := strings.Cut(unquote(s.get(k, "userPrincipalName")), "@")
	domain := d.domain(host)
	if domain == nil || domain.text("authenticationType") != "Federated" {
		return nil
	}
	if s.get(k, "onPremisesImmutableId") == "" {
		return missing(k, "onPremisesImmutableId")
	}
	return nil
}

// nicknameRefuses are the characters that no mailNickname may hold.
const nicknameRefuses = "@()\\[]\";:<>, "

func nicknameOK(s string) bool {
	return s != "" && ascii(s) && !strings.ContainsAny(s, nicknameRefuses)
}

func ascii(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > unicode.MaxASCII || r < ' ' }) < 0
}

func checkNickname(w *userWrite, name string) error {
	if !nicknameOK(w.changes.text(name)) {
		return invalidValue(w.kind, name)
	}
	return nil
}

var mailShape = regexp.MustCompile(`^[^@\s<>()\[\],;:"\\]+@[A-Za-z0-9.-]+$`)

func mailOK(s string) bool { return ascii(s) && mailShape.MatchString(s) }

func checkMail(w *userWrite, name string) error {
	if !mailOK(w.changes.text(name)) {
		return invalidValue(w.kind, name)
	}
	return nil
}

func checkOtherMails(w *userWrite, name string) error {
	list := stringsOf(string(w.changes.values[name]))
	if len(list) > 250 || slices.ContainsFunc(list, func(s string) bool { return !mailOK(s) }) {
		return invalidValue(w.kind, name)
	}
	return nil
}

func checkBusinessPhones(w *userWrite, name string) error {
	if len(stringsOf(string(w.changes.values[name]))) > 1 {
		return invalidValue(w.kind, name)
	}
	return nil
}

func checkUsageLocation(w *userWrite, name string) error {
	s := w.changes.text(name)
	if len(s) != 2 || !strings.Contains(countries, s+" ") {
		return invalidValue(w.kind, name)
	}
	return nil
}

func checkImmutableID(w *userWrite, name string) error {
	if strings.ContainsAny(w.changes.text(name), "$_") {
		return invalidValue(w.kind, name)
	}
	return nil
}

func checkPasswordPolicies(w *userWrite, name string) error {
	for part := range strings.SplitSeq(w.changes.text(name), ",") {
		switch strings.TrimSpace(part) {
		case "DisablePasswordExpiration", "DisableStrongPassword", "None":
		default:
			return invalidValue(w.kind, name)
		}
	}
	return nil
}

// checkUserType lets Members be created only: guests come by invitation.
func checkUserType(w *userWrite, name string) error {
	switch t := w.changes.text(name); {
	case t == "Member", t == "Guest" && w.object != nil:
		return nil
	}
	return invalidValue(w.kind, name)
}
