package server

import (
	"net/http/httptest"
	"net/netip"
	"testing"
)

func TestAddress(t *testing.T) {
	t.Parallel()
	origin := Origin{Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}}
	for name, test := range map[string]struct {
		peer   string
		header []string
		want   string // "": none
	}{
		"nobody between":                  {stranger, nil, "192.0.2.9"},
		"a stranger who claims":           {stranger, []string{"X-Forwarded-For", "203.0.113.7", "Forwarded", "for=203.0.113.7"}, "192.0.2.9"},
		"a proxy that says nothing":       {proxy, nil, "10.1.2.3"},
		"a proxy that says":               {proxy, []string{"X-Forwarded-For", "203.0.113.7"}, "203.0.113.7"},
		"what a client put before":        {proxy, []string{"X-Forwarded-For", "198.51.100.1, 203.0.113.7"}, "203.0.113.7"},
		"in a header before":              {proxy, []string{"X-Forwarded-For", "198.51.100.1", "X-Forwarded-For", "203.0.113.7"}, "203.0.113.7"},
		"two proxies":                     {proxy, []string{"X-Forwarded-For", "198.51.100.1, 203.0.113.7, 10.9.9.9"}, "203.0.113.7"},
		"a client that claims a proxy":    {proxy, []string{"X-Forwarded-For", "10.9.9.9, 203.0.113.7"}, "203.0.113.7"},
		"proxies only":                    {proxy, []string{"X-Forwarded-For", "10.8.8.8,10.9.9.9"}, "10.8.8.8"},
		"with a port":                     {proxy, []string{"X-Forwarded-For", "203.0.113.7:5000"}, "203.0.113.7"},
		"IPv6":                            {"[fd00::1]:1", []string{"X-Forwarded-For", "2001:db8::7"}, "2001:db8::7"},
		"IPv6 with a port":                {proxy, []string{"X-Forwarded-For", "[2001:db8::7]:5000"}, "2001:db8::7"},
		"IPv6 in brackets":                {proxy, []string{"X-Forwarded-For", "[2001:db8::7]"}, "2001:db8::7"},
		"IPv4 in IPv6":                    {"[::ffff:10.1.2.3]:1", []string{"X-Forwarded-For", "::ffff:203.0.113.7"}, "203.0.113.7"},
		"no address":                      {proxy, []string{"X-Forwarded-For", "unknown"}, "10.1.2.3"},
		"no address before a proxy":       {proxy, []string{"X-Forwarded-For", "203.0.113.7, unknown, 10.9.9.9"}, "10.9.9.9"},
		"nothing":                         {proxy, []string{"X-Forwarded-For", ""}, "10.1.2.3"},
		"Forwarded":                       {proxy, []string{"Forwarded", `for=203.0.113.7;proto=https`}, "203.0.113.7"},
		"Forwarded, quoted":               {proxy, []string{"Forwarded", `proto=https; For="[2001:db8::7]:4711"`}, "2001:db8::7"},
		"Forwarded, several":              {proxy, []string{"Forwarded", `for=198.51.100.1, for=203.0.113.7, for="10.9.9.9:80"`}, "203.0.113.7"},
		"Forwarded, obfuscated":           {proxy, []string{"Forwarded", `for=_hidden`}, "10.1.2.3"},
		"Forwarded without for":           {proxy, []string{"Forwarded", `for=198.51.100.1, proto=https`}, "10.1.2.3"},
		"Forwarded, a comma in quotes":    {proxy, []string{"Forwarded", `for=203.0.113.7;by="a,for=198.51.100.1"`}, "203.0.113.7"},
		"both agree":                      {proxy, []string{"Forwarded", "for=203.0.113.7", "X-Forwarded-For", "203.0.113.7"}, "203.0.113.7"},
		"a client that adds the other":    {proxy, []string{"Forwarded", "for=198.51.100.1", "X-Forwarded-For", "203.0.113.7"}, "10.1.2.3"},
		"a connection of no address":      {"@", []string{"X-Forwarded-For", "203.0.113.7"}, ""},
		"a proxy's zone is not looked at": {"[fd00::1%eth0]:1", []string{"X-Forwarded-For", "203.0.113.7"}, "203.0.113.7"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest("GET", "/", nil)
			r.RemoteAddr = test.peer
			for i := 0; i < len(test.header); i += 2 {
				r.Header.Add(test.header[i], test.header[i+1])
			}
			got := origin.Address(r)
			if got.IsValid() != (test.want != "") || got.IsValid() && got.String() != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}
