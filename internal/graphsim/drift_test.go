package graphsim_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	questionLine = regexp.MustCompile(`(?m)^(\d+)\. `)
	driftRow     = regexp.MustCompile(`(?m)^\| ([\d, ]+) \|`)
)

// DRIFT.md answers every open question about Graph, once.
func TestDriftAnswersEveryQuestion(t *testing.T) {
	t.Parallel()
	questions, err := os.ReadFile("../../../shared/graph/open-questions.md")
	if err != nil {
		t.Skip("../shared/graph/open-questions.md is not there: DRIFT.md is not compared with it")
	}
	drift, err := os.ReadFile("DRIFT.md")
	if err != nil {
		t.Fatal(err)
	}
	var answered []string
	for _, row := range driftRow.FindAllStringSubmatch(string(drift), -1) {
		answered = append(answered, strings.Split(row[1], ", ")...)
	}
	var asked []string
	for _, q := range questionLine.FindAllStringSubmatch(string(questions), -1) {
		asked = append(asked, q[1])
		if n := len(slices.DeleteFunc(slices.Clone(answered), func(a string) bool { return a != q[1] })); n != 1 {
			t.Errorf("question %s is answered %d times", q[1], n)
		}
	}
	for _, a := range answered {
		if !slices.Contains(asked, a) {
			t.Errorf("nobody asked question %s", a)
		}
	}
}
