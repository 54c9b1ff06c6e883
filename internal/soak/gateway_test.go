//go:build soak

package soak

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"entrascim/internal/app"
	"entrascim/internal/config"
	"entrascim/internal/graphsim"
)

const (
	asGateway = "ENTRASCIM_SOAK_GATEWAY" // in the environment of the process that is the gateway
	token     = "soak-0123456789abcdef"
)

// TestMain makes the test's own program the gateway, so that what a process takes is
// the gateway's alone and not the simulator's or the clients', and what asks for health.
func TestMain(m *testing.M) {
	be := serve
	switch {
	case os.Getenv(asProbe) != "":
		be = probe
	case os.Getenv(asGateway) == "":
		os.Exit(m.Run())
	}
	if err := be(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// settings are what the test tells the gateway's process.
type settings struct{ Listen, Health, Measure, Graph, CA string }

func serve() error {
	var s settings
	if err := json.Unmarshal([]byte(os.Getenv(asGateway)), &s); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx = zerolog.New(os.Stderr).Level(zerolog.ErrorLevel).WithContext(ctx)
	c := config.Default()
	c.Listen, c.Health, c.Token = s.Listen, s.Health, token
	c.Tenant.ID, c.Tenant.ClientID, c.Tenant.ClientSecret = graphsim.DefaultTenant, graphsim.DefaultClient, graphsim.DefaultSecret
	c.Tenant.GraphURL, c.Tenant.Authority = s.Graph+"/v1.0", s.Graph
	c.Tenant.CA = config.File{Path: "the simulator", Content: []byte(s.CA)}
	c.Graph.Pacing.Share = 10_000 // the simulator has no limits: it throttles by chance
	a, err := app.Gateway(ctx, c)
	if err != nil {
		return err
	}
	go func() { _ = http.ListenAndServe(s.Measure, http.HandlerFunc(tell)) }()
	return a.Run(ctx)
}

// measured is what the gateway's process takes.
type measured struct {
	Goroutines int
	Heap       uint64 // bytes, after a collection when one was asked for
}

func tell(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/goroutines" {
		buf := make([]byte, 1<<20)
		_, _ = w.Write(buf[:runtime.Stack(buf, true)])
		return
	}
	if r.URL.Query().Has("collect") {
		runtime.GC()
		debug.FreeOSMemory()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	_ = json.NewEncoder(w).Encode(measured{runtime.NumGoroutine(), m.HeapAlloc})
}

// gateway is a gateway's process in front of a simulator in this one.
type gateway struct {
	settings

	sim   *graphsim.Simulator
	graph *httptest.Server
	pid   int
}

func open(t *testing.T, sim *graphsim.Simulator) *gateway {
	t.Helper()
	g := &gateway{sim: sim, graph: httptest.NewUnstartedServer(sim)}
	g.graph.EnableHTTP2 = true
	g.graph.StartTLS()
	t.Cleanup(g.graph.Close)
	g.settings = settings{
		Listen: freeAddress(t), Health: freeAddress(t), Measure: freeAddress(t), Graph: g.graph.URL,
		CA: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: g.graph.Certificate().Raw})),
	}
	given, err := json.Marshal(g.settings)
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(t.TempDir(), "gateway.log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), asGateway+"="+string(given))
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	g.pid = cmd.Process.Pid
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		if err := cmd.Wait(); err != nil {
			t.Errorf("the gateway ended with %v", err)
		}
		text, _ := os.ReadFile(log.Name())
		if i := strings.Index(string(text), "panic"); i >= 0 {
			t.Errorf("the gateway's log: %.2000s", text[max(0, i-500):])
		}
	})
	for range 300 {
		if resp, err := http.Get("http://" + g.Health + "/readyz"); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return g
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("the gateway is not ready")
	return nil
}

func freeAddress(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// measure asks the gateway's process what it takes.
func (g *gateway) measure(t *testing.T, collect bool) measured {
	t.Helper()
	url := "http://" + g.Measure + "/"
	if collect {
		url += "?collect"
	}
	resp, err := http.Get(url)
	if err != nil {
		t.Error(err)
		return measured{}
	}
	defer resp.Body.Close()
	var m measured
	if err := json.NewDecoder(resp.Body).Decode(&m); err != nil {
		t.Error(err)
	}
	return m
}

func (g *gateway) goroutines() string {
	resp, err := http.Get("http://" + g.Measure + "/goroutines")
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	return string(text)
}

// peakRSS is the most memory that the process had, in KiB; "?" where /proc is not.
func (g *gateway) peakRSS() string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", g.pid))
	if err != nil {
		return "?"
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	line, _, _ := strings.Cut(rest, "\n")
	return strings.TrimSpace(line)
}
