package graphsim

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/graphsim/trouble"
)

// maxControl bounds the body of a control request, in bytes. A seed may be large.
const maxControl = 256 << 20

// Fail queues faults for requests to come; it queues all or none.
func (s *Simulator) Fail(faults ...trouble.Fault) error { return s.trouble.Fail(faults...) }

// Calls lists the requests to Graph since the start or the last Reset, one line
// each: method, URL, client-request-id. The items of a batch follow it, indented.
func (s *Simulator) Calls() []string { return s.trouble.Calls() }

// Stats counts the requests to Graph since the start or the last Reset.
func (s *Simulator) Stats() trouble.Stats { return s.trouble.Stats() }

// Reset sets the counters to zero and forgets the calls; the data stay.
func (s *Simulator) Reset() { s.trouble.Reset() }

// Control is the handler of the control listener, which is never the one that
// serves Graph:
//
//	GET    /sim/calls     the calls, as text
//	GET    /sim/stats     the counters
//	POST   /sim/reset     sets the counters to zero
//	GET    /sim/faults    the faults that are queued
//	POST   /sim/faults    queues a trouble.Fault or a list of them
//	DELETE /sim/faults    takes all faults out of the queue
//	GET    /sim/clock     {"now": …}
//	POST   /sim/clock     {"advance": "1h"} moves the clock forward
//	POST   /sim/seed      adds objects; ?tenant=ID says where, see Seed
//	POST   /sim/settings  changes Settings
//
// Mistakes are answered 400 with {"error": …}.
func (s *Simulator) Control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /sim/calls", s.controlCalls)
	mux.HandleFunc("GET /sim/stats", func(w http.ResponseWriter, _ *http.Request) { say(w, s.Stats()) })
	mux.HandleFunc("POST /sim/reset", func(w http.ResponseWriter, _ *http.Request) { s.Reset(); done(w) })
	mux.HandleFunc("GET /sim/faults", func(w http.ResponseWriter, _ *http.Request) { say(w, s.trouble.Faults()) })
	mux.HandleFunc("DELETE /sim/faults", func(w http.ResponseWriter, _ *http.Request) { s.trouble.Forgive(); done(w) })
	mux.HandleFunc("GET /sim/clock", s.tellTime)
	mux.HandleFunc("POST /sim/faults", s.controlFaults)
	mux.HandleFunc("POST /sim/clock", s.controlClock)
	mux.HandleFunc("POST /sim/seed", s.controlSeed)
	mux.HandleFunc("POST /sim/settings", s.controlSettings)
	return mux
}

func (s *Simulator) controlCalls(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	for _, line := range s.Calls() {
		_, _ = io.WriteString(w, line+"\n") // the client went away
	}
}

func (s *Simulator) controlFaults(w http.ResponseWriter, r *http.Request) {
	var list []trouble.Fault
	raw, err := readControl(w, r)
	if err == nil && jsontext.Value(raw).Kind() == '{' {
		list = make([]trouble.Fault, 1)
		err = strictly(raw, &list[0])
	} else if err == nil {
		err = strictly(raw, &list)
	}
	if err == nil {
		err = s.Fail(list...)
	}
	answerControl(w, err)
}

func (s *Simulator) controlClock(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Advance trouble.Duration `json:"advance"`
	}
	err := readStrictly(w, r, &body)
	if err == nil && body.Advance <= 0 {
		err = errors.New("advance must be a positive duration: the clock does not go back")
	}
	if err != nil {
		answerControl(w, err)
		return
	}
	s.Advance(time.Duration(body.Advance))
	s.tellTime(w, r)
}

func (s *Simulator) tellTime(w http.ResponseWriter, _ *http.Request) {
	say(w, map[string]time.Time{"now": s.Now().UTC()})
}

// Settings change how the simulator behaves from now on. What is nil stays as it
// is.
type Settings struct {
	Latency  *trouble.Duration `json:"latency"`  // added to every request
	Throttle *bool             `json:"throttle"` // keep to the limits
	ReadLag  *trouble.Duration `json:"readLag"`  // see Lag
	ListLag  *trouble.Duration `json:"listLag"`
	Rates    *trouble.Rates    `json:"rates"` // what goes wrong by chance
}

// Set changes settings; lag changes in every tenant.
func (s *Simulator) Set(c Settings) error {
	for _, d := range []*trouble.Duration{c.Latency, c.ReadLag, c.ListLag} {
		if d != nil && *d < 0 {
			return errors.New("a duration is not negative")
		}
	}
	if c.Latency != nil {
		s.trouble.SetLatency(time.Duration(*c.Latency))
	}
	if c.Rates != nil {
		if err := s.trouble.SetRates(*c.Rates); err != nil {
			return err
		}
	}
	if c.Throttle != nil {
		s.trouble.SetThrottle(*c.Throttle)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.ReadLag != nil {
		s.options.Lag.Read = time.Duration(*c.ReadLag)
	}
	if c.ListLag != nil {
		s.options.Lag.List = time.Duration(*c.ListLag)
	}
	for _, d := range s.tenants {
		d.SetLag(s.options.Lag)
	}
	return nil
}

func (s *Simulator) controlSettings(w http.ResponseWriter, r *http.Request) {
	var c Settings
	err := readStrictly(w, r, &c)
	if err == nil {
		err = s.Set(c)
	}
	answerControl(w, err)
}

func readControl(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxControl))
	if err != nil {
		return nil, fmt.Errorf("reading the body: %w", err)
	}
	return []byte(strings.TrimSpace(string(raw))), nil
}

// readStrictly reads a body in which every member must be known, so that a
// misspelt one is noticed.
func readStrictly(w http.ResponseWriter, r *http.Request, into any) error {
	raw, err := readControl(w, r)
	if err != nil {
		return err
	}
	return strictly(raw, into)
}

func strictly(raw []byte, into any) error {
	return json.Unmarshal(raw, into, json.RejectUnknownMembers(true))
}

func answerControl(w http.ResponseWriter, err error) {
	if err == nil {
		done(w)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusBadRequest)
	_ = json.MarshalWrite(w, map[string]string{"error": err.Error()})
}

func done(w http.ResponseWriter) { w.WriteHeader(http.StatusNoContent) }

func say(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.MarshalWrite(w, v, json.Deterministic(true))
}
