package entra

import (
	"context"

	"github.com/go-json-experiment/json"

	"entrascim/internal/mapping"
	"entrascim/internal/scim"
)

// A newGroup is a group that is to be made, with all of it checked.
type newGroup struct {
	write   mapping.Write
	members *membership
	owners  *ownership
	beside  beside
}

// checkedNew reads a new group, and refuses what Graph would refuse of it.
func (g groups) checkedNew(ctx context.Context, doc scim.Document) (n newGroup, err error) {
	if n.write, err = g.table.Create(doc); err != nil {
		return n, err
	}
	if err := g.checkNew(n.write.Body); err != nil {
		return n, err
	}
	if n.members, err = membersOf(n.write.Relations[relationMembers].After); err != nil {
		return n, err
	}
	n.members.owners = g.ownersOf(doc)
	about, err := json.Marshal(n.write.Body)
	if err != nil {
		return n, err
	}
	if err := g.lookUp(ctx, n.members); err != nil {
		return n, err
	}
	if err := g.checkMembers(ctx, "", about, n.members); err != nil {
		return n, err
	}
	if n.owners, err = g.newOwnership(ctx, n.write, n.members); err != nil {
		return n, err
	}
	if err := g.checkUnique(ctx, "", n.write); err != nil {
		return n, err
	}
	if n.beside, _, err = g.newBeside(ctx, n.write); err != nil {
		return n, err
	}
	return n, g.checkGiven(about, n.beside)
}
