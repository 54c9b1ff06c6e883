package entra

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/entra/entity"
	"entrascim/internal/fault"
	"entrascim/internal/graph"
	"entrascim/internal/mapping"
	"entrascim/internal/scim"
)

const (
	entityServicePrincipal = "servicePrincipal"
	// maxOwners is how many owners Entra lets a group have:
	// https://learn.microsoft.com/entra/identity/users/directory-service-limits-restrictions.
	maxOwners = 100
)

// An ownership is what a write wants of a group's owners. Unlike members they are few,
// and known before they change: whether one may go depends on who else is there.
type ownership struct {
	name        string // of the attribute, for complaints
	add, remove []string
	after       []jsontext.Value // nil: nothing is wanted of them
}

func (s *ownership) none() bool { return s == nil || len(s.add)+len(s.remove) == 0 }

// newOwnership reads what a write says of the owners; m has looked up those who are new.
func (g groups) newOwnership(ctx context.Context, w mapping.Write, m *membership) (*ownership, error) {
	change, ok := w.Relations[relationOwners]
	if !ok {
		return nil, nil //nolint:nilnil // nothing is wanted of the owners
	}
	s := &ownership{name: g.relationAttribute(relationOwners)}
	before, after := ownersIn(change.Before), ownersIn(change.After)
	for _, id := range after {
		if !isGUID(id) {
			return nil, fault.New(fault.InvalidValue, "%s.value: %q is not a GUID.", s.name, id)
		}
	}
	s.add, s.remove = without(slices.Clone(after), before), without(slices.Clone(before), after)
	s.after = make([]jsontext.Value, 0, len(after))
	for _, id := range after {
		s.after = append(s.after, m.owner(id, change.Before))
	}
	switch {
	case len(after) > maxOwners:
		return nil, fault.New(fault.InvalidValue, "%s: a group has %d owners at most.", s.name, maxOwners)
	case len(after) == 0 && hadUser(change.Before):
		return nil, fault.New(fault.InvalidValue, "%s: the last owner of a group cannot be removed; name another one first.", s.name)
	}
	return s, g.checkOwners(ctx, s, m)
}

// ownersIn are the ids of a list of owners, distinct.
func ownersIn(v any) []string {
	var ids []string
	list, _ := v.([]any)
	for _, one := range list {
		m, _ := one.(map[string]any)
		id, _ := m["value"].(string)
		ids = append(ids, strings.ToLower(strings.TrimSpace(id)))
	}
	return distinct(ids)
}

// hadUser tells whether a user is among owners. That one cannot be the last to go:
// https://learn.microsoft.com/graph/api/group-delete-owners. Who was made one moments ago
// may be one.
func hadUser(before any) bool {
	list, _ := before.([]any)
	return slices.ContainsFunc(list, func(v any) bool {
		m, _ := v.(map[string]any)
		return m["type"] == "User" || m["type"] == nil
	})
}

// owner is an owner as Graph lists one: looked up, or as was read before.
func (m *membership) owner(id string, before any) jsontext.Value {
	list, _ := before.([]any)
	for _, v := range list {
		was, _ := v.(map[string]any)
		if text, _ := was["value"].(string); strings.EqualFold(text, id) {
			kind, _ := was["type"].(string)
			if kind != "" {
				kind = "#microsoft.graph." + strings.ToLower(kind[:1]) + kind[1:]
			}
			raw, err := json.Marshal(map[string]any{"@odata.type": kind, "id": id, "displayName": was["display"]}, json.Deterministic(true))
			if err == nil {
				return raw
			}
		}
	}
	return m.object(id)
}

// checkOwners refuses owners who do not exist or who are neither users nor service
// principals. Source: https://learn.microsoft.com/graph/api/group-post-owners.
func (g groups) checkOwners(ctx context.Context, s *ownership, m *membership) error {
	for _, id := range s.add {
		v, known := m.objects[id]
		kind := strings.TrimPrefix(entity.Text(v, odataType), "#microsoft.graph.")
		if err := g.refers(ctx, s.name, id, kind, known); err != nil {
			return err
		}
		switch {
		case !known && m.checked && !g.fresh.Any([]string{id}):
			return fault.New(fault.InvalidValue, "%s.value: there is no user or service principal with the id %q.", s.name, id)
		case known && kind != entityUser && kind != entityServicePrincipal:
			return fault.New(fault.InvalidValue, "%s.value: only users and service principals can own a group, and %q is a %s.", s.name, id, kind)
		}
	}
	return nil
}

