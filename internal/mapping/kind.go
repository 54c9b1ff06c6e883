package mapping

import (
	"bytes"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// A kind is a named converter between Graph and SCIM values, for rows that a
// plain copy does not serve.
type kind struct {
	name     string
	typ      string   // the SCIM type that it makes; "" any
	siblings []string // properties beside the row's own that it reads
	readOnly bool
	// read appends the SCIM value (JSON) of the Graph values (JSON, nil where
	// absent): the row's own first, then the siblings. It may append nothing.
	read func(dst []byte, values [][]byte, k kindContext) []byte
	// write makes the Graph properties of a SCIM value; ok is false for a value
	// that cannot be written.
	write func(value string) (properties map[string]any, ok bool)
	// filter makes the $filter that selects a SCIM value.
	filter func(value string) (clauses []kindClause, ok bool)
}

// A kindClause is one of the comparisons whose conjunction selects a value.
type kindClause struct {
	property string
	op       string // "eq", or "any" and "none" for collections
	value    string // as an OData literal
}

// A kindContext is what a kind may need to know besides the values.
type kindContext struct {
	baseURL    string
	references []string // of the row
}

const (
	kindMemberType = "memberType"
	kindReference  = "reference"
	kindGroupType  = "groupType"
	kindUsable     = "usable"
	kindGiven      = "given"
	kindThere      = "there"
)

// kinds is the one list of them.
var kinds = map[string]kind{
	"":             {},
	kindMemberType: {name: kindMemberType, typ: "string", readOnly: true, read: readMemberType},
	kindReference:  {name: kindReference, typ: "reference", siblings: []string{odataType}, readOnly: true, read: readReference},
	kindGiven:      {name: kindGiven, typ: "string", read: readGiven},
	kindThere:      {name: kindThere, typ: "boolean", readOnly: true, read: readThere},
	kindUsable:     {name: kindUsable, typ: "boolean", readOnly: true, read: readUsable},
	kindGroupType: {
		name: kindGroupType, typ: "string", siblings: []string{"mailEnabled", "securityEnabled"},
		read: readGroupType, write: writeGroupType, filter: filterGroupType,
	},
}

// readMemberType makes the SCIM resource type of a directory object:
// "#microsoft.graph.user" is User.
func readMemberType(dst []byte, values [][]byte, _ kindContext) []byte {
	name := memberType(values[0])
	if len(name) == 0 {
		return dst
	}
	dst = append(dst, '"', name[0]&^0x20)
	return append(append(dst, name[1:]...), '"')
}

// memberType cuts "#microsoft.graph.user" to user; nil when it is not such a type.
func memberType(raw []byte) []byte {
	name, found := bytes.CutPrefix(bytes.Trim(raw, `"`), []byte("#microsoft.graph."))
	if !found || len(name) == 0 || name[0]|0x20 < 'a' || name[0]|0x20 > 'z' {
		return nil
	}
	return name
}

// endpoints of the resource types that a $ref can name.
var endpoints = map[string]string{
	"User": "/Users/", "Group": "/Groups/", "Application": "/Applications/", "ServicePrincipal": "/ServicePrincipals/",
}

// readReference makes the $ref of a related object: the URL of its SCIM
// resource, absent when the gateway serves no such resource type.
func readReference(dst []byte, values [][]byte, k kindContext) []byte {
	endpoint := ""
	if len(k.references) == 1 {
		endpoint = endpoints[k.references[0]]
	}
	if name := memberType(values[1]); name != nil {
		endpoint = endpoints[strings.ToUpper(string(name[:1]))+string(name[1:])]
	}
	if endpoint == "" || values[0] == nil {
		return dst
	}
	return appendURL(dst, k.baseURL, endpoint, values[0])
}

// appendURL appends the URL of a resource as a JSON string; id is JSON.
func appendURL(dst []byte, base, endpoint string, id []byte) []byte {
	if len(id) < 2 || id[0] != '"' || !unreserved(id[1:len(id)-1]) || !safe(base) {
		return appendOddURL(dst, base, endpoint, id)
	}
	dst = append(append(append(dst, '"'), base...), endpoint...)
	return append(dst, id[1:]...)
}

// appendOddURL is appendURL for what must be escaped. An id that is no string
// has no URL, which is said by null.
func appendOddURL(dst []byte, base, endpoint string, id []byte) []byte {
	plain, err := jsontext.AppendUnquote(nil, id)
	if err != nil {
		return append(dst, "null"...)
	}
	out, err := jsontext.AppendQuote(dst, base+endpoint+url.PathEscape(string(plain)))
	if err != nil {
		return append(dst, "null"...)
	}
	return out
}

// safe tells whether a URL can stand in a JSON string as it is.
func safe(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] == '"' || s[i] == '\\' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// unreserved tells whether an id can stand in a URL as it is (RFC 3986 2.3).
func unreserved(id []byte) bool {
	for _, c := range id {
		if !plain[c] {
			return false
		}
	}
	return true
}

// plain has the unreserved characters.
var plain = func() (set [256]bool) {
	for _, c := range []byte("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~") {
		set[c] = true
	}
	return set
}()

// readGiven tells how somebody has a license, of the group that it comes from.
func readGiven(dst []byte, values [][]byte, _ kindContext) []byte {
	if values[0] == nil {
		return append(dst, `"direct"`...)
	}
	return append(dst, `"inherited"`...)
}

// readThere tells that there is a value: nothing when there is none.
func readThere(dst []byte, values [][]byte, _ kindContext) []byte {
	if values[0] == nil {
		return dst
	}
	return append(dst, "true"...)
}

// readUsable tells of a subscription's capabilityStatus whether users have what it
// licenses: they do while it runs and in the days of grace after it.
func readUsable(dst []byte, values [][]byte, _ kindContext) []byte {
	if values[0] == nil {
		return dst
	}
	status := string(values[0])
	return strconv.AppendBool(dst, status == `"Enabled"` || status == `"Warning"`)
}

// The group types, as Microsoft's groups overview tells them apart.
const (
	groupMicrosoft365 = "microsoft365"
	groupSecurity     = "security"
	groupMailSecurity = "mailEnabledSecurity"
	groupDistribution = "distribution"
)

func readGroupType(dst []byte, values [][]byte, _ kindContext) []byte {
	mail, security := string(values[1]) == "true", string(values[2]) == "true"
	var name string
	switch {
	case bytes.Contains(values[0], []byte(`"Unified"`)):
		name = groupMicrosoft365
	case mail && security:
		name = groupMailSecurity
	case mail:
		name = groupDistribution
	case security:
		name = groupSecurity
	default:
		return dst
	}
	return append(append(append(dst, '"'), name...), '"')
}

func writeGroupType(value string) (map[string]any, bool) {
	switch {
	case strings.EqualFold(value, groupMicrosoft365):
		return map[string]any{"groupTypes": []any{"Unified"}, "mailEnabled": true, "securityEnabled": false}, true
	case strings.EqualFold(value, groupSecurity):
		return map[string]any{"groupTypes": []any{}, "mailEnabled": false, "securityEnabled": true}, true
	}
	return nil, false
}

func filterGroupType(value string) ([]kindClause, bool) {
	unified := kindClause{"groupTypes", "any", "'Unified'"}
	mail := func(v string) kindClause { return kindClause{"mailEnabled", "eq", v} }
	security := func(v string) kindClause { return kindClause{"securityEnabled", "eq", v} }
	none := kindClause{"groupTypes", "none", "'Unified'"}
	switch {
	case strings.EqualFold(value, groupMicrosoft365):
		return []kindClause{unified}, true
	case strings.EqualFold(value, groupSecurity): // a Microsoft 365 group is always mail-enabled
		return []kindClause{mail("false"), security("true")}, true
	case strings.EqualFold(value, groupMailSecurity):
		return []kindClause{mail("true"), security("true"), none}, true
	case strings.EqualFold(value, groupDistribution):
		return []kindClause{mail("true"), security("false"), none}, true
	}
	return nil, false
}
