package entra

import (
	"context"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/entra/entity"
	"entrascim/internal/fault"
	"entrascim/internal/graph"
)

// A linkage is what is known of whether an object is a direct member of a group.
type linkage int

const (
	unsettled linkage = iota
	isMember
	noMember
)

// linked asks for each id whether it is a direct member of the group, 20 ids with
// one HTTP request: a large group need not be read for a few of its members. Of
// those who were added or removed moments ago it is known.
func (g groups) linked(ctx context.Context, group string, m *membership, ids []string) (map[string]linkage, error) {
	known := make(map[string]linkage, len(ids))
	recent := g.written.Members(group)
	var asked []string
	var requests []graph.Request
	for _, id := range ids {
		switch added, was := recent[id]; {
		case was && added:
			known[id] = isMember
		case was:
			known[id] = noMember
		default:
			asked = append(asked, id)
			requests = append(requests, graph.Request{
				Path: "/" + m.collection(id) + "/{id}/memberOf", Params: map[string]string{"id": id},
				Query: graph.Query{Select: []string{"id"}, Top: graph.MaxPage},
			})
		}
	}
	results, err := g.send(ctx, requests, graph.Parallel)
	if err != nil {
		return nil, err
	}
	for i, result := range results {
		if known[asked[i]], err = linkageIn(result, group); err != nil {
			return nil, err
		}
	}
	return known, nil
}

// rehearsed leaves out, in a rehearsal, those who are what they shall be already: Graph
// would refuse them.
func (g groups) rehearsed(ctx context.Context, group string, m *membership, ids []string, is linkage) ([]string, error) {
	if !graph.Rehearsing(ctx) || len(ids) == 0 {
		return ids, nil
	}
	known, err := g.linked(ctx, group, m, ids)
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return known[id] == is }), err
}

// collection is where an object that may be a member is found.
func (m *membership) collection(id string) string {
	if strings.EqualFold(entity.Text(m.objects[id], "@odata.type"), "#microsoft.graph.group") {
		return "groups"
	}
	return "users"
}

// linkageIn looks for the group among those that an object is a member of.
func linkageIn(memberOf graph.Result, group string) (linkage, error) {
	switch {
	case fault.Is(memberOf.Err, fault.NotFound), fault.Is(memberOf.Err, fault.Forbidden):
		return unsettled, nil
	case memberOf.Err != nil:
		return unsettled, memberOf.Err
	}
	found := false
	page, err := graph.Collection(memberOf.Body, func(d *jsontext.Decoder) error {
		v, err := d.ReadValue()
		found = found || strings.EqualFold(entity.Text(v, "id"), group)
		return err
	})
	switch {
	case err != nil:
		return unsettled, err
	case found:
		return isMember, nil
	case page.NextLink != "":
		return unsettled, nil
	}
	return noMember, nil
}
