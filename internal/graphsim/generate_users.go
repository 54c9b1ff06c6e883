package graphsim

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// span is how many people report to one manager.
const span = 12

// A person is what the generator decides about a user before writing it down.
type person struct {
	n             int // of the user, from 0
	given, family string
	nickname      string
	domain        string
	office        office
	created       time.Time
}

func sortedKeys(set map[int]bool) []int { return slices.Sorted(maps.Keys(set)) }

// Every so many users there is one that is special; patterns, not chance, so
// that small directories have them too.
func isGuest(n int) bool     { return n%20 == 13 }
func isDisabled(n int) bool  { return n%25 == 7 }
func isSynced(n int) bool    { return n > 0 && n%10 == 4 || n%10 == 8 }
func isFederated(n int) bool { return n%50 == 24 } // synchronized as well

func (g *generator) makeUsers() error {
	managed, federated := g.domains()
	guests := (g.scale.Users + 6) / 20
	for n := range g.scale.Users {
		p := g.person(n)
		var v Values
		if isGuest(n) {
			v = g.guest(p)
		} else {
			p.domain = managed[0]
			switch {
			case isFederated(n) && federated != "":
				p.domain = federated
			case n%10 == 3:
				p.domain = managed[n/10%len(managed)]
			}
			v = g.employee(p, g.scale.Users-guests)
		}
		id, err := g.d.Add("user", v)
		if err != nil {
			return err
		}
		g.users = append(g.users, id)
		if !isGuest(n) {
			g.enlist(id, v)
		}
	}
	return nil
}

// domains are the managed domains, the default one first, and a federated one.
func (g *generator) domains() (managed []string, federated string) {
	g.d.mu.RLock()
	defer g.d.mu.RUnlock()
	managed = []string{g.d.defaultDomain()}
	for _, o := range g.d.sets[g.d.schema["domain"]].list {
		switch {
		case o.text("authenticationType") == "Federated":
			federated = o.text("id")
		case !o.is("isDefault") && !o.is("isInitial"):
			managed = append(managed, o.text("id"))
		}
	}
	return managed, federated
}

func (g *generator) person(n int) person {
	p := person{n: n, given: pick(g, givenNames), family: pick(g, familyNames), office: pick(g, offices), created: g.daysAgo(3000)}
	if !isGuest(n) {
		p.nickname = g.nickname(plainLetters.Replace(strings.ToLower(p.given + "." + p.family)))
	}
	return p
}

// enlist remembers an employee for the tree of managers and for the groups.
func (g *generator) enlist(id string, v Values) {
	g.staff = append(g.staff, id)
	for _, pool := range []any{v["department"], v["officeLocation"]} {
		if name, ok := pool.(string); ok {
			g.pools[name] = append(g.pools[name], id)
		}
	}
}

// employee writes down a member of the company. total is how many there will be.
func (g *generator) employee(p person, total int) Values {
	department, title := g.position(len(g.staff), total)
	upn := p.nickname + "@" + p.domain
	v := Values{
		"accountEnabled": !isDisabled(p.n), "createdDateTime": p.created, "userType": "Member",
		"displayName": p.given + " " + p.family, "givenName": p.given, "surname": p.family,
		"userPrincipalName": upn, "mail": upn, "mailNickname": p.nickname,
		"department": department.name, "jobTitle": title, "companyName": company(p.domain),
		"employeeId": fmt.Sprintf("E%06d", p.n+1), "employeeType": "Employee",
		"employeeHireDate": p.created.AddDate(0, 0, -g.rand.IntN(30)).Truncate(24 * time.Hour),
		"employeeOrgData":  map[string]any{"costCenter": department.costCenter, "division": department.division},
		"businessPhones":   []string{g.phone(p.office, 0)}, "preferredLanguage": p.office.language,
		"onPremisesExtensionAttributes": g.attributes(p, department),
	}
	g.address(v, p.office)
	if p.n%3 == 0 {
		v["mobilePhone"] = g.phone(p.office, 1)
	}
	if p.n%9 == 5 {
		v["employeeType"] = "Contractor"
	}
	if p.n%7 == 2 {
		v["otherMails"] = []string{p.nickname + "@home.example"}
	}
	if isSynced(p.n) {
		g.synced(v, p, department)
	}
	return v
}

