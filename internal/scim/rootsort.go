package scim

import (
	"bytes"
	"context"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/fault"
)

// maxSorted bounds the resources of several types that are sorted together.
const maxSorted = 10_000

// An entry is a resource of a sorted list.
type entry struct {
	key any
	doc Document
	by  Projection // what is shown of it
}

// sorted answers a query over all types that is to be sorted: every resource that
// matches is read, and the page is cut out (RFC 7644 sections 3.4.2.1, 3.4.2.3). What a
// type does not have has no value.
func sorted(ctx context.Context, chapters []chapter, at rootPlace, out *ListWriter) error {
	q := chapters[0].query
	var all []entry
	for _, c := range chapters {
		some, err := c.entries(ctx, maxSorted-len(all))
		if err != nil {
			return err
		}
		all = append(all, some...)
	}
	slices.SortStableFunc(all, func(a, b entry) int {
		if q.Descending {
			a, b = b, a
		}
		return Order{}.Compare(a.key, b.key)
	})
	from := q.StartIndex - 1
	if len(at.Place) > 0 {
		from, _ = strconv.Atoi(string(at.Place)) // sealed: it is what was written below
	}
	from = min(from, len(all))
	to := min(from+q.Count, len(all))
	for _, e := range all[from:to] {
		err := out.Resource(func(enc *jsontext.Encoder) error {
			return json.MarshalEncode(enc, e.by.Prune(e.doc), json.Deterministic(true))
		})
		if err != nil {
			return err
		}
	}
	out.total = len(all)
	if to == len(all) || q.Count == 0 {
		return nil
	}
	text, err := json.Marshal(rootPlace{Place: strconv.AppendInt(nil, int64(to), 10), Total: len(all)})
	if err == nil {
		out.Next(text)
	}
	return err
}

// entries are all resources of the type that match, with what they are sorted by.
func (c chapter) entries(ctx context.Context, most int) ([]entry, error) {
	if c.none {
		return nil, nil
	}
	shown := c.query.Projection
	key := func(Document) any { return nil }
	if by := c.query.SortBy; by != nil {
		o := NewOrder(c.typ, *by)
		key, c.query.Projection = o.Key, shown.With(o.Attributes()...)
	}
	c.query.SortBy, c.query.ByCursor, c.query.Count = nil, false, maxSorted
	var all []entry
	for c.query.StartIndex = 1; ; c.query.StartIndex += c.query.Count {
		docs, total, err := c.documents(ctx)
		if err != nil {
			return nil, err
		}
		if total > most {
			return nil, fault.New(fault.TooMany, "More than %d resources would have to be sorted; narrow the filter.", maxSorted)
		}
		for _, doc := range docs {
			all = append(all, entry{key(doc), doc, shown})
		}
		if len(docs) == 0 || len(all) >= total {
			return all, nil
		}
	}
}

// documents are the resources of one page.
func (c chapter) documents(ctx context.Context) ([]Document, int, error) {
	var text bytes.Buffer
	out := newListWriter(&text, c.query, nil)
	if err := c.typ.Reader.List(ctx, c.query, out); err != nil {
		return nil, 0, err
	}
	if err := out.close(); err != nil {
		return nil, 0, err
	}
	var list struct {
		Total     int        `json:"totalResults"`
		Resources []Document `json:"Resources"`
	}
	err := json.Unmarshal(text.Bytes(), &list)
	return list.Resources, list.Total, err
}
