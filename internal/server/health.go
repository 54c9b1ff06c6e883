package server

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog/hlog"
)

const (
	// readyFor is how long an answer about readiness holds: whoever asks, the
	// directory is asked no more often than this.
	readyFor = 5 * time.Second
	// readyTimeout bounds how long the directory is waited for.
	readyTimeout = 5 * time.Second
)

// health answers probes. It needs no token, and so says nothing but yes or no, and
// which attributes answers lack for want of a permission.
type health struct {
	ready   func(context.Context) error
	lacking func() []string

	mu      sync.Mutex
	checked time.Time
	err     error
}

// live says that the process answers.
func (h *health) live(w http.ResponseWriter, _ *http.Request) {
	state(w, http.StatusOK, `{"status":"ok"}`)
}

// answer says whether requests can be served.
func (h *health) answer(w http.ResponseWriter, r *http.Request) {
	if err := h.check(r.Context()); err != nil {
		hlog.FromRequest(r).Warn().Err(err).Msg("not ready")
		state(w, http.StatusServiceUnavailable, `{"status":"unavailable"}`)
		return
	}
	state(w, http.StatusOK, h.readiness())
}

// readiness is the body of a good answer. Names need no escaping: they are those of
// relations in the mapping tables.
func (h *health) readiness() string {
	if h.lacking != nil {
		if names := h.lacking(); len(names) > 0 {
			return `{"status":"ready","lacking":["` + strings.Join(names, `","`) + `"]}`
		}
	}
	return `{"status":"ready"}`
}

// check asks one at a time, and not for every probe. That a probe goes away does
// not count against the directory.
func (h *health) check(ctx context.Context) error {
	if h.ready == nil {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.checked.IsZero() && time.Since(h.checked) < readyFor {
		return h.err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readyTimeout)
	defer cancel()
	h.err = h.ready(ctx)
	h.checked = time.Now()
	return h.err
}

func state(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body + "\n"))
}
