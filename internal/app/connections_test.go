package app

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// At the limit the connection that is idle longest makes room; where none is idle, one
// more is told that it is too many, and a place that comes free is taken again.
func TestConnectionsAreLimited(t *testing.T) {
	t.Parallel()
	for _, secured := range []bool{false, true} {
		t.Run(fmt.Sprintf("TLS %t", secured), func(t *testing.T) {
			t.Parallel()
			entered, release := make(chan struct{}), make(chan struct{})
			s := limited(t, 2, secured, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/wait" {
					entered <- struct{}{}
					<-release
				}
				fmt.Fprint(w, crowded(r))
			})
			first, second := knock(t, s.ln, secured), knock(t, s.ln, secured)
			ask(t, first, "/", "false")
			s.await(t, func() bool { return s.idle.Len() == 1 }) // an answer arrives before its connection is idle
			ask(t, second, "/", "false")
			s.await(t, func() bool { return s.idle.Len() == 2 })
			third := knock(t, s.ln, secured)
			ask(t, third, "/", "false")
			if _, err := first.Read(make([]byte, 1)); err == nil {
				t.Error("the connection that was idle longest is still open")
			}
			go ask(t, second, "/wait", "false")
			go ask(t, third, "/wait", "false")
			within(t, entered)
			within(t, entered)
			fourth := knock(t, s.ln, secured)
			ask(t, fourth, "/", "true")
			close(release)
			s.await(t, func() bool { return s.idle.Len() == 2 })
			ask(t, knock(t, s.ln, secured), "/", "false")
			fourth.Close()
			s.await(t, func() bool { return s.open == 2 && s.spares == 0 })
		})
	}
}

// What cannot even be told that it is too many is closed, and what is told does not
// stay.
func TestSparesAreLimited(t *testing.T) {
	t.Parallel()
	s := limited(t, 1, false, func(http.ResponseWriter, *http.Request) {})
	s.live(time.Hour)
	knock(t, s.ln, false)
	for range spareConnections {
		knock(t, s.ln, false)
	}
	if _, err := knock(t, s.ln, false).Read(make([]byte, 1)); err == nil {
		t.Error("one more connection than there are spares is open")
	}
	s.await(t, func() bool { return s.open == 1 && s.spares == spareConnections })

	s = limited(t, 1, false, func(http.ResponseWriter, *http.Request) {})
	s.live(time.Millisecond)
	knock(t, s.ln, false)
	if _, err := knock(t, s.ln, false).Read(make([]byte, 1)); err == nil {
		t.Error("a spare connection sends what nobody asked for")
	}
	s.await(t, func() bool { return s.open == 1 && s.spares == 0 })
}

// A request on a connection that was closed in the moment when it came is not
// performed.
func TestRetiredConnectionsPerformNothing(t *testing.T) {
	t.Parallel()
	l := limitConnections(nil, 1)
	one, other := net.Pipe()
	c := l.admit(one)
	watch(c, http.StateIdle)
	r := new(http.Request).WithContext(withConnection(t.Context(), c))
	if crowded(r) {
		t.Error("an idle connection has no place")
	}
	if l.admit(other).spare || !crowded(r) {
		t.Error("the connection made no room, or its request would be performed")
	}
	watch(c, http.StateIdle)
	c.Close()
	if l.open != 1 || l.idle.Len() != 0 {
		t.Errorf("%d open, %d idle", l.open, l.idle.Len())
	}
}

// An answer that comes before the request was read arrives: the connection is not
// reset under it.
func TestEarlyAnswersArrive(t *testing.T) {
	t.Parallel()
	s, err := listen(zerolog.Nop().WithContext(t.Context()), "gateway", "127.0.0.1:0", nil, limits{header: 1 << 10, connections: 1})
	if err != nil {
		t.Fatal(err)
	}
	s.server.Handler = http.NotFoundHandler()
	go func() { _ = s.serve() }()
	t.Cleanup(func() { s.server.Close() })
	conn := knock(t, s.ln, false)
	_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\nX: "+strings.Repeat("x", 30<<10)+"\r\n\r\n")
	if answer, err := io.ReadAll(conn); err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 431") {
		t.Fatalf("answer %.50q, %v", answer, err)
	}
}

type limitedService struct {
	*service
	*connections
}

// limited serves the handler on so many connections.
func limited(t *testing.T, most int, secured bool, h http.HandlerFunc) limitedService {
	t.Helper()
	var cert *tls.Certificate
	if secured {
		made, _, err := selfSigned("", time.Now())
		if err != nil {
			t.Fatal(err)
		}
		cert = made
	}
	s, err := listen(zerolog.Nop().WithContext(t.Context()), "gateway", "127.0.0.1:0", cert, limits{connections: most})
	if err != nil {
		t.Fatal(err)
	}
	s.server.Handler = h
	go func() { _ = s.serve() }()
	t.Cleanup(func() { s.server.Close() })
	return limitedService{s, s.ln.(*connections)}
}

// live sets how long a spare connection lives.
func (s limitedService) live(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spare = d
}

// await waits until the service has noticed.
func (s limitedService) await(t *testing.T, so func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		s.mu.Lock()
		done := so()
		s.mu.Unlock()
		if done {
			return
		}
		if time.Now().After(end) {
			t.Fatal("it did not come to that")
		}
	}
}

// patience is how long a test waits for what will not come any more.
const patience = time.Minute

// within waits for what others send, or for their end.
func within[T any](t *testing.T, from <-chan T) (sent T) {
	t.Helper()
	select {
	case sent = <-from:
	case <-time.After(patience):
		t.Fatal("it never came")
	}
	return sent
}

func knock(t *testing.T, ln net.Listener, secured bool) net.Conn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(patience))
	if secured {
		conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true})
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// ask sends a request and compares the body of its answer.
func ask(t *testing.T, conn net.Conn, path, want string) {
	t.Helper()
	_, _ = io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: x\r\n\r\n")
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Errorf("%s: %v", path, err)
		return
	}
	defer answer.Body.Close()
	if body, err := io.ReadAll(answer.Body); err != nil || string(body) != want {
		t.Errorf("%s: %q, %v", path, body, err)
	}
}
