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

	"entrascim/internal/edm"
	"entrascim/internal/mapping"
	"entrascim/internal/tenant"
	"entrascim/mappings"
)

// resources are the resource types that ship, in the order of the documentation.
var resources = []string{"User", "Group", "Application"}

// Tables are the compiled mapping tables of one tenant.
type Tables struct{ byResource map[string]*mapping.Table }

// LoadTables compiles the tables that ship with a profile ("" for none) and
// overlay files laid on them. Its error joins every mistake.
func LoadTables(profile string, files []string) (*Tables, error) {
	var overlays []tenant.Overlay
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading an overlay: %w", err)
		}
		overlays = append(overlays, tenant.Overlay{Name: file, Text: text})
	}
	return compileTables(profile, overlays)
}

func compileTables(profile string, overlays []tenant.Overlay) (*Tables, error) {
	laid, err := profileOverlays(profile)
	if err != nil {
		return nil, err
	}
	var errs []error
	byResource := map[string][]mapping.Source{}
	for _, o := range append(laid, overlays...) {
		head := headOf(o.Text)
		if !slices.Contains(resources, head.resource) {
			errs = append(errs, fmt.Errorf("%s:1: resource must be one of %s", o.Name, strings.Join(resources, ", ")))
			continue
		}
		byResource[head.resource] = append(byResource[head.resource], mapping.Source{Name: o.Name, Text: o.Text})
	}
	model, tables := edm.New(), map[string]*mapping.Table{}
	for _, resource := range resources {
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
	name := strings.ToLower(resource) + ".yaml"
	text, err := mappings.FS.ReadFile(name)
	if err != nil {
		return mapping.Source{}, fmt.Errorf("the table that ships: %w", err)
	}
	return mapping.Source{Name: name, Text: text}, nil
}

// profileOverlays are the overlays that ship for a profile: NAME.yaml and
// NAME-*.yaml.
func profileOverlays(profile string) ([]tenant.Overlay, error) {
	if profile == "" {
		return nil, nil
	}
	var overlays []tenant.Overlay
	names, err := fs.Glob(mappings.FS, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("the profiles that ship: %w", err)
	}
	for _, name := range names {
		if name != profile+".yaml" && !strings.HasPrefix(name, profile+"-") || slices.Contains(tableFiles(), name) {
			continue
		}
		text, err := mappings.FS.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("the profile %s: %w", profile, err)
		}
		overlays = append(overlays, tenant.Overlay{Name: name, Text: text})
	}
	if len(overlays) == 0 {
		return nil, fmt.Errorf("there is no profile %q", profile)
	}
	return overlays, nil
}

func tableFiles() []string {
	names := make([]string, 0, len(resources))
	for _, r := range resources {
		names = append(names, strings.ToLower(r)+".yaml")
	}
	return names
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

// CheckTables compiles files as the gateway would: a table by itself, an overlay
// on the table that ships. Its error joins every mistake of all files.
func CheckTables(files []string) error {
	var errs []error
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		errs = append(errs, checkTable(mapping.Source{Name: filepath.ToSlash(file), Text: text}))
	}
	return errors.Join(errs...)
}

func checkTable(src mapping.Source) error {
	h := headOf(src.Text)
	base, over := src, []mapping.Source(nil)
	if h.endpoint == "" && slices.Contains(resources, h.resource) {
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
	return nil, fmt.Errorf("there is no resource type %q, only %s", resource, strings.Join(resources, ", "))
}
