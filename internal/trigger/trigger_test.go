package trigger_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"entrascim/internal/graph"
	"entrascim/internal/graphsim"
	"entrascim/internal/graphsim/login"
	"entrascim/internal/graphsim/trouble"
	"entrascim/internal/tenant"
	"entrascim/internal/trigger"
)

// A world is a trigger before a simulated directory, whose clock moves when somebody
// waits.
type world struct {
	*testing.T
	sim     *graphsim.Simulator
	dir     *graphsim.Directory
	app     string // the service principal of an application
	crew    *trigger.Crew
	trigger *trigger.Trigger
	log     bytes.Buffer
	ctx     context.Context //nolint:containedctx // of a test
	ready   chan struct{}   // closed when all was granted: nothing is done before
}

type options struct {
	sim    graphsim.Options
	how    tenant.Provisioning
	client string // that signs in; "" for the one that may do everything
	sleep  func(ctx context.Context, d time.Duration) error
	ended  func() bool
}

func start(t *testing.T, o options, jobs ...graphsim.ProvisioningJob) *world {
	t.Helper()
	w := &world{T: t, sim: graphsim.New(o.sim), ready: make(chan struct{})}
	w.dir = w.sim.Tenant(graphsim.DefaultTenant)
	w.app = w.add("servicePrincipal", graphsim.Values{"displayName": "Wiki", "appId": "77777777-7777-4777-8777-777777777777"})
	for _, job := range jobs {
		if _, err := w.dir.AddJob(w.app, job); err != nil {
			t.Fatal(err)
		}
	}
	if o.client == "" {
		o.client = graphsim.DefaultClient
	} else if err := w.sim.Register(login.App{
		ID: o.client, DisplayName: "Narrow", TenantID: graphsim.DefaultTenant, Roles: []string{"User.Read.All"}, Secrets: []login.Secret{{Value: graphsim.DefaultSecret}},
	}); err != nil {
		t.Fatal(err)
	}
	if o.sleep == nil {
		o.sleep = func(ctx context.Context, d time.Duration) error {
			<-w.ready
			w.sim.Advance(d)
			return ctx.Err()
		}
	}
	if o.how == "" {
		o.how = tenant.ProvisionOnDemand
	}
	w.ctx = zerolog.New(&w.log).WithContext(t.Context())
	w.crew = trigger.NewCrew(t.Context())
	w.trigger = trigger.New(trigger.Options{Graph: w.graph(o), How: o.how, Crew: w.crew, Now: w.sim.Now, Sleep: o.sleep, Ended: o.ended})
	return w
}

func (w *world) graph(o options) *graph.Client {
	w.Helper()
	server := httptest.NewTLSServer(w.sim)
	w.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	client, err := graph.New(graph.Options{
		BaseURL:    server.URL + "/v1.0",
		Credential: graph.Credential{TenantID: graphsim.DefaultTenant, ClientID: o.client, Secret: graphsim.DefaultSecret, Authority: server.URL},
		Transport:  graph.NewTransport(roots), Now: w.sim.Now, Sleep: o.sleep,
	})
	if err != nil {
		w.Fatal(err)
	}
	return client
}

func (w *world) add(entity string, v graphsim.Values) string {
	w.Helper()
	id, err := w.dir.Add(entity, v)
	if err != nil {
		w.Fatal(err)
	}
	return id
}

// user adds a user who has the application.
func (w *world) user(name string) string {
	w.Helper()
	id := w.add("user", graphsim.Values{"displayName": name, "userPrincipalName": name + "@contoso.com", "mailNickname": name, "accountEnabled": true})
	if _, err := w.dir.Assign(id, w.app, ""); err != nil {
		w.Fatal(err)
	}
	return id
}

// users are n of them, in order of their ids.
func (w *world) users(n int) []string {
	w.Helper()
	var all []string
	for i := range n {
		all = append(all, w.user(fmt.Sprintf("user%d", i)))
	}
	slices.Sort(all)
	return all
}

func (w *world) granted(users ...string) {
	for _, id := range users {
		w.trigger.Granted(w.ctx, w.app, id, trigger.User)
	}
}

