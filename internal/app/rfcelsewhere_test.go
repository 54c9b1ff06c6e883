package app

const userSchema = "served [" + coreUserURN + "].attributes"

// elsewhere is what of an example is not as it is printed, and why: what is not stored
// of what a client sends, and what is not served of what an answer has. Names are those
// of attributes, with the type or name of a value in brackets.
var elsewhere = map[string]string{
	"stored id":                                 "the directory gives it",
	"stored meta.created":                       "the directory's",
	"stored meta.lastModified":                  "Graph has no such date",
	"stored meta.location":                      "that of this server",
	"stored meta.version":                       "that of this server",
	"stored name.formatted":                     "it is Entra's displayName, which is what to write",
	"stored name.middleName":                    "no property",
	"stored name.honorificPrefix":               "no property",
	"stored name.honorificSuffix":               "no property",
	"stored profileUrl":                         "no property",
	"stored photos":                             "no property: Graph has pictures, not URLs of them",
	"stored locale":                             "no property",
	"stored timezone":                           "no property: Graph has it in the settings of a mailbox",
	"stored roles":                              "no property: Entra's roles are groups of the user's",
	"stored x509Certificates":                   "no property that can be written",
	"stored password":                           "never returned",
	"stored groups":                             "read-only",
	"stored userType":                           "Member or Guest in Entra",
	"stored ims":                                "read-only in Graph, and SIP only",
	"stored emails[home]":                       "Entra has the address of work, and others",
	"stored addresses[home]":                    "Entra holds one address",
	"stored addresses[work].formatted":          "no property",
	"stored members.$ref":                       "that of this server",
	"stored members.display":                    "read-only: the name that the member has",
	"stored " + enterpriseURN + ".manager.$ref": "that of this server",

	"served meta.created":                "the configuration of the service is made when it starts",
	"served meta.lastModified":           "Graph has no such date",
	"served meta.version":                "the configuration of the service has none",
	"served name.middleName":             "no property",
	"served Resources.meta.version":      "resources in lists have no version",
	"served Resources.meta.lastModified": "Graph has no such date",
	"served Operations.status":           "a string, as RFC 7644 section 3.7.3 has it; one example has an object",
	"served scimType":                    "no filter is too sensitive; the filter that is forbidden has no scimType in RFC 7644 table 9",
	"served documentationUri":            "there is no such page",
	"served authenticationSchemes[OAuth Bearer Token].documentationUri": "there is no such page",
	"served authenticationSchemes[HTTP Basic]":                          "bearer tokens only",

	userSchema + "[name].uniqueness":                     "complex attributes have none",
	userSchema + "[emails].uniqueness":                   "complex attributes have none",
	userSchema + "[addresses].uniqueness":                "complex attributes have none",
	userSchema + "[name].subAttributes[middleName]":      "no property",
	userSchema + "[name].subAttributes[honorificPrefix]": "no property",
	userSchema + "[name].subAttributes[honorificSuffix]": "no property",
	userSchema + "[addresses].subAttributes[formatted]":  "no property",
	userSchema + "[emails].subAttributes[display]":       "no property",
	userSchema + "[phoneNumbers].subAttributes[display]": "no property",
	userSchema + "[ims].subAttributes[display]":          "no property",
	userSchema + "[ims].subAttributes[primary]":          "no property",
	userSchema + "[entitlements].subAttributes[display]": "no property of the user; /Entitlements has the names",
	userSchema + "[entitlements].subAttributes[primary]": "no property",
	userSchema + "[locale]":                              "no property",
	userSchema + "[photos]":                              "no property",
	userSchema + "[profileUrl]":                          "no property",
	userSchema + "[roles].subAttributes[type]":           "no property",
	userSchema + "[roles].subAttributes[primary]":        "no property",
	userSchema + "[timezone]":                            "no property",
	userSchema + "[x509Certificates]":                    "no property",
}

// sometimes are those of them that some examples have as printed.
var sometimes = []string{"stored id", "stored name.formatted", "served meta.lastModified", "served meta.created", "served meta.version", "served Operations.status"}
