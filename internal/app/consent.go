package app

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"entrascim/internal/auth"
	"entrascim/internal/config"
	"entrascim/internal/consent"
	"entrascim/internal/entra/permission"
	"entrascim/internal/fault"
	"entrascim/internal/graph"
	"entrascim/internal/tenant"
)

// consent is the admin-consent round trip; nil without a store that could keep who
// consented, or without an app registration to consent to.
func (r *registry) consent() http.Handler {
	if r.store == nil || !r.config.HasOperator() {
		return nil
	}
	return consent.New(r.consentOptions())
}

func (r *registry) consentOptions() consent.Options {
	c := r.config
	return consent.Options{
		Store:    r.store,
		Keys:     r.keys,
		Operator: c.Operator.Name,
		BaseURL:  r.origin.URL,
		App:      appOf(c.Consenting("")),
		Features: consentFeatures(),
		Examine: func(ctx context.Context, directoryID string, named bool) (consent.Directory, error) {
			return r.examineConsent(ctx, c.Consenting(directoryID), named)
		},
		Check:    func(_ context.Context, record tenant.Record) error { return r.check(record) },
		NewToken: auth.NewSecret,
		Changed:  r.changed,
		Now:      r.now,
	}
}

// checkOperator tells what is wrong with the operator's app registration that only shows
// when it is used, such as a certificate that cannot be read.
func checkOperator(c config.Config) error {
	if !c.HasOperator() {
		return nil
	}
	_, err := newGraph(c.Consenting(anyApp), c.Graph.Pacing)
	return err
}

// appOf is the app registration that a tenant is reached with.
func appOf(t *tenant.Tenant) consent.App {
	scope, _ := strings.CutSuffix(t.GraphURL, "/v1.0")
	return consent.App{ClientID: t.Credential.ClientID, Login: loginOf(t), Scope: scope + "/.default"}
}

// consentFeatures are the features of the gateway as people read about them.
func consentFeatures() []consent.Feature {
	var all []consent.Feature
	for _, f := range permission.Features() {
		all = append(all, consent.Feature{Name: strings.ReplaceAll(f.Name, "`", ""), Needs: f.Needs, Required: f.Required(), Lacks: f.Lacks})
	}
	return all
}

// examineConsent finds out which directory is reached, and what it granted. The client
// is made for this: no token that was got before the consent is used. When the tenant
// did not name the directory it is asked when something was granted, too.
func (r *registry) examineConsent(ctx context.Context, t *tenant.Tenant, named bool) (consent.Directory, error) {
	client, err := r.dialer.graph(t)
	if err != nil {
		return consent.Directory{}, fault.Wrap(err, fault.Unavailable, "The operator's app registration cannot be used.")
	}
	defer client.Close()
	signedIn, err := client.SignIn(ctx)
	if err != nil {
		return consent.Directory{}, err
	}
	found := consent.Directory{TokenID: signedIn.TenantID, Roles: signedIn.Roles}
	if err := organization(ctx, client, &found); err != nil || named {
		return found, err
	}
	found.Granted, err = lastGrant(ctx, client, t.Credential.ClientID, r.now)
	if fault.Is(err, fault.Forbidden) || fault.Is(err, fault.NotFound) {
		return found, nil // it is not known
	}
	return found, err
}

// organization asks Graph whose directory it is. Without the permission to know, it is
// nobody's.
func organization(ctx context.Context, client *graph.Client, found *consent.Directory) error {
	response, err := client.Do(ctx, graph.Request{Path: "/organization", Query: graph.Query{Select: []string{"id", "displayName"}}})
	if fault.Is(err, fault.Forbidden) {
		return nil
	}
	if err != nil {
		return err
	}
	var body struct {
		Value []struct {
			ID          string `json:"id"`
			DisplayName string `json:"displayName"`
		} `json:"value"`
	}
	if err := json.Unmarshal(response.Body, &body); err != nil || len(body.Value) != 1 {
		return fault.Wrap(err, fault.BadGateway, "Graph's answer about the organization is not understood.")
	}
	found.ID, found.Name = body.Value[0].ID, body.Value[0].DisplayName
	return nil
}

// lastGrant is when the directory last granted the application a permission, by the
// gateway's own clock.
func lastGrant(ctx context.Context, client *graph.Client, appID string, now func() time.Time) (time.Time, error) {
	response, err := client.Do(ctx, graph.Request{
		Path:   "/servicePrincipals(appId='{appId}')/appRoleAssignments",
		Params: map[string]string{"appId": appID}, Query: graph.Query{Top: graph.MaxPage},
	})
	if err != nil {
		return time.Time{}, err
	}
	var body struct {
		Value []struct {
			Created time.Time `json:"createdDateTime"`
		} `json:"value"`
	}
	if err := json.Unmarshal(response.Body, &body); err != nil {
		return time.Time{}, fault.Wrap(err, fault.BadGateway, "Graph's answer about what was granted is not understood.")
	}
	var last time.Time
	for _, one := range body.Value {
		if one.Created.After(last) {
			last = one.Created
		}
	}
	if skew, told := response.Skew(now()); told && !last.IsZero() {
		last = last.Add(-skew)
	}
	return last, nil
}
