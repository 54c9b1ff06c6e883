package app

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strings"
	"sync"

	"entrascim/internal/tenant"
)

// A tableCache compiles mapping tables. Tenants that lay the same on the tables that ship
// share theirs. Those of a tenant that maps directory extensions of its own are made when
// it is first asked for: they take some milliseconds and a megabyte.
type tableCache struct {
	mu      sync.Mutex
	checked map[laying]error // whether what is laid is right, whoever the app registration is
	kept    map[laying]func() (*Tables, error)
}

// A laying is what is laid on the tables, as a digest.
type laying [sha256.Size]byte

func newTableCache() *tableCache {
	return &tableCache{checked: map[laying]error{}, kept: map[laying]func() (*Tables, error){}}
}

// of gives the tenant's tables.
func (c *tableCache) of(t *tenant.Tenant) (*Tables, error) {
	key := layingOf(t, t.ExtensionAppID)
	c.mu.Lock()
	compile := c.kept[key]
	if compile == nil {
		compile = sync.OnceValues(func() (*Tables, error) { return compileTables(t) })
		c.kept[key] = compile
	}
	c.mu.Unlock()
	return compile()
}

// check tells what is wrong with what the tenant lays on the tables.
func (c *tableCache) check(t *tenant.Tenant) error {
	if layingOf(t, t.ExtensionAppID) == layingOf(t, "") { // the tables are nobody's in particular: they serve, too
		_, err := c.of(t)
		return err
	}
	key := layingOf(t, anyApp)
	c.mu.Lock()
	err, known := c.checked[key]
	c.mu.Unlock()
	if known {
		return err
	}
	anybody := *t
	anybody.ExtensionAppID = anyApp
	_, err = compileTables(&anybody)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.checked[key] = err
	return err
}

// keep forgets all tables but those of the tenants, and those that ship, which public
// discovery shows.
func (c *tableCache) keep(tenants []*tenant.Tenant) {
	c.mu.Lock()
	defer c.mu.Unlock()
	checked, kept := map[laying]error{}, map[laying]func() (*Tables, error){}
	for _, t := range append(slices.Clone(tenants), &tenant.Tenant{}) {
		if key := layingOf(t, t.ExtensionAppID); c.kept[key] != nil {
			kept[key] = c.kept[key]
		}
		key := layingOf(t, anyApp)
		if err, known := c.checked[key]; known {
			checked[key] = err
		}
	}
	c.checked, c.kept = checked, kept
}

// layingOf is what the tenant lays on the tables. The app registration counts when any of
// it depends on that.
func layingOf(t *tenant.Tenant, appID string) laying {
	all, _ := profiles(t.Profiles) // one that does not exist is found when the tables are compiled
	all = append(all, t.Overlays...)
	var text bytes.Buffer
	write := func(s []byte) {
		_ = binary.Write(&text, binary.BigEndian, uint64(len(s))) // a buffer takes everything
		text.Write(s)
	}
	write([]byte(strings.Join(t.Profiles, ",")))
	dependent := false
	for _, o := range all {
		write([]byte(o.Name))
		write(o.Text)
		dependent = dependent || bytes.Contains(o.Text, []byte("{appId}"))
	}
	if dependent {
		write([]byte(appID))
	}
	return sha256.Sum256(text.Bytes())
}
