package graphsim

// listSet and its neighbours give the handlers of an entity set without rules of
// its own.
func listSet(entity string) handler {
	return func(c *call) (*answer, error) { return c.list(c.set(entity)) }
}

func countSet(entity string) handler {
	return func(c *call) (*answer, error) { return c.count(c.set(entity)) }
}

func getFrom(entity string) handler {
	return func(c *call) (*answer, error) {
		v := c.dir.reading()
		o, err := c.byID(entity, v)
		if err != nil {
			return nil, err
		}
		return c.one(o, v, o.kind.set)
	}
}

// getNamed reads an object whose id is not a GUID, such as a domain.
func getNamed(entity string) handler {
	return func(c *call) (*answer, error) {
		o := c.dir.find(c.kind(entity), c.vars["id"].text)
		if o == nil {
			return nil, notFound(c.vars["id"].text)
		}
		return c.one(o, c.dir.newest(), o.kind.set)
	}
}

// createApplication answers POST /applications.
func createApplication(c *call) (*answer, error) { return c.create("application", "displayName") }

// createServicePrincipal answers POST /servicePrincipals: the application must
// exist in the tenant.
func createServicePrincipal(c *call) (*answer, error) {
	return c.create("servicePrincipal", "appId")
}

func (c *call) create(entity string, required ...string) (*answer, error) {
	k := c.kind(entity)
	w, err := c.changes(k)
	if err != nil {
		return nil, err
	}
	for _, name := range required {
		if w.text(name) == "" {
			return nil, missing(k, name)
		}
	}
	if appID := w.text("appId"); entity == "servicePrincipal" && c.dir.lookup(c.kind("application"), "appId", appID) == nil {
		return nil, unbacked(literal(w.values["appId"]))
	}
	s := &state{values: make([]string, len(k.props))}
	w.assign(k, s)
	id := c.dir.ids.next()
	c.dir.complete(k, id, s)
	if err := c.dir.unique(k, nil, s); err != nil {
		return nil, err
	}
	return c.created(c.dir.insert(k, id, s)), nil
}

// updateSet changes properties of an object without rules of its own.
func updateSet(entity string) handler {
	return func(c *call) (*answer, error) {
		o, err := c.byID(entity, c.dir.reading())
		if err != nil {
			return nil, err
		}
		w, err := c.changes(o.kind)
		if err != nil {
			return nil, err
		}
		next := o.edit()
		w.assign(o.kind, next)
		for _, name := range w.names {
			if p := o.kind.props[max(o.kind.slot(name), 0)]; p.Name == name && p.inner != nil && !p.Collection && !w.null(name) {
				next.set(o.kind, name, merge(o.kind, name, o.get(name), next))
			}
		}
		if err := c.dir.unique(o.kind, o, next); err != nil {
			return nil, err
		}
		c.dir.apply(o, next)
		return noContent(), nil
	}
}

// deleteFrom moves an application or service principal to deletedItems.
func deleteFrom(entity string) handler {
	return func(c *call) (*answer, error) {
		o, err := c.byID(entity, c.dir.reading())
		if err != nil {
			return nil, err
		}
		c.dir.softDelete(o)
		return noContent(), nil
	}
}

// refuseMe answers /me, which an application has not got.
func refuseMe(*call) (*answer, error) {
	return nil, unreadable("/me request is only valid with delegated authentication flow.")
}
