package graphsim_test

import (
	"crypto/rand"
	"crypto/rsa"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"entrascim/internal/graphsim"
	"entrascim/internal/graphsim/login"
	"entrascim/internal/graphsim/trouble"
)

// chain makes the managers that the example shows one above the other.
func chain(s *scene) {
	o := s.answer()
	user := s.shown("user", o)
	s.as(user)
	for object(o["manager"]) != nil {
		o = object(o["manager"])
		above := s.shown("user", o)
		s.must(s.dir.SetManager(user, above))
		user = above
	}
}

// memberOf puts an object of a type into the groups that the example shows, or
// into one that is made up.
func memberOf(entity string) func(*scene) {
	return func(s *scene) {
		var id string
		switch entity {
		case "user":
			id = s.user(nil)
		case "group":
			id = s.group(nil)
		default:
			id = s.add(entity, graphsim.Values{"displayName": "Some app", "appId": absent})
		}
		groups := s.elements()
		if len(groups) == 0 {
			groups = append(groups, map[string]any{})
		}
		for _, g := range groups {
			s.must(s.dir.AddMembers(s.shown("group", g), id))
		}
		s.put("{id}", id)
	}
}

// groupOf makes a group with the members that the example shows, or one.
func groupOf(entity string) func(*scene) {
	return func(s *scene) {
		group := s.group(nil)
		list := s.elements()
		if len(list) == 0 {
			list = append(list, map[string]any{})
		}
		for _, o := range list {
			s.must(s.dir.AddMembers(group, s.shown(entity, o)))
		}
		s.put("{id}", group)
	}
}

func threeMembers(s *scene) {
	s.put("{group-id}", s.group(nil))
	s.put("{id}", s.user(nil), s.user(nil), s.user(nil))
}

// stranger asks to remove somebody who is no member.
func stranger(s *scene) {
	s.put("{group-id}", s.group(nil))
	s.put("{id}", s.user(nil))
}

// crowded is a group with as many owners as it can have.
func crowded(s *scene) {
	group := s.group(nil)
	for range 100 {
		s.must(s.dir.AddOwners(group, s.user(nil)))
	}
	s.put("{group-id}", group)
	s.put("{id}", s.user(nil))
}

func deletedGroup(s *scene) {
	o := map[string]any{"displayName": "SampleGroup", "groupTypes": []string{"Unified"}, "mailEnabled": true, "securityEnabled": false}
	if s.answer() != nil {
		o = s.answer()
	}
	id := s.shown("group", o)
	s.do("DELETE", "/groups/"+id)
	s.put("{object-id}", id)
}

// assignments makes the app role assignments that the example shows.
func assignments(s *scene) {
	for _, a := range s.elements() {
		principal, resource := s.ends(a, nil)
		_, err := s.dir.Assign(principal, resource, "")
		s.must(err)
	}
}

// assignment makes what the assignment of the example is to connect.
func assignment(s *scene) {
	role := object(s.Request.Body)["appRoleId"]
	s.ends(s.answer(), []map[string]any{{
		"id": role, "allowedMemberTypes": []string{"User", "Application"}, "displayName": "Reader", "value": "Reader", "isEnabled": true,
	}})
}

// ends adds the principal and the resource of an assignment.
func (s *scene) ends(a map[string]any, roles []map[string]any) (principal, resource string) {
	s.Helper()
	named := func(end string) map[string]any {
		return map[string]any{"id": a[end+"Id"], "displayName": a[end+"DisplayName"]}
	}
	switch a["principalType"] {
	case "User":
		principal = s.shown("user", named("principal"))
	case "Group":
		principal = s.shown("group", named("principal"))
	default:
		o := named("principal")
		o["appId"] = "11111111-1111-4111-8111-111111111111"
		principal = s.shown("servicePrincipal", o)
	}
	o := named("resource")
	o["appId"], o["appRoles"] = absent, roles
	return principal, s.shown("servicePrincipal", o)
}

func deletedUser(s *scene) {
	id := s.user(nil)
	s.do("DELETE", "/users/"+id)
	s.put("{object-id}", id)
}

