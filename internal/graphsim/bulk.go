package graphsim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

// Values are the properties of an object by their Graph names. A value is a
// string, bool, int, time.Time, []string, nil, or anything that marshals to the
// JSON that Graph would hold.
type Values map[string]any

// Add stores an object as if it had always been there: read-only properties may
// be given, the id among them, and what Graph would fill in is filled in. It
// gives the id. It refuses unknown properties and values that must be unique and
// are taken, but no other rule of Graph applies.
func (d *Directory) Add(entity string, v Values) (string, error) {
	k := d.schema[entity]
	if k == nil {
		return "", fmt.Errorf("graphsim: the directory holds no %q", entity)
	}
	s := &state{values: make([]string, len(k.props))}
	id := ""
	for name, value := range v {
		text, err := jsonText(value)
		if err != nil {
			return "", fmt.Errorf("graphsim: %s.%s: %w", entity, name, err)
		}
		switch slot := k.slot(name); {
		case name == "id":
			id = strings.ToLower(unquote(text))
		case slot >= 0:
			s.values[slot] = text
		case strings.HasPrefix(name, "extension_"):
			s.setExtra(name, text)
		default:
			return "", fmt.Errorf("graphsim: %s has no property %q", entity, name)
		}
	}
	defer d.lockPast()()
	if id == "" {
		id = d.newID(k, s)
	}
	if d.byID[id] != nil {
		return "", fmt.Errorf("graphsim: id %s is taken", id)
	}
	d.complete(k, id, s)
	if err := d.unique(k, nil, s); err != nil {
		return "", fmt.Errorf("graphsim: %s: %w", entity, err)
	}
	return d.insert(k, id, s).id, nil
}

// newID makes an id: of a subscription that of its tenant and its SKU.
func (d *Directory) newID(k *kind, s *state) string {
	if k.name == "subscribedSku" {
		return d.tenant + "_" + strings.ToLower(unquote(s.get(k, "skuId")))
	}
	return d.ids.next()
}

// AddMembers makes objects direct members of a group; those that are members
// already stay so.
func (d *Directory) AddMembers(group string, ids ...string) error {
	return d.linkAll(members, group, ids)
}

// AddOwners makes objects owners of a group, application or service principal.
func (d *Directory) AddOwners(object string, ids ...string) error {
	return d.linkAll(owners, object, ids)
}

// AddSponsors makes users and groups sponsors of a user.
func (d *Directory) AddSponsors(user string, ids ...string) error {
	return d.linkAll(sponsors, user, ids)
}

// Downgrade takes the licenses of Entra ID P1 and P2 from the tenant: Graph tells no
// sign-ins of its users.
func (d *Directory) Downgrade() {
	defer d.lockPast()()
	d.basic = true
}

// SetManager sets the manager of a user.
func (d *Directory) SetManager(user, managerID string) error {
	unlock := d.lockPast()
	if o := d.byID[user]; o != nil {
		d.clear(manager, o)
	}
	unlock()
	return d.linkAll(manager, user, []string{managerID})
}

func (d *Directory) linkAll(r relation, from string, ids []string) error {
	defer d.lockPast()()
	o := d.byID[from]
	if o == nil {
		return fmt.Errorf("graphsim: there is no object %s", from)
	}
	o.links[r].list = slices.Grow(o.links[r].list, len(ids))
	for _, id := range ids {
		other := d.byID[id]
		if other == nil {
			return fmt.Errorf("graphsim: there is no object %s", id)
		}
		d.link(r, o, other)
	}
	return nil
}

// Assign gives a principal an app role of a service principal and tells the id
// of the assignment. An empty role is the default access.
func (d *Directory) Assign(principalID, resourceID, appRoleID string) (string, error) {
	defer d.lockPast()()
	from, to := d.byID[principalID], d.byID[resourceID]
	if from == nil || to == nil || to.kind.name != "servicePrincipal" {
		return "", fmt.Errorf("graphsim: cannot assign %s to %s", principalID, resourceID)
	}
	if appRoleID == "" {
		appRoleID = defaultRole
	}
	return d.assign(from, to, appRoleID).id, nil
}

