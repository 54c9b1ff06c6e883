package graphsim

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A ProvisioningJob is a synchronization job of a service principal: it provisions
// the users and groups of the directory into the application. Source:
// https://learn.microsoft.com/graph/api/resources/synchronization-synchronizationjob.
type ProvisioningJob struct {
	ID       string // "" makes one
	Template string // "" for "customappsso"
	Code     string // "Active", "Paused", "Quarantine", "NotConfigured", "NotRun"; "" for "Active"
	Rules    []ProvisioningRule
}

// A ProvisioningRule is a synchronization rule in the schema of a job.
type ProvisioningRule struct {
	ID       string // "" makes one
	Priority int
	From     string   // source directory; "" for "Azure Active Directory"
	Types    []string // source types that it provisions: "User", "Group"
	OnDemand string   // what its metadata say of supportsProvisionOnDemand; "" for nothing
}

// entraDirectory is what schemas call the directory itself.
const entraDirectory = "Azure Active Directory"

// A provisioningJob is a job with what became of it.
type provisioningJob struct {
	ProvisioningJob

	since  time.Time       // of its code
	synced map[string]bool // subjects that the application has
	ruled  map[string]bool // rules that were asked for
}

// AddJob gives a service principal a provisioning job. One without rules has one for
// users and groups.
func (d *Directory) AddJob(servicePrincipal string, job ProvisioningJob) (string, error) {
	defer d.lockPast()()
	o := d.find(d.schema["servicePrincipal"], servicePrincipal)
	if o == nil {
		return "", fmt.Errorf("graphsim: there is no service principal %s", servicePrincipal)
	}
	made := d.derived(o.id, len(d.jobs[o.id]))
	job.Template, job.Code = or(job.Template, "customappsso"), or(job.Code, "Active")
	job.ID = or(job.ID, strings.Join([]string{job.Template, strings.ReplaceAll(d.tenant, "-", ""), made.next()}, "."))
	if job.Rules == nil {
		job.Rules = []ProvisioningRule{{Priority: 1, Types: []string{"User", "Group"}, OnDemand: "true"}}
	}
	job.Rules = slices.Clone(job.Rules)
	for i := range job.Rules {
		job.Rules[i].ID, job.Rules[i].From = or(job.Rules[i].ID, made.next()), or(job.Rules[i].From, entraDirectory)
	}
	d.jobs[o.id] = append(d.jobs[o.id], &provisioningJob{ProvisioningJob: job, since: d.clock(), synced: map[string]bool{}, ruled: map[string]bool{}})
	return job.ID, nil
}

// derived are ids that follow from an object, so that they take none from those of the
// directory.
func (d *Directory) derived(id string, n int) *idSource {
	return newIDs(uint64(n), d.tenant+id) //nolint:gosec // a count
}

// SetJob changes the status code of a job.
func (d *Directory) SetJob(id, code string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, jobs := range d.jobs {
		for _, job := range jobs {
			if job.ID == id {
				job.Code, job.since = code, d.clock()
				return nil
			}
		}
	}
	return fmt.Errorf("graphsim: there is no job %s", id)
}

// Provisioned tells the subjects that the jobs of a service principal have provisioned
// on demand, in order of their ids.
func (d *Directory) Provisioned(servicePrincipal string) []string {
	d.mu.RLock()
	defer d.mu.RUnlock()
	all := map[string]bool{}
	for _, job := range d.jobs[servicePrincipal] {
		for id := range job.synced {
			all[id] = true
		}
	}
	return sortedNames(all)
}

// rule finds a rule of the job's schema.
func (j *provisioningJob) rule(id string) *ProvisioningRule {
	i := slices.IndexFunc(j.Rules, func(r ProvisioningRule) bool { return r.ID == id })
	if i < 0 {
		return nil
	}
	return &j.Rules[i]
}

// Ruled tells the rules by which the jobs of a service principal were asked to provision.
func (d *Directory) Ruled(servicePrincipal string) []string {
	d.mu.RLock()
	defer d.mu.RUnlock()
	all := map[string]bool{}
	for _, job := range d.jobs[servicePrincipal] {
		for id := range job.ruled {
			all[id] = true
		}
	}
	return sortedNames(all)
}
