package mapping_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"entrascim/internal/mapping"
)

var missionLine = regexp.MustCompile(`^\| ([^|]+) \| ([^|]+) \|`)

// The profile starling has every row of the tables that the product was ordered
// with, word for word.
func TestMissionTables(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "mission.md"))
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skipf("../shared/mission.md is not there: its tables are not compared (%v)", err)
	}
	for heading, table := range map[string]*mapping.Table{
		"### User":        compile(t, "user.yaml", source(t, "starling.yaml")),
		"### Group":       compile(t, "group.yaml"),
		"### Application": compile(t, "application.yaml"),
	} {
		_, part, _ := strings.Cut(string(text), heading)
		part, _, _ = strings.Cut(part, "\n### ")
		rows := 0
		for line := range strings.Lines(part) {
			m := missionLine.FindStringSubmatch(line)
			if m == nil || strings.HasPrefix(m[1], "-") || strings.HasPrefix(m[1], "SCIM") {
				continue
			}
			scim, graph := several(m[1]), several(m[2])
			for i := range scim {
				rows++
				if !slices.ContainsFunc(table.Rows(), func(r mapping.Row) bool { return r.SCIM == scim[i] && r.Graph == graph[i] }) {
					t.Errorf("%s: no row %s to %s", heading, scim[i], graph[i])
				}
			}
		}
		if rows < 5 {
			t.Errorf("%s: %d rows are too few", heading, rows)
		}
	}
}

// several expands "a[].value / display" to a[].value and a[].display.
func several(cell string) []string {
	parts := strings.Split(cell, " / ")
	stem := parts[0][:strings.LastIndex(parts[0], ".")+1]
	for i := range parts[1:] {
		parts[i+1] = stem + parts[i+1]
	}
	return parts
}
