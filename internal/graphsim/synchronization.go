package graphsim

import (
	"net/http"
	"slices"

	"github.com/go-json-experiment/json"

	"entrascim/internal/graphsim/odata"
)

// jobsOf finds the service principal of a request about its jobs; an application that
// may reach only what it owns must own it.
func (c *call) jobsOf() (*object, error) {
	o, err := c.byID("servicePrincipal", c.dir.reading())
	if err != nil {
		return nil, err
	}
	owned := slices.ContainsFunc(o.links[owners].list, func(owner *object) bool { return owner.id == c.who.ObjectID })
	if !owned && !c.may("Synchronization.ReadWrite.All") && (c.writes() || !c.may("Synchronization.Read.All")) {
		return nil, denied()
	}
	return o, nil
}

// job finds the job in the path.
func (c *call) job() (*object, *provisioningJob, error) {
	o, err := c.jobsOf()
	if err != nil {
		return nil, nil, err
	}
	for _, job := range c.dir.jobs[o.id] {
		if job.ID == c.vars["other"].text {
			return o, job, nil
		}
	}
	return nil, nil, &odata.Error{Status: http.StatusNotFound, Code: "JobNotFound", Message: "The job was not found."}
}

func listJobs(c *call) (*answer, error) {
	o, err := c.jobsOf()
	if err == nil {
		err = c.onlyOptions()
	}
	if err != nil {
		return nil, err
	}
	list := []jobWire{}
	for _, job := range c.dir.jobs[o.id] {
		list = append(list, job.wire())
	}
	return c.said(map[string]any{"@odata.context": c.metadata(jobsContext(o)), "value": list})
}

func getJob(c *call) (*answer, error) {
	o, job, err := c.job()
	if err == nil {
		err = c.onlyOptions()
	}
	if err != nil {
		return nil, err
	}
	w := job.wire()
	w.Context = c.metadata(jobsContext(o) + "/$entity")
	return c.said(w)
}

func getJobSchema(c *call) (*answer, error) {
	o, job, err := c.job()
	if err == nil {
		err = c.onlyOptions()
	}
	if err != nil {
		return nil, err
	}
	w := job.schema()
	w.Context = c.metadata(jobsContext(o) + "('" + job.ID + "')/schema/$entity")
	return c.said(w)
}

func jobsContext(o *object) string { return "servicePrincipals('" + o.id + "')/synchronization/jobs" }

// said is an answer with a body of its own.
func (c *call) said(body any) (*answer, error) {
	text, err := json.Marshal(body, json.Deterministic(true))
	return &answer{status: http.StatusOK, body: text}, err
}

// startJob starts a job that is paused or in quarantine. Its page asks callers not to
// start one that runs: here that is refused.
func startJob(c *call) (*answer, error) {
	_, job, err := c.job()
	switch {
	case err != nil:
		return nil, err
	case len(c.body) > 0:
		return nil, unreadable("The request has no body.")
	case job.Code == "NotConfigured":
		return nil, refuse("The job has no credentials.")
	case job.Code == "Active":
		return nil, refuse("The job is running.")
	}
	job.Code, job.since = "Active", c.dir.clock()
	return noContent(), nil
}

// A subject is whom to provision.
type subject struct {
	ObjectID       string `json:"objectId"`
	ObjectTypeName string `json:"objectTypeName"`
	Links          *struct {
		Members []subject `json:"members"`
	} `json:"links"`
}

// maxLinked is how many members go with a group that is provisioned on demand.
const maxLinked = 5

// provisionOnDemand provisions one user, or one group with some of its members: of more
// than one subject no page has an example.
func provisionOnDemand(c *call) (*answer, error) {
	_, job, err := c.job()
	if err != nil {
		return nil, err
	}
	var body struct {
		Parameters []struct {
			RuleID   string    `json:"ruleId"`
			Subjects []subject `json:"subjects"`
		} `json:"parameters"`
	}
	if err := c.fields(&body, "parameters"); err != nil {
		return nil, err
	}
	if len(body.Parameters) != 1 || len(body.Parameters[0].Subjects) != 1 {
		return nil, refuse("Exactly one subject is provisioned at a time.")
	}
	p := body.Parameters[0]
	rule := job.rule(p.RuleID)
	switch {
	case job.Code == "NotConfigured":
		return nil, refuse("The job has no credentials.")
	case rule == nil:
		return nil, refuse("The synchronization rule '%s' does not exist.", p.RuleID)
	case rule.OnDemand == "false":
		return nil, refuse("The synchronization rule '%s' does not support provisioning on demand.", p.RuleID)
	}
	job.ruled[rule.ID] = true
	result, err := c.provision(job, rule, p.Subjects[0])
	if err != nil {
		return nil, err
	}
	return c.said(map[string]string{
		"@odata.context": c.metadata("microsoft.graph.stringKeyStringValuePair"), "key": result, "value": `{"action":"Other","provisioningSteps":[]}`,
	})
}

// provision provisions a subject, if it was given the application.
func (c *call) provision(job *provisioningJob, rule *ProvisioningRule, s subject) (result string, err error) {
	all := []subject{s}
	if s.Links != nil {
		all = append(all, s.Links.Members...)
	}
	if len(all) > 1 && s.ObjectTypeName != "Group" || len(all) > 1+maxLinked {
		return "", refuse("The links of the subject are not valid.")
	}
	for _, one := range all {
		o := c.dir.find(c.dir.schema[lowerFirst(one.ObjectTypeName)], one.ObjectID)
		if !slices.Contains(rule.Types, one.ObjectTypeName) || o == nil || o.live(c.dir.reading()) == nil {
			return "", refuse("The subject '%s' of type '%s' cannot be provisioned.", one.ObjectID, one.ObjectTypeName)
		}
	}
	o := c.dir.find(nil, s.ObjectID)
	switch {
	case !c.entitled(o):
		return `{"result":"Skipped","details":{"errorCode":"NotEffectivelyEntitled","errorMessage":"The object is not assigned to the application."}}`, nil
	case job.synced[o.id]:
		return `{"result":"Skipped","details":{"errorCode":"RedundantExport","errorMessage":"The state of the object in both the source and target systems already match."}}`, nil
	}
	for _, one := range all {
		job.synced[one.ObjectID] = true
	}
	return `{"result":"Success","details":{}}`, nil
}

// entitled tells whether an object was given the application in the path, itself or
// through a group.
func (c *call) entitled(o *object) bool {
	v := c.dir.reading()
	given := slices.Clone(o.links[assignments].in(v))
	for _, group := range o.links[memberOf].in(v) {
		given = append(given, group.links[assignments].in(v)...)
	}
	return slices.ContainsFunc(given, func(a *object) bool { return a.text("resourceId") == c.vars["id"].text && a.live(v) != nil })
}

// lowerFirst is the kind that a subject's type names; "" for what is not written so.
func lowerFirst(typeName string) string {
	return map[string]string{"User": "user", "Group": "group"}[typeName]
}
