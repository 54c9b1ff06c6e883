// Package api holds the documents that say what the gateway serves.
package api

import _ "embed"

// OpenAPI is the description of every route, OpenAPI 3.1 as YAML.
//
//go:embed openapi.yaml
var OpenAPI []byte
