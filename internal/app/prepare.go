package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"entrascim/internal/config"
	"entrascim/internal/entra/extension"
	"entrascim/internal/fault"
	"entrascim/internal/tenant"
)

// externalIDProfile is the profile that maps what Prepare makes.
const externalIDProfile = "external-id"

// Prepare makes what the tenant's directory needs for externalId, unless it is a
// dry run, and tells what it found, what it did and what is left to do.
func Prepare(ctx context.Context, c config.Config, dryRun bool) (string, error) {
	t := c.Directory()
	if t.ExtensionAppID == "" {
		return "", Mistake{errors.New("mapping.extensionAppID is missing: a managed identity has no app registration that could have a directory extension; name another")}
	}
	tables, err := compileTables(t)
	if err != nil {
		return "", Mistake{err}
	}
	client, err := newGraph(t, c.Graph.Pacing)
	if err != nil {
		return "", Mistake{err}
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, c.Limits.Timeout)
	defer cancel()
	done, err := extension.Prepare(ctx, client, t.ExtensionAppID, dryRun)
	if err != nil {
		return "", traced(err)
	}
	return prepared(t, tables, done), nil
}

// traced is an error with Graph's request-id, when Graph refused.
func traced(err error) error {
	if id := fault.From(err).RequestID; id != "" {
		return fmt.Errorf("%w (Graph request-id %s)", err, id)
	}
	return err
}

// prepared tells what was found and done, one sentence a line.
func prepared(t *tenant.Tenant, tables *Tables, done extension.Preparation) string {
	var b strings.Builder
	fmt.Fprintf(&b, "App registration %q, client id %s, of directory %s.\n", done.AppName, t.ExtensionAppID, t.DirectoryID)
	switch {
	case done.Made:
		fmt.Fprintf(&b, "Made the property %s of users and groups.\n", done.Property)
	case done.Missing:
		fmt.Fprintf(&b, "Would make the property %s of users and groups: nothing was changed.\n", done.Property)
	default:
		fmt.Fprintf(&b, "Users and groups have the property %s already.\n", done.Property)
	}
	if left := tables.without(done.Property); len(left) > 0 {
		profiles := t.Profiles
		if !slices.Contains(profiles, externalIDProfile) {
			profiles = append(slices.Clone(profiles), externalIDProfile)
		}
		fmt.Fprintf(&b, "externalId of %s is not mapped to it: next, set mapping.profile (ENTRASCIM_PROFILE, --profile) to %s.\n",
			strings.Join(left, " and "), strings.Join(profiles, ","))
	} else {
		b.WriteString("externalId is mapped to it.\n")
	}
	return b.String()
}

// without names the resource types whose externalId is not the Graph property.
func (t *Tables) without(property string) []string {
	var left []string
	for _, resource := range []string{"User", "Group"} {
		mapped := false
		for _, row := range t.byResource[resource].Rows() {
			mapped = mapped || row.SCIM == "externalId" && row.Property() == property
		}
		if !mapped {
			left = append(left, resource)
		}
	}
	return left
}
