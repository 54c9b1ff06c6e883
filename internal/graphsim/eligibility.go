package graphsim

import (
	"net/http"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
)

// A scheduleRequest is the body of a request for the eligibility to a role. Source:
// https://learn.microsoft.com/graph/api/rbacapplication-post-roleeligibilityschedulerequests.
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

// requestEligibility answers POST …/roleEligibilityScheduleRequests: administrators
// assign and remove.
func requestEligibility(c *call) (*answer, error) {
	var r scheduleRequest
	err := c.fields(&r, "action", "justification", "principalId", "roleDefinitionId", "directoryScopeId", "scheduleInfo")
	if err != nil {
		return nil, err
	}
	principal, definition, err := r.find(c)
	if err != nil {
		return nil, err
	}
	had := c.dir.eligibility(principal, definition, r.DirectoryScopeID)
	switch {
	case r.Action == "adminAssign" && had != nil:
		return nil, refuse("The Role assignment already exists.")
	case r.Action == "adminAssign":
		return c.eligible(r, principal, definition)
	case r.Action == "adminRemove" && had == nil:
		return nil, refuse("The Role assignment does not exist.")
	case r.Action == "adminRemove":
		c.dir.remove(had)
		return c.requested(r, "Revoked", c.dir.ids.next())
	}
	return nil, refuse("Invalid value specified for property 'action' of resource 'UnifiedRoleEligibilityScheduleRequest'.")
}

// eligible makes the schedule that is asked for.
func (c *call) eligible(r scheduleRequest, principal, definition *object) (*answer, error) {
	if r.Schedule == nil || r.Schedule.Expiration == nil {
		return nil, missing(c.kind("unifiedRoleEligibilitySchedule"), "scheduleInfo")
	}
	x := r.Schedule.Expiration
	switch {
	case x.Type == "noExpiration" && x.End == nil && x.Duration == nil:
	case x.Type == "afterDateTime" && x.End != nil && x.Duration == nil && c.later(*x.End):
	default:
		return nil, refuse("The expiration of the schedule is not valid.")
	}
	now := timeOf(c.dir)
	if r.Schedule.Start = or(r.Schedule.Start, now); r.Schedule.Start < now {
		r.Schedule.Start = now
	}
	o := c.dir.makeEligible(principal, definition, r.DirectoryScopeID, *r.Schedule)
	return c.requested(r, "Provisioned", o.id)
}

// later tells whether a moment is still to come.
func (c *call) later(text string) bool {
	at, err := time.Parse(time.RFC3339, text)
	return err == nil && at.After(c.dir.clock())
}

// makeEligible stores a schedule; the caller holds the lock.
func (d *Directory) makeEligible(principal, definition *object, scope string, when schedule) *object {
	k := d.schema["unifiedRoleEligibilitySchedule"]
	s := &state{values: make([]string, len(k.props))}
	id := d.ids.next()
	text, _ := json.Marshal(when) // of strings alone
	for name, value := range map[string]string{
		"principalId": quote(principal.id), "roleDefinitionId": quote(definition.id), "directoryScopeId": quote(scope),
		"createdUsing": quote(id), "createdDateTime": timeText(d.clock()), "modifiedDateTime": `"0001-01-01T08:00:00Z"`, "status": `"Provisioned"`, "memberType": `"Direct"`,
		"scheduleInfo": string(text),
	} {
		s.set(k, name, value)
	}
	o := d.insert(k, id, s)
	d.link(eligibilities, principal, o)
	return o
}

// eligibility finds a schedule; nil when there is none.
func (d *Directory) eligibility(principal, definition *object, scope string) *object {
	list := principal.links[eligibilities].list
	i := slices.IndexFunc(list, func(o *object) bool {
		return o.text("roleDefinitionId") == definition.id && o.text("directoryScopeId") == scope
	})
	if i < 0 {
		return nil
	}
	return list[i]
}

// requested is the answer to a request that was done.
func (c *call) requested(r scheduleRequest, status, target string) (*answer, error) {
	now := timeOf(c.dir)
	body, err := json.Marshal(map[string]any{
		"@odata.context": c.metadata(roleManagement + "/roleEligibilityScheduleRequests/$entity"),
		"id":             target, "status": status, "createdDateTime": now, "completedDateTime": now, "approvalId": nil, "customData": nil,
		"action": r.Action, "principalId": r.PrincipalID, "roleDefinitionId": r.RoleDefinitionID, "directoryScopeId": r.DirectoryScopeID,
		"appScopeId": nil, "isValidationOnly": false, "targetScheduleId": target, "justification": r.Justification, "scheduleInfo": r.Schedule,
		"createdBy":  map[string]any{"application": map[string]any{"id": c.who.AppID, "displayName": nil}, "device": nil, "user": nil},
		"ticketInfo": map[string]any{"ticketNumber": nil, "ticketSystem": nil},
	}, json.Deterministic(true))
	return &answer{status: http.StatusCreated, body: body}, err
}

// listEligibilities answers GET …/roleEligibilitySchedules.
func listEligibilities(c *call) (*answer, error) {
	if err := c.onlyOptions("$filter", "$select", "$skiptoken"); err != nil {
		return nil, err
	}
	return c.list(c.set("unifiedRoleEligibilitySchedule"))
}

// ended tells whether a schedule is over.
func (d *Directory) ended(o *object) bool {
	var s schedule
	if o.kind.name != "unifiedRoleEligibilitySchedule" || json.Unmarshal([]byte(o.get("scheduleInfo")), &s) != nil || s.Expiration == nil || s.Expiration.End == nil {
		return false
	}
	end, err := time.Parse(time.RFC3339, *s.Expiration.End)
	return err == nil && !end.After(d.clock())
}
