package trouble_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"entrascim/internal/graphsim/odata"
	"entrascim/internal/graphsim/trouble"
)

// So many requests and items go wrong as was asked for, writes are lost before and
// after they are performed, and nothing goes wrong any more when it is turned off.
func TestRates(t *testing.T) {
	t.Parallel()
	tr := trouble.New(trouble.Options{})
	if tr.SetRates(trouble.Rates{Throttled: 600, Failing: 401}) == nil || tr.SetRates(trouble.Rates{Failing: -1}) == nil {
		t.Error("rates that are none are taken")
	}
	if err := tr.SetRates(trouble.Rates{Throttled: 100, Failing: 50, Seed: 1}); err != nil {
		t.Fatal(err)
	}
	performed, items, lost := 0, map[int]int{}, map[bool]int{}
	h := tr.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		performed++
		if _, refused := tr.Charge(r.Context(), trouble.Operation{Method: "POST", Pattern: "groups", Item: "/groups"}); refused != nil {
			items[refused.Status]++
		}
	}), func(w http.ResponseWriter, _ *http.Request, _ http.Header, e *odata.Error) { w.WriteHeader(e.Status) })
	statuses := map[int]int{}
	send := func() {
		before, w := performed, httptest.NewRecorder()
		defer func() {
			if recover() != nil {
				lost[performed > before]++
			}
		}()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/v1.0/$batch", nil))
		statuses[w.Code]++
	}
	const n = 10_000
	for range n {
		send()
	}
	if got := statuses[429]; got < n*8/100 || got > n*12/100 || items[429] < n*7/100 || items[429] > n*12/100 {
		t.Errorf("%d requests and %d items throttled of %d", got, items[429], n)
	}
	failed := statuses[500] + statuses[502] + statuses[503] + statuses[504] + lost[false] + lost[true]
	if failed < n*3/100 || failed > n*7/100 || lost[false] == 0 || lost[true] == 0 || items[502] == 0 {
		t.Errorf("%d of %d failed: %v, lost %v, items %v", failed, n, statuses, lost, items)
	}
	if err := tr.SetRates(trouble.Rates{}); err != nil {
		t.Fatal(err)
	}
	clear(statuses)
	for range 100 {
		send()
	}
	if statuses[200] != 100 {
		t.Errorf("turned off: %v", statuses)
	}
}
