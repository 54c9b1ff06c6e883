package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"entrascim/internal/tenant"
)

// maxTenants bounds the files of a folder of tenants.
const maxTenants = 10_000

// LoadTenants reads the tenants of the folder, in the order of their files' names,
// behind the one that the configuration itself describes, if it does. Its error
// joins every mistake of all of them, with file and line.
func (c Config) LoadTenants() ([]Config, error) {
	var all []Config
	var errs []error
	if c.HasTenant() {
		all = append(all, c)
	}
	files, err := c.tenantFiles()
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		one, err := c.loadTenant(file)
		errs = append(errs, err)
		all = append(all, one)
	}
	if len(all) == 0 && !c.Store.Given() {
		errs = append(errs, fmt.Errorf("%s: has no tenant: no file NAME.yaml", c.Tenants))
	}
	errs = append(errs, distinct(all)...)
	return all, errors.Join(errs...)
}

func (c Config) tenantFiles() ([]string, error) {
	if c.Tenants == "" {
		return nil, nil
	}
	entries, err := os.ReadDir(c.Tenants)
	if err != nil {
		return nil, c.complaint("tenants", fmt.Errorf("cannot be read: %w", err))
	}
	var files []string
	for _, e := range entries { // sorted by name
		if !e.IsDir() && strings.HasSuffix(e.Name(), ".yaml") && !strings.HasPrefix(e.Name(), ".") {
			files = append(files, filepath.Join(c.Tenants, e.Name()))
		}
	}
	if len(files) > maxTenants {
		return nil, c.complaint("tenants", fmt.Errorf("has more than %d files", maxTenants))
	}
	return files, nil
}

// loadTenant reads the file of one tenant, whose name is the file's unless it says
// another.
func (c Config) loadTenant(file string) (Config, error) {
	l := newLoader()
	l.config.Tenant.Name = strings.TrimSuffix(filepath.Base(file), ".yaml")
	l.config.file, l.only = file, ofTenant
	l.file(file)
	l.read()
	l.config.Operator = c.Operator // whose files were read once
	one := &l.config
	l.hold(one.tenantChecks(), one.credentialChecks(), one.otherChecks(), one.passwordChecks(), one.guardChecks(), one.clientChecks())
	return l.config, errors.Join(l.errs...)
}

// ofTenant tells which settings a tenant's own file may have.
func ofTenant(key string) bool {
	group, _, grouped := strings.Cut(key, ".")
	group, _, _ = strings.Cut(group, "[")
	if grouped || group != key {
		return slices.Contains([]string{"tenant", "mapping", "policy", "passwords", clientList}, group)
	}
	return slices.Contains([]string{"token", "tokenFile", "dialect", "me"}, key)
}

// distinct holds the tenants against one another: their names are in URLs and logs,
// a token decides which tenant is asked for, and one directory in two tenants is
// mostly a slip.
func distinct(all []Config) []error {
	var errs []error
	names, directories := map[string]int{}, map[string]int{}
	for i, c := range all {
		if other, twice := names[strings.ToLower(c.Tenant.Name)]; twice {
			errs = append(errs, c.complaint("tenant.name", fmt.Errorf("is the name of another tenant, too (%s)", all[other].place("tenant.id"))))
		}
		names[strings.ToLower(c.Tenant.Name)] = i
		id := strings.ToLower(c.Tenant.ID)
		if other, twice := directories[id]; twice && (!c.Tenant.Shared || !all[other].Tenant.Shared) {
			errs = append(errs, c.complaint("tenant.id", fmt.Errorf("is the directory of tenant %s, too: say sharesDirectory in both if that is meant", all[other].Tenant.Name)))
		}
		directories[id] = i
	}
	return append(errs, apart(all)...)
}

// apart holds the clients of different tenants against one another: a credential
// decides which tenant is asked for.
func apart(all []Config) []error {
	var errs []error
	owners, issued := map[string]string{}, map[string][]owned{}
	for _, c := range all {
		for _, client := range c.Callers() {
			one := owned{c.Tenant.Name, client}
			complain := func(what, other string) {
				errs = append(errs, c.complaint("tenant.name", fmt.Errorf("its client %s %s of tenant %s, too", client.Name, what, other)))
			}
			for key, what := range client.marks() {
				if other, twice := owners[key]; twice && other != one.tenant {
					complain(what, other)
				}
				owners[key] = one.tenant
			}
			key := client.Issuer + " " + client.Audience
			if i := slices.IndexFunc(issued[key], one.rivals); i >= 0 {
				complain("takes the tokens of a client", issued[key][i].tenant)
			}
			if client.Kind == tenant.JWT {
				issued[key] = append(issued[key], one)
			}
		}
	}
	return errs
}

// owned is a client and whose it is.
type owned struct {
	tenant string
	client Client
}

// rivals tells whether a token is good for both clients, which are of two tenants.
func (o owned) rivals(other owned) bool {
	return o.tenant != other.tenant && o.client.ambiguous(other.client)
}

// marks are what no client of another tenant may have, and what each is called.
func (c Client) marks() map[string]string {
	marks := map[string]string{}
	for _, secret := range c.Secrets() {
		marks["secret "+string(secret)] = "has a token"
	}
	if c.ClientID != "" {
		marks["id "+c.ClientID] = "has the clientID of a client"
	}
	return marks
}
