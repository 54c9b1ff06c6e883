package app

import (
	"context"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"entrascim/internal/graphsim"
)

// memberPages is how many calls of Graph it takes to read the large group.
const memberPages = 20

// A large is a gateway in front of a directory with a large group, whose calls of
// Graph a test can hold up.
type large struct {
	path  string // of the group
	conn  net.Conn
	calls atomic.Int32                   // of its members
	hold  func(r *http.Request, n int32) // called before call n is answered
	ended chan struct{}                  // the request was answered or given up
}

// openLarge serves the gateway on a connection on which nothing is buffered.
func openLarge(t *testing.T, hold func(*http.Request, int32)) *large {
	t.Helper()
	sim := graphsim.New(graphsim.Options{})
	l := &large{path: "/scim/v2/Groups/" + largeGroup(t, sim.Tenant(graphsim.DefaultTenant)), hold: hold, ended: make(chan struct{}, 2)}
	graph := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/members") {
			l.hold(r, l.calls.Add(1))
		}
		sim.ServeHTTP(w, r)
	}))
	graph.EnableHTTP2 = true
	graph.StartTLS()
	t.Cleanup(graph.Close)
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: graph.Certificate().Raw})
	l.conn = l.serve(t, graph.URL, authority)
	return l
}

func (l *large) serve(t *testing.T, graphURL string, authority []byte) net.Conn {
	t.Helper()
	ctx := zerolog.Nop().WithContext(t.Context())
	h, _, err := newHandler(ctx, demoConfig(DemoOptions{}, graphURL, authority), "http://127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	s, err := listen(ctx, "gateway", "127.0.0.1:0", nil, limits{})
	if err != nil {
		t.Fatal(err)
	}
	s.ln.Close()
	conn, far := net.Pipe()
	s.ln = oneConnection{make(chan struct{}), make(chan net.Conn, 1)}
	s.ln.(oneConnection).conns <- far
	s.server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { l.ended <- struct{}{} }()
		h.ServeHTTP(w, r)
	})
	go func() { _ = s.serve() }()
	t.Cleanup(func() { s.server.Close(); conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	return conn
}

type oneConnection struct {
	closed chan struct{}
	conns  chan net.Conn
}

func (l oneConnection) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}
func (l oneConnection) Close() error { close(l.closed); return nil }
func (oneConnection) Addr() net.Addr { return &net.TCPAddr{} }

func largeGroup(t *testing.T, d *graphsim.Directory) string {
	t.Helper()
	group, err := d.Add("group", graphsim.Values{"displayName": "Everybody", "mailNickname": "all", "mailEnabled": false, "securityEnabled": true})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for i := range memberPages*999 - 10 {
		name := fmt.Sprintf("member%05d", i)
		id, err := d.Add("user", graphsim.Values{
			"accountEnabled": true, "displayName": "Member " + name, "mailNickname": name, "userPrincipalName": name + "@contoso.com", "userType": "Member",
		})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if err := d.AddMembers(group, ids...); err != nil {
		t.Fatal(err)
	}
	return group
}

// ask sends the request and reads the head of the answer.
func (l *large) ask(t *testing.T) {
	t.Helper()
	_, _ = io.WriteString(l.conn, "GET "+l.path+" HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+demoToken+"\r\n\r\n")
	head := make([]byte, 15)
	if _, err := io.ReadFull(l.conn, head); err != nil || string(head) != "HTTP/1.1 200 OK" {
		t.Fatalf("%q, %v", head, err)
	}
}

// A client that reads no further keeps the directory from being asked further; and
// when it goes, nothing more is asked.
func TestClientThatDoesNotRead(t *testing.T) {
	t.Parallel()
	l := openLarge(t, func(*http.Request, int32) {})
	l.ask(t)
	// Whatever is written next waits for the client: the calls made by now are those
	// of the pages that were written, and perhaps of one to come.
	l.conn.Close()
	within(t, l.ended)
	if n := l.calls.Load(); n == 0 || n > memberPages/2 {
		t.Errorf("%d of %d pages of members were asked for", n, memberPages)
	}
}

// A client that goes while Graph is asked takes the call with it, and no other
// follows.
func TestClientThatGoes(t *testing.T) {
	t.Parallel()
	asked, stopped := make(chan struct{}), make(chan error, 1)
	l := openLarge(t, func(r *http.Request, n int32) {
		if n == 2 {
			close(asked)
			<-r.Context().Done()
			stopped <- context.Cause(r.Context())
		}
	})
	_, _ = io.WriteString(l.conn, "GET "+l.path+" HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+demoToken+"\r\n\r\n")
	go func() { _, _ = io.Copy(io.Discard, l.conn) }()
	within(t, asked)
	l.conn.Close()
	within(t, stopped)
	within(t, l.ended)
	if n := l.calls.Load(); n != 2 {
		t.Errorf("%d calls, want 2", n)
	}
}

// A client that reads steadily gets all of it.
func TestClientThatReads(t *testing.T) {
	t.Parallel()
	l := openLarge(t, func(*http.Request, int32) {})
	l.ask(t)
	var n int
	buf, tail := make([]byte, 1<<16), ""
	for !strings.HasSuffix(tail, "0\r\n\r\n") {
		read, err := l.conn.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		text := tail + string(buf[:read])
		n += strings.Count(text, `"display":"Member`) - strings.Count(tail, `"display":"Member`)
		tail = text[max(0, len(text)-20):]
	}
	if calls := l.calls.Load(); n != memberPages*999-10 || calls > memberPages {
		t.Errorf("%d members by %d calls", n, calls)
	}
}
