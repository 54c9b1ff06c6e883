package scim

import (
	"errors"
	"maps"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"entrascim/internal/fault"
)

// parameters reads the query string, with the names in lower case: clients that
// write startindex must not get the first page again and again. Parameters that
// SCIM does not define are ignored.
func parameters(r *http.Request) (url.Values, error) {
	if r.URL.RawQuery == "" {
		return url.Values{}, nil
	}
	given, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, fault.New(fault.InvalidSyntax, "The query string of the URL is not valid.")
	}
	values := make(url.Values, len(given))
	for _, name := range slices.Sorted(maps.Keys(given)) {
		lower := strings.ToLower(name)
		values[lower] = append(values[lower], given[name]...)
	}
	return values, nil
}

// projection reads attributes and excludedAttributes (RFC 7644 section 3.9),
// which exclude each other.
func (c *catalog) projection(values url.Values) (Projection, error) {
	attributes, excluded := names(values["attributes"]), names(values["excludedattributes"])
	if len(attributes) > 0 && len(excluded) > 0 {
		return Projection{}, fault.New(fault.InvalidValue, "attributes and excludedAttributes can not be given together.")
	}
	return c.parseProjection(attributes, excluded), nil
}

// names splits the comma-separated names of a parameter that may be repeated. Of
// emails[type eq "work"], which some clients write, the attribute is taken.
func names(values []string) []string {
	var found []string
	for _, v := range values {
		for name := range strings.SplitSeq(v, ",") {
			name, _, _ = strings.Cut(name, "[")
			if name = strings.TrimSpace(name); name != "" {
				found = append(found, name)
			}
		}
	}
	return found
}

// query reads the parameters of a list request (RFC 7644 section 3.4.2). The
// filter may already be known to match nothing (isFalse). What place the cursor
// holds is for the caller to find out.
func (c *catalog) query(values url.Values, o Options) (Query, truth, error) {
	q := Query{index: c}
	var errs [4]error
	q.Projection, errs[0] = c.projection(values)
	errs[1] = q.page(values, o)
	errs[2] = c.sort(&q, values, o)
	t := isTrue
	if values.Has("filter") {
		q.Filter, t, errs[3] = c.bindFilter(values.Get("filter"), o.Strict)
		if errs[3] == nil && t == undecided {
			t, errs[3] = c.partDeleted(&q)
		}
	}
	for _, err := range errs {
		if err != nil {
			return Query{}, undecided, err
		}
	}
	return q, t, nil
}

// page reads which part of the list is wanted: by index (RFC 7644 section 3.4.2.4)
// or, when there is a cursor parameter, even an empty one, by cursor (RFC 9865
// section 2). Both contradict each other.
func (q *Query) page(values url.Values, o Options) error {
	var err error
	if q.ByCursor = values.Has("cursor"); q.ByCursor && values.Get("startindex") != "" {
		return fault.New(fault.InvalidValue, "startIndex and cursor can not be given together.")
	}
	if q.StartIndex, err = bounded(values, "startIndex", 1, 1, math.MaxInt32); err != nil {
		return err
	}
	q.Count, err = bounded(values, "count", o.DefaultPage, 0, o.MaxPage)
	if q.ByCursor && err != nil {
		err = fault.New(fault.InvalidCount, "count must be a whole number.") // RFC 9865 section 2.2
	}
	return err
}

// bounded reads a number and keeps it within bounds, as RFC 7644 section
// 3.4.2.4 has it for values below.
func bounded(values url.Values, name string, absent, least, most int) (int, error) {
	text := values.Get(strings.ToLower(name))
	if text == "" {
		return absent, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, fault.New(fault.InvalidValue, "%s must be a whole number.", name)
	}
	return min(max(n, least), most), nil
}

// sort reads sortBy and sortOrder (RFC 7644 section 3.4.2.3). An attribute that no
// resource has sorts nothing: the section has resources without the value stand
// together at one end of the list, and there it is all of them. So it is with one
// that is not known, unless strict, and with one that says the type of resource.
func (c *catalog) sort(q *Query, values url.Values, o Options) error {
	name := values.Get("sortby")
	if name == "" || !o.Sort {
		return nil
	}
	switch order := values.Get("sortorder"); {
	case strings.EqualFold(order, "descending"):
		q.Descending = true
	case order != "" && !strings.EqualFold(order, "ascending"):
		return fault.New(fault.InvalidValue, "sortOrder must be ascending or descending.")
	}
	n, err := c.sortable(name, o.Strict)
	if err != nil || n.attr == nil || n.absent() || c.tells(n.path()) {
		return err
	}
	path := n.path()
	q.SortBy = &path
	return nil
}

// sortable resolves sortBy; what is not known gives nothing.
func (c *catalog) sortable(name string, strict bool) (named, error) {
	_, err := attributePath(name)
	n, ok := c.resolve(name)
	switch {
	case !ok && err == nil && !strict:
		return named{}, nil
	case !ok || n.attr == nil || n.attr.returned == never || n.target().returned == never:
		return n, fault.New(fault.InvalidPath, "%s has no attribute %s to sort by.", c.typ.Name, name)
	case n.sub == nil && n.attr.kind == typeComplex:
		// Of complex attributes a sub-attribute must be named; many clients mean the value.
		if n.sub = n.attr.sub("value"); n.sub == nil {
			return n, fault.New(fault.InvalidPath, "%s is complex: one of its sub-attributes can be sorted by.", n.path())
		}
	}
	return n, nil
}
