package graphsim

import (
	"slices"
	"strings"
)

// A Domain is a verified domain of a tenant.
type Domain struct {
	Name      string
	Default   bool // addresses of groups are made in it
	Initial   bool // the onmicrosoft.com one
	Federated bool // users in it need an onPremisesImmutableId
}

// verifiedDomains are what a tenant has unless told otherwise.
var verifiedDomains = []Domain{
	{Name: "contoso.com", Default: true},
	{Name: "contoso.onmicrosoft.com", Initial: true},
	{Name: "fabrikam.com"},
	{Name: "example.com"},
	{Name: "federated.example.com", Federated: true},
}

// addDomains stores the domains and the organization that names them.
func (d *Directory) addDomains(list []Domain) error {
	verified := make([]map[string]any, 0, len(list))
	for _, domain := range list {
		authentication := "Managed"
		if domain.Federated {
			authentication = "Federated"
		}
		_, err := d.Add("domain", Values{
			"id": domain.Name, "authenticationType": authentication, "isAdminManaged": true,
			"isDefault": domain.Default, "isInitial": domain.Initial, "isRoot": !isSubdomain(domain.Name, list), "isVerified": true,
			"supportedServices":                []string{"Email", "OfficeCommunicationsOnline"},
			"passwordNotificationWindowInDays": 14, "passwordValidityPeriodInDays": 90,
		})
		if err != nil {
			return err
		}
		verified = append(verified, map[string]any{
			"capabilities": "Email, OfficeCommunicationsOnline", "isDefault": domain.Default,
			"isInitial": domain.Initial, "name": domain.Name, "type": authentication,
		})
	}
	_, err := d.Add("organization", Values{
		"id": d.tenant, "displayName": "Contoso", "countryLetterCode": "US",
		"verifiedDomains": verified, "tenantType": "AAD",
		"technicalNotificationMails": []string{"admin@" + d.defaultDomain()},
	})
	return err
}

func isSubdomain(name string, list []Domain) bool {
	return slices.ContainsFunc(list, func(d Domain) bool { return strings.HasSuffix(name, "."+d.Name) })
}

// domain finds a verified domain by name; nil when there is none.
func (d *Directory) domain(name string) *object {
	return first(d.lookup(d.schema["domain"], "id", name))
}

func (d *Directory) domainWhere(property string) string {
	list := d.sets[d.schema["domain"]].list
	for _, o := range list {
		if o.is(property) {
			return o.text("id")
		}
	}
	if len(list) > 0 {
		return list[0].text("id")
	}
	return strings.ToLower(d.tenant)
}

func (d *Directory) defaultDomain() string { return d.domainWhere("isDefault") }
func (d *Directory) initialDomain() string { return d.domainWhere("isInitial") }
