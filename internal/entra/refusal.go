package entra

import (
	"context"
	"slices"
	"strings"

	"entrascim/internal/entra/entity"
	"entrascim/internal/fault"
	"entrascim/internal/graph"
	"entrascim/internal/mapping"
)

// named gives Graph's refusal of a write the name of the SCIM attribute that
// Graph complained about.
func (r *resource) named(ctx context.Context, err error) error {
	refusal := graph.RefusalOf(err)
	if refusal == nil {
		return err
	}
	f := *fault.From(err)
	if f.Kind == fault.InvalidValue && graph.UnverifiedDomain(err) {
		f.Detail = "userName: the domain is not a verified domain of the directory." + r.domains.Listed(ctx)
		return &f
	}
	if f.Kind != fault.Uniqueness && f.Kind != fault.InvalidValue && f.Kind != fault.Mutability {
		return err
	}
	property := strings.ReplaceAll(refusal.Property, "/", ".")
	if name := r.attribute(property); property != "" && name != "" {
		f.Detail = name + ": " + strings.ToLower(f.Detail[:1]) + f.Detail[1:]
	}
	return &f
}

// cloudMastered are the properties of a synchronized user that are changed in the
// cloud all the same.
var cloudMastered = []string{"passwordProfile", "usageLocation"}

// cloudRelations are what the cloud gives, to synchronized objects too.
var cloudRelations = []string{relationLicenses, relationRoles, relationEligible, relationApplications, relationSessions}

// checkMastered refuses changes to what an on-premises directory masters, before
// Graph is asked: Graph's own refusal does not say which attribute it is.
func (r *resource) checkMastered(o object, w mapping.Write) error {
	if !entity.Flag(o.raw, "onPremisesSyncEnabled") {
		return nil
	}
	var names []string
	for property, value := range w.Body {
		if !slices.Contains(cloudMastered, property) && !strings.HasPrefix(property, "extension_") {
			names = append(names, r.attributes(property, value)...)
		}
	}
	for relation := range w.Relations {
		if !slices.Contains(cloudRelations, relation) {
			names = append(names, r.relationAttribute(relation))
		}
	}
	if len(names) == 0 {
		return nil
	}
	slices.Sort(names)
	return fault.New(fault.Mutability, "%s: the %s is mastered by the on-premises directory and is changed there.",
		strings.Join(slices.Compact(names), ", "), r.table.Resource())
}

// attributes are those that a value of a Graph property is for: of a complex one, those
// of its parts.
func (r *resource) attributes(property string, value any) []string {
	parts, _ := value.(map[string]any)
	var names []string
	for part := range parts {
		if name := r.attribute(property + "." + part); name != "" {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return []string{r.attribute(property)}
	}
	return names
}

// relationAttribute is the attribute that a relation stands behind.
func (r *resource) relationAttribute(relation string) string {
	for _, row := range r.rows {
		if row.Relation == relation {
			return r.attrName(mapping.Attr{URN: row.Attr.URN, Name: row.Attr.Name})
		}
	}
	return relation
}

// apartToWrite are properties of a user that take more than the permission to change
// users. Source: https://learn.microsoft.com/graph/api/user-update.
var apartToWrite = []struct{ property, takes string }{
	{"passwordProfile", "a password takes the permission User-PasswordProfile.ReadWrite.All and, of the application, the directory role User Administrator at least"},
	{"employeeHireDate", "Microsoft says that applications can set it for new users only"},
	{"employeeLeaveDateTime", "it takes the permission User-LifeCycleInfo.ReadWrite.All"},
}

// sensitive are properties that, of a user who holds a directory role, only an application
// changes that holds a higher one. Source:
// https://learn.microsoft.com/graph/api/resources/users#who-can-perform-sensitive-actions.
var sensitive = []string{"accountEnabled", "businessPhones", "mobilePhone", "onPremisesImmutableId", "otherMails", "userPrincipalName"}

// outranked is what is said of a user whom the application may not rank above.
const outranked = "of a user who holds a directory role, or is in a group made for one, it takes a role of the application that ranks above"

// forbidden gives Graph's refusal of a change the name of what in it may be the reason:
// Graph refuses all of it and says no more.
func (u users) forbidden(body map[string]any) func(error) error {
	return func(err error) error {
		if !fault.Is(err, fault.Forbidden) {
			return err
		}
		f := *fault.From(err)
		for _, one := range apartToWrite {
			if _, sent := body[one.property]; sent {
				f.Detail = strings.TrimSpace(f.Detail) + " " + u.attribute(one.property) + ": " + one.takes + "."
			}
		}
		var names []string
		for _, property := range sensitive {
			if _, sent := body[property]; sent {
				names = append(names, u.attribute(property))
			}
		}
		if len(names) > 0 {
			f.Detail = strings.TrimSpace(f.Detail) + " " + strings.Join(names, ", ") + ": " + outranked + "."
		}
		return &f
	}
}

// ranked says of a user who may not be deleted what that may take.
func ranked(err error) error {
	if !fault.Is(err, fault.Forbidden) || graph.RefusalOf(err) == nil {
		return err
	}
	f := *fault.From(err)
	f.Detail = strings.TrimSpace(f.Detail) + " To delete: " + outranked + "."
	return &f
}
