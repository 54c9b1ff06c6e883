package server

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// On a connection that there is no place for health is answered and nothing else, and
// it is closed either way.
func TestCrowded(t *testing.T) {
	t.Parallel()
	url, _ := face(t, func(http.ResponseWriter, *http.Request) { t.Error("a request too many was performed") },
		func(o *Options) { o.Crowded = func(*http.Request) bool { return true } })
	for path, want := range map[string]int{"/scim/v2/Users": 503, "/healthz": 200, "/readyz": 200, "/": 404} {
		resp, text := send(t, "GET", url+path)
		if resp.StatusCode != want || !resp.Close {
			t.Errorf("%s: %d %s, closed %t", path, resp.StatusCode, text, resp.Close)
		}
		if want == 503 && (resp.Header.Get("Retry-After") != "1" || !strings.Contains(text, `"status":"503"`)) {
			t.Errorf("Retry-After %q: %s", resp.Header.Get("Retry-After"), text)
		}
	}
}

// The handler for health has its routes and no others, and readiness is asked for once,
// whichever listener is asked.
func TestOnlyHealth(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	o := Options{Ready: func(context.Context) error { asked.Add(1); return nil }}
	all := New(o)
	probes := OnlyHealth(all)
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/scim/v2/Users": 404, "/": 404, "/healthz/x": 404} {
		for name, h := range map[string]http.Handler{"all": all, "probes": probes} {
			if name == "all" && want == 404 {
				continue
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
			if w.Code != want {
				t.Errorf("%s of %s: %d", path, name, w.Code)
			}
		}
	}
	if n := asked.Load(); n != 1 {
		t.Errorf("the directory was asked %d times", n)
	}
}

// A client that takes nothing of its answer loses the connection, and the request
// gives its place back, though its time is not over.
func TestStalledClient(t *testing.T) {
	t.Parallel()
	ended := make(chan error, 1)
	srv := &http.Server{Handler: limitStall(10*time.Millisecond, time.Hour)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		var err error
		for err == nil {
			_, err = w.Write(make([]byte, 32<<10))
		}
		ended <- err
	}))}
	conn, ln := pipe()
	go func() { _ = srv.Serve(ln) }()
	t.Cleanup(func() { srv.Close() })
	_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	if _, err := io.ReadFull(conn, make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; !isTimeout(err) {
		t.Errorf("the answer ended with %v", err)
	}
}

// A client that reads steadily keeps its connection until the time of the request and
// its answer is over.
func TestSlowClient(t *testing.T) {
	t.Parallel()
	p := &patient{ResponseWriter: deadlines{&recorded{}}, most: time.Hour, end: time.Now().Add(90 * time.Minute)}
	w := p.ResponseWriter.(deadlines).recorded
	_, _ = p.Write(nil)
	first := w.deadline
	p.moved = p.moved.Add(-time.Hour) // an hour passes
	_, _ = p.Write(nil)
	if !w.deadline.After(first) {
		t.Error("the deadline did not move on")
	}
	p.end = first
	p.moved = p.moved.Add(-time.Hour)
	if p.Flush(); !w.deadline.Equal(first) {
		t.Errorf("the deadline is %s, behind the end %s", w.deadline, first)
	}
}

type recorded struct{ deadline time.Time }

// deadlines is a ResponseWriter of which the test wants the deadline only.
type deadlines struct{ *recorded }

func (deadlines) Header() http.Header                   { return http.Header{} }
func (deadlines) WriteHeader(int)                       {}
func (deadlines) Write(b []byte) (int, error)           { return len(b), nil }
func (d deadlines) SetWriteDeadline(at time.Time) error { d.deadline = at; return nil }

func isTimeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

// pipe is a connection on which nothing is buffered, and the listener that has its
// other end.
func pipe() (net.Conn, net.Listener) {
	client, server := net.Pipe()
	ln := make(oneListener, 1)
	ln <- server
	return client, ln
}

type oneListener chan net.Conn

func (l oneListener) Accept() (net.Conn, error) {
	conn, open := <-l
	if !open {
		return nil, net.ErrClosed
	}
	return conn, nil
}
func (l oneListener) Close() error { close(l); return nil }
func (oneListener) Addr() net.Addr { return &net.TCPAddr{} }
