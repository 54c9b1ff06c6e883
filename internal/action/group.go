package action

import (
	"context"
	"strings"

	"entrascim/internal/fault"
	"entrascim/internal/mapping"
	"entrascim/internal/scim"
)

// groups has the actions of groups.
type groups struct{ subject }

func (g groups) actions() []scim.Action {
	return []scim.Action{{Name: "create_group", OfType: true, Do: g.create}}
}

// create makes a group, as a POST of it does.
func (g groups) create(ctx context.Context, call *scim.ActionCall) error {
	body, err := g.body(call)
	if err != nil {
		return err
	}
	doc, err := g.typ.NewDocument(body)
	if err != nil {
		return err
	}
	call.Resource = true
	call.Created, err = g.typ.Writer.Create(ctx, doc, call.Projection, call.Out)
	return err
}

// body is the group as a POST has it.
func (g groups) body(call *scim.ActionCall) (map[string]any, error) {
	p, err := read(call, append(named("displayName", "mailNickname", "description", "isAssignableToRole", "owner"),
		param{"group_type", []string{"groupType"}}, param{"userMembers", []string{"user_members", "members"}})...)
	if err != nil {
		return nil, err
	}
	name, err := p.required("displayName")
	if err != nil {
		return nil, err
	}
	b := body{g.subject, map[string]any{}}
	err = b.set("displayName", name)
	for _, property := range []string{"mailNickname", "description"} {
		if err == nil {
			err = b.text(p, property)
		}
	}
	if err == nil {
		err = b.kind(p)
	}
	if err == nil {
		err = b.related(p)
	}
	return b.attributes, err
}

// A body is a resource that is being put together, by the rows of its table.
type body struct {
	subject
	attributes map[string]any
}

func (b body) set(property string, value any) error {
	row := b.row(func(r mapping.Row) bool { return r.Relation == "" && r.Graph == property })
	if row == nil {
		return unmapped(property)
	}
	b.attributes[row.Name()] = value
	return nil
}

func (b body) text(p params, property string) error {
	text, err := p.text(property)
	if err != nil || text == "" {
		return err
	}
	return b.set(property, text)
}

// kind sets what kind of group it is.
func (b body) kind(p params) error {
	text, err := p.required("group_type")
	if err != nil {
		return err
	}
	assignable, given, err := p.flag("isAssignableToRole")
	if err != nil {
		return err
	}
	var kind string
	switch strings.ToLower(text) {
	case "security":
		kind = "security"
	case "microsoft_365", "microsoft365":
		kind = "microsoft365"
	default:
		return fault.New(fault.InvalidValue, "group_type must be security or microsoft_365.")
	}
	if assignable && kind != "security" {
		return fault.New(fault.InvalidValue, "isAssignableToRole is for security groups: group_type must be security.")
	}
	if err := b.set("groupTypes", kind); err != nil || !given {
		return err
	}
	return b.set("isAssignableToRole", assignable)
}

// related sets the owner and the members.
func (b body) related(p params) error {
	members, err := p.ids("userMembers")
	if err != nil {
		return err
	}
	if len(members) > 0 {
		if err := b.list("members", members); err != nil {
			return err
		}
	}
	if p["owner"] == nil || p["owner"] == "" {
		return nil
	}
	owner, err := idOf("owner", p["owner"])
	if err != nil {
		return err
	}
	return b.list("owners", []any{map[string]any{"value": owner}})
}

// list sets an attribute whose values are a relation's.
func (b body) list(relation string, values []any) error {
	row := b.row(func(r mapping.Row) bool { return r.Relation == relation && r.Attr.Sub == "value" })
	if row == nil {
		return unmapped(relation)
	}
	b.attributes[row.Attr.String()[:strings.LastIndexByte(row.Attr.String(), '.')]] = values
	return nil
}
