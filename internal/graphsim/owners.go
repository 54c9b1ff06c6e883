package graphsim

// addOwnerOf gives the handler that makes an owner of an application or service
// principal. Source: https://learn.microsoft.com/graph/api/application-post-owners.
func addOwnerOf(entity string) handler {
	return func(c *call) (*answer, error) {
		if !c.may(readObjects...) {
			return nil, denied()
		}
		o, err := c.byID(entity, c.dir.reading())
		if err != nil {
			return nil, err
		}
		return c.linkTo(o, "owners")
	}
}

// removeOwnerOf gives the handler that ends such an ownership; there may be no
// owner left.
func removeOwnerOf(entity string) handler {
	return func(c *call) (*answer, error) {
		o, err := c.byID(entity, c.dir.reading())
		if err != nil {
			return nil, err
		}
		other, err := c.linked(o, "owners", owners)
		if err != nil {
			return nil, err
		}
		c.dir.unlink(owners, o, other)
		return noContent(), nil
	}
}
