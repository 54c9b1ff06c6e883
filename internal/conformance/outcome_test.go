// Package conformance holds the built program against SCIM suites, corpora and
// recorded clients that others wrote. "make conformance" runs them, each against a
// demo of its own; what is known to fail stands in expected.txt with its reason.
package conformance

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// outcome is what one suite said.
type outcome struct {
	suite  string
	passed int
	failed []failure
}

type failure struct{ name, detail string }

// record counts one case. A suite may have two cases of one name: the later ones
// are numbered, in the order of the suite.
func (o *outcome) record(seen map[string]int, name string, ok bool, detail string) {
	name = oneLine(name)
	seen[name]++
	if n := seen[name]; n > 1 {
		name = fmt.Sprintf("%s #%d", name, n)
	}
	if ok {
		o.passed++
		return
	}
	o.failed = append(o.failed, failure{name, oneLine(detail)})
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// expectation is a line of expected.txt: "suite | case | reason". A case may hold
// the separator, a suite and a reason may not.
type expectation struct{ suite, name, reason string }

const separator = " | "

func (e expectation) String() string {
	return e.suite + separator + e.name + separator + e.reason
}

// expectations are those of expected.txt.
func expectations(t *testing.T) []expectation {
	t.Helper()
	text, err := os.ReadFile("expected.txt")
	if err != nil {
		t.Fatal(err)
	}
	list, err := parseExpected(string(text))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func parseExpected(text string) ([]expectation, error) {
	var all []expectation
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		suite, rest, ok := strings.Cut(line, separator)
		last := strings.LastIndex(rest, separator)
		if !ok || last < 0 || strings.TrimSpace(rest[last+len(separator):]) == "" {
			return nil, fmt.Errorf("not \"suite | case | reason\": %s", line)
		}
		all = append(all, expectation{suite, rest[:last], rest[last+len(separator):]})
	}
	return all, nil
}

// verdict is an outcome held against what is expected of it.
type verdict struct {
	outcome
	expected   int
	unexpected []failure
	surprising []expectation // listed, and did not fail
}

func judge(o outcome, list []expectation) verdict {
	v := verdict{outcome: o}
	failed := map[string]bool{}
	for _, f := range o.failed {
		failed[f.name] = true
		if slices.ContainsFunc(list, func(e expectation) bool { return e.suite == o.suite && e.name == f.name }) {
			v.expected++
		} else {
			v.unexpected = append(v.unexpected, f)
		}
	}
	for _, e := range list {
		if e.suite == o.suite && !failed[e.name] {
			v.surprising = append(v.surprising, e)
		}
	}
	return v
}

func table(all []verdict) string {
	var b strings.Builder
	const format = "%-32s %7s %16s %20s %20s\n"
	fmt.Fprintf(&b, format, "suite", "passed", "failed (known)", "failed unexpectedly", "passed unexpectedly")
	for _, v := range all {
		fmt.Fprintf(&b, format, v.suite, fmt.Sprint(v.passed), fmt.Sprint(v.expected), fmt.Sprint(len(v.unexpected)), fmt.Sprint(len(v.surprising)))
	}
	return b.String()
}

// unexplained is the reason of a failure that nobody has looked at yet.
const unexplained = "TODO"

// rewrite brings the list in line with what the suites said: what passes goes, what
// fails comes, to be explained. Suites that did not run keep their lines.
func rewrite(list []expectation, all []verdict) []expectation {
	var out []expectation
	ran := map[string]bool{}
	for _, v := range all {
		ran[v.suite] = true
		for _, f := range v.failed {
			e := expectation{v.suite, f.name, unexplained + ": " + strings.ReplaceAll(clip(f.detail), separator, " / ")}
			if i := slices.IndexFunc(list, func(old expectation) bool { return old.suite == v.suite && old.name == f.name }); i >= 0 {
				e = list[i]
			}
			out = append(out, e)
		}
	}
	for _, e := range list {
		if !ran[e.suite] {
			out = append(out, e)
		}
	}
	slices.SortStableFunc(out, func(a, b expectation) int { return cmp.Compare(a.suite, b.suite) })
	return out
}

func clip(s string) string {
	const limit = 160
	if len(s) > limit {
		return strings.ToValidUTF8(s[:limit], "")
	}
	return s
}

func TestExpectedFailuresAreExplained(t *testing.T) {
	t.Parallel()
	list := expectations(t)
	seen := map[expectation]bool{}
	for _, e := range list {
		if strings.HasPrefix(e.reason, unexplained) {
			t.Errorf("no reason given: %s", e)
		}
		key := expectation{suite: e.suite, name: e.name}
		if seen[key] {
			t.Errorf("listed twice: %s", e)
		}
		seen[key] = true
	}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	o := outcome{suite: "s"}
	seen := map[string]int{}
	o.record(seen, "a", true, "")
	o.record(seen, "a", false, "again")
	o.record(seen, "b | c", false, "two\nlines")
	list, err := parseExpected("# why\n\ns | b | c | Entra cannot\ns | gone | fixed\nother | a #2 | elsewhere\n")
	if err != nil {
		t.Fatal(err)
	}
	v := judge(o, list)
	if v.passed != 1 || v.expected != 1 || len(v.unexpected) != 1 || len(v.surprising) != 1 {
		t.Fatalf("%+v", v)
	}
	if v.unexpected[0] != (failure{"a #2", "again"}) || v.surprising[0].name != "gone" {
		t.Errorf("%+v", v)
	}
	var lines []string
	for _, e := range rewrite(list, []verdict{v}) {
		lines = append(lines, e.String())
	}
	want := "other | a #2 | elsewhere\ns | a #2 | TODO: again\ns | b | c | Entra cannot"
	if got := strings.Join(lines, "\n"); got != want {
		t.Errorf("rewritten as\n%s\nwant\n%s", got, want)
	}
}

func TestExpectedNeedsAReason(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"s | a", "s | a | ", "s", "| a | b"} {
		if list, err := parseExpected(line); err == nil {
			t.Errorf("%q was taken as %+v", line, list)
		}
	}
}
