package grant

import (
	"slices"
	"strings"

	"entrascim/internal/fault"
)

// Applications are a change of the app roles that a user or group is given itself.
type Applications struct {
	attribute string // as errors name it
	principal string // "" one that is to be made
	put       bool
	held      []Assignment
	wants     []wantedRole

	give, take, kept []Assignment
	done             map[string]*Assignment
	lost             bool // Graph did not find what was to be given
}

// A wantedRole is a value of the attribute as the client sends it.
type wantedRole struct {
	appID, roleID, role string
	principal           string // of one that comes through a group, as the client repeats it
}

// PlanApplications compares what a client wants with what is held. With put, what comes
// through a group and is left out stays.
func PlanApplications(attribute, principal string, held []Assignment, after any, put bool) (*Applications, error) {
	p := &Applications{attribute: attribute, principal: principal, put: put, held: held, done: map[string]*Assignment{}}
	for _, m := range values(after) {
		w := wantedRole{appID: strings.ToLower(textOf(m, "value")), roleID: strings.ToLower(textOf(m, "appRoleId")), role: textOf(m, "appRole")}
		if id := textOf(m, "principalId"); principal != "" && !strings.EqualFold(id, principal) {
			w.principal = id
		}
		switch {
		case !isGUID(w.appID):
			return nil, fault.New(fault.InvalidValue, "%s.value is the appId of an application, a GUID; /ServicePrincipals lists those there are.", attribute)
		case w.roleID != "" && !isGUID(w.roleID):
			return nil, fault.New(fault.InvalidValue, "%s.appRoleId is the id of an app role, a GUID.", attribute)
		}
		p.wants = append(p.wants, w)
	}
	return p, nil
}

// Unknown are the appIds of the applications that Resolve needs.
func (p *Applications) Unknown() []string {
	if p == nil {
		return nil
	}
	var ids []string
	for _, w := range p.wants {
		if w.principal == "" && len(p.matching(w)) == 0 && !slices.Contains(ids, w.appID) {
			ids = append(ids, w.appID)
		}
	}
	return ids
}

// matching are those of the held assignments that a wanted one means: the direct ones
// of the application, when no role is said, or else what comes through a group, unless
// the client has repeated that, too, and so wants something besides.
func (p *Applications) matching(w wantedRole) []Assignment {
	var direct, through []Assignment
	for _, a := range p.held {
		switch {
		case !strings.EqualFold(a.AppID, w.appID),
			w.roleID != "" && !strings.EqualFold(a.AppRoleID, w.roleID),
			w.roleID == "" && w.role != "" && a.AppRole != w.role:
		case p.own(a) && w.principal == "":
			direct = append(direct, a)
		case w.principal == "" && !p.repeated(a), w.principal != "" && strings.EqualFold(a.PrincipalID, w.principal):
			through = append(through, a)
		}
	}
	if len(direct) > 0 {
		return direct
	}
	return through
}

// repeated tells whether the client repeats what comes through a group, with the group.
func (p *Applications) repeated(a Assignment) bool {
	return slices.ContainsFunc(p.wants, func(w wantedRole) bool {
		return w.appID == strings.ToLower(a.AppID) && strings.EqualFold(w.principal, a.PrincipalID)
	})
}

func (p *Applications) own(a Assignment) bool { return strings.EqualFold(a.PrincipalID, p.principal) }

// Resolve decides what is given and taken, by the applications of Unknown; one that is
// missing there does not exist. It can be repeated with newer ones.
func (p *Applications) Resolve(found map[string]Service) error {
	p.give, p.take, p.kept = nil, nil, nil
	for _, w := range p.wants {
		list := p.matching(w)
		switch {
		case len(list) > 0:
		case w.principal != "" && p.put: // it was so when the client read it
		default:
			a, err := p.resolve(w, found)
			if err != nil {
				return err
			}
			list = []Assignment{a}
		}
		for _, a := range list {
			p.want(a)
		}
	}
	for _, a := range p.held {
		if p.own(a) && !has(p.kept, a) {
			p.take = append(p.take, a)
		}
	}
	return p.keeps()
}

// want keeps an assignment, which is given when it is not held.
func (p *Applications) want(a Assignment) {
	if has(p.kept, a) || has(p.give, a) {
		return
	}
	if i := slices.IndexFunc(p.held, func(h Assignment) bool { return h.Key() == a.Key() }); i >= 0 {
		p.kept = append(p.kept, p.held[i])
		return
	}
	p.give = append(p.give, a)
}

func has(list []Assignment, a Assignment) bool {
	return slices.ContainsFunc(list, func(b Assignment) bool { return a.Key() == b.Key() })
}

// keeps refuses to take what comes through a group: that is done at the group. A filter
// or a removal of all that takes direct ones means those.
func (p *Applications) keeps() error {
	for _, a := range p.held {
		if p.own(a) || has(p.kept, a) {
			continue
		}
		direct := slices.ContainsFunc(p.take, func(t Assignment) bool { return len(p.wants) == 0 || strings.EqualFold(t.AppID, a.AppID) })
		if p.put || direct {
			p.kept = append(p.kept, a)
			continue
		}
		return fault.New(fault.Mutability, "%s: the application %s is given through the group %s (%s) and is taken there.",
			p.attribute, a.AppID, clipped(a.PrincipalDisplayName), a.PrincipalID)
	}
	return nil
}

// resolve makes an assignment of what the client names.
func (p *Applications) resolve(w wantedRole, found map[string]Service) (Assignment, error) {
	s, known := found[w.appID]
	switch {
	case w.principal != "":
		return Assignment{}, fault.New(fault.Mutability, "%s: what comes through the group %s is given and changed at the group.", p.attribute, clipped(w.principal))
	case !known:
		return Assignment{}, fault.New(fault.InvalidValue, "%s.value: the directory has no enterprise application with the appId %q; /ServicePrincipals lists those there are.", p.attribute, w.appID)
	}
	id, err := s.role(w)
	if err != nil {
		err.Detail = p.attribute + err.Detail
		return Assignment{}, err
	}
	return Assignment{AppRoleID: id, PrincipalID: p.principal, ResourceID: s.ID}.Of(s), nil
}
