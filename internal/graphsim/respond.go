package graphsim

import (
	"errors"
	"maps"
	"net/http"
	"strconv"
	"time"

	"entrascim/internal/graphsim/odata"
)

// jsonType is the Content-Type of every JSON answer of Graph.
const jsonType = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"

// send writes an answer, the only place that does.
func send(w http.ResponseWriter, a *answer) {
	h := w.Header()
	maps.Copy(h, a.header)
	if a.body != nil {
		h.Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) //nolint:gosec // JSON or a number, never HTML
}

// finish gives an answer the headers that every answer has, and turns an error
// into one.
func (c *call) finish(a *answer, err error) *answer {
	requestID := c.sim.ids.next()
	client := c.header.Get("client-request-id")
	if client == "" {
		client = requestID
	}
	if err != nil {
		a = c.failure(err, requestID, client)
	}
	if a.header == nil {
		a.header = http.Header{}
	}
	h := a.header
	maps.Copy(h, c.charged)
	h.Set("request-id", requestID)
	h.Set("client-request-id", client)
	h.Set("Cache-Control", "no-cache")
	switch {
	case a.plain:
		h.Set("Content-Type", "text/plain")
		h.Set("OData-Version", "4.0")
	case err != nil:
		h.Set("Content-Type", "application/json")
	case a.body != nil:
		h.Set("Content-Type", jsonType)
		h.Set("OData-Version", "4.0")
	}
	return a
}

// failure is the answer that an error becomes.
func (c *call) failure(err error, requestID, clientID string) *answer {
	e := &odata.Error{Status: http.StatusInternalServerError, Code: "Service_InternalServerError", Message: "Encountered an internal server error."}
	errors.As(err, &e)
	b := append([]byte(`{"error":{"code":`), quote(e.Code)...)
	b = append(append(b, `,"message":`...), quote(e.Message)...)
	if len(e.Details) > 0 {
		b = append(b, `,"details":[`...)
		for i, d := range e.Details {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(append(b, `{"code":`...), quote(d.Code)...)
			b = append(append(b, `,"message":`...), quote(d.Message)...)
			b = append(append(append(b, `,"target":`...), quote(d.Target)...), '}')
		}
		b = append(b, ']')
	}
	b = append(b, `,"innerError":{`...)
	if e.Status == http.StatusTooManyRequests {
		b = append(b, `"code":"429","message":"Please retry after","status":"429",`...)
	}
	date := c.sim.Now().UTC().Format(time.RFC3339[:19])
	b = append(append(b, `"date":`...), quote(date)...)
	b = append(append(b, `,"request-id":`...), quote(requestID)...)
	b = append(append(b, `,"client-request-id":`...), quote(clientID)...)
	return &answer{status: e.Status, body: append(b, "}}}"...)}
}
