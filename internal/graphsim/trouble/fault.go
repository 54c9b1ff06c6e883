package trouble

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"entrascim/internal/graphsim/odata"
)

// A Fault is one thing that goes wrong with requests still to come. Exactly one
// of Status, Drop and SlowBody says what; SlowBody may be joined by Drop, and the
// connection is then lost in the middle of the body.
//
// Note that Go's HTTP client repeats an idempotent request by itself when a
// connection that it had used before is dropped; Times 2 reaches the caller.
type Fault struct {
	// Method is that of the requests meant; empty: any.
	Method string `json:"method,omitempty"`
	// Path is a pattern of the escaped path, with or without the version: "*"
	// stands for any one segment, "**" at the end for any that follow:
	// "/users/*/memberOf", "/groups/**". Empty: any request to Graph. A pattern
	// may also name a path of the login service: "/*/oauth2/v2.0/token". Items of
	// a batch are met too, by a fault with a Status and without AfterWrite.
	Path string `json:"path,omitempty"`
	// Times is how many requests it meets; 0: one.
	Times int `json:"times,omitzero"`

	Status     int      `json:"status,omitzero"`     // 400 to 599
	Code       string   `json:"code,omitempty"`      // of the error; empty: the usual one for the status
	Message    string   `json:"message,omitempty"`   // of the error; empty: the usual one
	RetryAfter int      `json:"retryAfter,omitzero"` // in seconds; 0: no such header
	Drop       bool     `json:"drop,omitzero"`       // the connection is closed without an answer
	SlowBody   Duration `json:"slowBody,omitzero"`   // a pause in the middle of the body
	AfterWrite bool     `json:"afterWrite,omitzero"` // the request is performed first, then its answer lost
}

// A Duration is a time.Duration, in JSON a string such as "1h30m" or a number of
// seconds.
type Duration time.Duration

// MarshalJSON writes the duration as a string.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(d).String()) }

// UnmarshalJSON reads a string or a number of seconds.
func (d *Duration) UnmarshalJSON(b []byte) error {
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	switch v := v.(type) {
	case float64:
		*d = Duration(v * float64(time.Second))
		return nil
	case string:
		parsed, err := time.ParseDuration(v)
		*d = Duration(parsed)
		return err
	}
	return errors.New("a duration is a string such as \"90s\" or a number of seconds")
}

func (f Fault) check() error {
	pattern := strings.TrimSuffix(f.Path, "/**")
	switch {
	case f.Status == 0 && !f.Drop && f.SlowBody == 0:
		return errors.New("a fault needs status, drop or slowBody")
	case f.Status != 0 && (f.Status < 400 || f.Status > 599):
		return fmt.Errorf("status %d is not that of an error", f.Status)
	case f.Status != 0 && (f.Drop || f.SlowBody != 0):
		return errors.New("status goes with neither drop nor slowBody")
	case f.AfterWrite && f.SlowBody != 0:
		return errors.New("afterWrite does not go with slowBody")
	case f.Times < 0 || f.RetryAfter < 0 || f.SlowBody < 0:
		return errors.New("times, retryAfter and slowBody are not negative")
	case f.Path != "" && !strings.HasPrefix(f.Path, "/"):
		return fmt.Errorf("path %q does not begin with a slash", f.Path)
	case strings.Contains(pattern, "**"):
		return fmt.Errorf("path %q has ** elsewhere than at its end", f.Path)
	}
	return nil
}

// Fail queues faults. Each request meets the first one that is meant for it, and
// at most one. It queues all or none.
func (t *Trouble) Fail(faults ...Fault) error {
	for i, f := range faults {
		if err := f.check(); err != nil {
			return fmt.Errorf("fault %d: %w", i+1, err)
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, f := range faults {
		f.Times = max(f.Times, 1)
		t.faults = append(t.faults, f)
	}
	return nil
}

// Faults lists the faults that are still queued, with the times that are left.
func (t *Trouble) Faults() []Fault {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.faults)
}

// Forgive takes all faults out of the queue.
func (t *Trouble) Forgive() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.faults = nil
}

// take finds the fault for a request and uses it once.
func (t *Trouble) take(meant func(Fault) bool) (Fault, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := slices.IndexFunc(t.faults, meant)
	if i < 0 {
		return Fault{}, false
	}
	f := t.faults[i]
	t.faults[i].Times--
	if t.faults[i].Times == 0 {
		t.faults = slices.Delete(t.faults, i, i+1)
	}
	return f, true
}

// itemFault finds what is to go wrong with an item of a batch.
func (t *Trouble) itemFault(op Operation) (Fault, bool) {
	path, _, _ := strings.Cut(op.Item, "?")
	path = root + "/" + strings.TrimPrefix(path, "/")
	f, ok := t.take(func(f Fault) bool { return f.Status != 0 && !f.AfterWrite && f.meets(op.Method, path) })
	if !ok {
		f, ok = t.drawn().item()
	}
	if !ok && t.chance != nil {
		return t.chance.item(op.Method, path)
	}
	return f, ok
}

// root is what paths of Graph begin with.
const root = "/v1.0"

func (f Fault) meets(method, path string) bool {
	if f.Method != "" && !strings.EqualFold(f.Method, method) {
		return false
	}
	if f.Path == "" {
		return strings.HasPrefix(path, root+"/")
	}
	return glob(f.Path, path) || glob(root+f.Path, path)
}

// glob compares segment by segment.
func glob(pattern, path string) bool {
	want, got := strings.Split(pattern, "/"), strings.Split(path, "/")
	if last := len(want) - 1; want[last] == "**" {
		if len(got) <= last {
			return false
		}
		want, got = want[:last], got[:last]
	}
	return slices.EqualFunc(want, got, func(w, g string) bool { return w == "*" || strings.EqualFold(w, g) })
}

// usual is the code and the text of an error by its status, where a fault names
// none.
var usual = map[int][2]string{
	http.StatusBadRequest:          {"Request_BadRequest", "Invalid request."},
	http.StatusUnauthorized:        {"InvalidAuthenticationToken", "Access token has expired or is not yet valid."},
	http.StatusForbidden:           {"Authorization_RequestDenied", "Insufficient privileges to complete the operation."},
	http.StatusNotFound:            {"Request_ResourceNotFound", "Resource does not exist or one of its queried reference-property objects are not present."},
	http.StatusConflict:            {"Directory_ConcurrencyViolation", "Error due to concurrent requests being made to the tenant. Please wait briefly and retry."},
	http.StatusTooManyRequests:     {"TooManyRequests", "Please retry again later."},
	http.StatusInternalServerError: {"Service_InternalServerError", "Encountered an internal server error."},
	http.StatusBadGateway:          {"BadGateway", "Bad gateway."},
	http.StatusServiceUnavailable:  {"serviceNotAvailable", "The service is temporarily unavailable. You may retry after a while."},
	http.StatusGatewayTimeout:      {"GatewayTimeout", "The gateway did not receive a timely response."},
}

// refusal is the error that a fault with a status answers with.
func (f Fault) refusal() *odata.Error {
	e := &odata.Error{Status: f.Status, Code: f.Code, Message: f.Message}
	known := usual[f.Status]
	if e.Code == "" {
		e.Code = known[0]
	}
	if e.Message == "" {
		e.Message = known[1]
	}
	if e.Code == "" {
		e.Code = "UnknownError"
	}
	return e
}

func (f Fault) headers(h http.Header) http.Header {
	if f.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(f.RetryAfter))
	}
	return h
}
