package auth

import "testing"

// What is remembered is bounded, and what is asked for stays.
func TestRecent(t *testing.T) {
	t.Parallel()
	r := newRecent[int, int](10)
	for i := range 1000 {
		r.put(i, i)
		if n := len(r.young) + len(r.old); n > 20 {
			t.Fatalf("%d entries after %d", n, i)
		}
		for j := max(0, i-9); j <= i; j++ {
			if v, ok := r.get(j); j > i-5 && (!ok || v != j) {
				t.Fatalf("%d is forgotten at %d", j, i)
			}
		}
		if v, ok := r.get(0); !ok || v != 0 {
			t.Fatalf("what is asked for is forgotten at %d", i)
		}
	}
}
