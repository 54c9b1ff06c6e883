package mapping

import (
	"fmt"
	"hash/fnv"
	"strings"
)

// A derivation makes the value of an attribute that a new resource lacks out of
// those that it has; "" when it cannot.
type derivation func(t *Table, doc Document) string

// derivations is the one list of them.
var derivations = map[string]derivation{
	"firstEmail":    firstEmail,
	"fullName":      fullName,
	"userNickname":  userNickname,
	"groupNickname": groupNickname,
}

// surely tells whether the value is derived of every resource that has what else it
// must have: clients are not required to send it.
func (r *Row) surely() bool { return r.Derive == "fullName" }

// derivedOf are the attributes of the core schema that derivations look at in a
// resource that there is already, by name and sub-attribute.
var derivedOf = [][2]string{{"userName"}, {"displayName"}, {"name"}, {"name", "givenName"}, {"name", "familyName"}}

// maxNickname is the length of mailNickname in Graph.
const maxNickname = 64

// firstEmail is the primary e-mail address, or else the first.
func firstEmail(_ *Table, doc Document) string {
	var first string
	for _, v := range valuesOf(doc["emails"]) {
		address, _ := v["value"].(string)
		if v["primary"] == true && address != "" {
			return address
		}
		if first == "" {
			first = address
		}
	}
	return first
}

// fullName is given and family name, or else the part of the user name before the @,
// because many clients send nothing more than that and Graph wants a name to show.
// name.formatted is read-only, and what is sent of it ignored (RFC 7644 section 3.3).
func fullName(t *Table, doc Document) string {
	name, _ := doc["name"].(map[string]any)
	text := func(sub string) string { s, _ := name[sub].(string); return strings.TrimSpace(s) }
	if s := strings.TrimSpace(text("givenName") + " " + text("familyName")); s != "" {
		return s
	}
	return localPart(t, doc)
}

// userNickname is the part of the user name before the @.
func userNickname(t *Table, doc Document) string {
	return nickname(localPart(t, doc))
}

func localPart(t *Table, doc Document) string {
	name, _ := doc["userName"].(string)
	if name == "" {
		name = firstEmail(t, doc)
	}
	local, _, _ := strings.Cut(name, "@")
	return local
}

// groupNickname is the display name without what a mailNickname cannot hold.
// A name of which nothing is left, such as a Japanese one, gives a stable
// nickname of digits.
func groupNickname(_ *Table, doc Document) string {
	name, _ := doc["displayName"].(string)
	if s := nickname(name); s != "" || name == "" {
		return s
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(name))
	return fmt.Sprintf("group%d", h.Sum32())
}

// nickname keeps the characters that Graph allows in mailNickname: ASCII
// without @ ( ) \ [ ] " ; : < > , space and, as one page has it, the dot at
// either end.
func nickname(s string) string {
	s = strings.Map(func(r rune) rune {
		if r <= ' ' || r >= 0x7f || strings.ContainsRune(`@()\[]";:<>,`, r) {
			return -1
		}
		return r
	}, s)
	if len(s) > maxNickname {
		s = s[:maxNickname]
	}
	return strings.Trim(s, ".")
}
