package config

import (
	"fmt"
	"net/url"
	"strings"
)

// An Address is a URL whose query may be a secret, as the code of an Azure Function and
// the sig of a Logic App are. One with a query is printed as scheme and host only, and
// string(a) is all of it.
type Address string

// String hides what may be a secret.
func (a Address) String() string {
	if !a.secret() {
		return string(a)
	}
	u, err := url.Parse(string(a))
	if err != nil || u.Host == "" || u.Opaque != "" {
		return hidden
	}
	return u.Scheme + "://" + u.Host + "/" + hidden
}

// GoString hides it from %#v.
func (a Address) GoString() string { return fmt.Sprintf("%q", a.String()) }

// MarshalText hides it from encoders.
func (a Address) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// secret tells whether there is, or may be, a query or a password in it.
func (a Address) secret() bool { return strings.ContainsAny(string(a), "?@#") }

// plain is the address without its query.
func (a Address) plain() string {
	before, _, _ := strings.Cut(string(a), "?")
	return before
}

// validQuery tells whether a query, if there is one, can be sent as it is.
func (a Address) validQuery() bool {
	_, query, _ := strings.Cut(string(a), "?")
	return !strings.ContainsFunc(query, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '#' })
}