func company(domain string) string {
	name, _, _ := strings.Cut(domain, ".")
	if name == "example" || name == "federated" || name == "" {
		return "Contoso"
	}
	return strings.ToUpper(name[:1]) + name[1:]
}

func (g *generator) address(v Values, o office) {
	v["city"], v["country"], v["state"], v["postalCode"] = o.city, o.country, o.state, o.postalCode
	v["streetAddress"], v["officeLocation"], v["usageLocation"] = o.street, o.name, o.usageLocation
}

func (g *generator) phone(o office, line int) string {
	return fmt.Sprintf("%s 555 01%02d %03d", o.phone, line*50+g.rand.IntN(50), g.rand.IntN(1000))
}

func (g *generator) attributes(p person, d department) map[string]any {
	out := map[string]any{}
	for i := 1; i <= 15; i++ {
		out[fmt.Sprintf("extensionAttribute%d", i)] = nil
	}
	out["extensionAttribute1"] = d.costCenter
	out["extensionAttribute2"] = fmt.Sprintf("badge-%05d", p.n)
	return out
}

// position is the department and title of the i-th employee in the tree: its
// root is the chief executive, and each department is the tree below one of the
// root's reports.
func (g *generator) position(i, total int) (department, string) {
	if i == 0 {
		return executive, "Chief Executive Officer"
	}
	head, depth := i, 1
	for ; head > span; head = (head - 1) / span {
		depth++
	}
	d := departments[(head-1)%len(departments)]
	if i*span+1 >= total {
		return d, pick(g, d.titles)
	}
	switch depth {
	case 1:
		return d, "Vice President, " + d.name
	case 2:
		return d, "Director, " + d.name
	}
	return d, d.name + " Manager"
}

// synced makes a user one that is mastered in an on-premises directory.
func (g *generator) synced(v Values, p person, d department) {
	account := fmt.Sprintf("%.12s%04d", strings.ReplaceAll(p.nickname, ".", ""), p.n%10000)
	rid := 1100 + p.n
	immutable := binary.BigEndian.AppendUint64(nil, g.rand.Uint64())
	immutable = binary.BigEndian.AppendUint64(immutable, g.rand.Uint64())
	v["onPremisesSyncEnabled"] = true
	v["onPremisesImmutableId"] = base64.StdEncoding.EncodeToString(immutable)
	v["onPremisesSamAccountName"] = account
	v["onPremisesDomainName"] = "corp.contoso.com"
	v["onPremisesUserPrincipalName"] = v["userPrincipalName"]
	v["onPremisesSecurityIdentifier"] = fmt.Sprintf("S-1-5-21-1004336348-1177238915-682003330-%d", rid)
	v["onPremisesDistinguishedName"] = fmt.Sprintf("CN=%s %s %d,OU=%s,DC=corp,DC=contoso,DC=com", p.given, p.family, p.n, d.name)
	v["onPremisesLastSyncDateTime"] = g.daysAgo(1)
}

// guest writes down an invited user, whose name is made from the address.
func (g *generator) guest(p person) Values {
	domain := pick(g, partners)
	local := g.nickname(plainLetters.Replace(strings.ToLower(p.given + "_" + p.family)))
	nickname := local + "_" + domain + "#EXT#"
	state := "Accepted"
	if p.n%40 == 13 {
		state = "PendingAcceptance"
	}
	return Values{
		"accountEnabled": true, "createdDateTime": p.created, "userType": "Guest", "creationType": "Invitation",
		"displayName": p.given + " " + p.family, "givenName": p.given, "surname": p.family,
		"mail": local + "@" + domain, "mailNickname": nickname, "otherMails": []string{local + "@" + domain},
		"userPrincipalName": nickname + "@" + g.initial(),
		"externalUserState": state, "externalUserStateChangeDateTime": p.created, "companyName": company(domain),
	}
}

func (g *generator) initial() string {
	g.d.mu.RLock()
	defer g.d.mu.RUnlock()
	return g.d.initialDomain()
}

// makeManagers links everybody but the chief executive to a manager.
func (g *generator) makeManagers() error {
	for i := 1; i < len(g.staff); i++ {
		if err := g.d.SetManager(g.staff[i], g.staff[(i-1)/span]); err != nil {
			return err
		}
	}
	return nil
}
