package pace

import "time"

const (
	firstFlow = 16 // requests under way at once, in the beginning
	leastFlow = 4
	mostFlow  = 64
)

// A flow is how many requests may be under way at once: more while Graph answers, half
// when it throttles, fails or hangs. It is for one goroutine.
type flow struct {
	limit float64
	under int
	cut   time.Time // when it was halved
}

func (f *flow) full() bool { return f.under >= int(f.limit) }

// well makes room for more, where there was none left: one more after as many answers
// as there may be requests.
func (f *flow) well() {
	if 2*f.under >= int(f.limit) {
		f.limit = min(f.limit+1/f.limit, mostFlow)
	}
}

// badly halves it, once for all that was sent before it was halved.
func (f *flow) badly(now, started time.Time) {
	if f.cut.IsZero() || started.After(f.cut) {
		f.limit, f.cut = max(f.limit/2, leastFlow), now
	}
}
