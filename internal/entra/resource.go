package entra

import (
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"entrascim/internal/entra/entity"
	"entrascim/internal/entra/naming"
	"entrascim/internal/fault"
	"entrascim/internal/mapping"
	"entrascim/internal/scim"
)

// A resource is one resource type: what its table says of it. Reading needs no
// more than that; writing is users and groups.
type resource struct {
	*Directory

	table *mapping.Table
	rows  []mapping.Row // of the table
	typ   scim.ResourceType
	plans plans
	names naming.Names

	askable   map[mapping.Attr][]string
	apart     map[string]string // see there
	ofDeleted []mapping.Attr    // the attributes that only deleted resources have
}

func (d *Directory) resource(t *mapping.Table) *resource {
	r := &resource{Directory: d, table: t, rows: t.Rows()}
	r.names = naming.Names{Domain: d.options.DefaultDomain, Short: d.options.ShortNames && d.options.DefaultDomain != "" && t.Entity() == entityUser}
	r.askable, r.apart, r.ofDeleted = askable(r.rows), apart(r.rows), ofDeleted(r.rows)
	if r.names.Short {
		r.table = t.Shortened(mapping.Attr{URN: t.URN(), Name: attrUserName}, "@"+d.options.DefaultDomain)
	}
	if d.options.Policy.SkipOnPremisesGroups && r.table.Entity() == entityGroup {
		r.table = r.table.Without(syncProperty)
	}
	r.typ = scim.ResourceType{
		ID: t.Resource(), Name: t.Resource(), Endpoint: t.Endpoint(), Description: t.Description(),
		Schema: t.Schema(), Reader: r, Offset: d.options.Offset, Optional: t.Optional(),
	}
	if a, ok := t.Dictionary(); ok {
		r.typ.Dictionary = scim.Dictionary{URN: a.URN, Name: a.Name, Refuse: t.NoEntry}
	}
	r.typ.Keys = r.keys()
	for _, x := range t.Extensions() {
		r.typ.Extensions = append(r.typ.Extensions, scim.Extension{Schema: x})
	}
	return r
}

// keys tell the values of relations apart that a principal can have several of with one
// value: a role over several scopes, an application with several roles.
func (r *resource) keys() map[scim.AttrPath][]scim.Key {
	direct := "User"
	if r.table.Entity() == entityGroup {
		direct = "Group"
	}
	known := map[string][]scim.Key{
		relationRoles: {{Sub: "scope", Default: "/"}}, relationEligible: {{Sub: "scope", Default: "/"}},
		relationApplications: {{Sub: "appRoleId"}, {Sub: "appRole"}, {Sub: "principalType", Default: direct}},
	}
	keys := map[scim.AttrPath][]scim.Key{}
	for _, row := range r.rows {
		if k := known[row.Relation]; k != nil {
			keys[scim.AttrPath{URN: row.Attr.URN, Name: row.Attr.Name}] = k
		}
	}
	return keys
}

// supplied names the attributes that a client may leave out of a new resource
// though they are required: those that the table derives, and others.
func (r *resource) supplied(others ...string) []string {
	for _, row := range r.rows {
		if row.Required && (row.Derive != "" || row.Default != nil) {
			others = append(others, row.Attr.Name)
		}
	}
	return others
}

// entity names the Graph entity types that are resource types.
const (
	entityUser  = "user"
	entityGroup = "group"
)

// checkID refuses what cannot be an id before Graph is asked. Graph would take a
// user id that is no GUID for a userPrincipalName, and does not know at once what it has
// just made: what was made as another type is not this one.
func (r *resource) checkID(id string) error {
	switch {
	case r.fresh.Elsewhere(r.table.Collection(), id):
		return r.notFound()
	case isGUID(id), !r.table.GUIDs() && isPlain(id):
		return nil
	case r.table.Entity() == entityUser, !r.table.GUIDs():
		return r.notFound()
	}
	return fault.New(fault.InvalidValue, "The id is not a GUID, as every %s id is.", r.table.Resource())
}

func (r *resource) notFound() error {
	return fault.New(fault.NotFound, "There is no %s with this id.", r.table.Resource())
}

