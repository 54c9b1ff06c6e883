package trouble_test

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"entrascim/internal/graphsim/odata"
	"entrascim/internal/graphsim/trouble"
)

// history is what 500 requests met, one letter each.
func history(seed uint64, method string) string {
	tr := trouble.New(trouble.Options{Hostile: true, Seed: seed})
	h := tr.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "x") }),
		func(w http.ResponseWriter, _ *http.Request, _ http.Header, e *odata.Error) { w.WriteHeader(e.Status) })
	var b strings.Builder
	for i := range 500 {
		b.WriteByte(outcome(h, method, fmt.Sprintf("/v1.0/users/%d", i)))
	}
	return b.String()
}

func outcome(h http.Handler, method, path string) (letter byte) {
	defer func() {
		if e, ok := recover().(error); ok && errors.Is(e, http.ErrAbortHandler) {
			letter = 'D'
		}
	}()
	w, r := httptest.NewRecorder(), httptest.NewRequest(method, path, nil)
	r.Header.Set("Accept-Encoding", "gzip")
	h.ServeHTTP(w, r)
	switch {
	case w.Code == http.StatusTooManyRequests:
		return 'T'
	case w.Code == http.StatusServiceUnavailable:
		return 'U'
	case w.Header().Get("Content-Encoding") == "gzip":
		return 'z'
	}
	return '.'
}

func TestHostileRepeatsBySeed(t *testing.T) {
	t.Parallel()
	one := history(1, "GET")
	if one != history(1, "GET") {
		t.Error("the same seed went another way")
	}
	if one == history(2, "GET") {
		t.Error("another seed went the same way")
	}
	for _, letter := range "TUDz." {
		if !strings.ContainsRune(one, letter) {
			t.Errorf("%c never happened", letter)
		}
	}
	if strings.Contains(history(1, "POST"), "D") {
		t.Error("a write was dropped")
	}
}

// A client that repeats a request gets on.
func TestHostileSparesTheRepeated(t *testing.T) {
	t.Parallel()
	tr := trouble.New(trouble.Options{Hostile: true, Seed: 3})
	h := tr.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}),
		func(w http.ResponseWriter, _ *http.Request, _ http.Header, e *odata.Error) { w.WriteHeader(e.Status) })
	refused := false
	for range 500 {
		letter := outcome(h, "GET", "/v1.0/users")
		if letter != '.' && refused {
			t.Fatal("refused twice running")
		}
		refused = letter != '.'
	}
}

func TestHostileGzipIsWhole(t *testing.T) {
	t.Parallel()
	tr := trouble.New(trouble.Options{Hostile: true, Seed: 4})
	want := strings.Repeat("a page of users ", 1000)
	h := tr.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(want)))
		w.WriteHeader(http.StatusCreated)
		io.WriteString(w, want)
	}), func(http.ResponseWriter, *http.Request, http.Header, *odata.Error) {})
	for range 100 {
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/v1.0/users", nil)
		r.Header.Set("Accept-Encoding", "gzip, deflate")
		h.ServeHTTP(w, r)
		if w.Header().Get("Content-Encoding") != "gzip" {
			continue
		}
		z, err := gzip.NewReader(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(z)
		if err != nil || string(got) != want || w.Code != http.StatusCreated || w.Header().Get("Content-Length") != "" {
			t.Fatalf("got %d, %d bytes, %v", w.Code, len(got), err)
		}
		return
	}
	t.Error("no answer of 100 was compressed")
}

func TestHostility(t *testing.T) {
	t.Parallel()
	calm := trouble.New(trouble.Options{Seed: 1}).Hostility()
	if calm != (trouble.Hostility{}) || calm.Omits("1", "mail") || calm.Extra("1") != "" {
		t.Errorf("calm: %+v", calm)
	}
	for seed := range uint64(50) {
		h := trouble.New(trouble.Options{Hostile: true, Seed: seed}).Hostility()
		if h.PageSize < 2 || h.PageSize > 5 || !h.Elsewhere || h.ListLag < h.ReadLag {
			t.Errorf("seed %d: %+v", seed, h)
		}
		omitted, extra := 0, 0
		for i := range 100 {
			id := fmt.Sprint(i)
			if h.Omits(id, "mail") {
				omitted++
			}
			if h.Extra(id) != "" {
				extra++
			}
		}
		if omitted < 10 || omitted > 60 || extra < 50 || extra == 100 {
			t.Errorf("seed %d: of 100 objects %d omit, %d have extras", seed, omitted, extra)
		}
	}
}
