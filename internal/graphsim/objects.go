package graphsim

import (
	"net/http"
	"slices"
	"strings"

	"entrascim/internal/graphsim/odata"

	"github.com/go-json-experiment/json"
)

// Limits of the actions on directory objects. Source: their pages in
// https://learn.microsoft.com/graph/api/resources/directoryobject.
const (
	maxByIDs  = 1000
	maxChecks = 20
)

func getObject(c *call) (*answer, error) {
	v := c.dir.reading()
	o, err := c.anyObject(v)
	if err != nil {
		return nil, err
	}
	return c.one(o, v, mixedSet)
}

// anyObject finds a directory object of any type.
func (c *call) anyObject(v view) (*object, error) {
	id := c.vars["id"].text
	if !isGUID(id) {
		return nil, invalidID(id)
	}
	o := c.dir.find(nil, id)
	if o == nil || o.live(v) == nil || !slices.Contains(directoryObjects, o.kind.name) {
		return nil, notFound(id)
	}
	return o, nil
}

// refuseDelete answers DELETE /directoryObjects/{id}, which no application may.
// Source: https://learn.microsoft.com/graph/api/directoryobject-delete.
func refuseDelete(*call) (*answer, error) { return nil, denied() }

// getByIDs answers POST /directoryObjects/getByIds: ids that lead nowhere are
// left out.
func getByIDs(c *call) (*answer, error) {
	var body struct {
		IDs   []string `json:"ids"`
		Types []string `json:"types"`
	}
	if err := c.action(&body, "ids", "types"); err != nil {
		return nil, err
	}
	if len(body.IDs) > maxByIDs {
		return nil, refuse("The number of ids in the request exceeds the maximum of %d.", maxByIDs)
	}
	if body.Types != nil && len(body.Types) == 0 {
		return nil, refuse("Invalid value specified for property 'types' of resource 'DirectoryObject'.")
	}
	for _, name := range body.Types {
		if !slices.ContainsFunc(objectTypes, func(t string) bool { return strings.EqualFold(t, name) }) {
			return nil, refuse("Invalid value specified for property 'types' of resource 'DirectoryObject'.")
		}
	}
	v := c.dir.reading()
	q, err := c.options(odata.Mixed, odata.Options{})
	if err != nil {
		return nil, err
	}
	var list []*object
	for _, id := range body.IDs {
		if !isGUID(id) {
			return nil, refuse("Invalid GUID specified.")
		}
		o := c.dir.find(nil, id)
		if o != nil && o.live(v) != nil && slices.Contains(directoryObjects, o.kind.name) && hasType(body.Types, o) && !slices.Contains(list, o) {
			list = append(list, o)
		}
	}
	r := &result{collection: collection{context: mixedSet}, call: c, query: q, view: v}
	e := c.encoder(v, q)
	e.typed = true
	return &answer{status: http.StatusOK, body: r.body(e, list)}, nil
}

// objectTypes are the types that getByIds can be limited to; some have no objects
// here.
var objectTypes = append([]string{
	odata.Mixed, "administrativeUnit", "device", "orgContact",
}, directoryObjects...)

func hasType(types []string, o *object) bool {
	return len(types) == 0 || slices.ContainsFunc(types, func(t string) bool {
		return strings.EqualFold(t, o.kind.name) || strings.EqualFold(t, odata.Mixed)
	})
}

// action reads the parameters of an action into body; others are refused.
func (c *call) action(body any, parameters ...string) error {
	if err := c.optional(body, parameters...); err != nil {
		return err
	}
	if _, names, err := c.object(); err != nil || !slices.Contains(names, parameters[0]) {
		return unreadable("The parameter '%s' is required for the operation.", parameters[0])
	}
	return nil
}

// optional reads the parameters of an action, all of which may be left out.
func (c *call) optional(body any, parameters ...string) error {
	_, names, err := c.object()
	if err != nil {
		return err
	}
	for _, name := range names {
		if !slices.Contains(parameters, name) {
			return unreadable("The parameter '%s' in the request payload is not a valid parameter for the operation.", name)
		}
	}
	if json.Unmarshal(c.body, body) != nil {
		return unreadable("Invalid value specified for the parameters of the operation.")
	}
	return nil
}
