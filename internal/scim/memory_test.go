package scim

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/fault"
)

// memory is a resource type that lives in memory.
type memory struct {
	rt *ResourceType

	mu   sync.Mutex
	docs map[string]Document
	ids  []string // in the order of creation
}

// world serves users, groups and a read-only type from memory.
func world(o Options) http.Handler {
	users, groups := &memory{rt: userType()}, &memory{rt: groupType()}
	users.rt.Reader, users.rt.Writer = users, users
	groups.rt.Reader, groups.rt.Writer = groups, groups
	badges := *groupType()
	badges.index = nil
	badges.ID, badges.Name, badges.Endpoint = "Badge", "Badge", "/Badges"
	badges.Schema.ID = "urn:ietf:params:scim:schemas:core:2.0:Badge"
	badges.Reader = users
	if o.BaseURL == nil {
		o.BaseURL = func(*http.Request) string { return "https://scim.example/scim/v2" }
	}
	return NewHandler([]ResourceType{*users.rt, *groups.rt, badges}, o)
}

func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.URL
}

func (m *memory) find(id string) (Document, error) {
	doc, ok := m.docs[id]
	if !ok {
		return nil, fault.New(fault.NotFound, "There is no %s %q.", m.rt.Name, id)
	}
	return doc, nil
}

func (m *memory) Get(_ context.Context, id string, p Projection, enc *jsontext.Encoder) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	doc, err := m.find(id)
	if err != nil {
		return err
	}
	return json.MarshalEncode(enc, p.Prune(doc))
}

func (m *memory) List(_ context.Context, q Query, out *ListWriter) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []Document
	match := q.Matcher()
	for _, id := range m.ids {
		if match.Match(m.docs[id]) {
			found = append(found, m.docs[id])
		}
	}
	out.Total(len(found))
	from := min(q.StartIndex-1, len(found))
	if len(q.Place) > 0 {
		from, _ = strconv.Atoi(string(q.Place))
	}
	if to := from + q.Count; q.ByCursor && q.Count > 0 && to < len(found) {
		out.Next([]byte(strconv.Itoa(to)))
	}
	if q.ByCursor && from > 0 {
		out.Previous([]byte(strconv.Itoa(max(from-q.Count, 0))))
	}
	for _, doc := range found[from:min(from+q.Count, len(found))] {
		if err := out.Resource(func(enc *jsontext.Encoder) error { return json.MarshalEncode(enc, q.Projection.Prune(doc)) }); err != nil {
			return err
		}
	}
	return nil
}

func (m *memory) Create(_ context.Context, doc Document, p Projection, enc *jsontext.Encoder) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, other := range m.docs {
		if name, ok := doc["userName"].(string); ok && strings.EqualFold(name, fmt.Sprint(other["userName"])) {
			return "", fault.New(fault.Uniqueness, "userName %q is taken.", name)
		}
	}
	id := fmt.Sprintf("%s-%d", strings.ToLower(m.rt.Name), len(m.ids)+1)
	if _, given := doc["active"]; !given && m.rt.Name == "User" {
		doc["active"] = true
	}
	m.ids = append(m.ids, id)
	if m.docs == nil {
		m.docs = map[string]Document{}
	}
	m.put(id, doc)
	return id, json.MarshalEncode(enc, p.Prune(m.docs[id]))
}

func (m *memory) put(id string, doc Document) {
	doc["id"] = id
	doc["meta"] = map[string]any{
		"resourceType": m.rt.Name, "created": "2024-05-01T10:00:00Z", "lastModified": "2024-05-01T10:00:00Z",
		"location": "https://scim.example/scim/v2" + m.rt.Endpoint + "/" + id,
	}
	m.docs[id] = doc
}

func (m *memory) Replace(_ context.Context, id string, doc Document, p Projection, enc *jsontext.Encoder) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, err := m.find(id); err != nil {
		return err
	}
	m.put(id, doc)
	return json.MarshalEncode(enc, p.Prune(doc))
}

func (m *memory) Patch(_ context.Context, id string, ops Patch, p Projection, wantBody bool, enc *jsontext.Encoder) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	doc, err := m.find(id)
	if err != nil {
		return err
	}
	after, err := ops.Apply(doc)
	if err != nil {
		return err
	}
	m.put(id, after)
	if !wantBody {
		return nil
	}
	return json.MarshalEncode(enc, p.Prune(after))
}

func (m *memory) Delete(_ context.Context, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, err := m.find(id); err != nil {
		return err
	}
	delete(m.docs, id)
	m.ids = slices.DeleteFunc(m.ids, func(other string) bool { return other == id })
	return nil
}
