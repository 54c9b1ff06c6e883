package graphsim_test

import (
	"fmt"
	"maps"
	"strings"

	"entrascim/internal/edm"
	"entrascim/internal/graphsim"
)

// scenes set up the state that each served example takes.
var scenes = map[string]func(*scene){
	"001": nothing,
	"003": func(s *scene) { s.put("{id | userPrincipalName}", s.shown("user", s.answer())) },
	"004": func(s *scene) { s.as(s.shown("user", s.answer())) },
	"006": values("user"),
	"007": func(s *scene) {
		s.user(graphsim.Values{"displayName": "John Smith", "identities": []map[string]any{
			{"signInType": "emailAddress", "issuer": "contoso.onmicrosoft.com", "issuerAssignedId": "j.smith@yahoo.com"},
		}})
	},
	"009": values("user"),
	"010": values("user"),
	"012": values("user"),
	"013": values("user"),
	"015": func(s *scene) { s.put("{id}", s.user(nil)) },
	"016": func(s *scene) { s.put("{id}", s.user(nil)) },
	"018": func(s *scene) {
		id := s.user(nil)
		s.must(s.dir.SetManager(id, s.shown("user", s.answer())))
		s.put("{id|userPrincipalName}", id)
	},
	"019": chain,
	"021": func(s *scene) {
		id := s.user(nil)
		for _, report := range s.elements() {
			s.must(s.dir.SetManager(s.shown("user", report), id))
		}
		s.as(id)
	},
	"022": memberOf("user"), "024": memberOf("user"), "025": memberOf("user"), "027": memberOf("user"), "028": memberOf("user"),
	"030": memberOf("user"), "031": memberOf("user"),
	"033": assignments, "034": assignment,
	"036": func(s *scene) {
		const had = "bea13e0c-3828-4daa-a392-28af7ff61a0f"
		s.subscription(had)
		s.subscription("0118a350-71fc-4ec3-8f0c-6a1cb8867561", "11b0131d-43c8-4bbb-b2c8-e80f9a50834a")
		s.as(s.user(graphsim.Values{
			"usageLocation": "US", "city": "city-value", "companyName": "companyName-value", "businessPhones": []string{"businessPhones-value"},
			"assignedLicenses": []map[string]any{{"skuId": had}},
		}))
	},
	"037": func(s *scene) {
		s.subscription("0118a350-71fc-4ec3-8f0c-6a1cb8867561", "11b0131d-43c8-4bbb-b2c8-e80f9a50834a")
		s.as(s.user(graphsim.Values{"assignedLicenses": []map[string]any{{"skuId": "0118a350-71fc-4ec3-8f0c-6a1cb8867561"}}}))
	},
	"042": nothing, "043": nothing, "045": nothing,
	"046": func(s *scene) { s.shown("group", s.answer()) },
	"048": values("group"),
	"049": nothing,
	"051": values("group"), "052": values("group"),
	"054": func(s *scene) { s.put("{id}", s.group(unified)) },
	"055": func(s *scene) { s.put("{id}", s.group(nil)) },
	"057": threeMembers,
	"058": func(s *scene) {
		group, user := s.group(nil), s.user(nil)
		s.must(s.dir.AddMembers(group, user))
		s.put("{group-id}", group)
		s.put("{directory-object-id}", user)
	},
	"060": groupOf("user"), "061": groupOf("user"), "063": groupOf("user"), "064": groupOf("user"),
	"066": groupOf("group"),
	"067": func(s *scene) { // the page searches for a word that its own answer does not hold
		s.elements()[0]["displayName"] = "Joseph Tier"
		groupOf("user")(s)
	},
	"069": memberOf("group"), "070": memberOf("group"), "072": memberOf("group"), "073": memberOf("group"),
	"075": func(s *scene) { s.put("{id}", s.group(nil), s.user(nil)) },
	"076": func(s *scene) {
		group, first, second := s.group(nil), s.user(nil), s.user(nil)
		s.must(s.dir.AddOwners(group, first, second))
		s.put("{id}", group, first)
	},
	"081": assignments,
	"082": func(s *scene) {
		for _, sku := range []string{"0118a350-71fc-4ec3-8f0c-6a1cb8867561", "bea13e0c-3828-4daa-a392-28af7ff61a0f"} {
			s.subscription(sku, "11b0131d-43c8-4bbb-b2c8-e80f9a50834a", "a571ebcc-f0e0-4ca2-8c8c-7a284fd6c235")
		}
		s.group(graphsim.Values{"id": "1ad75eeb-7e5a-4367-a493-9214d90d54d0"})
	},
	"084": func(s *scene) { s.put("{id}", s.group(unified)) },
	"085": values("application"), "087": values("application"), "088": values("application"),
	"091": func(s *scene) {
		s.put("{id}", s.add("application", graphsim.Values{"displayName": "Display name", "appId": "b3efaf8f-68a4-4275-abcf-f28ef86b2ee3"}))
	},
	"093": values("servicePrincipal"), "094": nothing, "096": values("servicePrincipal"),
	"097": func(s *scene) { s.put("{id}", s.shown("servicePrincipal", s.answer())) },
	"099": assignments, "100": assignment, "102": assignment,
	"103": memberOf("servicePrincipal"), "105": memberOf("servicePrincipal"), "106": memberOf("servicePrincipal"),
	"108": func(s *scene) {
		for _, group := range s.elements() {
			s.do("DELETE", "/groups/"+s.shown("group", group))
		}
	},
	"109": deletedGroup, "111": deletedUser,
	"112": func(s *scene) {
		second := s.elements()[1]
		second["id"] = "5d6059b6-368d-45f8-91e1-8e07d485f1d0" // the page shows the first one's twice
		s.shown("user", s.elements()[0])
		s.shown("user", second)
	},
	"114": func(s *scene) {
		user := s.user(nil)
		s.must(s.dir.AddMembers(s.group(graphsim.Values{"id": "fee2c45b-915a-4a64-b130-f4eb9e75525e"}), user))
		s.put("{id}", user)
	},
	"115": func(s *scene) {
		for _, role := range s.elements() {
			s.role(role)
		}
	},
	"117": func(s *scene) { s.role(s.answer()) },
	"118": func(s *scene) {
		s.role(map[string]any{"id": "23f3b4b4-8a29-4420-8052-e4950273bbda", "roleTemplateId": "4a5d8f65-41da-4de4-8968-e035b65339cf"})
		s.holder("4a5d8f65-41da-4de4-8968-e035b65339cf", s.shown("user", s.elements()[0]))
	},
	"120": func(s *scene) {
		s.role(map[string]any{"id": "fe8f10bf-c9c2-47eb-95cb-c26cc85f1830", "roleTemplateId": "88d8e3e3-8f55-4a1e-953a-9b9898b8876b"})
		s.user(graphsim.Values{"id": "15c1a2d5-9101-44b2-83ab-885db8a647ca"})
	},
	"121": func(s *scene) {
		s.role(map[string]any{"roleTemplateId": "88d8e3e3-8f55-4a1e-953a-9b9898b8876b"})
		s.user(graphsim.Values{"id": "bb165b45-151c-4cf6-9911-cd7188912848"})
	},
	"123": func(s *scene) {
		s.role(map[string]any{"roleTemplateId": "9f06204d-73c1-4d4c-880a-6edb90606fd8"})
		s.holder("9f06204d-73c1-4d4c-880a-6edb90606fd8", s.user(graphsim.Values{"id": "bb165b45-151c-4cf6-9911-cd7188912848"}))
	},
	"124": values("directoryAudit"), "126": twice("signIn"), "127": func(s *scene) {
		for range 6 {
			twice("signIn")(s)
		}
	},
	"129": nothing, "130": nothing,
	"132": func(s *scene) {
		o := s.elements()[0]
		o["owner"] = graphsim.DefaultClient // who alone sees it while it is in development
		s.add("schemaExtension", o)
	},
	"133": nothing, "135": nothing, "136": nothing,
	"138": throttled,
	"139": batch,
	"147": func(s *scene) {
		s.group(graphsim.Values{"mailNickname": "MyPrefix_test_mysuffix", "groupTypes": []string{"Unified"}, "mailEnabled": true})
		s.put("{id}", s.group(unified))
	},
	"148": func(s *scene) { s.group(graphsim.Values{"id": "0d09007d-45b2-458c-b180-880dde3a302e"}) },
	"150": threeMembers,
	"151": nothing, "153": nothing,
	"154": func(s *scene) {
		user := s.user(graphsim.Values{"id": "f1847572-48aa-47aa-96a3-2ec61904f41f"})
		for _, a := range s.elements() {
			_, err := s.dir.AssignRole(user, fmt.Sprint(a["roleDefinitionId"]), "")
			s.must(err)
		}
	},
	"156": func(s *scene) {
		role := s.add("unifiedRoleDefinition", graphsim.Values{"id": "8424c6f0-a189-499e-bbd0-26c1753c96d4", "displayName": "Attribute Assignment Administrator"})
		_, err := s.dir.MakeEligible(s.user(nil), role, "", s.sim.Now().AddDate(2, 0, 0))
		s.must(err)
	},
	"157": func(s *scene) {
		user := s.user(graphsim.Values{"id": "9bb0f679-a883-4a6f-8260-35b491b8b8c8"})
		sp := s.add("servicePrincipal", graphsim.Values{"id": "c8c95753-f628-48e1-9fab-76c2d4cf624c", "displayName": "Some app", "appId": absent})
		_, err := s.dir.Assign(user, sp, "")
		s.must(err)
		_, err = s.dir.AddJob(sp, graphsim.ProvisioningJob{ID: "3f7565a3-fde6-4e4d-bda8-1bb70aba3612", Rules: []graphsim.ProvisioningRule{
			{ID: "ea807875-5618-4f0a-9125-0b46a05298ca", Types: []string{"User"}, OnDemand: "true"},
		}})
		s.must(err)
	},
	"159": func(s *scene) {
		group, user := s.group(nil), s.user(nil)
		s.must(s.dir.AddMembers(group, user))
		s.put("{group-id}", group)
		s.put("{id}", user)
	},
	"160": func(s *scene) {
		s.put("{group-id}", s.group(nil))
		s.put("{missing-id}", absent)
		s.put("{id}", absent)
	},
	"161": crowded,
	"162": stranger, "163": removedBefore,
	"164": func(s *scene) {
		group, owner := s.group(unified), s.user(nil)
		s.must(s.dir.AddOwners(group, owner))
		s.put("{group-id}", group)
		s.put("{id}", owner)
	},
	"165": func(s *scene) {
		s.user(graphsim.Values{"id": "164d285a-80a4-48a8-bcb5-47f196b6319d", "onPremisesSyncEnabled": true})
	},
	"166": func(s *scene) {
		s.subscription("0118a350-71fc-4ec3-8f0c-6a1cb8867561")
		s.put("{id}", s.user(nil))
		s.put("{sku}", "0118a350-71fc-4ec3-8f0c-6a1cb8867561")
	},
	"167": func(s *scene) {
		s.put("{group-id}", s.group(graphsim.Values{"mailEnabled": true}))
		s.put("{id}", s.user(nil))
	},
	"168": nothing,
	"169": func(s *scene) { s.user(graphsim.Values{"userPrincipalName": "taken@contoso.com"}) },
	"170": nothing,
	"171": func(s *scene) { s.put("{id}", s.user(nil)) },
	"172": func(s *scene) { s.token = "" },
	"173": func(s *scene) { s.as(s.user(nil)) },
	"174": signIn, "175": assertion, "176": signIn,
	"177": func(s *scene) { consent(s, "grant") }, "178": func(s *scene) { consent(s, "refuse") },
}

