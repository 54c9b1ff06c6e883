// Package edm is the entity data model of the part of Microsoft Graph v1.0 that
// the product touches: which properties there are, of which type and length,
// whether a read returns them by default, and which query operators Graph grants
// them. It is data: the gateway decides by it what can be asked of Graph, and the
// simulator decides by it what to refuse.
//
// Where Microsoft's sources disagree about an operator the table holds the
// weaker claim, so the gateway never relies on the stronger one.
//
// Sources: the v1.0 CSDL, the API reference, and
// https://learn.microsoft.com/graph/aad-advanced-queries.
package edm

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

//go:embed properties.csv
var properties string

// Returned says when a read returns a property.
type Returned string

// When Graph returns a property.
const (
	Default Returned = "default" // without being asked
	Select  Returned = "select"  // only when $select names it
	Single  Returned = "single"  // only when $select names it on a single-object read
	Never   Returned = "never"   // usable in $filter only
	Inner   Returned = ""        // inside a complex property: with that property
)

// Access says who may write a property.
type Access string

// Who may write a property.
const (
	ReadWrite  Access = "rw"
	ReadOnly   Access = "ro"
	CreateOnly Access = "create" // set when the object is created, immutable after
)

// Level says what a query must carry for an option to be granted.
type Level string

// What a query must carry.
const (
	Unsupported Level = ""
	Plain       Level = "default"  // nothing
	Advanced    Level = "advanced" // $count=true and ConsistencyLevel: eventual
)

// An Op is a $filter operator as Microsoft's capability table names it: "eq",
// "ne", "not", "ge", "le", "in", "startsWith", "not startsWith", "endsWith",
// "eq null", "ne null", "not(any())", "eq 0", "ne 0", "eq 1", "ne 1".
type Op string

// A Property is one property of an entity type. Name is its path with slashes
// ("employeeOrgData/costCenter"); the count of a collection is a property of its
// own ("otherMails/$count"); filters on collections use the lambda any().
type Property struct {
	Entity     string // CSDL name of the entity type: "user", "group", ...
	Name       string
	Type       string // CSDL type without namespace: "Edm.String", "employeeOrgData"
	Collection bool
	Nullable   bool // null clears it
	MaxLength  int  // in characters; 0: not stated
	Returned   Returned
	Access     Access
	Filter     []Op // granted to a plain query
	FilterAdv  []Op // granted to an advanced query
	OrderBy    Level
	Search     bool // $search tokenises it
}

// Grants tells at which level Graph evaluates op on the property.
func (p Property) Grants(op Op) Level {
	switch {
	case slices.Contains(p.Filter, op):
		return Plain
	case slices.Contains(p.FilterAdv, op):
		return Advanced
	}
	return Unsupported
}

// A Model answers questions about entity types. It is read-only after New and
// safe for concurrent use.
type Model struct {
	byName map[string]map[string]Property
	order  map[string][]Property
}

// New reads the embedded table. It panics when the table is broken, which a test
// of this package would show.
func New() *Model {
	rows, err := csv.NewReader(strings.NewReader(properties)).ReadAll()
	if err != nil {
		panic(fmt.Errorf("edm: properties.csv: %w", err))
	}
	m := &Model{byName: map[string]map[string]Property{}, order: map[string][]Property{}}
	for _, row := range rows[1:] {
		m.add(parse(row))
	}
	return m
}

func (m *Model) add(p Property) {
	if m.byName[p.Entity] == nil {
		m.byName[p.Entity] = map[string]Property{}
	}
	m.byName[p.Entity][p.Name] = p
	m.order[p.Entity] = append(m.order[p.Entity], p)
}

// Columns: entity, property, type, collection, nullable, maxLength, returned,
// access, filterDefault, filterAdvanced, orderBy, search.
func parse(row []string) Property {
	length, _ := strconv.Atoi(row[5])
	return Property{
		Entity: row[0], Name: row[1], Type: row[2],
		Collection: row[3] == "yes", Nullable: row[4] == "yes", MaxLength: length,
		Returned: Returned(row[6]), Access: Access(row[7]),
		Filter: ops(row[8]), FilterAdv: ops(row[9]),
		OrderBy: Level(row[10]), Search: row[11] == "yes",
	}
}

func ops(cell string) []Op {
	if cell == "" {
		return nil
	}
	parts := strings.Split(cell, ";")
	out := make([]Op, len(parts))
	for i, part := range parts {
		out[i] = Op(part)
	}
	return out
}

// Property finds a property by entity and path. Names are case-sensitive, as in
// the CSDL.
func (m *Model) Property(entity, name string) (Property, bool) {
	p, ok := m.byName[entity][name]
	return p, ok
}

// Properties lists the properties of an entity in the table's order; the slice
// must not be changed.
func (m *Model) Properties(entity string) []Property { return m.order[entity] }

// Has tells whether the model knows the entity type.
func (m *Model) Has(entity string) bool { return m.byName[entity] != nil }
