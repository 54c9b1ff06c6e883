package odata

import (
	"fmt"
	"net/http"
	"strings"

	"entrascim/internal/edm"
)

// Graph's error codes for requests that it does not understand or does not
// support. Source: https://learn.microsoft.com/graph/errors and the error
// examples of https://learn.microsoft.com/graph/aad-advanced-queries.
const (
	CodeBadRequest       = "BadRequest"
	CodeRequest          = "Request_BadRequest"
	CodeUnsupportedQuery = "Request_UnsupportedQuery"
	CodeExpand           = "ExpandNotSupported"
	CodeNotImplemented   = "NotImplemented"
)

// An Error is a refusal in Graph's terms: an HTTP status and the error object of
// the response body. It is the one error type of the simulator.
type Error struct {
	Status  int
	Code    string
	Message string
	Details []Detail
}

// A Detail says which part of a request an Error is about.
type Detail struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Target  string `json:"target,omitempty"`
}

// Error gives status, code and message on one line.
func (e *Error) Error() string {
	return fmt.Sprintf("%d %s: %s", e.Status, e.Code, e.Message)
}

func refuse(code, format string, args ...any) *Error {
	return &Error{Status: http.StatusBadRequest, Code: code, Message: fmt.Sprintf(format, args...)}
}

// unknownProperty is the answer to a name that the metadata does not have, or that
// no application registered.
func unknownProperty(name, entity string) *Error {
	if strings.HasPrefix(name, "extension_") {
		return refuse(CodeUnsupportedQuery, "Property '%s' does not exist as a declared property or extension property.", name)
	}
	return refuse(CodeBadRequest, "Could not find a property named '%s' on type 'microsoft.graph.%s'.", name, entity)
}

// parsing marks the refusal of a malformed $select or $expand as Graph does.
func (e *Error) parsing() *Error {
	if e != nil && strings.HasPrefix(e.Message, "Could not find a property") {
		e.Message = "Parsing OData Select and Expand failed: " + e.Message
	}
	return e
}

// unsupportedClause is the answer to a filter on a property that is not indexed
// for the operator.
func unsupportedClause(property, entity string) *Error {
	return refuse(CodeUnsupportedQuery,
		"Unsupported or invalid query filter clause specified for property '%s' of resource '%s'.", property, capital(entity))
}

func needsAdvanced(op edm.Op) *Error {
	name, _, _ := strings.Cut(strings.ReplaceAll(string(op), "(", " "), " ")
	return refuse(CodeUnsupportedQuery, "Operator '%s' is not supported because the required parameters might be missing. "+
		"Try adding $count=true query parameter and ConsistencyLevel:eventual header. "+
		"Refer to https://aka.ms/graph-docs/advanced-queries for more information", name)
}

func syntaxError(source string, position int) *Error {
	return refuse(CodeBadRequest, "Invalid filter clause: Syntax error at position %d in '%s'.", position, source)
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
