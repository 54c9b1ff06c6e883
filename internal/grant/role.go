package grant

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"entrascim/internal/fault"
)

// wholeDirectory is the scope of a role that is held over everything.
const wholeDirectory = "/"

// A Role is a directory role that a principal holds or can activate, as the table's
// relations have it: with what Graph tells of it inside other objects.
type Role struct {
	ID               string `json:"id,omitempty"` // of the assignment; "" one that is known by its schedule alone
	RoleDefinitionID string `json:"roleDefinitionId"`
	DirectoryScopeID string `json:"directoryScopeId,omitempty"`
	DisplayName      string `json:"displayName,omitempty"`
	AssignmentType   string `json:"assignmentType,omitempty"` // Assigned, or Activated by who was eligible
	MemberType       string `json:"memberType,omitempty"`
	StartDateTime    string `json:"startDateTime,omitempty"`
	EndDateTime      string `json:"endDateTime,omitempty"`

	justification string
}

// Key is what a principal has once: the role over a scope.
func (r Role) Key() string { return strings.ToLower(r.RoleDefinitionID + " " + r.DirectoryScopeID) }

// ReadRole reads an assignment or a schedule of Graph's.
func ReadRole(v jsontext.Value) (Role, error) {
	var one struct {
		Role

		RoleDefinition struct {
			DisplayName string `json:"displayName"`
		} `json:"roleDefinition"`
		ScheduleInfo struct {
			StartDateTime string `json:"startDateTime"`
			Expiration    struct {
				EndDateTime string `json:"endDateTime"`
				Duration    string `json:"duration"`
			} `json:"expiration"`
		} `json:"scheduleInfo"`
	}
	err := json.Unmarshal(v, &one)
	one.DisplayName = one.RoleDefinition.DisplayName
	info := one.ScheduleInfo
	one.StartDateTime, one.EndDateTime = info.StartDateTime, info.Expiration.EndDateTime
	if one.EndDateTime == "" {
		one.EndDateTime = after(info.StartDateTime, info.Expiration.Duration)
	}
	return one.Role, err
}

// longestSchedule bounds the days of a duration, far beyond what Entra takes.
const longestSchedule = 100 * 366

// after is a moment so long after another as a duration of Graph's says ("P30D", "PT8H",
// "P1DT12H"); "" when it says something else. Source: Edm.Duration is xs:dayTimeDuration.
func after(start, duration string) string {
	at, err := time.Parse(time.RFC3339Nano, start)
	text, found := strings.CutPrefix(duration, "P")
	date, clock, timed := strings.Cut(text, "T")
	if err != nil || !found || text == "" || timed && clock == "" {
		return ""
	}
	days, length := uint64(0), time.Duration(0)
	if date != "" {
		number, whole := strings.CutSuffix(date, "D")
		if days, err = strconv.ParseUint(number, 10, 32); err != nil || !whole || days > longestSchedule {
			return ""
		}
	}
	if timed {
		if length, err = time.ParseDuration(strings.ToLower(clock)); err != nil {
			return ""
		}
	}
	return at.AddDate(0, 0, int(days)).Add(length).Format(time.RFC3339Nano)
}

// Scheduled tells of active roles since when and until when they are held, by their
// schedules, and adds those that are to begin.
func Scheduled(active, schedules []Role, now time.Time) []Role {
	all := slices.Clone(active)
	for _, s := range schedules {
		i := slices.IndexFunc(all, func(r Role) bool { return r.Key() == s.Key() })
		switch {
		case i >= 0:
			all[i].StartDateTime, all[i].EndDateTime = s.StartDateTime, s.EndDateTime
			all[i].AssignmentType, all[i].MemberType = s.AssignmentType, s.MemberType
		case later(s.StartDateTime, now):
			s.ID = ""
			all = append(all, s)
		}
	}
	return all
}

func later(text string, now time.Time) bool {
	at, err := time.Parse(time.RFC3339Nano, text)
	return err == nil && at.After(now)
}

// Roles are a change of the roles that a principal holds or, eligible, can activate.
type Roles struct {
	attribute string // as errors name it
	eligible  bool
	now       time.Time

	give, alter, take []Role
	kept              []Role
	names             map[string]string // of roles that were looked up, by id
	disabled          string            // one of them that nobody can be given
	done              map[string]*Role
}

// PlanRoles compares what a client wants with what is held.
func PlanRoles(attribute string, eligible bool, held []Role, wanted any, now time.Time) (*Roles, error) {
	p := &Roles{attribute: attribute, eligible: eligible, now: now, names: map[string]string{}, done: map[string]*Role{}}
	var wants []Role
	for _, m := range values(wanted) {
		role, err := p.wanted(m)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(wants, role.is) {
			continue
		}
		wants = append(wants, role)
		if err := p.want(role, held); err != nil {
			return nil, err
		}
	}
	for _, role := range held {
		switch {
		case slices.ContainsFunc(wants, role.is):
		case role.indirect():
			return nil, p.elsewhere(role)
		default:
			p.take = append(p.take, role)
		}
	}
	return p, nil
}

