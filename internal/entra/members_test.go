package entra_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"entrascim/internal/graphsim"
	"entrascim/internal/graphsim/trouble"
)

// 1,000 members are 50 writes in 3 batches, beside one request that reads the
// group and looks the members up; the same request again changes nothing, and
// taking them out is 1,000 removals in batches of 20.
func TestThousandMembers(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	users := g.addUsers(1000)
	group := g.addGroup("Big")
	path := "/Groups/" + group
	g.patch(path, http.StatusNoContent, object{"op": "add", "path": "members", "value": members(users...)})
	g.wantAsked("adding", 1+3, 50)

	got := memberIDs(g.get(path + "?attributes=members"))
	if !same(got, users) {
		t.Errorf("%d members are read, want 1000", len(got))
	}
	g.wantAsked("reading", 2, 0)

	g.patch(path, http.StatusNoContent, object{"op": "add", "path": "members", "value": members(users[:40]...)})
	if got := memberIDs(g.get(path + "?attributes=members")); len(got) != 1000 {
		t.Errorf("%d members after adding some again", len(got))
	}
	g.asked()

	g.patch(path, http.StatusNoContent, object{"op": "remove", "path": "members", "value": members(users[:990]...)})
	g.wantAsked("removing", 1+50, 990)
	if got := memberIDs(g.get(path + "?attributes=members")); !same(got, users[990:]) {
		t.Errorf("members left: %v", got)
	}
	g.patch(path, http.StatusNoContent, object{"op": "remove", "path": "members", "value": members(users[:60]...)})
}

// Members beyond one page of Graph's are read to the end, alone and in a list.
func TestMembersBeyondAPage(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	users := g.addUsers(2500)
	group := g.addGroup("Huge", users...)
	if got := memberIDs(g.get("/Groups/" + group)); !same(got, users) {
		t.Errorf("%d members are read, want 2500", len(got))
	}
	g.wantAsked("reading", 3, 0)
	list := g.get("/Groups?filter=displayName%20eq%20%22Huge%22")
	if got := memberIDs(list["Resources"].([]any)[0].(object)); !same(got, users) {
		t.Errorf("%d members are listed, want 2500", len(got))
	}
}

// A group too large for memory passes through: while the client has read only the
// beginning, Graph has not been asked for the end.
func TestHugeGroupIsStreamed(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	const size = 40000
	group := g.addGroup("Huge", g.addUsers(size)...)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, g.url+"/Groups/"+group, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := narrow(t).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if _, err := io.CopyN(io.Discard, response.Body, 1<<16); err != nil {
		t.Fatal(err)
	}
	if pages := g.sim.Stats().Requests; pages > 35 {
		t.Errorf("%d of the 41 pages were read for the first 64 KiB", pages)
	}
	rest, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(rest, []byte(`"$ref":`)); n < size-1000 || g.sim.Stats().Requests != 41 {
		t.Errorf("%d members in the rest, %d requests", n, g.sim.Stats().Requests)
	}
}

// narrow is a client whose system takes little of an answer before the client
// reads it.
func narrow(t *testing.T) *http.Client {
	t.Helper()
	transport := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		if tcp, ok := conn.(*net.TCPConn); ok && err == nil {
			err = tcp.SetReadBuffer(32 << 10)
		}
		return conn, err
	}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func TestMembersReplaced(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	users := g.addUsers(60)
	group := g.addGroup("Team", users[:40]...)
	path := "/Groups/" + group

	g.patch(path, http.StatusNoContent, object{"op": "replace", "path": "members", "value": members(users[30:50]...)})
	if got := memberIDs(g.get(path)); !same(got, users[30:50]) {
		t.Errorf("replaced: %v", got)
	}
	g.asked()
	put := object{"displayName": "Team", "members": members(users[30:50]...), entraGroup: object{"mailNickname": "Team"}}
	g.do(http.MethodPut, path, put, http.StatusOK)
	g.wantAsked("a PUT that changes nothing", 2, 0)

	delete(put, "members")
	put["displayName"] = "Renamed"
	if got := memberIDs(g.do(http.MethodPut, path, put, http.StatusOK)); len(got) != 20 {
		t.Errorf("a PUT without members left %d", len(got))
	}
	put["members"] = []object{}
	if got := g.do(http.MethodPut, path, put, http.StatusOK); len(memberIDs(got)) != 0 {
		t.Errorf("a PUT with an empty list answers %v", got)
	}
	if got := memberIDs(g.get(path)); len(got) != 0 {
		t.Errorf("a PUT with an empty list left %v", got)
	}
}

