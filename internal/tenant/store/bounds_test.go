package store_test

import (
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"entrascim/internal/fault"
	"entrascim/internal/tenant"
)

func TestRefusedTenants(t *testing.T) {
	each(t, func(w *world) {
		t := w.t
		s, ctx := w.open(), t.Context()
		for what, spoil := range map[string]func(*tenant.Record){
			"no name":             func(r *tenant.Record) { r.Name = "" },
			"a long name":         func(r *tenant.Record) { r.Name = strings.Repeat("x", 65) },
			"a name with a slash": func(r *tenant.Record) { r.Name = "a/b" },
			"a name with a letter that has two cases elsewhere": func(r *tenant.Record) { r.Name = "\u0130" },
			"a name that is a folder":                           func(r *tenant.Record) { r.Name = ".." },
			"a bad id":                                          func(r *tenant.Record) { r.ID = "1" },
			"a bad directory":                                   func(r *tenant.Record) { r.DirectoryID = "contoso.com" },
			"no state":                                          func(r *tenant.Record) { r.State = "" },
			"a bad state":                                       func(r *tenant.Record) { r.State = "asleep" },
			"a bad mode":                                        func(r *tenant.Record) { r.Mode = "x" },
			"settings not UTF-8":                                func(r *tenant.Record) { r.Settings = []byte("a: \xff") },
			"settings with NUL":                                 func(r *tenant.Record) { r.Settings = []byte("a: \x00") },
			"long settings":                                     func(r *tenant.Record) { r.Settings = make([]byte, 64<<10+1) },
			"a long overlay":                                    func(r *tenant.Record) { r.Overlays = []tenant.Overlay{{Text: []byte(strings.Repeat("x", 4<<20+1))}} },
			"long overlays": func(r *tenant.Record) {
				r.Overlays = slicesOf(3, tenant.Overlay{Text: []byte(strings.Repeat("x", 2<<20))})
			},
			"many overlays":        func(r *tenant.Record) { r.Overlays = slicesOf(33, tenant.Overlay{}) },
			"an overlay not UTF-8": func(r *tenant.Record) { r.Overlays = []tenant.Overlay{{Text: []byte("\xff")}} },
			"an overlay of lines":  func(r *tenant.Record) { r.Overlays = []tenant.Overlay{{Name: "a\nb"}} },
			"a long credential":    func(r *tenant.Record) { r.Credential.Certificate = make([]byte, 64<<10+1) },
			"a secret not UTF-8":   func(r *tenant.Record) { r.Credential.Secret = "s3cret\xff" },
		} {
			r := full()
			spoil(&r)
			_, err := s.PutTenant(ctx, change, r)
			wantFault(t, err, fault.InvalidValue, what)
			if err != nil && strings.Contains(fault.From(err).Error(), "s3cret") {
				t.Errorf("%s: the fault shows the secret", what)
			}
		}
		if n, err := s.Revision(ctx); n != 0 || err != nil {
			t.Errorf("revision %d, %v", n, err)
		}
		big := full()
		big.Settings, big.Name = []byte(strings.Repeat("x", 64<<10)), strings.Repeat("x", 64)
		big.Overlays = slicesOf(32, tenant.Overlay{Text: []byte(strings.Repeat("ü", 64<<10))})
		if got := w.put(s, big); !reflect.DeepEqual(got.Overlays, big.Overlays) || !reflect.DeepEqual(got.Settings, big.Settings) {
			t.Error("what is just not too big is not kept as it was")
		}
	})
}

func slicesOf[T any](n int, one T) []T {
	all := make([]T, n)
	for i := range all {
		all[i] = one
	}
	return all
}

