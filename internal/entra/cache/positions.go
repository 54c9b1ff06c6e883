package cache

import (
	"container/list"
	"sort"
	"sync"
	"time"
)

// Bounds of what is remembered of lists. A next link has some 500 bytes.
const (
	positionLife = 10 * time.Minute
	maxPositions = 20000
)

// A mark is a place in a list from which Graph can be asked to go on.
type mark struct {
	position int // how many elements come before
	link     string
	at       time.Time
}

// A trail is what is remembered of one list.
type trail struct {
	key   string
	marks []mark // by position
	total int    // -1: not known
	at    time.Time
}

// Positions remembers where in a list each next link leads, and how long lists
// are. Graph knows no offsets: startIndex is found by going on from the nearest
// position that is known. The least recently used lists are forgotten first.
type Positions struct {
	now func() time.Time

	mu     sync.Mutex
	trails map[string]*list.Element // of *trail
	used   *list.List               // most recently used first
	marks  int
}

// NewPositions remembers nothing yet.
func NewPositions(now func() time.Time) *Positions {
	return &Positions{now: now, trails: map[string]*list.Element{}, used: list.New()}
}

// Nearest is the last known position of the list at or before n; position 0 has
// no link.
func (p *Positions) Nearest(key string, n int) (position int, link string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.trail(key, false)
	if t == nil {
		return 0, ""
	}
	i := sort.Search(len(t.marks), func(i int) bool { return t.marks[i].position > n })
	for i--; i >= 0; i-- {
		if m := t.marks[i]; p.now().Sub(m.at) <= positionLife {
			return m.position, m.link
		}
	}
	return 0, ""
}

// Add remembers that the link leads to the position.
func (p *Positions) Add(key string, position int, link string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.trail(key, true)
	i := sort.Search(len(t.marks), func(i int) bool { return t.marks[i].position >= position })
	m := mark{position, link, p.now()}
	if i < len(t.marks) && t.marks[i].position == position {
		t.marks[i] = m
		return
	}
	t.marks = append(t.marks, mark{})
	copy(t.marks[i+1:], t.marks[i:])
	t.marks[i] = m
	p.marks++
	p.shrink()
}

// SetTotal remembers how long the list is.
func (p *Positions) SetTotal(key string, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.trail(key, true)
	t.total, t.at = n, p.now()
	p.shrink()
}

// Total is how long the list is.
func (p *Positions) Total(key string) (n int, known bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.trail(key, false)
	if t == nil || t.total < 0 || p.now().Sub(t.at) > positionLife {
		return 0, false
	}
	return t.total, true
}

// Drop forgets a list, whose links no longer work.
func (p *Positions) Drop(key string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e := p.trails[key]; e != nil {
		p.remove(e)
	}
}

// Changed forgets how long all lists are: something was made or deleted.
func (p *Positions) Changed() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range p.trails {
		e.Value.(*trail).total = -1 //nolint:forcetypeassert // the list holds nothing else
	}
}

// trail finds what is remembered of a list, as the most recently used.
func (p *Positions) trail(key string, create bool) *trail {
	e := p.trails[key]
	if e == nil {
		if !create {
			return nil
		}
		e = p.used.PushFront(&trail{key: key, total: -1})
		p.trails[key] = e
		p.marks++ // a list without marks takes room as well
	}
	p.used.MoveToFront(e)
	return e.Value.(*trail) //nolint:forcetypeassert // the list holds nothing else
}

// shrink forgets the lists used longest ago; one that is too long by itself is
// forgotten, too.
func (p *Positions) shrink() {
	for p.marks > maxPositions {
		p.remove(p.used.Back())
	}
}

func (p *Positions) remove(e *list.Element) {
	t := p.used.Remove(e).(*trail) //nolint:forcetypeassert // the list holds nothing else
	p.marks -= len(t.marks) + 1
	delete(p.trails, t.key)
}
