package scim

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/fault"
)

const emptyBody = "The request body is empty."

// maxDepth bounds how deep a request body nests. Resources nest four levels.
const maxDepth = 24

// readBody reads the JSON object of a request.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) (map[string]any, error) {
	latin, err := acceptable(r.Header.Get("Content-Type"))
	if err != nil {
		return nil, err
	}
	if r.ContentLength > limit {
		return nil, tooLarge(limit)
	}
	plain, err := decompressed(w, r, http.MaxBytesReader(w, r.Body, limit))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(plain, limit+1))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large) || int64(len(text)) > limit:
		return nil, tooLarge(limit)
	case err != nil:
		return nil, fault.Wrap(err, fault.InvalidSyntax, "The request body could not be read.")
	}
	if latin && !utf8.Valid(text) {
		text = fromLatin1(text)
	}
	return parseBody(text)
}

// fromLatin1 is text in ISO-8859-1 as UTF-8.
func fromLatin1(text []byte) []byte {
	out := make([]byte, 0, len(text)+len(text)/8)
	for _, c := range text {
		out = utf8.AppendRune(out, rune(c))
	}
	return out
}

// decompressed is the body without its coding. Of those, gzip is taken, since some
// clients compress long bodies without being asked to. The caller bounds what comes
// out: a small body may be a large one in disguise.
func decompressed(w http.ResponseWriter, r *http.Request, body io.Reader) (io.Reader, error) {
	switch strings.ToLower(strings.TrimSpace(strings.Join(r.Header.Values("Content-Encoding"), ","))) {
	case "", "identity":
		return body, nil
	case "gzip", "x-gzip": // the same: RFC 9110 section 8.4.1.3
	default:
		w.Header().Set("Accept-Encoding", "gzip, identity") // RFC 9110 section 15.5.16
		return nil, fault.New(fault.UnsupportedMediaType, "The request body may be compressed by gzip only.")
	}
	plain, err := gzip.NewReader(body)
	if err != nil {
		return nil, fault.Wrap(err, fault.InvalidSyntax, "The request body is not what its Content-Encoding says.")
	}
	return plain, nil
}

func tooLarge(limit int64) error {
	return fault.New(fault.TooLarge, "The request body is larger than %d bytes.", limit)
}

// acceptable takes the media types of RFC 7644 section 3.1. JSON is in UTF-8 and has
// no charset (RFC 8259 sections 8.1 and 11), but clients name one: UTF-8, or the
// ISO-8859-1 that Java's HTTP libraries put there unasked, and may mean (latin).
// Without a Content-Type a body is taken for SCIM.
func acceptable(contentType string) (latin bool, err error) {
	if contentType == "" {
		return false, nil
	}
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil || media != mediaType && media != "application/json" {
		return false, fault.New(fault.UnsupportedMediaType, "The request body must be of type %s.", mediaType)
	}
	switch strings.ToLower(params["charset"]) {
	case "", "utf-8", "utf8", "us-ascii":
		return false, nil
	case "iso-8859-1":
		return true, nil
	}
	return false, fault.New(fault.UnsupportedMediaType, "The request body must be in UTF-8.")
}

// parseBody decodes the one JSON object of a request body. Names that differ in
// case only are the same attribute (RFC 7643 section 2.1) and so duplicates.
func parseBody(text []byte) (map[string]any, error) {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	dec := jsontext.NewDecoder(bytes.NewBuffer(text))
	v, err := decodeValue(dec)
	if err == nil {
		_, err = dec.ReadToken()
		if errors.Is(err, io.EOF) {
			err = nil
		} else if err == nil {
			err = fault.New(fault.InvalidSyntax, "The request body goes on after its JSON object.")
		}
	}
	if err != nil {
		return nil, syntaxFault(err)
	}
	object, ok := v.(map[string]any)
	if !ok {
		return nil, fault.New(fault.InvalidSyntax, "The request body must be a JSON object.")
	}
	return object, nil
}

// syntaxFault says where the JSON is wrong, and nothing of what is there: it
// may be a password.
func syntaxFault(err error) error {
	if known, ok := errors.AsType[*fault.Error](err); ok {
		return known
	}
	f := fault.New(fault.InvalidSyntax, "The request body is not valid JSON.")
	var syntactic *jsontext.SyntacticError
	switch {
	case errors.Is(err, io.EOF):
		f.Detail = emptyBody
	case errors.Is(err, jsontext.ErrDuplicateName):
		f.Detail = "The request body gives a name of an object twice."
	case errors.As(err, &syntactic):
		f = fault.New(fault.InvalidSyntax, "The request body is not valid JSON at byte %d.", syntactic.ByteOffset)
	}
	return f
}

func decodeValue(dec *jsontext.Decoder) (any, error) {
	if dec.StackDepth() > maxDepth {
		return nil, fault.New(fault.InvalidSyntax, "The request body nests more than %d levels deep.", maxDepth)
	}
	t, err := dec.ReadToken()
	if err != nil {
		return nil, err
	}
	switch t.Kind() {
	case '{':
		return decodeObject(dec)
	case '[':
		return decodeArray(dec)
	case '"':
		return t.String(), nil
	case '0':
		n, err := t.Float()
		if err != nil {
			return nil, fault.New(fault.InvalidSyntax, "The request body has a number that is out of range.")
		}
		return n, nil
	case 't', 'f':
		return t.Bool(), nil
	default: // null; what ends an object or list never begins a value
		return nil, nil
	}
}

func decodeObject(dec *jsontext.Decoder) (any, error) {
	object := make(map[string]any)
	seen := make(map[string]bool)
	for dec.PeekKind() != '}' {
		t, err := dec.ReadToken()
		if err != nil {
			return nil, err
		}
		name := t.String()
		lower := strings.ToLower(name)
		if seen[lower] {
			return nil, fault.New(fault.InvalidSyntax, "The request body gives a name of an object twice, in different case.")
		}
		seen[lower] = true
		if object[name], err = decodeValue(dec); err != nil {
			return nil, err
		}
	}
	_, err := dec.ReadToken()
	return object, err
}

func decodeArray(dec *jsontext.Decoder) (any, error) {
	list := []any{}
	for dec.PeekKind() != ']' {
		v, err := decodeValue(dec)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := dec.ReadToken()
	return list, err
}
