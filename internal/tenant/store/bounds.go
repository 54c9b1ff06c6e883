package store

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"entrascim/internal/fault"
	"entrascim/internal/tenant"
)

// Bounds of what is kept, in bytes and in numbers.
const (
	maxName       = 64
	maxText       = 2048 // of an issuer, audience, claim …
	maxList       = 256  // of networks, resource types, claims
	maxSecrets    = 16
	maxSettings   = 64 << 10
	maxOverlays   = 32
	maxOverlay    = 4 << 20 // of all together
	maxCredential = 64 << 10
)

// refused says what is wrong with a value.
func refused(what, format string, args ...any) error {
	return fault.New(fault.InvalidValue, "%s "+format+".", append([]any{what}, args...)...)
}

// first gives the first mistake.
func first(all ...error) error {
	for _, err := range all {
		if err != nil {
			return err
		}
	}
	return nil
}

// must says so unless something is as it must be.
func must(ok bool, what, format string, args ...any) error {
	if ok {
		return nil
	}
	return refused(what, format, args...)
}

func checkTenant(r tenant.Record) error {
	return first(
		checkID(r.ID, "The tenant's id"),
		checkName(r.Name, "The tenant's name"),
		must(slices.Contains(tenant.States(), r.State), "The tenant's state", "must be invited, consented, active, suspended or removed"),
		must(r.Mode == tenant.Single || r.Mode == tenant.Multi, "The tenant's mode", "must be single or multi"),
		must(r.DirectoryID == "" || isUUID(r.DirectoryID), "The tenant's directory id", "must be a GUID"),
		checkText(string(r.Settings), maxSettings, "The settings"),
		checkOverlays(r.Overlays),
		checkCredential(r.Credential),
		checkText(r.SinkSecret, maxText, "The secret of its sink"),
		checkText(r.SinkURL, maxText, "The URL of its sink"),
	)
}

func checkOverlays(all []tenant.Overlay) error {
	size := 0
	for _, o := range all {
		size += len(o.Text)
		if err := first(checkLine(o.Name, maxText, "An overlay's name"), checkText(string(o.Text), maxOverlay, "An overlay")); err != nil {
			return err
		}
	}
	return must(len(all) <= maxOverlays && size <= maxOverlay, "The overlays", "must be %d at most, of %d bytes together", maxOverlays, maxOverlay)
}

func checkCredential(c tenant.Credential) error {
	size := len(c.ClientID) + len(c.Secret) + len(c.Certificate) + len(c.CertificatePassword) + len(c.FederatedTokenFile) + len(c.FederatedIdentity)
	legible := utf8.ValidString(c.ClientID + c.Secret + c.CertificatePassword + c.FederatedTokenFile + c.FederatedIdentity)
	return first(
		must(size <= maxCredential, "The credential", "must have %d bytes at most", maxCredential),
		must(legible, "The credential", "must be UTF-8, apart from the certificate"),
	)
}

// checkID lets an id be missing.
func checkID(id, what string) error { return must(id == "" || isUUID(id), what, "must be a UUID") }

// isUUID tells whether it is one in the usual form of 36 characters.
func isUUID(id string) bool { return len(id) == 36 && uuid.Validate(id) == nil }

// checkName holds a name to what URLs and logs show as it is.
func checkName(name, what string) error {
	plain := strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._") == ""
	return must(strings.Trim(name, ".") != "" && len(name) <= maxName && plain, what, "must be letters, digits and -._ only, %d at most, and not dots alone", maxName)
}

// checkText holds a text to what both databases keep.
func checkText(text string, most int, what string) error {
	return must(len(text) <= most && utf8.ValidString(text) && !strings.Contains(text, "\x00"), what, "must be UTF-8 text of %d bytes at most", most)
}

// checkLine holds a text to one line.
func checkLine(text string, most int, what string) error {
	return first(checkText(text, most, what), must(!strings.ContainsFunc(text, unicode.IsControl), what, "must not have control characters"))
}

// checkLines holds each to one line, and their number.
func checkLines(all []string, what string) error {
	for _, one := range all {
		if err := first(must(one != "", what, "must not be empty"), checkLine(one, maxText, what)); err != nil {
			return err
		}
	}
	return must(len(all) <= maxList, what, "must be %d at most", maxList)
}

func checkClient(r tenant.ClientRecord) error {
	return first(
		checkID(r.ID, "The client's id"),
		must(isUUID(r.TenantID), "The client's tenant", "must be the tenant's id"),
		checkName(r.Name, "The client's name"),
		must(slices.Contains(tenant.Kinds(), r.Kind), "The client's kind", "must be bearer, client-credentials, jwt or basic"),
		must(r.Role == tenant.ReadOnly || r.Role == tenant.ReadWrite, "The client's role", "must be read-only or read-write"),
		must(r.ResourceTypes == nil || len(r.ResourceTypes) > 0, "The client's resource types", "must be one at least, or be left out for all"),
		checkLines(r.ResourceTypes, "A client's resource types"),
		checkNetworks(r),
		checkLine(r.Dialect, maxName, "The client's dialect"),
		checkLine(r.Me, maxName, "The client's own id"),
		checkLine(r.Issuer, maxText, "The client's issuer"),
		checkLine(r.Audience, maxText, "The client's audience"),
		checkClaims(r.Claims),
		checkSecrets(r.Secrets),
	)
}

func checkNetworks(r tenant.ClientRecord) error {
	for _, n := range r.Networks {
		if !n.IsValid() {
			return refused("A client's network", "must be an address with the length of its prefix, such as 192.0.2.0/24")
		}
	}
	return first(
		must(r.Networks == nil || len(r.Networks) > 0, "The client's networks", "must be one at least, or be left out for any"),
		must(len(r.Networks) <= maxList, "The client's networks", "must be %d at most", maxList),
	)
}

func checkClaims(all map[string]string) error {
	for name, value := range all {
		if err := first(checkLines([]string{name}, "A claim's name"), checkLine(value, maxText, "A claim")); err != nil {
			return err
		}
	}
	return must(len(all) <= maxList, "The claims", "must be %d at most", maxList)
}

func checkSecrets(all []tenant.Secret) error {
	ids, sums := map[string]bool{}, map[[32]byte]bool{}
	for _, one := range all {
		if !isUUID(one.ID) {
			return refused("A secret's id", "must be a UUID")
		}
		ids[one.ID], sums[one.Sum] = true, true
	}
	return first(
		must(len(ids) == len(all) && len(sums) == len(all), "The client's secrets", "must differ"),
		must(len(all) <= maxSecrets, "The client's secrets", "must be %d at most", maxSecrets),
	)
}
