package odata

import (
	"slices"
	"strconv"
	"strings"
)

// A relation is a relationship that $expand may name, and the type of what it
// leads to.
type relation struct {
	name, target string
	selects      bool // a nested $select is granted
}

// relations that can be expanded, by entity; those that the simulator has nothing
// of (devices, extensions) are left out.
// Source: the "Relationships" tables of the API reference, "Supports $expand" and
// "$select nested in $expand".
var relations = map[string][]relation{
	"user": {
		{"manager", "user", true},
		{"directReports", Mixed, false},
		{"sponsors", Mixed, true},
		{"memberOf", Mixed, false},
		{"ownedObjects", Mixed, true},
		{"appRoleAssignments", "appRoleAssignment", false},
	},
	"group": {
		{"members", Mixed, true},
		{"owners", Mixed, true},
		{"memberOf", Mixed, false},
		{"appRoleAssignments", "appRoleAssignment", false},
	},
	"unifiedRoleAssignment": {{"principal", Mixed, false}, {"roleDefinition", "unifiedRoleDefinition", false}},
	"application":           {{"owners", Mixed, true}, {"extensionProperties", "extensionProperty", false}},
	"servicePrincipal": {
		{"owners", Mixed, true},
		{"ownedObjects", Mixed, true},
		{"memberOf", Mixed, false},
		{"appRoleAssignedTo", "appRoleAssignment", false},
		{"appRoleAssignments", "appRoleAssignment", false},
	},
}

// closed are relationships that exist and cannot be expanded.
// Source: https://learn.microsoft.com/graph/query-parameters#expand.
var closed = []string{"photo", "photos", "events", "messages", "calendar", "calendars", "drive", "drives", "mailFolders", "contacts", "sites"}

func (r *reader) expand(q *Query) *Error {
	list, ok := r.given["$expand"]
	if !ok {
		return nil
	}
	items, ok := splitList(list, ',')
	if !ok {
		return refuse(CodeBadRequest, "Syntax error in '%s' of $expand.", list)
	}
	if len(items) > 1 {
		return refuse(CodeBadRequest, "The result of parsing $expand contained at least %d items, but the maximum allowed is 1.", len(items))
	}
	item, err := r.expansion(items[0], q.Advanced)
	q.Expand = []Expand{item}
	return err.parsing()
}

// splitList cuts a list at separators outside parentheses.
func splitList(s string, separator byte) (parts []string, ok bool) {
	depth, start := 0, 0
	for i := range len(s) {
		switch {
		case s[i] == '(':
			depth++
		case s[i] == ')':
			depth--
		case s[i] == separator && depth == 0:
			parts, start = append(parts, strings.TrimSpace(s[start:i])), i+1
		}
		if depth < 0 {
			return nil, false
		}
	}
	return append(parts, strings.TrimSpace(s[start:])), depth == 0
}

func (r *reader) expansion(item string, advanced bool) (Expand, *Error) {
	name, inner, nested := strings.Cut(item, "(")
	out := Expand{Property: name}
	i := slices.IndexFunc(relations[r.Entity], func(rel relation) bool { return rel.name == name })
	switch {
	case i < 0 && slices.Contains(closed, name):
		return out, refuse(CodeExpand, "Expand is not allowed for property '%s' according to the entity schema.", capital(name))
	case i < 0:
		return out, unknownProperty(name, r.Entity)
	case !nested:
		return out, nil
	}
	inner, ok := strings.CutSuffix(inner, ")")
	if !ok {
		return out, refuse(CodeBadRequest, "Syntax error in '%s' of $expand.", item)
	}
	if err := r.nested(&out, inner, relations[r.Entity][i]); err != nil {
		return out, err
	}
	return out, r.levels(out, advanced)
}

// nested reads the options of an expansion: $levels and $select. No others are
// granted to directory objects.
func (r *reader) nested(out *Expand, list string, rel relation) *Error {
	options, _ := splitList(list, ';')
	for _, option := range options {
		name, value, _ := strings.Cut(option, "=")
		name = strings.ToLower(strings.TrimSpace(name))
		var err *Error
		switch {
		case name == "$levels":
			out.Levels, err = levels(strings.TrimSpace(value))
		case name == "$select" && rel.selects:
			out.Select, err = r.names(value, rel.target, false)
		default:
			err = refuse(CodeUnsupportedQuery, "The query option '%s' is not supported in $expand.", name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func levels(value string) (int, *Error) {
	if value == "max" {
		return MaxLevels, nil
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 || n > MaxLevels {
		return 0, refuse(CodeBadRequest, "Invalid value '%s' for $levels: it must be 'max' or between 1 and %d.", value, MaxLevels)
	}
	return n, nil
}

// levels holds manager to what its page grants: $levels takes one user and an
// advanced query, and a nested $select takes $levels.
// Source: https://learn.microsoft.com/graph/api/user-list-manager.
func (r *reader) levels(e Expand, advanced bool) *Error {
	switch {
	case e.Levels > 0 && e.Property != "manager":
		return refuse(CodeUnsupportedQuery, "$levels is not supported for property '%s'.", e.Property)
	case e.Levels > 0 && !r.Single:
		return refuse(CodeUnsupportedQuery, "$levels is only supported on a single user.")
	case e.Levels > 0 && !advanced:
		return refuse(CodeUnsupportedQuery, "$levels is not supported because the required parameters might be missing. "+
			"Try adding $count=true query parameter and ConsistencyLevel:eventual header.")
	case e.Property == "manager" && e.Select != nil && e.Levels == 0:
		return refuse(CodeUnsupportedQuery, "$select inside $expand=manager requires $levels.")
	}
	return nil
}
