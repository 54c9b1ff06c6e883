//go:build e2e

package benche2e

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// A row is what was measured of one scenario, per request.
type row struct {
	name                     string
	n                        int // requests
	calls, operations, units float64
	batches, writing         float64       // of the calls, see count
	cpu, floor               time.Duration // of the gateway, and of the proxy for the same
	p50, p99                 time.Duration
	compared                 bool // with Graph directly
	added50, added99         time.Duration
	rate, floorRate          float64 // requests a second, and of the proxy for the same
	peak                     int64   // bytes over idle
}

// A demand is a line of the table of what must be reached.
type demand struct {
	what, limit, measured string
	met                   bool
}

// A report is what was measured so far.
type report struct {
	mu      sync.Mutex
	where   string // machine and commit
	ran     int    // parts of the run
	rows    []row
	demands []demand
}

func (r *report) show(t *testing.T, one row) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rows = append(r.rows, one)
	t.Log(one)
}

// must holds a count to its limit: the run fails when it is missed.
func (r *report) must(t *testing.T, what, limit string, measured any, met bool) {
	t.Helper()
	r.should(what, limit, measured, met)
	if !met {
		t.Errorf("%s: %v, not %s", what, measured, limit)
	}
}

// should says whether a time or an amount of memory is as it should be.
func (r *report) should(what, limit string, measured any, met bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.demands = append(r.demands, demand{what, limit, fmt.Sprint(measured), met})
}

const head = "| scenario | n | Graph calls | operations | units | CPU | × floor | p50 | p99 | added p50 | added p99 | per second | of the floor's | peak |\n" +
	"|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n"

// String is the row as Markdown.
func (r row) String() string {
	times, share, added := "", "", [2]string{"", ""}
	if r.floor > 0 {
		times = fmt.Sprintf("%.1f", float64(r.cpu)/float64(r.floor))
	}
	if r.floorRate > 0 {
		share = fmt.Sprintf("%.0f %%", 100*r.rate/r.floorRate)
	}
	if r.compared {
		added = [2]string{shortly(r.added50), shortly(r.added99)}
	}
	return "| " + strings.Join([]string{
		r.name, grouped(float64(r.n)), grouped(r.calls), grouped(r.operations), grouped(r.units), shortly(r.cpu), times,
		shortly(r.p50), shortly(r.p99), added[0], added[1], grouped(r.rate), share, fmt.Sprintf("%.1f MiB", float64(r.peak)/(1<<20)),
	}, " | ") + " |"
}

// shortly writes a time with three digits, in ms or s.
func shortly(d time.Duration) string {
	if d >= 10*time.Second || d <= -10*time.Second {
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	ms := float64(d) / float64(time.Millisecond)
	switch {
	case ms >= 100 || ms <= -100:
		return grouped(ms) + " ms"
	case ms >= 10 || ms <= -10:
		return fmt.Sprintf("%.1f ms", ms)
	}
	return fmt.Sprintf("%.2f ms", ms)
}

// grouped writes a number with commas; one that is small and no integer with a digit.
func grouped(f float64) string {
	if f < 100 && f != float64(int(f)) {
		return fmt.Sprintf("%.1f", f)
	}
	text := fmt.Sprintf("%.0f", f)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// markdown is all that was measured.
func (b *bench) markdown() string {
	var out strings.Builder
	fmt.Fprintf(&out, "`make bench-e2e` with E2E_USERS=%d, %s, on %s.\n\n| what | must be | is | |\n|---|---|---|---|\n", b.users, time.Now().Format(time.DateOnly), b.where)
	for _, d := range b.demands {
		fmt.Fprintf(&out, "| %s | %s | %s | %s |\n", d.what, d.limit, d.measured, map[bool]string{true: "met", false: "**missed**"}[d.met])
	}
	out.WriteString("\n" + head)
	for _, r := range b.rows {
		fmt.Fprintln(&out, r)
	}
	return out.String()
}

// machine says what the run is on, and how busy others keep it.
func machine() string {
	model := "an unknown processor"
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if _, rest, ok := strings.Cut(string(text), "model name\t: "); ok {
			model, _, _ = strings.Cut(rest, "\n")
		}
	}
	commit, _ := exec.Command("git", "rev-parse", "--short", "HEAD").Output()
	load, _ := os.ReadFile("/proc/loadavg")
	return fmt.Sprintf("%d cores of %s with %s, commit %s, load average before %.4s", runtime.NumCPU(), model, runtime.Version(), strings.TrimSpace(string(commit)), load)
}

const (
	readme = "../../README.md"
	begins = "<!-- generated: measured -->\n"
	ends   = "<!-- end: measured -->"
)

// publish prints the tables, and puts them into README.md when that was asked for.
func (b *bench) publish(t *testing.T) {
	t.Helper()
	text := b.markdown()
	fmt.Println(text)
	if err := os.WriteFile("../../bin/bench-e2e.md", []byte(text), 0o644); err != nil {
		t.Error(err)
	}
	if !b.update {
		return
	}
	if b.ran < len(b.parts()) {
		t.Fatal("only a part was run: README.md is left as it is")
	}
	page, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(page), begins)
	_, after, closed := strings.Cut(rest, ends)
	if !ok || !closed {
		t.Fatal("README.md has no place for what was measured")
	}
	if err := os.WriteFile(readme, []byte(before+begins+"\n"+text+"\n"+ends+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
