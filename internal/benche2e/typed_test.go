//go:build e2e && e2etyped

package benche2e

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/microsoft/kiota-abstractions-go/authentication"
	"github.com/microsoft/kiota-abstractions-go/serialization"
	khttp "github.com/microsoft/kiota-http-go"
	kjson "github.com/microsoft/kiota-serialization-json-go"
	core "github.com/microsoftgraph/msgraph-sdk-go-core"
	"github.com/microsoftgraph/msgraph-sdk-go/users"
)

const typedBuilt = true

// newTyped reads a page of users into the SDK's models at each request, and throws it
// away: the client that asks gets only their number.
func newTyped(getenv func(string) string) (http.Handler, error) {
	transport, err := transportTrusting(getenv("CA"))
	if err != nil {
		return nil, err
	}
	top, err := strconv.Atoi(getenv("TOP"))
	if err != nil {
		return nil, err
	}
	serialization.DefaultParseNodeFactoryInstance.ContentTypeAssociatedFactories["application/json"] = kjson.NewJsonParseNodeFactory()
	adapter, err := core.NewGraphRequestAdapterBaseWithParseNodeFactoryAndSerializationWriterFactoryAndHttpClient(
		authentication.NewBaseBearerTokenAuthenticationProvider(static(getenv("TOKEN"))), core.GraphClientOptions{}, nil, nil,
		&http.Client{Transport: khttp.NewCustomTransportWithParentTransport(transport, core.GetDefaultMiddlewaresWithOptions(&core.GraphClientOptions{})...)})
	if err != nil {
		return nil, err
	}
	adapter.SetBaseUrl(getenv("BASE"))
	builder := users.NewUsersRequestBuilderInternal(map[string]string{"baseurl": getenv("BASE")}, adapter)
	size := int32(top)
	query := &users.UsersRequestBuilderGetQueryParameters{Top: &size, Select: strings.Split(getenv("SELECT"), ",")}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ready", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /users", func(w http.ResponseWriter, r *http.Request) {
		page, err := builder.Get(r.Context(), &users.UsersRequestBuilderGetRequestConfiguration{QueryParameters: query})
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		fmt.Fprintln(w, len(page.GetValue()))
	})
	return mux, nil
}

// static is a token that is there already.
type static string

func (s static) GetAuthorizationToken(context.Context, *url.URL, map[string]any) (string, error) {
	return string(s), nil
}

func (static) GetAllowedHostsValidator() *authentication.AllowedHostsValidator {
	validator, _ := authentication.NewAllowedHostsValidatorErrorCheck(nil)
	return validator
}
