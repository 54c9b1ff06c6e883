package graph

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
// time: what was spent counts until all of its part is older than the span. So nothing
// that keeps to it spends more than the limit in any span, wherever that begins. It is
// for one goroutine.
type window struct {
	limit

	begun time.Time
	spent [parts + 1]int // a ring, by the number of the part
	total int
	last  int64 // number of the newest part
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

// refund takes back what was charged too much at a time, as far as it still counts.
func (w *window) refund(now, charged time.Time, n int) {
	w.advance(now)
	number := int64(charged.Sub(w.begun) / w.part())
	if number < w.last-parts || number > w.last {
		return
	}
	n = min(n, w.spent[number%(parts+1)])
	w.spent[number%(parts+1)] -= n
	w.total -= n
}

// used is the part of the limit that is spent.
func (w *window) used(now time.Time) float64 {
	w.advance(now)
	return float64(w.total) / float64(w.amount)
}

// when is the earliest time at which n may be spent while no more than most counts, a
// time that is not after now when that is now. What is more than most is waited for a
// span each time.
func (w *window) when(now time.Time, n, most int) time.Time {
	w.advance(now)
	most = max(most, 1)
	spans := max(n-1, 0) / most
	over := w.total + n - spans*most - most
	at := now
	for number := w.last - parts; over > 0 && number <= w.last; number++ {
		if number < 0 || w.spent[number%(parts+1)] == 0 {
			continue
		}
		over -= w.spent[number%(parts+1)]
		at = w.begun.Add(time.Duration(number+parts+1) * w.part())
	}
	return at.Add(time.Duration(spans) * w.span)
}
