// Package mappings holds the mapping tables that ship with the program: one per
// resource type, and the overlays that a tenant may choose by name.
package mappings

import "embed"

// FS holds the tables, which name an endpoint, and the overlays of the profiles:
// NAME.yaml, or NAME-user.yaml and so on when a profile is for several tables.
//
//go:embed *.yaml
var FS embed.FS