// finish waits until all is done.
func (w *world) finish() {
	close(w.ready)
	w.crew.Stop(w.Context())
}

// calls are the last parts of what Graph was asked.
func (w *world) calls() string {
	var all []string
	for _, line := range w.sim.Calls() {
		path := strings.Fields(line)[1]
		all = append(all, path[strings.LastIndexByte(path, '/')+1:])
	}
	return strings.Join(all, " ")
}

func (w *world) provisioned(want ...string) {
	w.Helper()
	if got := w.dir.Provisioned(w.app); !slices.Equal(got, want) {
		w.Errorf("provisioned %q, want %q\n%s", got, want, w.log.String())
	}
}

func (w *world) asked(want string) {
	w.Helper()
	if got := w.calls(); got != want {
		w.Errorf("Graph was asked %q, want %q\n%s", got, want, w.log.String())
	}
}

func (w *world) said(texts ...string) {
	w.Helper()
	for _, text := range texts {
		if !strings.Contains(w.log.String(), text) {
			w.Errorf("the log does not say %q:\n%s", text, w.log.String())
		}
	}
}

// Whoever is given an application is provisioned: the jobs and the rule are looked up
// once, and the same said twice is done once.
func TestOnDemand(t *testing.T) {
	t.Parallel()
	w := start(t, options{}, graphsim.ProvisioningJob{})
	users := w.users(2)
	w.granted(users[0], users[1], users[0])
	w.trigger.Granted(w.ctx, w.app, users[0], "ServicePrincipal")
	w.finish()
	w.provisioned(users...)
	w.asked("jobs schema provisionOnDemand provisionOnDemand")
	w.said(`"result":"Success"`, `"graph_request_id":"`, `"principal":"`+users[0]+`"`)
	if strings.Contains(w.log.String(), `"level":"warn"`) || w.trigger.Lacking() {
		t.Error(w.log.String())
	}
}

func TestGroupOnDemand(t *testing.T) {
	t.Parallel()
	w := start(t, options{}, graphsim.ProvisioningJob{})
	group := w.add("group", graphsim.Values{"displayName": "Editors", "mailNickname": "editors", "securityEnabled": true, "mailEnabled": false})
	if _, err := w.dir.Assign(group, w.app, ""); err != nil {
		t.Fatal(err)
	}
	w.trigger.Granted(w.ctx, w.app, group, trigger.Group)
	w.finish()
	w.provisioned(group)
}

// An application without a job is asked for it once.
func TestNoJob(t *testing.T) {
	t.Parallel()
	w := start(t, options{}, graphsim.ProvisioningJob{Code: "NotConfigured"})
	w.granted(w.users(3)...)
	w.finish()
	w.asked("jobs")
	w.provisioned()
}

// The rule is one that runs on demand from this directory, the first of them.
func TestRule(t *testing.T) {
	t.Parallel()
	const of, yes = "User", "true"
	w := start(t, options{}, graphsim.ProvisioningJob{Rules: []graphsim.ProvisioningRule{
		{ID: "late", Priority: 9, Types: []string{of}, OnDemand: yes},
		{ID: "personnel", Priority: 1, From: "Workday", Types: []string{of}, OnDemand: yes},
		{ID: "scheduled", Priority: 2, Types: []string{of}, OnDemand: "false"},
		{ID: "groups", Priority: 3, Types: []string{"Group"}, OnDemand: yes},
		{ID: "first", Priority: 4, Types: []string{of}},
	}})
	users := w.users(1)
	w.granted(users...)
	w.finish()
	w.provisioned(users...)
	if got := strings.Join(w.dir.Ruled(w.app), " "); got != "first" {
		t.Errorf("the rule was %q", got)
	}
}

// Graph's limit is kept to, and so nothing is refused for it.
func TestLimit(t *testing.T) {
	t.Parallel()
	w := start(t, options{sim: graphsim.Options{Throttle: true}}, graphsim.ProvisioningJob{})
	users, began := w.users(17), w.sim.Now()
	w.granted(users...)
	w.finish()
	w.provisioned(users...)
	if n := strings.Count(w.calls(), "provisionOnDemand"); n != len(users) || w.sim.Now().Sub(began) < 30*time.Second {
		t.Errorf("%d requests in %s", n, w.sim.Now().Sub(began))
	}
}

