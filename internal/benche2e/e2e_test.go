//go:build e2e

// Package benche2e measures the gateway from outside: simulator, gateway and a bare
// reverse proxy are processes of their own, on loopback, and one client asks them in
// turn, so that every figure stands beside its floor. Counts are held to what they must
// be; times are shown.
package benche2e

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// role is the variable that makes the test's own program one of the processes that the
// gateway is compared with.
const role = "ENTRASCIM_E2E_ROLE"

func TestMain(m *testing.M) {
	as := os.Getenv(role)
	if as == "" {
		os.Exit(m.Run())
	}
	handler, err := handlerOf(as)
	if err == nil {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		server := &http.Server{Addr: os.Getenv("LISTEN"), Handler: handler}
		context.AfterFunc(ctx, func() { server.Close() })
		if err = server.ListenAndServe(); ctx.Err() != nil {
			return
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// handlerOf makes the handler of a process from its environment.
func handlerOf(as string) (http.Handler, error) {
	switch as {
	case "floor":
		return newFloor(os.Getenv)
	case "typed":
		return newTyped(os.Getenv)
	}
	return nil, fmt.Errorf("%s: %q", role, as)
}

// settings come from the environment; the Makefile has their defaults.
type settings struct {
	users   int           // E2E_USERS: the largest directory; all other sizes follow
	time    time.Duration // E2E_TIME: how long each scenario measures, at least
	gateway []string      // E2E_GATEWAY: more environment of the gateways, NAME=VALUE by spaces
	update  bool          // UPDATE: write the tables into README.md
}

func load(t *testing.T) settings {
	t.Helper()
	var err error
	s := settings{gateway: strings.Fields(os.Getenv("E2E_GATEWAY")), update: os.Getenv("UPDATE") != ""}
	if s.users, err = strconv.Atoi(cmp.Or(os.Getenv("E2E_USERS"), "100000")); err != nil || s.users < 1000 {
		t.Fatalf("E2E_USERS: a number of 1,000 or more is needed: %v", err)
	}
	if s.time, err = time.ParseDuration(cmp.Or(os.Getenv("E2E_TIME"), "3s")); err != nil {
		t.Fatal(err)
	}
	return s
}

// scale is the directory that everybody reads: ten memberships of each user.
func (s settings) scale() scale {
	return scale{users: s.users, groups: s.users / 10, memberships: s.users * 10, applications: 50}
}

// A bench is one run.
type bench struct {
	settings
	report

	t      *testing.T // of the whole run
	dir    string
	client *http.Client

	read, written *simulator
	listFloor     time.Duration // CPU of the proxy for a page of 999
}

// reads is the large directory, which nobody changes.
func (b *bench) reads() *simulator {
	if b.read == nil {
		b.read = b.simulate("large", b.scale())
	}
	return b.read
}

// writes is the directory that is changed.
func (b *bench) writes() *simulator {
	if b.written == nil {
		n := max(b.users*3/10, 1500) // enough for 20,000 members, or 1,000, who are no guests
		b.written = b.simulate("changed", scale{users: n, groups: n / 10, memberships: n * 3, applications: 20})
	}
	return b.written
}

// A part of the run is chosen by its name (E2E_RUN).
type part struct {
	name string
	run  func(*testing.T, *bench)
}

func (b *bench) parts() []part {
	return []part{
		{"single", single},
		{"list", lists},
		{"typed", typedModels},
		{"allocations", allocations},
		{"rate", steadyRate},
		{"crowd", crowds},
		{"latency", slowGraph},
		{"throttled", throttledGraph},
		{"sync", syncs},
		{"growth", growth},
		{"paging", twoClients},
		{"write", writes},
		{"members", members},
	}
}

func TestEndToEnd(t *testing.T) {
	b := &bench{settings: load(t), t: t, dir: t.TempDir(), client: newClient()}
	b.where = machine()
	for _, p := range b.parts() {
		t.Run(p.name, func(t *testing.T) {
			b.ran++
			p.run(t, b)
		})
	}
	b.publish(t)
}

// binary is the program that is measured; make builds it.
func binary(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs("../../bin/entrascim")
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		t.Fatalf("%v: make build makes it", err)
	}
	return path
}
