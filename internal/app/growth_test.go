package app

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"entrascim/internal/graph"
	"entrascim/internal/graphsim"
)

// A full sync reads each user once, and asks Graph once for a page and never for
// anything else, by index and by cursor and however many users there are.
func TestFullSyncGrowsLinearly(t *testing.T) {
	t.Parallel()
	for _, users := range []int{998, 999, 1_000, 10_000, 100_000} {
		for _, by := range []string{"index", "cursor"} {
			t.Run(fmt.Sprint(users, " by ", by), func(t *testing.T) {
				t.Parallel()
				d, send := newCrowd(t, users)
				s := reader{send: send, seen: make([]bool, users)}
				if by == "index" {
					s.byIndex(t)
				} else {
					s.byCursor(t)
				}
				if pages := (users + graph.MaxPage - 1) / graph.MaxPage; d.asked != pages {
					t.Errorf("%d calls to Graph for %d users, want %d", d.asked, users, pages)
				}
			})
		}
	}
}

// What a page of a full sync allocates does not depend on how far the sync is, nor on
// what is behind: the last pages of 50,000 users as little as those of 5,000.
func TestFullSyncMemory(t *testing.T) { // not parallel: it counts what the process allocates
	first, last := uint64(0), uint64(0)
	for _, users := range []int{5_000, 50_000} {
		_, send := newCrowd(t, users)
		s := reader{send: send, seen: make([]bool, users)}
		s.byIndex(t)
		last = s.tail
		if first == 0 {
			first = last
		}
	}
	if last > 2*first {
		t.Errorf("the last pages of 50,000 users allocate %d bytes, those of 5,000 %d", last, first)
	}
}

// BenchmarkFullSync reads all users in pages of 999: the time for a user and what is
// allocated for it are the same however many there are.
func BenchmarkFullSync(b *testing.B) {
	for _, users := range []int{1_000, 10_000, 100_000} {
		b.Run(strconv.Itoa(users), func(b *testing.B) {
			d, send := newCrowd(b, users)
			b.ReportAllocs()
			for b.Loop() {
				for start := 1; start <= users; start += graph.MaxPage {
					send(http.MethodGet, fmt.Sprint("/Users?count=999&attributes=userName&startIndex=", start), "", http.StatusOK)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*users), "ns/user")
			b.ReportMetric(float64(d.asked)/float64(b.N), "calls/op")
		})
	}
}

// A reader is a client that reads all users.
type reader struct {
	send func(method, path, body string, want int) []byte
	seen []bool
	tail uint64 // bytes that the last pages allocated
}

type listed struct {
	Total     int    `json:"totalResults"`
	Next      string `json:"nextCursor"`
	Resources []struct {
		UserName string `json:"userName"`
	} `json:"Resources"`
}

// page reads a page and gives where the next begins.
func (s *reader) page(t *testing.T, query string) listed {
	t.Helper()
	text := s.send(http.MethodGet, "/Users?count=999&attributes=userName&"+query, "", http.StatusOK)
	var page listed
	if err := json.Unmarshal(text, &page); err != nil {
		t.Fatal(err)
	}
	for _, r := range page.Resources {
		name, _, _ := strings.Cut(r.UserName, "@")
		i, err := strconv.Atoi(name)
		if err != nil || s.seen[i] {
			t.Fatalf("%s was seen before, or is nobody", r.UserName)
		}
		s.seen[i] = true
	}
	return page
}

func (s *reader) byIndex(t *testing.T) {
	t.Helper()
	const tail = 5 // pages
	var before runtime.MemStats
	for start := 1; start <= len(s.seen); start += graph.MaxPage {
		if start+tail*graph.MaxPage > len(s.seen) && before.TotalAlloc == 0 {
			runtime.ReadMemStats(&before)
		}
		if page := s.page(t, fmt.Sprint("startIndex=", start)); page.Total != len(s.seen) {
			t.Fatalf("%d in all, want %d", page.Total, len(s.seen))
		}
	}
	var after runtime.MemStats
	runtime.ReadMemStats(&after)
	s.tail = after.TotalAlloc - before.TotalAlloc
	s.all(t)
}

func (s *reader) byCursor(t *testing.T) {
	t.Helper()
	for cursor, first := "", true; first || cursor != ""; first = false {
		cursor = s.page(t, "cursor="+url.QueryEscape(cursor)).Next
	}
	s.all(t)
}

func (s *reader) all(t *testing.T) {
	t.Helper()
	for i, seen := range s.seen {
		if !seen {
			t.Fatalf("user %d was not seen", i)
		}
	}
}

// A crowd is a directory that has any number of users, and keeps none of them.
type crowd struct {
	others http.Handler // who answers what is not a list of users
	users  int
	asked  int
}

// newCrowd makes a gateway before a crowd, and gives what sends a request to it.
func newCrowd(tb testing.TB, users int) (*crowd, func(method, path, body string, want int) []byte) {
	tb.Helper()
	d := &crowd{others: graphsim.New(graphsim.Options{}), users: users}
	h := newGateway(tb, d)
	return d, func(method, path, body string, want int) []byte {
		tb.Helper()
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, request(tb, method, path, body)); w.Code != want {
			tb.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
		}
		return w.Body.Bytes()
	}
}

// RoundTrip implements http.RoundTripper.
func (d *crowd) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Path != "/v1.0/users" {
		return answerOf(d.others, r), nil
	}
	d.asked++
	q := r.URL.Query()
	from, _ := strconv.Atoi(q.Get("$skiptoken"))
	top, err := strconv.Atoi(q.Get("$top"))
	if err != nil {
		return nil, fmt.Errorf("a page of no size: %w", err)
	}
	to := min(from+top, d.users)
	var text bytes.Buffer
	fmt.Fprintf(&text, `{"@odata.count":%d,`, d.users)
	if to < d.users {
		q.Set("$skiptoken", strconv.Itoa(to))
		fmt.Fprintf(&text, `"@odata.nextLink":"https://%s/v1.0/users?%s",`, r.URL.Host, q.Encode())
	}
	text.WriteString(`"value":[`)
	for i := from; i < to; i++ {
		if i > from {
			text.WriteByte(',')
		}
		fmt.Fprintf(&text, `{"id":"00000000-0000-4000-8000-%012d","userPrincipalName":"%d@contoso.com"}`, i, i)
	}
	text.WriteString("]}")
	return &http.Response{
		StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(&text), ContentLength: int64(text.Len()),
	}, nil
}
