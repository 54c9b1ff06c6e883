package scim

// rolesAndEntitlements says what there is of roles and entitlements
// (draft-ietf-scim-roles-entitlements section 3.1); nil when there are no such resource
// types.
func (s *server) rolesAndEntitlements() map[string]any {
	roles := s.assignable("roles", "/Roles", "multipleRolesSupported")
	entitlements := s.assignable("entitlements", "/Entitlements", "multipleEntitlementsSupported")
	if roles["supported"] == false && entitlements["supported"] == false {
		return nil
	}
	return map[string]any{"roles": roles, "entitlements": entitlements}
}

// assignable says whether an endpoint lists what an attribute of users can hold, and
// what the values of the attribute are like.
func (s *server) assignable(attr, endpoint, several string) map[string]any {
	out := map[string]any{"supported": false}
	for _, rt := range s.types {
		if rt.Endpoint == endpoint {
			out["supported"] = true
		}
		n, ok := rt.index.resolve(attr)
		if !ok || n.absent() || n.attr == nil || n.attr.kind != typeComplex {
			continue
		}
		served := func(name string) bool { sub := n.attr.sub(name); return sub != nil && !sub.absent }
		out[several], out["primarySupported"], out["typeSupported"] = n.attr.multi, served("primary"), served("type")
		if served("type") && len(n.attr.sub("type").canonical) > 0 {
			out["types"] = n.attr.sub("type").canonical
		}
	}
	return out
}
