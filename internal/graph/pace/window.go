package pace

import "time"

// parts is how many parts a window is counted in.
const parts = 50

// A limit is so much in any span of time.
type limit struct {
	amount int
	span   time.Duration
}

// scaled is a part of the limit, and never nothing.
func (l limit) scaled(percent int) limit {
	l.amount = max(l.amount*percent/100, 1)
	return l
}

// A window counts what was spent in the last span of time, a part of the span at a
// time: what was spent counts from when a request goes, and when it has ended until all
// of that part is older than the span. So nothing that keeps to it spends more than the
// limit in any span, wherever that begins, and whenever Graph sees a request that is
// under way. It is for one goroutine.
type window struct {
	limit

	begun time.Time
	held  int            // of requests under way
	spent [parts + 1]int // a ring, by the number of the part
	total int            // all that counts
	last  int64          // number of the newest part
}

func newWindow(l limit) window { return window{limit: l} }

// part is how long a part is.
func (w *window) part() time.Duration { return max(w.span/parts, 1) }

// advance forgets what no longer counts. A clock that goes back stands.
func (w *window) advance(now time.Time) {
	if w.begun.IsZero() {
		w.begun = now
	}
	number := int64(now.Sub(w.begun) / w.part())
	for n := max(w.last+1, number-parts); n <= number; n++ {
		w.total -= w.spent[n%(parts+1)]
		w.spent[n%(parts+1)] = 0
	}
	w.last = max(w.last, number)
}

// charge counts an amount as spent now.
func (w *window) charge(now time.Time, n int) {
	w.advance(now)
	w.spent[w.last%(parts+1)] += n
	w.total += n
}

// hold counts an amount of a request that goes.
func (w *window) hold(n int) {
	w.held += n
	w.total += n
}

// settle counts what was held as what was spent, now that the request has ended.
func (w *window) settle(now time.Time, held, spent int) {
	w.held -= held
	w.total -= held
	w.charge(now, spent)
}

// used is the part of the limit that is spent.
func (w *window) used(now time.Time) float64 {
	w.advance(now)
	return float64(w.total) / float64(w.amount)
}

// when is the earliest time at which n may be spent while no more than most counts, a
// time that is not after now when that is now. What is more than most is waited for a
// span each time. Ends tells that something under way has to end first; then the time is
// that if it ended now.
func (w *window) when(now time.Time, n, most int) (at time.Time, ends bool) {
	w.advance(now)
	most = max(most, 1)
	spans := max(n-1, 0) / most
	over := w.total + n - spans*most - most
	at = now
	for number := w.last - parts; over > 0 && number <= w.last; number++ {
		if number < 0 || w.spent[number%(parts+1)] == 0 {
			continue
		}
		over -= w.spent[number%(parts+1)]
		at = w.begun.Add(time.Duration(number+parts+1) * w.part())
	}
	if over > 0 {
		at, ends = now.Add(w.span+w.part()), true
	}
	return at.Add(time.Duration(spans) * w.span), ends
}
