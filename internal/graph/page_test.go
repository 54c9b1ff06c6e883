package graph

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/fault"
)

func collect(into *[]string) func(*jsontext.Decoder) error {
	return func(d *jsontext.Decoder) error {
		v, err := d.ReadValue()
		*into = append(*into, string(v))
		return err
	}
}

// collectText is collect for a reader of texts.
func collectText(got *[]string) Element {
	return func(text []byte) (int, error) {
		d := jsontext.NewDecoder(bytes.NewBuffer(text))
		v, err := d.ReadValue()
		*got = append(*got, string(v))
		return int(d.InputOffset()), err
	}
}

func skipped([]byte) (int, error) { return 0, nil }

func TestCollection(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		body string
		want []string
		page Page
	}{
		"told before":          {`{"@odata.count":7,"@odata.nextLink":"l","value":[1,{"a":[]}]}`, []string{`1`, `{"a":[]}`}, Page{7, "l"}},
		"told after":           {`{"@odata.context":{"x":[1]},"value":[1],"@odata.nextLink":"l","@odata.count":7}`, []string{`1`}, Page{7, "l"}},
		"empty":                {` { "value" : [ ] } `, nil, Page{-1, ""}},
		"unknown annotations":  {`{"@microsoft.graph.tips":"use $select","value":[{"id":"1"}],"x":null}`, []string{`{"id":"1"}`}, Page{-1, ""}},
		"value inside an item": {`{"value":[{"value":[1,2]},{"@odata.nextLink":"no"}]}`, []string{`{"value":[1,2]}`, `{"@odata.nextLink":"no"}`}, Page{-1, ""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			page, err := Collection(jsontext.Value(test.body), collect(&got))
			if err != nil || page != test.page || !slices.Equal(got, test.want) {
				t.Errorf("%q, %+v, %v", got, page, err)
			}
			page, err = Collection(jsontext.Value(test.body), func(*jsontext.Decoder) error { return nil })
			if err != nil || page != test.page {
				t.Errorf("elements skipped: %+v, %v", page, err)
			}
			got = nil
			page, err = collectionText(jsontext.Value(test.body), collectText(&got))
			if err != nil || page != test.page || !slices.Equal(got, test.want) {
				t.Errorf("as text: %q, %+v, %v", got, page, err)
			}
			page, err = collectionText(jsontext.Value(test.body), skipped)
			if err != nil || page != test.page {
				t.Errorf("texts skipped: %+v, %v", page, err)
			}
		})
	}
}

func TestCollectionBroken(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"empty":             ``,
		"no object":         `[1]`,
		"no value":          `{"@odata.count":1}`,
		"value no array":    `{"value":{}}`,
		"link no string":    `{"value":[],"@odata.nextLink":5}`,
		"count no number":   `{"value":[],"@odata.count":"x"}`,
		"negative count":    `{"value":[],"@odata.count":-1}`,
		"cut in an element": `{"value":[{"id":"1"},{"id":`,
		"cut between":       `{"value":[{"id":"1"}`,
		"cut after value":   `{"value":[{"id":"1"}]`,
		"cut before link":   `{"value":[{"id":"1"}],"@odata.nextLink"`,
		"more after":        `{"value":[]}{}`,
		"HTML":              `<html>`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			if page, err := Collection(jsontext.Value(body), collect(&got)); !fault.Is(err, fault.BadGateway) {
				t.Errorf("%+v, %v: want a bad gateway", page, err)
			}
			if page, err := collectionText(jsontext.Value(body), collectText(&got)); !fault.Is(err, fault.BadGateway) {
				t.Errorf("as text: %+v, %v: want a bad gateway", page, err)
			}
			if page, err := collectionText(jsontext.Value(body), skipped); !fault.Is(err, fault.BadGateway) {
				t.Errorf("texts skipped: %+v, %v: want a bad gateway", page, err)
			}
		})
	}
}

// An error of the reader is the caller's, as it is.
func TestCollectionReaderFails(t *testing.T) {
	t.Parallel()
	mine := errors.New("mine")
	_, err := Collection(jsontext.Value(`{"value":[1,2]}`), func(*jsontext.Decoder) error { return mine })
	if !errors.Is(err, mine) || fault.Is(err, fault.BadGateway) {
		t.Errorf("error %v", err)
	}
	_, err = collectionText(jsontext.Value(`{"value":[1,2]}`), func([]byte) (int, error) { return 0, mine })
	if !errors.Is(err, mine) || fault.Is(err, fault.BadGateway) {
		t.Errorf("as text: error %v", err)
	}
	_, err = Collection(jsontext.Value(`{"value":[{"a":1}]}`), func(d *jsontext.Decoder) error { _, err := d.ReadToken(); return err })
	if err == nil {
		t.Error("an element read in part went unnoticed")
	}
}

