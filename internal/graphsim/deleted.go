package graphsim

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// retention is how long a deleted object can be restored.
const retention = 30 * 24 * time.Hour

// softDelete moves an object to deletedItems. Its links stay, unseen; the sign-in
// name of a user becomes free.
func (d *Directory) softDelete(o *object) {
	next := o.edit()
	next.status = deleted
	next.set(o.kind, "deletedDateTime", timeText(d.clock()))
	if o.kind.name == "user" {
		mangled := strings.ReplaceAll(o.id, "-", "") + o.text("userPrincipalName")
		next.set(o.kind, "userPrincipalName", quote(mangled))
	}
	d.apply(o, next)
	d.unlicense(o)
}

// Delete moves a user or group to deletedItems, whoever masters it: as the synchronization
// with an on-premises directory does.
func (d *Directory) Delete(id string) error {
	defer d.lockPast()()
	o := d.byID[id]
	if o == nil || o.state.status != live {
		return fmt.Errorf("graphsim: there is no %s to delete", id)
	}
	d.softDelete(o)
	return nil
}

// restore brings a deleted object back, unless what must be unique was taken.
func (d *Directory) restore(o *object, r restoration) error {
	next := o.edit()
	next.status = live
	next.set(o.kind, "deletedDateTime", "")
	if o.kind.name == "user" {
		d.renamed(o, next, r)
	}
	if err := d.unique(o.kind, o, next); err != nil {
		return err
	}
	d.apply(o, next)
	switch o.kind.name {
	case "user":
		d.consume(nil, active(d.states(o)))
		_ = d.license(o, d.direct(o), false) // not strictly: it does not fail
	case "group":
		d.relicenseMembers(o)
	}
	return nil
}

// unlicense frees the units of a user that is deleted, and takes what a group that is
// deleted gave.
func (d *Directory) unlicense(o *object) {
	switch {
	case o.kind.name == "user":
		d.consume(active(d.states(o)), nil)
	case o.kind.name == "group" && len(licensesOf(o)) > 0:
		d.relicenseMembers(o)
	}
}

// purge removes what was deleted too long ago; the caller holds the lock.
func (d *Directory) purge() {
	limit := d.clock().Add(-retention)
	d.turn()
	for _, set := range d.sets {
		for _, o := range slices.Clone(set.list) {
			if o.state.status == deleted && time.Unix(0, o.state.since).Before(limit) {
				d.remove(o)
			}
		}
	}
}

// listDeleted lists the deleted objects of one type: the cast says which.
func listDeleted(c *call) (*answer, error) {
	k, err := c.cast()
	if err != nil {
		return nil, err
	}
	return c.list(c.deletedOf(k))
}

func countDeleted(c *call) (*answer, error) {
	k, err := c.cast()
	if err != nil {
		return nil, err
	}
	return c.count(c.deletedOf(k))
}

func (c *call) deletedOf(k *kind) collection {
	return collection{objects: c.dir.sets[k].list, kind: k, context: k.set, status: deleted}
}

// refuseUncast answers a list of deletedItems that names no type.
func refuseUncast(*call) (*answer, error) {
	return nil, unreadable("The OData cast segment is required: /directory/deletedItems/microsoft.graph.user.")
}

// cast is the type that a cast segment names.
func (c *call) cast() (*kind, error) {
	name := c.vars["cast"].text[len("microsoft.graph."):]
	for _, k := range c.dir.schema {
		if strings.EqualFold(k.name, name) && slices.Contains(directoryObjects, k.name) {
			return k, nil
		}
	}
	return nil, unreadable("Resource not found for the segment '%s'.", c.vars["cast"].text)
}

// deletedItem finds a deleted object by id.
func (c *call) deletedItem() (*object, error) {
	id := c.vars["id"].text
	if !isGUID(id) {
		return nil, invalidID(id)
	}
	o := c.dir.find(nil, id)
	if o == nil || o.state.status != deleted {
		return nil, notFound(id)
	}
	return o, nil
}

func getDeleted(c *call) (*answer, error) {
	o, err := c.deletedItem()
	if err != nil {
		return nil, err
	}
	return c.one(o, c.dir.newest(), mixedSet)
}

func restoreDeleted(c *call) (*answer, error) {
	c.dir.purge()
	o, err := c.deletedItem()
	if err != nil {
		return nil, err
	}
	if err := c.mayRestore(o); err != nil {
		return nil, err
	}
	r, err := c.restoration(o)
	if err != nil {
		return nil, err
	}
	if err := c.dir.restore(o, r); err != nil {
		return nil, err
	}
	e := &encoder{view: c.dir.newest(), typed: true}
	return c.entity(http.StatusOK, e, o, o.state, mixedSet), nil
}

// purgeDeleted deletes for good; an application cannot do that to a group.
func purgeDeleted(c *call) (*answer, error) {
	o, err := c.deletedItem()
	if err != nil {
		return nil, err
	}
	if o.kind.name == "group" {
		return nil, denied()
	}
	if err := c.mayRestore(o); err != nil {
		return nil, err
	}
	c.dir.remove(o)
	return noContent(), nil
}
