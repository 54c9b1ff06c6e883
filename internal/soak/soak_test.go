//go:build soak

package soak

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"entrascim/internal/graphsim"
	"entrascim/internal/graphsim/trouble"
)

const (
	clients  = 16
	maxSteps = 100_000 // of one client
	// What a process that is at rest again may have more than before.
	moreGoroutines = 12
	moreHeap       = 16 << 20
)

// TestSoak: with a tenth of the calls throttled and a twentieth failing, no client
// gets a wrong answer, nothing is lost and nothing is there twice, and the gateway
// takes no more at the end than at the beginning.
func TestSoak(t *testing.T) {
	length := duration(t)
	seed := uint64(time.Now().UnixNano() % 1_000_000)
	if text := os.Getenv("SOAK_SEED"); text != "" {
		seed, _ = strconv.ParseUint(text, 10, 64)
	}
	t.Logf("SOAK=%s SOAK_SEED=%d", length, seed)
	sim := graphsim.New(graphsim.Options{Now: time.Now, Seed: seed})
	if err := sim.Tenant(graphsim.DefaultTenant).Generate(graphsim.Scale{Users: 100, Groups: 10, Memberships: 300, Applications: 3, Seed: seed}); err != nil {
		t.Fatal(err)
	}
	g := open(t, sim)
	all, y := crew(t, g, seed)
	run(all, time.Now().Add(max(length/20, 2*time.Second))) // warms up, with nothing going wrong
	calm := rest(t, g, all)
	rates(t, sim, trouble.Rates{Throttled: 100, Failing: 50, Seed: seed})
	stop := watchPeak(t, g)
	run(all, time.Now().Add(length))
	peak := stop()
	rates(t, sim, trouble.Rates{})
	check(t, all)
	after := rest(t, g, all)
	report(t, g, y, calm, peak, after)
}

func duration(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv("SOAK")
	if text == "" {
		text = "10m"
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func rates(t *testing.T, sim *graphsim.Simulator, r trouble.Rates) {
	t.Helper()
	if err := sim.Set(graphsim.Settings{Rates: &r}); err != nil {
		t.Fatal(err)
	}
}

func crew(t *testing.T, g *gateway, seed uint64) ([]*client, *tally) {
	t.Helper()
	y := &tally{statuses: map[string]int{}}
	shared := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}, Timeout: 5 * time.Minute}
	var all []*client
	for i := range clients {
		all = append(all, &client{
			t: t, base: "http://" + g.Listen + "/scim/v2", http: shared, tally: y,
			rng: rand.New(rand.NewPCG(seed, uint64(i))), name: fmt.Sprintf("soak-%d-%d", seed, i),
			users: map[string]*user{}, groups: map[string]*group{},
		})
	}
	return all, y
}

// run has all clients work until then.
func run(all []*client, until time.Time) {
	var done sync.WaitGroup
	for _, c := range all {
		done.Go(func() {
			for steps := 0; time.Now().Before(until) && steps < maxSteps && !c.t.Failed(); steps++ {
				c.step()
			}
		})
	}
	done.Wait()
}

// rest measures the gateway when nobody asks it anything.
func rest(t *testing.T, g *gateway, all []*client) measured {
	t.Helper()
	all[0].http.CloseIdleConnections()
	var m measured
	least := 1 << 30
	for range 20 { // connections and timers end by and by
		m = g.measure(t, true)
		if m.Goroutines >= least {
			break
		}
		least = m.Goroutines
		time.Sleep(200 * time.Millisecond)
	}
	return m
}

// watchPeak measures until it is stopped.
func watchPeak(t *testing.T, g *gateway) (stop func() measured) {
	t.Helper()
	var peak measured
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			m := g.measure(t, false)
			peak.Goroutines, peak.Heap = max(peak.Goroutines, m.Goroutines), max(peak.Heap, m.Heap)
			select {
			case <-end:
				return
			case <-time.After(250 * time.Millisecond):
			}
		}
	}()
	return func() measured { close(end); <-ended; return peak }
}

// check compares the directory with what the clients know.
func check(t *testing.T, all []*client) {
	t.Helper()
	users, groups := map[string]bool{}, map[string]bool{}
	for _, c := range all {
		for _, id := range slices.Sorted(maps.Keys(c.users)) {
			c.checkUser(id)
			users[id] = true
		}
		for _, id := range slices.Sorted(maps.Keys(c.groups)) {
			c.checkGroup(id)
			groups[id] = true
		}
	}
	prefix := all[0].name[:strings.LastIndex(all[0].name, "-")+1]
	for _, kind := range []struct {
		endpoint, name string
		want           map[string]bool
	}{{"/Users", "userName", users}, {"/Groups", "displayName", groups}} {
		all[0].walk(kind.endpoint, len(kind.want), func(id string) bool { return kind.want[id] })
		seen := byIndex(all[0], kind.endpoint, kind.name)
		ours := 0
		for id, names := range seen {
			if len(names) != 1 {
				all[0].wrong(id, "%s is %d times in the list by index", id, len(names))
			}
			if !strings.HasPrefix(names[0], prefix) {
				continue
			}
			if ours++; !kind.want[id] {
				t.Errorf("%s %s %s is there, and nobody knows of it", kind.endpoint, id, names[0])
				for _, c := range all {
					if strings.HasPrefix(names[0], c.name+"-") {
						c.wrong(names[0], "it is this client's")
					}
				}
			}
		}
		if ours != len(kind.want) {
			t.Errorf("%d of ours at %s, want %d", ours, kind.endpoint, len(kind.want))
		}
	}
}

// byIndex reads all pages by their index, and gives the names by id.
func byIndex(c *client, endpoint, name string) map[string][]string {
	seen := map[string][]string{}
	for start, total := 1, 1; start <= total; {
		_, got, _ := c.do(http.MethodGet, fmt.Sprintf("%s?startIndex=%d&count=70&attributes=%s", endpoint, start, name), nil, http.StatusOK)
		rows := list(got["Resources"])
		for _, one := range rows {
			id := text(one, "id")
			seen[id] = append(seen[id], text(one, name))
		}
		n, _ := got["totalResults"].(float64)
		total = int(n)
		if len(rows) == 0 && start <= total {
			c.wrong(endpoint, "page %d of %d is empty", start, total)
			break
		}
		start += len(rows)
	}
	return seen
}

func report(t *testing.T, g *gateway, y *tally, calm, peak, after measured) {
	t.Helper()
	if after.Goroutines > calm.Goroutines+moreGoroutines {
		t.Errorf("%d goroutines, %d before\n%s", after.Goroutines, calm.Goroutines, g.goroutines())
	}
	if after.Heap > calm.Heap+moreHeap {
		t.Errorf("a heap of %d bytes, %d before", after.Heap, calm.Heap)
	}
	requests := 0
	var lines []string
	for _, what := range slices.Sorted(maps.Keys(y.statuses)) {
		requests += y.statuses[what]
		lines = append(lines, fmt.Sprintf("%s: %d", what, y.statuses[what]))
	}
	s := g.sim.Stats()
	t.Logf("%d requests, of them %d repeated (%s); %d calls of Graph, %d operations, %d throttled",
		requests, y.retries, strings.Join(lines, ", "), s.Requests, s.Operations, s.Throttled)
	t.Logf("goroutines %d, peak %d, after %d; heap %d KiB, peak %d, after %d; peak RSS %s",
		calm.Goroutines, peak.Goroutines, after.Goroutines, calm.Heap>>10, peak.Heap>>10, after.Heap>>10, g.peakRSS())
}
