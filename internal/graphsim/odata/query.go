// Package odata is the query language of Microsoft Graph v1.0 as its directory
// objects speak it: it parses the system query options of a request, refuses what
// the capability table does not grant, and evaluates the rest over an object.
//
// It is strict: an option, operator, property or combination that no public
// source grants is refused the way Graph refuses it.
//
// Sources: https://learn.microsoft.com/graph/query-parameters,
// https://learn.microsoft.com/graph/aad-advanced-queries and OData 4.01 part 2.
package odata

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"entrascim/internal/edm"
)

// Mixed is the entity of collections that hold objects of several types, such as
// the members of a group.
const Mixed = "directoryObject"

// Options say what a query is asked of.
type Options struct {
	Model  *edm.Model
	Entity string // entity type of the objects asked for, or Mixed

	// Advanced tells that the request has the header "ConsistencyLevel: eventual".
	Advanced bool
	// Single tells that one object is asked for, not a collection.
	Single bool
	// Relationship tells that the collection is reached through an object
	// (members, memberOf, ...): to filter, search or sort it takes an advanced query.
	Relationship bool
	// Cast tells that the path ends in a type ("/members/microsoft.graph.user"),
	// which takes an advanced query.
	Cast bool
	// CountSegment tells that the path ends in /$count: the header alone makes the
	// query advanced.
	CountSegment bool

	// MaxTop is the largest page; 0: 999.
	MaxTop int
	// Extension finds the directory extensions that an application registered in
	// the tenant; nil: there are none.
	Extension func(name string) (edm.Property, bool)
}

// A Query is what a request asks for, found to be granted. It is read-only and
// safe for concurrent use.
type Query struct {
	Select    []string // property names as in the CSDL; nil: the default set
	Expand    []Expand
	Top       int  // page size; 0: the default one
	Count     bool // the answer carries @odata.count
	Advanced  bool // header and $count=true (or a $count segment) were given
	SkipToken string
	SignIns   bool // $select or $filter names signInActivity

	filter expr
	search search
	order  []sortKey
}

// An Expand is one relationship to be read with the object.
type Expand struct {
	Property string
	Levels   int      // how far up $levels goes; 0: no $levels was given
	Select   []string // nil: the default set
}

// MaxLevels is what $levels=max stands for, and the largest $levels.
// Source: https://learn.microsoft.com/graph/api/user-list-manager.
const MaxLevels = 1000

// A Getter reads a property of one object by its path ("displayName",
// "employeeOrgData/costCenter"). It returns nil, a bool, an int64, a string
// (date-times too, as RFC 3339), a []string or, for a collection of complex
// values, a []map[string]any. Asked for "NAME/$count" it may answer an int64;
// otherwise NAME is read and counted.
type Getter func(path string) any

// Filtered tells whether Match can refuse an object.
func (q *Query) Filtered() bool { return q.filter != nil || q.search != nil }

// Ordered tells whether $orderby was given.
func (q *Query) Ordered() bool { return len(q.order) > 0 }

// Match tells whether an object passes $filter and $search.
func (q *Query) Match(get Getter) bool {
	return (q.filter == nil || q.filter.match(get)) && (q.search == nil || q.search.match(get))
}

// Equal finds a condition `property eq 'value'` that every object of the answer
// meets, so that an index can be asked. The value is to be compared without
// regard to case.
func (q *Query) Equal(property string) (value string, ok bool) {
	terms := []expr{q.filter}
	if all, ok := q.filter.(and); ok {
		terms = all
	}
	for _, term := range terms {
		if c, ok := term.(*clause); ok && c.op == "eq" && c.path == property && c.values[0].kind != null {
			return c.values[0].text, true
		}
	}
	return "", false
}

// Parse reads the query part of a URL (without the question mark) and checks it
// against what Graph grants. The error is an *Error with status 400, or 501 for
// a property that Graph returns for single objects only.
func Parse(rawQuery string, o Options) (*Query, error) {
	if o.MaxTop == 0 {
		o.MaxTop = 999
	}
	given, err := options(rawQuery)
	if err != nil {
		return nil, err
	}
	r := &reader{Options: o, given: given}
	for _, read := range []func(*Query) *Error{
		r.place, r.count, r.selected, r.top, r.expand, r.searched, r.filtered, r.ordered, r.combination,
	} {
		if err := read(&r.query); err != nil {
			return nil, err
		}
	}
	return &r.query, nil
}

