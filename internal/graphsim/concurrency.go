package graphsim

import (
	"net/http"
	"strings"
)

// locks tells whether requests for the route change the object in the path, so
// that two of them at a time disturb each other.
func (row *route) locks() bool {
	if row.method == http.MethodGet || row.reads || len(row.segments) < 2 || row.segments[1] != "{id}" {
		return false
	}
	last := row.segments[len(row.segments)-1]
	return len(row.segments) == 2 || last == "$ref" || last == "assignLicense"
}

// claim reserves the object that a write is about until the answer is sent. It
// fails when another request has it, or an item of the same batch that the call
// does not depend on: Graph answers parallel writes on one object with a conflict
// instead of ordering them. Source: https://learn.microsoft.com/graph/errors.
func (c *call) claim() error {
	if !c.route.locks() {
		return nil
	}
	d := c.dir
	d.mu.Lock()
	defer d.mu.Unlock()
	id := strings.ToLower(c.vars["id"].text)
	if c.route.segments[0] == "users" && !isGUID(id) {
		if o := first(d.lookup(d.schema["user"], "userPrincipalName", id)); o != nil {
			id = o.id
		}
	}
	if holder := d.busy[id]; holder != nil && holder != c.outermost() {
		return concurrent()
	}
	if c.batched != nil && !c.batched.writes(c.step, id) {
		return concurrent()
	}
	d.busy[id] = c.outermost()
	c.outermost().claimed = append(c.outermost().claimed, id)
	return nil
}

// release gives back what the call and the items of its batch claimed.
func (c *call) release() {
	if len(c.claimed) == 0 {
		return
	}
	c.dir.mu.Lock()
	defer c.dir.mu.Unlock()
	for _, id := range c.claimed {
		delete(c.dir.busy, id)
	}
}

// outermost is the HTTP request that a call belongs to.
func (c *call) outermost() *call {
	if c.batched != nil {
		return c.batched.call
	}
	return c
}
