package app

import (
	"fmt"
	"regexp"
	"strings"
	"text/tabwriter"

	"github.com/scim2/filter-parser/v2"

	"entrascim/internal/mapping"
)

// Show is the compiled table, one row a line, with everything laid on it.
func (t *Tables) Show(resource string) (string, error) {
	table, err := t.named(resource)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s at %s is %s of Graph (/%s)\n\n", table.Resource(), table.Endpoint(), table.Entity(), table.Collection())
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SCIM\tGRAPH\tTYPE\tMUTABILITY\tRETURNED\tNOTES")
	for _, row := range table.Rows() {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", row.SCIM, source(row), row.Type, row.Mutability, row.Returned, strings.Join(notes(row), "; "))
	}
	if err := w.Flush(); err != nil {
		return "", fmt.Errorf("writing the table: %w", err)
	}
	return b.String(), nil
}

// Markdown is the documentation of all tables.
func (t *Tables) Markdown() string {
	var b strings.Builder
	for _, resource := range resources() {
		table := t.byResource[resource]
		fmt.Fprintf(&b, "### %s, `%s`\n\n%s. Schema `%s`%s.\n\n", table.Resource(), table.Endpoint(), strings.TrimSuffix(table.Description(), "."), table.URN(), prefixes(table))
		b.WriteString("| SCIM | Graph | type | mutability | notes |\n|---|---|---|---|---|\n")
		for _, row := range table.Rows() {
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", row.SCIM, code(source(row)), row.Type, row.Mutability, cell(notes(row)))
		}
		b.WriteString("\n")
	}
	return strings.TrimSpace(b.String()) + "\n"
}

// prefixes tells which extension schemas the prefixes of the rows stand for.
func prefixes(table *mapping.Table) string {
	var b strings.Builder
	seen := map[string]bool{}
	for _, row := range table.Rows() {
		if row.Attr.URN != table.URN() && !seen[row.Attr.URN] {
			seen[row.Attr.URN] = true
			prefix, _, _ := strings.Cut(row.SCIM, ".")
			fmt.Fprintf(&b, "; `%s` stands for `%s`", prefix, row.Attr.URN)
		}
	}
	return b.String()
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}

func cell(notes []string) string { return strings.ReplaceAll(strings.Join(notes, "; "), "|", "\\|") }

// source is where the row's value comes from.
func source(row mapping.Row) string {
	switch {
	case row.Graph != "":
		return row.Graph
	case row.Constant != nil:
		return fmt.Sprintf("= %v", row.Constant)
	default:
		return ""
	}
}

func notes(row mapping.Row) []string {
	var all []string
	add := func(ok bool, format string, args ...any) {
		if ok {
			all = append(all, fmt.Sprintf(format, args...))
		}
	}
	add(row.Required, "required")
	add(row.Default != nil, "default %v", row.Default)
	add(row.Derive != "", "derived when missing: %s", row.Derive)
	add(row.Uniqueness != "" && row.Uniqueness != "none", "unique (%s)", row.Uniqueness)
	add(row.Returned != "" && row.Returned != "default", "returned: %s", row.Returned)
	add(len(row.Canonical) > 0, "one of %s", strings.Join(row.Canonical, ", "))
	add(row.Relation != "", "relation %s", row.Relation)
	add(row.Permission != "", "takes the permission %s", row.Permission)
	add(row.Keep, "kept by a PUT without it")
	add(row.Fallback != "", "else %s", row.Fallback)
	add(row.Alias != "", "the same as %s", row.Alias)
	return all
}

// Explain tells where an attribute reads, writes and filters. The attribute is
// named as in a filter: "userName", "emails.value", "URN:department".
func (t *Tables) Explain(resource, attribute string) (string, error) {
	table, err := t.named(resource)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, row := range table.Rows() {
		if isNamed(row, attribute) {
			explainRow(&b, table, row)
		}
	}
	if b.Len() == 0 {
		return "", fmt.Errorf("%s has no attribute %q", table.Resource(), attribute)
	}
	return b.String(), nil
}

// brackets are the selectors of a path in a table.
var brackets = regexp.MustCompile(`\[[^\]]*\]`)

// isNamed tells whether the row is about the attribute, by any of its names.
func isNamed(row mapping.Row, attribute string) bool {
	short := row.Attr.Name
	if row.Attr.Sub != "" {
		short += "." + row.Attr.Sub
	}
	for _, name := range []string{row.SCIM, brackets.ReplaceAllString(row.SCIM, ""), row.Attr.String(), short, row.Attr.Name} {
		if strings.EqualFold(name, attribute) {
			return true
		}
	}
	return false
}

func explainRow(b *strings.Builder, table *mapping.Table, row mapping.Row) {
	fmt.Fprintf(b, "%s\n", row.SCIM)
	fmt.Fprintf(b, "  name      %s\n", row.Attr)
	if row.Description != "" {
		fmt.Fprintf(b, "  means     %s\n", row.Description)
	}
	fmt.Fprintf(b, "  type      %s, %s, returned %s\n", row.Type, row.Mutability, row.Returned)
	if from := source(row); from != "" {
		fmt.Fprintf(b, "  reads     %s\n", from)
	}
	if row.Writable() {
		fmt.Fprintf(b, "  writes    %s\n", row.Graph)
	} else {
		fmt.Fprintf(b, "  writes    nothing\n")
	}
	if all := notes(row); len(all) > 0 {
		fmt.Fprintf(b, "  notes     %s\n", strings.Join(all, "; "))
	}
	for _, condition := range sampleConditions(row) {
		fmt.Fprintf(b, "  %-9s %s\n", condition, explainFilter(table, row.Attr.String()+" "+condition))
	}
	b.WriteString("\n")
}

// sampleConditions are one condition for each operator that fits the row's type.
func sampleConditions(row mapping.Row) []string {
	value, operators := `"…"`, []string{"eq", "ne", "sw", "ew", "co"}
	switch row.Type {
	case "boolean":
		value, operators = "true", []string{"eq", "ne"}
	case "dateTime":
		value, operators = `"2026-01-31T00:00:00Z"`, []string{"eq", "gt", "ge", "lt", "le"}
	case "integer", "decimal":
		value, operators = "1", []string{"eq", "ne", "gt", "ge", "lt", "le"}
	case "complex", "binary":
		operators = nil
	}
	var conditions []string
	for _, op := range operators {
		conditions = append(conditions, op+" "+value)
	}
	return append(conditions, "pr")
}

// explainFilter tells what of the filter Graph is asked.
func explainFilter(table *mapping.Table, text string) string {
	expression, err := filter.ParseFilter([]byte(text))
	if err != nil {
		return "cannot be written: " + err.Error()
	}
	q, err := table.Filter(expression)
	switch {
	case err != nil:
		return "refused: " + err.Error()
	case q.Filter == "" && q.IDs == nil && q.Relation == nil:
		return "evaluated by the gateway on every object"
	}
	var b strings.Builder
	b.WriteString("Graph: ")
	switch {
	case q.IDs != nil:
		b.WriteString("the object of that id")
	case q.Relation != nil && q.Filter != "":
		fmt.Fprintf(&b, "the relation %s, of its objects %s", q.Relation.Name, q.Filter)
	case q.Relation != nil:
		fmt.Fprintf(&b, "the relation %s", q.Relation.Name)
	default:
		b.WriteString(q.Filter)
	}
	if q.Advanced {
		b.WriteString(" (advanced query)")
	}
	if q.Residual != nil {
		b.WriteString("; the gateway evaluates the rest")
	}
	return b.String()
}
