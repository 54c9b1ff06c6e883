package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"entrascim/internal/edm"
	"entrascim/internal/entra"
	"entrascim/internal/mapping"
	"entrascim/internal/tenant"
	"entrascim/mappings"
)

// first are the resource types that come first in the documentation; the others that
// ship follow by name.
var first = []string{"User", "Group", "Application"}

// resources are the resource types that ship, in the order of the documentation: those
// of the files with an endpoint. The table of Role is role.yaml.
var resources = sync.OnceValue(func() []string {
	var others []string
	files, _ := fs.Glob(mappings.FS, "*.yaml") // the pattern is good
	for _, file := range files {
		text, _ := mappings.FS.ReadFile(file) // embedded: it is there
		if h := headOf(text); h.endpoint != "" && !slices.Contains(first, h.resource) {
			others = append(others, h.resource)
		}
	}
	return append(slices.Clone(first), slices.Sorted(slices.Values(others))...)
})

func fileOf(resource string) string { return strings.ToLower(resource) + ".yaml" }

// Tables are the compiled mapping tables of one tenant.
type Tables struct{ byResource map[string]*mapping.Table }

// entra are the tables as the resource types take them.
func (t *Tables) entra() entra.Tables {
	var tables entra.Tables
	for _, name := range resources() {
		tables = append(tables, t.byResource[name])
	}
	return tables
}

// A Lay is what is laid on the tables that ship.
type Lay struct {
	Profiles []string // that ship, in order
	Files    []string // overlays, in order, after the profiles
	AppID    string   // of the app registration whose directory extensions are mapped; "" for none
}

// LoadTables compiles the tables that ship with everything laid on them. Its error
// joins every mistake.
func LoadTables(l Lay) (*Tables, error) {
	t := tenant.Tenant{Profiles: l.Profiles, ExtensionAppID: l.AppID}
	for _, file := range l.Files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading an overlay: %w", err)
		}
		t.Overlays = append(t.Overlays, tenant.Overlay{Name: file, Text: text})
	}
	return compileTables(&t)
}

// compileTables compiles the tables of a tenant.
func compileTables(t *tenant.Tenant) (*Tables, error) {
	laid, err := profiles(t.Profiles)
	errs := []error{err}
	byResource := map[string][]mapping.Source{}
	for _, o := range append(laid, t.Overlays...) {
		head := headOf(o.Text)
		if !slices.Contains(resources(), head.resource) {
			errs = append(errs, fmt.Errorf("%s:1: resource must be one of %s", o.Name, strings.Join(resources(), ", ")))
			continue
		}
		byResource[head.resource] = append(byResource[head.resource], mapping.Source{Name: o.Name, Text: o.Text, AppID: t.ExtensionAppID})
	}
	model, tables := edm.New(), map[string]*mapping.Table{}
	for _, resource := range resources() {
		base, err := shipped(resource)
		errs = append(errs, err)
		if err == nil {
			tables[resource], err = mapping.Compile(model, base, byResource[resource]...)
			errs = append(errs, err)
		}
	}
	return &Tables{tables}, errors.Join(errs...)
}

func shipped(resource string) (mapping.Source, error) {
	name := fileOf(resource)
	text, err := mappings.FS.ReadFile(name)
	if err != nil {
		return mapping.Source{}, fmt.Errorf("the table that ships: %w", err)
	}
	return mapping.Source{Name: name, Text: text}, nil
}

// A head is what tells a table from an overlay, and what it is for. It is found
// by its lines, so that a text that is not YAML has one too; the mapping engine
// complains about the rest.
type head struct{ resource, endpoint string }

var headLine = regexp.MustCompile(`(?m)^(resource|endpoint):[ \t]*["']?([^"'\s#]+)`)

func headOf(text []byte) head {
	var h head
	for _, m := range headLine.FindAllSubmatch(text, -1) {
		if string(m[1]) == "resource" {
			h.resource = string(m[2])
		} else {
			h.endpoint = string(m[2])
		}
	}
	return h
}

// anyApp stands for the app registration where files are checked that no tenant
// uses yet.
const anyApp = "00000000-0000-0000-0000-000000000000"

// CheckTables compiles files as the gateway would: a table by itself, an overlay
// on the table that ships. Its error joins every mistake of all files. They need
// not be of one tenant.
func CheckTables(files []string) error {
	var errs []error
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		errs = append(errs, checkTable(mapping.Source{Name: filepath.ToSlash(file), Text: text, AppID: anyApp}))
	}
	return errors.Join(errs...)
}

func checkTable(src mapping.Source) error {
	h := headOf(src.Text)
	base, over := src, []mapping.Source(nil)
	if h.endpoint == "" && slices.Contains(resources(), h.resource) {
		under, err := shipped(h.resource)
		if err != nil {
			return err
		}
		base, over = under, []mapping.Source{src}
	}
	_, err := mapping.Compile(edm.New(), base, over...)
	return err
}

func (t *Tables) named(resource string) (*mapping.Table, error) {
	for name, table := range t.byResource {
		if strings.EqualFold(name, resource) {
			return table, nil
		}
	}
	return nil, fmt.Errorf("there is no resource type %q, only %s", resource, strings.Join(resources(), ", "))
}
