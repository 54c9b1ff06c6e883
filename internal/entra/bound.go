package entra

import (
	"context"
	"fmt"
	"strings"

	"entrascim/internal/graph"
)

// links are who a new group is linked to with the request that makes it, and who only
// after it: Graph takes 20 links with it.
type links struct {
	owners, members           []string
	laterOwners, laterMembers []string
}

// newLinks gives the places to the owners first: there are few of them, and a group
// that nobody owns is not to be seen.
func newLinks(s *ownership, m *membership) links {
	var l links
	if s != nil {
		l.owners, l.laterOwners = cut(s.add, maxBind)
	}
	l.members, l.laterMembers = cut(m.add, maxBind-len(l.owners))
	return l
}

func cut(ids []string, n int) (first, rest []string) {
	n = min(n, len(ids))
	return ids[:n], ids[n:]
}

func (l links) none() bool { return len(l.owners)+len(l.members) == 0 }

// bind puts the links into the body of the request.
func (l links) bind(r *resource, body map[string]any) error {
	for name, ids := range map[string][]string{relationOwners: l.owners, relationMembers: l.members} {
		if len(ids) == 0 {
			continue
		}
		urls, err := r.urls(ids)
		if err != nil {
			return err
		}
		body[name+"@odata.bind"] = urls
	}
	return nil
}

// refused names the one of whom Graph speaks: an owner when it is one.
func (l links) refused(err error, owners string) error {
	refusal := graph.RefusalOf(err)
	for _, id := range l.owners {
		if refusal != nil && (len(l.members) == 0 || strings.Contains(strings.ToLower(refusal.Message), id)) {
			return memberFault(owners, err, l.owners)
		}
	}
	return memberFault(attrMembers, err, l.members)
}

// addLater links a new group to those who had no place in the request that made it.
func (g groups) addLater(ctx context.Context, id string, l links, s *ownership, m *membership) error {
	if len(l.laterOwners) > 0 {
		if err := g.addOwners(ctx, id, s.name, l.laterOwners); err != nil {
			return err
		}
	}
	if err := g.addMembers(ctx, id, m, l.laterMembers); err != nil {
		if n := len(l.laterOwners); n > 0 {
			err = partly(err, fmt.Sprintf("%d owners were added", n), nil, 0)
		}
		return err
	}
	g.written.Link(id, true, m.visible(l.laterMembers))
	return nil
}
