package entra

import (
	"context"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	filter "github.com/scim2/filter-parser/v2"

	"entrascim/internal/entra/cache"
	"entrascim/internal/entra/entity"
	"entrascim/internal/fault"
	"entrascim/internal/graph"
	"entrascim/internal/scim"
)

// A membership is what a write wants of a group's members.
type membership struct {
	replace bool     // add is all there shall be
	add     []string // ids, distinct
	remove  []string
	filters []selection

	objects map[string]jsontext.Value // those of add that the directory knows, by id
	checked bool                      // objects has been asked for
	hidden  func(jsontext.Value) bool // members that are not shown; nil: all are
	owners  []string                  // looked up with add, being named as owners
}

// A selection removes the members that match a filter, but for those that were added
// after it.
type selection struct {
	filter filter.Expression
	spared []string
}

func (m *membership) none() bool {
	return !m.replace && len(m.add)+len(m.remove)+len(m.filters) == 0
}

// membersOf reads the members of a document.
func membersOf(value any) (*membership, error) {
	m := &membership{}
	list, _ := value.([]any)
	for _, v := range list {
		element, _ := v.(map[string]any)
		id, _ := element["value"].(string)
		if id == "" {
			return nil, fault.New(fault.InvalidValue, "members.value is required in every member.")
		}
		m.add = append(m.add, strings.ToLower(id))
	}
	m.add = distinct(m.add)
	return m, checkGUIDs(m.add)
}

// folded makes one intent of the operations on members, in their order.
func folded(changes []scim.MemberChange) (*membership, error) {
	m := &membership{}
	for _, c := range changes {
		ids := make([]string, len(c.Values))
		for i, id := range c.Values {
			ids[i] = strings.ToLower(id)
		}
		if c.Op != "remove" {
			if err := checkGUIDs(ids); err != nil {
				return nil, err
			}
		}
		m.fold(c, ids)
	}
	m.add, m.remove = distinct(m.add), distinct(m.remove)
	return m, nil
}

func (m *membership) fold(c scim.MemberChange, ids []string) {
	switch {
	case c.Op == "replace", c.All:
		*m = membership{replace: true, add: ids}
	case c.Op == "add":
		m.add = append(m.add, ids...)
		m.remove = without(m.remove, ids)
		for i := range m.filters {
			m.filters[i].spared = append(m.filters[i].spared, ids...)
		}
	case c.Filter != nil:
		m.filters = append(m.filters, selection{filter: c.Filter})
	default:
		m.add = without(m.add, ids)
		if !m.replace {
			m.remove = append(m.remove, ids...)
		}
	}
}

func without(list, ids []string) []string {
	drop := setOf(ids)
	return slices.DeleteFunc(list, func(id string) bool { return drop[id] })
}

func setOf(ids []string) map[string]bool {
	set := make(map[string]bool, len(ids))
	for _, id := range ids {
		set[id] = true
	}
	return set
}

func checkGUIDs(ids []string) error {
	for _, id := range ids {
		if !isGUID(id) {
			return fault.New(fault.InvalidValue, "members.value: %q is not a GUID.", id)
		}
	}
	return nil
}

// lookups are the requests that find the members to be added.
func (m *membership) lookups() ([]graph.Request, error) {
	properties := []string{"id", "displayName", "groupTypes"}
	if m.hidden != nil {
		properties = append(properties, syncProperty)
	}
	var requests []graph.Request
	for some := range slices.Chunk(distinct(slices.Concat(m.add, m.owners)), cache.MaxByIDs) {
		request, err := cache.GetByIDs(some, nil, properties...)
		if err != nil {
			return nil, err
		}
		requests = append(requests, request)
	}
	return requests, nil
}

