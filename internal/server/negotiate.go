package server

import (
	"compress/gzip"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

const (
	scimType = "application/scim+json"
	jsonType = "application/json"

	// leastCompressed is the shortest answer that is compressed, in bytes: of a user
	// alone it saves a packet or two, and takes longer than they do.
	leastCompressed = 4 << 10
)

// negotiate gives an answer the form that the client asks for: its media type
// (RFC 7644 section 3.8) and its coding. What is streamed stays so.
func negotiate(next http.Handler) http.Handler {
	writers := &sync.Pool{New: func() any {
		w, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is one that exists
		return w
	}}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Accept-Encoding")
		w.Header().Add("Vary", "Accept")
		form := &formed{ResponseWriter: w, plainJSON: prefersJSON(r.Header), gzip: takesGzip(r.Header), writers: writers}
		next.ServeHTTP(form, r)
		form.end() // not deferred: an answer that was broken off must not look whole
	})
}

// prefersJSON tells whether the answer is to be called application/json. A client
// that takes neither of the types that there are gets SCIM's all the same, as RFC
// 9110 section 12.5.1 allows: many send what their HTTP library does ("text/html,
// image/gif"), and can read the answer.
func prefersJSON(h http.Header) bool {
	accept := weigh(h.Values("Accept"))
	of := func(media string) float64 {
		for _, name := range []string{media, "application/*", "*/*"} { // RFC 9110 section 12.5.1: the most specific counts
			if q, ok := accept[name]; ok {
				return q
			}
		}
		return 0
	}
	return of(jsonType) > of(scimType)
}

// takesGzip tells whether the answer may be compressed (RFC 9110 section 12.5.3).
func takesGzip(h http.Header) bool {
	accept := weigh(h.Values("Accept-Encoding"))
	for _, name := range []string{"gzip", "x-gzip", "*"} {
		if q, ok := accept[name]; ok {
			return q > 0 && q >= accept["identity"]
		}
	}
	return false
}

// weigh reads a list of names with their weights (RFC 9110 section 12.4.2). Other
// parameters are not looked at; a weight that is none is 0, and so the name is not
// taken.
func weigh(values []string) map[string]float64 {
	weights := map[string]float64{}
	for _, value := range values {
		for item := range strings.SplitSeq(value, ",") {
			name, parameters, _ := strings.Cut(item, ";")
			if name = strings.ToLower(strings.TrimSpace(name)); name == "" {
				continue
			}
			weights[name] = weight(parameters)
		}
	}
	return weights
}

func weight(parameters string) float64 {
	for parameter := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(parameter, "=")
		if strings.EqualFold(strings.TrimSpace(name), "q") {
			q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil || !(q >= 0 && q <= 1) {
				return 0
			}
			return q
		}
	}
	return 1
}

// formed is an answer in the form that was asked for. What that is shows when its
// header is written.
type formed struct {
	http.ResponseWriter

	plainJSON, gzip bool
	writers         *sync.Pool
	started         bool
	coded           bool         // the header says that it is compressed
	compressed      *gzip.Writer // takes hundreds of kilobytes, and so not before the first byte; nil: not yet
}

// WriteHeader implements http.ResponseWriter.
func (f *formed) WriteHeader(status int) {
	if f.started || status < http.StatusOK {
		f.ResponseWriter.WriteHeader(status)
		return
	}
	f.started = true
	h := f.Header()
	// Errors are SCIM's whatever was asked for: what reads them looks for that type.
	if f.plainJSON && status < http.StatusBadRequest && h.Get("Content-Type") == scimType {
		h.Set("Content-Type", jsonType)
	}
	if f.gzip && worthwhile(status, h) {
		h.Set("Content-Encoding", "gzip")
		h.Del("Content-Length") // it was that of the plain text
		f.coded = true
	}
	f.ResponseWriter.WriteHeader(status)
}

// worthwhile tells whether there is enough to compress. An answer that tells no
// length is long, or an error.
func worthwhile(status int, h http.Header) bool {
	if h.Get("Content-Encoding") != "" || status == http.StatusNoContent || status == http.StatusNotModified {
		return false
	}
	if length := h.Get("Content-Length"); length != "" {
		n, err := strconv.ParseInt(length, 10, 64)
		return err == nil && n >= leastCompressed
	}
	return status < http.StatusBadRequest
}

// Write implements io.Writer.
func (f *formed) Write(p []byte) (int, error) {
	if !f.started {
		f.WriteHeader(http.StatusOK)
	}
	if f.coded {
		return f.compress().Write(p)
	}
	return f.ResponseWriter.Write(p)
}

func (f *formed) compress() *gzip.Writer {
	if f.compressed == nil {
		f.compressed, _ = f.writers.Get().(*gzip.Writer)
		f.compressed.Reset(f.ResponseWriter)
	}
	return f.compressed
}

// FlushError sends what was written so far; http.ResponseController calls it.
func (f *formed) FlushError() error {
	if f.compressed != nil {
		if err := f.compressed.Flush(); err != nil {
			return err
		}
	}
	return http.NewResponseController(f.ResponseWriter).Flush()
}

// Unwrap lets http.ResponseController reach the connection.
func (f *formed) Unwrap() http.ResponseWriter { return f.ResponseWriter }

// end writes what is left of a compressed answer. That it fails is the same as that
// the client is gone.
func (f *formed) end() {
	if !f.coded {
		return
	}
	_ = f.compress().Close()
	f.compressed.Reset(io.Discard) // keep nothing of the request
	f.writers.Put(f.compressed)
	f.compressed = nil
}
