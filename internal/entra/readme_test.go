package entra_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// The costs in README.md are those of the conversations that it names, each of a
// request of that kind; of what only tests show, there is the test.
func TestReadmeCosts(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n### Requests to Graph\n")
	section, _, _ = strings.Cut(section, "\n## ")
	rows := regexp.MustCompile("(?m)^\\| `([A-Z]+ /[^` ]*)`.* \\| (\\d+) \\| `(\\w+)` \\|$").FindAllStringSubmatch(section, -1)
	const head = 2 // lines
	if lines := strings.Count(section, "\n|"); len(rows) < 20 || len(rows) != lines-head {
		t.Fatalf("%d rows are understood of %d lines", len(rows), lines)
	}
	for _, row := range rows {
		cost, _ := strconv.Atoi(row[2])
		shown := declared(t, row[3])
		if !strings.HasPrefix(row[3], "Test") {
			shown = slices.Contains(costs(t, row[3], row[1]), cost)
		}
		if !shown {
			t.Errorf("nothing shows this: %s", row[0])
		}
	}
}

// costs are how many requests Graph got for each request of the kind in a conversation.
func costs(t *testing.T, conversation, kind string) []int {
	t.Helper()
	archive, err := txtar.ParseFile(filepath.Join("testdata", conversation+".txtar"))
	if err != nil {
		archive, err = txtar.ParseFile(filepath.Join("..", "action", "testdata", conversation+".txtar"))
	}
	if err != nil {
		t.Error(err)
		return nil
	}
	pattern := regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(kind), `\{id\}`, "[^/?]+") + `(\?.*)? HTTP/1\.1$`)
	var found []int
	asked := false
	for _, part := range archive.Files {
		switch part.Name {
		case "request":
			line, _, _ := strings.Cut(string(part.Data), "\n")
			asked = pattern.MatchString(line)
		case "graph":
			if asked {
				found = append(found, len(regexp.MustCompile(`(?m)^\S`).FindAll(part.Data, -1)))
			}
		}
	}
	return found
}

// declared tells whether there is such a test in this package.
func declared(t *testing.T, name string) bool {
	t.Helper()
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(files, func(file string) bool {
		text, err := os.ReadFile(file)
		return err == nil && strings.Contains(string(text), "\nfunc "+name+"(t *testing.T) {")
	})
}
