package tenant_test

import (
	"context"
	"testing"

	"entrascim/internal/tenant"
)

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
