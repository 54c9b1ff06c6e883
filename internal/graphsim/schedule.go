package graphsim

import (
	"net/http"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
)

// A scheduleRequest is the body of a request for a role, or the eligibility to one, at a
// time. Sources:
// https://learn.microsoft.com/graph/api/rbacapplication-post-roleeligibilityschedulerequests,
// https://learn.microsoft.com/graph/api/rbacapplication-post-roleassignmentschedulerequests.
type scheduleRequest struct {
	grant

	Action        string    `json:"action"`
	Justification string    `json:"justification"`
	Schedule      *schedule `json:"scheduleInfo"`
}

type schedule struct {
	Start      string      `json:"startDateTime"`
	Recurrence *string     `json:"recurrence"`
	Expiration *expiration `json:"expiration"`
}

type expiration struct {
	Type     string  `json:"type"`
	End      *string `json:"endDateTime"`
	Duration *string `json:"duration"`
}

// scheduleKinds are the entity types of the schedules that a principal has.
var scheduleKinds = map[relation]string{eligibilities: "unifiedRoleEligibilitySchedule", schedules: "unifiedRoleAssignmentSchedule"}

// requestSchedule answers POST …/roleEligibilityScheduleRequests and
// …/roleAssignmentScheduleRequests: administrators assign, change and remove.
func requestSchedule(r relation) handler {
	return func(c *call) (*answer, error) {
		if c.dir.noPIM {
			return nil, unlicensed()
		}
		var body scheduleRequest
		err := c.fields(&body, "action", "justification", "principalId", "roleDefinitionId", "directoryScopeId", "scheduleInfo")
		if err != nil {
			return nil, err
		}
		principal, definition, err := body.find(c)
		if err != nil {
			return nil, err
		}
		if r == schedules && body.Schedule == nil {
			return nil, missing(c.kind(scheduleKinds[r]), "scheduleInfo")
		}
		had := c.dir.scheduleOf(r, principal, definition, body.DirectoryScopeID)
		switch {
		case body.Action == "adminAssign" && had != nil:
			return nil, unscheduled("RoleAssignmentExists", "The Role assignment already exists.")
		case body.Action == "adminAssign", body.Action == "adminUpdate" && had != nil:
			return c.scheduled(r, body, principal, definition)
		case (body.Action == "adminRemove" || body.Action == "adminUpdate") && had == nil:
			return nil, unscheduled("RoleAssignmentDoesNotExist", "The Role assignment does not exist.")
		case body.Action == "adminRemove":
			c.dir.unschedule(had)
			return c.requested(r, body, "Revoked", "")
		}
		return nil, refuse("Invalid value specified for property 'action' of resource 'UnifiedRole%sScheduleRequest'.",
			map[relation]string{eligibilities: "Eligibility", schedules: "Assignment"}[r])
	}
}

// scheduled makes the schedule that is asked for, in place of the one there was.
func (c *call) scheduled(r relation, body scheduleRequest, principal, definition *object) (*answer, error) {
	if body.Schedule == nil || body.Schedule.Expiration == nil || body.Justification == "" {
		return nil, missing(c.kind(scheduleKinds[r]), "scheduleInfo")
	}
	x := body.Schedule.Expiration
	switch {
	case x.Type == "noExpiration" && x.End == nil && x.Duration == nil:
	case x.Type == "afterDateTime" && x.End != nil && x.Duration == nil && c.later(*x.End):
	default:
		return nil, refuse("The expiration of the schedule is not valid.")
	}
	if !c.later(body.Schedule.Start) {
		body.Schedule.Start = timeOf(c.dir)
	}
	if had := c.dir.scheduleOf(r, principal, definition, body.DirectoryScopeID); had != nil {
		c.dir.unschedule(had)
	}
	o := c.dir.schedule(r, principal, definition, body.DirectoryScopeID, *body.Schedule, "Assigned")
	c.dir.turn()
	return c.requested(r, body, "Provisioned", o.id)
}

// later tells whether a moment is still to come.
func (c *call) later(text string) bool {
	at, err := time.Parse(time.RFC3339, text)
	return err == nil && at.After(c.dir.clock())
}

