package graph

import (
	"fmt"
)

// ObjectURL is how a write refers to a directory object: the value of @odata.id
// and of the elements of members@odata.bind.
func (c *Client) ObjectURL(id string) (string, error) {
	k, err := build(c.base.String(), Request{Path: "/directoryObjects/{id}", Params: map[string]string{"id": id}})
	if err != nil {
		return "", fmt.Errorf("referring to an object: %w", err)
	}
	return k.text, nil
}

// UnverifiedDomain tells whether Graph refused a name because its domain is not one
// of the directory's verified domains.
func UnverifiedDomain(err error) bool {
	return says(err, "domain portion of the") || says(err, "verified domain")
}
