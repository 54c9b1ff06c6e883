package graphsim

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// maxBatch is how many requests a batch holds.
const maxBatch = 20

// A batchItem is one request of a $batch.
type batchItem struct {
	ID        string            `json:"id"`
	Method    string            `json:"method"`
	URL       string            `json:"url"`
	Headers   map[string]string `json:"headers"`
	Body      jsontext.Value    `json:"body"`
	DependsOn []string          `json:"dependsOn"`
	// Atomicity is accepted and has no effect: there are no transactions. Source:
	// https://learn.microsoft.com/graph/known-issues, JSON batching.
	Atomicity string `json:"atomicityGroup"`
}

// key is the id for comparisons, which take no notice of case.
func (i *batchItem) key() string { return strings.ToLower(i.ID) }

func (i *batchItem) hasBody() bool { return i.Body != nil && i.Body.Kind() != 'n' }

func (i *batchItem) mediaType() string {
	for name, value := range i.Headers {
		if strings.EqualFold(name, "Content-Type") {
			return value
		}
	}
	return ""
}

// complete tells whether a write has a body, be it an empty object, and whether a
// body has a media type. Source: https://learn.microsoft.com/graph/json-batching.
func (i *batchItem) complete() bool {
	switch strings.ToUpper(i.Method) {
	case http.MethodPost, http.MethodPatch, http.MethodPut:
		return i.hasBody() && i.mediaType() != ""
	}
	return !i.hasBody() || i.mediaType() != ""
}

// batchItems reads the body of a batch. What is wrong with the form of one item is
// wrong with the batch.
func (c *call) batchItems() ([]batchItem, error) {
	if _, _, err := c.object(); err != nil {
		return nil, err
	}
	var body struct {
		Requests []batchItem `json:"requests"`
	}
	if err := json.Unmarshal(c.body, &body, json.RejectUnknownMembers(true)); err != nil || len(body.Requests) == 0 {
		return nil, unreadable("Invalid batch payload format.")
	}
	if n := len(body.Requests); n > maxBatch {
		return nil, unreadable("The number of batch request steps exceeds the maximum value of %s.", strconv.Itoa(maxBatch))
	}
	seen := map[string]bool{}
	for _, item := range body.Requests {
		if err := item.check(seen); err != nil {
			return nil, err
		}
		seen[item.key()] = true
	}
	return body.Requests, nil
}

// check refuses an item that lacks something, has the id of an earlier one, or
// waits for one that is not earlier. The texts are those observed in
// https://github.com/microsoftgraph/msgraph-sdk-dotnet/issues/2628 and in tests of
// public clients, but for the last.
func (i *batchItem) check(seen map[string]bool) error {
	id := literal(jsontext.Value(i.ID))
	switch {
	case i.ID == "", i.Method == "", i.URL == "":
		return unreadable("Invalid batch payload format.")
	case seen[i.key()]:
		return unreadable("Request Id %s has to be unique in a batch.", id)
	case !i.complete():
		return unreadable("Write request id : %s does not contain Content-Type header or body.", id)
	}
	for _, other := range i.DependsOn {
		if !seen[strings.ToLower(other)] {
			return unreadable("The batch request step '%s' depends on a step that is not before it.", id)
		}
	}
	return nil
}