const absent = "00000000-0000-4000-8000-000000000000"

var unified = graphsim.Values{"groupTypes": []string{"Unified"}, "mailEnabled": true, "securityEnabled": false}

func nothing(*scene) {}

func (s *scene) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// answer is the object that the example shows, elements are those of a list.
func (s *scene) answer() map[string]any { return object(s.Response.Body) }

func (s *scene) elements() []map[string]any {
	list, _ := s.answer()["value"].([]any)
	out := make([]map[string]any, len(list))
	for i, v := range list {
		out[i] = object(v)
	}
	return out
}

// as replays a request for /me as one for the user: there is no signed-in user,
// and /me is an alias of the same type.
func (s *scene) as(user string) {
	s.Request.Path = strings.Replace(s.Request.Path, "/me", "/users/"+user, 1)
}

func (s *scene) add(entity string, v graphsim.Values) string {
	s.Helper()
	id, err := s.dir.Add(entity, v)
	s.must(err)
	return id
}

// user and group add an object with what the scene does not care about made up.
func (s *scene) user(v graphsim.Values) string {
	s.Helper()
	return s.merged("user", graphsim.Values{"accountEnabled": true, "displayName": "Somebody", "userPrincipalName": s.name() + "@contoso.com", "mailNickname": s.name()}, v)
}

