package graph

import (
	"net/url"
	"slices"
	"strings"
)

// A Cloud is one of Microsoft's separate deployments of Entra ID and Graph. Tokens
// of one are not valid in another.
type Cloud struct {
	Name  string // as configuration names it
	Login string // authority host
	Graph string // base URL of Graph v1.0
}

// Clouds lists the deployments
// (https://learn.microsoft.com/graph/deployments).
func Clouds() []Cloud {
	return []Cloud{
		{"global", "https://login.microsoftonline.com", "https://graph.microsoft.com/v1.0"},
		{"usgov", "https://login.microsoftonline.us", "https://graph.microsoft.us/v1.0"},
		{"usgov-dod", "https://login.microsoftonline.us", "https://dod-graph.microsoft.us/v1.0"},
		{"china", "https://login.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn/v1.0"},
	}
}

// FindCloud finds a cloud by its name, in any case.
func FindCloud(name string) (Cloud, bool) {
	clouds := Clouds()
	i := slices.IndexFunc(clouds, func(c Cloud) bool { return strings.EqualFold(c.Name, name) })
	if i < 0 {
		return Cloud{}, false
	}
	return clouds[i], true
}

// LoginFor is the authority host that belongs to a Graph base URL; "" when the
// host is not Microsoft's.
func LoginFor(baseURL string) string {
	base, err := url.Parse(baseURL)
	if err != nil {
		return ""
	}
	for _, c := range Clouds() {
		if strings.EqualFold("https://"+base.Hostname(), strings.TrimSuffix(c.Graph, "/v1.0")) {
			return c.Login
		}
	}
	return ""
}

// microsoftLogin tells whether Microsoft's instance discovery knows the authority.
func microsoftLogin(authority *url.URL) bool {
	switch host := strings.ToLower(authority.Hostname()); host {
	case "login.partner.microsoftonline.cn", "login.windows.net", "login.microsoft.com":
		return true
	default:
		return slices.ContainsFunc(Clouds(), func(c Cloud) bool { return c.Login == "https://"+host })
	}
}
