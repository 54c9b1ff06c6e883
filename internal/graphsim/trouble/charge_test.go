package trouble_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"entrascim/internal/graphsim/odata"
	"entrascim/internal/graphsim/trouble"
)

func TestResourceUnits(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		op    trouble.Operation
		units int
	}{
		"users":                     {trouble.Operation{Method: "GET", Pattern: "users"}, 2},
		"users, select":             {trouble.Operation{Method: "GET", Pattern: "users", Query: "$select=id"}, 1},
		"users, expand":             {trouble.Operation{Method: "GET", Pattern: "users", Query: "%24expand=manager"}, 3},
		"users, top 19":             {trouble.Operation{Method: "GET", Pattern: "users", Query: "$top=19"}, 1},
		"users, top 20":             {trouble.Operation{Method: "GET", Pattern: "users", Query: "$top=20"}, 2},
		"users, all three":          {trouble.Operation{Method: "GET", Pattern: "users", Query: "$select=id&$expand=manager&$top=5"}, 1},
		"never below one":           {trouble.Operation{Method: "GET", Pattern: "users/{id}", Query: "$select=id&$top=5"}, 1},
		"one user":                  {trouble.Operation{Method: "GET", Pattern: "users/{id}"}, 1},
		"memberOf":                  {trouble.Operation{Method: "GET", Pattern: "users/{id}/memberOf/{cast}"}, 2},
		"members":                   {trouble.Operation{Method: "GET", Pattern: "groups/{id}/members"}, 3},
		"count of members":          {trouble.Operation{Method: "GET", Pattern: "groups/{id}/members/$count"}, 3},
		"transitive members":        {trouble.Operation{Method: "GET", Pattern: "groups/{id}/transitiveMembers"}, 5},
		"getByIds":                  {trouble.Operation{Method: "POST", Pattern: "directoryObjects/getByIds", Reads: true}, 5},
		"getByIds, select":          {trouble.Operation{Method: "POST", Pattern: "directoryObjects/getByIds", Query: "$select=id", Reads: true}, 2},
		"checkMemberGroups":         {trouble.Operation{Method: "POST", Pattern: "users/{id}/checkMemberGroups", Reads: true}, 4},
		"create":                    {trouble.Operation{Method: "POST", Pattern: "users"}, 1},
		"change":                    {trouble.Operation{Method: "PATCH", Pattern: "users/{id}"}, 1},
		"semicolon in $expand":      {trouble.Operation{Method: "GET", Pattern: "users", Query: "$expand=manager($levels=max;$select=id)&$select=id"}, 2},
		"names in capitals":         {trouble.Operation{Method: "GET", Pattern: "users", Query: "$SELECT=id"}, 1},
		"query that cannot be read": {trouble.Operation{Method: "GET", Pattern: "users", Query: "%zz"}, 2},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr := trouble.New(trouble.Options{})
			h, refused := tr.Charge(t.Context(), test.op)
			if refused != nil || h.Get("x-ms-resource-unit") != strconv.Itoa(test.units) {
				t.Errorf("got %v %v, want %d", h, refused, test.units)
			}
			s, writes := tr.Stats(), 0
			if test.op.Method != "GET" && !test.op.Reads {
				writes = 1
			}
			if s.ResourceUnits != test.units || s.Writes != writes || s.Operations != 1 {
				t.Errorf("counted %+v", s)
			}
		})
	}
}

// A stopped clock is set forward by hand.
type stopped struct{ now time.Time }

func (s *stopped) Now() time.Time { return s.now }

func TestThrottlingByUnits(t *testing.T) {
	t.Parallel()
	for size, test := range map[string]struct{ users, capacity int }{
		"small": {49, 3500}, "medium": {50, 5000}, "still medium": {500, 5000}, "large": {501, 8000},
	} {
		t.Run(size, func(t *testing.T) {
			t.Parallel()
			clock := &stopped{time.Unix(1e9, 0)}
			tr := trouble.New(trouble.Options{Now: clock.Now, Throttle: true})
			op := trouble.Operation{TenantID: "t", AppID: "a", Method: "GET", Pattern: "users", Users: test.users}
			granted := 0
			var h http.Header
			var refused *odata.Error
			for granted <= test.capacity && refused == nil {
				if h, refused = tr.Charge(t.Context(), op); refused == nil {
					granted++
				}
			}
			if granted != test.capacity/2 {
				t.Errorf("granted %d requests of 2 units, want %d", granted, test.capacity/2)
			}
			if refused == nil || refused.Status != 429 || refused.Code != "TooManyRequests" || refused.Message != "Please retry again later." {
				t.Fatalf("got %v", refused)
			}
			for name, want := range map[string]string{
				"Retry-After": "1", "x-ms-throttle-scope": "Tenant_Application/ReadWrite/a/t",
				"x-ms-throttle-information": "ResourceUnitLimitExceeded", "x-ms-throttle-limit-percentage": "1.0",
				"x-ms-resource-unit": "2",
			} {
				if h.Get(name) != want {
					t.Errorf("%s is %q, want %q", name, h.Get(name), want)
				}
			}
			if s := tr.Stats(); s.Throttled != 1 {
				t.Errorf("throttled %d", s.Throttled)
			}
			clock.now = clock.now.Add(time.Second)
			if _, refused := tr.Charge(t.Context(), op); refused != nil {
				t.Errorf("after Retry-After: %v", refused)
			}
		})
	}
}

