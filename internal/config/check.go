package config

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"entrascim/internal/graph"
	"entrascim/internal/tenant"
)

// complaint is a mistake with the place where it was made.
func (c Config) complaint(key string, err error) error {
	return fmt.Errorf("%s: %w", c.place(key), err)
}

// place is where a setting was given, or would be.
func (c Config) place(key string) string {
	if origin, ok := c.origins[key]; ok {
		return origin
	}
	group, name, _ := strings.Cut(key, "].")
	if origin, ok := c.origins[group+"]"]; ok {
		return origin + "." + name
	}
	if c.file != "" { // nothing but the file can give it
		return c.file + ": " + key
	}
	for _, s := range settings(&c) {
		if s.key == key && s.env != "" {
			return fmt.Sprintf("%s (%s)", key, s.env)
		}
	}
	return key
}

// A check is one thing that must hold of a setting.
type check struct {
	ok   bool
	key  string
	want string
}

// check adds the mistakes that only show once everything is filled in.
func (l *loader) check(unserved bool) {
	c := &l.config
	all := [][]check{c.storeChecks(), c.operatorChecks(), c.otherChecks(), c.passwordChecks(), c.guardChecks()}
	if c.HasTenant() {
		all = append([][]check{c.tenantChecks(), c.credentialChecks()}, all...)
	}
	if !unserved {
		all = append([][]check{c.listenerChecks(), c.adminChecks()}, all...)
	}
	if !unserved && c.HasTenant() {
		all = append([][]check{c.clientChecks()}, all...)
	}
	l.hold(all...)
}

// hold adds the mistakes of what must hold and does not.
func (l *loader) hold(all ...[]check) {
	for _, checks := range all {
		for _, check := range checks {
			if !check.ok && !l.bad[check.key] {
				l.fail(check.key, errors.New(check.want))
			}
		}
	}
}

func (c *Config) listenerChecks() []check {
	_, pairErr := tls.X509KeyPair(c.TLS.Certificate.Content, c.TLS.Key.Content)
	return []check{
		{validListen(c.Listen), "listen", "must be host:port"},
		{c.Health == "" || validListen(c.Health), "healthListen", "must be host:port"},
		{c.PublicURL == "" || validURL(c.PublicURL, "http", "https"), "publicURL", "must be an absolute URL without query"},
		{c.TLS.Certificate.Given() == c.TLS.Key.Given(), "tls.keyFile", "certificateFile and keyFile belong together"},
		{!c.ServesTLS() || pairErr == nil, "tls.certificateFile", "must be a PEM certificate that belongs to the key in keyFile"},
	}
}

func (c *Config) tenantChecks() []check {
	t, at := c.Tenant, c.cloud()
	_, cloud := graph.FindCloud(t.Cloud)
	return []check{
		{t.Name != "" && len(t.Name) <= maxName && only(t.Name, nameAlphabet), "tenant.name", "must be letters, digits and -._ only, 64 at most"},
		{validGUID(t.ID), "tenant.id", "must be the directory's GUID"},
		{t.Mode == string(tenant.Single) || c.multi(), "tenant.mode", "must be single or multi"},
		{cloud, "tenant.cloud", "must be one of " + strings.Join(cloudNames(), ", ")},
		{t.GraphURL == "" || validURL(t.GraphURL, "https"), "tenant.graphURL", "must be an https URL"},
		{t.Authority == "" || validURL(t.Authority, "https"), "tenant.authority", "must be an https URL"},
		{!cloud || at.complete() || c.multi() && !c.Operator.place().complete(), "tenant.authority", "is missing: a Graph URL that is not Microsoft's needs it"},
		{!t.CA.Given() || x509.NewCertPool().AppendCertsFromPEM(t.CA.Content), "tenant.caFile", "must hold PEM certificates"},
		{validDomain(t.DefaultDomain), "tenant.defaultDomain", "must be a domain name"},
		{!t.ShortNames || t.DefaultDomain != "", "tenant.shortNames", "needs tenant.defaultDomain"},
	}
}

func (c *Config) credentialChecks() []check {
	if c.multi() {
		return c.multiChecks()
	}
	return c.Tenant.signIn().checks()
}

