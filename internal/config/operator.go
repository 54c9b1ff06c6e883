package config

import (
	"crypto/x509"
	"strings"

	"entrascim/internal/graph"
	"entrascim/internal/tenant"
)

// maxOperatorName bounds what the operator is called, in bytes.
const maxOperatorName = 100

// HasOperator tells whether the operator has an app registration that tenants can
// consent to.
func (c Config) HasOperator() bool { return len(c.Operator.signIn().given()) > 0 }

// Consenting is the directory of that id as a tenant that uses the operator's app
// registration: what can be reached once its administrator has consented.
func (c Config) Consenting(directoryID string) *tenant.Tenant {
	c.Tenant = Tenant{Name: directoryID, ID: directoryID, Mode: string(tenant.Multi)}
	c.origins = nil
	return c.Directory()
}

func (o Operator) place() cloudPlace {
	return cloudPlace{graphURLOf(o.Cloud, o.GraphURL), o.Authority, o.CA.Content}
}

// operatorChecks hold the operator's app registration to the rules, when there is one.
func (c *Config) operatorChecks() []check {
	o := c.Operator
	_, cloud := graph.FindCloud(o.Cloud)
	checks := []check{
		{len(o.Name) <= maxOperatorName && oneLine(o.Name), "operator.name", "must be one line of at most 100 bytes"},
		{cloud, "operator.cloud", "must be one of " + strings.Join(cloudNames(), ", ")},
		{o.GraphURL == "" || validURL(o.GraphURL, "https"), "operator.graphURL", "must be an https URL"},
		{o.Authority == "" || validURL(o.Authority, "https"), "operator.authority", "must be an https URL"},
		{!cloud || o.place().complete(), "operator.authority", "is missing: a Graph URL that is not Microsoft's needs it"},
		{!o.CA.Given() || x509.NewCertPool().AppendCertsFromPEM(o.CA.Content), "operator.caFile", "must hold PEM certificates"},
	}
	if c.HasOperator() {
		checks = append(checks, o.signIn().checks()...)
	}
	return checks
}

// multiChecks hold a tenant that uses the operator's app registration.
func (c *Config) multiChecks() []check {
	given := c.Tenant.signIn().given()
	key := "tenant.clientID"
	if len(given) > 0 {
		key = "tenant." + given[0]
	}
	return []check{
		{c.HasOperator(), "tenant.mode", "multi needs the operator's app registration: operator.clientID and its credential"},
		{len(given) == 0, key, "cannot be given to a tenant of mode multi, which is reached with the operator's app registration"},
	}
}