// pages serves n elements, two a page, with links in the form Graph's have.
func pages(s **server, n int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		at := 0
		_, _ = fmt.Sscanf(r.URL.Query().Get("$skiptoken"), "t%d", &at)
		var items []string
		for ; at < n && len(items) < 2; at++ {
			items = append(items, fmt.Sprint(at))
		}
		next := ""
		if at < n {
			next = fmt.Sprintf(`,"@odata.nextLink":"%s/v1.0/elsewhere?$top=2&$skiptoken=t%d%%2Fx"`, (*s).URL, at)
		}
		answer(w, http.StatusOK, `{"value":[`+strings.Join(items, ",")+`]`+next+`}`)
	}
}

func TestAll(t *testing.T) {
	t.Parallel()
	var s *server
	s = newServer(t, pages(&s, 5))
	var got []string
	r := Request{Path: "/users", Query: Query{Top: 2, Advanced: true}}
	err := s.client(t).All(t.Context(), r, func(v jsontext.Value) error {
		got = append(got, string(v))
		return nil
	})
	if err != nil || strings.Join(got, "") != "01234" {
		t.Fatalf("%q, %v", got, err)
	}
	want := []string{"GET /v1.0/users?$top=2", "GET /v1.0/elsewhere?$top=2&$skiptoken=t2%2Fx", "GET /v1.0/elsewhere?$top=2&$skiptoken=t4%2Fx"}
	if !slices.Equal(s.requests(), want) {
		t.Errorf("asked %q", s.requests())
	}
	for i, h := range s.header {
		if h.Get("ConsistencyLevel") != "eventual" {
			t.Errorf("page %d is not an advanced query", i)
		}
	}
}

func TestAllRefusesLinks(t *testing.T) {
	t.Parallel()
	for name, link := range map[string]string{
		"foreign host": "https://graph.example.com/v1.0/users?$skiptoken=1",
		"plain HTTP":   "http://HOST/v1.0/users",
		"relative":     "/v1.0/users?$skiptoken=1",
		"credentials":  "https://user@HOST/v1.0/users",
		"no URL":       "https://%zz",
		"itself again": "https://HOST/v1.0/users?$skiptoken=1",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var s *server
			s = newServer(t, func(w http.ResponseWriter, _ *http.Request) {
				host := strings.TrimPrefix(s.URL, "https://")
				answer(w, http.StatusOK, fmt.Sprintf(`{"value":[],"@odata.nextLink":%q}`, strings.ReplaceAll(link, "HOST", host)))
			})
			err := s.client(t).All(t.Context(), Request{Path: "/users"}, func(jsontext.Value) error { return nil })
			if !fault.Is(err, fault.BadGateway) || len(s.requests()) > 2 {
				t.Errorf("error %v after %d requests", err, len(s.requests()))
			}
		})
	}
}

// A page whose connection breaks in the middle is read again; nothing of the broken
// one is delivered.
func TestPageCutShort(t *testing.T) {
	t.Parallel()
	whole := `{"value":[1,2,3]}`
	cut := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(whole)))
		w.Write([]byte(whole[:12]))
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	for name, test := range map[string]struct {
		graph http.HandlerFunc
		want  []string
		kind  fault.Kind
	}{
		"once":     {sequence(cut, status(200, whole)), []string{"1", "2", "3"}, 0},
		"for ever": {cut, nil, fault.Unavailable},
		"quietly":  {status(200, whole[:12]), []string{"1"}, fault.BadGateway},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, test.graph)
			var got []string
			_, err := s.client(t).Page(t.Context(), Request{Path: "/users"}, "", collect(&got))
			if test.kind == 0 && err != nil || test.kind != 0 && !fault.Is(err, test.kind) {
				t.Fatalf("error %v", err)
			}
			if test.kind == 0 && !slices.Equal(got, test.want) || test.kind == fault.Unavailable && got != nil {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestAnswerTooLarge(t *testing.T) {
	t.Parallel()
	s := newServer(t, status(200, `{"value":["`+strings.Repeat("x", 1000)+`"]}`))
	c := s.client(t, func(o *Options) { o.MaxBody = 1000 })
	if _, err := c.Do(t.Context(), user("GET")); !fault.Is(err, fault.BadGateway) || len(s.requests()) != 1 {
		t.Errorf("error %v after %d requests", err, len(s.requests()))
	}
}

func TestDo(t *testing.T) {
	t.Parallel()
	s := newServer(t, sequence(status(201, `{"id":"1"}`, "X-One", "1"), status(204, ``)))
	c := s.client(t)
	res, err := c.Do(t.Context(), user("POST"))
	if err != nil || res.Status != 201 || string(res.Body) != `{"id":"1"}` || res.Header.Get("X-One") != "1" || res.RequestID != "r-1" {
		t.Errorf("%+v, %v", res, err)
	}
	if h := s.header[0]; h.Get("Content-Type") != "application/json" || h.Get("Content-Length") != "21" {
		t.Errorf("headers %v", h)
	}
	res, err = c.Do(t.Context(), user("DELETE"))
	if err != nil || res.Status != 204 || res.Body != nil {
		t.Errorf("%+v, %v", res, err)
	}
}
