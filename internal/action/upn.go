package action

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/fault"
	"entrascim/internal/graph"
	"entrascim/internal/scim"
)

// checkUPN tells whether a name is free, and else the next one that is.
func (u users) checkUPN(ctx context.Context, call *scim.ActionCall) error {
	p, err := read(call, param{"proposed_upn", []string{"proposedUpn", "upn", "userPrincipalName", "userName"}})
	if err != nil {
		return err
	}
	name, err := p.required("proposed_upn")
	if err != nil {
		return err
	}
	if !strings.Contains(name, "@") && u.DefaultDomain != "" {
		name += "@" + u.DefaultDomain
	}
	if err := u.checkName(ctx, name); err != nil {
		return err
	}
	t, err := u.lookUp(ctx, name)
	if err != nil {
		return err
	}
	free, err := u.next(t, name)
	if err != nil {
		return err
	}
	return json.MarshalEncode(call.Out, struct {
		UPN       string   `json:"upn"`
		Available bool     `json:"available"`
		Proposed  string   `json:"proposed"`
		Checked   []string `json:"checked"`
	}{name, free == name, free, t.checked})
}

// checkName refuses a name that Entra would refuse, whether it is free or not. Where
// the verified domains cannot be read, whether the name's is one is not known.
func (u users) checkName(ctx context.Context, name string) error {
	if u.CheckName(name) != nil {
		return fault.New(fault.InvalidValue,
			"proposed_upn must be name@domain: at most 64 of A-Z a-z 0-9 ' . - _ ! # ^ ~ before the @, no dot right before it, and at most 48 characters after it.")
	}
	verified, err := u.Domains(ctx)
	if fault.Is(err, fault.Forbidden) || err == nil && len(verified) == 0 { // there is one in every directory
		scim.Warn(ctx, "the gateway cannot read the directory's verified domains: the domain was not checked")
		return nil
	}
	domain := name[strings.LastIndexByte(name, '@')+1:]
	if err != nil || slices.ContainsFunc(verified, func(s string) bool { return strings.EqualFold(s, domain) }) {
		return err
	}
	return fault.New(fault.InvalidValue,
		"proposed_upn: the domain is not a verified domain of the directory. The verified domains are %s.", strings.Join(verified, ", "))
}

// longest bounds what Entra takes before the @.
const longest = 64

// next is the name, or with the lowest number behind it that makes it one that is free.
func (u users) next(t *taken, name string) (string, error) {
	local, domain, _ := strings.Cut(name, "@")
	for n, free := 0, name; ; n++ {
		if n > 0 {
			free = local + strconv.Itoa(n) + "@" + domain
		}
		switch {
		case len(free)-len(domain)-1 > longest:
			return "", fault.New(fault.InvalidValue, "proposed_upn: no name that is free has at most %d characters before the @.", longest)
		case !t.names[strings.ToLower(free)] && !u.JustMade(free):
			return free, nil
		}
	}
}

// taken are the names that begin like one, in lower case, that somebody has.
type taken struct {
	names   map[string]bool
	checked []string
	seen    map[string]bool // the objects, by id: one may be found in several ways
	most    int             // of them that may be
}

// lookUp finds the names that are taken: those of users, and because Entra makes an
// address of a name, the addresses of users and groups. Each is asked for with one
// condition, as the pages grant them: of conditions on a collection that are joined by
// or none says a word. That is one request for up to 999 of each that begin alike.
func (u users) lookUp(ctx context.Context, name string) (*taken, error) {
	local, _, _ := strings.Cut(name, "@")
	asked := []graph.Request{begins("/users", []string{"id", "userPrincipalName", "proxyAddresses"}, "startsWith(userPrincipalName,"+quoted(local)+")")}
	asked = append(asked, addressed("/users", local)...)
	ofUsers := len(asked)
	asked = append(asked, addressed("/groups", local)...)
	ctx = graph.WithPriority(ctx, graph.High) // somebody is about to be created
	results, err := u.Graph.Batch(ctx, asked, graph.Parallel)
	if err != nil {
		return nil, err
	}
	t := &taken{names: map[string]bool{}, seen: map[string]bool{}, most: u.most(), checked: []string{"users.userPrincipalName", "users.proxyAddresses"}}
	for i := range asked {
		switch err := t.all(ctx, u.Graph, asked[i], results[i]); {
		case i >= ofUsers && fault.Is(err, fault.Forbidden):
			scim.Warn(ctx, "the gateway lacks the directory permission to read groups: their addresses were not checked")
			return t, nil
		case err != nil:
			return nil, err
		}
	}
	t.checked = append(t.checked, "groups.proxyAddresses")
	return t, nil
}

// defaultMost is how many objects are looked at when the tenant's policy says nothing.
const defaultMost = 10000

func (u users) most() int {
	if u.Policy.MaxScan > 0 {
		return u.Policy.MaxScan
	}
	return defaultMost
}

func begins(path string, properties []string, filter string) graph.Request {
	return graph.Request{Path: path, Query: graph.Query{Select: properties, Filter: filter, Top: graph.MaxPage}}
}

// addressed finds who has an address that begins so: SMTP marks the primary one, and
// whether case matters in a comparison is not documented.
func addressed(path, local string) []graph.Request {
	one := func(scheme string) graph.Request {
		return begins(path, []string{"id", "proxyAddresses"}, "proxyAddresses/any(p:startsWith(p,"+quoted(scheme+":"+local)+"))")
	}
	return []graph.Request{one("smtp"), one("SMTP")}
}

func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// all takes the first page, which a batch brought, and those after it.
func (t *taken) all(ctx context.Context, c *graph.Client, asked graph.Request, first graph.Result) error {
	if first.Err != nil {
		return first.Err
	}
	page, err := graph.Collection(first.Body, t.one)
	for err == nil && page.NextLink != "" {
		page, err = c.Page(ctx, asked, page.NextLink, t.one)
	}
	return err
}

// one takes a user or group.
func (t *taken) one(dec *jsontext.Decoder) error {
	var o struct {
		ID        string   `json:"id"`
		Name      string   `json:"userPrincipalName"`
		Addresses []string `json:"proxyAddresses"`
	}
	if err := json.UnmarshalDecode(dec, &o); err != nil {
		return fault.Wrap(err, fault.BadGateway, "The directory's answer is not what it should be.")
	}
	if t.seen[o.ID] = true; len(t.seen) > t.most {
		return fault.New(fault.TooMany, "proposed_upn: more than %d users and groups have a name that begins so; propose a longer one.", t.most)
	}
	if o.Name != "" {
		t.names[strings.ToLower(o.Name)] = true
	}
	for _, address := range o.Addresses {
		if scheme, name, _ := strings.Cut(address, ":"); strings.EqualFold(scheme, "smtp") {
			t.names[strings.ToLower(name)] = true
		}
	}
	return nil
}