func (s *scene) group(v graphsim.Values) string {
	s.Helper()
	return s.merged("group", graphsim.Values{"displayName": "Some group", "mailNickname": s.name(), "securityEnabled": true, "mailEnabled": false}, v)
}

// subscription adds a license with service plans.
func (s *scene) subscription(sku string, plans ...string) {
	s.Helper()
	list := make([]map[string]any, len(plans))
	for i, plan := range plans {
		list[i] = map[string]any{"servicePlanId": plan, "servicePlanName": "PLAN", "provisioningStatus": "Success", "appliesTo": "User"}
	}
	s.add("subscribedSku", graphsim.Values{"skuId": sku, "skuPartNumber": "SKU", "servicePlans": list, "prepaidUnits": map[string]any{"enabled": 5}})
}

// role adds an activated directory role, and its definition where there is none.
func (s *scene) role(o map[string]any) {
	s.Helper()
	// that there is one already is no matter
	_, _ = s.dir.Add("unifiedRoleDefinition", graphsim.Values{"id": o["roleTemplateId"], "displayName": "Some role", "description": "Does something."})
	s.shown("directoryRole", o)
}

// holder gives a user a role.
func (s *scene) holder(role, user string) {
	s.Helper()
	_, err := s.dir.AssignRole(user, role, "")
	s.must(err)
}

