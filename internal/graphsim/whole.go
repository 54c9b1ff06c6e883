package graphsim

import (
	"net/url"
	"slices"
	"strings"

	"entrascim/internal/graphsim/odata"
)

// listWhole gives the handler of a collection that takes no query options and has
// no pages.
func listWhole(entity string) handler {
	return func(c *call) (*answer, error) {
		if err := c.onlyOptions(); err != nil {
			return nil, err
		}
		l := c.set(entity)
		l.whole = true
		return c.list(l)
	}
}

// getWhole gives the handler of one object of such a collection, with the options
// that its page names.
func getWhole(entity string, options ...string) handler {
	read := getNamed(entity)
	return func(c *call) (*answer, error) {
		if err := c.onlyOptions(options...); err != nil {
			return nil, err
		}
		return read(c)
	}
}

// onlyOptions refuses a query with other options than those.
func (c *call) onlyOptions(options ...string) error {
	values, err := url.ParseQuery(c.query)
	if err != nil {
		return unreadable("Bad Request - Error in query syntax.")
	}
	for _, name := range sortedNames(values) {
		if !slices.Contains(options, strings.ToLower(name)) {
			return &odata.Error{Status: 400, Code: unsupported, Message: "The query parameter '" + name + "' is not supported."}
		}
	}
	return nil
}
