package config

import (
	"slices"

	"entrascim/internal/tenant"
)

// everyStep stands for all steps in policy.leaver.
const everyStep = "all"

func leaverSteps() []string {
	return []string{"disable", "revokeSessions", "licenses", "groups", everyStep}
}

func (p Policy) leaver() tenant.Leaver {
	has := func(name string) bool { return slices.Contains(p.Leaver, name) || slices.Contains(p.Leaver, everyStep) }
	return tenant.Leaver{Disable: has("disable"), Sessions: has("revokeSessions"), Licenses: has("licenses"), Groups: has("groups")}
}

func (p Policy) knownLeaver() bool {
	return !slices.ContainsFunc(p.Leaver, func(name string) bool { return !slices.Contains(leaverSteps(), name) })
}
