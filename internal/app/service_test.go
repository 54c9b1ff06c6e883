package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"testing"
	"time"
)

// A handler blocks, the program is told to stop: nothing is stopped before the
// handler ended, its client gets the answer, and the service it may still ask is
// stopped after it.
func TestStopDrainsLastFirst(t *testing.T) {
	t.Parallel()
	entered, release := make(chan struct{}), make(chan struct{})
	below := open(t, "below", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "below") }))
	above := open(t, "above", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(entered)
		<-release
		answer, err := http.Get("http://" + below.ln.Addr().String())
		if err != nil {
			t.Errorf("asking the service below while draining: %v", err)
			return
		}
		defer answer.Body.Close()
		io.Copy(w, answer.Body)
		if r.Context().Err() != nil {
			t.Errorf("the request was cancelled: %v", r.Context().Err())
		}
	}))
	ctx, cancel := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- runAll(ctx, time.Minute, []*service{below, above}) }()
	body := make(chan string, 1)
	go func() {
		answer, err := http.Get("http://" + above.ln.Addr().String())
		if err != nil {
			t.Errorf("the request under way: %v", err)
			body <- ""
			return
		}
		defer answer.Body.Close()
		text, _ := io.ReadAll(answer.Body)
		body <- string(text)
	}()
	within(t, entered)
	cancel()
	select {
	case err := <-stopped:
		t.Fatalf("stopped with a request under way: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	close(release)
	if got := within(t, body); got != "below" {
		t.Errorf("body %q", got)
	}
	if err := within(t, stopped); err != nil {
		t.Errorf("stopping: %v", err)
	}
}

// A request that takes longer than the grace is cancelled, and its client told;
// one that does not listen to that is cut off.
func TestStopCutsOffAfterTheGrace(t *testing.T) {
	t.Parallel()
	for name, deaf := range map[string]bool{"cancelled": false, "deaf": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			entered := make(chan struct{})
			s := open(t, "gateway", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				close(entered)
				<-r.Context().Done()
				if deaf {
					<-t.Context().Done()
				}
				w.WriteHeader(http.StatusServiceUnavailable)
			}))
			ctx, cancel := context.WithCancel(t.Context())
			stopped, answered := make(chan error, 1), make(chan int, 1)
			go func() { stopped <- runAll(ctx, time.Millisecond, []*service{s}) }()
			go func() {
				answer, err := http.Get("http://" + s.ln.Addr().String())
				if err != nil {
					answered <- 0
					return
				}
				answer.Body.Close()
				answered <- answer.StatusCode
			}()
			within(t, entered)
			cancel()
			if err := within(t, stopped); err == nil {
				t.Error("nothing said of the request that was cut off")
			}
			want := http.StatusServiceUnavailable
			if deaf {
				want = 0
			}
			if got := within(t, answered); got != want {
				t.Errorf("status %d, want %d", got, want)
			}
		})
	}
}

func TestOneFailingStopsAll(t *testing.T) {
	t.Parallel()
	a, b := open(t, "a", http.NotFoundHandler()), open(t, "b", http.NotFoundHandler())
	b.ln.Close()
	if err := runAll(t.Context(), time.Minute, []*service{a, b}); err == nil {
		t.Error("no error of a service that could not serve")
	}
	if _, err := http.Get("http://" + a.ln.Addr().String()); err == nil {
		t.Error("the other service still answers")
	}
}

func TestSelfSigned(t *testing.T) {
	t.Parallel()
	cert, authority, err := selfSigned("graph.test", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	s, err := listen(t.Context(), "simulator", "127.0.0.1:0", cert, limits{})
	if err != nil {
		t.Fatal(err)
	}
	s.server.Handler = http.NotFoundHandler()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go runAll(ctx, time.Second, []*service{s})
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	for _, name := range []string{"127.0.0.1", "localhost", "graph.test"} {
		conn, err := tls.Dial("tcp", s.ln.Addr().String(), &tls.Config{RootCAs: roots, ServerName: name})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		conn.Close()
	}
	if conn, err := tls.Dial("tcp", s.ln.Addr().String(), &tls.Config{RootCAs: roots, ServerName: "graph.microsoft.com"}); err == nil {
		conn.Close()
		t.Error("the certificate stands for another host")
	}
}

func open(t *testing.T, name string, h http.Handler) *service {
	t.Helper()
	s, err := listen(t.Context(), name, "127.0.0.1:0", nil, limits{})
	if err != nil {
		t.Fatal(err)
	}
	s.server.Handler = h
	return s
}
