package app

import (
	"fmt"
	"strings"

	"entrascim/internal/graphsim"
	"entrascim/internal/server"
)

// demoNotice tells a newcomer what runs and what to paste.
func demoNotice(o DemoOptions, url string) string {
	base := url + server.Root
	curl := "curl -s -H 'Authorization: Bearer " + demoToken + "'"
	var b strings.Builder
	fmt.Fprintf(&b, `This is a simulation: an Entra directory with %d users, %d groups and %d
applications that exists in this process only. Stop it and it is gone.

  base URL       %s
  bearer token   %s
`, o.Directory.Users, o.Directory.Groups, o.Directory.Applications, base, demoToken)
	b.WriteString("  other tokens   ")
	for i, c := range demoClients() {
		fmt.Fprintf(&b, "%s%s", strings.Repeat(", ", min(i, 1)), string(c.Token))
	}
	b.WriteString(" (one for each dialect of SCIM clients)\n")
	if o.Control != "" {
		fmt.Fprintf(&b, "  control        http://%s/sim/stats\n", o.Control)
	}
	b.WriteString("\n" + names(o))
	b.WriteString("Passwords of 8 characters will do (policy.weakPasswords), and a user whose manager\ndoes not exist is written without (policy.managerMissing).\n")
	b.WriteString("\nTo paste into another terminal:\n\n")
	for _, query := range []string{
		"/Users?count=2", "/Users?filter=displayName%20sw%20%22A%22&attributes=userName,displayName",
		"/Groups?count=2&attributes=displayName", "/Applications?count=2", "/Schemas",
	} {
		fmt.Fprintf(&b, "  %s '%s%s'\n", curl, base, query)
	}
	fmt.Fprintf(&b, `  %s -H 'Content-Type: application/scim+json' '%s/Users' \
    -d '{"userName":"ada@contoso.com","displayName":"Ada Lovelace"}'

`, curl, base)
	return b.String()
}

// names tells what the demo does with userNames.
func names(o DemoOptions) string {
	var b strings.Builder
	if o.DefaultDomain != "" {
		fmt.Fprintf(&b, "A userName without a domain, such as bjensen, is stored as bjensen@%s", o.DefaultDomain)
		if o.ShortNames {
			b.WriteString("\nand shown as bjensen")
		}
		b.WriteString(".\n")
	}
	if o.Directory.AnyDomain {
		b.WriteString("Any well-formed domain is taken for a verified one, which Entra does not:\n--strict-domains is as strict as Entra.\n")
	}
	return b.String()
}

// simulatorNotice tells how a gateway is put in front of the simulator.
func simulatorNotice(o SimulatorOptions, url string) string {
	reach := "A gateway reaches it with"
	if o.Plain {
		reach = "It speaks HTTP only,\nwhich a gateway does not take for Graph; behind a proxy with TLS that is"
	}
	var b strings.Builder
	fmt.Fprintf(&b, `This is a simulation of Microsoft Graph and Microsoft login, with %d users,
%d groups and %d applications. %s

  ENTRASCIM_GRAPH_URL=%s/v1.0
  AZURE_AUTHORITY_HOST=%s
  AZURE_TENANT_ID=%s
  AZURE_CLIENT_ID=%s
  AZURE_CLIENT_SECRET=%s
`, o.Directory.Users, o.Directory.Groups, o.Directory.Applications, reach, url, url, graphsim.DefaultTenant, graphsim.DefaultClient, graphsim.DefaultSecret)
	if o.CAFile != "" && !o.Plain {
		fmt.Fprintf(&b, "  ENTRASCIM_CA_FILE=%s\n", o.CAFile)
	}
	if o.Directory.AnyDomain {
		b.WriteString("\nIt takes any well-formed domain for a verified one, which Entra does not.\n")
	}
	if o.Control != "" {
		fmt.Fprintf(&b, "\nControl listener: http://%s/sim/stats\n", o.Control)
	}
	b.WriteString("\n")
	return b.String()
}
