package graphsim

// Logs are read only, newest first, and have larger pages than directory objects.
// Sources: https://learn.microsoft.com/graph/api/signin-list and
// https://learn.microsoft.com/graph/api/directoryaudit-list.

// maxLogPage is the size of a page of a log, and the most that $top may ask for.
const maxLogPage = 1000

// listLog gives the handler of a log, whose entries are dated by a property.
func listLog(entity, context, dated string) handler {
	return func(c *call) (*answer, error) {
		if err := c.onlyOptions("$filter", "$top", "$orderby", "$skiptoken"); err != nil {
			return nil, err
		}
		l := c.set(entity)
		l.context, l.most, l.dated = context, maxLogPage, dated
		return c.list(l)
	}
}

// listSchemaExtensions lists the extensions that the caller owns, and those of others that
// are available to all. Source: https://learn.microsoft.com/graph/api/schemaextension-list.
func listSchemaExtensions(c *call) (*answer, error) {
	if err := c.onlyOptions("$filter", "$select", "$skiptoken"); err != nil {
		return nil, err
	}
	l := c.set("schemaExtension")
	var seen []*object
	for _, o := range l.objects {
		if c.seesSchema(o) {
			seen = append(seen, o)
		}
	}
	l.objects, l.all = seen, false
	return c.list(l)
}

func getSchemaExtension(c *call) (*answer, error) {
	o := c.dir.byID[c.vars["id"].text]
	if o == nil || o.kind.name != "schemaExtension" || !c.seesSchema(o) {
		return nil, notFound(c.vars["id"].text)
	}
	return c.one(o, c.dir.reading(), o.kind.set)
}

func (c *call) seesSchema(o *object) bool {
	return o.text("status") == "Available" || o.text("owner") == c.who.AppID
}
