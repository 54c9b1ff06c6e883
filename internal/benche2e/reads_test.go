//go:build e2e

package benche2e

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:"
	// bare leaves relations out, withGroups leaves the others out.
	bare       = "excludedAttributes=groups," + enterprise + "manager," + enterprise + "applications"
	withGroups = "excludedAttributes=" + enterprise + "manager," + enterprise + "applications"
)

// A known user is one that exists.
type known struct {
	ID, UserPrincipalName string
	OnPremisesSyncEnabled *bool
}

// known lists users that are no guests and may be changed, of the first pages of Graph.
func (s *stage) known(t *testing.T, n int) []known {
	t.Helper()
	var all []known
	for path := "/users?$select=id,userPrincipalName,onPremisesSyncEnabled&$top=999"; path != "" && len(all) < n; {
		var page struct {
			Value []known
			Next  string `json:"@odata.nextLink"`
		}
		s.get(t, s.sim.server, ask{path: path}, &page)
		for _, u := range page.Value {
			if !strings.Contains(u.UserPrincipalName, "#") && u.OnPremisesSyncEnabled == nil {
				all = append(all, u)
			}
		}
		path = strings.TrimPrefix(page.Next, s.sim.base)
	}
	return all[:min(n, len(all))]
}

// meet has the gateway look up the service principals that users have, which it does
// once.
func (s *stage) meet(t *testing.T) {
	t.Helper()
	s.do(t, *s.gateway, ask{path: "/Users?count=999&attributes=" + enterprise + "applications"})
}

func single(t *testing.T, b *bench) {
	t.Helper()
	s := b.stage(t, b.reads())
	s.meet(t)
	users := s.known(t, 500)
	byID := func(name, query string) row {
		scim := func(n int) ask { return ask{path: "/Users/" + users[n%len(users)].ID + query} }
		template := s.captured(t, s.sim, s.gateway, scim(0))
		return s.compare(t, trial{name: name, scim: scim, graph: func(n int, _ string) steps {
			return template.with(users[0].ID, users[n%len(users)].ID)
		}})
	}
	byID("GET by id, bare", "?"+bare)
	all := byID("GET by id with everything", "")
	b.must(t, "Graph calls, GET with everything", "1", grouped(all.calls), all.calls == 1)
	scim := func(n int) ask {
		u := users[n%len(users)]
		return ask{path: "/Users?" + bare + "&filter=" + url.QueryEscape(`userName eq "`+u.UserPrincipalName+`"`)}
	}
	template := s.captured(t, s.sim, s.gateway, scim(0))
	escaped := func(n int) string {
		return strings.ReplaceAll(url.QueryEscape(users[n%len(users)].UserPrincipalName), "+", "%20")
	}
	s.compare(t, trial{name: "filter by userName", scim: scim, graph: func(n int, _ string) steps {
		return template.with(users[0].UserPrincipalName, users[n%len(users)].UserPrincipalName).with(escaped(0), escaped(n))
	}})
}

func lists(t *testing.T, b *bench) {
	t.Helper()
	s := b.stage(t, b.reads())
	bare999 := ask{path: "/Users?count=999&" + bare}
	compared := func(name string, scim ask) row {
		s.do(t, *s.gateway, scim)
		template := s.captured(t, s.sim, s.gateway, scim)
		return s.compare(t, trial{
			name: name, least: b.least(), scim: func(int) ask { return scim },
			graph: func(int, string) steps { return template },
		})
	}
	list := func(name, path string) row { return compared(name, ask{path: path}) }
	list("list 100, bare", "/Users?count=100&"+bare)
	list("list 100 with groups", "/Users?count=100&"+withGroups)
	page := compared("list 999, bare", bare999)
	b.must(t, "Graph calls, page of 999 bare", "1", grouped(page.calls), page.calls == 1)
	b.listFloor = page.floor
	if page.floor > 0 {
		ratio := float64(page.cpu) / float64(page.floor)
		b.should("list 999 users, bare, over the floor (CPU)", "≤ 4×", fmt.Sprintf("%.1f×", ratio), ratio <= 4)
	}
	bare999.coding = "gzip"
	compared("list 999, bare, compressed", bare999)
	page = list("list 999 with groups", "/Users?count=999&"+withGroups)
	b.must(t, "Graph calls, page of 999 with groups", "1 + 50 batches", fmt.Sprintf("%.0f + %.0f batches", page.calls-page.batches, page.batches),
		page.calls == 51 && page.batches == 50)
	list("list 999 with everything", "/Users?count=999")
}

// least is how often something long is asked for, in a run that is about times.
func (b *bench) least() int {
	if b.time < time.Second {
		return 3
	}
	return 10
}

// allocations asks the Go benchmark of the same list.
func allocations(t *testing.T, b *bench) {
	t.Helper()
	cmd := exec.Command("go", "test", "-run", "^$", "-bench", "BenchmarkList/in-process", "-benchtime", "10x", "../entra")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	m := regexp.MustCompile(`([\d.]+) allocs/user`).FindSubmatch(out)
	if m == nil {
		t.Fatalf("no allocations in\n%s", out)
	}
	n, err := strconv.ParseFloat(string(m[1]), 64)
	b.must(t, "allocations per user on a list", "≤ 3", string(m[1]), err == nil && n <= 3)
}

