package graphsim

import (
	"github.com/go-json-experiment/json/jsontext"
)

// A jobWire is a job as Graph writes it.
type jobWire struct {
	Context    string `json:"@odata.context,omitempty"`
	ID         string `json:"id"`
	TemplateID string `json:"templateId"`
	Schedule   struct {
		Expiration *string `json:"expiration"`
		Interval   string  `json:"interval"`
		State      string  `json:"state"`
	} `json:"schedule"`
	Status   statusWire     `json:"status"`
	Settings []keyValueWire `json:"synchronizationJobSettings"`
}

// A statusWire is the status of a job.
type statusWire struct {
	Code          string           `json:"code"`
	Failures      int              `json:"countSuccessiveCompleteFailures"`
	EscrowsPruned bool             `json:"escrowsPruned"`
	Last          *string          `json:"lastExecution"`
	LastSuccess   *string          `json:"lastSuccessfulExecution"`
	LastExport    *string          `json:"lastSuccessfulExecutionWithExports"`
	Progress      []jsontext.Value `json:"progress"`
	Quarantine    *quarantineWire  `json:"quarantine"`
	FirstSteady   string           `json:"steadyStateFirstAchievedTime"`
	LastSteady    string           `json:"steadyStateLastAchievedTime"`
	Counts        []jsontext.Value `json:"synchronizedEntryCountByType"`
	Help          *string          `json:"troubleshootingUrl"`
}

// A quarantineWire is why a job runs less often.
type quarantineWire struct {
	Began       string `json:"currentBegan"`
	Next        string `json:"nextAttempt"`
	Reason      string `json:"reason"`
	SeriesBegan string `json:"seriesBegan"`
	SeriesCount int    `json:"seriesCount"`
}

// A keyValueWire is a setting, or a piece of metadata.
type keyValueWire struct {
	Key   string `json:"key,omitempty"`
	Name  string `json:"name,omitempty"`
	Value string `json:"value"`
}

const never = "0001-01-01T00:00:00Z"

func (j *provisioningJob) wire() jobWire {
	w := jobWire{ID: j.ID, TemplateID: j.Template, Settings: []keyValueWire{{Name: "AzureIngestionAttributeOptimization", Value: "False"}}}
	w.Schedule.Interval, w.Schedule.State = "PT40M", "Active"
	if j.Code == "Paused" || j.Code == "NotConfigured" {
		w.Schedule.State = "Disabled"
	}
	w.Status = statusWire{Code: j.Code, FirstSteady: never, LastSteady: never, Progress: []jsontext.Value{}, Counts: []jsontext.Value{}}
	if j.Code == "Quarantine" {
		since := unquote(timeText(j.since))
		w.Status.Quarantine = &quarantineWire{since, since, "EncounteredQuarantineException", since, 1}
	}
	return w
}

// A schemaWire is the schema of a job: what is not needed to find a rule is left empty.
type schemaWire struct {
	Context     string           `json:"@odata.context,omitempty"`
	ID          string           `json:"id"`
	Version     string           `json:"version"`
	Rules       []ruleWire       `json:"synchronizationRules"`
	Directories []jsontext.Value `json:"directories"`
}

// A ruleWire is a rule of a schema.
type ruleWire struct {
	Editable bool           `json:"editable"`
	ID       string         `json:"id"`
	Name     string         `json:"name"`
	Priority int            `json:"priority"`
	From     string         `json:"sourceDirectoryName"`
	To       string         `json:"targetDirectoryName"`
	Metadata []keyValueWire `json:"metadata"`
	Mappings []mappingWire  `json:"objectMappings"`
}

// A mappingWire says of a type that it is provisioned.
type mappingWire struct {
	Enabled    bool             `json:"enabled"`
	FlowTypes  string           `json:"flowTypes"`
	Name       string           `json:"name"`
	Scope      *string          `json:"scope"`
	From       string           `json:"sourceObjectName"`
	To         string           `json:"targetObjectName"`
	Attributes []jsontext.Value `json:"attributeMappings"`
	Metadata   []keyValueWire   `json:"metadata"`
}

func (j *provisioningJob) schema() schemaWire {
	w := schemaWire{ID: j.ID, Version: "1.0", Rules: []ruleWire{}, Directories: []jsontext.Value{}}
	for _, r := range j.Rules {
		one := ruleWire{
			Editable: true, ID: r.ID, Name: "USERGROUP_OUTBOUND_USERGROUP", Priority: r.Priority, From: r.From, To: j.Template,
			Metadata: []keyValueWire{{Key: "defaultSourceObjectMappings", Value: "[]"}}, Mappings: []mappingWire{},
		}
		if r.OnDemand != "" {
			one.Metadata = append(one.Metadata, keyValueWire{Key: "supportsProvisionOnDemand", Value: r.OnDemand})
		}
		for _, name := range r.Types {
			one.Mappings = append(one.Mappings, mappingWire{
				Enabled: true, FlowTypes: "Add,Update,Delete", Name: "Provision " + r.From + " " + name + "s", From: name,
				To: "urn:ietf:params:scim:schemas:core:2.0:" + name, Attributes: []jsontext.Value{}, Metadata: []keyValueWire{},
			})
		}
		w.Rules = append(w.Rules, one)
	}
	return w
}
