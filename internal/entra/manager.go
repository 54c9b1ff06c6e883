package entra

import (
	"context"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/rs/zerolog"

	"entrascim/internal/entra/entity"
	"entrascim/internal/fault"
	"entrascim/internal/graph"
	"entrascim/internal/mapping"
	"entrascim/internal/scim"
	"entrascim/internal/tenant"
)

// A manager is who a user's manager is to be.
type manager struct {
	value string         // as the client names the person: id, userPrincipalName or employee id
	found jsontext.Value // id and displayName; nil: not looked up yet
	alone bool           // nothing else is asked for, so that to leave it out would be to do nothing
}

var managerProperties = []string{"id", "displayName"}

// newManager is the manager that a write asks for, nil when it asks for none. An
// employee id is looked up at once; an id or userPrincipalName can be looked up
// together with the write, see lookup.
func (u users) newManager(ctx context.Context, w mapping.Write) (*manager, error) {
	after, _ := w.Relations[relationManager].After.(map[string]any)
	value, _ := after["value"].(string)
	m := &manager{value: strings.TrimSpace(value), alone: len(w.Body) == 0 && len(w.Relations) == 1}
	if m.value == "" {
		return nil, nil
	}
	if isGUID(m.value) || strings.Contains(m.value, "@") {
		return m, nil
	}
	found, err := u.byEmployeeID(ctx, m.value)
	switch {
	case err != nil:
		return nil, err
	case len(found) > 1:
		return nil, fault.New(fault.InvalidValue, "%s: several users have the employee id %q.", u.managerName(), m.value)
	case len(found) == 0:
		return nil, u.noManager(ctx, m, nil)
	}
	m.found = found[0]
	return m, nil
}

func (u users) byEmployeeID(ctx context.Context, id string) ([]jsontext.Value, error) {
	response, err := u.graph.Do(ctx, graph.Request{Path: "/users", Query: graph.Query{
		Select: managerProperties, Filter: "employeeId eq " + quoted(id), Top: 2,
	}})
	if err != nil {
		return nil, err
	}
	var found []jsontext.Value
	_, err = graph.Collection(response.Body, func(d *jsontext.Decoder) error {
		v, err := d.ReadValue()
		found = append(found, v.Clone())
		return err
	})
	return found, err
}

// noManager is what becomes of a manager whom nobody is: a fault or, where the
// tenant wants it so and something else is done, a warning.
func (u users) noManager(ctx context.Context, m *manager, cause error) error {
	if u.options.Policy.ManagerMissing == tenant.ManagerWarn && !m.alone {
		zerolog.Ctx(ctx).Warn().Err(cause).Msg("a manager that does not exist was left out")
		scim.Warn(ctx, u.managerName()+": there is no user "+m.value+"; the manager was left out")
		return nil
	}
	f := fault.Wrap(cause, fault.InvalidValue, "%s: there is no user %q.", u.managerName(), m.value)
	if refusal := graph.RefusalOf(cause); refusal != nil {
		f.RequestID = refusal.RequestID
	}
	return f
}

func (u users) managerName() string { return u.relationAttribute(relationManager) }

// lookup is the request that finds the manager by id or userPrincipalName.
func (m *manager) lookup() graph.Request {
	return graph.Request{
		Path: "/users/{id}", Params: map[string]string{"id": m.value}, Query: graph.Query{Select: managerProperties},
	}
}

// check looks the manager up, when that has not been done. It gives nil for one
// who does not exist and whom the tenant's policy leaves out.
func (u users) check(ctx context.Context, m *manager) (*manager, error) {
	if m == nil || m.found != nil {
		return m, nil
	}
	err := u.patient(ctx, func() error {
		response, err := u.graph.Do(ctx, m.lookup())
		if err == nil {
			m.found = response.Body
		}
		return err
	}, m.value)
	if unseen(err) {
		return nil, u.noManager(ctx, m, err)
	}
	return m, err
}

// managerStep sets or, with nil, removes the manager of a user.
func (u users) managerStep(id string, m *manager) (step, error) {
	s := step{
		request: graph.Request{Method: http.MethodDelete, Path: "/users/{id}/manager/$ref", Params: map[string]string{"id": id}},
		undone:  "the manager was not removed",
		refused: func(err error) error {
			if fault.Is(err, fault.NotFound) { // there is none any more
				return nil
			}
			return err
		},
	}
	if m == nil {
		return s, nil
	}
	url, err := u.graph.ObjectURL(entity.Text(m.found, "id"))
	if err != nil {
		return s, err
	}
	s.undone = "the manager was not set"
	s.request.Method = http.MethodPut
	s.request.Body, err = json.Marshal(map[string]string{"@odata.id": url})
	s.refused = func(err error) error {
		if f := fault.From(err); unseen(err) || f.Kind == fault.InvalidValue {
			refused := *f
			refused.Kind, refused.Detail = fault.InvalidValue, u.managerName()+": the directory does not take this user as manager."
			return &refused
		}
		return err
	}
	return s, err
}

// object is the manager as Graph expands one, of what was looked up.
func (m *manager) object() map[string]any {
	return map[string]any{"id": entity.Text(m.found, "id"), "displayName": entity.Text(m.found, "displayName")}
}

// withFound is the user with the manager as it was looked up.
func (m *manager) withFound(user jsontext.Value) (jsontext.Value, error) {
	return entity.Overlaid(user, map[string]any{relationManager: m.object()})
}