// steadyRate asks 500 times a second, whether or not there were answers: half a second
// the gateway, half a second Graph, half a second the floor, and so on.
func steadyRate(t *testing.T, b *bench) {
	t.Helper()
	s := b.stage(t, b.reads())
	users := s.known(t, 500)
	scim := func(n int) ask { return ask{path: "/Users/" + users[n%len(users)].ID + "?" + bare} }
	template := s.captured(t, s.sim, s.gateway, scim(0))
	graph := func(n int) ask { return template.with(users[0].ID, users[n%len(users)].ID)[0][0] }
	const rate, slice = 500, 250
	var took [3]latencies
	var pending inFlight
	s.gateway.resetPeak(t)
	idle := s.floor.resident(t)
	cpu, floor, began := s.gateway.cpu(t), s.floor.cpu(t), time.Now()
	tick := time.NewTicker(time.Second / rate)
	defer tick.Stop()
	total := int(max(6*s.time, 3*time.Second/2).Seconds() * rate)
	for n := range total {
		<-tick.C
		who := n / slice % len(took)
		pending.Go(func() {
			began := time.Now()
			var err error
			switch who {
			case 0:
				err = s.try(*s.gateway, scim(n), discard)
			case 1:
				err = s.try(s.sim.server, graph(n), discard)
			case 2:
				err = s.try(*s.floor, graph(n), discard)
			}
			if err != nil {
				t.Error(err)
			}
			took[who].add(time.Since(began))
		})
	}
	pending.Wait()
	bottom := row{name: "the floor, GET by id, 500 requests/s", n: len(took[2].all), calls: 1, operations: 1, units: 1, rate: float64(total) / time.Since(began).Seconds()}
	r := bottom
	r.name, r.n, r.peak = "GET by id, bare, 500 requests/s", len(took[0].all), s.gateway.peak(t)-s.idle
	bottom.peak = s.floor.peak(t) - idle
	bottom.cpu = (s.floor.cpu(t) - floor) / time.Duration(bottom.n)
	r.cpu, r.floor = (s.gateway.cpu(t)-cpu)/time.Duration(r.n), bottom.cpu
	r.times(took[0].all, took[1].all)
	bottom.times(took[2].all, took[1].all)
	b.show(t, r)
	b.show(t, bottom)
	b.should("added latency, GET by id, 500 requests/s", "p50 ≤ 0.3 ms, p99 ≤ 2 ms",
		fmt.Sprintf("p50 %s, p99 %s; the floor's %s, %s", shortly(r.added50), shortly(r.added99), shortly(bottom.added50), shortly(bottom.added99)),
		r.added50 <= 300*time.Microsecond && r.added99 <= 2*time.Millisecond)
}

// typedModels has the SDK's models read the same list, when they are built in.
func typedModels(t *testing.T, b *bench) {
	t.Helper()
	if !typedBuilt {
		t.Log("not built in: needs the tag e2etyped")
		return
	}
	s := b.stage(t, b.reads())
	path := "/Users?count=999&" + bare
	template := s.captured(t, s.sim, s.gateway, ask{path: path})
	q, err := url.Parse(template[0][0].path)
	if err != nil {
		t.Fatal(err)
	}
	address := freeAddress(t)
	typed := &server{base: "http://" + address}
	typed.process = b.start(t, "typed", typed.base+"/ready", []string{
		role + "=typed", "LISTEN=" + address, "BASE=" + s.sim.base, "CA=" + s.sim.authority, "TOKEN=" + s.sim.bearer,
		"SELECT=" + q.Query().Get("$select"), "TOP=" + q.Query().Get("$top"),
	}, os.Args[0])
	once := func() (time.Duration, time.Duration) {
		mine, began := s.do(t, *s.gateway, ask{path: path}), time.Now()
		var n int
		if s.get(t, *typed, ask{path: "/users"}, &n); n != pageSize {
			t.Fatalf("the typed models have %d users", n)
		}
		return mine, time.Since(began)
	}
	var took, others []time.Duration
	idle := typed.resident(t)
	once() // opens connections
	cpu, theirs := s.gateway.cpu(t), typed.cpu(t)
	for began := time.Now(); time.Since(began) < s.time || len(took) < b.least(); {
		mine, other := once()
		took, others = append(took, mine), append(others, other)
	}
	n := time.Duration(len(took))
	cpu, theirs = (s.gateway.cpu(t)-cpu)/n, (typed.cpu(t)-theirs)/n
	r := row{name: "list 999, bare, by the SDK's typed models alone", n: len(took), calls: 1, operations: 1, units: 1, cpu: theirs, floor: b.listFloor, rate: float64(n) / sum(others).Seconds()}
	r.peak = typed.peak(t) - idle
	r.times(others, nil)
	b.show(t, r)
	if cpu > 0 {
		ratio := float64(theirs) / float64(cpu)
		b.should("list 999 users against the SDK's typed models (CPU)", "≥ 10× less", fmt.Sprintf("%.1f×", ratio), ratio >= 10)
	}
}
