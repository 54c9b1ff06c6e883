package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"entrascim/internal/admin"
	"entrascim/internal/app"
	"entrascim/internal/config"
	"entrascim/internal/tenant"
)

const benchKey = "a-key-that-is-long-enough"

// BenchmarkStart starts the program with so many tenants, each with a client, from a
// folder and from a store, until it answers: the time that takes, of the clock and of the
// processors (the end included), and the memory that is resident then.
func BenchmarkStart(b *testing.B) {
	for _, n := range []int{1, 100, 1000} {
		for from, prepare := range map[string]func(*testing.B, int) []string{"folder": tenantFolder, "store": tenantStore} {
			b.Run(fmt.Sprintf("%s/%d", from, n), func(b *testing.B) {
				environment := prepare(b, n)
				var ready, busy time.Duration
				var resident float64
				for b.Loop() {
					took, used, kib := startOnce(b, environment)
					ready += took
					busy += used
					resident += kib / 1024
				}
				b.ReportMetric(float64(ready.Milliseconds())/float64(b.N), "ms-to-ready")
				b.ReportMetric(float64(busy.Milliseconds())/float64(b.N), "ms-CPU")
				b.ReportMetric(resident/float64(b.N), "MiB-resident")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// startOnce starts and stops the program.
func startOnce(b *testing.B, environment []string) (ready, busy time.Duration, resident float64) {
	b.Helper()
	address, err := freeAddress()
	if err != nil {
		b.Fatal(err)
	}
	program := exec.CommandContext(b.Context(), "entrascim", "serve", "--listen", address, "--log-level", "error")
	program.Env = append(os.Environ(), environment...)
	program.Stderr = os.Stderr
	began := time.Now()
	if err := program.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() {
		_ = program.Process.Signal(os.Interrupt)
		if err := program.Wait(); err != nil {
			b.Error(err)
		}
		busy = program.ProcessState.UserTime() + program.ProcessState.SystemTime()
	}()
	for {
		answer, err := http.Get("http://" + address + "/healthz")
		if err == nil {
			answer.Body.Close()
			return time.Since(began), 0, residentKiB(program.Process.Pid)
		}
		if time.Since(began) > time.Minute {
			b.Fatal(err)
		}
		time.Sleep(time.Millisecond)
	}
}

// residentKiB is what Linux says; 0 elsewhere.
func residentKiB(pid int) float64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	n, _ := strconv.ParseFloat(fields[0], 64)
	return n
}

func tenantFolder(b *testing.B, n int) []string {
	b.Helper()
	folder := b.TempDir()
	for i := range n {
		text := fmt.Sprintf("token: token-of-the-tenant-%d\ntenant: {id: %s, clientID: %[2]s, clientSecret: s}\nmapping: {profile: external-id, extensionAppID: %[2]s}\n", i, benchID(i))
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("t%d.yaml", i)), []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	return []string{"ENTRASCIM_TENANTS=" + folder}
}

func tenantStore(b *testing.B, n int) []string {
	b.Helper()
	file := filepath.Join(b.TempDir(), "store.db")
	c := config.Default()
	c.Store = config.Store{DSN: config.Secret(file), Key: benchKey}
	service, done, err := app.Admin(context.Background(), c)
	if err != nil {
		b.Fatal(err)
	}
	defer done()
	for i := range n {
		name := fmt.Sprintf("t%d", i)
		_, err := service.AddTenant(b.Context(), "test", admin.NewTenant{
			Name: name, DirectoryID: benchID(i), Settings: []byte("mapping: {profile: external-id, extensionAppID: " + benchID(0) + "}"),
			Credential: tenant.Credential{ClientID: benchID(i), Secret: "s"},
		})
		if err == nil {
			_, _, err = service.AddClient(b.Context(), "test", name, admin.NewClient{Name: "iga"})
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	return []string{"ENTRASCIM_STORE=" + file, "ENTRASCIM_STORE_KEY=" + benchKey}
}

func benchID(i int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", i) }