// What the operations leave is what the answer shows, though the directory still
// shows the old members.
func TestMembersAnsweredFromTheWrite(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{Lag: graphsim.Lag{Read: 30e9, List: 30e9}}, "", nil)
	users := g.addUsers(4)
	group := g.addGroup("Team", users[:2]...)
	g.sim.Advance(60e9)
	got := g.patch("/Groups/"+group+"?attributes=members,displayName", http.StatusOK,
		object{"op": "remove", "path": fmt.Sprintf("members[value eq %q]", users[0])},
		object{"op": "add", "path": "members", "value": members(users[2:]...)},
		object{"op": "replace", "path": "displayName", "value": "Crew"})
	if !same(memberIDs(got), users[1:]) || got["displayName"] != "Crew" {
		t.Errorf("answered %v, want members %v", got, users[1:])
	}
	if at(got, "members", "2", "display") != "User user00003" {
		t.Errorf("a new member has no name: %v", got)
	}
}

// A filter of a remove is evaluated on the members that there are.
func TestMembersRemovedByFilter(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	users := g.addUsers(3)
	inner := g.addGroup("Inner")
	group := g.addGroup("Outer", append(users, inner)...)
	g.patch("/Groups/"+group, http.StatusNoContent, object{"op": "remove", "path": `members[type eq "Group" or display ew "00001"]`})
	if got := memberIDs(g.get("/Groups/" + group)); !same(got, []string{users[0], users[2]}) {
		t.Errorf("left: %v", got)
	}
	g.patch("/Groups/"+group, http.StatusNoContent, object{"op": "remove", "path": "members"})
	if got := memberIDs(g.get("/Groups/" + group)); len(got) != 0 {
		t.Errorf("left: %v", got)
	}
}

// A group is made with all its members, and the 21st and on come after it.
func TestGroupMadeWithManyMembers(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	users := g.addUsers(50)
	made := g.do(http.MethodPost, "/Groups", object{"displayName": "Großes Team!", "members": members(users...)}, http.StatusCreated)
	g.wantAsked("making", 3, 3)
	if !same(memberIDs(made), users) {
		t.Errorf("answered %d members", len(memberIDs(made)))
	}
	if nick := at(made, entraGroup, "mailNickname"); nick != "GroesTeam!" {
		t.Errorf("nickname %v", nick)
	}
	if got := memberIDs(g.get("/Groups/" + made["id"].(string))); !same(got, users) {
		t.Errorf("%d members are read", len(got))
	}
}

// Without the permission to look members up, Graph's refusal tells who does not
// exist; those before are members then, and the error says so.
func TestUnknownMemberNamed(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	users := g.addUsers(45)
	group := g.addGroup("Team", users[3])
	ghost := "f0000000-0000-4000-8000-000000000009"
	ids := append(append([]string{}, users[:30]...), append([]string{ghost}, users[30:]...)...)
	if err := g.sim.Fail(trouble.Fault{Path: "/directoryObjects/getByIds", Status: 403}); err != nil {
		t.Fatal(err)
	}
	refused := g.patch("/Groups/"+group, http.StatusBadRequest, object{"op": "add", "path": "members", "value": members(ids...)})
	detail := refused["detail"].(string)
	if !strings.Contains(detail, ghost) || !strings.Contains(detail, "20 of the members were added") {
		t.Errorf("detail %q", detail)
	}
	if got := memberIDs(g.get("/Groups/" + group)); len(got) != 40 {
		t.Errorf("%d members, want the 40 that were decided", len(got))
	}
	g.patch("/Groups/"+group, http.StatusNoContent, object{"op": "add", "path": "members", "value": members(users...)})
	if got := memberIDs(g.get("/Groups/" + group)); !same(got, users) {
		t.Errorf("repeated without the unknown: %d members", len(got))
	}
}

