package config

import (
	"slices"

	"entrascim/internal/tenant"
)

// Thresholds are how much all clients of a tenant together may take away in one hour
// (UTC, from minute 0). Beyond it requests are answered 403, and write nothing.
type Thresholds struct {
	Deletes         int `yaml:"deletes" env:"ENTRASCIM_THRESHOLD_DELETES" help:"Users and groups that the tenant's clients may delete in an hour, all replicas of one store together; beyond it 403. 0: any number."`
	Disables        int `yaml:"disables" env:"ENTRASCIM_THRESHOLD_DISABLES" help:"Users that they may disable in an hour."`
	MemberRemovals  int `yaml:"memberRemovals" env:"ENTRASCIM_THRESHOLD_MEMBER_REMOVALS" help:"Members that they may remove from groups in an hour."`
	LicenseRemovals int `yaml:"licenseRemovals" env:"ENTRASCIM_THRESHOLD_LICENSE_REMOVALS" help:"Licenses that they may take from users in an hour."`
}

// everyStep stands for all steps in policy.leaver.
const everyStep = "all"

func leaverSteps() []string {
	return []string{"disable", "revokeSessions", "licenses", "groups", everyStep}
}

func (p Policy) leaver() tenant.Leaver {
	has := func(name string) bool { return slices.Contains(p.Leaver, name) || slices.Contains(p.Leaver, everyStep) }
	return tenant.Leaver{Disable: has("disable"), Sessions: has("revokeSessions"), Licenses: has("licenses"), Groups: has("groups")}
}

// guardChecks hold the policy's guard rails to the rules.
func (c *Config) guardChecks() []check {
	p, most := c.Policy, c.Policy.Thresholds
	return []check{
		{p.Delete == string(tenant.DeleteReally) || p.Delete == string(tenant.DeleteDisable), "policy.delete", "must be delete or disable"},
		{p.knownLeaver(), "policy.leaver", "must be of disable, revokeSessions, licenses, groups; or all"},
		{most.Deletes >= 0, "policy.thresholds.deletes", "must not be negative"},
		{most.Disables >= 0, "policy.thresholds.disables", "must not be negative"},
		{most.MemberRemovals >= 0, "policy.thresholds.memberRemovals", "must not be negative"},
		{most.LicenseRemovals >= 0, "policy.thresholds.licenseRemovals", "must not be negative"},
	}
}

func (p Policy) knownLeaver() bool {
	return !slices.ContainsFunc(p.Leaver, func(name string) bool { return !slices.Contains(leaverSteps(), name) })
}
