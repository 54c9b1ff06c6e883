package graph

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	kjson "github.com/microsoft/kiota-serialization-json-go"
	"github.com/microsoftgraph/msgraph-sdk-go/models/odataerrors"

	"entrascim/internal/fault"
)

// A Refusal is what Graph said when it refused a request. It is for programs and for
// the log: its Message may echo values and never goes to a client.
type Refusal struct {
	Status    int
	Code      string // stable: "Request_ResourceNotFound"
	Message   string // not stable
	Property  string // the Graph property that Graph complains about; "" when it named none
	RequestID string
}

// Error is the text for the log.
func (r *Refusal) Error() string {
	return fmt.Sprintf("Graph answered %d %s: %s", r.Status, r.Code, r.Message)
}

// RefusalOf finds Graph's refusal in an error's chain; nil when it was not Graph that
// refused.
func RefusalOf(err error) *Refusal {
	var r *Refusal
	errors.As(err, &r)
	return r
}

// refuse makes the fault of an answer that is not a success.
func refuse(res *Response, after time.Duration) error {
	r := parseRefusal(res.Status, res.Body)
	r.RequestID = cmp.Or(res.Header.Get("Request-Id"), r.RequestID, res.RequestID)
	kind, detail := translate(r)
	return &fault.Error{Kind: kind, Detail: detail, RequestID: r.RequestID, RetryAfter: after, Err: r}
}

// parseRefusal reads Graph's error envelope; an answer without one (a proxy's page)
// leaves the status alone.
func parseRefusal(status int, body jsontext.Value) *Refusal {
	r := &Refusal{Status: status, Message: http.StatusText(status)}
	if body.Kind() != '{' || !body.IsValid() {
		return r
	}
	if envelope := parseEnvelope(body); envelope != nil {
		r.fill(envelope)
		return r
	}
	// The SDK's model takes all or nothing: one date in another form and there is no code.
	var plain struct {
		Error struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}
	if err := json.Unmarshal(body, &plain); err == nil && plain.Error.Code != "" {
		r.Code, r.Message = fault.Clip(plain.Error.Code), fault.Clip(plain.Error.Message)
		r.Property = property(r.Message)
	}
	return r
}

// parseEnvelope reads the envelope by the SDK's model; nil when it cannot.
func parseEnvelope(body jsontext.Value) odataerrors.MainErrorable {
	node, err := kjson.NewJsonParseNode(body)
	if err != nil {
		return nil
	}
	parsed, err := node.GetObjectValue(odataerrors.CreateODataErrorFromDiscriminatorValue)
	if err != nil {
		return nil
	}
	envelope, ok := parsed.(*odataerrors.ODataError)
	if !ok {
		return nil
	}
	return envelope.GetErrorEscaped()
}

func (r *Refusal) fill(e odataerrors.MainErrorable) {
	r.Code, r.Message = fault.Clip(text(e.GetCode())), fault.Clip(text(e.GetMessage()))
	r.Property = property(r.Message)
	named := false
	for _, detail := range e.GetDetails() {
		if detail == nil || named {
			continue
		}
		r.Message = fault.Clip(r.Message + " [" + text(detail.GetCode()) + "] " + text(detail.GetMessage()))
		if target := text(detail.GetTarget()); target != "" {
			r.Property, named = fault.Clip(target), true
		}
	}
	if inner := e.GetInnerError(); inner != nil {
		r.RequestID = fault.Clip(text(inner.GetRequestId()))
	}
}

// Ways in which Graph's messages name a property.
var (
	theProperty    = regexp.MustCompile(`(?i)\bthe ([A-Za-z]\w*) property\b`)
	quotedProperty = regexp.MustCompile(`(?i)\bpropert(?:y|ies):? '([A-Za-z][\w./]*)'`)
	forProperty    = regexp.MustCompile(`(?i)\bfor property ([A-Za-z]\w*)`)
)

func property(message string) string {
	for _, way := range []*regexp.Regexp{quotedProperty, forProperty, theProperty} {
		if m := way.FindStringSubmatch(message); m != nil {
			return m[1]
		}
	}
	return ""
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
