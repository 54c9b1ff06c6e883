// Package entity reads the objects that Graph answers with, lays over them what was
// written, and tells whether they have it.
package entity

import (
	"bytes"
	"errors"
	"io"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entrascim/internal/fault"
)

// Broken classifies the errors of reading what Graph sent: what is no fault yet
// and no failure to write to the client is a broken answer.
func Broken(err error) error {
	if err == nil {
		return nil // before the targets below are allocated: this is called for each object
	}
	if _, is := errors.AsType[*fault.Error](err); is {
		return err
	}
	var syntactic *jsontext.SyntacticError
	var semantic *json.SemanticError
	if errors.As(err, &syntactic) || errors.As(err, &semantic) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return fault.Wrap(err, fault.BadGateway, "The directory's answer is broken.")
	}
	return err
}

// A looker reads what Graph answered, where it stands: lists ask for a member of every
// object. To look for duplicate names would cost more than what is made of the object.
type looker struct {
	text bytes.Buffer
	dec  *jsontext.Decoder
}

var lookers = sync.Pool{New: func() any { return &looker{dec: jsontext.NewDecoder(new(bytes.Buffer))} }}

// Member reads a member of a Graph object; nil when it has none.
func Member(raw jsontext.Value, name string) jsontext.Value {
	l := look(raw)
	defer l.close()
	from, to := l.find(name)
	if from == to {
		return nil
	}
	return raw[from:to:to]
}

// Text reads a string member of a Graph object; "" when it has none.
func Text(raw jsontext.Value, name string) string {
	v := Member(raw, name)
	if v.Kind() != '"' {
		return ""
	}
	if bytes.IndexByte(v, '\\') < 0 {
		return string(v[1 : len(v)-1])
	}
	return unquoted(v)
}

// Front is the value that a text begins with, and where it ends.
func Front(text []byte) (value jsontext.Value, end int, err error) {
	l := look(text)
	defer l.close()
	if value, err = l.dec.ReadValue(); err != nil {
		return nil, 0, err
	}
	end = int(l.dec.InputOffset())
	return text[end-len(value) : end : end], end, nil
}

func look(text []byte) *looker {
	l, _ := lookers.Get().(*looker) // the pool holds nothing else
	l.text = *bytes.NewBuffer(text)
	l.dec.Reset(&l.text, jsontext.AllowDuplicateNames(true))
	return l
}

// close forgets the text, which belongs to others.
func (l *looker) close() {
	l.text = bytes.Buffer{}
	l.dec.Reset(&l.text)
	lookers.Put(l)
}

// find is where the value of a member stands; nowhere when there is none.
func (l *looker) find(name string) (from, to int) {
	if t, err := l.dec.ReadToken(); err != nil || t.Kind() != '{' {
		return 0, 0
	}
	for l.dec.PeekKind() == '"' {
		key, err := l.dec.ReadValue()
		if err != nil {
			return 0, 0
		}
		found := string(key[1:len(key)-1]) == name || bytes.IndexByte(key, '\\') >= 0 && unquoted(key) == name
		value, err := l.dec.ReadValue()
		if err != nil {
			return 0, 0
		}
		if found {
			to = int(l.dec.InputOffset())
			return to - len(value), to
		}
	}
	return 0, 0
}

func unquoted(text jsontext.Value) string {
	plain, _ := jsontext.AppendUnquote(nil, text)
	return string(plain)
}

// Flag reads a boolean member of a Graph object.
func Flag(raw jsontext.Value, name string) bool {
	v := Member(raw, name)
	return v.Kind() == 't'
}

// With adds a member to a JSON object that does not have it.
func With(object jsontext.Value, name string, value jsontext.Value) jsontext.Value {
	end := len(object) - 1
	for end > 0 && object[end] != '}' {
		end--
	}
	out := append(make(jsontext.Value, 0, len(object)+len(name)+len(value)+4), object[:end]...)
	if len(out) > 1 {
		out = append(out, ',')
	}
	out, _ = jsontext.AppendQuote(out, name)
	out = append(append(out, ':'), value...)
	return append(out, '}')
}
