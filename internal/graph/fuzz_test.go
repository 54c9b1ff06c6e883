package graph

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	abs "github.com/microsoft/kiota-abstractions-go"

	"entrascim/internal/fault"
)

// Law: whatever an id is, it reaches Graph as one segment that unescapes to it, or
// not at all; what is searched for reaches Graph as the value of its own option.
func FuzzBuild(f *testing.F) {
	for _, id := range []string{"1", "..", "../groups/1", "..%2Fgroups%2F1", "1?$expand=manager", "a/b", "#", "zoë", "{id}", "$ref", "%", "a'b", "\x00", "\xff", "//h/p", "a;b"} {
		f.Add(id, id)
	}
	f.Fuzz(func(t *testing.T, id, filter string) {
		for _, base := range []string{"", "https://graph.microsoft.com/v1.0"} {
			k, err := build(base, Request{
				Path: "/groups/{group}/members/{member}/$ref", Params: map[string]string{"group": id, "member": "m"},
				Query: Query{Filter: filter, Top: 5},
			})
			if err != nil {
				if !fault.Is(err, fault.NotFound) {
					t.Fatalf("%q: %v", id, err)
				}
				continue
			}
			if want := templated(t, base, id, filter); k.url.String() != want {
				t.Fatalf("built %s, the SDK builds %s", k.url, want)
			}
			again, err := url.Parse(k.url.String())
			if err != nil {
				t.Fatal(err)
			}
			path := strings.Split(strings.TrimPrefix(again.EscapedPath(), "/v1.0"), "/")
			if len(path) != 6 || path[1] != "groups" || path[3] != "members" || path[5] != "$ref" {
				t.Fatalf("%q became %q", id, again)
			}
			if segment, err := url.PathUnescape(path[2]); err != nil || segment != id || id == "." || id == ".." {
				t.Fatalf("%q became %q", id, path[2])
			}
			query := again.Query()
			if again.Fragment != "" || query.Get("$top") != "5" || query.Get("$filter") != readable(filter) || len(query) > 2 {
				t.Fatalf("%q became %q", filter, again)
			}
			if again.Host != k.url.Host || base != "" && again.Host != "graph.microsoft.com" {
				t.Fatalf("%q went to %q", id, again.Host)
			}
		}
	})
}

// templated is the URL that the SDK's templates make of the same.
func templated(t *testing.T, base, id, filter string) string {
	t.Helper()
	info := abs.NewRequestInformation()
	info.UrlTemplate = "{+baseurl}/groups/{group}/members/{member}/$ref?"
	info.PathParameters = map[string]string{"baseurl": base, "group": id, "member": "m", "filter": filter, "top": "5"}
	if filter != "" {
		info.UrlTemplate += "$filter={filter}&"
	}
	info.UrlTemplate += "$top={top}"
	made, err := info.GetUri()
	if err != nil {
		t.Fatal(err)
	}
	return made.String()
}

// readable replaces each byte that is no UTF-8, as a JSON or URL writer does.
func readable(s string) string { return string([]rune(s)) }

// Law: a collection is read as encoding/json reads it, or refused; and both ways of
// reading one agree.
func FuzzCollection(f *testing.F) {
	f.Add([]byte(`{"@odata.count":2,"value":[1,{"a":[]}],"@odata.nextLink":"l"}`))
	f.Add([]byte(`{"value":[{"id":"1"},{"id":`))
	f.Add([]byte(`{"value":[]}x`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var got []string
		page, err := Collection(jsontext.Value(body), func(d *jsontext.Decoder) error {
			v, err := d.ReadValue()
			got = append(got, string(v))
			return err
		})
		var texts []string
		same, failed := collectionText(jsontext.Value(body), collectText(&texts))
		if (err == nil) != (failed == nil) && bytes.Count(body, []byte("value"))+bytes.Count(body, []byte(`\u`)) < 2 || err == nil && failed == nil && (same != page || !slices.Equal(got, texts)) {
			t.Fatalf("%q: %q, %+v, %v; as text %q, %+v, %v", body, got, page, err, texts, same, failed)
		}
		if err != nil || failed != nil {
			if err != nil && !fault.Is(err, fault.BadGateway) || failed != nil && !fault.Is(failed, fault.BadGateway) {
				t.Fatal(err, failed)
			}
			return
		}
		var want map[string]json.RawMessage
		var values []json.RawMessage
		if err := json.Unmarshal(body, &want); err != nil {
			t.Fatalf("accepted what is not JSON: %v", err)
		}
		if err := json.Unmarshal(want["value"], &values); err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, v := range values {
			all = append(all, string(v))
		}
		var link string
		_ = json.Unmarshal(want["@odata.nextLink"], &link)
		if !slices.Equal(got, all) || link != page.NextLink {
			t.Fatalf("%q and %q, want %q and %q", got, page.NextLink, all, link)
		}
	})
}
