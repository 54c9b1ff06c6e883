package graphsim

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"entrascim/internal/edm"
	"entrascim/internal/graphsim/odata"

	"github.com/go-json-experiment/json/jsontext"
)

// maxExtensionValues is how many directory extension values one object holds.
const maxExtensionValues = 100

// extensionTypes are the data types of directory extensions.
var extensionTypes = []string{"Binary", "Boolean", "DateTime", "Integer", "LargeInteger", "String"}

// extension finds the registration of a directory extension; nil when no
// application of the tenant registered the name.
func (d *Directory) extension(name string) *object {
	o := first(d.lookup(d.schema["extensionProperty"], "name", name))
	if o == nil || o.text("name") != name {
		return nil
	}
	return o
}

// extensionProperty is a directory extension as a property of an entity that it
// was registered for; of a mixed collection, of the first such entity.
func (d *Directory) extensionProperty(entity, name string) (edm.Property, bool) {
	o := d.extension(name)
	if o == nil {
		return edm.Property{}, false
	}
	for _, target := range directoryObjects {
		k := d.schema[target]
		if (entity == k.name || entity == odata.Mixed) && o.has("targetObjects", k.title) {
			p := odata.ExtensionProperty(k.name, name, o.text("dataType"))
			p.Collection = o.is("isMultiValued")
			if o.text("dataType") == "Binary" {
				p.MaxLength = base64.StdEncoding.EncodedLen(256) // octets, not characters
			}
			return p, true
		}
	}
	return edm.Property{}, false
}

// checkExtension refuses a value that a directory extension cannot hold.
func (d *Directory) checkExtension(k *kind, name string, v jsontext.Value) error {
	p, ok := d.extensionProperty(k.name, name)
	if !ok {
		return undeclared(name)
	}
	if v.Kind() == 'n' {
		return nil
	}
	return checkValue(k, p, nil, v)
}

var extensionName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,119}$`)

// extensionTargets are the types that an extension can be registered for.
var extensionTargets = []string{"User", "Group", "Application", "AdministrativeUnit", "Device", "Organization"}

// AddExtension registers a directory extension for an application of the tenant
// and gives the name that it has in Graph. It is refused as Graph would refuse it.
func (d *Directory) AddExtension(appID, name, dataType string, targets ...string) (string, error) {
	defer d.lockPast()()
	app := first(d.lookup(d.schema["application"], "appId", appID))
	if app == nil {
		return "", fmt.Errorf("graphsim: there is no application %s", appID)
	}
	k := d.schema["extensionProperty"]
	s := &state{values: make([]string, len(k.props))}
	s.set(k, "name", quote(name))
	s.set(k, "dataType", quote(dataType))
	s.set(k, "targetObjects", quoteAll(targets...))
	o, err := d.register(app, k, s)
	if err != nil {
		return "", fmt.Errorf("graphsim: extension %s: %w", name, err)
	}
	return o.text("name"), nil
}

// SyncExtension has a directory extension synchronized from the on-premises directory:
// of a user who is, it is changed there.
func (d *Directory) SyncExtension(name string) error {
	defer d.lockPast()()
	o := d.extension(name)
	if o == nil {
		return fmt.Errorf("graphsim: there is no extension %s", name)
	}
	next := o.edit()
	next.set(o.kind, "isSyncedFromOnPremises", "true")
	d.apply(o, next)
	return nil
}

// register adds a directory extension of an application.
func (d *Directory) register(app *object, k *kind, s *state) (*object, error) {
	if err := checkRegistration(k, s); err != nil {
		return nil, err
	}
	id := strings.ReplaceAll(app.text("appId"), "-", "")
	s.set(k, "name", quote("extension_"+id+"_"+unquote(s.get(k, "name"))))
	s.set(k, "appDisplayName", app.get("displayName"))
	s.fill(k, "isMultiValued", "false")
	s.set(k, "isSyncedFromOnPremises", "false")
	if err := d.unique(k, nil, s); err != nil {
		return nil, err
	}
	o := d.insert(k, d.ids.next(), s)
	d.link(extensions, app, o)
	return o, nil
}

// createExtension answers POST /applications/{id}/extensionProperties.
func createExtension(c *call) (*answer, error) {
	app, err := c.byID("application", c.dir.reading())
	if err != nil {
		return nil, err
	}
	if !c.mayExtend(app) {
		return nil, denied()
	}
	k := c.kind("extensionProperty")
	w, err := c.changes(k)
	if err != nil {
		return nil, err
	}
	s := &state{values: make([]string, len(k.props))}
	w.assign(k, s)
	o, err := c.dir.register(app, k, s)
	if err != nil {
		return nil, err
	}
	e := &encoder{view: c.dir.newest()}
	return c.entity(http.StatusCreated, e, o, o.state, "applications('"+app.id+"')/extensionProperties"), nil
}

// mayExtend tells whether the caller may change the extensions of an application:
// with Application.ReadWrite.OwnedBy only of one that its service principal owns.
func (c *call) mayExtend(app *object) bool {
	return c.may(writeApplications...) ||
		slices.ContainsFunc(app.links[owners].list, func(o *object) bool { return o.id == c.who.ObjectID })
}

// checkRegistration checks the three properties that make an extension, and
// writes the data type as Graph does.
func checkRegistration(k *kind, s *state) error {
	for _, name := range []string{"name", "dataType", "targetObjects"} {
		if text := s.get(k, name); text == "" || text == "[]" {
			return missing(k, name)
		}
	}
	if !extensionName.MatchString(unquote(s.get(k, "name"))) {
		return invalidValue(k, "name")
	}
	for _, t := range stringsOf(s.get(k, "targetObjects")) {
		if !slices.Contains(extensionTargets, t) {
			return invalidValue(k, "targetObjects")
		}
	}
	for _, name := range extensionTypes {
		if strings.EqualFold(name, unquote(s.get(k, "dataType"))) {
			s.set(k, "dataType", quote(name))
			return nil
		}
	}
	return invalidValue(k, "dataType")
}

// extensionOfCall finds the application and the extension of a request.
func (c *call) extensionOfCall() (*object, error) {
	app, err := c.byID("application", c.dir.reading())
	if err != nil {
		return nil, err
	}
	id := c.vars["other"].text
	for _, o := range app.links[extensions].list {
		if o.id == strings.ToLower(id) {
			return o, nil
		}
	}
	return nil, notFound(id)
}

func getExtension(c *call) (*answer, error) {
	o, err := c.extensionOfCall()
	if err != nil {
		return nil, err
	}
	return c.one(o, c.dir.reading(), "applications('"+c.vars["id"].text+"')/extensionProperties")
}

func deleteExtension(c *call) (*answer, error) {
	o, err := c.extensionOfCall()
	if err != nil {
		return nil, err
	}
	if !c.mayExtend(first(o.links[extensionOf].list)) {
		return nil, denied()
	}
	c.dir.remove(o)
	return noContent(), nil
}
