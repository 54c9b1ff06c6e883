//go:build soak

package soak

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"entrascim/internal/graphsim"
	"entrascim/internal/graphsim/trouble"
)

const (
	crowd    = 400       // clients at once; fewer are answered (limits.tenantRequests)
	mostHeap = 384 << 20 // bytes of the gateway
	// Half of the answers about health take no longer than healthUsual. For the slowest
	// there is more time: clients, simulator and gateway share the machine.
	healthUsual, healthMost = 100 * time.Millisecond, 2 * time.Second
)

// TestOverload: with more clients than are answered and more connections than may be
// open, health is answered soon, by both listeners, and what is refused says when to
// come back. As many bare lists of 999 users at once as are answered take little memory.
func TestOverload(t *testing.T) {
	sim := graphsim.New(graphsim.Options{Now: time.Now})
	d := sim.Tenant(graphsim.DefaultTenant)
	if err := d.Generate(graphsim.Scale{Users: 5000, Groups: 50, Memberships: 10_000, Applications: 3}); err != nil {
		t.Fatal(err)
	}
	latency := trouble.Duration(50 * time.Millisecond)
	if err := sim.Set(graphsim.Settings{Latency: &latency}); err != nil {
		t.Fatal(err)
	}
	g := open(t, sim)
	var silent []net.Conn // take all places that the working clients leave
	for range 1024 - crowd {
		if conn, err := net.Dial("tcp", g.Listen); err == nil {
			silent = append(silent, conn)
		}
	}
	t.Cleanup(func() {
		for _, conn := range silent {
			conn.Close()
		}
	})
	stop := watchPeak(t, g)
	end := time.Now().Add(min(duration(t)/2, 20*time.Second))
	var done sync.WaitGroup
	var answered, refused, cut atomic.Int32
	httpClient := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: crowd}}
	for i := range crowd {
		done.Go(func() {
			for time.Now().Before(end) {
				switch status := read(t, httpClient, g, i); status {
				case http.StatusOK:
					answered.Add(1)
				case http.StatusServiceUnavailable, http.StatusTooManyRequests:
					refused.Add(1)
					time.Sleep(100 * time.Millisecond)
				case 0:
					cut.Add(1)
				default:
					t.Errorf("status %d", status)
				}
			}
		})
	}
	own, shared := watchHealth(t, g.Health, end), watchHealth(t, g.Listen, end)
	done.Wait()
	peak := stop()
	if refused.Load() == 0 || answered.Load() == 0 {
		t.Errorf("%d answered, %d refused: that is no overload", answered.Load(), refused.Load())
	}
	for name, took := range map[string][]time.Duration{"its own listener": own(), "the listener of all": shared()} {
		slices.Sort(took)
		p50, p99 := took[len(took)/2], took[len(took)*99/100]
		t.Logf("health by %s: p50 %s, p99 %s, most %s of %d", name, p50, p99, took[len(took)-1], len(took))
		if p50 > healthUsual || p99 > healthMost {
			t.Errorf("health by %s takes %s, and up to %s", name, p50, p99)
		}
	}
	if peak.Heap > mostHeap {
		t.Errorf("a heap of %d bytes", peak.Heap)
	}
	t.Logf("overload: %d answered, %d refused, %d cut; peak of %d goroutines, heap %d KiB, RSS %s", answered.Load(), refused.Load(), cut.Load(), peak.Goroutines, peak.Heap>>10, g.peakRSS())
}

// read reads a large list.
func read(t *testing.T, c *http.Client, g *gateway, i int) int {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, fmt.Sprintf("http://%s/scim/v2/Users?count=999&startIndex=%d&attributes=userName,displayName,title,emails,active", g.Listen, 1+i%5*999), nil)
	if err != nil {
		t.Error(err)
		return 0
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := c.Do(req)
	if err != nil {
		return http.StatusServiceUnavailable // beyond the spare connections
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusServiceUnavailable && resp.Header.Get("Retry-After") == "" {
		t.Error("503 without Retry-After")
	}
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return 0 // cut, for want of time: the client knows
	}
	return resp.StatusCode
}
