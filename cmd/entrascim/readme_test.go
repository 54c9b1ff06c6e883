package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"entrascim/internal/app"
	"entrascim/internal/config"
)

var update = flag.Bool("update", false, "rewrite the generated parts and the recorded outputs of README.md")

const readme = "../../README.md"

func readReadme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestReadmeIsGenerated holds the parts of README.md between "generated" markers
// to what the program says of itself.
func TestReadmeIsGenerated(t *testing.T) {
	text := readReadme(t)
	tables, err := app.LoadTables(app.Lay{})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"configuration": config.Reference(),
		"mapping":       tables.Markdown(),
		"targets":       makeTargets(t),
	} {
		begin, end := "<!-- generated: "+name+" -->\n", "<!-- end: "+name+" -->"
		head, rest, ok := strings.Cut(text, begin)
		got, tail, closed := strings.Cut(rest, end)
		if !ok || !closed {
			t.Errorf("README.md has no part %q", name)
			continue
		}
		want = "\n" + want + "\n"
		if got == want {
			continue
		}
		if *update {
			text = head + begin + want + end + tail
			continue
		}
		t.Errorf("the part %q of README.md is not what the program says; make golden rewrites it", name)
	}
	if *update {
		if err := os.WriteFile(readme, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func makeTargets(t *testing.T) string {
	t.Helper()
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("| target | what it does |\n|---|---|\n")
	for _, m := range regexp.MustCompile(`(?m)^([a-z0-9-]+):.*## (.*)$`).FindAllStringSubmatch(string(makefile), -1) {
		fmt.Fprintf(&b, "| `make %s` | %s |\n", m[1], m[2])
	}
	return b.String()
}

// Every overlay that README.md shows is right.
func TestReadmeOverlays(t *testing.T) {
	t.Parallel()
	blocks := regexp.MustCompile("(?s)```yaml\n(resource:.*?)```").FindAllStringSubmatch(readReadme(t), -1)
	if len(blocks) < 4 {
		t.Fatalf("only %d overlays found", len(blocks))
	}
	for i, block := range blocks {
		path := filepath.Join(t.TempDir(), fmt.Sprintf("overlay%d.yaml", i))
		if err := os.WriteFile(path, []byte(block[1]), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := app.CheckTables([]string{path}); err != nil {
			t.Errorf("%v\n%s", err, block[1])
		}
	}
}

// The tenant's file that README.md shows is one.
func TestReadmeTenant(t *testing.T) {
	t.Parallel()
	block := regexp.MustCompile("(?s)```yaml\n(# /etc/entrascim/tenants/.*?)```").FindStringSubmatch(readReadme(t))
	if block == nil {
		t.Fatal("no tenant found")
	}
	folder, secrets := t.TempDir(), t.TempDir()
	for _, name := range []string{"acme", "acme-iga"} {
		if err := os.WriteFile(filepath.Join(secrets, name), []byte("a-secret-that-is-long-enough"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text := strings.ReplaceAll(block[1], "/run/secrets", secrets)
	if err := os.WriteFile(filepath.Join(folder, "acme.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	process := config.Default()
	process.Tenants = folder
	if err := app.Check(process); err != nil {
		t.Error(err)
	}
}

// A step is one command of a console block and the output that stands below it.
type step struct {
	command, output string
	from, to        int // where the output stands in the text
}

// TestReadmeCommands runs the console blocks of README.md, in order and in one
// shell, against a demo, and compares what they print. "…" in an output stands
// for anything.
func TestReadmeCommands(t *testing.T) {
	for _, tool := range []string{"bash", "curl", "jq"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatalf("%s is needed", tool)
			}
			t.Skipf("%s is needed to run the commands of README.md", tool)
		}
	}
	text := readReadme(t)
	steps := consoleSteps(text)
	if len(steps) < 10 {
		t.Fatalf("only %d commands found", len(steps))
	}
	got := runSteps(t, steps, demoAddress(t))
	for i, s := range slices.Backward(steps) {

		if matches(s.output, got[i]) {
			continue
		}
		if *update {
			text = text[:s.from] + got[i] + text[s.to:]
			continue
		}
		t.Errorf("$ %s\nprints\n%s\nREADME.md says\n%s", s.command, got[i], s.output)
	}
	if *update {
		if err := os.WriteFile(readme, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// consoleSteps finds the commands: a line after "$ ", continued while lines end
// in a backslash or a quote is open; the lines below are its output.
func consoleSteps(text string) []step {
	var steps []step
	for _, block := range regexp.MustCompile("(?s)```console\n(.*?)```").FindAllStringSubmatchIndex(text, -1) {
		at := block[2]
		open := false
		for line := range strings.Lines(text[block[2]:block[3]]) {
			start := at
			at += len(line)
			switch {
			case strings.HasPrefix(line, "$ "):
				steps = append(steps, step{command: line[2:], from: at, to: at})
			case open:
				last := &steps[len(steps)-1]
				last.command += line
				last.from, last.to = at, at
			default:
				last := &steps[len(steps)-1]
				last.output += text[start:at]
				last.to = at
				continue
			}
			command := steps[len(steps)-1].command
			open = strings.HasSuffix(command, "\\\n") || strings.Count(command, "'")%2 == 1
		}
	}
	return steps
}

const mark = "--- end of step ---"

func runSteps(t *testing.T, steps []step, address string) []string {
	t.Helper()
	var script strings.Builder
	for _, s := range steps {
		fmt.Fprintf(&script, "%s\necho; echo '%s'\n", strings.TrimSuffix(s.command, "\n"), mark)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	bash := exec.CommandContext(ctx, "bash", "-c", strings.ReplaceAll(script.String(), "127.0.0.1:8080", address))
	out, err := bash.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var got []string
	for _, part := range strings.SplitAfter(string(out), mark+"\n") {
		part = strings.TrimSuffix(strings.TrimSuffix(part, mark+"\n"), "\n")
		got = append(got, strings.ReplaceAll(part, address, "127.0.0.1:8080"))
	}
	if len(got) != len(steps)+1 {
		t.Fatalf("%d outputs for %d commands\n%s", len(got)-1, len(steps), out)
	}
	return got
}

// matches compares line ends apart; "…" stands for anything.
func matches(want, got string) bool {
	pattern := strings.ReplaceAll(regexp.QuoteMeta(strings.TrimSpace(want)), "…", "(?s:.*)")
	return regexp.MustCompile("^" + pattern + "$").MatchString(strings.TrimSpace(got))
}

// demoAddress starts a demo and tells where it listens.
func demoAddress(t *testing.T) string {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	address, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"demo", "--listen", address, "--log-level", "error"}, process{getenv: func(string) string { return "" }, stdout: &out, stderr: &out})
	}()
	t.Cleanup(func() {
		stop()
		if code := <-ended; code != exitOK {
			t.Errorf("the demo ended with %d:\n%s", code, out.String())
		}
	})
	if err := await(address); err != nil {
		t.Fatal(err)
	}
	return address
}
