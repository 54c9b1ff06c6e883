package entra

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/entra/entity"
	"entrascim/internal/entra/naming"
	"entrascim/internal/fault"
	"entrascim/internal/graph"
	"entrascim/internal/guard"
	"entrascim/internal/scim"
)

// What the actions about deleted resources take: Graph's names, but for that of a user.
const (
	paramUserName  = attrUserName
	paramReconcile = "autoReconcileProxyConflict"
)

// deletedActions are those about deleted users.
func (u users) deletedActions() []scim.Action {
	return []scim.Action{{Name: "restore", Do: u.restore}, {Name: "delete_permanently", Do: u.deletePermanently}}
}

// deletedActions are those about deleted groups.
func (g groups) deletedActions() []scim.Action {
	return []scim.Action{{Name: "restore", Do: g.restore}, {Name: "delete_permanently", Do: g.deletePermanently}}
}

// restore brings a deleted user back, by another name if one is given: a look whether it
// is one, the restore, and a read of what it is then.
// Source: https://learn.microsoft.com/graph/api/directory-deleteditems-restore.
func (u users) restore(ctx context.Context, call *scim.ActionCall) error {
	if err := checkParams(call, "user_id", paramUserName, paramReconcile); err != nil {
		return err
	}
	body, err := u.restoration(call.Params)
	if err != nil {
		return err
	}
	return u.bringBack(ctx, call, body)
}

// restoration is how Graph is to restore a user.
func (u users) restoration(params map[string]any) (map[string]any, error) {
	body := map[string]any{}
	if v, given := params[paramUserName]; given {
		name, ok := v.(string)
		if !ok {
			return nil, fault.New(fault.InvalidValue, "%s must be a string.", paramUserName)
		}
		name = u.names.Full(strings.TrimSpace(name))
		if err := naming.Check(name); err != nil {
			return nil, err
		}
		body["newUserPrincipalName"] = name
	}
	if v, given := params[paramReconcile]; given {
		if _, ok := v.(bool); !ok {
			return nil, fault.New(fault.InvalidValue, "%s must be true or false.", paramReconcile)
		}
		body[paramReconcile] = v
	}
	return body, nil
}

// restore brings a deleted Microsoft 365 group back.
func (g groups) restore(ctx context.Context, call *scim.ActionCall) error {
	if err := checkParams(call, "group_id"); err != nil {
		return err
	}
	return g.bringBack(ctx, call, nil)
}

// checkParams refuses what the action does not take. The first parameter that is known
// is the id that stands in the path, too.
func checkParams(call *scim.ActionCall, known ...string) error {
	for _, name := range slices.Sorted(maps.Keys(call.Params)) {
		if !slices.Contains(known, name) {
			return fault.New(fault.InvalidValue, "The action has no parameter %.64q.", name)
		}
	}
	v, given := call.Params[known[0]]
	if id, ok := v.(string); given && (!ok || !strings.EqualFold(id, call.ID)) {
		return fault.New(fault.InvalidValue, "%s must be the id in the path, or be left out.", known[0])
	}
	return nil
}

// bringBack restores the resource and answers with it.
func (r *resource) bringBack(ctx context.Context, call *scim.ActionCall, body map[string]any) error {
	ctx = graph.WithPriority(ctx, graph.High)
	if err := r.mustBeDeleted(ctx, call.ID); err != nil {
		return err
	}
	answer, err := r.restored(ctx, call.ID, body)
	if err != nil && !graph.InDoubt(err) {
		return err
	}
	plan, doubt := r.plan(call.Projection), err
	o, err := r.fetch(ctx, fetch{id: call.ID, plan: plan, lenient: !call.Projection.Explicit()})
	if err != nil && doubt != nil {
		return doubt
	}
	if err != nil {
		return partly(err, "the "+r.table.Resource()+" was restored", nil, 0)
	}
	if name := entity.Text(answer, upnProperty); name != "" {
		if o.raw, err = entity.Overlaid(o.raw, map[string]any{upnProperty: name}); err != nil {
			return err
		}
	}
	return r.write(ctx, o, plan, call.Out)
}

