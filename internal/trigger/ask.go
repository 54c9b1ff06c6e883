package trigger

import (
	"context"
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/rs/zerolog"

	"entrascim/internal/fault"
	"entrascim/internal/graph"
)

// onDemand has each job of the application provision the principal now. Of a group it is
// the group itself: its members come with the next cycle.
func (t *Trigger) onDemand(ctx context.Context, e errand) error {
	all, err := t.jobs.find(ctx, e.application)
	if err != nil {
		return err
	}
	asked := false
	for _, one := range all {
		if one.rules[e.kind] == "" {
			continue
		}
		asked = true
		if err := t.provision(ctx, e, one); err != nil {
			return err
		}
	}
	if !asked {
		e.log.Debug().Msg("the application has no job that provisions on demand")
	}
	return nil
}

// provision asks one job for one principal: of more than one in a request no page has an
// example.
func (t *Trigger) provision(ctx context.Context, e errand, one job) error {
	type object = map[string]any
	body, err := json.Marshal(object{"parameters": []object{{
		"ruleId": one.rules[e.kind], "subjects": []object{{"objectId": e.principal, "objectTypeName": e.kind}},
	}}}, json.Deterministic(true))
	if err != nil {
		return err
	}
	response, err := t.post(ctx, "/servicePrincipals/{id}/synchronization/jobs/{job}/provisionOnDemand", e, one, body)
	switch {
	case fault.Is(err, fault.NotFound), fault.Is(err, fault.InvalidValue):
		t.jobs.forget(e.application) // the job or its rules may have changed
		return err
	case err != nil:
		return err
	}
	e.outcome(response, one)
	return nil
}

// start starts the jobs of the application that are paused or in quarantine: one that
// runs is not to be started. Source:
// https://learn.microsoft.com/graph/api/synchronization-synchronizationjob-start.
func (t *Trigger) start(ctx context.Context, e errand) error {
	all, err := t.jobs.list(ctx, e.application)
	if err != nil {
		return err
	}
	for _, one := range all {
		if one.Status.Code != paused && one.Status.Code != quarantine {
			e.log.Debug().Str("job", one.ID).Str("status", one.Status.Code).Msg("the provisioning job was not started: it runs")
			continue
		}
		response, err := t.post(ctx, "/servicePrincipals/{id}/synchronization/jobs/{job}/start", e, one, nil)
		if err != nil {
			return err
		}
		e.log.Info().Str("job", one.ID).Str("status", one.Status.Code).Str("graph_request_id", response.RequestID).Msg("the provisioning job was started")
	}
	return nil
}

// post asks for something that does no harm twice. That Graph takes 5 requests to provision
// on demand in 10 seconds the client of Graph knows, and waits.
func (t *Trigger) post(ctx context.Context, path string, e errand, one job, body []byte) (*graph.Response, error) {
	return t.options.Graph.Do(ctx, graph.Request{
		Method: http.MethodPost, Path: path, Params: map[string]string{"id": e.application, "job": one.ID}, Body: body, Repeatable: true,
	})
}

// outcome tells the log what became of a principal. The rest of what Graph says names
// the person's attributes, and is not kept.
func (e errand) outcome(response *graph.Response, one job) {
	var pair struct {
		Key string `json:"key"`
	}
	var key struct {
		Result  string `json:"result"`
		Details struct {
			ErrorCode string `json:"errorCode"`
		} `json:"details"`
	}
	_ = json.Unmarshal(response.Body, &pair)
	_ = json.Unmarshal([]byte(pair.Key), &key) // what cannot be read is told as ""
	level := zerolog.InfoLevel
	if key.Result != "Success" && key.Details.ErrorCode != redundant {
		level = zerolog.WarnLevel
	}
	e.log.WithLevel(level).Str("job", one.ID).Str("result", clip(key.Result)).Str("reason", clip(key.Details.ErrorCode)).
		Str("graph_request_id", response.RequestID).Msg("provisioning was triggered")
}

// redundant is the code of a principal that the application has already.
const redundant = "RedundantExport"

// clip bounds a word of Graph's.
func clip(word string) string {
	const longest = 100
	return word[:min(len(word), longest)]
}
