//go:build e2e

package benche2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

func writes(t *testing.T, b *bench) {
	t.Helper()
	s := b.stage(t, b.writes())
	users := s.known(t, 500)
	manager := users[0].ID
	scimUser := func(n int, by, more string) ask {
		return ask{method: http.MethodPost, path: "/Users", status: http.StatusCreated, body: fmt.Sprintf(
			`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"%[1]s@contoso.com","displayName":"Grace Hopper",`+
				`"name":{"givenName":"Grace","familyName":"Hopper"},"title":"Rear Admiral","active":true%[2]s}`, name(n, by), more)}
	}
	graphUser := func(n int, by string) ask {
		return ask{method: http.MethodPost, path: "/users", status: http.StatusCreated, body: fmt.Sprintf(
			`{"userPrincipalName":"%[1]s@contoso.com","mailNickname":"%[1]s","displayName":"Grace Hopper","givenName":"Grace","surname":"Hopper",`+
				`"jobTitle":"Rear Admiral","accountEnabled":true,"passwordProfile":{"password":"Xyzzy-Plugh-77"}}`, name(n, by))}
	}
	s.compare(t, trial{
		name: "create a user", scim: func(n int) ask { return scimUser(n, byGateway, "") },
		graph: func(n int, by string) steps { return steps{{graphUser(n, by)}} },
	})
	r := s.compare(t, trial{
		name: "create a user with manager",
		scim: func(n int) ask {
			return scimUser(n, byGateway+"m", `,"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"`+manager+`"}}`)
		},
		graph: func(n int, by string) steps {
			return steps{{graphUser(n, by+"m")}, {{
				method: http.MethodPut, path: "/users/" + created + "/manager/$ref", status: http.StatusNoContent,
				body: `{"@odata.id":"` + s.sim.base + "/users/" + manager + `"}`,
			}}}
		},
	})
	b.must(t, "Graph calls, create with manager", "≤ 2", grouped(r.calls), r.calls <= 2)
	s.compare(t, trial{
		name: "PATCH a user",
		scim: func(n int) ask {
			return ask{method: http.MethodPatch, path: "/Users/" + users[n%len(users)].ID, status: http.StatusNoContent, body: patch("replace", "title", fmt.Sprintf(`"Countess %d"`, n))}
		},
		graph: func(n int, by string) steps {
			return steps{{{method: http.MethodPatch, path: "/users/" + users[n%len(users)].ID, status: http.StatusNoContent, body: fmt.Sprintf(`{"jobTitle":"Countess %d%s"}`, n, by)}}}
		},
	})
}

// name is another for each request and whoever makes it.
func name(n int, by string) string {
	return fmt.Sprintf("e2e-%s-%d", by, n)
}

func patch(op, path, value string) string {
	return fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":%q,"path":%q,"value":%s}]}`, op, path, value)
}

// Groups are made anew for each request: one for each who asks.
type fresh struct {
	*stage

	t     *testing.T
	ids   map[string]string
	first []string // members from the beginning
}

func (f *fresh) setup(n int) {
	f.t.Helper()
	for _, by := range []string{byGateway, byDirect, byFloor} {
		var made struct{ ID string }
		f.get(f.t, f.sim.server, ask{method: http.MethodPost, path: "/groups", status: http.StatusCreated, body: fmt.Sprintf(
			`{"displayName":"e2e %[1]s %[2]d","mailNickname":"e2e-%[1]s-%[2]d","mailEnabled":false,"securityEnabled":true}`, by, n)}, &made)
		f.ids[by] = made.ID
		f.follow(f.t, f.sim.server, f.adding(made.ID, f.first))
	}
}

const perBatch = 20 // items of a $batch, and members of an item

// adding are the requests of Graph that add members: 20 an item, 20 items a $batch, one
// after the other.
func (f *fresh) adding(group string, ids []string) steps {
	var items []string
	for some := range slices.Chunk(ids, perBatch) {
		var urls []string
		for _, id := range some {
			urls = append(urls, `"`+f.sim.base+"/directoryObjects/"+id+`"`)
		}
		items = append(items, `"method":"PATCH","url":"/groups/`+group+`","headers":{"Content-Type":"application/json"},"body":{"members@odata.bind":[`+strings.Join(urls, ",")+`]}`)
	}
	return inBatches(items)
}

func (f *fresh) removing(group string, ids []string) steps {
	var items []string
	for _, id := range ids {
		items = append(items, `"method":"DELETE","url":"/groups/`+group+`/members/`+id+`/$ref"`)
	}
	return inBatches(items)
}

func inBatches(items []string) (all steps) {
	for some := range slices.Chunk(items, perBatch) {
		all = append(all, []ask{{method: http.MethodPost, path: "/$batch", body: batchOf(some, true)}})
	}
	return all
}

func members(t *testing.T, b *bench) {
	t.Helper()
	s := b.stage(t, b.writes())
	f := &fresh{stage: s, t: t, ids: map[string]string{}}
	var ids []string
	for _, u := range s.known(t, 21_000) {
		ids = append(ids, u.ID)
	}
	change := func(op string, ids []string) func(int) ask {
		var values []string
		for _, id := range ids {
			values = append(values, `{"value":"`+id+`"}`)
		}
		body := patch(op, "members", "["+strings.Join(values, ",")+"]")
		return func(int) ask {
			return ask{method: http.MethodPatch, path: "/Groups/" + f.ids[byGateway], status: http.StatusNoContent, body: body}
		}
	}
	for _, n := range []int{1, 1000, min(20_000, s.sim.scale.users*2/3, len(ids))} {
		r := s.compare(t, trial{
			name: strings.TrimSuffix("add "+grouped(float64(n))+" members", map[bool]string{true: "s"}[n == 1]), setup: f.setup, scim: change("add", ids[:n]),
			graph: func(_ int, by string) steps { return f.adding(f.ids[by], ids[:n]) },
		})
		if n == 1000 {
			b.must(t, "Graph calls, add 1,000 members", "3 batches of writes", fmt.Sprintf("%.0f, and %.0f to look first", r.writing, r.calls-r.writing),
				r.writing == 3 && r.calls <= 4)
		}
	}
	f.first = ids[:1000]
	replaced := min(1500, len(ids))
	s.compare(t, trial{
		name: "replace half of 1,000 members", setup: f.setup, scim: change("replace", ids[500:replaced]),
		graph: func(_ int, by string) steps {
			return append(f.removing(f.ids[by], ids[:500]), f.adding(f.ids[by], ids[1000:replaced])...)
		},
	})
}