func TestRefusedClients(t *testing.T) {
	each(t, func(w *world) {
		t := w.t
		s, ctx := w.open(), t.Context()
		r := w.put(s, named("a"))
		secret := tenant.Secret{ID: uuid.NewString(), Sum: sum("x")}
		for what, spoil := range map[string]func(*tenant.ClientRecord){
			"no tenant":              func(c *tenant.ClientRecord) { c.TenantID = "" },
			"no name":                func(c *tenant.ClientRecord) { c.Name = "" },
			"a bad name":             func(c *tenant.ClientRecord) { c.Name = "a b" },
			"a bad id":               func(c *tenant.ClientRecord) { c.ID = strings.Repeat("0", 36) },
			"a bad kind":             func(c *tenant.ClientRecord) { c.Kind = "" },
			"a bad role":             func(c *tenant.ClientRecord) { c.Role = "admin" },
			"no resource types":      func(c *tenant.ClientRecord) { c.ResourceTypes = []string{} },
			"an empty resource type": func(c *tenant.ClientRecord) { c.ResourceTypes = []string{""} },
			"many resource types":    func(c *tenant.ClientRecord) { c.ResourceTypes = slicesOf(257, "User") },
			"no networks":            func(c *tenant.ClientRecord) { c.Networks = []netip.Prefix{} },
			"a network of nothing":   func(c *tenant.ClientRecord) { c.Networks = []netip.Prefix{{}} },
			"many networks":          func(c *tenant.ClientRecord) { c.Networks = slicesOf(257, netip.MustParsePrefix("10.0.0.0/8")) },
			"a long dialect":         func(c *tenant.ClientRecord) { c.Dialect = strings.Repeat("x", 65) },
			"an id of lines":         func(c *tenant.ClientRecord) { c.Me = "a\nb" },
			"a long issuer":          func(c *tenant.ClientRecord) { c.Issuer = strings.Repeat("x", 2049) },
			"an audience not UTF-8":  func(c *tenant.ClientRecord) { c.Audience = "\xff" },
			"an empty claim":         func(c *tenant.ClientRecord) { c.Claims = map[string]string{"": "x"} },
			"a long claim":           func(c *tenant.ClientRecord) { c.Claims = map[string]string{"x": strings.Repeat("x", 2049)} },
			"many claims":            func(c *tenant.ClientRecord) { c.Claims = claims(257) },
			"many secrets":           func(c *tenant.ClientRecord) { c.Secrets = secrets(17) },
			"a secret without id":    func(c *tenant.ClientRecord) { c.Secrets = []tenant.Secret{{}} },
			"the same secret twice":  func(c *tenant.ClientRecord) { c.Secrets = slicesOf(2, secret) },
			"the same sum in another": func(c *tenant.ClientRecord) {
				c.Secrets = []tenant.Secret{secret, {ID: uuid.NewString(), Sum: secret.Sum}}
			},
		} {
			c := fullClient(r.ID)
			spoil(&c)
			_, err := s.PutClient(ctx, change, c)
			wantFault(t, err, fault.InvalidValue, what)
		}
		if n, err := s.Revision(ctx); n != 1 || err != nil {
			t.Errorf("revision %d, %v", n, err)
		}
		big := fullClient(r.ID)
		big.Claims, big.Secrets, big.Networks = claims(256), secrets(16), slicesOf(256, netip.MustParsePrefix("10.0.0.0/8"))
		if got := w.putClient(s, big); !reflect.DeepEqual(got.Claims, big.Claims) || !reflect.DeepEqual(got.Secrets, big.Secrets) {
			t.Error("what is just not too big is not kept as it was")
		}
	})
}

func claims(n int) map[string]string {
	all := map[string]string{}
	for i := range n {
		all[fmt.Sprint(i)] = strings.Repeat("x", 2048)
	}
	return all
}

func secrets(n int) []tenant.Secret {
	all := make([]tenant.Secret, n)
	for i := range all {
		all[i] = tenant.Secret{ID: uuid.NewString(), Sum: sum(fmt.Sprint("secret", i)), Created: time.Unix(int64(i+1), 0).UTC()}
	}
	return all
}

func TestRefusedInvitations(t *testing.T) {
	each(t, func(w *world) {
		t := w.t
		s, ctx := w.open(), t.Context()
		r := w.put(s, named("a"))
		for what, spoil := range map[string]func(*tenant.Invitation){
			"no id":      func(i *tenant.Invitation) { i.ID = "" },
			"no tenant":  func(i *tenant.Invitation) { i.TenantID = "" },
			"no end":     func(i *tenant.Invitation) { i.Expires = time.Time{} },
			"used early": func(i *tenant.Invitation) { i.Used = w.now() },
		} {
			i := invitation(w, r.ID)
			spoil(&i)
			wantFault(t, s.PutInvitation(ctx, change, i), fault.InvalidValue, what)
		}
		i := invitation(w, uuid.NewString())
		wantFault(t, s.PutInvitation(ctx, change, i), fault.NotFound, "of a tenant that there is not")
	})
}