// mustBeDeleted is a fault unless the id is of a resource of the type that is deleted.
func (r *resource) mustBeDeleted(ctx context.Context, id string) error {
	if err := r.checkID(id); err != nil {
		return err
	}
	found, err := r.deletedByID(ctx, []string{id}, []string{"id"})
	if err == nil && len(found) == 0 {
		return r.notDeleted()
	}
	return err
}

func (r *resource) notDeleted() error {
	detail := ""
	if r.table.Entity() == entityGroup {
		detail = " Only Microsoft 365 groups can be restored."
	}
	return fault.New(fault.NotFound, "There is no deleted %s with this id.%s", r.table.Resource(), detail)
}

// restored has Graph restore an object, and gives its answer, which the directory may
// not show at once. In doubt it may have been done.
func (r *resource) restored(ctx context.Context, id string, body map[string]any) (jsontext.Value, error) {
	if err := r.supposed(ctx, id, body); err != nil {
		return nil, err
	}
	request := graph.Request{Method: http.MethodPost, Path: deletedItems + "/{id}/restore", Params: map[string]string{"id": id}}
	if len(body) > 0 {
		var err error
		if request.Body, err = json.Marshal(body, json.Deterministic(true)); err != nil {
			return nil, err
		}
	}
	response, err := r.graph.Do(ctx, request)
	switch {
	case graph.InDoubt(err):
		r.made(id)
		return nil, err
	case err != nil:
		return nil, r.unrestored(ctx, err, body)
	}
	r.made(id)
	if name := entity.Text(response.Body, upnProperty); name != "" {
		r.fresh.Add(r.table.Collection(), name)
	}
	return response.Body, nil
}

// unrestored says why an object was not restored. What is refused without a new name is
// so because something of it that must be unique is another's by now.
func (r *resource) unrestored(ctx context.Context, err error, body map[string]any) error {
	f := *fault.From(err)
	_, renamed := body["newUserPrincipalName"]
	switch {
	case f.Kind == fault.NotFound:
		f.Detail = fault.From(r.notDeleted()).Detail
	case f.Kind == fault.InvalidValue && renamed:
		return r.named(ctx, err)
	case f.Kind != fault.InvalidValue && f.Kind != fault.Uniqueness:
		return err
	case r.table.Entity() == entityUser:
		f.Kind = fault.Uniqueness
		f.Detail = "The user is not restored: another has its userName or one of its addresses by now. Give another " + paramUserName +
			", or " + paramReconcile + ": true to drop such addresses."
	default:
		f.Kind, f.Detail = fault.Uniqueness, "The group is not restored: another has its mailNickname or one of its addresses by now."
	}
	return &f
}

// deletePermanently deletes a deleted user for good.
// Source: https://learn.microsoft.com/graph/api/directory-deleteditems-delete.
func (u users) deletePermanently(ctx context.Context, call *scim.ActionCall) error {
	ctx = graph.WithPriority(ctx, graph.High)
	if err := checkParams(call, "user_id"); err != nil {
		return err
	}
	if err := u.mustBeDeleted(ctx, call.ID); err != nil {
		return err
	}
	if err := u.options.Guard.Allow(ctx, guard.Amounts{guard.Deletes: 1}); err != nil {
		return err
	}
	_, err := u.graph.Do(ctx, graph.Request{Method: http.MethodDelete, Path: deletedItems + "/{id}", Params: map[string]string{"id": call.ID}})
	u.positions.Changed()
	if fault.Is(err, fault.NotFound) { // somebody else has done it
		return nil
	}
	return err
}

// deletePermanently is not for applications, which the gateway is: the page says so.
func (g groups) deletePermanently(_ context.Context, call *scim.ActionCall) error {
	if err := checkParams(call, "group_id"); err != nil {
		return err
	}
	if err := g.checkID(call.ID); err != nil {
		return err
	}
	return fault.New(fault.NotImplemented,
		"Microsoft Graph lets no application delete a group permanently. It is so 30 days after it was deleted, or when an administrator does it.")
}
