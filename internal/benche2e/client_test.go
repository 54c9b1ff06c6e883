//go:build e2e

package benche2e

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

// An ask is one request, of the gateway or of Graph.
type ask struct {
	method string // default GET
	path   string // with the query, below the server's base
	body   string
	coding string // that is taken; default none
	status int    // wanted; default 200
}

// steps are requests one after the other; those of one step are made at once, as many
// as the gateway makes. "{created}" in a step stands for the id in the answer before.
type steps [][]ask

const (
	created  = "{created}"
	parallel = 4 // $batch requests at once, see graph.Options
)

func newClient() *http.Client {
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: x509.NewCertPool()}, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 128, DisableCompression: true,
	}}
}

// trust adds an authority to those that the client takes.
func trust(t *testing.T, c *http.Client, authority string) {
	t.Helper()
	text, err := os.ReadFile(authority)
	if err != nil || !c.Transport.(*http.Transport).TLSClientConfig.RootCAs.AppendCertsFromPEM(text) {
		t.Fatalf("the simulator's authority: %v", err)
	}
}

// try sends a request and hands the answer over.
func (b *bench) try(s server, a ask, use func(*http.Response) error) error {
	if a.method == "" {
		a.method = http.MethodGet
	}
	if a.status == 0 {
		a.status = http.StatusOK
	}
	var body io.Reader = http.NoBody
	if a.body != "" {
		body = strings.NewReader(a.body)
	}
	req, err := http.NewRequest(a.method, s.base+a.path, body)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+s.bearer)
	req.Header.Set("Content-Type", "application/json")
	if a.coding != "" {
		req.Header.Set("Accept-Encoding", a.coding)
	}
	if strings.Contains(a.path, "$count") {
		req.Header.Set("ConsistencyLevel", "eventual")
	}
	resp, err := b.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != a.status {
		text, _ := io.ReadAll(resp.Body)
		return &statusError{resp.StatusCode, fmt.Sprintf("%s %.200s %.300s: %d %.600s", a.method, a.path, a.body, resp.StatusCode, text)}
	}
	if strings.HasSuffix(a.path, "/$batch") {
		return wholeBatch(resp)
	}
	return use(resp)
}

// itemRefused is an item of a $batch that failed.
var itemRefused = regexp.MustCompile(`"status":[45]\d\d`)

// wholeBatch reads the answer to a $batch of which no item may fail.
func wholeBatch(r *http.Response) error {
	text, err := io.ReadAll(r.Body)
	if at := itemRefused.FindIndex(text); at != nil {
		return fmt.Errorf("an item of a batch failed: %.600s", text[max(at[0]-200, 0):])
	}
	return err
}

// A statusError is an answer of another status than wanted.
type statusError struct {
	status int
	text   string
}

func (e *statusError) Error() string { return e.text }

func discard(r *http.Response) error {
	_, err := io.Copy(io.Discard, r.Body)
	return err
}

// do sends a request that must succeed and tells how long the whole answer took.
func (b *bench) do(t *testing.T, s server, a ask) time.Duration {
	t.Helper()
	began := time.Now()
	if err := b.try(s, a, discard); err != nil {
		t.Fatal(err)
	}
	return time.Since(began)
}

// get reads an answer as JSON.
func (b *bench) get(t *testing.T, s server, a ask, into any) {
	t.Helper()
	if err := b.try(s, a, func(r *http.Response) error { return json.NewDecoder(r.Body).Decode(into) }); err != nil {
		t.Fatal(err)
	}
}

// follow makes all steps and tells how long that took.
func (b *bench) follow(t *testing.T, s server, all steps) time.Duration {
	t.Helper()
	began := time.Now()
	var before struct{ ID string }
	for i, step := range all {
		if len(step) == 1 {
			a := step[0]
			a.path, a.body = strings.ReplaceAll(a.path, created, before.ID), strings.ReplaceAll(a.body, created, before.ID)
			use := discard
			if i+1 < len(all) && strings.Contains(all[i+1][0].path, created) {
				use = func(r *http.Response) error { return json.NewDecoder(r.Body).Decode(&before) }
			}
			if err := b.try(s, a, use); err != nil {
				t.Fatal(err)
			}
			continue
		}
		var group errgroup.Group
		group.SetLimit(parallel)
		for _, a := range step {
			group.Go(func() error { return b.try(s, a, discard) })
		}
		if err := group.Wait(); err != nil {
			t.Fatal(err)
		}
	}
	return time.Since(began)
}

// captured is what the gateway asks Graph for when it is asked to read.
func (b *bench) captured(t *testing.T, sim *simulator, g *server, a ask) steps {
	t.Helper()
	var all steps
	var items []string
	flush := func() {
		if items == nil {
			return
		}
		batch := ask{method: http.MethodPost, path: "/$batch", body: batchOf(items, false)}
		if last := len(all) - 1; last >= 0 && all[last][0].path == batch.path {
			all[last] = append(all[last], batch)
		} else {
			all = append(all, []ask{batch})
		}
		items = nil
	}
	for _, line := range sim.counted(t, func() { b.do(t, *g, a) }).calls {
		if item, ok := strings.CutPrefix(line, "  GET "); ok {
			items = append(items, `"method":"GET","url":`+quoted(item))
			continue
		}
		flush()
		if strings.HasPrefix(line, "POST /v1.0/$batch") {
			continue
		}
		fields := strings.Fields(line)
		path, ok := strings.CutPrefix(fields[1], "/v1.0")
		if fields[0] != http.MethodGet || !ok {
			t.Fatalf("%s costs %q, which cannot be repeated", a.path, line)
		}
		all = append(all, []ask{{path: path}})
	}
	flush()
	if len(all) == 0 {
		t.Fatalf("%s costs nothing", a.path)
	}
	return all
}

// with has other ids in the same requests.
func (all steps) with(old, id string) steps {
	out := make(steps, len(all))
	for i, step := range all {
		for _, a := range step {
			a.path, a.body = strings.ReplaceAll(a.path, old, id), strings.ReplaceAll(a.body, old, id)
			out[i] = append(out[i], a)
		}
	}
	return out
}

// batchOf makes the body of a $batch of the items, each the inside of a JSON object.
// Chained, each waits for the one before.
func batchOf(items []string, chained bool) string {
	var b strings.Builder
	b.WriteString(`{"requests":[`)
	for i, item := range items {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`{"id":"` + strconv.Itoa(i+1) + `",` + item)
		if chained && i > 0 {
			b.WriteString(`,"dependsOn":["` + strconv.Itoa(i) + `"]`)
		}
		b.WriteByte('}')
	}
	b.WriteString(`]}`)
	return b.String()
}

func quoted(s string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string always can be
	return strings.TrimSpace(b.String())
}

func readLines(r io.Reader, into *[]string) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		*into = append(*into, lines.Text())
	}
	return lines.Err()
}
