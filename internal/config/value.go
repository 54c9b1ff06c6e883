package config

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"
)

// A Secret is never printed: not by fmt, not in a log, not as JSON or YAML.
// string(s) is its value.
type Secret string

const hidden = "<secret>"

// String hides a secret that is there.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return hidden
}

// GoString hides it from %#v.
func (s Secret) GoString() string { return fmt.Sprintf("%q", s.String()) }

// MarshalText hides it from encoders.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// maxFile is the most that a file named in the configuration may hold, in bytes.
const maxFile = 4 << 20

// A File is a file that the configuration names. It is read once, when the
// configuration is loaded.
type File struct {
	Path    string
	Content []byte
}

// String is the path.
func (f File) String() string { return f.Path }

// GoString is the path too, for the content may be a secret.
func (f File) GoString() string { return fmt.Sprintf("%q", f.Path) }

// Given tells whether a file was named.
func (f File) Given() bool { return f.Path != "" }

func (f *File) read() error {
	if !f.Given() {
		return nil
	}
	file, err := os.Open(f.Path)
	if err != nil {
		return fmt.Errorf("cannot be read: %w", err)
	}
	defer file.Close()
	f.Content, err = io.ReadAll(io.LimitReader(file, maxFile+1))
	switch {
	case err != nil:
		return fmt.Errorf("cannot be read: %w", err)
	case len(f.Content) > maxFile:
		return fmt.Errorf("%s is longer than %d bytes", f.Path, maxFile)
	}
	return nil
}

// secrets are the lines of the content.
func (f File) secrets() []Secret {
	var all []Secret
	for line := range strings.Lines(string(f.Content)) {
		if line = strings.TrimRight(line, "\r\n"); line != "" {
			all = append(all, Secret(line))
		}
	}
	return all
}

// secret is the content without the line end that editors leave.
func (f File) secret() Secret { return Secret(strings.TrimRight(string(f.Content), "\r\n")) }

// Networks are address ranges; a single address is a range of one.
type Networks []netip.Prefix

// String is the ranges as they are given: "10.0.0.0/8,::1/128".
func (n Networks) String() string {
	texts := make([]string, 0, len(n))
	for _, p := range n {
		texts = append(texts, p.String())
	}
	return strings.Join(texts, ",")
}

// UnmarshalText reads addresses and CIDR ranges, separated by commas.
func (n *Networks) UnmarshalText(text []byte) error {
	*n = nil
	if len(text) == 0 {
		return nil
	}
	for one := range strings.SplitSeq(string(text), ",") {
		p, err := network(strings.TrimSpace(one))
		if err != nil {
			return errors.New("must be addresses or networks like 10.0.0.0/8")
		}
		*n = append(*n, p)
	}
	return nil
}

func network(text string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(text); err == nil {
		a = a.Unmap()
		return a.WithZone("").Prefix(a.BitLen())
	}
	p, err := netip.ParsePrefix(text)
	return p.Masked(), err
}

// Names are one name or several, separated by commas where they are one text.
type Names []string

// String is the names as they are given in one text.
func (n Names) String() string { return strings.Join(n, ",") }

// UnmarshalText reads names that are separated by commas.
func (n *Names) UnmarshalText(text []byte) error { return n.take(strings.Split(string(text), ",")) }

func (n *Names) take(names []string) error {
	var all Names
	for _, name := range names {
		name = strings.TrimSpace(name)
		switch {
		case name == "":
			return errors.New("must be names, separated by commas")
		case slices.Contains(all, name):
			return fmt.Errorf("must name %s once only", name)
		}
		all = append(all, name)
	}
	*n = all
	return nil
}

// An Offset is a fixed distance from UTC.
type Offset struct{ *time.Location }

// String is the offset as it is given: "+02:00".
func (o Offset) String() string {
	if o.Location == nil {
		return "+00:00"
	}
	return time.Unix(0, 0).In(o.Location).Format("-07:00")
}

// UnmarshalText reads "+02:00", "-05:30", "Z" or "UTC".
func (o *Offset) UnmarshalText(text []byte) error {
	given := string(text)
	if given == "Z" || given == "UTC" {
		o.Location = time.UTC
		return nil
	}
	t, err := time.Parse("-07:00", given)
	if err != nil {
		return errors.New("must be an offset like +02:00")
	}
	_, seconds := t.Zone()
	if seconds < -12*3600 || seconds > 14*3600 {
		return errors.New("must be an offset between -12:00 and +14:00")
	}
	o.Location = time.FixedZone("", seconds)
	if seconds == 0 {
		o.Location = time.UTC
	}
	return nil
}

// An Instant is a point in time; the zero one is none.
type Instant struct{ time.Time }

// String is the instant as it is given (RFC 3339); "" of none.
func (i Instant) String() string {
	if i.IsZero() {
		return ""
	}
	return i.Format(time.RFC3339)
}

// UnmarshalText reads a date-time of RFC 3339.
func (i *Instant) UnmarshalText(text []byte) error {
	t, err := time.Parse(time.RFC3339, string(text))
	i.Time = t
	return mistake(err, "must be a date-time like 2027-01-31T00:00:00Z")
}

// Claims are what a token must say, by name.
type Claims map[string]string

// String is the claims as they are given: "a=1,b=2".
func (c Claims) String() string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(c)) {
		all = append(all, name+"="+c[name])
	}
	return strings.Join(all, ",")
}

// UnmarshalText reads one claim, NAME=VALUE.
func (c *Claims) UnmarshalText(text []byte) error { return c.take([]string{string(text)}) }

func (c *Claims) take(items []string) error {
	*c = Claims{}
	for _, item := range items {
		name, value, found := strings.Cut(item, "=")
		if !found || name == "" || value == "" {
			return errors.New("must be a list of NAME=VALUE")
		}
		if _, twice := (*c)[name]; twice {
			return fmt.Errorf("must have %s once only", name)
		}
		(*c)[name] = value
	}
	return nil
}
