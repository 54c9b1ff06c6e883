package scim

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/go-json-experiment/json"

	"entrascim/internal/fault"
)

// The schemas of the discovery resources (RFC 7643 sections 5 to 7).
const (
	configSchema       = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
	resourceTypeSchema = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
	schemaSchema       = "urn:ietf:params:scim:schemas:core:2.0:Schema"
)

// discovery adds the endpoints of RFC 7644 section 4.
func (s *server) discovery(r chi.Router) {
	r.Get("/ServiceProviderConfig", s.discover(s.config, false))
	r.Get("/ResourceTypes", s.discover(listed(s.resourceTypes), true))
	r.Get("/ResourceTypes/{id}", s.discover(single(s.resourceTypes), true))
	r.Get("/Schemas", s.discover(listed(s.schemas), true))
	r.Get("/Schemas/{id}", s.discover(single(s.schemas), true))
}

// discover answers with what of makes. Where there are several resources a filter is
// refused, so that nobody takes all of them for what matches; other parameters are
// ignored (RFC 7644 section 4).
func (s *server) discover(of func(r *http.Request) (map[string]any, error), several bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		values, err := parameters(r)
		if err == nil && several && values.Has("filter") {
			err = fault.New(fault.Forbidden, "The discovery endpoints can not be filtered.")
		}
		var body map[string]any
		if err == nil {
			body, err = of(r)
		}
		if err != nil {
			WriteError(w, r, err)
			return
		}
		a := &reply{w: w, status: http.StatusOK, whole: true}
		a.finish(r, json.MarshalEncode(a.encoder(), body, json.Deterministic(true)))
	}
}

// listed answers with all of them. Paging is ignored, as RFC 7644 section 4
// wants.
func listed(all func(r *http.Request) []map[string]any) func(*http.Request) (map[string]any, error) {
	return func(r *http.Request) (map[string]any, error) {
		items := all(r)
		return map[string]any{
			"schemas": []string{listSchema}, "totalResults": len(items),
			"startIndex": 1, "itemsPerPage": len(items), "Resources": items,
		}, nil
	}
}

func single(all func(r *http.Request) []map[string]any) func(*http.Request) (map[string]any, error) {
	return func(r *http.Request) (map[string]any, error) {
		id, err := pathID(r)
		if err != nil {
			return nil, err
		}
		for _, item := range all(r) {
			if known, _ := item["id"].(string); strings.EqualFold(known, id) {
				return item, nil
			}
		}
		return nil, fault.New(fault.NotFound, "There is no resource with this id.")
	}
}

// config says what is supported (RFC 7643 section 5, RFC 9865 section 4).
func (s *server) config(r *http.Request) (map[string]any, error) {
	supported := func(b bool) map[string]any { return map[string]any{"supported": b} }
	body := map[string]any{
		"schemas":        []string{configSchema},
		"patch":          supported(true),
		"bulk":           map[string]any{"supported": true, "maxOperations": s.options.MaxOperations, "maxPayloadSize": s.options.MaxBody},
		"filter":         map[string]any{"supported": true, "maxResults": s.options.MaxPage},
		"changePassword": supported(s.changesPasswords()),
		"sort":           supported(s.options.Sort),
		"etag":           supported(true),
		"pagination": map[string]any{
			"cursor": true, "index": true, "defaultPaginationMethod": "index",
			"defaultPageSize": s.options.DefaultPage, "maxPageSize": s.options.MaxPage,
			"cursorTimeout": int(s.options.CursorLife.Seconds()),
		},
		"authenticationSchemes": s.schemes(r),
		"meta":                  meta("ServiceProviderConfig", BaseFrom(r.Context())+"/ServiceProviderConfig"),
	}
	if about := s.rolesAndEntitlements(); about != nil {
		body["RolesAndEntitlements"] = about
	}
	if s.options.DocumentationURI != "" {
		body["documentationUri"] = s.options.DocumentationURI
	}
	return body, nil
}

// A Scheme is a way to authenticate (RFC 7643 section 5).
type Scheme struct {
	Type, Name, Description string // the type is one of RFC 7643, such as "oauthbearertoken"
	SpecURI                 string
}

// schemes are the ways to authenticate that the client's tenant has, the first being
// what is advised.
func (s *server) schemes(r *http.Request) []map[string]any {
	all := []map[string]any{}
	for i, scheme := range s.options.Schemes(r) {
		one := map[string]any{
			"type": scheme.Type, "name": scheme.Name, "description": scheme.Description, "specUri": scheme.SpecURI, "primary": i == 0,
		}
		if s.options.AuthenticationDoc != "" {
			one["documentationUri"] = s.options.AuthenticationDoc
		}
		all = append(all, one)
	}
	return all
}

// BearerScheme is that of clients who have a token.
func BearerScheme() Scheme {
	return Scheme{
		"oauthbearertoken", "OAuth Bearer Token", "Each SCIM client sends its token in the Authorization header.", "https://www.rfc-editor.org/info/rfc6750",
	}
}

func (s *server) changesPasswords() bool {
	for _, rt := range s.types {
		n, ok := rt.index.resolve("password")
		if ok && rt.Writer != nil && !n.absent() && n.attr.mutability != readOnly {
			return true
		}
	}
	return false
}

func (s *server) resourceTypes(r *http.Request) []map[string]any {
	items := []map[string]any{}
	for _, rt := range s.reached(r) {
		extensions := make([]map[string]any, 0, len(rt.Extensions))
		for _, e := range rt.Extensions {
			extensions = append(extensions, map[string]any{"schema": e.Schema.ID, "required": e.Required})
		}
		items = append(items, map[string]any{
			"schemas": []string{resourceTypeSchema}, "id": rt.ID, "name": rt.Name, "description": rt.Description,
			"endpoint": rt.Endpoint, "schema": rt.Schema.ID, "schemaExtensions": extensions,
			"meta": meta("ResourceType", BaseFrom(r.Context())+"/ResourceTypes/"+url.PathEscape(rt.ID)),
		})
	}
	return items
}

// schemas are those of all resource types that the client may reach, each once.
func (s *server) schemas(r *http.Request) []map[string]any {
	items := []map[string]any{}
	seen := make(map[string]bool)
	add := func(id string, body map[string]any) {
		if !seen[id] {
			seen[id] = true
			body["meta"] = meta("Schema", BaseFrom(r.Context())+"/Schemas/"+url.PathEscape(id))
			items = append(items, body)
		}
	}
	for _, rt := range s.reached(r) {
		add(rt.Schema.ID, rt.Schema.ToMap())
		for _, e := range rt.Extensions {
			add(e.Schema.ID, e.Schema.ToMap())
		}
	}
	return items
}

func meta(resourceType, location string) map[string]any {
	return map[string]any{"resourceType": resourceType, "location": location}
}
