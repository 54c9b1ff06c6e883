package consent

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"strconv"

	"github.com/rs/zerolog"
)

//go:embed style.css
var style string

//go:embed pages.html
var pages string

var templates = template.Must(template.New("pages").Parse(pages))

// styleSource lets a page have the one style that we know (Content Security Policy
// Level 3 section 6.7.3.4).
var styleSource = func() string {
	sum := sha256.Sum256([]byte(style))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}()

// A frame is what all pages have.
type frame struct {
	Title    string
	Operator string
	Style    template.CSS
}

// operator is who asks.
func (h handler) operator() string {
	if h.Operator == "" {
		return "The operator of this gateway"
	}
	return h.Operator
}

func (h handler) frame(title string) frame {
	return frame{Title: title, Operator: h.operator(), Style: template.CSS(style)} //nolint:gosec // it is a constant
}

// A page is an answer.
type page struct {
	status int
	name   string // of the template
	data   any
	form   bool // it has a form of ours
}

// write sends the page. No cache keeps it, no other site shows it or learns where it
// was, and it loads and runs nothing.
func (p page) write(w http.ResponseWriter, r *http.Request) {
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, p.name, p.data); err != nil {
		zerolog.Ctx(r.Context()).Error().Err(err).Msg("a page of consent")
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	forms := "'none'"
	if p.form { // browsers hold what the form leads to against this, too: any login service that Microsoft's may send people on to
		forms = "'self' https:"
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	h.Set("Content-Security-Policy", "default-src 'none'; style-src "+styleSource+"; form-action "+forms+"; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	w.WriteHeader(p.status)
	_, _ = w.Write(b.Bytes()) // the browser went away
}
