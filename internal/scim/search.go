package scim

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"entrascim/internal/fault"
)

const searchSchema = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"

// search is a list request whose parameters stand in the body (RFC 7644 section
// 3.4.3).
func (e *endpoint) search(w http.ResponseWriter, r *http.Request) {
	values, err := e.searched(w, r)
	if err != nil {
		WriteError(w, r, err)
		return
	}
	e.found(w, r, values)
}

// searched reads a search request as the parameters of a query string.
func (s *server) searched(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	body, err := readBody(w, r, s.options.MaxBody)
	if err != nil {
		return nil, err
	}
	if err := message(body, searchSchema); err != nil {
		return nil, err
	}
	values := url.Values{}
	for name, v := range body {
		var err error
		switch name = strings.ToLower(name); name {
		case "attributes", "excludedattributes":
			values[name], err = texts(name, v)
		case "filter", "sortby", "sortorder", "cursor":
			values[name], err = oneText(name, v)
		case "startindex", "count":
			values[name], err = whole(name, v)
		}
		if err != nil {
			return nil, err
		}
		if values[name] == nil {
			delete(values, name)
		}
	}
	return values, nil
}

// message checks the schemas of a protocol message, which a client may leave out.
func message(body map[string]any, schema string) error {
	urns, err := urnList(field(body, "schemas"))
	if err != nil {
		return err
	}
	for _, urn := range urns {
		if strings.EqualFold(urn, schema) {
			return nil
		}
	}
	if len(urns) > 0 {
		return fault.New(fault.InvalidSyntax, "The schemas of this request must be %s.", schema)
	}
	return nil
}

// texts are the strings of a list, or of a string with commas; none of null.
func texts(name string, v any) ([]string, error) {
	list, ok := v.([]any)
	if !ok {
		return oneText(name, v)
	}
	found := make([]string, 0, len(list))
	for _, element := range list {
		s, ok := element.(string)
		if !ok {
			return nil, fault.New(fault.InvalidValue, "%s must be a list of strings.", name)
		}
		found = append(found, s)
	}
	return found, nil
}

func oneText(name string, v any) ([]string, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case string:
		return []string{v}, nil
	}
	return nil, fault.New(fault.InvalidValue, "%s must be a string.", name)
}

// whole is a number as text. Some clients send it as a string.
func whole(name string, v any) ([]string, error) {
	if n, ok := v.(float64); ok {
		return []string{strconv.FormatFloat(n, 'f', -1, 64)}, nil
	}
	return oneText(name, v)
}
