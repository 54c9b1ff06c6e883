//go:build conformance

package conformance

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// demo is a freshly started "entrascim demo".
type demo struct{ address, base string }

// root is the folder of the repository.
func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func startDemo(t *testing.T, flags []string) demo {
	t.Helper()
	address := freeAddress(t)
	arguments := slices.Concat([]string{"demo", "--listen", address}, flags, strings.Fields(os.Getenv("DEMOFLAGS")))
	cmd := exec.CommandContext(t.Context(), filepath.Join(root(t), "bin", "entrascim"), arguments...)
	name := filepath.Join(t.TempDir(), "demo.log")
	log, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatalf("the demo does not start (make build): %v", err)
	}
	t.Cleanup(func() {
		_ = cmd.Wait() // the context of the test is done, and told the demo to end
		log.Close()
		if _, trace, found := strings.Cut(string(read(t, name)), "panic"); found {
			t.Errorf("the demo said: panic%s", trace)
		}
	})
	d := demo{address, "http://" + address + "/scim/v2"}
	if err := d.await(t.Context()); err != nil {
		t.Fatalf("%v\n%s", err, read(t, name))
	}
	return d
}

func (d demo) await(ctx context.Context) error {
	client := &http.Client{Timeout: time.Second}
	for range 300 {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+d.address+"/readyz", nil)
		if err != nil {
			return err
		}
		if resp, err := client.Do(req); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	return fmt.Errorf("the demo on %s is not ready", d.address)
}

func freeAddress(t *testing.T) string {
	t.Helper()
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// shared is the folder with the outside cases. It lies beside the repository, or the
// suite is skipped; where CI is set it must be there.
func shared(t *testing.T, name ...string) string {
	t.Helper()
	path := filepath.Join(append([]string{root(t), "..", "shared", "scim"}, name...)...)
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("the outside cases are not here: %v", err)
		}
		t.Skipf("the outside cases are not here: %v", err)
	}
	return path
}

// run runs a tool and gives back what it printed. Suites end with an error when a
// case failed, so only an empty answer is one here.
func run(t *testing.T, name string, arguments ...string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, arguments...)
	cmd.Dir = t.TempDir()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if ctx.Err() != nil {
		t.Fatalf("%s took too long", filepath.Base(name))
	}
	if err != nil && len(out) == 0 && stderr.Len() > 0 {
		t.Logf("%s: %v: %s", filepath.Base(name), err, clip(stderr.String()))
	}
	return out
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("the suite left no report: %v", err)
	}
	return text
}
