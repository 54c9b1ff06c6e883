package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	stdlog "log" //nolint:depguard // net/http takes nothing else for its error log
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/rs/zerolog"
)

// limits bound what the connections of one listener may take. Zero durations are
// none.
type limits struct {
	header      int // bytes; 0: net/http's default
	connections int // open at once; 0: any number
	read        time.Duration
	write       time.Duration
}

const (
	headerTimeout = 10 * time.Second
	idleTimeout   = 2 * time.Minute
	// lastWords is how long a request that is cut off has for telling its client.
	lastWords = time.Second
)

// A service is one listener and what answers on it.
type service struct {
	name   string
	ln     net.Listener
	server *http.Server
	cut    context.CancelFunc // cancels the requests under way
}

// listen opens the address, so that it is known to be free before anything is
// said to be listening. With a certificate it will serve HTTPS. What answers is
// set before it runs.
func listen(ctx context.Context, name, address string, cert *tls.Certificate, l limits) (*service, error) {
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("opening the listener of the %s: %w", name, err)
	}
	if l.connections > 0 {
		ln = limitConnections(ln, l.connections)
	}
	// The requests under way outlive ctx: they are drained.
	requests, cut := context.WithCancel(context.WithoutCancel(ctx))
	server := &http.Server{
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       l.read,
		WriteTimeout:      l.write,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    l.header,
		ErrorLog:          stdlog.New(errorLog{zerolog.Ctx(ctx)}, "", 0),
		BaseContext:       func(net.Listener) context.Context { return requests },
		ConnContext:       withConnection,
		ConnState:         watch,
	}
	if cert != nil {
		server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{*cert}, MinVersion: tls.VersionTLS12}
	}
	return &service{name, ln, server, cut}, nil
}

// url is how a program on this machine reaches the service.
func (s *service) url() string {
	scheme := "http"
	if s.server.TLSConfig != nil {
		scheme = "https"
	}
	host, port, err := net.SplitHostPort(s.ln.Addr().String())
	if ip := net.ParseIP(host); err == nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

// errorLog takes what net/http says of broken connections.
type errorLog struct{ *zerolog.Logger }

func (l errorLog) Write(text []byte) (int, error) {
	l.Debug().Str("from", "net/http").Msg(string(text))
	return len(text), nil
}

func (s *service) serve() error {
	serve := s.server.Serve
	if s.server.TLSConfig != nil {
		serve = func(ln net.Listener) error { return s.server.ServeTLS(ln, "", "") }
	}
	if err := serve(s.ln); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving the %s: %w", s.name, err)
	}
	return nil
}

// stop lets the requests under way end, for as long as ctx lasts. Those that take
// longer are cancelled, and may say so.
func (s *service) stop(ctx context.Context) error {
	defer s.cut()
	err := s.server.Shutdown(ctx)
	if err == nil {
		return nil
	}
	s.cut()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
	defer cancel()
	if s.server.Shutdown(last) != nil {
		s.server.Close()
	}
	return fmt.Errorf("stopping the %s: requests were cut off: %w", s.name, err)
}

// runAll serves until ctx ends or a service fails, then stops the services, the
// last first, each within the grace.
func runAll(ctx context.Context, grace time.Duration, services []*service) error {
	ended := make(chan error, len(services))
	for _, s := range services {
		go func() { ended <- s.serve() }()
	}
	var errs []error
	select {
	case <-ctx.Done():
	case err := <-ended:
		errs = append(errs, err)
	}
	zerolog.Ctx(ctx).Info().Stringer("grace", grace).Msg("stopping")
	for _, s := range slices.Backward(services) {
		drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
		errs = append(errs, s.stop(drain))
		cancel()
	}
	return errors.Join(errs...)
}

// closeAll closes the listeners of services that never ran.
func closeAll(services []*service) {
	for _, s := range services {
		s.ln.Close()
		s.cut()
	}
}
