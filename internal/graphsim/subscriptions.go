package graphsim

// completeSubscription fills in what a subscription has beside its SKU and its
// units.
func completeSubscription(k *kind, s *state) {
	s.fill(k, "capabilityStatus", `"Enabled"`)
	s.fill(k, "appliesTo", `"User"`)
	s.fill(k, "consumedUnits", "0")
	s.set(k, "prepaidUnits", merge(k, "prepaidUnits", `{"enabled":0,"suspended":0,"warning":0,"lockedOut":0}`, s))
}
