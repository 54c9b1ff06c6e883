package graphsim

import (
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// A restoration is the body of restore, which a user alone has.
// Source: https://learn.microsoft.com/graph/api/directory-deleteditems-restore.
type restoration struct {
	Name      string `json:"newUserPrincipalName"`
	Reconcile bool   `json:"autoReconcileProxyConflict"` // addresses that another has by now are dropped
}

// restoration reads the body; there may be none.
func (c *call) restoration(o *object) (restoration, error) {
	var r restoration
	if len(c.body) == 0 {
		return r, nil
	}
	if o.kind.name != "user" {
		return r, unreadable("The parameters of restore are those of a user.")
	}
	if err := c.optional(&r, "newUserPrincipalName", "autoReconcileProxyConflict"); err != nil || r.Name == "" {
		return r, err
	}
	w := &userWrite{call: c, kind: o.kind, changes: &changeSet{values: map[string]jsontext.Value{"userPrincipalName": jsontext.Value(quote(r.Name))}}}
	return r, checkUPN(w, "userPrincipalName")
}

// renamed gives a restored user its name again, or a new one.
func (d *Directory) renamed(o *object, next *state, r restoration) {
	name := r.Name
	if name == "" {
		name = strings.TrimPrefix(o.text("userPrincipalName"), strings.ReplaceAll(o.id, "-", ""))
	}
	next.set(o.kind, "userPrincipalName", quote(name))
	if r.Name != "" {
		next.set(o.kind, "identities", d.signIns(next.get(o.kind, "identities"), quote(name)))
	}
	if r.Reconcile {
		next.set(o.kind, "proxyAddresses", d.freeAddresses(o, next))
	}
}

// freeAddresses are the addresses of a deleted object that no other has.
func (d *Directory) freeAddresses(o *object, next *state) string {
	free := []string{}
	for _, address := range stringsOf(next.get(o.kind, "proxyAddresses")) {
		if !others(d.lookup(d.schema["user"], "proxyAddresses", address), o) && !others(d.lookup(d.schema["group"], "proxyAddresses", address), o) {
			free = append(free, address)
		}
	}
	text, _ := json.Marshal(free) // strings
	return string(text)
}
