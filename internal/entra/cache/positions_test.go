package cache

import (
	"fmt"
	"testing"
	"time"
)

func TestPositions(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	p := NewPositions(func() time.Time { return now })
	p.Add("list", 200, "b")
	p.Add("list", 100, "a")
	for n, want := range map[int]string{50: "", 100: "a", 199: "a", 200: "b", 9000: "b"} {
		if _, link := p.Nearest("list", n); link != want {
			t.Errorf("nearest to %d is %q, want %q", n, link, want)
		}
	}
	if _, link := p.Nearest("other", 100); link != "" {
		t.Errorf("another list knows %q", link)
	}
	p.SetTotal("list", 7)
	if n, known := p.Total("list"); n != 7 || !known {
		t.Errorf("total %d, %v", n, known)
	}
	p.Changed()
	if _, known := p.Total("list"); known {
		t.Error("a total outlived a change")
	}
	now = now.Add(positionLife + time.Second)
	if _, link := p.Nearest("list", 100); link != "" {
		t.Errorf("%q outlived its time", link)
	}
}

// However many lists there are and however long, what is remembered is bounded,
// and the list used last is still known.
func TestPositionsAreBounded(t *testing.T) {
	t.Parallel()
	p := NewPositions(time.Now)
	for i := range 3 * maxPositions {
		p.Add(fmt.Sprint("list", i%700), i, "link")
		p.SetTotal(fmt.Sprint("total", i), i)
	}
	held := 0
	for e := p.used.Front(); e != nil; e = e.Next() {
		held += 1 + len(e.Value.(*trail).marks)
	}
	if held != p.marks || held > maxPositions || len(p.trails) != p.used.Len() {
		t.Errorf("%d held, %d accounted for, %d and %d lists", held, p.marks, len(p.trails), p.used.Len())
	}
	if n, known := p.Total(fmt.Sprint("total", 3*maxPositions-1)); !known || n != 3*maxPositions-1 {
		t.Error("the list used last is forgotten")
	}
}
