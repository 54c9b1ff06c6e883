package conformance

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// errNothing is for a report without a single case: the suite did not run.
var errNothing = errors.New("the report has no cases")

func (o outcome) checked() (outcome, error) {
	if o.passed+len(o.failed) == 0 {
		return o, errNothing
	}
	return o, nil
}

// readFilters reads what the runner of the filter corpus wrote. Filters outside of
// the grammar that some clients send may be taken or refused, but not break things.
func readFilters(suite string, report []byte) (outcome, error) {
	var all []struct {
		Filter, Class, Verdict, ScimType string
		Status                           int
	}
	if err := json.Unmarshal(report, &all); err != nil {
		return outcome{}, err
	}
	o, seen := outcome{suite: suite}, map[string]int{}
	for _, f := range all {
		ok := strings.HasPrefix(f.Verdict, "ok")
		switch f.Class {
		case "valid":
		case "invalid", "semantic-reject":
			ok = f.Verdict == "ok" || f.Verdict == "blank"
		default:
			ok = f.Verdict == "accepted" || f.Verdict == "refused"
		}
		o.record(seen, fmt.Sprintf("%s %q", f.Class, f.Filter), ok, fmt.Sprint(f.Verdict, " ", f.Status, " ", f.ScimType))
	}
	return o.checked()
}

var scenarioLine = regexp.MustCompile(`^(ok  |FAIL|warn) (.+)$`)

// readScenario reads what the runner of the scenarios prints with -v: the tests at
// the margin, what was wrong indented below.
func readScenario(suite string, out []byte) (outcome, error) {
	o, seen := outcome{suite: suite}, map[string]int{}
	name, ok, details := "", true, []string{}
	flush := func() {
		if name != "" {
			o.record(seen, name, ok, strings.Join(details, "; "))
		}
		details = nil
	}
	for line := range strings.Lines(string(out)) {
		if m := scenarioLine.FindStringSubmatch(strings.TrimRight(line, "\n")); m != nil {
			flush()
			name, ok = m[2], m[1] == "ok  "
		} else if strings.HasPrefix(line, "      ") {
			details = append(details, strings.TrimSpace(line))
		}
	}
	flush()
	return o.checked()
}

var (
	traceLine = regexp.MustCompile(`^(\S+\.json \| .+ \| [A-Z]+) (.* -> \d+ want .*)$`)
	traceSum  = regexp.MustCompile(`(\d+)/(\d+) statuses as expected`)
)

// readTraces reads what the runner of the traces prints with --show: what differs,
// and a sum. The paths hold random ids: they are no part of the names.
func readTraces(suite string, out []byte) (outcome, error) {
	o, seen := outcome{suite: suite}, map[string]int{}
	for line := range strings.Lines(string(out)) {
		if m := traceLine.FindStringSubmatch(strings.TrimRight(line, "\n")); m != nil {
			o.record(seen, m[1], false, m[2])
		}
	}
	sum := traceSum.FindStringSubmatch(string(out))
	if sum == nil {
		return o, errNothing
	}
	total := 0
	if _, err := fmt.Sscan(sum[1]+" "+sum[2], &o.passed, &total); err != nil {
		return o, err
	}
	if o.passed+len(o.failed) != total {
		return o, fmt.Errorf("%d passed and %d failures were shown of %d", o.passed, len(o.failed), total)
	}
	return o.checked()
}

// readNewman reads the JSON report of newman: the assertions of each request, and
// requests that got no answer.
func readNewman(suite string, report []byte) (outcome, error) {
	type message struct{ Message string }
	var doc struct {
		Run struct {
			Executions []struct {
				Item         struct{ Name string }
				RequestError *message
				Assertions   []struct {
					Assertion string
					Error     *message
				}
			}
		}
	}
	if err := json.Unmarshal(report, &doc); err != nil {
		return outcome{}, err
	}
	o, seen := outcome{suite: suite}, map[string]int{}
	for _, e := range doc.Run.Executions {
		if e.RequestError != nil {
			o.record(seen, e.Item.Name+" / request", false, e.RequestError.Message)
		}
		for _, a := range e.Assertions {
			detail := ""
			if a.Error != nil {
				detail = a.Error.Message
			}
			o.record(seen, e.Item.Name+" / "+a.Assertion, a.Error == nil, detail)
		}
	}
	return o.checked()
}

