package graph

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// An Element takes the JSON value that text begins with, and tells where it ends; 0:
// it is skipped. It is the way of long lists: nobody has looked at the value before.
type Element func(text []byte) (end int, err error)

// PageText is Page for a reader that finds out by itself whether an element is
// well-formed. What it fails with is returned as it is, but for errors of jsontext.
func (c *Client) PageText(ctx context.Context, r Request, link string, each Element) (Page, error) {
	n := 0
	counted := func(text []byte) (int, error) { n++; return each(text) }
	page, err := c.page(ctx, r, link, func(body jsontext.Value) (Page, error) { return collectionText(body, counted) })
	c.size(r, n, page, err)
	return page, err
}

// collectionText reads the elements, and then what is around them.
func collectionText(body jsontext.Value, each Element) (Page, error) {
	open, err := valueOf(body)
	if err != nil {
		return Page{}, broken(err)
	}
	end, err := readTexts(body, open, each)
	if err != nil {
		return Page{}, brokenInside(err)
	}
	envelope := slices.Concat(body[:open], []byte("[]"), body[end:])
	return Collection(envelope, func(*jsontext.Decoder) error { return broken(errors.New("a collection with two values")) })
}

// valueOf is where the array of the elements begins.
func valueOf(body jsontext.Value) (int, error) {
	d := jsontext.NewDecoder(bytes.NewBuffer(body), jsontext.AllowDuplicateNames(true))
	if err := expect(d, '{'); err != nil {
		return 0, err
	}
	for d.PeekKind() == '"' {
		name, err := d.ReadToken()
		if err != nil {
			return 0, err
		}
		if name.String() == "value" {
			return arrayAt(body, int(d.InputOffset()))
		}
		if err := d.SkipValue(); err != nil {
			return 0, err
		}
	}
	if _, err := d.ReadToken(); err != nil {
		return 0, err
	}
	return 0, errors.New("a collection without value")
}

// arrayAt is where the array is that the member's value should be whose name ends at a
// place.
func arrayAt(body jsontext.Value, at int) (int, error) {
	if at = spaceEnd(body, at); at < len(body) && body[at] == ':' {
		if at = spaceEnd(body, at+1); at < len(body) && body[at] == '[' {
			return at, nil
		}
	}
	return 0, errors.New("a value that is no array")
}

// readTexts reads the array that begins at a place, and gives where it ends.
func readTexts(body jsontext.Value, open int, each Element) (int, error) {
	at := spaceEnd(body, open+1)
	if at < len(body) && body[at] == ']' {
		return at + 1, nil
	}
	for at < len(body) {
		length, err := each(body[at:])
		if err == nil && length == 0 {
			length, err = skipText(body[at:])
		}
		if err != nil {
			return 0, err
		}
		switch at = spaceEnd(body, at+length); {
		case at >= len(body):
		case body[at] == ']':
			return at + 1, nil
		case body[at] == ',':
			at = spaceEnd(body, at+1)
		default:
			return 0, broken(fmt.Errorf("%q after an element", body[at]))
		}
	}
	return 0, broken(errors.New("an array without an end"))
}

func skipText(text jsontext.Value) (int, error) {
	d := jsontext.NewDecoder(bytes.NewBuffer(text), jsontext.AllowDuplicateNames(true))
	err := d.SkipValue()
	return int(d.InputOffset()), err
}

// spaceEnd is where white space that begins at a place ends.
func spaceEnd(text []byte, at int) int {
	for at < len(text) && bytes.IndexByte([]byte(" \t\r\n"), text[at]) >= 0 {
		at++
	}
	return at
}
