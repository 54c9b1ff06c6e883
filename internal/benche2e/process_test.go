//go:build e2e

package benche2e

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A process is one that the run started.
type process struct {
	name    string
	args    []string // the program first
	env     []string
	log     string // file of its output
	cmd     *exec.Cmd
	stopped bool
}

// start runs a program until the test ends, and waits until something answers at the URL.
func (b *bench) start(t *testing.T, name, ready string, env []string, args ...string) *process {
	t.Helper()
	p := &process{name: name, args: args, env: env, log: filepath.Join(b.dir, name+".log")}
	p.run(t)
	t.Cleanup(func() { p.stop(t) })
	b.await(t, p, ready)
	return p
}

func (p *process) run(t *testing.T) {
	t.Helper()
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	p.cmd = exec.Command(p.args[0], p.args[1:]...)
	p.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}, p.env...)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.stopped = false
}

// stop ends the process as an orchestrator does.
func (p *process) stop(t *testing.T) {
	t.Helper()
	if p.stopped {
		return
	}
	p.stopped = true
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("%s ended with %v", p.name, err)
	}
	if text, _ := os.ReadFile(p.log); strings.Contains(string(text), "panic") {
		t.Errorf("%s panicked: see its log\n%.3000s", p.name, text[strings.Index(string(text), "panic"):])
	}
}

// await waits for an answer of status 200.
func (b *bench) await(t *testing.T, p *process, url string) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		resp, err := http.Get(url)
		if err != nil {
			continue
		}
		resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			return
		}
	}
	text, _ := os.ReadFile(p.log)
	t.Fatalf("%s is not ready:\n%.3000s", p.name, text)
}

// clockTick is the unit of times in /proc/PID/stat, the same on every Linux.
const clockTick = 10 * time.Millisecond

// cpu is the time of a processor that the process took so far.
func (p *process) cpu(t *testing.T) time.Duration {
	t.Helper()
	text := p.proc(t, "stat")
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:]) // from the third on, see proc(5)
	user, err := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	if err != nil || err2 != nil {
		t.Fatalf("times of %s: %q", p.name, text)
	}
	return time.Duration(user+system) * clockTick
}

// resident is the memory that the process has now, peak the most since resetPeak, in
// bytes.
func (p *process) resident(t *testing.T) int64 { t.Helper(); return p.memory(t, "VmRSS:") }
func (p *process) peak(t *testing.T) int64     { t.Helper(); return p.memory(t, "VmHWM:") }

func (p *process) memory(t *testing.T, field string) int64 {
	t.Helper()
	_, rest, _ := strings.Cut(p.proc(t, "status"), field)
	line, _, _ := strings.Cut(rest, " kB")
	kib, err := strconv.ParseInt(strings.TrimSpace(line), 10, 64)
	if err != nil {
		t.Fatalf("%s of %s: %v", field, p.name, err)
	}
	return kib << 10
}

func (p *process) resetPeak(t *testing.T) {
	t.Helper()
	if err := os.WriteFile(p.path("clear_refs"), []byte("5"), 0); err != nil {
		t.Fatal(err)
	}
}

func (p *process) proc(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(p.path(file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func (p *process) path(file string) string {
	return fmt.Sprintf("/proc/%d/%s", p.cmd.Process.Pid, file)
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