func (c *Config) otherChecks() []check {
	return []check{
		{c.Mapping.ExtensionAppID == "" || validGUID(c.Mapping.ExtensionAppID), "mapping.extensionAppID", "must be the application's GUID"},
		{c.Policy.ManagerMissing == tenant.ManagerRefuse || c.Policy.ManagerMissing == tenant.ManagerWarn, "policy.managerMissing", "must be refuse or warn"},
		{slices.Contains([]tenant.DeletedUser{tenant.DeletedCreate, tenant.DeletedRefuse, tenant.DeletedRestore}, c.Policy.DeletedUser), "policy.deletedUser", "must be create, refuse or restore"},
		{c.Policy.UsageLocation == "" || isCountry(c.Policy.UsageLocation), "policy.usageLocation", "must be two capital letters, as in NL"},
		{c.Policy.MaxScan > 0, "policy.maxScan", "must be more than 0"},
		{c.Policy.Unknown == unknownIgnored || c.Policy.Unknown == unknownRefused, "policy.unknownAttributes", "must be ignore or refuse"},
		{slices.Contains([]string{provisioningOff, string(tenant.ProvisionOnDemand), string(tenant.ProvisionStart)}, c.Policy.Provisioning), "policy.provisioning", "must be off, on-demand or start"},
		{c.Cursors.Life > 0, "cursors.life", "must be more than 0"},
		{long(c.Cursors.secrets()), "cursors.key", "must be secrets of at least 16 characters"},
		{!isExample(c.Cursors.Key), "cursors.key", "is still the example's"},
		{c.Cursors.Key == "" || !c.Cursors.KeyFile.Given(), "cursors.keyFile", "give key or keyFile"},
		{!c.Cursors.KeyFile.Given() || len(c.Cursors.secrets()) > 0, "cursors.keyFile", "is empty"},
		{c.Limits.Operations > 0, "limits.operations", "must be more than 0"},
		{c.Limits.Body >= 1024, "limits.body", "must be at least 1024 bytes"},
		{c.Limits.Header >= 4096, "limits.header", "must be at least 4096 bytes"},
		{c.Limits.Timeout > 0, "limits.timeout", "must be more than 0"},
		{c.Limits.Requests > 0, "limits.requests", "must be more than 0"},
		{c.Limits.PerTenant > 0, "limits.tenantRequests", "must be more than 0"},
		{c.Limits.Connections > 0, "limits.connections", "must be more than 0"},
		{c.Log.Level >= zerolog.DebugLevel && c.Log.Level <= zerolog.ErrorLevel, "log.level", "must be debug, info, warn or error"},
		{c.Log.Format == "json" || c.Log.Format == "console", "log.format", "must be json or console"},
		{c.DrainGrace >= 0, "drainGrace", "must not be negative"},
	}
}

// isCountry tells whether s has the form of an ISO 3166 alpha-2 code.
func isCountry(s string) bool {
	return len(s) == 2 && !strings.ContainsFunc(s, func(c rune) bool { return c < 'A' || c > 'Z' })
}

// What policy.unknownAttributes may be.
const (
	unknownIgnored = "ignore"
	unknownRefused = "refuse"
)

// provisioningOff is what policy.provisioning may be beside what a tenant's policy has.
const provisioningOff = "off"

// long tells whether all secrets are long enough not to be guessed.
func long(secrets []string) bool {
	return !slices.ContainsFunc(secrets, func(s string) bool { return len(s) < minToken })
}

// isExample tells whether a secret is what the files in deploy/ have in its place.
func isExample(s Secret) bool { return strings.HasPrefix(string(s), "change-me") }

func cloudNames() []string {
	var names []string
	for _, c := range graph.Clouds() {
		names = append(names, c.Name)
	}
	return names
}

func validListen(s string) bool {
	_, port, err := net.SplitHostPort(s)
	n, bad := strconv.ParseUint(port, 10, 16)
	return err == nil && bad == nil && n < 1<<16
}

func validURL(s string, schemes ...string) bool {
	u, err := url.Parse(s)
	return err == nil && slices.Contains(schemes, u.Scheme) && u.Host != "" && u.RawQuery == "" && u.Fragment == "" && u.User == nil
}

func validGUID(s string) bool {
	_, err := uuid.Parse(s)
	return err == nil && len(s) == len("00000000-0000-0000-0000-000000000000")
}

func validDomain(s string) bool { return !strings.ContainsAny(s, "@/: \t") }

// oneLine tells whether a text is one line without control characters.
func oneLine(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

func readable(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	return f.Close() == nil
}