const odataType = "@odata.type"

// recentOwners are the owners as they are after what was written moments ago, which the
// directory may not list yet.
func (g groups) recentOwners(id string, listed related) related {
	recent := &membership{}
	for owner, added := range g.written.Members(ownersKey(id)) {
		if added {
			recent.add = append(recent.add, owner)
		} else {
			recent.remove = append(recent.remove, owner)
		}
	}
	slices.Sort(recent.add)
	return recent.after(listed)
}

// ownersKey is under what is remembered who was made owner of a group.
func ownersKey(id string) string { return id + "/" + relationOwners }

// ownersNamed are the owners that operations name, to be looked up before it is known
// which of them are new.
func ownersNamed(ops scim.Patch) []string {
	var ids []string
	for _, op := range ops.Operations {
		if op.Path.Name == relationOwners && op.Op != "remove" {
			ids = append(ids, slices.DeleteFunc(ownersIn(op.Value), func(id string) bool { return !isGUID(id) })...)
		}
	}
	return distinct(ids)
}

// ownersOf are those that a document names.
func (g groups) ownersOf(doc scim.Document) []string {
	for _, row := range g.rows {
		if row.Relation == relationOwners {
			return slices.DeleteFunc(ownersIn(valueOf(doc, row.Attr, g.typ.Schema.ID)), func(id string) bool { return !isGUID(id) })
		}
	}
	return nil
}

// addOwners makes owners, each by a write of its own: Graph documents none for several.
func (g groups) addOwners(ctx context.Context, group, name string, ids []string) error {
	w := singly{name: name, ids: ids}
	for _, id := range ids {
		url, err := g.graph.ObjectURL(id)
		if err != nil {
			return err
		}
		body, err := json.Marshal(map[string]string{"@odata.id": url})
		if err != nil {
			return err
		}
		w.requests = append(w.requests, graph.Request{
			Method: http.MethodPost, Path: "/groups/{id}/owners/$ref", Params: map[string]string{"id": group}, Body: body, Repeatable: true,
		})
	}
	var failed error
	err := g.patient(ctx, func() error { // oneByOne names who failed, and hides that it may be too soon
		var late error
		w.forgive = func(err error) bool {
			if unseen(err) {
				late = err
			}
			return graph.AlreadyLinked(err)
		}
		if failed = g.oneByOne(ctx, w); failed != nil && late != nil {
			return late
		}
		return failed
	}, append([]string{group}, ids...)...)
	if err != nil {
		return failed
	}
	return nil
}

// removeOwners ends ownerships, after the new ones began: one has to stay.
func (g groups) removeOwners(ctx context.Context, group, name string, ids []string) error {
	w := singly{
		name: name, ids: ids,
		forgive: func(err error) bool { return graph.NotLinked(err) || fault.Is(err, fault.NotFound) },
	}
	for _, id := range ids {
		w.requests = append(w.requests, graph.Request{
			Method: http.MethodDelete, Path: "/groups/{id}/owners/{owner}/$ref", Params: map[string]string{"id": group, "owner": id},
		})
	}
	return g.oneByOne(ctx, w)
}

// changeOwners does what a write wants of the owners.
func (g groups) changeOwners(ctx context.Context, group string, o *object, s *ownership) error {
	if s.none() {
		return nil
	}
	if err := g.addOwners(ctx, group, s.name, s.add); err != nil {
		return err
	}
	g.written.Link(ownersKey(group), true, s.add)
	if err := g.removeOwners(ctx, group, s.name, s.remove); err != nil {
		if len(s.add) > 0 {
			err = partly(err, "the new owners were added", nil, 0)
		}
		return err
	}
	g.written.Link(ownersKey(group), false, s.remove)
	if o.related == nil {
		o.related = map[string]related{}
	}
	o.related[relationOwners] = slice(s.after)
	return nil
}