// GrantRole gives an application (by the object id of its service principal) or
// a user a directory role such as "User Administrator", which some writes need
// beside a Graph permission.
func (d *Directory) GrantRole(id, role string) {
	defer d.lockPast()()
	holder := d.byID[id]
	for _, definition := range d.sets[d.schema["unifiedRoleDefinition"]].list {
		if holder != nil && definition.text("displayName") == role {
			d.assignRole(holder, definition, wholeDirectory)
			return
		}
	}
	d.roles[id] = append(d.roles[id], role)
}

// AssignRole gives a user, group or service principal a directory role at a scope, "" for
// the whole directory, and tells the id of the assignment.
func (d *Directory) AssignRole(principalID, roleDefinitionID, scope string) (string, error) {
	defer d.lockPast()()
	holder, definition, err := d.holding(principalID, roleDefinitionID)
	if err != nil {
		return "", err
	}
	return d.assignRole(holder, definition, or(scope, wholeDirectory)).id, nil
}

// MakeEligible lets a user, group or service principal activate a directory role at a
// scope, "" for the whole directory, until a moment, the zero one for always. It tells
// the id of the schedule.
func (d *Directory) MakeEligible(principalID, roleDefinitionID, scope string, until time.Time) (string, error) {
	defer d.lockPast()()
	holder, definition, err := d.holding(principalID, roleDefinitionID)
	if err != nil {
		return "", err
	}
	return d.schedule(eligibilities, holder, definition, or(scope, wholeDirectory), d.until(until), "Assigned").id, nil
}

// ActivateRole gives a user a directory role at a scope, "" for the whole directory,
// until a moment, as if the user had activated it. It tells the id of the assignment.
func (d *Directory) ActivateRole(principalID, roleDefinitionID, scope string, until time.Time) (string, error) {
	defer d.lockPast()()
	holder, definition, err := d.holding(principalID, roleDefinitionID)
	if err != nil {
		return "", err
	}
	scope = or(scope, wholeDirectory)
	d.schedule(schedules, holder, definition, scope, d.until(until), "Activated")
	return d.activeRole(holder, definition, scope).id, nil
}

// until is a schedule from now to a moment, the zero one for always.
func (d *Directory) until(end time.Time) schedule {
	when := schedule{Start: timeOf(d), Expiration: &expiration{Type: "noExpiration"}}
	if !end.IsZero() {
		text := unquote(timeText(end))
		when.Expiration = &expiration{Type: "afterDateTime", End: &text}
	}
	return when
}

func (d *Directory) holding(principalID, roleDefinitionID string) (holder, definition *object, err error) {
	holder, definition = d.byID[principalID], d.find(d.schema["unifiedRoleDefinition"], roleDefinitionID)
	if holder == nil || definition == nil {
		return nil, nil, fmt.Errorf("graphsim: cannot give %s the role %s", principalID, roleDefinitionID)
	}
	return holder, definition, nil
}

// SetLag changes the replication lag; zero turns it off.
func (d *Directory) SetLag(l Lag) {
	d.mu.Lock()
	defer d.mu.Unlock()
	l.List = max(l.List, l.Read)
	d.lag = l
}

func (s *state) setExtra(name, text string) {
	if s.extra == nil {
		s.extra = map[string]string{}
	}
	s.extra[name] = text
}

// clear cuts every link of an object in a relation.
func (d *Directory) clear(r relation, o *object) {
	for _, other := range slices.Clone(o.links[r].list) {
		d.unlink(r, o, other)
	}
}

// jsonText is a value as the directory stores it: null is no value.
func jsonText(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		return quote(v), nil
	case bool:
		return boolean(v), nil
	case int:
		return strconv.Itoa(v), nil
	case []string:
		return quoteAll(v...), nil
	case time.Time:
		return timeText(v), nil
	}
	b, err := json.Marshal(v, json.Deterministic(true))
	return string(b), err
}

// timeText is a moment as Graph writes it.
func timeText(t time.Time) string {
	return quote(t.UTC().Format("2006-01-02T15:04:05Z"))
}
