package app

import (
	"context"
	"net/url"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/chromedp"

	"entrascim/internal/tenant"
)

// browserTime bounds what a browser may take for a test, with the race detector on a
// busy machine.
const browserTime = 10 * time.Minute

// chromium starts a real browser, and gives what makes a window of somebody new.
func chromium(t *testing.T) func(*testing.T) *window {
	t.Helper()
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Skip("there is no chromium: the pages of consent are not tried in a browser")
	}
	options := []chromedp.ExecAllocatorOption{chromedp.ExecPath(path)} // with a folder of its own, which it removes
	for _, flag := range []string{
		"headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "no-default-browser-check", "disable-dev-shm-usage",
		"disable-background-networking", "disable-component-update", "disable-sync", "ignore-certificate-errors", "no-proxy-server",
	} {
		options = append(options, chromedp.Flag(flag, true))
	}
	// The test's own context ends before what is cleaned up.
	ctx, stop := context.WithTimeout(context.WithoutCancel(t.Context()), browserTime)
	allocator, _ := chromedp.NewExecAllocator(ctx, options...)
	browser, _ := chromedp.NewContext(allocator)
	if err := chromedp.Do(browser); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = chromedp.Cancel(browser) // waits until it has ended
		stop()
	})
	return func(t *testing.T) *window {
		t.Helper()
		ctx, closed := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
		t.Cleanup(closed)
		w := &window{t: t, ctx: ctx}
		if err := chromedp.Listen(ctx, w.listen); err != nil {
			t.Fatal(err)
		}
		return w
	}
}

// A window is a browser's with cookies of its own.
type window struct {
	t   *testing.T
	ctx context.Context

	mu       sync.Mutex
	problems []string // what the browser said of our pages
}

// listen keeps what the browser finds wrong with a page, such as what its policy
// forbids. That an answer is an error is none of it.
func (w *window) listen(event any) {
	if e, ok := event.(*log.EventEntryAdded); ok && e.Entry.Source != log.EntrySourceNetwork {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.problems = append(w.problems, e.Entry.Text)
	}
}

func (w *window) does(steps ...chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	if err := chromedp.Do(w.ctx, steps...); err != nil {
		w.t.Fatal(err)
	}
}

func of[T any](w *window, a chromedp.Action[T]) T {
	w.t.Helper()
	value, err := chromedp.Run(w.ctx, a)
	if err != nil {
		w.t.Fatal(err)
	}
	return value
}

// opens goes to a page of ours and holds it to what people need of it.
func (w *window) opens(address, title string) {
	w.t.Helper()
	w.does(chromedp.Navigate(address))
	w.sees(title)
}

// sees waits for a page of ours.
func (w *window) sees(title string) {
	w.t.Helper()
	w.does(chromedp.WaitVisible("main h1"))
	is := of(w, chromedp.Text("main h1"))
	sound := of(w, chromedp.Evaluate[bool](`document.title === document.querySelector("h1").textContent && document.documentElement.lang === "en" &&
		document.querySelectorAll("h1").length === 1 && document.scripts.length === 0 && getComputedStyle(document.querySelector("main")).maxWidth === "736px" &&
		document.documentElement.scrollWidth <= innerWidth`))
	if !strings.Contains(is, title) || !sound {
		w.t.Fatalf("the page is %q, want %q; it is sound: %v", is, title, sound)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.problems) > 0 {
		w.t.Errorf("the browser says of it: %q", w.problems)
	}
}

// begins presses the button of an invitation, and gives the login service's URL.
func (w *window) begins(link string) string {
	w.t.Helper()
	w.opens(link, "Contoso Identity asks for access to your directory")
	w.does(chromedp.Click("form button"), chromedp.WaitVisible("select[name=tenant]"))
	return of(w, chromedp.Location())
}

func (w *window) decides(decision, directory string) {
	w.t.Helper()
	if decision == "grant" {
		w.does(chromedp.SetValue("select[name=tenant]", directory))
	}
	w.does(chromedp.Click("button[value="+decision+"]"), chromedp.WaitVisible("main h1"))
}

// Consent in a real browser: what people see, which cookies come along from another
// site, and whether the pages keep to their own policy.
func TestConsentInBrowser(t *testing.T) {
	t.Parallel()
	person := chromium(t)
	for name, try := range map[string]func(*consenting, *window){
		"grant": func(w *consenting, p *window) {
			p.begins(w.invite("globex", ""))
			p.decides("grant", otherTenant)
			p.sees("Consent was given")
			token, at := of(p, chromedp.Value("#token")), of(p, chromedp.Location())
			if clients := w.clients(); tokenOnPage.FindString(token) != token || len(clients) != 1 || w.tenant("globex").State != tenant.Active {
				w.t.Errorf("token %q, clients %+v", token, clients)
			}
			p.opens(at, "This answer was used already") // the same page again
		},
		"refuse": func(w *consenting, p *window) {
			p.begins(w.invite("globex", otherTenant))
			w.unchanged(func() {
				p.decides("refuse", "")
				p.sees("Consent was refused")
			})
			p.does(chromedp.Click("main a"))
			p.sees("Contoso Identity asks for access") // "begin again"
		},
		"expired state": func(w *consenting, p *window) {
			p.begins(w.invite("globex", otherTenant))
			w.unchanged(func() {
				w.ahead.Add(int64(10 * time.Minute))
				p.decides("grant", otherTenant)
				p.sees("That took too long")
			})
		},
		"another browser's callback": func(w *consenting, p *window) {
			back := w.person().decide(p.begins(w.invite("globex", otherTenant)), "grant", otherTenant)
			thief, other := person(p.t), w.invite("initech", "")
			w.unchanged(func() {
				thief.opens(back, "This was begun in another browser")
				thief.begins(other)
				thief.opens(back, "This was begun in another browser")
			})
			p.opens(back, "Consent was given")
		},
		"another tenant's callback": func(w *consenting, p *window) {
			back, _ := url.Parse(w.person().decide(p.begins(w.invite("globex", otherTenant)), "grant", otherTenant))
			q := back.Query()
			q.Set("tenant", operatorTenant)
			back.RawQuery = q.Encode()
			w.unchanged(func() { p.opens(back.String(), "Another directory was invited") })
		},
		"missing permissions": func(w *consenting, p *window) {
			w.register("Group.Read.All")
			p.begins(w.invite("globex", otherTenant))
			p.decides("grant", otherTenant)
			p.sees("Permissions are missing")
		},
	} {
		t.Run(name, func(t *testing.T) { try(newConsenting(t, nil), person(t)) })
	}
}