// What cannot be a member is refused before anything is written.
func TestMemberKinds(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	team := g.addGroup("Team")
	office := g.add("group", graphsim.Values{
		"displayName": "Office", "mailNickname": "office", "mailEnabled": true, "securityEnabled": false, "groupTypes": []string{"Unified"},
	})
	for name, c := range map[string]struct{ group, member, want string }{
		"a group in a Microsoft 365 group": {office, team, "takes users only"},
		"a Microsoft 365 group in a group": {team, office, "can be a member of no group"},
		"a group in itself":                {team, team, "its own member"},
		"no GUID":                          {team, "bob", "not a GUID"},
		"nobody":                           {team, "f0000000-0000-4000-8000-000000000009", "f0000000-0000-4000-8000-000000000009"},
	} {
		t.Run(name, func(t *testing.T) {
			g := *g
			g.t = t
			g.asked()
			got := g.patch("/Groups/"+c.group, http.StatusBadRequest, object{"op": "add", "path": "members", "value": members(c.member)})
			if got["scimType"] != "invalidValue" || !strings.Contains(got["detail"].(string), c.want) {
				t.Errorf("answer %v, want %q", got, c.want)
			}
			if _, writes := g.asked(); writes != 0 {
				t.Errorf("%d writes", writes)
			}
		})
	}
	g.patch("/Groups/"+team, http.StatusNoContent, object{"op": "remove", "path": "members", "value": members("bob")})
}

// Those who are members already, and those who are none, cost one question for
// each and no write.
func TestNothingToDoForMostMembers(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	users := g.addUsers(200)
	group := "/Groups/" + g.addGroup("Team", users[:190]...)
	change := func(op string, ids []string) {
		t.Helper()
		g.patch(group, http.StatusNoContent, object{"op": op, "path": "members", "value": members(ids...)})
	}
	g.asked()
	change("add", users)
	if requests, _ := g.asked(); requests > 15 {
		t.Errorf("adding 200, of whom 190 are members: %d requests", requests)
	}
	if got := memberIDs(g.get(group)); !same(got, users) {
		t.Errorf("%d members, want 200", len(got))
	}
	g.sim.Advance(time.Hour)
	g.asked()
	change("add", users)
	if requests, _ := g.asked(); requests > 13 {
		t.Errorf("adding 200 members: %d requests", requests)
	}
	change("remove", users[10:])
	g.sim.Advance(time.Hour)
	g.asked()
	change("remove", users)
	if requests, _ := g.asked(); requests > 14 {
		t.Errorf("removing 200, of whom 10 are members: %d requests", requests)
	}
	if got := memberIDs(g.get(group)); len(got) != 0 {
		t.Errorf("%d members, want none", len(got))
	}
}

// A filter selects of the members who are there when its turn comes.
func TestFilteredRemovalInTurn(t *testing.T) {
	t.Parallel()
	all := func(ids []string) object { return object{"op": "add", "path": "members", "value": members(ids...)} }
	filter := object{"op": "remove", "path": `members[display ew "00001" and type eq "User"]`} // the second user
	for name, test := range map[string]struct {
		there int // of the three users
		ops   func(ids []string) []object
		want  []int
	}{
		"added before it":            {1, func(ids []string) []object { return []object{all(ids), filter} }, []int{0, 2}},
		"added after it":             {2, func(ids []string) []object { return []object{filter, all(ids)} }, []int{0, 1, 2}},
		"between two":                {2, func(ids []string) []object { return []object{filter, all(ids), filter} }, []int{0, 2}},
		"there, and added before it": {3, func(ids []string) []object { return []object{all(ids[:2]), filter} }, []int{0, 2}},
		"replaced before it": {3, func(ids []string) []object {
			return []object{{"op": "replace", "path": "members", "value": []any{}}, all(ids[:2]), filter}
		}, []int{0}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := start(t, graphsim.Options{}, "", nil)
			ids := g.addUsers(3)
			group := g.addGroup("Team", ids[:test.there]...)
			g.patch("/Groups/"+group, http.StatusNoContent, test.ops(ids)...)
			var want []string
			for _, i := range test.want {
				want = append(want, ids[i])
			}
			if got := memberIDs(g.get("/Groups/" + group)); !same(got, want) {
				t.Errorf("the members are %v of %v, want %v", got, ids, want)
			}
		})
	}
}