// A reader turns the options given into a query, one option a method.
type reader struct {
	Options
	given map[string]string
	query Query
}

// place refuses options where they have no meaning.
func (r *reader) place(q *Query) *Error {
	q.SkipToken = r.given["$skiptoken"]
	if _, ok := r.given["$skip"]; ok {
		return refuse(CodeRequest, "'$skip' is not supported by the service.")
	}
	if f, ok := r.given["$format"]; ok && f != "json" && !strings.HasPrefix(f, "application/json") {
		return refuse(CodeBadRequest, "The $format value '%s' is not supported.", f)
	}
	if !r.Single {
		return nil
	}
	for _, name := range []string{"$filter", "$search", "$orderby", "$top", "$skiptoken"} {
		if _, ok := r.given[name]; ok {
			return refuse(CodeBadRequest, "The query parameter '%s' can be applied only on collections.", name)
		}
	}
	return nil
}

// count reads $count. Without the header Graph ignores it in silence.
func (r *reader) count(q *Query) *Error {
	asked := false
	if v, ok := r.given["$count"]; ok {
		var err error
		if asked, err = strconv.ParseBool(v); err != nil || (v != "true" && v != "false") {
			return refuse(CodeBadRequest, "Invalid value '%s' for $count query option found. Valid values are 'true' and 'false'.", v)
		}
	}
	q.Advanced = r.Advanced && (asked || r.CountSegment)
	q.Count = q.Advanced && asked && !r.Single
	if r.Cast && !q.Advanced {
		return refuse(CodeUnsupportedQuery, "The OData cast of the request path is not supported because the required parameters might be missing. "+
			"Try adding $count=true query parameter and ConsistencyLevel:eventual header.")
	}
	return nil
}

func (r *reader) top(q *Query) *Error {
	v, ok := r.given["$top"]
	if !ok {
		return nil
	}
	n, err := strconv.Atoi(v)
	if err != nil {
		return refuse(CodeBadRequest, "Invalid value '%s' for $top query option found. The $top query option requires a non-negative integer value.", v)
	}
	if n < 1 || n > r.MaxTop {
		return refuse(CodeUnsupportedQuery, "Invalid page size specified: '%d'. Must be between 1 and %d inclusive.", n, r.MaxTop)
	}
	q.Top = n
	return nil
}

// MaxSignIns is the largest page of a query that asks for signInActivity: larger ones
// are cut. The page says 500 and said 120; this is the one that is harder for a client.
// Source: https://learn.microsoft.com/graph/api/user-list.
const MaxSignIns = 120

func (r *reader) selected(q *Query) *Error {
	v, ok := r.given["$select"]
	if !ok {
		return nil
	}
	names, err := r.names(v, r.Entity, r.Single)
	q.Select, q.SignIns = names, slices.Contains(names, "signInActivity")
	return err.parsing()
}

// names reads a list of properties to return.
func (r *reader) names(list, entity string, single bool) ([]string, *Error) {
	out := []string{}
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimSpace(name)
		p, ok := r.find(entity, name)
		switch {
		case !ok || p.Returned == edm.Inner || strings.HasSuffix(name, "/$count"):
			return nil, unknownProperty(name, entity)
		case p.Returned == edm.Single && !single:
			return nil, &Error{
				Status: http.StatusNotImplemented, Code: CodeNotImplemented,
				Message: "The property '" + name + "' is not supported in a collection. Request it for a single object.",
			}
		case p.Returned != edm.Never && !slices.Contains(out, name):
			out = append(out, name)
		}
	}
	return out, nil
}

// combination refuses $expand in an advanced query, but for manager($levels=...).
func (r *reader) combination(q *Query) *Error {
	if len(q.Expand) > 0 && q.Expand[0].Levels == 0 && (q.Advanced || q.search != nil) {
		return refuse(CodeUnsupportedQuery, "$expand is not supported in advanced queries.")
	}
	return nil
}
