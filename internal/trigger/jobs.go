package trigger

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"entrascim/internal/fault"
	"entrascim/internal/graph"
)

// Bounds of what is remembered of the jobs of applications.
const (
	jobsLife        = 10 * time.Minute
	maxApplications = 1000
	maxJobs         = 5 // of one application; there is one as a rule
)

// A job is a synchronization job of an application. Source:
// https://learn.microsoft.com/graph/api/resources/synchronization-synchronizationjob.
type job struct {
	ID     string `json:"id"`
	Status struct {
		Code string `json:"code"`
	} `json:"status"`

	rules map[string]string // the id of the rule by the type of principal that it provisions
}

// What the status of a job may say that matters here. Source:
// https://learn.microsoft.com/graph/api/resources/synchronization-synchronizationstatus.
const (
	notConfigured = "NotConfigured"
	paused        = "Paused"
	quarantine    = "Quarantine"
)

// jobs remembers the jobs of applications: their schemas are large and hardly ever change.
type jobs struct {
	graph *graph.Client
	now   func() time.Time

	mu sync.Mutex
	of map[string]known
}

// known is what was found of one application.
type known struct {
	at   time.Time
	jobs []job
}

func newJobs(c *graph.Client, now func() time.Time) *jobs {
	return &jobs{graph: c, now: now, of: map[string]known{}}
}

// find gives the jobs of an application with their rules; none when it is not provisioned.
func (j *jobs) find(ctx context.Context, application string) ([]job, error) {
	j.mu.Lock()
	k, ok := j.of[application]
	j.mu.Unlock()
	if ok && j.now().Sub(k.at) <= jobsLife {
		return k.jobs, nil
	}
	found, err := j.list(ctx, application)
	if err != nil {
		return nil, err
	}
	for i := range found {
		if found[i].rules, err = j.rules(ctx, application, found[i].ID); err != nil {
			return nil, err
		}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.of) >= maxApplications {
		clear(j.of)
	}
	j.of[application] = known{j.now(), found}
	return found, nil
}

// forget has an application's jobs looked up again.
func (j *jobs) forget(application string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	delete(j.of, application)
}

// list asks for the jobs of an application as they are, without their rules. One that
// nobody set up is left out.
func (j *jobs) list(ctx context.Context, application string) ([]job, error) {
	var body struct {
		Value []job `json:"value"`
	}
	err := j.get(ctx, "/servicePrincipals/{id}/synchronization/jobs", map[string]string{"id": application}, &body)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	all := slices.DeleteFunc(body.Value, func(one job) bool { return one.ID == "" || one.Status.Code == notConfigured })
	return all[:min(len(all), maxJobs)], err
}

// A rule is a synchronization rule of a schema. Source:
// https://learn.microsoft.com/graph/api/resources/synchronization-synchronizationrule.
type rule struct {
	ID       string `json:"id"`
	Priority int    `json:"priority"`
	From     string `json:"sourceDirectoryName"`
	Metadata []struct {
		Key   string `json:"key"`
		Value string `json:"value"`
	} `json:"metadata"`
	Mappings []struct {
		Enabled *bool  `json:"enabled"`
		From    string `json:"sourceObjectName"`
	} `json:"objectMappings"`
}

// rules finds the rule for each type of principal: of those that can be run on demand
// from this directory the one that comes first. No page says how to choose.
func (j *jobs) rules(ctx context.Context, application, id string) (map[string]string, error) {
	var schema struct {
		Rules []rule `json:"synchronizationRules"`
	}
	err := j.get(ctx, "/servicePrincipals/{id}/synchronization/jobs/{job}/schema", map[string]string{"id": application, "job": id}, &schema)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(schema.Rules, func(a, b rule) int { return cmp.Compare(a.Priority, b.Priority) })
	chosen := map[string]string{}
	for _, r := range schema.Rules {
		for _, kind := range []string{User, Group} {
			if chosen[kind] == "" && r.provisions(kind) {
				chosen[kind] = r.ID
			}
		}
	}
	return chosen, nil
}

// entraNames are what schemas call the directory itself, now and before it was renamed.
var entraNames = []string{"Azure Active Directory", "Microsoft Entra ID"}

// provisions tells whether a rule provisions a type of principal on demand. Where the
// metadata say nothing of it, it may.
func (r rule) provisions(kind string) bool {
	if !slices.Contains(entraNames, r.From) {
		return false // from a personnel system, for instance
	}
	for _, m := range r.Metadata {
		if m.Key == "supportsProvisionOnDemand" && !strings.EqualFold(m.Value, "true") {
			return false
		}
	}
	for _, m := range r.Mappings {
		if strings.EqualFold(m.From, kind) && (m.Enabled == nil || *m.Enabled) {
			return true
		}
	}
	return false
}

func (j *jobs) get(ctx context.Context, path string, params map[string]string, body any) error {
	response, err := j.graph.Do(ctx, graph.Request{Path: path, Params: params})
	if err != nil {
		return err
	}
	if err := json.Unmarshal(response.Body, body); err != nil {
		return fault.Wrap(err, fault.BadGateway, "Graph's answer about provisioning is not what is documented.")
	}
	return nil
}