// isGUID tells whether s is a GUID as Graph writes it, in either case.
func isGUID(s string) bool { return len(s) == 36 && uuid.Validate(s) == nil }

// isPlain tells whether s can be an id that is no GUID.
func isPlain(s string) bool {
	const longest = 200
	outside := func(c rune) bool {
		return c != '-' && c != '_' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z')
	}
	return s != "" && len(s) <= longest && !strings.ContainsFunc(s, outside)
}

// has tells whether an object of the collection is one of the resources: a table may be
// for a part of a collection, or without a part of it.
func (r *resource) has(raw jsontext.Value) bool {
	if barred := r.table.Barred(); barred != "" && entity.Flag(raw, barred) {
		return false
	}
	property, value := r.table.Condition()
	return property == "" || strings.EqualFold(strings.Trim(string(entity.Member(raw, property)), `"`), value)
}

// unreadable says which resource type it is that the gateway has no permission to read,
// and has health say so, too. It is for types that the gateway can do without.
func (r *resource) unreadable(err error) error {
	if !r.table.Optional() || !fault.Is(err, fault.Forbidden) {
		return err
	}
	name := strings.TrimPrefix(r.table.Endpoint(), "/")
	r.lacking.Add(name)
	f := *fault.From(err)
	f.Detail = "The gateway lacks the directory permission to read " + name + "."
	return &f
}

// isID tells whether s can be the id of something as a filter has it, in which case
// matters: Graph writes GUIDs in lower case.
func isID(s string) bool { return isGUID(s) && s == strings.ToLower(s) }

// maxPlans bounds the plans that are kept: which there are is up to the clients.
const maxPlans = 512

// plans keeps compiled read plans by what is wanted.
type plans struct {
	mu    sync.Mutex
	byKey map[string]*mapping.ReadPlan
}

// plan is the read plan of a projection.
func (r *resource) plan(p scim.Projection) *mapping.ReadPlan {
	return r.plans.get("p"+p.Key(), func() *mapping.ReadPlan { return r.table.Read(r.living(p.Includes)) })
}

// planFor is the read plan of what is wanted.
func (r *resource) planFor(want mapping.Want) *mapping.ReadPlan {
	want = r.living(want)
	return r.plans.get("w"+r.table.Wanted(want), func() *mapping.ReadPlan { return r.table.Read(want) })
}

// get finds the plan, or compiles it.
func (p *plans) get(key string, compile func() *mapping.ReadPlan) *mapping.ReadPlan {
	p.mu.Lock()
	defer p.mu.Unlock()
	if plan := p.byKey[key]; plan != nil {
		return plan
	}
	if len(p.byKey) >= maxPlans || p.byKey == nil {
		p.byKey = map[string]*mapping.ReadPlan{}
	}
	plan := compile()
	p.byKey[key] = plan
	return plan
}

// touching wants the attributes given, and of a path without sub-attribute all of
// it.
func touching(paths []scim.AttrPath) mapping.Want {
	return func(urn, name, sub string) bool {
		for _, p := range paths {
			if p.URN == urn && p.Name == name && (p.Sub == "" || sub == "" || p.Sub == sub) {
				return true
			}
		}
		return false
	}
}

// either wants what one of two wants.
func either(a, b mapping.Want) mapping.Want {
	return func(urn, name, sub string) bool { return a(urn, name, sub) || b(urn, name, sub) }
}

// attribute is how a client writes the attribute that a Graph property is mapped
// to; "" when there is none. Attributes that can be written come first.
func (r *resource) attribute(property string) string {
	found := ""
	for _, row := range r.rows {
		head, _, _ := strings.Cut(strings.ReplaceAll(row.Graph, "/", "."), "[")
		if head == "" || row.Relation != "" || (head != property && !strings.HasPrefix(head, property+".")) {
			continue
		}
		if row.Writable() {
			return r.attrName(row.Attr)
		}
		if found == "" {
			found = r.attrName(row.Attr)
		}
	}
	return found
}

func (r *resource) attrName(a mapping.Attr) string {
	return scim.AttrPath{URN: a.URN, Name: a.Name, Sub: a.Sub}.String()
}