// What Graph had no room for is asked again when it says, and given up in the end.
func TestThrottled(t *testing.T) {
	t.Parallel()
	for failures, done := range map[int]bool{2: true, 3: false} {
		w := start(t, options{}, graphsim.ProvisioningJob{})
		users := w.users(1)
		for range failures {
			if err := w.sim.Fail(trouble.Fault{Path: "/v1.0/servicePrincipals/" + w.app + "/synchronization/jobs", Status: 429, RetryAfter: 60}); err != nil {
				t.Fatal(err)
			}
		}
		w.granted(users...)
		w.finish()
		if done {
			w.provisioned(users...)
			w.said("it is tried again", `"graph_request_id":"`)
		} else {
			w.provisioned()
			w.said("it comes with the next cycle")
		}
	}
}

// Without the permission the rest is not asked for, and it is said.
func TestNoPermission(t *testing.T) {
	t.Parallel()
	w := start(t, options{client: "88888888-8888-4888-8888-888888888888"}, graphsim.ProvisioningJob{})
	w.granted(w.users(3)...)
	w.finish()
	w.asked("jobs")
	w.said("lacks the permission Synchronization.ReadWrite.All", `"dropped":2`, `"graph_request_id":"`)
	if !w.trigger.Lacking() {
		t.Error("it is not said to be lacking")
	}
	w.sim.Advance(11 * time.Minute)
	if w.trigger.Lacking() {
		t.Error("it is said to be lacking still")
	}
}

// Somebody who is out of the application's scope is not provisioned; the log has the
// reason, and nothing else of what Graph says.
func TestSkipped(t *testing.T) {
	t.Parallel()
	w := start(t, options{}, graphsim.ProvisioningJob{})
	id := w.add("user", graphsim.Values{"displayName": "Stranger", "userPrincipalName": "stranger@contoso.com", "mailNickname": "stranger", "accountEnabled": true})
	w.granted(id)
	w.finish()
	w.provisioned()
	w.said(`"level":"warn"`, `"result":"Skipped"`, `"reason":"NotEffectivelyEntitled"`)
	if strings.Contains(w.log.String(), "is not assigned") {
		t.Error(w.log.String())
	}
}

// A job is started once for many, and only one that does not run.
func TestStart(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{"Paused": "jobs start", "Quarantine": "jobs start", "Active": "jobs", "NotRun": "jobs"} {
		w := start(t, options{how: tenant.ProvisionStart}, graphsim.ProvisioningJob{Code: code})
		w.granted(w.users(5)...)
		w.finish()
		w.asked(want)
	}
}

// A queue has an end, and what is left when the gateway stops is said.
func TestFullAndStopped(t *testing.T) {
	t.Parallel()
	stuck := make(chan struct{}, 1)
	w := start(t, options{sleep: func(ctx context.Context, _ time.Duration) error {
		stuck <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	}}, graphsim.ProvisioningJob{})
	w.granted("the first")
	<-stuck
	for i := range 1000 {
		w.granted(fmt.Sprint(i))
	}
	ended, end := context.WithCancel(t.Context())
	end()
	w.crew.Stop(ended)
	w.said("too much of it waits already", `"principal":"999"`, `"left":1000`, "the gateway stops", w.app)
	w.asked("")
	if strings.Contains(w.log.String(), `"principal":"998"`) {
		t.Error("more was dropped than had to be")
	}
}

// Of the directory of a tenant that is suspended nothing more is asked.
func TestTenantEnded(t *testing.T) {
	t.Parallel()
	w := start(t, options{ended: func() bool { return true }}, graphsim.ProvisioningJob{})
	w.granted(w.users(3)...)
	w.finish()
	w.asked("")
	w.said(`"left":3`, "not served any more")
}

func TestNothing(t *testing.T) {
	t.Parallel()
	none := trigger.New(trigger.Options{})
	none.Granted(t.Context(), "a", "b", trigger.User)
	if none != nil || none.Lacking() {
		t.Error("a tenant that wants no provisioning has a trigger")
	}
}