// found takes what the lookups answered. Without the permission to look up,
// Graph's refusals have to tell.
func (m *membership) found(results []graph.Result) error {
	m.objects, m.checked = map[string]jsontext.Value{}, true
	for _, result := range results {
		if fault.Is(result.Err, fault.Forbidden) {
			m.checked = false
			continue
		}
		if result.Err != nil {
			return result.Err
		}
		_, err := graph.Collection(result.Body, func(d *jsontext.Decoder) error {
			v, err := d.ReadValue()
			if err == nil {
				m.objects[strings.ToLower(entity.Text(v, "id"))] = v.Clone()
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// checkMembers refuses members that do not exist or that the group cannot have.
// Source: https://learn.microsoft.com/graph/api/group-post-members.
func (g groups) checkMembers(ctx context.Context, id string, about jsontext.Value, m *membership) error {
	for _, member := range m.add {
		v, known := m.objects[member]
		kind := strings.TrimPrefix(entity.Text(v, "@odata.type"), "#microsoft.graph.")
		if err := g.refers(ctx, attrMembers, member, kind, known); err != nil {
			return err
		}
		switch {
		case member == strings.ToLower(id):
			return fault.New(fault.InvalidValue, "members.value: a group cannot be its own member.")
		case !known && m.checked && !g.fresh.Any([]string{member}):
			return fault.New(fault.InvalidValue, "members.value: there is no user, group or device with the id %q.", member)
		case !known:
		}
		if why := cannotJoin(about, v, kind); known && why != "" {
			return fault.New(fault.InvalidValue, "members.value: %s, and %q is a %s.", why, member, kind)
		}
	}
	return nil
}

// settle turns a replacement and the filters into what is to be added and
// removed, by going through the present members once. Members who were added or
// removed moments ago may not be listed as they are: of them it is known.
func (g groups) settle(ctx context.Context, id string, m *membership) error {
	if !m.replace && len(m.filters) == 0 {
		return nil
	}
	selected := m.matching(ctx, g.resource)
	if err := m.unselect(selected); err != nil {
		return err
	}
	wanted, present := setOf(m.add), g.written.Members(id)
	err := g.patient(ctx, func() error {
		if m.replace {
			m.remove = nil
		}
		return g.graph.All(ctx, g.relationRequest(relationMembers, id), func(v jsontext.Value) error {
			member := strings.ToLower(entity.Text(v, "id"))
			if _, known := present[member]; !known && wanted[member] {
				present[member] = true
			}
			gone, err := m.leaves(v, selected)
			if gone && !wanted[member] {
				m.remove = append(m.remove, member)
			}
			return err
		})
	}, id)
	for member, added := range present {
		if m.replace && added && !wanted[member] {
			m.remove = append(m.remove, member)
		}
	}
	m.add, m.remove = slices.DeleteFunc(m.add, func(id string) bool { return present[id] }), distinct(m.remove)
	m.replace, m.filters = false, nil
	return err
}

// unselect takes out what is to be added and then selected by a filter.
func (m *membership) unselect(selected func(jsontext.Value) (bool, error)) error {
	var kept []string
	for _, id := range m.add {
		gone, err := selected(m.object(id))
		if err != nil {
			return err
		}
		if !gone {
			kept = append(kept, id)
		}
	}
	m.add = kept
	return nil
}

// matching tells whether one of the filters selects a member.
func (m *membership) matching(ctx context.Context, r *resource) func(jsontext.Value) (bool, error) {
	path := scim.AttrPath{URN: r.typ.Schema.ID, Name: attrMembers}
	plan := r.planFor(touching([]scim.AttrPath{path}))
	matchers, spared := make([]*scim.Matcher, len(m.filters)), make([]map[string]bool, len(m.filters))
	for i, s := range m.filters {
		spared[i] = setOf(s.spared)
		matchers[i] = scim.NewMatcher(&r.typ, &filter.ValuePath{
			AttributePath: filter.AttributePath{URIPrefix: &path.URN, AttributeName: attrMembers}, ValueFilter: s.filter,
		})
	}
	return func(v jsontext.Value) (bool, error) {
		if len(matchers) == 0 {
			return false, nil
		}
		one := map[string]related{relationMembers: slice([]jsontext.Value{v})}
		doc, err := r.document(ctx, object{raw: jsontext.Value("{}"), related: one}, plan)
		if err != nil {
			return false, err
		}
		id := strings.ToLower(entity.Text(v, "id"))
		for i, match := range matchers {
			if !spared[i][id] && match.Match(doc) {
				return true, nil
			}
		}
		return false, nil
	}
}

// after is the list of members after the change: what Graph lists, which may be
// from before or after it, with what was done laid over.
func (m *membership) after(listed related) related {
	removed := setOf(m.remove)
	return func(yield func(jsontext.Value, error) bool) {
		missing := setOf(m.add)
		for v, err := range listed {
			id := strings.ToLower(entity.Text(v, "id"))
			delete(missing, id)
			if err == nil && removed[id] {
				continue
			}
			if !yield(v, err) || err != nil {
				return
			}
		}
		for _, id := range m.add {
			if missing[id] && !m.conceals(id) && !yield(m.object(id), nil) {
				return
			}
		}
	}
}

func (m *membership) object(id string) jsontext.Value {
	if v := m.objects[id]; v != nil {
		return v
	}
	return jsontext.Value(`{"id":"` + id + `"}`) // a GUID, by checkGUIDs
}
