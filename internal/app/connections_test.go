package app

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// One connection more than there are places for waits until another ends.
func TestConnectionsAreLimited(t *testing.T) {
	t.Parallel()
	ln := listener(t, 1)
	accepted := make(chan net.Conn, 2)
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				close(accepted)
				return
			}
			accepted <- conn
		}
	}()
	knock(t, ln)
	knock(t, ln)
	first := <-accepted
	select {
	case <-accepted:
		t.Error("a second connection was accepted")
	case <-time.After(20 * time.Millisecond):
	}
	first.Close()
	first.Close() // frees one place, not two
	second := <-accepted
	knock(t, ln)
	ln.Close()
	if _, open := <-accepted; open {
		t.Error("a connection was accepted after the end")
	}
	second.Close()
	if _, err := ln.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("accepting after the end: %v", err)
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
	conn := knock(t, s.ln)
	_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\nX: "+strings.Repeat("x", 30<<10)+"\r\n\r\n")
	if answer, err := io.ReadAll(conn); err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 431") {
		t.Fatalf("answer %.50q, %v", answer, err)
	}
}

func listener(t *testing.T, most int) net.Listener {
	t.Helper()
	ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	limited := limitConnections(ln, most)
	t.Cleanup(func() { limited.Close() })
	return limited
}

func knock(t *testing.T, ln net.Listener) net.Conn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}