func (s *scene) merged(entity string, base, v graphsim.Values) string {
	s.Helper()
	maps.Copy(base, v)
	return s.add(entity, base)
}

func (s *scene) name() string {
	s.made++
	return fmt.Sprintf("name%d", s.made)
}

// shown adds an object as the example shows it, without what the model does not
// know.
func (s *scene) shown(entity string, o map[string]any) string {
	s.Helper()
	model, v := edm.New(), graphsim.Values{}
	for name, value := range o {
		if _, ok := model.Property(entity, name); ok && value != nil {
			v[name] = value
		}
	}
	if id, _ := v["id"].(string); len(id) != 36 {
		delete(v, "id")
	}
	switch entity {
	case "user":
		return s.user(v)
	case "group":
		return s.group(v)
	}
	return s.add(entity, v)
}

// twice adds the objects of a list two times, so that there is another page.
func twice(entity string) func(*scene) {
	return func(s *scene) {
		for range 2 {
			for _, o := range s.elements() {
				copied := maps.Clone(o)
				delete(copied, "id")
				s.shown(entity, copied)
			}
		}
	}
}

// values adds the objects of a list.
func values(entity string) func(*scene) {
	return func(s *scene) {
		for _, o := range s.elements() {
			s.shown(entity, o)
		}
	}
}
