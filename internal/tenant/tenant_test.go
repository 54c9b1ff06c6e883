package tenant_test

import (
	"context"
	"strings"
	"testing"

	"entrascim/internal/tenant"
)

func TestEveryCloudNameHasACloud(t *testing.T) {
	t.Parallel()
	for _, name := range tenant.CloudNames() {
		c, ok := tenant.CloudNamed(name)
		if !ok || !strings.HasSuffix(c.GraphURL, "/v1.0") || !strings.HasPrefix(c.Authority, "https://") {
			t.Errorf("cloud %q: %+v, %t", name, c, ok)
		}
	}
	if c, ok := tenant.CloudNamed("mars"); ok {
		t.Errorf("cloud mars: %+v", c)
	}
}

func TestContext(t *testing.T) {
	t.Parallel()
	if got := tenant.FromContext(context.Background()); got != nil {
		t.Errorf("tenant of no request: %v", got)
	}
	want := &tenant.Tenant{Name: "a"}
	if got := tenant.FromContext(tenant.NewContext(context.Background(), want)); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}
