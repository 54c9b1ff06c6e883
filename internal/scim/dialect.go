package scim

// dialects are the names of the dialects.
func dialects() map[string]Dialect {
	return map[string]Dialect{"rfc": RFC, "entra": Entra, "okta": Okta, "one-identity": OneIdentity}
}

// FindDialect gives the dialect of that name.
func FindDialect(name string) (Dialect, bool) {
	d, ok := dialects()[name]
	return d, ok
}
