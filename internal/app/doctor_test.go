package app

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"entrascim/internal/entra"
)

// What the doctor knows of permissions is what the document says.
func TestFeaturesAreDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../deploy/entra/permissions.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "## By feature\n")
	table, _, _ = strings.Cut(table, "\nNot in a set")
	var documented []string
	for _, row := range regexp.MustCompile(`(?m)^\| (.+?) \| .+? \| (.+) \|$`).FindAllStringSubmatch(table, -1) {
		needs := regexp.MustCompile("`([A-Za-z.-]+)`").FindAllStringSubmatch(row[2], -1)
		names := make([]string, 0, len(needs))
		for _, n := range needs {
			names = append(names, n[1])
		}
		if len(names) > 0 {
			documented = append(documented, row[1]+": "+strings.Join(names, ", "))
		}
	}
	var known []string
	for _, f := range entra.Features() {
		known = append(known, f.Name+": "+strings.Join(f.Needs, ", "))
	}
	if !slices.Equal(known, documented) {
		t.Errorf("known:\n%s\ndocumented:\n%s", strings.Join(known, "\n"), strings.Join(documented, "\n"))
	}
}

func TestFeatureLacks(t *testing.T) {
	t.Parallel()
	all := func(granted ...string) string {
		var lacking []string
		for _, f := range entra.Features() {
			if len(f.Lacks(granted)) > 0 {
				lacking = append(lacking, f.Name)
			}
		}
		return strings.Join(lacking, "; ")
	}
	if got := all(append(permissions(t, "Read-only set"), permissions(t, "Read-write set")...)...); got != "" {
		t.Errorf("with both sets: %s", got)
	}
	for _, name := range []string{"create and change users", "change members", "invite guests", "set a password"} {
		if got := all(permissions(t, "Read-only set")...); !strings.Contains(got, name) {
			t.Errorf("read-only lacks %s, and not %s", got, name)
		}
	}
	if got := all("Directory.Read.All", "User.ReadWrite.All", "Group.ReadWrite.All", "RoleEligibilitySchedule.Read.Directory"); got != "" {
		t.Errorf("with the wide ones: %s", got)
	}
	if got := all(); strings.Count(got, ";") != len(entra.Features())-1 {
		t.Errorf("with nothing: %s", got)
	}
}

// Clocks that differ are said; the login service judges by its own.
func TestDoctorSkew(t *testing.T) {
	t.Parallel()
	c := preparable(t, permissions(t, "Read-only set"))
	ctx := zerolog.Nop().WithContext(t.Context())
	for name, ahead := range map[string]time.Duration{"": 0, "but its clock and this machine": -10 * time.Minute} {
		report, sound, err := Doctor(ctx, c, "", func() time.Time { return time.Now().Add(ahead) })
		if err != nil || sound != (ahead == 0) || !strings.Contains(report, name) {
			t.Errorf("%s: %v %v\n%s", name, sound, err, report)
		}
	}
}
