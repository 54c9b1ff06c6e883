package entra_test

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
)

// A prompt directory gives the answer that it gave the first time, at once.
type prompt struct {
	directory http.Handler

	mu      sync.Mutex
	answers map[string]answer
	last    *url.URL // that was asked for
	size    int64    // of the answer to it
}

type answer struct {
	header http.Header
	status int
	body   []byte
}

// RoundTrip makes the directory part of the process.
func (p *prompt) RoundTrip(r *http.Request) (*http.Response, error) {
	a, err := p.answer(r)
	if err != nil {
		return nil, err
	}
	return &http.Response{
		Status: http.StatusText(a.status), StatusCode: a.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: maps.Clone(a.header), Body: io.NopCloser(bytes.NewReader(a.body)), ContentLength: int64(len(a.body)),
	}, nil
}

// ServeHTTP makes the directory a server.
func (p *prompt) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.URL.Scheme, r.URL.Host = "https", r.Host
	a, err := p.answer(r)
	if err != nil {
		panic(err)
	}
	maps.Copy(w.Header(), a.header)
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
}

func (p *prompt) answer(r *http.Request) (answer, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return answer{}, fmt.Errorf("reading the request: %w", err)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	key := r.Method + " " + r.URL.String() + "\n" + string(body)
	a, known := p.answers[key]
	if !known {
		asked := r.Clone(r.Context())
		asked.Host, asked.TLS, asked.Body = r.URL.Host, &tls.ConnectionState{}, io.NopCloser(bytes.NewReader(body))
		w := httptest.NewRecorder()
		p.directory.ServeHTTP(w, asked)
		a = answer{w.Header(), w.Code, w.Body.Bytes()}
		p.answers[key] = a
	}
	p.last, p.size = r.URL, int64(len(a.body))
	return a, nil
}
