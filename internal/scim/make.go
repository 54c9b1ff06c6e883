package scim

// NewPatch reads operations as the body of a PATCH request has them (RFC 7644 section
// 3.5.2). What the type does not have is refused, and a replace that selects nothing
// creates the value.
func (rt *ResourceType) NewPatch(operations ...any) (Patch, error) {
	return rt.catalog().parsePatch(map[string]any{"Operations": operations}, Entra, true)
}

// NewDocument reads the body of a POST or PUT request. What the type does not have is
// refused.
func (rt *ResourceType) NewDocument(body map[string]any) (Document, error) {
	return rt.catalog().document(body, true)
}
