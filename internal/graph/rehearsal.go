package graph

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	abs "github.com/microsoft/kiota-abstractions-go"
)

// A Rehearsal takes down the requests that would change the directory, instead of their
// being sent. It is safe for concurrent use.
type Rehearsal struct {
	mu    sync.Mutex
	calls []Rehearsed
	made  map[string]jsontext.Value // objects that were not made, by lower-case id and name
	ids   int
}

// A Rehearsed is a request that was not sent.
type Rehearsed struct {
	Method string
	Path   string         // below the base URL, with its query
	Body   jsontext.Value // with its secrets masked; nil: none
}

type rehearsalKey struct{}

// Rehearse gives a context in which no client changes anything: what only reads is
// sent, and every other request is taken down by r and answered as Graph answers one
// that went well. What it makes has an id that nothing in a directory has, and can be
// read under it in this rehearsal.
func Rehearse(ctx context.Context, r *Rehearsal) context.Context {
	return context.WithValue(ctx, rehearsalKey{}, r)
}

// Rehearsing tells whether a request of the context changes nothing. Whatever else
// than Graph a write would tell (a vault, a trigger) keeps silent then.
func Rehearsing(ctx context.Context) bool { return rehearsalOf(ctx) != nil }

// Suppose has a rehearsal answer reads of an object with what it would be, as after a
// restore.
func Suppose(ctx context.Context, object jsontext.Value) {
	r, values := rehearsalOf(ctx), map[string]any{}
	if r == nil || json.Unmarshal(object, &values) != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, property := range []string{"id", "userPrincipalName"} {
		name, _ := values[property].(string)
		r.keep(name, values)
	}
}

func rehearsalOf(ctx context.Context) *Rehearsal {
	r, _ := ctx.Value(rehearsalKey{}).(*Rehearsal)
	return r
}

// Calls are the requests in the order that they would have been sent in.
func (r *Rehearsal) Calls() []Rehearsed {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.calls)
}

// perform takes a request down and gives the answer to it.
func (r *Rehearsal) perform(k call, base string) Response {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, Rehearsed{k.method.String(), strings.TrimPrefix(k.url.String(), base), masked(k.body)})
	switch {
	case k.method == abs.DELETE && k.wholeObject():
		delete(r.made, lastSegment(k))
		fallthrough
	case k.method != abs.POST, strings.HasSuffix(k.route, "/$ref"):
		return Response{Status: http.StatusNoContent}
	case acts(k.route) && r.made[owner(k)] != nil:
		return Response{Status: http.StatusOK, Body: slices.Clone(r.made[owner(k)])}
	case acts(k.route):
		return acted(http.StatusOK, map[string]any{"id": owner(k)})
	}
	return acted(http.StatusCreated, r.create(k))
}

// madeUp are ids that nothing has: Graph's are random.
const madeUp = "00000000-0000-4000-8000-%012d"

// create keeps an object as it was asked for, and gives it an id.
func (r *Rehearsal) create(k call) map[string]any {
	object := map[string]any{}
	if json.Unmarshal(masked(k.body), &object) != nil {
		object = map[string]any{}
	}
	for name := range object {
		if secret(name) || strings.Contains(name, "@") || name == "passwordProfile" {
			delete(object, name)
		}
	}
	r.ids++
	id := fmt.Sprintf(madeUp, r.ids)
	object["id"] = id
	if k.route == "/invitations" {
		r.keep(id, map[string]any{"id": id, "mail": object["invitedUserEmailAddress"], "displayName": object["invitedUserDisplayName"], "userType": "Guest"})
		object["invitedUser"] = map[string]any{"id": id}
		return object
	}
	name, _ := object["userPrincipalName"].(string)
	r.keep(id, object)
	r.keep(name, object)
	return object
}

func (r *Rehearsal) keep(name string, object map[string]any) {
	text, err := json.Marshal(object, json.Deterministic(true))
	if name == "" || err != nil {
		return
	}
	if r.made == nil {
		r.made = map[string]jsontext.Value{}
	}
	r.made[strings.ToLower(name)] = text
}

// shown answers a read of an object that was not made: with what was asked for, and
// nothing related to it. Any other read is not its own.
func (r *Rehearsal) shown(k call) (Response, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	segments := strings.Split(k.url.Path, "/")
	for i, segment := range segments {
		object := r.made[strings.ToLower(segment)]
		switch {
		case object == nil:
		case i == len(segments)-1:
			return Response{Status: http.StatusOK, Body: slices.Clone(object)}, true
		case segments[i+1] == "manager":
			return acted(http.StatusNotFound, map[string]any{"error": map[string]any{"code": "Request_ResourceNotFound"}}), true
		default:
			return nothing(), true
		}
	}
	for name := range r.made {
		if strings.Contains(strings.ToLower(k.url.RawQuery), name) {
			return nothing(), true
		}
	}
	return Response{}, false
}

// nothing is an empty collection.
func nothing() Response { return acted(http.StatusOK, map[string]any{"value": []any{}}) }

func acted(status int, body map[string]any) Response {
	text, err := json.Marshal(body, json.Deterministic(true))
	if err != nil { // the body was JSON
		text = jsontext.Value("{}")
	}
	return Response{Status: status, Header: http.Header{}, Body: text}
}

// acts tells whether a POST does something to an object that is there: it makes none.
func acts(route string) bool {
	verbs := []string{"assignLicense", "revokeSignInSessions", "restore", "changePassword", "provisionOnDemand", "start"}
	return slices.Contains(verbs, route[strings.LastIndexByte(route, '/')+1:])
}

// owner is the id of the object that a POST is sent to a part of.
func owner(k call) string {
	segments := strings.Split(k.url.Path, "/")
	return strings.ToLower(segments[max(len(segments)-2, 0)])
}

func lastSegment(k call) string {
	return strings.ToLower(k.url.Path[strings.LastIndexByte(k.url.Path, '/')+1:])
}

// wholeObject tells whether the request is for one user or group as a whole.
func (k call) wholeObject() bool { return k.route == "/users/{id}" || k.route == "/groups/{id}" }
