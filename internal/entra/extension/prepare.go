// Package extension makes the directory extension that holds externalId, and tells whether
// a directory has those that are mapped.
package extension

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/entra/entity"
	"entrascim/internal/fault"
	"entrascim/internal/graph"
)

// extensionName is what the directory extension of externalId is called where it is
// registered.
const extensionName = "externalId"

// A Preparation is what Prepare found and did.
type Preparation struct {
	AppName  string // of the app registration
	Property string // Graph property of users and groups: extension_{appId}_externalId
	Missing  bool   // it was not there
	Made     bool   // it is there now, because it was made
}

// Prepare makes the directory extension that holds externalId, of users
// and groups, in the app registration of the client id. What is there already is
// left as it is, and must be fit for it; a dry run only looks.
func Prepare(ctx context.Context, c *graph.Client, appID string, dryRun bool) (Preparation, error) {
	p := preparing{graph: c, appID: strings.ToLower(appID)}
	p.done.Property = "extension_" + strings.ReplaceAll(p.appID, "-", "") + "_" + extensionName
	if err := p.find(ctx); err != nil {
		return Preparation{}, err
	}
	there, err := p.look(ctx)
	if err != nil {
		return Preparation{}, err
	}
	if p.done.Missing = !there; there || dryRun {
		return p.done, nil
	}
	if err := p.register(ctx); err != nil {
		return Preparation{}, err
	}
	p.done.Made = true
	return p.done, nil
}

// preparing is one preparation under way.
type preparing struct {
	graph *graph.Client
	appID string
	done  Preparation
}

// application addresses a part of the app registration.
func (p *preparing) application(part string) graph.Request {
	return graph.Request{Path: "/applications(appId='{appId}')" + part, Params: map[string]string{"appId": p.appID}}
}

func (p *preparing) find(ctx context.Context) error {
	r := p.application("")
	r.Query.Select = []string{"id", "displayName"}
	answer, err := p.graph.Do(ctx, r)
	if err != nil {
		return p.unread(err)
	}
	var app struct {
		Name string `json:"displayName"`
	}
	if err := json.Unmarshal(answer.Body, &app); err != nil {
		return entity.Broken(err)
	}
	p.done.AppName = app.Name
	return nil
}

// unread says why the app registration could not be read.
func (p *preparing) unread(err error) error {
	switch {
	case fault.Is(err, fault.Forbidden):
		return explained(err, "The gateway may not read its app registration: it needs the permission Application.Read.All, Application.ReadWrite.OwnedBy or Application.ReadWrite.All.")
	case fault.Is(err, fault.NotFound):
		return explained(err, "This directory has no app registration with the client id %s. A managed identity has none, and that of a multi-tenant application is in its home directory.", p.appID)
	}
	return err
}

// explained is a fault with a detail for operators.
func explained(err error, format string, args ...any) error {
	f := *fault.From(err)
	f.Detail = fmt.Sprintf(format, args...)
	return &f
}

// A directoryExtension is an extensionProperty of Graph.
type directoryExtension struct {
	Name     string   `json:"name"`
	DataType string   `json:"dataType"`
	Targets  []string `json:"targetObjects"`
	Many     bool     `json:"isMultiValued,omitzero"`
	Synced   bool     `json:"isSyncedFromOnPremises,omitzero"`
}

// look tells whether the extension is there. Graph cannot change one, so what is
// unfit is an error.
func (p *preparing) look(ctx context.Context) (bool, error) {
	there, problem := false, ""
	err := p.graph.All(ctx, p.application("/extensionProperties"), func(v jsontext.Value) error {
		var x directoryExtension
		if err := json.Unmarshal(v, &x); err != nil {
			return entity.Broken(err)
		}
		if strings.EqualFold(x.Name, p.done.Property) {
			there, problem = true, x.unfit(p.done.Property)
		}
		return nil
	})
	switch {
	case err != nil:
		return false, p.unread(err)
	case problem != "":
		return false, fault.New(fault.Conflict,
			"%s exists and cannot hold externalId: it %s. Graph cannot change it: map externalId to another property, or delete it, with all its values, and prepare again.",
			p.done.Property, problem)
	}
	return there, nil
}

// unfit says why the extension cannot hold externalId; "" when it can.
func (x directoryExtension) unfit(name string) string {
	switch {
	case x.Name != name:
		return "is called " + x.Name
	case x.DataType != "String":
		return "is of type " + x.DataType + ", not String"
	case x.Many:
		return "holds several values"
	case x.Synced:
		return "is mastered by the on-premises directory"
	}
	for _, target := range []string{"User", "Group"} {
		if !slices.Contains(x.Targets, target) {
			return "is not for " + target + " objects"
		}
	}
	return ""
}

func (p *preparing) register(ctx context.Context) error {
	body, err := json.Marshal(directoryExtension{Name: extensionName, DataType: "String", Targets: []string{"User", "Group"}})
	if err != nil {
		return err
	}
	r := p.application("/extensionProperties")
	r.Method, r.Body = http.MethodPost, body
	answer, err := p.graph.Do(ctx, r)
	switch {
	case fault.Is(err, fault.Forbidden):
		return explained(err, "The gateway may not change its app registration: grant it the permission Application.ReadWrite.OwnedBy and make its service principal an owner of the registration, or grant it Application.ReadWrite.All; it can be taken away again.")
	case err != nil:
		return err
	}
	var made directoryExtension
	if err := json.Unmarshal(answer.Body, &made); err != nil {
		return entity.Broken(err)
	}
	if made.Name != p.done.Property {
		return fault.New(fault.BadGateway, "Graph made %q instead of %s.", made.Name, p.done.Property)
	}
	return nil
}
