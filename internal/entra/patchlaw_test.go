package entra_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"entrascim/internal/entra"
	"entrascim/internal/graphsim"
	"entrascim/internal/rfcpatch"
)

// A changing is a resource that operations are tried on.
type changing struct {
	g        *gateway
	path     string
	attrs    []rfcpatch.Attribute
	fallback string // what is shown as work e-mail address when there is none
}

// FuzzPatchGateway: a resource is, after a PATCH, what RFC 7644 section 3.5.2 makes of
// what it was, as far as Entra can hold it; a PATCH that is refused changes nothing;
// one sent twice does what it does once, where that can be; and it costs Graph one
// write, with one more for the manager and one for each member.
func FuzzPatchGateway(f *testing.F) {
	chance := rand.New(rand.NewPCG(7, 8))
	for range 300 {
		shape := make([]byte, 60)
		for i := range shape {
			shape[i] = byte(chance.UintN(256))
		}
		f.Add(shape)
	}
	compiled := tables(f, externalID)
	f.Fuzz(func(t *testing.T, shape []byte) {
		g := &rfcpatch.Grower{Bytes: shape}
		c := changeable(t, g, compiled)
		ops := g.Operations(c.attrs)
		c.try(t, ops)
	})
}

// try sends the operations, and sends them again.
func (c *changing) try(t *testing.T, ops []rfcpatch.Operation) {
	t.Helper()
	text, err := json.Marshal(rfcpatch.Body(ops))
	if err != nil {
		t.Fatal(err)
	}
	before := c.g.get(c.path)
	want, refusal := rfcpatch.Apply(before, ops)
	c.g.sim.Reset()
	status, answer := c.g.try(http.MethodPatch, c.path, string(text))
	calls, writes := c.g.sim.Calls(), c.g.sim.Stats().Writes
	after := c.g.get(c.path)
	defer func() {
		if t.Failed() {
			t.Logf("%s\n%s\n%d %s", c.path, text, status, answer)
			for _, o := range ops {
				t.Logf("%s was %v, is %v, should be %v", o.Attr, o.Attr.Of(before), o.Attr.Of(after), o.Attr.Of(want))
			}
			t.Log(strings.Join(calls, "\n"))
		}
	}()
	if status >= http.StatusBadRequest {
		c.refused(t, status, answer, refusal)
		if !reflect.DeepEqual(before, after) {
			t.Error("refused, and changed something")
		}
		return
	}
	if refusal != nil {
		t.Errorf("done, and the RFC wants %v", refusal)
		return
	}
	exact := c.compare(t, ops, before, want, after)
	if !exact && status != http.StatusOK {
		t.Errorf("another outcome is answered %d: RFC 7644 section 3.5.2 wants the resource", status)
	}
	if status == http.StatusOK && !reflect.DeepEqual(unversioned(decodeObject(t, answer)), unversioned(after)) {
		t.Errorf("the answer is not what the resource is: %v", after)
	}
	if most := c.mostWrites(ops, before, want); writes > most {
		t.Errorf("%d writes, want %d at most", writes, most)
	}
	if rfcpatch.Idempotent(ops) && (exact || !slices.ContainsFunc(ops, crowded)) {
		again, text := c.g.try(http.MethodPatch, c.path, string(text))
		untargeted := !exact && strings.Contains(text, string(rfcpatch.NoTarget)) // Entra has no place for the value
		if again >= http.StatusBadRequest && !untargeted {
			t.Errorf("the second time: %d %s", again, text)
		}
		if twice := c.g.get(c.path); !reflect.DeepEqual(unordered(unversioned(twice)), unordered(unversioned(after))) {
			for _, o := range ops {
				t.Errorf("twice is not once: %s is %v", o.Attr, o.Attr.Of(twice))
			}
		}
	}
}

// crowded tells whether an operation sends several values, of which Entra may have to
// choose.
func crowded(o rfcpatch.Operation) bool {
	list, _ := o.Value.([]any)
	return len(list) > 1
}

// unholdable are refusals of what the RFC allows, because Entra cannot hold it.
var unholdable = []*regexp.Regexp{
	regexp.MustCompile(`cannot be removed: Entra cannot clear (mail|accountEnabled|usageLocation)\.`),
	regexp.MustCompile(`employeeNumber has at most 16 characters`),
	regexp.MustCompile(`a Microsoft 365 group takes users only`),
}

// refused wants a refusal that the RFC wants, or one of what Entra cannot hold.
func (c *changing) refused(t *testing.T, status int, answer string, refusal error) {
	t.Helper()
	if status != http.StatusBadRequest && status != http.StatusConflict {
		t.Errorf("status %d", status)
	}
	if refusal != nil {
		return
	}
	for _, r := range unholdable {
		if r.MatchString(answer) {
			return
		}
	}
	t.Errorf("refused: %s", answer)
}

