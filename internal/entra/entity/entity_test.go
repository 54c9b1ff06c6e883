package entity

import (
	"errors"
	"io"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/fault"
)

func TestMembers(t *testing.T) {
	t.Parallel()
	raw := jsontext.Value(`{"a":{"name":"inner"},"na\u006de":"A\u0064a","on":true,"off":false,"none":null}`)
	if got := Text(raw, "name"); got != "Ada" {
		t.Errorf("name is %q", got)
	}
	if got := string(Member(raw, "a")); got != `{"name":"inner"}` {
		t.Errorf("a is %s", got)
	}
	if Text(raw, "a") != "" || Text(raw, "gone") != "" || Member(raw, "gone") != nil || Member(jsontext.Value(`[1]`), "a") != nil {
		t.Error("something that is not there was read")
	}
	if !Flag(raw, "on") || Flag(raw, "off") || Flag(raw, "none") || Flag(raw, "gone") {
		t.Error("a flag was misread")
	}
	for object, want := range map[string]string{`{}`: `{"b":1}`, `{"a":{}} `: `{"a":{},"b":1}`} {
		if got := string(With(jsontext.Value(object), "b", jsontext.Value("1"))); got != want {
			t.Errorf("%s with b is %s", object, got)
		}
	}
}

func TestFront(t *testing.T) {
	t.Parallel()
	value, end, err := Front([]byte(`{"a":1} , {"b":2}`))
	if string(value) != `{"a":1}` || end != 7 || err != nil {
		t.Errorf("%s, %d, %v", value, end, err)
	}
	if _, _, err = Front([]byte(`{"a":`)); !fault.Is(Broken(err), fault.BadGateway) {
		t.Errorf("half an object: %v", err)
	}
}

func TestBroken(t *testing.T) {
	t.Parallel()
	gone, other := fault.New(fault.NotFound, "gone"), errors.New("the client went away")
	if Broken(nil) != nil || !errors.Is(Broken(gone), gone) || !errors.Is(Broken(other), other) || fault.Is(Broken(other), fault.BadGateway) {
		t.Error("an error that is no broken answer was changed")
	}
	if !fault.Is(Broken(io.ErrUnexpectedEOF), fault.BadGateway) {
		t.Error("an answer that ends early is not broken")
	}
}

func TestOverlaid(t *testing.T) {
	t.Parallel()
	before := jsontext.Value(`{"keep":1,"drop":"x","part":{"a":1,"b":2}}`)
	got, err := Overlaid(before, map[string]any{"drop": nil, "part": map[string]any{"b": nil, "c": 3}, "passwordProfile": map[string]any{"password": "p"}})
	if string(got) != `{"keep":1,"part":{"a":1,"c":3}}` || err != nil {
		t.Errorf("%s, %v", got, err)
	}
	got, err = Created(map[string]any{"sent": 1, "both": "mine"}, jsontext.Value(`{"id":"7","both":"Graph's","none":null}`))
	if string(got) != `{"both":"Graph's","id":"7","sent":1}` || err != nil {
		t.Errorf("%s, %v", got, err)
	}
	if _, err := Overlaid(jsontext.Value(`[`), nil); !fault.Is(err, fault.BadGateway) {
		t.Errorf("what is no object: %v", err)
	}
}

// What Graph shows may be written otherwise than what was sent, in as far as the
// question lets it.
func TestCompare(t *testing.T) {
	t.Parallel()
	address := map[string]any{"city": "Delft", "zip": "1"}
	for name, c := range map[string]struct {
		shown, sent            any
		contains, holds, shows bool
	}{
		"the same":           {"Ada", "Ada", true, true, true},
		"another case":       {"ADA", "ada", true, true, false},
		"another offset":     {"2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00", true, true, false},
		"another":            {"Ada", "Grace", false, false, false},
		"cleared":            {nil, nil, true, true, true},
		"not cleared":        {"Ada", nil, true, true, false},
		"another order":      {[]any{"a", "b"}, []any{"b", "a"}, true, true, false},
		"one missing":        {[]any{"a"}, []any{"a", "b"}, false, false, false},
		"a part":             {address, map[string]any{"city": "Delft"}, true, true, true},
		"another part":       {address, map[string]any{"city": "Bonn"}, false, false, false},
		"what is never read": {address, map[string]any{"passwordProfile": "p", "members@odata.bind": "x"}, true, true, false},
	} {
		if got := Contains(c.shown, c.sent, []string{"city"}); got != c.contains {
			t.Errorf("%s: contains is %v", name, got)
		}
		if got := Holds(c.shown, c.sent); got != c.holds {
			t.Errorf("%s: holds is %v", name, got)
		}
		if got := Shows(c.shown, c.sent); got != c.shows {
			t.Errorf("%s: shows is %v", name, got)
		}
	}
}
