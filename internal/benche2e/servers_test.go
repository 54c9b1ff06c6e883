//go:build e2e

package benche2e

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"entrascim/internal/graphsim"
	"entrascim/internal/graphsim/trouble"
)

// A server is what requests are sent to.
type server struct {
	*process

	base   string // URL that paths are added to
	bearer string
}

// scale is how large a directory is.
type scale struct{ users, groups, memberships, applications int }

// A simulator is a Graph with its control listener.
type simulator struct {
	server

	origin    string // scheme and host
	control   string // URL
	authority string // file
	scale     scale
}

// simulate starts a simulator, which serves to the end of the run.
func (b *bench) simulate(name string, s scale) *simulator {
	b.t.Helper()
	address, control := freeAddress(b.t), freeAddress(b.t)
	sim := &simulator{
		origin: "https://" + address, control: "http://" + control + "/sim/",
		authority: filepath.Join(b.dir, name+".pem"), scale: s,
	}
	began := time.Now()
	sim.base = sim.origin + "/v1.0"
	sim.process = b.start(b.t, "simulator-"+name, sim.control+"stats", nil, binary(b.t), "graphsim",
		"--listen", address, "--control", control, "--ca-file", sim.authority,
		"--users", fmt.Sprint(s.users), "--groups", fmt.Sprint(s.groups),
		"--memberships", fmt.Sprint(s.memberships), "--applications", fmt.Sprint(s.applications))
	b.t.Logf("%s of %+v: ready in %s with %d MiB", sim.name, s, time.Since(began).Round(time.Millisecond), sim.resident(b.t)>>20)
	trust(b.t, b.client, sim.authority)
	return sim
}

// signIn gets a token for those who ask Graph directly.
func (s *simulator) signIn(t *testing.T, b *bench) {
	t.Helper()
	resp, err := b.client.PostForm(s.origin+"/"+graphsim.DefaultTenant+"/oauth2/v2.0/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {graphsim.DefaultClient}, "client_secret": {graphsim.DefaultSecret},
		"scope": {s.origin + "/.default"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || answer.AccessToken == "" {
		t.Fatalf("signing in: %d %v", resp.StatusCode, err)
	}
	s.bearer = answer.AccessToken
}

// set changes how the simulator behaves until the test ends.
func (s *simulator) set(t *testing.T, c, back graphsim.Settings) {
	t.Helper()
	s.post(t, "settings", c)
	t.Cleanup(func() { s.post(t, "settings", back) })
}

func (s *simulator) post(t *testing.T, what string, body any) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(s.control+what, "application/json", strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusNoContent {
		t.Fatalf("%s %s: %d", what, text, resp.StatusCode)
	}
}

// A count is what Graph was asked.
type count struct {
	trouble.Stats

	batches, writing int      // $batch requests, and those of them that write
	calls            []string // see trouble.Trouble.Calls; the newest 10,000
}

// counted counts what Graph is asked meanwhile.
func (s *simulator) counted(t *testing.T, meanwhile func()) count {
	t.Helper()
	s.post(t, "reset", nil)
	meanwhile()
	var c count
	for what, into := range map[string]func(*http.Response) error{
		"stats": func(r *http.Response) error { return json.NewDecoder(r.Body).Decode(&c.Stats) },
		"calls": func(r *http.Response) error { return readLines(r.Body, &c.calls) },
	} {
		resp, err := http.Get(s.control + what)
		if err == nil {
			err = into(resp)
			resp.Body.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	inside := false // a batch of which no item writes so far
	for _, line := range c.calls {
		item, isItem := strings.CutPrefix(line, "  ")
		switch {
		case !isItem:
			if inside = strings.HasPrefix(line, "POST /v1.0/$batch"); inside {
				c.batches++
			}
		case inside && !strings.HasPrefix(item, "GET ") && !strings.HasPrefix(item, "POST /directoryObjects/getByIds"):
			c.writing++
			inside = false
		}
	}
	return c
}

const token = "e2e-0123456789abcdef"

// always are settings of every gateway that is measured, beside the defaults; what
// keeps it from asking a simulator as fast as it can belongs here.
func always() []string {
	return []string{
		"ENTRASCIM_TOKEN=" + token,
		"ENTRASCIM_CURSOR_KEY=e2e-cursor-0123456789", // the same for all replicas
		"ENTRASCIM_GRAPH_PACING=off",                 // the simulator does not throttle
	}
}

// gateway starts a gateway in front of the simulator, and has it sign in.
func (b *bench) gateway(t *testing.T, sim *simulator, name string) *server {
	t.Helper()
	address := freeAddress(t)
	env := append(always(),
		"ENTRASCIM_LISTEN="+address, "ENTRASCIM_GRAPH_URL="+sim.base, "AZURE_AUTHORITY_HOST="+sim.origin,
		"ENTRASCIM_CA_FILE="+sim.authority, "AZURE_TENANT_ID="+graphsim.DefaultTenant,
		"AZURE_CLIENT_ID="+graphsim.DefaultClient, "AZURE_CLIENT_SECRET="+graphsim.DefaultSecret)
	g := &server{base: "http://" + address + "/scim/v2", bearer: token}
	g.process = b.start(t, name, "http://"+address+"/readyz", append(env, b.settings.gateway...), binary(t), "serve")
	b.do(t, *g, ask{path: "/Users?count=1&attributes=id"})
	return g
}

// floor starts a reverse proxy in front of the simulator.
func (b *bench) floor(t *testing.T, sim *simulator) *server {
	t.Helper()
	address := freeAddress(t)
	f := &server{base: "http://" + address + "/v1.0", bearer: sim.bearer}
	f.process = b.start(t, "floor", "http://"+address+"/ready",
		[]string{role + "=floor", "LISTEN=" + address, "ORIGIN=" + sim.origin, "CA=" + sim.authority}, os.Args[0])
	return f
}

// newFloor is the least that anything in between can do: it copies.
func newFloor(getenv func(string) string) (http.Handler, error) {
	origin, err := url.Parse(getenv("ORIGIN"))
	if err != nil {
		return nil, err
	}
	transport, err := transportTrusting(getenv("CA"))
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ready", func(http.ResponseWriter, *http.Request) {})
	mux.Handle("/", &httputil.ReverseProxy{
		Transport: transport,
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(origin) },
	})
	return mux, nil
}

// transportTrusting is set as the gateway's is.
func transportTrusting(authority string) (*http.Transport, error) {
	text, err := os.ReadFile(authority)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	return &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 64, IdleConnTimeout: 90 * time.Second,
	}, nil
}
