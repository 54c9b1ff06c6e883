package graph

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	abs "github.com/microsoft/kiota-abstractions-go"

	"entrascim/internal/fault"
)

// maxKeptBuffer bounds the buffers that are used again, in bytes.
const maxKeptBuffer = 4 << 20

// Page reads one page of a collection: the one r asks for, or, when link is not "",
// the one that an earlier page's NextLink names. Each is called with a decoder that
// stands before each element of the page in turn; it reads that element, or nothing
// of it to skip it. What it reads is only valid until it returns. A page that did
// not arrive whole is an error, found before each is called; an error of each ends
// the reading and is returned as it is.
func (c *Client) Page(ctx context.Context, r Request, link string, each func(*jsontext.Decoder) error) (Page, error) {
	n := 0
	counted := func(d *jsontext.Decoder) error { n++; return each(d) }
	page, err := c.page(ctx, r, link, func(body jsontext.Value) (Page, error) { return Collection(body, counted) })
	c.size(r, n, page, err)
	return page, err
}

// page reads a page with what reads its body.
func (c *Client) page(ctx context.Context, r Request, link string, read func(jsontext.Value) (Page, error)) (Page, error) {
	k, err := c.pageCall(r, link)
	if err != nil {
		return Page{}, err
	}
	var page Page
	err = c.read(ctx, k, c.newBudget(), func(res *Response) error {
		page, err = read(res.Body)
		return err
	})
	return page, err
}

// size learns how large the tenant is from a page with n elements.
func (c *Client) size(r Request, n int, page Page, err error) {
	if err == nil && r.Path == usersPath {
		c.pacer.KnowUsers(max(n, page.Count))
	}
}

// usersPath is the collection by whose size Graph's limits go.
const usersPath = "/users"

func (c *Client) takeBuffer() *bytes.Buffer {
	if buf, ok := c.buffers.Get().(*bytes.Buffer); ok {
		return buf
	}
	return new(bytes.Buffer)
}

func (c *Client) putBuffer(buf *bytes.Buffer) {
	if buf.Cap() <= maxKeptBuffer {
		c.buffers.Put(buf)
	}
}

func (c *Client) pageCall(r Request, link string) (call, error) {
	if link == "" {
		return build(c.base.String(), r)
	}
	next, err := url.Parse(link)
	if err != nil || next.Scheme != c.base.Scheme || !strings.EqualFold(next.Host, c.base.Host) || next.User != nil {
		return call{}, fault.Wrap(errors.New("a next link leaves the Graph host"), fault.BadGateway, "The directory's answer is broken.")
	}
	k := call{method: abs.GET, route: r.Path, url: next, text: link, advanced: r.Query.Advanced, repeatable: true, reads: true}
	k.load = loadOf(r, true)
	return k, nil
}

// All reads a collection to its end. The value given to each is only valid until
// each returns.
func (c *Client) All(ctx context.Context, r Request, each func(jsontext.Value) error) error {
	seen := map[string]bool{}
	for link := ""; ; {
		page, err := c.Page(ctx, r, link, func(d *jsontext.Decoder) error {
			v, err := d.ReadValue()
			if err != nil {
				return err
			}
			return each(v)
		})
		switch {
		case err != nil:
			return err
		case page.NextLink == "":
			return nil
		case seen[page.NextLink]:
			return fault.Wrap(errors.New("a next link repeats"), fault.BadGateway, "The directory's answer is broken.")
		}
		link = page.NextLink
		seen[link] = true
	}
}

// Collection reads the body of a collection, as an answer or a result of a batch
// holds it; see Page for each.
func Collection(body jsontext.Value, each func(*jsontext.Decoder) error) (Page, error) {
	page := Page{Count: -1}
	d := jsontext.NewDecoder(bytes.NewBuffer(body), jsontext.AllowDuplicateNames(true))
	if err := readCollection(d, &page, each); err != nil {
		return Page{}, err
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return Page{}, broken(errors.New("text after the collection"))
	}
	return page, nil
}

func readCollection(d *jsontext.Decoder, page *Page, each func(*jsontext.Decoder) error) error {
	if err := expect(d, '{'); err != nil {
		return err
	}
	complete := false
	for d.PeekKind() != '}' {
		name, err := d.ReadToken()
		if err != nil {
			return broken(err)
		}
		switch name.String() {
		case "value":
			complete = true
			err = readElements(d, each)
		case "@odata.count":
			page.Count, err = readCount(d)
		case "@odata.nextLink":
			page.NextLink, err = readString(d)
		default:
			err = broken(d.SkipValue())
		}
		if err != nil {
			return err
		}
	}
	if !complete {
		return broken(errors.New("a collection without value"))
	}
	return expect(d, '}')
}

func readElements(d *jsontext.Decoder, each func(*jsontext.Decoder) error) error {
	if err := expect(d, '['); err != nil {
		return err
	}
	for depth := d.StackDepth(); d.PeekKind() != ']'; {
		before := d.InputOffset()
		if err := each(d); err != nil {
			return brokenInside(err)
		}
		if d.StackDepth() != depth {
			return fmt.Errorf("reading a page: an element was read in part")
		}
		if d.InputOffset() == before {
			if err := d.SkipValue(); err != nil {
				return broken(err)
			}
		}
	}
	return expect(d, ']')
}

func expect(d *jsontext.Decoder, kind jsontext.Kind) error {
	token, err := d.ReadToken()
	if err != nil {
		return broken(err)
	}
	if token.Kind() != kind {
		return broken(fmt.Errorf("%v where %v was expected", token.Kind(), kind))
	}
	return nil
}

func readString(d *jsontext.Decoder) (string, error) {
	token, err := d.ReadToken()
	if err != nil {
		return "", broken(err)
	}
	if token.Kind() != '"' {
		return "", broken(errors.New("a next link that is no string"))
	}
	return token.String(), nil
}

func readCount(d *jsontext.Decoder) (int, error) {
	token, err := d.ReadToken()
	if err != nil {
		return 0, broken(err)
	}
	n, err := strconv.Atoi(token.String())
	if err != nil || n < 0 {
		return 0, broken(errors.New("a count that is no number"))
	}
	return n, nil
}

// broken is the fault of an answer that is not what Graph documents; nil for nil.
func broken(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fault.Wrap(err, fault.BadGateway, "The directory's answer is broken.")
}

// brokenInside is broken for an error of the caller's own reading, which may be of
// another kind.
func brokenInside(err error) error {
	var syntactic *jsontext.SyntacticError
	var f *fault.Error
	if !errors.As(err, &f) && (errors.As(err, &syntactic) || errors.Is(err, io.ErrUnexpectedEOF)) {
		return broken(err)
	}
	return err
}
