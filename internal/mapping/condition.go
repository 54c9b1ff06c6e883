package mapping

import (
	"regexp"
	"strings"

	"entrascim/internal/edm"
)

// A condition is what the objects of a resource type fulfil whose table is for a part
// of a Graph collection: that a property has a value.
type condition struct {
	property edm.Property
	value    string // as an OData literal: 'ManagedIdentity', true
}

// conditionText is a condition as a table writes it.
var conditionText = regexp.MustCompile(`^([A-Za-z]\w*) eq ('[^']*'|true|false)$`)

// Condition is the property and the value that every object of the table has; ""
// when the table is for the whole collection.
func (t *Table) Condition() (property, value string) {
	if t.condition == nil {
		return "", ""
	}
	return t.condition.property.Name, strings.Trim(t.condition.value, "'")
}

// checkCollection reads how the collection is asked.
func (t *Table) checkCollection(d *document, c *complaints) {
	g := d.Graph
	if t.bare = g.Options == "none"; !t.bare && g.Options != "" {
		c.add(d.at, "graph.options is none or not there, not %q", g.Options)
	}
	if t.anyID = g.ID == "text"; !t.anyID && g.ID != "" && g.ID != "guid" {
		c.add(d.at, "graph.id is guid or text, not %q", g.ID)
	}
	if g.Filter == "" {
		return
	}
	m := conditionText.FindStringSubmatch(g.Filter)
	if m == nil {
		c.add(d.at, "graph.filter %q is not like: property eq 'value'", g.Filter)
		return
	}
	p, ok := t.model.Property(t.entity, m[1])
	boolean := m[2][0] != '\''
	switch {
	case !ok:
		c.add(d.at, "graph.filter: Graph's %s has no property %q", t.entity, m[1])
	case t.bare || !grants(p, "eq").plain || !grants(p, "eq").advanced:
		c.add(d.at, "graph.filter: Graph does not filter %s by %s in every query", t.collection, m[1])
	case p.Type != "Edm.Boolean" && boolean, p.Type != "Edm.String" && !boolean:
		c.add(d.at, "graph.filter: %s is not of the type of %s", m[2], m[1])
	default:
		t.condition = &condition{p, m[2]}
	}
}

// base is what every query asks beside the client's filter. Objects that come from
// elsewhere than a collection or a link are not asked, and have to be looked at.
func (t *Table) base(q Query) clause {
	total := everything()
	if !q.asks() {
		return total
	}
	if c := t.condition; c != nil {
		total = and(total, ask(c.property.Name+" eq "+c.value, c.property, "eq"))
	}
	if c := t.barred; c != nil {
		total = and(total, ask(c.property.Name+" ne "+c.value, c.property, "ne"))
	}
	total.levels.plain = total.levels.plain && q.Relation == nil
	return total
}

// Without is the table without the objects of which a boolean property is true. Graph
// selects the others, those that have no value of it among them, in advanced queries;
// Barred is for those that are read otherwise. The property must be one that the entity
// has and that Graph filters so.
func (t *Table) Without(property string) *Table {
	p, ok := t.model.Property(t.entity, property)
	if !ok || t.bare || !grants(p, "ne").advanced {
		panic("mapping: " + t.collection + " cannot be without " + property)
	}
	some := *t
	some.barred = &condition{p, "true"}
	return &some
}

// Barred is the property that is true of the objects that the table is without; "" when
// it is without none.
func (t *Table) Barred() string {
	if t.barred == nil {
		return ""
	}
	return t.barred.property.Name
}
