package app

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"entrascim/internal/entra/permission"
	"entrascim/internal/tenant"
	"entrascim/internal/tenant/store"
)

// What the doctor knows of permissions is what the document says.
func TestFeaturesAreDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../deploy/entra/permissions.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "## By feature\n")
	table, _, _ = strings.Cut(table, "\n`tenant prepare`")
	var documented []string
	for _, row := range regexp.MustCompile(`(?m)^\| (.+?) \| .+? \| (.+) \|$`).FindAllStringSubmatch(table, -1) {
		needs := regexp.MustCompile("`([A-Za-z.-]+)`").FindAllStringSubmatch(row[2], -1)
		names := make([]string, 0, len(needs))
		for _, n := range needs {
			names = append(names, n[1])
		}
		if len(names) > 0 {
			documented = append(documented, row[1]+": "+strings.Join(names, ", "))
		}
	}
	var known []string
	_, optional := permission.Optional(tenant.Policy{})
	for _, f := range append(permission.Features(), optional...) {
		known = append(known, f.Name+": "+strings.Join(f.Needs, ", "))
	}
	if !slices.Equal(known, documented) {
		t.Errorf("known:\n%s\ndocumented:\n%s", strings.Join(known, "\n"), strings.Join(documented, "\n"))
	}
}

func TestFeatureLacks(t *testing.T) {
	t.Parallel()
	all := func(granted ...string) string {
		var lacking []string
		for _, f := range permission.Features() {
			if len(f.Lacks(granted)) > 0 {
				lacking = append(lacking, f.Name)
			}
		}
		return strings.Join(lacking, "; ")
	}
	if got := all(append(permissions(t, "Read-only set"), permissions(t, "Read-write set")...)...); got != "" {
		t.Errorf("with both sets: %s", got)
	}
	for _, name := range []string{"create and change users", "change members", "invite guests", "set a password"} {
		if got := all(permissions(t, "Read-only set")...); !strings.Contains(got, name) {
			t.Errorf("read-only lacks %s, and not %s", got, name)
		}
	}
	if wanted, _ := permission.Optional(tenant.Policy{Provisioning: tenant.ProvisionStart}); len(wanted) != 1 || wanted[0].Needs[0] != "Synchronization.ReadWrite.All" {
		t.Errorf("wanted: %v", wanted)
	}
	if got := all("Directory.Read.All", "User.ReadWrite.All", "Group.ReadWrite.All", "RoleEligibilitySchedule.Read.Directory", "RoleAssignmentSchedule.Read.Directory"); got != "" {
		t.Errorf("with the wide ones: %s", got)
	}
	if got := all(); strings.Count(got, ";") != len(permission.Features())-1 {
		t.Errorf("with nothing: %s", got)
	}
}

// Clocks that differ are said; the login service judges by its own.
func TestDoctorSkew(t *testing.T) {
	t.Parallel()
	c := preparable(t, permissions(t, "Read-only set"))
	ctx := zerolog.Nop().WithContext(t.Context())
	for name, ahead := range map[string]time.Duration{"": 0, "but its clock and this machine": -10 * time.Minute} {
		report, sound, err := Doctor(ctx, c, "", func() time.Time { return time.Now().Add(ahead) })
		if err != nil || sound != (ahead == 0) || !strings.Contains(report, name) {
			t.Errorf("%s: %v %v\n%s", name, sound, err, report)
		}
	}
}

// The doctor examines tenants of the store, too, and says of each that is not served
// why.
func TestDoctorOfTheStore(t *testing.T) {
	t.Parallel()
	m := newManaged(t)
	certificate, key := clientCertificate(t, time.Now().Add(10*24*time.Hour))
	m.good(201, "POST", "/tenants", m.initech())
	m.good(201, "POST", "/tenants", fmt.Sprintf(`{"name":"hooli","directoryId":%q,"settings":%s,"credential":{"clientId":%q,"certificate":%q}}`,
		anotherTenant, m.settings(), storedApp, certificate+key))
	m.good(201, "POST", "/tenants", `{"name":"umbrella","mode":"multi"}`)
	record, err := m.registry.store.Tenant(t.Context(), "umbrella")
	if err != nil {
		t.Fatal(err)
	}
	record.Name, record.ID, record.Revision, record.State, record.Settings = "wayne", "", 0, tenant.Active, []byte("policy: 1")
	if _, err := m.registry.store.PutTenant(t.Context(), store.Change{Actor: "test", Action: "tenant.add"}, record); err != nil {
		t.Fatal(err)
	}
	report, sound, err := Doctor(m.logged(), m.registry.config, "", time.Now)
	if err != nil || sound {
		t.Fatalf("sound: %t, %v", sound, err)
	}
	for _, want := range []string{
		`(?m)^directory +acme `, `(?m)^directory +initech \(` + storedTenant + `\)`,
		`(?m)^certificate +WARNING: it ends on \d{4}-\d\d-\d\d, in (9|10) days$`,
		`(?m)^directory +umbrella \(\), .*\nstate +invited: it is not served$`,
		`(?m)^directory +wayne .*\nsettings +NOT WELL: settings:1: policy must be a group of settings; directoryId: must be the directory's GUID$`,
	} {
		if !regexp.MustCompile(want).MatchString(report) {
			t.Errorf("the report lacks %s:\n%s", want, report)
		}
	}
	if strings.Contains(report, storedSecret) || strings.Contains(report, "PRIVATE") {
		t.Error("the report has a secret")
	}
	report, _, _ = Doctor(m.logged(), m.registry.config, "hooli", func() time.Time { return time.Now().Add(11 * 24 * time.Hour) })
	if !regexp.MustCompile(`(?m)^certificate +NOT WELL: it ended on `).MatchString(report) || strings.Contains(report, "initech") {
		t.Errorf("the report of one:\n%s", report)
	}
	if n := strings.Count(m.log.String(), `"tenant":"hooli","message":"the certificate that the gateway signs in with: it ends on `); n != 1 {
		t.Errorf("the log tells of the certificate %d times", n)
	}
}

// clientCertificate is a certificate and its key as PEM.
func clientCertificate(t *testing.T, ends time.Time) (certificate, key string) {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: ends.AddDate(-1, 0, 0), NotAfter: ends}
	text, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: text})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))
}
