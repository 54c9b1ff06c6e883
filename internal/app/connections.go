package app

import (
	"container/list"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// spareConnections is how many connections beyond the limit are open at once, to
	// tell their clients that there are too many; one more is closed without a word.
	spareConnections = 64
	// spareTime bounds the life of such a connection.
	spareTime = 5 * time.Second
)

// connections is a listener that bounds how many connections are open. Nobody waits:
// at the limit the connection that has been idle longest makes room for a new one,
// and where none is idle the new one is a spare, on which nothing but health is
// answered, once.
type connections struct {
	net.Listener

	most  int
	spare time.Duration

	mu     sync.Mutex
	open   int
	spares int
	idle   list.List // of *connection, the longest idle first
}

func limitConnections(ln net.Listener, most int) *connections {
	return &connections{Listener: ln, most: most, spare: spareTime}
}

// A connection is one that a connections has accepted.
type connection struct {
	net.Conn

	of      *connections
	spare   bool
	ended   func()        // gives its place back, once
	retired atomic.Bool   // it was closed to make room
	place   *list.Element // among the idle; nil: it is not. Guarded by of.mu
	life    *time.Timer   // of a spare
}

// Accept waits for a connection.
func (l *connections) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if c := l.admit(conn); c != nil {
			return c, nil
		}
		_ = conn.Close()
	}
}

// admit finds a place for a connection; nil when there is none.
func (l *connections) admit(conn net.Conn) *connection {
	c := &connection{Conn: conn, of: l}
	c.ended = sync.OnceFunc(c.leave)
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.open < l.most:
	case l.idle.Len() > 0:
		l.retire()
	case l.spares < spareConnections:
		l.spares++
		c.spare = true
		c.life = time.AfterFunc(l.spare, func() { _ = c.Close() })
		return c
	default:
		return nil
	}
	l.open++
	return c
}

// retire closes the connection that has been idle longest. A request that comes in on
// it in this moment is not performed, see crowded: its client would never know.
func (l *connections) retire() {
	c, _ := l.idle.Remove(l.idle.Front()).(*connection)
	c.place = nil
	c.retired.Store(true)
	l.open--
	_ = c.Conn.Close()
}

// watch is told by net/http which connections are idle.
func watch(conn net.Conn, state http.ConnState) {
	c := connectionOf(conn)
	if c == nil {
		return
	}
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	c.busy()
	if state == http.StateIdle && !c.spare && !c.retired.Load() {
		c.place = c.of.idle.PushBack(c)
	}
}

// busy takes the connection from the idle ones.
func (c *connection) busy() {
	if c.place != nil {
		c.of.idle.Remove(c.place)
		c.place = nil
	}
}

// Close frees the place.
func (c *connection) Close() error {
	defer c.ended()
	return c.Conn.Close()
}

func (c *connection) leave() {
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	c.busy()
	switch {
	case c.spare:
		c.life.Stop()
		c.of.spares--
	case !c.retired.Load():
		c.of.open--
	}
}

// CloseWrite ends what is written. net/http does it to let a client read an answer
// that came before its request was read to the end; without it the connection is
// reset and the answer lost.
func (c *connection) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// connectionOf finds what a connections accepted below what net/http made of it.
func connectionOf(conn net.Conn) *connection {
	if secured, ok := conn.(*tls.Conn); ok {
		conn = secured.NetConn()
	}
	c, _ := conn.(*connection)
	return c
}

type connectionKey struct{}

// withConnection lets crowded find the connection of a request.
func withConnection(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, connectionKey{}, connectionOf(conn))
}

// crowded tells whether the request came on a connection that there is no place for.
func crowded(r *http.Request) bool {
	c, _ := r.Context().Value(connectionKey{}).(*connection)
	return c != nil && (c.spare || c.retired.Load())
}
