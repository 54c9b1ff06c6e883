package tenant

// A Cloud is where a directory lives.
type Cloud struct {
	GraphURL  string // with the version: "https://graph.microsoft.com/v1.0"
	Authority string // of the login service: "https://login.microsoftonline.com"
}

// clouds are Microsoft's, by the names that configuration uses.
// Source: https://learn.microsoft.com/graph/deployments.
var clouds = map[string]Cloud{
	"global":    {"https://graph.microsoft.com/v1.0", "https://login.microsoftonline.com"},
	"usgov":     {"https://graph.microsoft.us/v1.0", "https://login.microsoftonline.us"},
	"usgov-dod": {"https://dod-graph.microsoft.us/v1.0", "https://login.microsoftonline.us"},
	"china":     {"https://microsoftgraph.chinacloudapi.cn/v1.0", "https://login.chinacloudapi.cn"},
}

// CloudNames are the names that CloudNamed knows.
func CloudNames() []string { return []string{"global", "usgov", "usgov-dod", "china"} }

// CloudNamed finds a cloud by its name.
func CloudNamed(name string) (Cloud, bool) {
	c, ok := clouds[name]
	return c, ok
}
