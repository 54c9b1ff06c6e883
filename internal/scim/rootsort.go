package scim

import (
	"bytes"
	"context"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	filter "github.com/scim2/filter-parser/v2"

	"entrascim/internal/fault"
)

// maxSorted bounds the resources of several types that are sorted together.
const maxSorted = 10_000

// An entry is a resource of a sorted list, before it is read.
type entry struct {
	chapter chapter
	id      string
	key     any // what it is sorted by
}

// sorted answers a query over all types that is to be sorted: of every resource that
// matches it is read what it is sorted by, and then the page (RFC 7644 sections
// 3.4.2.1, 3.4.2.3). What a type does not have has no value.
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
	if err := write(ctx, chapters, all[from:to], out); err != nil {
		return err
	}
	out.total, out.next, out.previous = len(all), nil, nil
	if to == len(all) {
		return nil
	}
	text, err := json.Marshal(rootPlace{Place: strconv.AppendInt(nil, int64(to), 10), Total: len(all)})
	if err == nil {
		out.Next(text)
	}
	return err
}

// entries are all resources of the type that match.
func (c chapter) entries(ctx context.Context, most int) ([]entry, error) {
	if c.none {
		return nil, nil
	}
	q := c.query
	q.Projection = MinimalProjection(c.typ)
	key := func(Document) any { return nil }
	if by := q.SortBy; by != nil {
		o := NewOrder(c.typ, *by)
		key, q.Projection = o.Key, MinimalProjection(c.typ, o.Attributes()...)
	}
	q.SortBy, q.ByCursor, q.Count = nil, false, maxSorted
	var all []entry
	for q.StartIndex = 1; ; q.StartIndex += q.Count {
		docs, total, err := c.documents(ctx, q)
		if err != nil {
			return nil, err
		}
		if total > most {
			return nil, fault.New(fault.TooMany, "More than %d resources would have to be sorted; narrow the filter.", maxSorted)
		}
		for _, doc := range docs {
			id, _ := doc["id"].(string)
			all = append(all, entry{c, id, key(doc)})
		}
		if len(docs) == 0 || len(all) >= total {
			return all, nil
		}
	}
}

// write reads the entries, each type's at once, and writes them in their order. One
// that is gone meanwhile is left out.
func write(ctx context.Context, chapters []chapter, page []entry, out *ListWriter) error {
	found := map[string]Document{}
	for _, c := range chapters {
		var ids []string
		for _, e := range page {
			if e.chapter.typ == c.typ {
				ids = append(ids, e.id)
			}
		}
		if len(ids) == 0 {
			continue
		}
		q := Query{index: c.query.index, Filter: anyOf(c.typ, ids), StartIndex: 1, Count: len(ids), Projection: c.query.Projection}
		docs, _, err := c.documents(ctx, q)
		if err != nil {
			return err
		}
		for _, doc := range docs {
			id, _ := doc["id"].(string)
			found[c.typ.ID+" "+id] = doc
		}
	}
	for _, e := range page {
		doc, there := found[e.chapter.typ.ID+" "+e.id]
		if !there {
			continue
		}
		err := out.Resource(func(enc *jsontext.Encoder) error { return json.MarshalEncode(enc, doc, json.Deterministic(true)) })
		if err != nil {
			return err
		}
	}
	return nil
}

// anyOf is the filter of resources by their ids, of little depth.
func anyOf(rt *ResourceType, ids []string) filter.Expression {
	if len(ids) == 1 {
		path := filter.AttributePath{URIPrefix: &rt.Schema.ID, AttributeName: "id"}
		return &filter.AttributeExpression{AttributePath: path, Operator: filter.EQ, CompareValue: ids[0]}
	}
	half := len(ids) / 2
	return &filter.LogicalExpression{Left: anyOf(rt, ids[:half]), Right: anyOf(rt, ids[half:]), Operator: filter.OR}
}

// documents are the resources of one page.
func (c chapter) documents(ctx context.Context, q Query) ([]Document, int, error) {
	var text bytes.Buffer
	out := newListWriter(&text, q, nil)
	if err := c.list(ctx, q, out); err != nil {
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
