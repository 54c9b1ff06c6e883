package mapping

import (
	"maps"
	"reflect"
	"slices"
	"strings"
)

// overlay lays another document on this one: rows of the same SCIM path take
// over what the overlay states, rows with remove disappear, others are added.
func (d *document) overlay(o *document, c *complaints) {
	if o.Resource != "" && d.Resource != "" && o.Resource != d.Resource {
		c.add(o.at, "this overlay is for %s, the table for %s", o.Resource, d.Resource)
		return
	}
	for _, fixed := range []struct{ key, value string }{
		{"endpoint", o.Endpoint},
		{"schema", o.Schema},
		{"mutability", o.Mutability},
		{"graph.collection", o.Graph.Collection},
		{"graph.entity", o.Graph.Entity},
		{"graph.filter", o.Graph.Filter},
		{"graph.options", o.Graph.Options},
		{"graph.id", o.Graph.ID},
		{"graph.dictionary", o.Graph.Dictionary},
	} {
		if fixed.value != "" {
			c.add(o.at, "an overlay cannot change %s", fixed.key)
		}
	}
	d.lay(o)
	for _, row := range o.rows {
		d.overlayRow(row, c)
	}
}

// lay adds the overlay's names and descriptions.
func (d *document) lay(o *document) {
	for _, name := range o.prefixOrder {
		if !slices.Contains(d.prefixOrder, name) {
			d.prefixOrder = append(d.prefixOrder, name)
		}
	}
	d.Prefixes = laid(d.Prefixes, o.Prefixes)
	d.Extensions = laid(d.Extensions, o.Extensions)
	d.Describe = laid(d.Describe, o.Describe)
	d.Graph.Whole = append(d.Graph.Whole, o.Graph.Whole...)
	if o.Description != "" {
		d.Description = o.Description
	}
}

func laid[V any](under, over map[string]V) map[string]V {
	out := make(map[string]V, len(under)+len(over))
	maps.Copy(out, under)
	maps.Copy(out, over)
	return out
}

func (d *document) overlayRow(row rowSource, c *complaints) {
	i := slices.IndexFunc(d.rows, func(r rowSource) bool { return strings.EqualFold(r.SCIM, row.SCIM) })
	switch {
	case row.SCIM == "":
	case row.Remove && i < 0:
		c.add(row.at, "there is no row %s to remove", row.SCIM)
	case row.Remove:
		d.rows = slices.Delete(d.rows, i, i+1)
	case i < 0:
		d.rows = append(d.rows, row)
	default:
		d.rows[i] = merge(d.rows[i], row)
	}
}

// merge copies the fields that the overlay's row states.
func merge(under, over rowSource) rowSource {
	out := reflect.ValueOf(&under).Elem()
	in := reflect.ValueOf(over)
	for i := range in.NumField() {
		if key := in.Type().Field(i).Tag.Get("yaml"); over.stated[key] {
			out.Field(i).Set(in.Field(i))
		}
	}
	under.at = over.at
	under.stated = laid(under.stated, over.stated)
	return under
}
