package scim

import (
	"reflect"
	"testing"

	"github.com/elimity-com/scim/schema"
)

// Values that keys tell apart are added beside each other and removed by themselves; what
// is not said has its default, or any.
func TestKeys(t *testing.T) {
	t.Parallel()
	rt := &ResourceType{
		ID: "User", Name: "User", Endpoint: "/Users", Schema: schema.CoreUserSchema(),
		Keys: map[AttrPath][]Key{{URN: schema.UserSchema, Name: "emails"}: {{Sub: "display", Default: "D"}}},
	}
	rt.index = rt.catalog()
	const two = `{"emails":[{"value":"a"},{"value":"a","display":"E"}]}`
	for name, c := range map[string]struct{ before, ops, want string }{
		"beside another":     {`{"emails":[{"value":"a"}]}`, `{"op":"add","path":"emails","value":[{"value":"a","display":"E"}]}`, two},
		"the same":           {two, `{"op":"add","path":"emails","value":[{"value":"a","display":"e"}]}`, `{"emails":[{"value":"a"},{"value":"a","display":"e"}]}`},
		"by default":         {two, `{"op":"add","path":"emails","value":[{"value":"A","type":"work"},{"value":"a","display":"d"}]}`, `{"emails":[{"value":"a","display":"d"},{"value":"a","display":"E"},{"value":"A","type":"work"}]}`},
		"another value":      {two, `{"op":"add","path":"emails","value":[{"value":"b"},{"value":"b"}]}`, `{"emails":[{"value":"a"},{"value":"a","display":"E"},{"value":"b"}]}`},
		"removed by default": {two, `{"op":"remove","path":"emails","value":[{"value":"a"}]}`, `{"emails":[{"value":"a","display":"E"}]}`},
		"removed by key":     {two, `{"op":"remove","path":"emails","value":[{"value":"a","display":"E"}]}`, `{"emails":[{"value":"a"}]}`},
		"removed: neither":   {two, `{"op":"remove","path":"emails","value":[{"value":"a","display":"F"}]}`, two},
	} {
		after, err := mustPatch(t, rt, c.ops).Apply(decoded(t, c.before))
		if err != nil || !reflect.DeepEqual(after, decoded(t, c.want)) {
			t.Errorf("%s: got %v %v, want %s", name, after, err, c.want)
		}
	}
}
