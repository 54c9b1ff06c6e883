package server

import (
	"crypto/tls"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
)

const (
	proxy    = "10.1.2.3:40000"
	stranger = "192.0.2.9:40000"
)

func TestOrigin(t *testing.T) {
	t.Parallel()
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for name, test := range map[string]struct {
		public, host, peer string
		tls                bool
		header             []string
		want               string
	}{
		"configured":             {public: "https://scim.example.com/", peer: proxy, header: []string{"X-Forwarded-Host", "other.example"}, want: "https://scim.example.com"},
		"configured with a path": {public: "https://example.com/iam", peer: stranger, want: "https://example.com/iam"},
		"the Host":               {host: "gateway.example:8080", peer: stranger, want: "http://gateway.example:8080"},
		"the Host over TLS":      {host: "gateway.example", peer: stranger, tls: true, want: "https://gateway.example"},
		"a port that is implied": {host: "Gateway.example:443", peer: stranger, tls: true, want: "https://gateway.example"},
		"an IPv6 Host":           {host: "[2001:db8::1]:8080", peer: stranger, want: "http://[2001:db8::1]:8080"},
		"no Host":                {host: "", peer: stranger, want: "http://127.0.0.1:8080"},
		"a Host with a user":     {host: "user@evil.example", peer: stranger, want: "http://127.0.0.1:8080"},
		"a Host with a path":     {host: "evil.example/x", peer: stranger, want: "http://127.0.0.1:8080"},
		"a Host with a quote":    {host: `evil"example`, peer: stranger, want: "http://127.0.0.1:8080"},
		"a Host with a bad port": {host: "gateway.example:99999", peer: stranger, want: "http://127.0.0.1:8080"},
		"a Host with no port":    {host: "gateway.example:", peer: stranger, want: "http://127.0.0.1:8080"},
		"a zone in the Host":     {host: "[fe80::1%25eth0]", peer: stranger, want: "http://127.0.0.1:8080"},

		"spoofed by a stranger":           {host: "gateway.example", peer: stranger, header: []string{"X-Forwarded-Host", "evil.example", "X-Forwarded-Proto", "https", "X-Forwarded-Prefix", "/evil", "X-Forwarded-Port", "1"}, want: "http://gateway.example"},
		"Forwarded by a stranger":         {host: "gateway.example", peer: stranger, header: []string{"Forwarded", "host=evil.example;proto=https"}, want: "http://gateway.example"},
		"a stranger names a proxy":        {host: "gateway.example", peer: stranger, header: []string{"X-Forwarded-For", "10.1.2.3", "X-Forwarded-Host", "evil.example"}, want: "http://gateway.example"},
		"a peer that is no address":       {host: "gateway.example", peer: "@", header: []string{"X-Forwarded-Host", "evil.example"}, want: "http://gateway.example"},
		"a proxy that says nothing":       {host: "gateway.example", peer: proxy, want: "http://gateway.example"},
		"only the scheme":                 {host: "scim.example.com", peer: proxy, header: []string{"X-Forwarded-Proto", "https"}, want: "https://scim.example.com"},
		"scheme, host, port and prefix":   {host: "inner:8080", peer: proxy, header: []string{"X-Forwarded-Proto", "HTTPS", "X-Forwarded-Host", "scim.example.com", "X-Forwarded-Port", "8443", "X-Forwarded-Prefix", "/iam/v1/"}, want: "https://scim.example.com:8443/iam/v1"},
		"a host with its own port":        {host: "inner", peer: proxy, header: []string{"X-Forwarded-Host", "scim.example.com:9443", "X-Forwarded-Port", "443", "X-Forwarded-Proto", "https"}, want: "https://scim.example.com:9443"},
		"the implied port":                {host: "inner", peer: proxy, header: []string{"X-Forwarded-Host", "scim.example.com", "X-Forwarded-Port", "443", "X-Forwarded-Proto", "https"}, want: "https://scim.example.com"},
		"the last of many":                {host: "inner", peer: proxy, header: []string{"X-Forwarded-Host", "evil.example, scim.example.com", "X-Forwarded-Proto", "http,https"}, want: "https://scim.example.com"},
		"the last of many headers":        {host: "inner", peer: proxy, header: []string{"X-Forwarded-Host", "evil.example", "X-Forwarded-Host", "scim.example.com"}, want: "http://scim.example.com"},
		"a mapped IPv4 peer":              {host: "inner", peer: "[::ffff:10.1.2.3]:1", header: []string{"X-Forwarded-Host", "scim.example.com"}, want: "http://scim.example.com"},
		"an IPv6 proxy":                   {host: "inner", peer: "[fd00::7]:1", header: []string{"X-Forwarded-Host", "scim.example.com"}, want: "http://scim.example.com"},
		"Forwarded":                       {host: "inner", peer: proxy, header: []string{"Forwarded", `for=192.0.2.1;Host="scim.example.com:8443" ; proto=https`}, want: "https://scim.example.com:8443"},
		"the last of Forwarded":           {host: "inner", peer: proxy, header: []string{"Forwarded", `host=evil.example;proto=http, for="[2001:db8::1]:4711";host=scim.example.com;proto=https`}, want: "https://scim.example.com"},
		"a comma in Forwarded":            {host: "inner", peer: proxy, header: []string{"Forwarded", `host=scim.example.com;by="a,host=evil.example";proto=https`}, want: "https://scim.example.com"},
		"an escape in Forwarded":          {host: "inner", peer: proxy, header: []string{"Forwarded", `host="scim\"\,.example.com"`}, want: "http://inner"},
		"Forwarded wins":                  {host: "inner", peer: proxy, header: []string{"Forwarded", "host=scim.example.com", "X-Forwarded-Host", "old.example", "X-Forwarded-Port", "81", "X-Forwarded-Proto", "https"}, want: "https://scim.example.com"},
		"a host that is none":             {host: "scim.example.com", peer: proxy, header: []string{"X-Forwarded-Host", "evil.example/path", "X-Forwarded-Proto", "https"}, want: "https://scim.example.com"},
		"a scheme that is none":           {host: "scim.example.com", peer: proxy, header: []string{"X-Forwarded-Proto", "javascript"}, want: "http://scim.example.com"},
		"a port that is none":             {host: "scim.example.com", peer: proxy, header: []string{"X-Forwarded-Port", "80@evil"}, want: "http://scim.example.com"},
		"a prefix that goes elsewhere":    {host: "scim.example.com", peer: proxy, header: []string{"X-Forwarded-Prefix", "//evil.example"}, want: "http://scim.example.com"},
		"a prefix that goes up":           {host: "scim.example.com", peer: proxy, header: []string{"X-Forwarded-Prefix", "/a/../b"}, want: "http://scim.example.com"},
		"a prefix with a query":           {host: "scim.example.com", peer: proxy, header: []string{"X-Forwarded-Prefix", "/a?b"}, want: "http://scim.example.com"},
		"the root as prefix":              {host: "scim.example.com", peer: proxy, header: []string{"X-Forwarded-Prefix", "/"}, want: "http://scim.example.com"},
		"neither the Host nor the header": {host: "a b", peer: proxy, header: []string{"X-Forwarded-Host", "c d"}, want: "http://127.0.0.1:8080"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest("GET", "/scim/v2/Users", nil)
			r.Host, r.RemoteAddr = test.host, test.peer
			if test.tls {
				r.TLS = &tls.ConnectionState{}
			}
			for i := 0; i+1 < len(test.header); i += 2 {
				r.Header.Add(test.header[i], test.header[i+1])
			}
			o := Origin{Public: test.public, Listener: "http://127.0.0.1:8080", Proxies: proxies}
			if got := o.URL(r); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// Whatever a proxy sends, what comes out is a URL that nothing can be hidden in.
func FuzzOrigin(f *testing.F) {
	f.Add("scim.example.com", "host=a;proto=https", "b.example:1", "https", "/x", "8443")
	f.Add("[::1]:80", `host="[::1]";by="\"`, "a, b", "http", "//", "0")
	f.Fuzz(func(t *testing.T, host, standard, forwardedHost, proto, prefix, port string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.Host, r.RemoteAddr = host, proxy
		r.Header["Forwarded"] = []string{standard}
		r.Header["X-Forwarded-Host"] = []string{forwardedHost}
		r.Header["X-Forwarded-Proto"] = []string{proto}
		r.Header["X-Forwarded-Prefix"] = []string{prefix}
		r.Header["X-Forwarded-Port"] = []string{port}
		got := Origin{Listener: "http://listener", Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}.URL(r)
		rest, http := strings.CutPrefix(got, "http://")
		rest, https := strings.CutPrefix(rest, "https://")
		if !http && !https || strings.Trim(rest, hostAlphabet+"~/:[]") != "" || strings.Contains(rest, "//") || strings.HasSuffix(rest, "/") || rest == "" {
			t.Errorf("got %q", got)
		}
	})
}
