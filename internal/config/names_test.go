package config_test

import (
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"entrascim/internal/config"
)

func TestFlagsAreWhatKongParses(t *testing.T) {
	t.Parallel()
	flags := config.NewFlags()
	grammar := struct{ kong.Plugins }{kong.Plugins{flags.Grammar()}}
	parser, err := kong.New(&grammar)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse([]string{"--listen", ":1", "--short-names", "--tenant-id=" + guid, "--overlays=a,b"}); err != nil {
		t.Fatal(err)
	}
	got := flags.Given()
	want := map[string]string{"listen": ":1", "tenant.shortNames": "true", "tenant.id": guid, "mapping.overlays": "a,b"}
	for key, value := range want {
		if got[key] != value {
			t.Errorf("%s: %q, want %q", key, got[key], value)
		}
	}
	if len(got) != len(want) {
		t.Errorf("given %v, want %v", got, want)
	}
}

// Every setting is told about, under names of its own, and no secret is a flag.
func TestReference(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, row := range strings.Split(strings.TrimSpace(config.Reference()), "\n")[2:] {
		cells := strings.Split(row, " | ")
		if len(cells) != 5 || !strings.HasSuffix(cells[4], ". |") {
			t.Errorf("row %q", row)
			continue
		}
		for _, name := range cells[:3] {
			if name == "(file only)" {
				continue
			}
			if other := seen[name]; other != "" && !strings.Contains(name, "secret") {
				t.Errorf("%s names two settings: %s and %s", name, other, row)
			}
			seen[name] = row
		}
		lower := strings.ToLower(cells[0])
		secret := strings.HasSuffix(lower, "token`") || strings.HasSuffix(lower, "secret`") || strings.HasSuffix(lower, "password`") || strings.HasSuffix(lower, ".key`") || lower == "| `store.dsn`"
		if secret != strings.Contains(cells[2], "none") {
			t.Errorf("flag of %s: %s", cells[0], cells[2])
		}
	}
	if len(seen) < 60 {
		t.Errorf("only %d names", len(seen))
	}
}
