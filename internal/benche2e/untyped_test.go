//go:build e2e && !e2etyped

package benche2e

import (
	"errors"
	"net/http"
)

// typedBuilt tells whether the SDK's models are built in, which takes minutes.
const typedBuilt = false

func newTyped(func(string) string) (http.Handler, error) {
	return nil, errors.New("built without the tag e2etyped")
}
