package mapping_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/mapping"
)

// However an object is written, it reads as what it says.
func FuzzRead(f *testing.F) {
	plan := compile(f, "user.yaml").Read(everything)
	f.Add(user(0), uint64(0))
	f.Add(`{"id":"\u0061\\","surname":"\"","otherMails":["\\\"",null,"",{}],"jobTitle":1e9,"employeeOrgData":{"costCenter":"\\"},"manager":{"id":7}}`, uint64(1))
	f.Add(`{"id":true,"x":{"y":[{"z":"}"},[[]],-1]},"businessPhones":"1","employeeOrgData":[],"displayName":"日本","accountEnabled":false,"city":{},"state":[],"surname":""}`, uint64(2))
	f.Fuzz(func(t *testing.T, text string, seed uint64) {
		var object map[string]any
		plain := jsontext.Value(text)
		if !plain.IsValid() || plain.Kind() != '{' || json.Unmarshal(plain, &object) != nil {
			return
		}
		want := both(t, plan, text)
		for name, attribute := range map[string]string{"displayName": "displayName", "jobTitle": "title", "preferredLanguage": "preferredLanguage"} {
			if s, ok := object[name].(string); ok && s != "" && want[attribute] != s {
				t.Errorf("%s %q reads as %v", name, s, want[attribute])
			}
		}
		disguised := disguise(text, rand.New(rand.NewPCG(seed, 0)))
		if got := both(t, plan, disguised); !reflect.DeepEqual(got, want) {
			t.Errorf("%s\nreads as %v\nbut %s\nas %v", text, want, disguised, got)
		}
	})
}

// What is read is JSON, and what is JSON is read: as far as jsontext reads it.
func FuzzScan(f *testing.F) {
	table := compile(f, "user.yaml")
	plans := []*mapping.ReadPlan{table.Read(everything), table.Read(bare), table.Read(nothing)}
	for _, seed := range []string{
		user(0), `{"id":"\ud800"}`, `{"id":"\ud83d\ude00"}`, "{\"id\":\"\xff\"}", `{"id":"日"}`, `{"id":"\x"}`, "{\"id\":\"\t\"}", `{"id":1.5e+3}`, `{"id":01}`, `{"id":-}`,
		`{"id":tru}`, `{"id":nulll}`, `{"id":"1"`, `{"id"}`, `{"id":}`, `{"id":1,}`, `{,}`, `{"a":[1,]}`, `{"a":[}`, `{"a":[[[{"b":[]}]]],"a":2} trailing`, ` { } `, `[]`, ``, `"`, `{"a":"\"`,
		`{"otherMails":[1,2,{}],"businessPhones":["x"],"manager":{"id":[]},"employeeOrgData":{"division":"x"}}`, `{"employeeOrgData":"x"}`, "\ufeff{}", "{\"a\"\v:1}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		d := jsontext.NewDecoder(bytes.NewBuffer(bytes.Clone(text)), jsontext.AllowDuplicateNames(true))
		raw, failed := d.ReadValue()
		good := failed == nil && raw.Kind() == '{'
		for _, plan := range plans {
			before := bytes.Clone(text)
			out, end, err := plan.Append(nil, text, mapping.Env{BaseURL: "https://host/scim/v2", Relation: relations{}.of})
			if (err == nil) != good || good && end != int(d.InputOffset()) {
				t.Fatalf("%q: read to %d (%v), jsontext to %d (%v)", text, end, err, d.InputOffset(), failed)
			}
			if good && !jsontext.Value(out).IsValid(jsontext.AllowDuplicateNames(true)) {
				t.Fatalf("%q became %q", text, out)
			}
			if !bytes.Equal(before, text) {
				t.Fatalf("%q became %q", before, text)
			}
		}
	})
}

func nothing(string, string, string) bool { return false }

// One plan serves many at once, whatever the order of the properties is.
func TestReadAtOnce(t *testing.T) {
	t.Parallel()
	plan := compile(t, "user.yaml").Read(everything)
	objects := []string{user(1), `{"surname":"Vance","id":"u","employeeOrgData":{"costCenter":"1","division":"2"}}`, `{"jobTitle":"x","surname":null,"id":"v"}`}
	for i, object := range objects {
		want := read(t, plan, object, nil)
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			for range 200 {
				if got := read(t, plan, object, nil); !reflect.DeepEqual(got, want) {
					t.Fatalf("%s\nreads as %v\nwant %v", object, got, want)
				}
			}
		})
	}
}

// both reads an object by Resource and by Append, which must give the same.
func both(t *testing.T, plan *mapping.ReadPlan, object string) map[string]any {
	t.Helper()
	env := mapping.Env{BaseURL: "https://host/scim/v2", Relation: relations{}.of}
	whole := read(t, plan, object, nil)
	text, end, err := plan.Append([]byte("before"), []byte(object+"]"), env)
	if err != nil || strings.TrimSpace(object[end:]) != "" {
		t.Fatal(object, end, err)
	}
	appended, found := bytes.CutPrefix(text, []byte("before"))
	if !found || !jsontext.Value(appended).IsValid() {
		t.Fatalf("%s appended as %s", object, text)
	}
	if got := decode(t, string(appended)); !reflect.DeepEqual(got, whole) {
		t.Errorf("appended %v, written %v", got, whole)
	}
	return whole
}

// disguise writes the same object with white space, and some names with escapes.
func disguise(text string, chance *rand.Rand) string {
	var b strings.Builder
	space := func() { b.WriteString(" \t\r\n"[:chance.IntN(5)]) }
	dec := jsontext.NewDecoder(strings.NewReader(text))
	for {
		kind, length := dec.StackIndex(dec.StackDepth())
		from := dec.InputOffset()
		if _, err := dec.ReadToken(); err != nil {
			return b.String()
		}
		token := strings.TrimLeft(text[from:dec.InputOffset()], ",: \t\r\n")
		separator := text[from : dec.InputOffset()-int64(len(token))]
		space()
		b.WriteString(separator)
		space()
		if kind == '{' && length%2 == 0 && !strings.Contains(token, `\`) {
			token = escaped(token, chance)
		}
		b.WriteString(token)
	}
}

// escaped writes some letters of a name as escapes.
func escaped(name string, chance *rand.Rand) string {
	var b strings.Builder
	for _, r := range name {
		if r|0x20 >= 'a' && r|0x20 <= 'z' && chance.IntN(20) == 0 {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
