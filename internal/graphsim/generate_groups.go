package graphsim

import (
	"fmt"
	"strings"
)

// A generated is a group whose members are still to be chosen.
type generated struct {
	id   string
	kind string
	pool []string // who may be a member
	size int
}

// groupCycle is the kinds of groups in the order in which they are made. The
// first security group of all is the very large one.
var groupCycle = []string{
	"security", "unified", "dynamic", "mailSecurity", "distribution", "nesting", "synced", "roleAssignable",
	"security", "unified", "security", "security", "unified", "security", "security", "unified", "security", "security",
	"unified", "security",
}

// dynamicGroups is how many groups of a directory have a rule: their members are
// all who meet it, which is many.
const dynamicGroups = 3

func (g *generator) makeGroups() error {
	for i := range g.scale.Groups {
		kind := groupCycle[i%len(groupCycle)]
		if kind == "dynamic" && i/len(groupCycle) >= dynamicGroups {
			kind = "security"
		}
		group, v := g.group(i, kind)
		id, err := g.d.Add("group", v)
		if err != nil {
			return err
		}
		group.id = id
		g.groups = append(g.groups, group)
	}
	return nil
}

// group decides what a group is; who is in it is decided when all exist.
func (g *generator) group(i int, kind string) (*generated, Values) {
	out := &generated{kind: kind, pool: g.users}
	name, description := g.theme(out, i)
	v := Values{
		"displayName": name, "description": description, "createdDateTime": g.daysAgo(2500),
		"mailNickname": g.nickname(slug.Replace(strings.ToLower(name))), "securityEnabled": true, "mailEnabled": false,
	}
	switch kind {
	case "unified":
		v["groupTypes"], v["mailEnabled"], v["securityEnabled"] = []string{"Unified"}, true, false
		v["visibility"] = []string{"Private", "Public"}[i%2]
	case "dynamic":
		v["groupTypes"] = []string{"DynamicMembership"}
		v["membershipRule"] = fmt.Sprintf("user.department -eq %q", g.ruleDepartment(i))
		v["membershipRuleProcessingState"] = "On"
	case "mailSecurity":
		v["mailEnabled"] = true
	case "distribution":
		v["mailEnabled"], v["securityEnabled"] = true, false
	case "roleAssignable":
		v["isAssignableToRole"], v["visibility"] = true, "Private"
	case "synced":
		v["onPremisesSyncEnabled"], v["onPremisesDomainName"] = true, "corp.contoso.com"
		v["onPremisesSamAccountName"] = v["mailNickname"]
		v["onPremisesNetBiosName"] = "CORP"
		v["onPremisesSecurityIdentifier"] = fmt.Sprintf("S-1-5-21-1004336348-1177238915-682003330-%d", 500000+i)
		v["onPremisesLastSyncDateTime"] = g.daysAgo(1)
	}
	return out, v
}

// slug makes a mail nickname of a display name.
var slug = strings.NewReplacer(" ", "-", ",", "", "/", "-", "ü", "ue", "(", "", ")", "")

// theme names a group for what its members have in common.
func (g *generator) theme(out *generated, i int) (name, description string) {
	d, o := departments[i/3%len(departments)], offices[i/7%len(offices)]
	switch {
	case i == 0:
		return "All Users", "Everybody in the directory"
	case out.kind == "dynamic":
		d := g.ruleDepartment(i)
		return "All of " + d, "Kept by a rule"
	case out.kind == "unified":
		project := projects[i%len(projects)]
		return fmt.Sprintf("Project %s %d", project, i), "Working together on " + project
	case out.kind == "nesting":
		return fmt.Sprintf("Access Package %d", i), "Holds groups"
	case out.kind == "distribution" || out.kind == "mailSecurity":
		out.pool = g.pools[o.name]
		return fmt.Sprintf("News %s %d", o.city, i), "Announcements for " + o.city
	case i%2 == 0:
		out.pool = g.pools[d.name]
		return fmt.Sprintf("%s %s %d", d.name, pick(g, accesses), i), "Access for " + d.name
	}
	return fmt.Sprintf("%s Users %d", pick(g, accesses), i), "Access across departments"
}

func (g *generator) ruleDepartment(i int) string {
	return departments[i/len(groupCycle)%len(departments)].name
}

// fillGroups chooses the members: first those that follow from what a group is,
// then, for all others, as many as are left to reach the scale.
func (g *generator) fillGroups() error {
	left := g.scale.Memberships
	var ordinary []*generated
	for i, group := range g.groups {
		ids, fixed := g.fixed(i, group, left)
		if !fixed {
			ordinary = append(ordinary, group)
			continue
		}
		if err := g.d.AddMembers(group.id, ids...); err != nil {
			return err
		}
		left -= len(ids)
	}
	g.share(ordinary, left)
	for _, group := range ordinary {
		if err := g.d.AddMembers(group.id, g.chosen(group)...); err != nil {
			return err
		}
	}
	return g.addOwners()
}

// fixed are the members of a group that has no choice.
func (g *generator) fixed(i int, group *generated, left int) (ids []string, fixed bool) {
	switch {
	case i == 0:
		return g.users[:max(0, min(len(g.users), left/2))], true
	case group.kind == "nesting":
		return g.nested(i), true
	case group.kind == "dynamic":
		return g.pools[g.ruleDepartment(i)], true
	}
	return nil, false
}

// nested are the security groups that come behind a group, and every so often
// the next group that holds groups, so that there are trees four levels deep.
func (g *generator) nested(i int) []string {
	var ids []string
	for j := i + 1; j < min(i+8, len(g.groups)); j++ {
		if g.groups[j].kind == "security" {
			ids = append(ids, g.groups[j].id)
		}
	}
	if next := i + len(groupCycle); next < len(g.groups) && i/len(groupCycle)%4 != 3 {
		ids = append(ids, g.groups[next].id)
	}
	return ids
}

// share decides how large the groups are: many small ones, few large ones, total
// members in all if they can hold them.
func (g *generator) share(groups []*generated, total int) {
	weights := make([]float64, len(groups))
	sum := 0.0
	for i := range weights {
		e := g.rand.ExpFloat64()
		weights[i] = e * e
		sum += weights[i]
	}
	left := max(0, total)
	for i, group := range groups {
		group.size = min(int(float64(max(0, total))*weights[i]/sum), len(g.users))
		left -= group.size
	}
	for _, group := range groups { // what rounding and full groups left over
		more := min(left, len(g.users)-group.size)
		group.size += more
		left -= more
	}
}

func (g *generator) chosen(group *generated) []string {
	pool := group.pool
	if group.size > len(pool) {
		pool = g.users
	}
	indexes := g.sample(group.size, len(pool))
	ids := make([]string, len(indexes))
	for i, n := range indexes {
		ids[i] = pool[n]
	}
	return ids
}

// addOwners gives Microsoft 365 groups two owners and some security groups one.
func (g *generator) addOwners() error {
	if len(g.staff) == 0 {
		return nil
	}
	for i, group := range g.groups {
		owners := []string{pick(g, g.staff)}
		switch {
		case group.kind == "unified":
			owners = append(owners, pick(g, g.staff))
		case group.kind != "security" || i%2 == 0:
			continue
		}
		if err := g.d.AddOwners(group.id, owners...); err != nil {
			return err
		}
	}
	return nil
}