func (r Role) is(other Role) bool { return r.Key() == other.Key() }

// indirect tells whether the role comes through a group or from above.
func (r Role) indirect() bool { return r.MemberType != "" && r.MemberType != "Direct" }

func (p *Roles) elsewhere(role Role) error {
	return fault.New(fault.Mutability, "%s: the role %s is not held directly (%s) and is changed where it comes from.", p.attribute, role.RoleDefinitionID, role.MemberType)
}

// want gives a role, changes its times, or keeps it. Times that are not said stay.
func (p *Roles) want(role Role, held []Role) error {
	i := slices.IndexFunc(held, role.is)
	if i < 0 {
		if role.EndDateTime != "" && !later(role.EndDateTime, p.now) {
			return fault.New(fault.InvalidValue, "%s.end must be still to come.", p.attribute)
		}
		p.give = append(p.give, role)
		return nil
	}
	had := held[i]
	start := p.begins(role.StartDateTime, had.StartDateTime)
	end := role.EndDateTime == "" || sameInstant(role.EndDateTime, had.EndDateTime)
	switch {
	case start && end:
		p.kept = append(p.kept, had)
		return nil
	case had.indirect():
		return p.elsewhere(had)
	case !end && !later(role.EndDateTime, p.now):
		return fault.New(fault.InvalidValue, "%s.end must be still to come.", p.attribute)
	}
	next := had
	next.justification = role.justification
	if role.StartDateTime != "" {
		next.StartDateTime = role.StartDateTime
	}
	if role.EndDateTime != "" {
		next.EndDateTime = role.EndDateTime
	}
	p.alter = append(p.alter, next)
	return nil
}

// begins tells whether a role begins when it is wanted to: what has begun has, whenever
// that was, since Graph makes now of the past.
func (p *Roles) begins(wanted, had string) bool {
	return wanted == "" || sameInstant(wanted, had) || !later(wanted, p.now) && !later(had, p.now)
}

// wanted reads a value of the attribute.
func (p *Roles) wanted(m map[string]any) (Role, error) {
	role := Role{
		RoleDefinitionID: strings.ToLower(textOf(m, "value")), DirectoryScopeID: textOf(m, "scope"),
		StartDateTime: textOf(m, "start"), EndDateTime: textOf(m, "end"), justification: textOf(m, "justification"),
	}
	if role.DirectoryScopeID == "" {
		role.DirectoryScopeID = wholeDirectory
	}
	switch {
	case !isGUID(role.RoleDefinitionID):
		return role, fault.New(fault.InvalidValue, "%s.value is the id of a role, a GUID; /Roles lists those there are.", p.attribute)
	case !isScope(role.DirectoryScopeID):
		return role, fault.New(fault.InvalidValue, "%s.scope is / for the whole directory, or /ID of an object, or /administrativeUnits/ID: it begins with a slash.", p.attribute)
	case len(role.justification) > maxJustification:
		return role, fault.New(fault.InvalidValue, "%s.justification is longer than %d bytes.", p.attribute, maxJustification)
	case !isMoment(role.StartDateTime), !isMoment(role.EndDateTime):
		return role, fault.New(fault.InvalidValue, "%s.start and end are date-times, such as 2030-01-31T12:00:00Z.", p.attribute)
	case role.EndDateTime != "" && role.StartDateTime != "" && !instant(role.EndDateTime).After(instant(role.StartDateTime)):
		return role, fault.New(fault.InvalidValue, "%s.end must be after start.", p.attribute)
	}
	return role, nil
}

// maxJustification bounds what is passed on.
const maxJustification = 500

// isScope tells whether s can be a directoryScopeId: of the directory, of an
// administrative unit or of another object
// (https://learn.microsoft.com/graph/api/resources/unifiedroleassignment).
func isScope(s string) bool {
	rest, rooted := strings.CutPrefix(s, "/")
	rest = strings.TrimPrefix(rest, "administrativeUnits/")
	return rooted && (s == wholeDirectory || len(rest) == 36 && uuid.Validate(rest) == nil)
}

func isMoment(s string) bool { return s == "" || !instant(s).IsZero() }

func instant(s string) time.Time {
	at, _ := time.Parse(time.RFC3339Nano, s)
	return at
}

// Empty tells whether there is nothing to do.
func (p *Roles) Empty() bool { return p == nil || len(p.give)+len(p.alter)+len(p.take) == 0 }

// Gives tells whether a role is given.
func (p *Roles) Gives() bool { return p != nil && len(p.give) > 0 }

// Done is what the steps that were answered did, by key.
func (p *Roles) Done() map[string]*Role {
	if p == nil {
		return nil
	}
	return p.done
}

// After is what the principal has when all is done.
func (p *Roles) After() []Role {
	all := slices.Clone(p.kept)
	for _, role := range slices.Concat(p.alter, p.give) {
		if made := p.done[role.Key()]; made != nil {
			role = *made
		}
		if role.DisplayName == "" {
			role.DisplayName = p.names[role.RoleDefinitionID]
		}
		all = append(all, role)
	}
	return all
}
