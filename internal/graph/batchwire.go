package graph

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/fault"
	"entrascim/internal/graph/pace"
)

// The wire format of $batch: https://learn.microsoft.com/graph/json-batching.
type (
	batchRequest struct {
		ID        string            `json:"id"`
		Method    string            `json:"method"`
		URL       string            `json:"url"`
		Headers   map[string]string `json:"headers,omitempty"`
		Body      jsontext.Value    `json:"body,omitzero"` // {} is a body
		DependsOn []string          `json:"dependsOn,omitempty"`
	}
	batchRequests struct {
		Requests []batchRequest `json:"requests"`
	}
	batchResponse struct {
		ID      string            `json:"id"`
		Status  int               `json:"status"`
		Headers map[string]string `json:"headers"`
		Body    jsontext.Value    `json:"body"`
	}
	batchResponses struct {
		Responses []batchResponse `json:"responses"`
	}
)

// encode writes the requests; their ids are their positions in the batch, from 1.
func (b *batch) encode(pending []int) ([]byte, error) {
	wire := batchRequests{Requests: make([]batchRequest, len(pending))}
	for n, i := range pending {
		k := b.calls[i]
		item := batchRequest{ID: strconv.Itoa(n + 1), Method: k.method.String(), URL: k.text, Body: k.body}
		if k.body != nil || k.advanced {
			item.Headers = map[string]string{}
		}
		if k.body != nil {
			item.Headers["Content-Type"] = "application/json"
		}
		if k.advanced {
			item.Headers["ConsistencyLevel"] = "eventual"
		}
		if b.order == Sequential && n > 0 {
			item.DependsOn = []string{strconv.Itoa(n)}
		}
		wire.Requests[n] = item
	}
	return json.Marshal(wire, json.Deterministic(true))
}

// decode settles the results of the requests from the answer to their batch. A
// request without an answer is an error: nobody knows whether it was done.
func (b *batch) decode(pending []int, res *Response) error {
	var wire batchResponses
	if err := json.Unmarshal(res.Body, &wire, jsontext.AllowDuplicateNames(true)); err != nil { // looking for them costs
		return broken(err)
	}
	unanswered := fault.Wrap(errors.New("the batch holds no answer to it"), fault.BadGateway, "The directory did not answer a part of this request.")
	unanswered.RequestID = res.RequestID
	b.fail(pending, unanswered)
	answered := make([]bool, len(pending))
	spared := slices.ContainsFunc(wire.Responses, func(r batchResponse) bool {
		return r.Status != http.StatusTooManyRequests && r.Status != http.StatusFailedDependency
	})
	for _, item := range wire.Responses {
		n, err := strconv.Atoi(item.ID)
		if err != nil || n < 1 || n > len(pending) || answered[n-1] {
			return broken(fmt.Errorf("the batch answers %q, which was not asked or was answered before", fault.Clip(item.ID)))
		}
		answered[n-1] = true
		one := item.response(res)
		b.client.pacer.Hear(pace.Answer{Status: one.Status, Header: one.Header}, b.calls[pending[n-1]].load, spared)
		b.settle(pending[n-1], one)
	}
	return nil
}

// response is the answer to one request. When it was given, the batch tells for all.
func (i batchResponse) response(batch *Response) Response {
	res := Response{Status: i.Status, Header: make(http.Header, len(i.Headers)+1), RequestID: batch.RequestID}
	if date := batch.Header["Date"]; len(date) > 0 {
		res.Header["Date"] = date[:1:1]
	}
	values := make([]string, 0, len(i.Headers))
	for name, value := range i.Headers {
		values = append(values, value)
		res.Header[http.CanonicalHeaderKey(name)] = values[len(values)-1 : len(values) : len(values)]
	}
	if id := res.Header.Get("Request-Id"); id != "" {
		res.RequestID = id
	}
	if i.Body.Kind() != 'n' {
		res.Body = i.Body
	}
	return res
}