// schedule stores a schedule, of an assignment type unless it is one of what was assigned
// without a request; the caller holds the lock.
func (d *Directory) schedule(r relation, principal, definition *object, scope string, when schedule, assignment string) *object {
	k := d.schema[scheduleKinds[r]]
	s := &state{values: make([]string, len(k.props))}
	id := roleAssignmentID(definition.id, principal.id, scope) + "-s"
	if assignment != "" {
		id = d.ids.next()
	}
	text, _ := json.Marshal(when) // of strings alone
	for name, value := range map[string]string{
		"principalId": quote(principal.id), "roleDefinitionId": quote(definition.id), "directoryScopeId": quote(scope),
		"createdUsing": quote(id), "createdDateTime": timeText(d.clock()), "modifiedDateTime": `"0001-01-01T08:00:00Z"`, "status": `"Provisioned"`, "memberType": `"Direct"`,
		"scheduleInfo": string(text),
	} {
		s.set(k, name, value)
	}
	if r == schedules {
		s.set(k, "assignmentType", quote(or(assignment, "Assigned")))
	}
	o := d.insert(k, id, s)
	d.link(r, principal, o)
	return o
}

// unschedule takes a schedule, and the role that is held by it; the caller holds the lock.
func (d *Directory) unschedule(o *object) {
	if a := d.byID[roleAssignmentID(o.text("roleDefinitionId"), o.text("principalId"), o.text("directoryScopeId"))]; a != nil && o.kind.name == scheduleKinds[schedules] {
		d.unassignRole(a)
		return
	}
	d.remove(o)
}

// scheduleOf finds a schedule; nil when there is none.
func (d *Directory) scheduleOf(r relation, principal, definition *object, scope string) *object {
	if principal == nil {
		return nil
	}
	list := principal.links[r].list
	i := slices.IndexFunc(list, func(o *object) bool {
		return o.state.status == live && o.text("roleDefinitionId") == definition.id && o.text("directoryScopeId") == scope
	})
	if i < 0 {
		return nil
	}
	return list[i]
}

// requested is the answer to a request that was done; without a target for what was
// removed.
func (c *call) requested(r relation, body scheduleRequest, status, target string) (*answer, error) {
	set := map[relation]string{eligibilities: "roleEligibilityScheduleRequests", schedules: "roleAssignmentScheduleRequests"}[r]
	now := timeOf(c.dir)
	answered := map[string]any{
		"@odata.context": c.metadata(roleManagement + "/" + set + "/$entity"),
		"id":             or(target, c.dir.ids.next()), "status": status, "createdDateTime": now, "completedDateTime": now, "approvalId": nil, "customData": nil,
		"action": body.Action, "principalId": body.PrincipalID, "roleDefinitionId": body.RoleDefinitionID, "directoryScopeId": body.DirectoryScopeID,
		"appScopeId": nil, "isValidationOnly": false, "targetScheduleId": target, "justification": body.Justification, "scheduleInfo": body.Schedule,
		"createdBy":  map[string]any{"application": map[string]any{"id": c.who.AppID, "displayName": nil}, "device": nil, "user": nil},
		"ticketInfo": map[string]any{"ticketNumber": nil, "ticketSystem": nil},
	}
	if target == "" {
		answered["targetScheduleId"], answered["completedDateTime"] = nil, nil
	}
	text, err := json.Marshal(answered, json.Deterministic(true))
	return &answer{status: http.StatusCreated, body: text}, err
}

// listSchedules gives the handler of a list of schedules.
func listSchedules(entity string) handler {
	return func(c *call) (*answer, error) {
		if c.dir.noPIM {
			return nil, unlicensed()
		}
		if err := c.onlyOptions("$filter", "$select", "$skiptoken"); err != nil {
			return nil, err
		}
		return c.list(c.set(entity))
	}
}

// turn ends the schedules that are over, and begins the roles whose time has come; the
// caller holds the lock.
func (d *Directory) turn() {
	for _, entity := range scheduleKinds {
		for _, o := range slices.Clone(d.sets[d.schema[entity]].list) {
			if o.state.status == live {
				d.turnOne(o)
			}
		}
	}
}

func (d *Directory) turnOne(o *object) {
	var s schedule
	if json.Unmarshal([]byte(o.get("scheduleInfo")), &s) != nil || s.Expiration == nil {
		return
	}
	begin, _ := time.Parse(time.RFC3339, s.Start)
	if s.Expiration.End != nil {
		if end, err := time.Parse(time.RFC3339, *s.Expiration.End); err == nil && !end.After(d.clock()) {
			d.unschedule(o)
			return
		}
	}
	if o.kind.name != scheduleKinds[schedules] || begin.After(d.clock()) {
		return
	}
	holder, definition, scope := d.byID[o.text("principalId")], d.byID[o.text("roleDefinitionId")], o.text("directoryScopeId")
	if holder == nil || definition == nil {
		return
	}
	if a := d.byID[roleAssignmentID(definition.id, holder.id, scope)]; a == nil || a.state.status != live {
		d.activeRole(holder, definition, scope)
	}
}
