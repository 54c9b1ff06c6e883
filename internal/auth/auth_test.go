package auth_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"entrascim/internal/auth"
	"entrascim/internal/fault"
	"entrascim/internal/tenant"
)

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	a, b := &tenant.Tenant{Name: "a"}, &tenant.Tenant{Name: "b"}
	known := auth.New(
		auth.NewClient("iga", a, "token-of-the-iga-product"),
		auth.NewClient("shell", b, "token-of-the-sync-shell"),
	)
	for name, test := range map[string]struct {
		header []string
		client string // "": refused
		detail string // a part of it
	}{
		"first client":         {header: []string{"Bearer token-of-the-iga-product"}, client: "iga"},
		"second client":        {header: []string{"Bearer token-of-the-sync-shell"}, client: "shell"},
		"scheme in lower case": {header: []string{"bearer token-of-the-iga-product"}, client: "iga"},
		"spaces around":        {header: []string{"Bearer  token-of-the-iga-product "}, client: "iga"},
		"no header":            {detail: "needs a bearer token"},
		"empty header":         {header: []string{""}, detail: "must be"},
		"no token":             {header: []string{"Bearer "}, detail: "must be"},
		"basic":                {header: []string{"Basic dTpw"}, detail: "must be"},
		"two headers":          {header: []string{"Bearer token-of-the-iga-product", "Bearer x"}, detail: "must be"},
		"wrong token":          {header: []string{"Bearer token-of-the-iga-produc"}, detail: "not known"},
		"case of the token":    {header: []string{"Bearer Token-of-the-iga-product"}, detail: "not known"},
		"its digest":           {header: []string{"Bearer " + strings.Repeat("0", 64)}, detail: "not known"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest("GET", "/scim/v2/Users", nil)
			for _, h := range test.header {
				r.Header.Add("Authorization", h)
			}
			client, err := known.Authenticate(r)
			if client.Name != test.client {
				t.Errorf("client %q, want %q", client.Name, test.client)
			}
			if (err == nil) != (test.client != "") {
				t.Fatalf("error %v", err)
			}
			if err != nil && (!fault.Is(err, fault.Unauthenticated) || !strings.Contains(err.Error(), test.detail)) {
				t.Errorf("error %q (%d), want 401 with %q", err, fault.From(err).Status(), test.detail)
			}
		})
	}
}

func TestNoClientsRefusesAll(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", "Bearer ")
	if _, err := auth.New().Authenticate(r); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("error %v", err)
	}
}

func TestTokenIsNotKept(t *testing.T) {
	t.Parallel()
	c := auth.NewClient("iga", nil, "token-of-the-iga-product")
	if text := fmt.Sprintf("%+v", c); strings.Contains(text, "token-of") {
		t.Errorf("the client prints its token: %s", text)
	}
}
