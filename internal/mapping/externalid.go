package mapping

import "strings"

// appIDPlaceholder stands in the name of a directory extension for the app
// registration that it belongs to: extension_{appId}_externalId. Graph writes
// the client id there, without dashes.
const appIDPlaceholder = "{appId}"

// nobody stands for an app registration that is not known, so that the rest of
// the row is checked in the same run.
const nobody = "00000000-0000-0000-0000-000000000000"

// nameExtension puts the app registration into the Graph path of a row.
func (d *document) nameExtension(r *rowSource, c *complaints) {
	before, after, found := strings.Cut(r.Graph, appIDPlaceholder)
	if !found || before != "extension_" || !strings.HasPrefix(after, "_") {
		return // that braces stand elsewhere is a mistake in the path
	}
	id := d.appID
	switch {
	case id == "":
		c.add(r.at, "%s: %s stands for the client id of the app registration, which is not given (mapping.extensionAppID, --extension-app-id)",
			r.Graph, appIDPlaceholder)
		id = nobody
	case !guid.MatchString(id):
		c.add(r.at, "%s: the client id %q of the app registration is not a GUID", r.Graph, id)
		id = nobody
	}
	r.Graph = before + strings.ToLower(strings.ReplaceAll(id, "-", "")) + after
}

// attrExternalID is the one common attribute that a table may map.
const attrExternalID = "externalId"

// checkExternalID holds a row of externalId to RFC 7643 section 3.1, whose
// characteristics take precedence over what a schema says: a string with one
// value, compared exactly.
func (t *Table) checkExternalID(r *Row, c *complaints) {
	if r.Attr.URN != t.urn || !strings.EqualFold(r.Attr.Name, attrExternalID) {
		return
	}
	r.CaseExact = true
	switch {
	case r.Attr.Name != attrExternalID:
		c.add(r.at, "%s: the attribute is written %s", r.SCIM, attrExternalID)
	case r.Attr.Sub != "" || r.selector.kind != noSelector || r.Type != "string" && r.Type != "":
		c.add(r.at, "%s: the attribute is a string with one value (RFC 7643 section 3.1)", r.SCIM)
	}
}