// readSanity reads the JSON report of scim-sanity. What it skips is no case.
func readSanity(suite string, report []byte) (outcome, error) {
	var doc struct {
		Results []struct{ Name, Status, Message string }
	}
	if err := json.Unmarshal(report, &doc); err != nil {
		return outcome{}, err
	}
	o, seen := outcome{suite: suite}, map[string]int{}
	for _, r := range doc.Results {
		if r.Status != "skip" {
			o.record(seen, r.Name, r.Status == "pass", r.Message)
		}
	}
	return o.checked()
}

// problem is how the report names what is wrong.
var problem = regexp.MustCompile(`(?m)^- (ST\d+ .+)$`)

// readJUnit reads a JUnit report, one case for each operation.
func readJUnit(suite string, report []byte) (outcome, error) {
	var doc struct {
		Suites []struct {
			Cases []struct {
				Name     string   `xml:"name,attr"`
				Failures []string `xml:"failure"`
				Errors   []string `xml:"error"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(report, &doc); err != nil {
		return outcome{}, err
	}
	o, seen := outcome{suite: suite}, map[string]int{}
	for _, s := range doc.Suites {
		for _, c := range s.Cases {
			wrong := append(c.Failures, c.Errors...)
			detail := strings.Join(wrong, "\n")
			o.record(seen, c.Name, len(wrong) == 0, strings.Join(append(problem.FindAllString(detail, -1), detail), "; "))
		}
	}
	return o.checked()
}

func TestReports(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, report string
		read         func(string, []byte) (outcome, error)
		passed       int
		failed       string
	}{
		{"filters", `[{"filter":"a eq 1","class":"valid","status":200,"verdict":"ok"},{"filter":"a","class":"invalid","status":200,"verdict":"accepted"},
			{"filter":"b","class":"invalid","status":400,"verdict":"ok-other-scimType"},{"filter":"c","class":"lenient","status":500,"verdict":"5xx"},
			{"filter":"d","class":"lenient","status":400,"verdict":"refused"}]`, readFilters, 2, `invalid "a",invalid "b",lenient "c"`},
		{"scenario", "ok   one\nFAIL two\n       GET /x -> 400, want 200 {}\n\nwarn three\nname: 1 passed, 1 failed, 1 warnings (not required)\n", readScenario, 1, "two,three"},
		{"traces", "a.json | Get it | GET /Users/5f1e0b3c-12ab-4cde-8f01-23456789abcd -> 404 want 200 {}\nhttp://x 2/3 statuses as expected {}\n", readTraces, 2, "a.json | Get it | GET"},
		{"newman", `{"run":{"executions":[{"item":{"name":"Get"},"assertions":[{"assertion":"is 200"},{"assertion":"is 200","error":{"message":"404"}}]},
			{"item":{"name":"Lost"},"requestError":{"message":"refused"}}]}}`, readNewman, 1, "Get / is 200 #2,Lost / request"},
		{"sanity", `{"results":[{"name":"a","status":"pass"},{"name":"b","status":"fail"},{"name":"c","status":"error"},{"name":"d","status":"skip"}]}`, readSanity, 1, "b,c"},
		{"junit", `<testsuites><testsuite><testcase name="GET /a"/><testcase name="GET /b"><failure>x</failure></testcase></testsuite></testsuites>`, readJUnit, 1, "GET /b"},
	} {
		o, err := test.read(test.name, []byte(test.report))
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		var names []string
		for _, f := range o.failed {
			names = append(names, f.name)
		}
		if got := strings.Join(names, ","); o.suite != test.name || o.passed != test.passed || got != test.failed {
			t.Errorf("%s: %d passed, failed %s; want %d and %s", test.name, o.passed, got, test.passed, test.failed)
		}
	}
}

func TestAnEmptyReportIsNoSuccess(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		read   func(string, []byte) (outcome, error)
		report string
	}{
		"filters": {readFilters, "[]"}, "scenario": {readScenario, ""}, "traces": {readTraces, ""},
		"newman": {readNewman, "{}"}, "sanity": {readSanity, "{}"}, "junit": {readJUnit, "<testsuites/>"},
		"a trace not shown": {readTraces, "1/2 statuses as expected"},
	} {
		if o, err := c.read(name, []byte(c.report)); err == nil {
			t.Errorf("%s: taken as %+v", name, o)
		}
	}
}
