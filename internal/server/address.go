package server

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Address is where the request comes from: the other end of its connection, or what
// trusted proxies say is at the other end of theirs. Where they contradict one another
// it is the nearest of them, which no client's allow list should have: headers that a
// proxy does not set it passes on from anybody.
func (o Origin) Address(r *http.Request) netip.Addr {
	peer, _ := netip.ParseAddrPort(r.RemoteAddr)
	nearest := plain(peer.Addr())
	if !o.trusts(r.RemoteAddr) {
		return nearest
	}
	old, hasOld := o.furthest(split(r.Header, "X-Forwarded-For"))
	standard, hasStandard := o.furthest(forwardedFor(r.Header))
	switch {
	case hasOld && hasStandard && old != standard, !hasOld && !hasStandard:
		return nearest
	case hasStandard:
		return standard
	}
	return old
}

// furthest is the last of the addresses that is no trusted proxy's: each proxy puts
// whom it got the request from behind those before. Of what is no address nothing
// before it counts.
func (o Origin) furthest(hops []string) (found netip.Addr, some bool) {
	for _, hop := range slices.Backward(hops) {
		address, ok := hopAddress(hop)
		if !ok {
			break
		}
		if found, some = address, true; !o.within(address) {
			break
		}
	}
	return found, some
}

// hopAddress reads an address with or without a port (RFC 7239 section 6).
func hopAddress(hop string) (netip.Addr, bool) {
	if a, err := netip.ParseAddrPort(hop); err == nil {
		return plain(a.Addr()), true
	}
	a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(hop, "["), "]"))
	return plain(a), err == nil
}

func plain(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

// within tells whether the address is a trusted proxy's.
func (o Origin) within(a netip.Addr) bool {
	return slices.ContainsFunc(o.Proxies, func(p netip.Prefix) bool { return p.Contains(a) })
}

// split is the list that all headers of the name make (RFC 9110 section 5.3).
func split(h http.Header, name string) []string {
	var all []string
	for rest := strings.Join(h.Values(name), ","); rest != ""; {
		var one string
		one, rest = cutQuoted(rest, ',')
		all = append(all, strings.TrimSpace(one))
	}
	return all
}

// forwardedFor are the addresses of Forwarded (RFC 7239 section 5.2); "" of an element
// that has none.
func forwardedFor(h http.Header) []string {
	var all []string
	for _, element := range split(h, "Forwarded") {
		address := ""
		for element != "" {
			var pair string
			pair, element = cutQuoted(element, ';')
			name, value, _ := strings.Cut(pair, "=")
			if strings.EqualFold(strings.TrimSpace(name), "for") {
				address = unquoted(strings.TrimSpace(value))
			}
		}
		all = append(all, address)
	}
	return all
}
