package entra

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestPositions(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	p := newPositions(func() time.Time { return now })
	p.add("list", 200, "b")
	p.add("list", 100, "a")
	for n, want := range map[int]string{50: "", 100: "a", 199: "a", 200: "b", 9000: "b"} {
		if _, link := p.nearest("list", n); link != want {
			t.Errorf("nearest to %d is %q, want %q", n, link, want)
		}
	}
	if _, link := p.nearest("other", 100); link != "" {
		t.Errorf("another list knows %q", link)
	}
	p.setTotal("list", 7)
	if n, known := p.total("list"); n != 7 || !known {
		t.Errorf("total %d, %v", n, known)
	}
	p.changed()
	if _, known := p.total("list"); known {
		t.Error("a total outlived a change")
	}
	now = now.Add(positionLife + time.Second)
	if _, link := p.nearest("list", 100); link != "" {
		t.Errorf("%q outlived its time", link)
	}
}

// However many lists there are and however long, what is remembered is bounded,
// and the list used last is still known.
func TestPositionsAreBounded(t *testing.T) {
	t.Parallel()
	p := newPositions(time.Now)
	for i := range 3 * maxPositions {
		p.add(fmt.Sprint("list", i%700), i, "link")
		p.setTotal(fmt.Sprint("total", i), i)
	}
	held := 0
	for e := p.used.Front(); e != nil; e = e.Next() {
		held += 1 + len(e.Value.(*trail).marks)
	}
	if held != p.marks || held > maxPositions || len(p.trails) != p.used.Len() {
		t.Errorf("%d held, %d accounted for, %d and %d lists", held, p.marks, len(p.trails), p.used.Len())
	}
	if n, known := p.total(fmt.Sprint("total", 3*maxPositions-1)); !known || n != 3*maxPositions-1 {
		t.Error("the list used last is forgotten")
	}
}

func TestRecentIsBoundedAndForgets(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	r := newRecent(func() time.Time { return now })
	for i := range 2*maxRecent + 5 {
		r.add("users", fmt.Sprint("ID", i))
	}
	if last := fmt.Sprint("id", 2*maxRecent+4); len(r.ids) > maxRecent || !r.any([]string{"other", last}) {
		t.Errorf("%d remembered", len(r.ids))
	}
	now = now.Add(freshFor + time.Second)
	if r.any([]string{fmt.Sprint("id", 2*maxRecent+4)}) {
		t.Error("an id stayed new")
	}
}

func TestCheckName(t *testing.T) {
	t.Parallel()
	for name, ok := range map[string]bool{
		"ada@contoso.com": true, "a@b": true, "o'neil_x-1!#^~@contoso.com": true, "guest_x.y#EXT#@contoso.onmicrosoft.com": true,
		strings.Repeat("a", 64) + "@contoso.com": true,
		"ada":                                    false, "": false, "@contoso.com": false, "ada@": false, "a@b@c": false, "ada.@contoso.com": false,
		"ädä@contoso.com": false, "a b@contoso.com": false, strings.Repeat("a", 65) + "@contoso.com": false, "a@" + strings.Repeat("b", 49): false,
	} {
		if err := checkName(name); (err == nil) != ok {
			t.Errorf("%q: %v", name, err)
		}
	}
}
