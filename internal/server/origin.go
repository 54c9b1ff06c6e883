package server

import (
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// Origin tells where clients reach the gateway: what the locations in its answers
// begin with.
type Origin struct {
	Public   string         // URL that was configured; "" to find out for each request
	Listener string         // URL of the listener, when a request does not say
	Proxies  []netip.Prefix // peers whose forwarded headers are believed
}

// URL is where the client of the request reaches the gateway, without a slash at
// its end.
//
// A trusted proxy tells. Of any other peer the Host is taken, when it is a plain
// one: it is more often right than the listener's own address, and nothing is lost
// when it is not. Whoever sent a Host gets it back in an answer to a request that
// was authenticated, which no cache may store (see harden), and it is kept nowhere.
func (o Origin) URL(r *http.Request) string {
	if o.Public != "" {
		return strings.TrimSuffix(o.Public, "/")
	}
	f := facing{scheme: "http", host: r.Host}
	if r.TLS != nil {
		f.scheme = "https"
	}
	if o.trusts(r.RemoteAddr) {
		f.told(forwarded(r.Header))
	}
	if !plainHost(f.host) {
		return o.Listener
	}
	return f.String()
}

func (o Origin) trusts(peer string) bool {
	address, err := netip.ParseAddrPort(peer)
	return err == nil && o.within(plain(address.Addr()))
}

// facing is the side of the gateway, or of the proxy before it, that a client sees.
type facing struct{ scheme, host, port, prefix string }

// told takes what a proxy tells, as far as it is well-formed. A port counts with
// the host that it stands beside: one that names its own keeps it.
func (f *facing) told(by facing) {
	if scheme := strings.ToLower(by.scheme); scheme == "http" || scheme == "https" {
		f.scheme = scheme
	}
	if plainHost(by.host) {
		f.host = by.host
	}
	if (&url.URL{Host: f.host}).Port() == "" && validPort(by.port) {
		f.port = by.port
	}
	if plainPrefix(by.prefix) {
		f.prefix = strings.TrimRight(by.prefix, "/")
	}
}

// String is the URL. The port that the scheme implies is left out.
func (f facing) String() string {
	host := strings.ToLower(f.host)
	if f.port != "" {
		host += ":" + f.port
	}
	implied := ":80"
	if f.scheme == "https" {
		implied = ":443"
	}
	return f.scheme + "://" + strings.TrimSuffix(host, implied) + f.prefix
}

// forwarded reads what the nearest proxy says of the request that it got. Each
// proxy adds its own behind those of others, so that the last counts: what stands
// before may be anybody's. Forwarded (RFC 7239) wins over the older headers.
func forwarded(h http.Header) facing {
	f := facing{
		scheme: last(h, "X-Forwarded-Proto"), host: last(h, "X-Forwarded-Host"),
		port: last(h, "X-Forwarded-Port"), prefix: last(h, "X-Forwarded-Prefix"),
	}
	element := last(h, "Forwarded")
	for element != "" {
		var pair string
		pair, element = cutQuoted(element, ';')
		name, value, _ := strings.Cut(pair, "=")
		switch value = unquoted(strings.TrimSpace(value)); strings.ToLower(strings.TrimSpace(name)) {
		case "proto":
			f.scheme = value
		case "host":
			f.host, f.port = value, ""
		}
	}
	return f
}

// last is the last of the values, separated by commas, of a header.
func last(h http.Header, name string) string {
	values := h.Values(name)
	if len(values) == 0 {
		return ""
	}
	var value string
	for rest := values[len(values)-1]; rest != ""; {
		value, rest = cutQuoted(rest, ',')
	}
	return strings.TrimSpace(value)
}

// cutQuoted cuts a text at the separator, one within a quoted-string (RFC 9110
// section 5.6.4) apart.
func cutQuoted(s string, separator byte) (before, after string) {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == separator && !quoted:
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

// unquoted is the text of a quoted-string. No host or scheme needs an escape, so
// one that has any is not taken further.
func unquoted(s string) string {
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		return s[1 : len(s)-1]
	}
	return s
}

// maxHost bounds a host name, in bytes (RFC 1035 section 2.3.4).
const maxHost = 255

// plainHost tells whether a text is a host name or address with or without a port,
// and nothing else: no user, path, space or quote.
func plainHost(s string) bool {
	name, rest := s, ""
	if bracket := strings.IndexByte(s, ']'); bracket > 0 && s[0] == '[' {
		name, rest = s[1:bracket], s[bracket+1:]
		ip, err := netip.ParseAddr(name)
		if err != nil || !ip.Is6() || ip.Zone() != "" {
			return false
		}
	} else {
		if colon := strings.IndexByte(s, ':'); colon >= 0 {
			name, rest = s[:colon], s[colon:]
		}
		if name == "" || len(name) > maxHost || strings.Trim(name, hostAlphabet) != "" {
			return false
		}
	}
	port, has := strings.CutPrefix(rest, ":")
	return rest == "" || has && validPort(port)
}

const (
	hostAlphabet   = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._"
	prefixAlphabet = hostAlphabet + "~/"
)

func validPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n > 0 && s[0] != '0' && s[0] != '+'
}

// plainPrefix tells whether a text is the path that a proxy serves the gateway
// below, with nothing in it that needs escaping or goes up.
func plainPrefix(s string) bool {
	return strings.HasPrefix(s, "/") && !strings.Contains(s, "//") && !strings.Contains(s, "/.") && strings.Trim(s, prefixAlphabet) == ""
}
