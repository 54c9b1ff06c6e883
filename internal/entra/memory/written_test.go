package memory

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"entrascim/internal/grant"
)

func TestWrittenForgets(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	w := NewWritten(func() time.Time { return now })
	w.Set("ID", map[string]any{"title": "x", "address": map[string]any{"city": "Delft"}, "passwordProfile": "p"})
	w.Set("id", map[string]any{"address": map[string]any{"zip": "1"}})
	w.Link("group", true, []string{"ID"})
	w.Give("id", Given{Roles: map[string]map[string]*grant.Role{"roles": {"a": nil}}})
	if got := fmt.Sprint(w.Properties("id")); got != "map[address:map[city:Delft zip:1] title:x]" {
		t.Errorf("properties %s", got)
	}
	if !maps.Equal(w.Members("GROUP"), map[string]bool{"id": true}) || !maps.Equal(w.Groups("id"), map[string]bool{"group": true}) {
		t.Errorf("members %v, groups %v", w.Members("group"), w.Groups("id"))
	}
	if _, taken := w.Given("ID").Roles["roles"]["a"]; !taken {
		t.Error("what was taken is not known")
	}
	now = now.Add(freshFor + time.Second)
	if len(w.Properties("id"))+len(w.Members("group"))+len(w.Groups("id"))+len(w.Given("id").Roles) != 0 {
		t.Error("what was written is remembered for too long")
	}
}

func TestWrittenIsBounded(t *testing.T) {
	t.Parallel()
	w := NewWritten(time.Now)
	for i := range 2*maxWritten + 5 {
		w.Set(fmt.Sprint("id", i), map[string]any{"title": "x"})
	}
	if last := fmt.Sprint("id", 2*maxWritten+4); len(w.by) > maxWritten || len(w.Properties(last)) == 0 {
		t.Errorf("%d remembered", len(w.by))
	}
	w.Link("group", true, make([]string, maxWrittenMembers+1))
	if len(w.Members("group")) != 0 {
		t.Error("a change that is too large is remembered")
	}
}

// Neither a copy nor what it was made of hears of what the other is told.
func TestCopies(t *testing.T) {
	t.Parallel()
	w, f := NewWritten(time.Now), NewFresh(time.Now)
	w.Set("id", map[string]any{"title": "x"})
	f.Add("users", "id")
	tell := func(w *Written, f *Fresh, id string) {
		w.Set("id", map[string]any{id: "y"})
		w.Link("id", true, []string{id})
		w.Give("id", Given{Applications: map[string]*grant.Assignment{id: nil}})
		f.Add("users", id)
	}
	copied, freshCopy := w.Copy(), f.Copy()
	tell(copied, freshCopy, "rehearsed")
	tell(w, f, "done")
	for name, c := range map[string]struct {
		w          *Written
		f          *Fresh
		knows, not string
	}{"the copy": {copied, freshCopy, "rehearsed", "done"}, "the first": {w, f, "done", "rehearsed"}} {
		_, given := c.w.Given("id").Applications[c.knows]
		if p := c.w.Properties("id"); p["title"] != "x" || p[c.knows] != "y" || !c.w.Members("id")[c.knows] || !given || !c.f.Any([]string{c.knows}) || !c.f.Any([]string{"id"}) {
			t.Errorf("%s does not know what it was told: %v", name, p)
		}
		_, given = c.w.Given("id").Applications[c.not]
		if p := c.w.Properties("id"); p[c.not] != nil || c.w.Members("id")[c.not] || given || c.f.Any([]string{c.not}) {
			t.Errorf("%s heard of what the other was told: %v", name, p)
		}
	}
}
