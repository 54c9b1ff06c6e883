package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCheckTables(t *testing.T) {
	t.Parallel()
	shipped, err := filepath.Glob("../../mappings/*.yaml")
	if err != nil || len(shipped) < 4 {
		t.Fatalf("%v %v", shipped, err)
	}
	if err := CheckTables(shipped); err != nil {
		t.Errorf("the tables that ship: %v", err)
	}
	good := file(t, "good.yaml", "resource: User\nattributes:\n  - {scim: title, remove: true}\n")
	bad := file(t, "bad.yaml", "resource: User\nattributes:\n  - {scim: title, graph: nowhere}\n  - {scim: nickName, grpah: x}\n")
	err = CheckTables([]string{good, bad, "nowhere.yaml"})
	for _, want := range []string{"bad.yaml:3: ", "bad.yaml:4: ", "nowhere.yaml"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
	if err != nil && strings.Contains(err.Error(), "good.yaml") {
		t.Errorf("a right file is complained about: %v", err)
	}
}

func TestLoadTables(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		profile, overlay string
		want             string // a part of the error; "": none
	}{
		"as shipped":           {},
		"profile":              {profile: "starling"},
		"profile and overlay":  {profile: "starling", overlay: "resource: Group\nattributes:\n  - {scim: displayName, description: x}\n"},
		"unknown profile":      {profile: "bugatti", want: `no profile "bugatti"`},
		"a table as profile":   {profile: "user", want: `no profile "user"`},
		"path as profile":      {profile: "../user", want: "no profile"},
		"unknown resource":     {overlay: "resource: Device\n", want: "overlay.yaml:1: resource must be one of"},
		"no resource":          {overlay: "attributes: []\n", want: "overlay.yaml:1: resource must be one of"},
		"overlay with mistake": {overlay: "resource: Group\nattributes:\n  - {scim: displayName, graph: nowhere}\n", want: "overlay.yaml:3: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var files []string
			if test.overlay != "" {
				files = append(files, file(t, "overlay.yaml", test.overlay))
			}
			_, err := LoadTables(test.profile, files)
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

func TestShowAndExplain(t *testing.T) {
	t.Parallel()
	over := file(t, "o.yaml", "resource: User\nattributes:\n  - {scim: title, remove: true}\n  - {scim: entraUser.extensionAttribute7, remove: true}\n  - {scim: entraUser.badge, graph: onPremisesExtensionAttributes.extensionAttribute7}\n")
	tables, err := LoadTables("", []string{over})
	if err != nil {
		t.Fatal(err)
	}
	text, err := tables.Show("user")
	if err != nil || !strings.Contains(text, "entraUser.badge ") || strings.Contains(text, "\ntitle ") || !strings.Contains(text, "userPrincipalName") {
		t.Errorf("%v\n%s", err, text)
	}
	for attribute, wants := range map[string][]string{
		"userName": {"reads     userPrincipalName", "writes    userPrincipalName", "Graph: userPrincipalName eq '…'", "Graph: startsWith(userPrincipalName,'…')"},
		"urn:ietf:params:scim:schemas:core:2.0:User:active": {"accountEnabled", "Graph: accountEnabled eq true"},
		"groups.value": {"writes    nothing", "relation memberOf"},
		"badge":        {"extensionAttribute7"},
	} {
		text, err := tables.Explain("User", attribute)
		for _, want := range wants {
			if err != nil || !strings.Contains(text, want) {
				t.Errorf("%s: no %q in\n%s%v", attribute, want, text, err)
			}
		}
	}
	if text, err := tables.Explain("User", "title"); err == nil {
		t.Errorf("a removed attribute is explained: %s", text)
	}
	if _, err := tables.Show("Device"); err == nil {
		t.Error("an unknown resource type is shown")
	}
}
