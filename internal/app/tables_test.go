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

const guid = "0c7d4a52-8e39-4b16-a5f0-2d9b6e13c874"

func TestLoadTables(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		profile, appID string
		overlay        string
		want           string // a part of the error; "": none
	}{
		"as shipped":           {},
		"profile":              {profile: "starling"},
		"profile and overlay":  {profile: "starling", overlay: "resource: Group\nattributes:\n  - {scim: displayName, description: x}\n"},
		"externalId":           {profile: "external-id", appID: guid},
		"two profiles":         {profile: "external-id,starling", appID: guid},
		"what is opt-in":       {profile: "sign-in-activity,leave-date,on-premises"},
		"no client id":         {profile: "external-id", want: "external-id-group.yaml:5: extension_{appId}_externalId: {appId} stands for the client id"},
		"an odd client id":     {profile: "external-id", appID: "app", want: `external-id-user.yaml:5: extension_{appId}_externalId: the client id "app"`},
		"unknown profile":      {profile: "bugatti", want: `no profile "bugatti", only external-id, leave-date, on-premises, sign-in-activity, starling`},
		"each unknown profile": {profile: "bugatti,lada", want: `no profile "lada"`},
		"half a profile":       {profile: "external", want: `no profile "external"`},
		"a part of a profile":  {profile: "external-id-user", appID: guid, want: `no profile "external-id-user"`},
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
			lay := Lay{Files: files, AppID: test.appID}
			if test.profile != "" {
				lay.Profiles = strings.Split(test.profile, ",")
			}
			_, err := LoadTables(lay)
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

func TestShowAndExplain(t *testing.T) {
	t.Parallel()
	over := file(t, "o.yaml", "resource: User\nattributes:\n  - {scim: title, remove: true}\n  - {scim: entraUser.extensionAttribute7, remove: true}\n  - {scim: entraUser.badge, graph: onPremisesExtensionAttributes.extensionAttribute7}\n")
	tables, err := LoadTables(Lay{Files: []string{over}, Profiles: []string{"external-id"}, AppID: strings.ToUpper(guid)})
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
		"externalId": {
			"writes    extension_0c7d4a528e394b16a5f02d9b6e13c874_externalId", "string, readWrite, returned default",
			"Graph: extension_0c7d4a528e394b16a5f02d9b6e13c874_externalId eq '…'; the gateway evaluates the rest",
		},
		"badge": {"extensionAttribute7"},
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