// removedBefore asks to remove a member whose removal has not reached the reader
// yet.
func removedBefore(s *scene) {
	s.start(graphsim.Options{Lag: graphsim.Lag{Read: time.Minute, List: time.Minute}})
	stranger(s)
	group, user := s.blanks["{group-id}"][0], s.blanks["{id}"][0]
	s.must(s.dir.AddMembers(group, user))
	s.sim.Advance(2 * time.Minute)
	s.do("DELETE", "/groups/"+group+"/members/"+user+"/$ref")
}

// throttled is a tenant whose budget is spent.
func throttled(s *scene) {
	s.start(graphsim.Options{Throttle: true, Limits: trouble.Limits{
		SmallUnits: trouble.Limit{Amount: 2, Window: 10 * time.Second},
	}})
	s.do("GET", "/users")
}

// batch is asked by an application that may read users, groups and roles.
func batch(s *scene) {
	const id, secret = "6a0c2f3e-5c1d-4a53-8d2a-1f0f3a4b5c6d", "reader"
	s.register(login.App{ID: id, Secrets: []login.Secret{{Value: secret}}, Roles: []string{"User.Read.All", "GroupMember.Read.All", "RoleManagement.Read.Directory"}})
	s.token = (&client{T: s.T, sim: s.sim}).login(graphsim.DefaultTenant, id, secret)
	user := s.user(graphsim.Values{"id": "161ab652-cdbc-490d-82a4-0ada1f0db247"})
	s.holder("88d8e3e3-8f55-4a1e-953a-9b9898b8876b", user)
	s.must(s.dir.AddMembers(s.group(graphsim.Values{"id": "0e226165-c685-41ce-8bfc-df8360ab325d"}), user))
	s.put("{id}", user)
}

// signIn registers the application of the token request.
func signIn(s *scene) {
	const id, secret = "535fb089-9ff3-47b6-9bfb-4f1264799865", "sampleCredentials"
	body, _ := s.Request.Body.(string)
	body = strings.Replace(body, "client_id=...", "client_id="+id, 1)
	s.Request.Body = strings.Replace(body, "client_secret=...", "client_secret="+secret, 1)
	s.register(login.App{ID: id, Secrets: []login.Secret{{Value: secret}}})
}

func (s *scene) register(app login.App) {
	s.Helper()
	app.TenantID, app.DisplayName = graphsim.DefaultTenant, "The example's app"
	s.must(s.sim.Register(app))
	s.put("{tenant}", graphsim.DefaultTenant)
}

// assertion registers an application that an external issuer vouches for, and
// signs the assertion of the token request.
func assertion(s *scene) {
	const issuer, subject = "https://issuer.example", "workload"
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	s.must(err)
	s.sim.Login().TrustIssuer(issuer, map[string]any{"1": key.Public()})
	s.register(login.App{
		ID:                   "97e0a5b7-d745-40b6-94fe-5f77d35c6e05",
		FederatedCredentials: []login.FederatedCredential{{Name: "ci", Issuer: issuer, Subject: subject}},
	})
	now := s.sim.Now()
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.RegisteredClaims{
		Issuer: issuer, Subject: subject, Audience: jwt.ClaimStrings{login.ExchangeAudience}, ID: "1",
		IssuedAt: jwt.NewNumericDate(now), NotBefore: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(time.Minute)),
	})
	token.Header["kid"] = "1"
	signed, err := token.SignedString(key)
	s.must(err)
	s.put("{jwt}", signed)
}

// consent opens the page that the example's request leads to and decides; the
// redirect is the answer to the decision.
func consent(s *scene, decision string) {
	s.register(login.App{
		ID: "00001111-aaaa-2222-bbbb-3333cccc4444", Roles: []string{"Calendars.Read", "Mail.Send"},
		RedirectURIs: []string{"http://localhost/myapp/permissions"},
	})
	if status, _, page := s.send(s.request()); status != http.StatusOK || !strings.Contains(string(page), "The example") {
		s.Fatalf("the page: %d %s", status, page)
	}
	s.Request.Method = http.MethodPost
	s.Request.Headers = map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	s.Request.Body = url.Values{"tenant": {graphsim.DefaultTenant}, "decision": {decision}}.Encode()
}
