package graphsim

// mostLicensed is how many employees get a license of their own.
const mostLicensed = 200

// makeSubscriptions makes the licenses of the company, with more units than it has
// users, and gives some to employees.
func (g *generator) makeSubscriptions() error {
	if g.scale.Users == 0 {
		return nil
	}
	for _, p := range licensed {
		_, err := g.d.Add("subscribedSku", Values{
			"accountId": g.d.tenant, "accountName": "Contoso", "skuId": p.sku, "skuPartNumber": p.name,
			"prepaidUnits": map[string]any{"enabled": g.scale.Users + 25}, "servicePlans": p.plans,
			"subscriptionIds": []string{g.d.ids.next()},
		})
		if err != nil {
			return err
		}
	}
	return g.giveLicenses()
}

// giveLicenses gives the first license to employees, and the second to every third of
// them.
func (g *generator) giveLicenses() error {
	defer g.d.lockPast()()
	for n, i := range g.sample(min(len(g.staff), mostLicensed), len(g.staff)) {
		var states []licenseState
		for _, p := range licensed[:1+(n+2)%3/2] {
			states = append(states, licenseState{DisabledPlans: []string{}, LastUpdatedDateTime: timeOf(g.d), SkuID: p.sku})
		}
		if err := g.d.license(g.d.byID[g.staff[i]], states, true); err != nil {
			return err
		}
	}
	return nil
}

// licensed are products with some of their services. Source:
// https://learn.microsoft.com/entra/identity/users/licensing-service-plan-reference.
var licensed = []struct {
	sku, name string
	plans     []map[string]string
}{
	{"6fd2c87f-b296-42f0-b197-1e91e994b900", "ENTERPRISEPACK", []map[string]string{
		servicePlan("efb87545-963c-4e0d-99df-69c6916d9eb0", "EXCHANGE_S_ENTERPRISE"),
		servicePlan("5dbe027f-2339-4123-9542-606e4d348a72", "SHAREPOINTENTERPRISE"),
		servicePlan("57ff2da0-773e-42df-b2af-ffb7a2317929", "TEAMS1"),
	}},
	{"84a661c4-e949-4bd2-a560-ed7766fcaf2b", "AAD_PREMIUM_P2", []map[string]string{
		servicePlan("eec0eb4f-6444-4f95-aba0-50c24d67f998", "AAD_PREMIUM_P2"),
	}},
}

func servicePlan(id, name string) map[string]string {
	return map[string]string{"servicePlanId": id, "servicePlanName": name, "provisioningStatus": "Success", "appliesTo": "User"}
}
