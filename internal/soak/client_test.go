//go:build soak

package soak

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

type object = map[string]any

// tally counts what all clients were answered.
type tally struct {
	mu       sync.Mutex
	statuses map[string]int
	retries  int
}

func (y *tally) add(what string, retry bool) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.statuses[what]++
	if retry {
		y.retries++
	}
}

// A client writes users and groups of its own, and knows what they must be.
type client struct {
	t      *testing.T
	base   string
	http   *http.Client
	tally  *tally
	rng    *rand.Rand
	name   string // what the names of all that it makes begin with
	made   int
	users  map[string]*user
	groups map[string]*group
	past   []string // what it asked and was answered, the newest last
}

type user struct{ userName, title, department string }

type group struct {
	displayName string
	members     map[string]bool
}

// wrong reports what must not be, with what was done to the object.
func (c *client) wrong(about, format string, args ...any) {
	c.t.Helper()
	var past []string
	for _, line := range c.past {
		if about != "" && strings.Contains(line, about) {
			past = append(past, line)
		}
	}
	c.t.Errorf("%s: %s\n  history of %s:\n  %s", c.name, fmt.Sprintf(format, args...), about, strings.Join(past[max(0, len(past)-30):], "\n  "))
}

// attempts bounds how often one request is repeated.
const attempts = 60

// do asks until it is answered for good. In doubt is whether an attempt may have been
// performed though its answer says otherwise or was lost.
func (c *client) do(method, path string, body any, right ...int) (status int, answer object, inDoubt bool) {
	for range attempts {
		var wait time.Duration
		var known bool
		status, answer, wait, known = c.once(method, path, body)
		switch {
		case slices.Contains(right, status):
			c.tally.add(method+" "+strconv.Itoa(status), false)
			return status, answer, inDoubt
		case !known && method == http.MethodPost:
			c.tally.add(fmt.Sprintf("%s %d in doubt", method, status), true)
			return status, answer, true
		case !known, wait > 0:
			inDoubt = inDoubt || !known
			c.tally.add(fmt.Sprintf("%s %d again", method, status), true)
			time.Sleep(wait)
			continue
		case method == http.MethodDelete && status == http.StatusNotFound && inDoubt:
			return status, answer, true
		}
		c.tally.add(method+" "+strconv.Itoa(status)+" WRONG", false)
		c.wrong(path, "%s %s: %d %v, want %v", method, path, status, answer, right)
		return status, answer, inDoubt
	}
	c.wrong(path, "%s %s: no answer for good in %d attempts", method, path, attempts)
	return status, answer, true
}

// once sends a request. Not known is whether it was performed when the answer was cut
// or says so; wait is what it says about coming back.
func (c *client) once(method, path string, body any) (status int, answer object, wait time.Duration, known bool) {
	var reader io.Reader
	var sent []byte
	if body != nil {
		sent, _ = json.Marshal(body)
		reader = bytes.NewReader(sent)
	}
	req, err := http.NewRequest(method, c.base+path, reader)
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/scim+json")
	resp, err := c.http.Do(req)
	if err != nil {
		c.note("%s %s %s -> %v", method, path, sent, err)
		return 0, nil, 0, false
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && len(text) > 0 {
		err = json.Unmarshal(text, &answer)
	}
	c.note("%s %s %.600s -> %d %.300s %v", method, path, sent, resp.StatusCode, text, err)
	if err != nil {
		return 0, nil, 0, false // cut: it must not be taken for whole
	}
	seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
	switch resp.StatusCode {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		if seconds < 1 {
			c.wrong(path, "%s %s: %d without Retry-After", method, path, resp.StatusCode)
		}
		return resp.StatusCode, answer, time.Duration(max(seconds, 1)) * time.Second, true
	case http.StatusBadGateway, http.StatusGatewayTimeout:
		return resp.StatusCode, answer, 0, false
	}
	return resp.StatusCode, answer, 0, true
}

func (c *client) note(format string, args ...any) {
	c.past = append(c.past, time.Now().Format("05.000 ")+fmt.Sprintf(format, args...))
	if len(c.past) > 4000 {
		c.past = slices.Delete(c.past, 0, 1000)
	}
}

// find looks an object up by its name, which nobody else has; "" when there is none.
func (c *client) find(endpoint, attribute, name string) string {
	q := url.Values{"filter": {attribute + ` eq "` + name + `"`}, "attributes": {attribute}}
	_, answer, _ := c.do(http.MethodGet, endpoint+"?"+q.Encode(), nil, http.StatusOK)
	found, _ := answer["Resources"].([]any)
	if len(found) > 1 {
		c.wrong(name, "%d of %s", len(found), name)
	}
	for _, one := range found {
		return text(one, "id")
	}
	return ""
}

// create makes an object once, whatever becomes of the answers.
func (c *client) create(endpoint, attribute, name string, body object) string {
	for range attempts {
		status, answer, inDoubt := c.do(http.MethodPost, endpoint, body, http.StatusCreated)
		switch {
		case status == http.StatusCreated:
			if answer[attribute] != name {
				c.wrong(name, "created %v", answer)
			}
			return text(answer, "id")
		case inDoubt:
			if id := c.find(endpoint, attribute, name); id != "" {
				return id
			}
		default:
			return c.find(endpoint, attribute, name)
		}
	}
	c.wrong(name, "%s cannot be created", name)
	return ""
}

func text(v any, name string) string {
	o, _ := v.(object)
	s, _ := o[name].(string)
	return s
}