// mostWrites is how many writes the change may cost.
func (c *changing) mostWrites(ops []rfcpatch.Operation, before, want object) int {
	most, changed := 0, false
	for _, o := range ops {
		changed = changed || !reflect.DeepEqual(projected(o.Attr, o.Attr.Of(before)), projected(o.Attr, o.Attr.Of(want)))
		switch {
		case o.Attr.Name == "manager" && !reflect.DeepEqual(projected(o.Attr, o.Attr.Of(before)), projected(o.Attr, o.Attr.Of(want))):
			most = max(most, 1)
		case o.Attr.Refers:
			most += len(listed(o.Attr.Of(before))) + len(listed(o.Value)) // members are not read to see whether they are there
		}
	}
	if changed {
		most++
	}
	return most
}

func decodeObject(t *testing.T, text string) object {
	t.Helper()
	var out object
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// unversioned is a resource without its version: an answer to a write may have
// another, for the same.
func unversioned(doc object) object {
	if meta, ok := doc["meta"].(object); ok {
		meta = maps.Clone(meta)
		delete(meta, "version")
		doc = maps.Clone(doc)
		doc["meta"] = meta
	}
	return doc
}

// unordered is a value whose lists are sorted: values have no order (RFC 7643 section
// 2.4), and the primary one is written first.
func unordered(v any) any {
	switch v := v.(type) {
	case object:
		out := object{}
		for name, inner := range v {
			out[name] = unordered(inner)
		}
		return out
	case []any:
		texts := []string{}
		for _, inner := range v {
			texts = append(texts, fmt.Sprint(unordered(inner)))
		}
		slices.Sort(texts)
		return texts
	}
	return v
}

// changeable makes a user or group of one kind or another.
func changeable(t *testing.T, g *rfcpatch.Grower, compiled entra.Tables) *changing {
	t.Helper()
	kind := g.Pick(5)
	c := &changing{g: startWith(t, graphsim.Options{}, compiled, true, nil)}
	ids := []any{}
	for _, name := range []string{"m1", "m2", "m3"} {
		ids = append(ids, c.g.add("user", graphsim.Values{"userPrincipalName": name + "@contoso.com", "displayName": name, "mailNickname": name, "accountEnabled": true}))
	}
	if kind >= 3 {
		c.group(kind == 4, ids)
		return c
	}
	values := graphsim.Values{"userPrincipalName": "ada@contoso.com", "displayName": "Ada", "mailNickname": "ada", "accountEnabled": true, "userType": "Member"}
	if kind > 0 {
		maps.Copy(values, graphsim.Values{
			"jobTitle": "Analyst", "givenName": "Ada", "surname": "Lovelace", "mail": "ada@work.example", "otherMails": []string{"a@x.org", "b@x.org"}, "businessPhones": []string{"+1"},
			"mobilePhone": "+2", "streetAddress": "1 Way", "city": "Delft", "country": "NL", "department": "Sales", "companyName": "Looms", "employeeId": "7",
			"employeeOrgData": object{"costCenter": "C", "division": "D"}, "usageLocation": "NL", "preferredLanguage": "en-US",
		})
	}
	id := c.g.add("user", values)
	if kind == 2 {
		if err := c.g.dir.SetManager(id, ids[0].(string)); err != nil {
			t.Fatal(err)
		}
		c.g.patch("/Users/"+id, http.StatusNoContent, object{"op": "add", "path": "externalId", "value": "e1"}, object{"op": "add", "path": entraUser + ":extensionAttribute1", "value": "one"})
	}
	c.path, c.attrs, c.fallback = "/Users/"+id, userAttributes(ids), "ada@contoso.com"
	return c
}

// group makes a group of three members, of which one is a group unless it is a
// Microsoft 365 group.
func (c *changing) group(unified bool, ids []any) {
	c.g.t.Helper()
	inner := c.g.add("group", graphsim.Values{"displayName": "Inner", "mailNickname": "inner", "mailEnabled": false, "securityEnabled": true})
	values := graphsim.Values{"displayName": "Outer", "mailNickname": "outer", "mailEnabled": false, "securityEnabled": true, "description": "D"}
	members := []string{ids[0].(string), ids[1].(string)}
	if unified {
		values["mailEnabled"], values["securityEnabled"], values["groupTypes"] = true, false, []string{"Unified"}
	} else {
		members = append(members, inner)
	}
	id := c.g.add("group", values)
	if err := c.g.dir.AddMembers(id, members...); err != nil {
		c.g.t.Fatal(err)
	}
	c.path, c.attrs = "/Groups/"+id, groupAttributes(append(ids, inner))
}