func TestThrottlingByWrites(t *testing.T) {
	t.Parallel()
	two := trouble.Limit{Amount: 2, Window: 20 * time.Second}
	tests := map[string]struct {
		limits trouble.Limits
		scope  string
		other  trouble.Operation // that is not throttled by it
	}{
		"app in tenant": {trouble.Limits{Writes: two}, "Tenant_Application/Write/a/t", trouble.Operation{TenantID: "t", AppID: "b"}},
		"app":           {trouble.Limits{AppWrites: two}, "Application/Write/a/t", trouble.Operation{TenantID: "t", AppID: "b"}},
		"tenant":        {trouble.Limits{TenantWrites: two}, "Tenant/Write/a/t", trouble.Operation{TenantID: "u", AppID: "a"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := &stopped{time.Unix(1e9, 0)}
			tr := trouble.New(trouble.Options{Now: clock.Now, Throttle: true, Limits: test.limits})
			write := trouble.Operation{TenantID: "t", AppID: "a", Method: "PATCH", Pattern: "users/{id}"}
			for range 2 {
				if _, refused := tr.Charge(t.Context(), write); refused != nil {
					t.Fatal(refused)
				}
			}
			h, refused := tr.Charge(t.Context(), write)
			if refused == nil || h.Get("Retry-After") != "10" || h.Get("x-ms-throttle-scope") != test.scope || h.Get("x-ms-throttle-information") != "WriteLimitExceeded" {
				t.Errorf("got %v %v", refused, h)
			}
			read := trouble.Operation{TenantID: "t", AppID: "a", Method: "GET", Pattern: "users/{id}"}
			if _, refused := tr.Charge(t.Context(), read); refused != nil {
				t.Errorf("a read: %v", refused)
			}
			test.other.Method, test.other.Pattern = "PATCH", "users/{id}"
			if _, refused := tr.Charge(t.Context(), test.other); refused != nil {
				t.Errorf("others: %v", refused)
			}
			tr.SetThrottle(false)
			if _, refused := tr.Charge(t.Context(), write); refused != nil {
				t.Errorf("throttling off: %v", refused)
			}
		})
	}
}

func TestPercentage(t *testing.T) {
	t.Parallel()
	clock := &stopped{time.Unix(1e9, 0)}
	tr := trouble.New(trouble.Options{Now: clock.Now, Throttle: true, Limits: trouble.Limits{SmallUnits: trouble.Limit{Amount: 10, Window: 10 * time.Second}}})
	var got []string
	for range 10 {
		h, _ := tr.Charge(t.Context(), trouble.Operation{Method: "GET", Pattern: "users/{id}"})
		got = append(got, h.Get("x-ms-throttle-limit-percentage"))
	}
	if got[7] != "" || got[8] != "0.9" || got[9] != "1.0" {
		t.Errorf("got %q", got)
	}
}

func TestBatchItems(t *testing.T) {
	t.Parallel()
	tr := trouble.New(trouble.Options{})
	err := tr.Fail(trouble.Fault{Method: "DELETE", Path: "/groups/*", Status: 429, RetryAfter: 3}, trouble.Fault{Drop: true, Path: "/users"})
	if err != nil {
		t.Fatal(err)
	}
	var statuses []int
	batch := tr.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		for _, op := range []trouble.Operation{
			{Method: "GET", Pattern: "users", Item: "/users?$top=1"},
			{Method: "DELETE", Pattern: "groups/{id}", Item: "groups/1\n2"},
			{Method: "DELETE", Pattern: "groups/{id}", Item: "groups/1"},
		} {
			h, refused := tr.Charge(r.Context(), op)
			if refused == nil {
				statuses = append(statuses, 200)
			} else if statuses = append(statuses, refused.Status); h.Get("Retry-After") != "3" || h.Get("x-ms-resource-unit") != "1" {
				t.Errorf("headers %v", h)
			}
		}
	}), nil)
	r := httptest.NewRequest(http.MethodPost, "/v1.0/$batch", nil)
	r.Header.Set("client-request-id", "c1")
	batch.ServeHTTP(httptest.NewRecorder(), r)
	if len(statuses) != 3 || statuses[0] != 200 || statuses[1] != 429 || statuses[2] != 200 {
		t.Errorf("got %v", statuses)
	}
	want := []string{"POST /v1.0/$batch c1", "  GET /users?$top=1", "  DELETE groups/1?2", "  DELETE groups/1"}
	if got := tr.Calls(); !equal(got, want) {
		t.Errorf("calls %q, want %q", got, want)
	}
	s := tr.Stats()
	if s.Requests != 1 || s.Operations != 3 || s.Writes != 2 || s.Throttled != 1 || s.Routes["DELETE groups/{id}"] != 2 {
		t.Errorf("counted %+v", s)
	}
	tr.Reset()
	if s := tr.Stats(); s.Requests+s.Operations+s.Writes+s.Throttled+s.ResourceUnits+len(s.Routes)+len(tr.Calls()) != 0 {
		t.Errorf("after reset %+v", s)
	}
}

func equal(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func TestCallsAreBounded(t *testing.T) {
	t.Parallel()
	tr := trouble.New(trouble.Options{})
	h := tr.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), nil)
	for i := range 10_003 {
		h.ServeHTTP(nil, httptest.NewRequest(http.MethodGet, "/v1.0/users/"+strconv.Itoa(i), nil))
	}
	calls := tr.Calls()
	if len(calls) != 10_001 || calls[0] != "# 3 earlier requests are not listed" ||
		calls[1] != "GET /v1.0/users/3" || calls[10_000] != "GET /v1.0/users/10002" {
		t.Errorf("%d calls, %q … %q", len(calls), calls[:2], calls[len(calls)-1])
	}
}
