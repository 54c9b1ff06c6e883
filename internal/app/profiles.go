package app

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"entrascim/internal/tenant"
	"entrascim/mappings"
)

// profiles are the overlays of several profiles, in order.
func profiles(names []string) ([]tenant.Overlay, error) {
	var all []tenant.Overlay
	var errs []error
	for _, name := range names {
		overlays, err := profileOverlays(name)
		errs = append(errs, err)
		all = append(all, overlays...)
	}
	return all, errors.Join(errs...)
}

// profileOverlays are the overlays that ship for a profile: NAME.yaml, or
// NAME-user.yaml and so on when it is for several tables.
func profileOverlays(profile string) ([]tenant.Overlay, error) {
	files, err := profileFiles()
	if err != nil {
		return nil, err
	}
	var overlays []tenant.Overlay
	for _, name := range files {
		if profileOf(name) != profile {
			continue
		}
		text, err := mappings.FS.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("the profile %s: %w", profile, err)
		}
		overlays = append(overlays, tenant.Overlay{Name: name, Text: text})
	}
	if len(overlays) == 0 {
		return nil, fmt.Errorf("there is no profile %q, only %s", profile, strings.Join(profileNames(files), ", "))
	}
	return overlays, nil
}

// profileFiles are the files that ship and are no tables.
func profileFiles() ([]string, error) {
	names, err := fs.Glob(mappings.FS, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("the profiles that ship: %w", err)
	}
	return slices.DeleteFunc(names, func(name string) bool {
		return slices.ContainsFunc(resources(), func(r string) bool { return fileOf(r) == name })
	}), nil
}

// profileOf is the profile that a file belongs to.
func profileOf(file string) string {
	name := strings.TrimSuffix(file, ".yaml")
	for _, r := range resources() {
		name = strings.TrimSuffix(name, "-"+strings.ToLower(r))
	}
	return name
}

func profileNames(files []string) []string {
	var names []string
	for _, file := range files {
		names = append(names, profileOf(file))
	}
	slices.Sort(names)
	return slices.Compact(names)
}
