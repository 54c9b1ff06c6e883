package entra

import (
	"context"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/entra/entity"
	"entrascim/internal/fault"
	"entrascim/internal/graph"
)

// A creation makes an object once. When the answer to its request is lost (a dropped
// connection, a 500, 502 or 504) nobody tells whether it was done: the object is looked
// for by its name then, and only what is not there is asked for again.
type creation struct {
	*resource

	began time.Time
	sent  map[string]any // what was asked for, with which the object must be as it is found
	look  graph.Request  // finds the objects of that name, or the one
	taken error          // the fault when the name is another's

	// unique is the property by which Graph refuses a second object of the name: the
	// request may be sent again though the first may still be done, or is done and not
	// shown yet. "" when there is none.
	unique string
}

// How long an object is waited for before its creation is sent again: 1.75 s in all. It
// is shorter than what is waited for one that must be there.
const longestDoubt = time.Second

// skew is how far the clock that dates objects may be from the one that dates answers;
// either tells whole seconds.
const skew = 5 * time.Second

// creation begins to make an object that is sent to Graph.
func (r *resource) creation(sent map[string]any, look graph.Request) *creation {
	return &creation{resource: r, began: r.options.Now(), sent: sent, look: look}
}

// once sends the request and, when its answer is lost, finds out what became of it: it
// gives Graph's answer, or the object that was found. Send may be called twice.
func (c *creation) once(ctx context.Context, send func() (jsontext.Value, error)) (jsontext.Value, error) {
	if err := c.rehearsed(ctx); err != nil {
		return nil, err
	}
	answer, lost := send()
	if !graph.InDoubt(lost) {
		return answer, lost
	}
	found, err := c.found(ctx, lost, longestDoubt)
	if found != nil || err != nil {
		return found, err
	}
	if c.unique == "" {
		return nil, lost
	}
	answer, err = send()
	if !graph.InDoubt(err) && !fault.Is(err, fault.Uniqueness) {
		return answer, err
	}
	refused := err // it may be the first that was done
	if found, err = c.found(ctx, lost, longestWait); found != nil || err != nil {
		return found, err
	}
	if graph.InDoubt(refused) || refusedProperty(refused) == c.unique {
		return nil, lost
	}
	return nil, refused
}

// rehearsed finds out what Graph would refuse if it was asked: a name that is taken.
func (c *creation) rehearsed(ctx context.Context) error {
	if !graph.Rehearsing(ctx) || c.taken == nil {
		return nil
	}
	named, _, err := c.named(ctx)
	if err == nil && len(named) > 0 {
		return c.taken
	}
	return err
}

// found looks for the object for a while; nil when it is not shown. An object of the
// name that this creation did not make is a fault, and so is lost when it cannot be
// known.
func (c *creation) found(ctx context.Context, lost error, longest time.Duration) (jsontext.Value, error) {
	for wait := firstWait; ; wait *= 2 {
		named, now, err := c.named(ctx)
		if err != nil {
			return nil, lost
		}
		var own []jsontext.Value
		for _, v := range named {
			if c.made(v, now) {
				own = append(own, v)
			}
		}
		switch {
		case len(own) == 1 && c.fresh.Claim(c.table.Collection(), entity.Text(own[0], "id")):
			return own[0], nil
		case len(own) > 1:
			return nil, lost
		case len(named) > 0 && c.taken != nil:
			return nil, c.taken
		case wait > longest:
			return nil, nil
		case c.options.Sleep(ctx, wait) != nil:
			return nil, lost
		}
	}
}

// named reads the objects of the name, and what time it is by the clock of Graph.
func (c *creation) named(ctx context.Context) ([]jsontext.Value, time.Time, error) {
	response, err := c.graph.Do(ctx, c.look)
	now := c.options.Now()
	switch {
	case fault.Is(err, fault.NotFound):
		return nil, now, nil
	case err != nil:
		return nil, now, err
	}
	if date, err := http.ParseTime(response.Header.Get("Date")); err == nil {
		now = date
	}
	if len(c.look.Params) > 0 {
		return []jsontext.Value{response.Body}, now, nil
	}
	var list []jsontext.Value
	_, err = graph.Collection(response.Body, func(d *jsontext.Decoder) error {
		v, err := d.ReadValue()
		list = append(list, v.Clone())
		return err
	})
	return list, now, err
}

// made tells whether the creation made the object: it is no older than the creation,
// it has all that was sent, and this gateway has not told anybody else of it. Both ages
// are told by the clock that they began by.
func (c *creation) made(v jsontext.Value, now time.Time) bool {
	at, err := time.Parse(time.RFC3339Nano, entity.Text(v, createdProperty))
	if err != nil || now.Sub(at) > c.options.Now().Sub(c.began)+skew || c.fresh.Any([]string{entity.Text(v, "id")}) {
		return false
	}
	var shown map[string]any
	return json.Unmarshal(v, &shown) == nil && entity.Holds(shown, c.sent)
}
