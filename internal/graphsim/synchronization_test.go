package graphsim_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"entrascim/internal/graphsim"
	"entrascim/internal/graphsim/login"
)

// provisioned is an application with a job, and somebody who has it.
func provisioned(t *testing.T, o graphsim.Options, job graphsim.ProvisioningJob) (c *client, jobs, user string) {
	t.Helper()
	c = start(t, o)
	d := c.sim.Tenant(graphsim.DefaultTenant)
	sp, err := d.Add("servicePrincipal", graphsim.Values{"displayName": "Wiki", "appId": absent})
	if err != nil {
		t.Fatal(err)
	}
	user = c.user("ada")
	if _, err := d.Assign(user, sp, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := d.AddJob(sp, job); err != nil {
		t.Fatal(err)
	}
	return c, "/servicePrincipals/" + sp + "/synchronization/jobs", user
}

func onDemand(rule, kind, id string) fields {
	return fields{"parameters": []fields{{"ruleId": rule, "subjects": []fields{{"objectId": id, "objectTypeName": kind}}}}}
}

func TestJobs(t *testing.T) {
	t.Parallel()
	c, jobs, _ := provisioned(t, graphsim.Options{}, graphsim.ProvisioningJob{ID: "wiki.1.2", Code: "Quarantine"})
	listed := c.do("GET", jobs, nil).want(200)
	if listed.at("value/0/id") != "wiki.1.2" || listed.at("value/0/status/code") != "Quarantine" || listed.at("value/0/status/quarantine/reason") == nil {
		t.Errorf("listed: %s", listed.raw)
	}
	schema := c.do("GET", jobs+"/wiki.1.2/schema", nil).want(200)
	if schema.at("synchronizationRules/0/sourceDirectoryName") != "Azure Active Directory" || schema.at("synchronizationRules/0/objectMappings/1/sourceObjectName") != "Group" {
		t.Errorf("schema: %s", schema.raw)
	}
	c.do("POST", jobs+"/wiki.1.2/start", nil).want(204)
	if a := c.do("GET", jobs+"/wiki.1.2", nil).want(200); a.at("status/code") != "Active" || a.at("status/quarantine") != nil {
		t.Errorf("started: %s", a.raw)
	}
	c.do("POST", jobs+"/wiki.1.2/start", nil).want(400)
	c.do("POST", jobs+"/another/start", nil).want(404)
	c.do("GET", "/servicePrincipals/"+absent+"/synchronization/jobs", nil).want(404)
}

func TestProvisionOnDemand(t *testing.T) {
	t.Parallel()
	c, jobs, ada := provisioned(t, graphsim.Options{}, graphsim.ProvisioningJob{ID: "wiki", Rules: []graphsim.ProvisioningRule{
		{ID: "users#V2", Types: []string{"User"}, OnDemand: "true"}, {ID: "never", Types: []string{"User"}, OnDemand: "false"},
	}})
	bob, path := c.user("bob"), jobs+"/wiki/provisionOnDemand"
	for i, step := range []struct {
		body fields
		key  string
	}{
		{onDemand("users#V2", "User", ada), `{"result":"Success","details":{}}`},
		{onDemand("users#V2", "User", ada), `"RedundantExport"`},
		{onDemand("users#V2", "User", bob), `"NotEffectivelyEntitled"`},
	} {
		if a := c.do("POST", path, step.body).want(200); !strings.Contains(a.text("key"), step.key) {
			t.Errorf("%d: %s", i, a.raw)
		}
	}
	for name, body := range map[string]fields{
		"no rule": onDemand("other", "User", ada), "a rule that does not": onDemand("never", "User", ada),
		"another type": onDemand("users#V2", "Group", ada), "a type in another case": onDemand("users#V2", "user", ada), "nobody": onDemand("users#V2", "User", absent),
		"nothing": {"parameters": []fields{}}, "another property": {"subjects": []fields{}},
	} {
		if a := c.do("POST", path, body); a.status != 400 {
			t.Errorf("%s: %d %s", name, a.status, a.raw)
		}
	}
	if got := c.sim.Tenant(graphsim.DefaultTenant).Provisioned(jobs[len("/servicePrincipals/"):][:36]); !slices.Equal(got, []string{ada}) {
		t.Errorf("provisioned %q", got)
	}
}

func TestProvisionOnDemandLimit(t *testing.T) {
	t.Parallel()
	c, jobs, ada := provisioned(t, graphsim.Options{Throttle: true}, graphsim.ProvisioningJob{ID: "wiki", Rules: []graphsim.ProvisioningRule{{ID: "1", Types: []string{"User"}}}})
	for range 5 {
		c.do("POST", jobs+"/wiki/provisionOnDemand", onDemand("1", "User", ada)).want(200)
	}
	if a := c.do("POST", jobs+"/wiki/provisionOnDemand", onDemand("1", "User", ada)).want(429); a.header.Get("Retry-After") != "2" {
		t.Errorf("Retry-After %q", a.header.Get("Retry-After"))
	}
	c.sim.Advance(2 * time.Second)
	c.do("POST", jobs+"/wiki/provisionOnDemand", onDemand("1", "User", ada)).want(200)
}

// Reading takes a permission, writing a wider one; an application that manages what it
// owns has to own it.
func TestJobPermissions(t *testing.T) {
	t.Parallel()
	c, jobs, _ := provisioned(t, graphsim.Options{}, graphsim.ProvisioningJob{ID: "wiki", Code: "Paused"})
	for id, p := range map[string]struct {
		role        string
		read, write int
	}{
		"10000000-0000-4000-8000-000000000001": {"Application.ReadWrite.All", 403, 403},
		"10000000-0000-4000-8000-000000000002": {"Application.ReadWrite.OwnedBy", 403, 403},
		"10000000-0000-4000-8000-000000000003": {"Synchronization.Read.All", 200, 403},
		"10000000-0000-4000-8000-000000000004": {"Synchronization.ReadWrite.All", 200, 204},
	} {
		app := login.App{ID: id, DisplayName: p.role, TenantID: graphsim.DefaultTenant, Roles: []string{p.role}, Secrets: []login.Secret{{Value: "secret"}}}
		if err := c.sim.Register(app); err != nil {
			t.Fatal(err)
		}
		as := &client{T: t, sim: c.sim, token: c.login(graphsim.DefaultTenant, id, "secret")}
		if a := as.do("GET", jobs, nil); a.status != p.read {
			t.Errorf("%s reads: %d %s", p.role, a.status, a.raw)
		}
		if a := as.do("POST", jobs+"/wiki/start", nil); a.status != p.write {
			t.Errorf("%s writes: %d %s", p.role, a.status, a.raw)
		}
	}
}
