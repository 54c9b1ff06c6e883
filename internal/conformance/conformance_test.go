//go:build conformance

package conformance

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// suite runs against a demo of its own.
type suite struct {
	name  string
	run   func(*testing.T, string, demo) (outcome, error)
	flags []string // of the demo
}

// empty is for suites that count what is there.
var empty = []string{"--users", "0", "--groups", "0", "--applications", "0"}

// suites are all suites. A scenario speaks the dialect of its client, by its token.
var suites = []suite{
	{name: "filters", run: runFilters},
	{name: "patches", run: runPatches},
	{name: "scenario entra-provisioning", run: scenario("entra-provisioning-cycles.json", "demo-entra")},
	{name: "scenario okta-lifecycle", run: scenario("okta-lifecycle.json", "demo-okta")},
	{name: "scenario client-quirks", run: scenario("client-quirks.json", token)},
	{name: "traces", run: runTraces},
	{name: "microsoft postman", run: runPostman, flags: empty},
	{name: "scim-sanity", run: sanity()},
	{name: "scim-sanity entra", run: sanity("--profile", "entra")},
	{name: "openapi", run: runOpenAPI},
}

// token is that of the client with the dialect of the RFC.
const token = "demo"

// TestConformance runs every suite and holds what it says against expected.txt. With
// UPDATE set the file is rewritten instead.
func TestConformance(t *testing.T) {
	t.Parallel()
	list := expectations(t)
	all := runSuites(t, list)
	t.Logf("\n%s", table(all))
	if os.Getenv("UPDATE") != "" {
		write(t, rewrite(list, all))
		return
	}
	for _, e := range rewrite(list, all) {
		if strings.HasPrefix(e.reason, unexplained) {
			t.Errorf("failed unexpectedly:\n%s", e)
		}
	}
	for _, v := range all {
		for _, e := range v.surprising {
			t.Errorf("passed unexpectedly, or is gone: take it out of expected.txt:\n%s", e)
		}
	}
}

// runSuites runs the suites one after the other: some have timeouts.
func runSuites(t *testing.T, list []expectation) []verdict {
	t.Helper()
	var all []verdict
	for _, s := range suites {
		t.Run(s.name, func(t *testing.T) {
			d := startDemo(t, s.flags)
			o, err := s.run(t, s.name, d)
			if err != nil {
				t.Fatal(err)
			}
			if err := d.await(t.Context()); err != nil {
				t.Fatalf("after the suite: %v", err)
			}
			all = append(all, judge(o, list))
		})
	}
	return all
}

// write keeps the comment at the head of the file.
func write(t *testing.T, list []expectation) {
	t.Helper()
	old, err := os.ReadFile("expected.txt")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for line := range strings.Lines(string(old)) {
		if !strings.HasPrefix(line, "#") {
			break
		}
		b.WriteString(line)
	}
	last := ""
	for _, e := range list {
		if e.suite != last {
			b.WriteString("\n")
		}
		last = e.suite
		b.WriteString(e.String() + "\n")
	}
	if err := os.WriteFile("expected.txt", []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

func runFilters(t *testing.T, name string, d demo) (outcome, error) {
	t.Helper()
	report := filepath.Join(t.TempDir(), "filters.json")
	run(t, "node", shared(t, "run", "filter-corpus.mjs"), d.base, token, "--out", report)
	return readFilters(name, read(t, report))
}

// runPatches runs a copy of the runner that reports every difference: it would cut
// them off after four.
func runPatches(t *testing.T, name string, d demo) (outcome, error) {
	t.Helper()
	dir := t.TempDir()
	source := read(t, shared(t, "run", "patch-corpus.mjs"))
	const cut, whole = "r.diff=d.slice(0,4)", "r.diff=d"
	if !bytes.Contains(source, []byte(cut)) {
		t.Fatalf("the runner of the PATCH corpus has no %q any more", cut)
	}
	runner, report, corpus := filepath.Join(dir, "patch.mjs"), filepath.Join(dir, "patches.json"), shared(t, "patch.json")
	if err := os.WriteFile(runner, bytes.ReplaceAll(source, []byte(cut), []byte(whole)), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "node", runner, d.base, token, "--file", corpus, "--only", "rfc,client", "--out", report)
	return readPatches(name, read(t, report), read(t, corpus))
}

func scenario(file, token string) func(*testing.T, string, demo) (outcome, error) {
	return func(t *testing.T, name string, d demo) (outcome, error) {
		t.Helper()
		return readScenario(name, run(t, "node", shared(t, "run", "scenario.mjs"), shared(t, "scenarios", file), d.base, token, "-v"))
	}
}

func runTraces(t *testing.T, name string, d demo) (outcome, error) {
	t.Helper()
	return readTraces(name, run(t, "node", shared(t, "run", "replay-traces.mjs"), d.base, token, "--show"))
}

func runPostman(t *testing.T, name string, d demo) (outcome, error) {
	t.Helper()
	dir := t.TempDir()
	collection, report := filepath.Join(dir, "collection.json"), filepath.Join(dir, "report.json")
	run(t, "node", shared(t, "run", "ms-postman-prepare.mjs"), shared(t, "suites", "microsoft-postman.json"), collection)
	host, port, err := net.SplitHostPort(d.address)
	if err != nil {
		t.Fatal(err)
	}
	run(t, newman(t), "run", collection, "--reporters", "json", "--reporter-json-export", report,
		"--env-var", "Protocol=http", "--env-var", "Server="+host, "--env-var", "Port=:"+port, "--env-var", "Api=scim/v2", "--env-var", "token="+token)
	return readNewman(name, read(t, report))
}

func sanity(more ...string) func(*testing.T, string, demo) (outcome, error) {
	return func(t *testing.T, name string, d demo) (outcome, error) {
		t.Helper()
		tool := python(t, "scim-sanity", sanityVersion, "scim-sanity")
		return readSanity(name, run(t, tool, append([]string{"probe", d.base, "--token", token, "--json-output", "--i-accept-side-effects"}, more...)...))
	}
}

// What the description of the API does not promise is a failure, and a 5xx unless it
// says that something is not implemented or not available.
const schemathesisConfig = `[checks.not_a_server_error]
expected-statuses = ["2xx", "3xx", "4xx", 501, 503]
`

func runOpenAPI(t *testing.T, name string, d demo) (outcome, error) {
	t.Helper()
	dir := t.TempDir()
	config, report := filepath.Join(dir, "schemathesis.toml"), filepath.Join(dir, "report.xml")
	if err := os.WriteFile(config, []byte(schemathesisConfig), 0o600); err != nil {
		t.Fatal(err)
	}
	// The demo has no store, and so neither consent nor an administrator's listener.
	run(t, python(t, "schemathesis", schemathesisVersion, "st"), "--config-file", config,
		"run", filepath.Join(root(t), "api", "openapi.yaml"), "--url", "http://"+d.address, "-H", "Authorization: Bearer "+token,
		"--exclude-path-regex", "^/(admin|consent)/",
		"--checks", "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
		"--phases", "examples,coverage,fuzzing", "--max-examples", "30", "--seed", "1", "--generation-deterministic", "--workers", "1",
		"--suppress-health-check", "all", "--no-shrink", "--no-color", "--report", "junit", "--report-junit-path", report)
	return readJUnit(name, read(t, report))
}
