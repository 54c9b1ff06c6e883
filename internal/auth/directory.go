package auth

import (
	"maps"
	"slices"

	"entrascim/internal/tenant"
)

// A directory finds clients. It is never changed.
type directory struct {
	bySum    map[[sumSize]byte]*Client // of kind Bearer; nil: of several
	byID     map[string]*Client        // of kinds ClientCredentials and Basic; nil: of several
	tokens   map[string]*claimed       // of kind JWT, by their issuer
	kinds    map[tenant.Kind]bool
	ofTenant map[*tenant.Tenant]map[tenant.Kind]bool
}

func newDirectory(clients []Client) *directory {
	d := &directory{
		bySum: map[[sumSize]byte]*Client{}, byID: map[string]*Client{}, tokens: map[string]*claimed{},
		kinds: map[tenant.Kind]bool{}, ofTenant: map[*tenant.Tenant]map[tenant.Kind]bool{},
	}
	clients = slices.Clone(clients)
	for i := range clients {
		d.add(&clients[i])
	}
	return d
}

func (d *directory) add(c *Client) {
	switch c.Kind {
	case tenant.Bearer:
		for _, s := range c.secrets {
			once(d.bySum, s.Sum, c)
		}
	case tenant.ClientCredentials, tenant.Basic:
		once(d.byID, c.ID, c)
	case tenant.JWT:
		if d.tokens[c.issuer] == nil {
			d.tokens[c.issuer] = newClaimed()
		}
		d.tokens[c.issuer].add(c)
	default:
		return
	}
	d.kinds[c.Kind] = true
	if d.ofTenant[c.Tenant] == nil {
		d.ofTenant[c.Tenant] = map[tenant.Kind]bool{}
	}
	d.ofTenant[c.Tenant][c.Kind] = true
}

// once notes whose the key is. One that is of two clients is of neither: it must not
// decide between tenants.
func once[K comparable](in map[K]*Client, key K, c *Client) {
	if other, twice := in[key]; twice && other != c {
		c = nil
	}
	in[key] = c
}

// bearer is the client whose token, good or expired, has the digest; nil: none.
func (d *directory) bearer(sum [sumSize]byte) *Client { return d.bySum[sum] }

// named is the client of the kind that has the id; nil: none.
func (d *directory) named(id string, kind tenant.Kind) *Client {
	if c := d.byID[id]; c != nil && c.Kind == kind {
		return c
	}
	return nil
}

// claimed are the clients of one issuer, by what their tokens must say.
type claimed struct {
	byClaim map[claim][]*Client
	names   map[string]bool // that the claims have
}

// A claim is an audience, and the first of the claims that a client's token must have;
// none has the name "".
type claim struct{ audience, name, value string }

func newClaimed() *claimed { return &claimed{map[claim][]*Client{}, map[string]bool{}} }

func (t *claimed) add(c *Client) {
	key := claim{audience: c.audience}
	if names := slices.Sorted(maps.Keys(c.claims)); len(names) > 0 {
		key.name = names[0]
		key.value = c.claims[key.name]
	}
	t.byClaim[key] = append(t.byClaim[key], c)
	t.names[key.name] = true
}

// match finds the clients that the token is good for.
func (t *claimed) match(audiences []string, claims map[string]any) []*Client {
	var found []*Client
	for _, audience := range slices.Compact(slices.Sorted(slices.Values(audiences))) {
		for name := range t.names {
			for _, value := range valuesOf(name, claims) {
				for _, c := range t.byClaim[claim{audience, name, value}] {
					if !slices.Contains(found, c) && c.claimedBy(claims) {
						found = append(found, c)
					}
				}
			}
		}
	}
	return found
}

// claimedBy tells whether the claims are all that the client's must be.
func (c *Client) claimedBy(claims map[string]any) bool {
	for name, value := range c.claims {
		if !slices.Contains(valuesOf(name, claims), value) {
			return false
		}
	}
	return true
}
