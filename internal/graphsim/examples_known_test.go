package graphsim_test

const (
	later     = "a later issue"
	delegated = "needs a signed-in user; the simulator knows applications only"
)

// notServed are the examples of routes that the simulator does not serve.
var notServed = map[string]string{
	"036": later + ": licenses", "037": later + ": licenses", "082": later + ": licenses", "166": later + ": licenses",
	"039": later + ": delta", "040": later + ": delta", "078": later + ": delta", "079": later + ": delta", "090": later + ": delta",
	"141": later + ": delta", "142": later + ": delta", "144": later + ": delta", "145": later + ": delta",
	"115": later + ": roles", "117": later + ": roles", "118": later + ": roles", "120": later + ": roles", "121": later + ": roles",
	"123": later + ": roles", "154": later + ": roles", "156": later + ": roles",
	"124": later + ": logs", "126": later + ": logs", "127": later + ": logs",
	"132": later + ": schema extensions", "157": later + ": provisioning jobs",
	"179": later + ": Exchange", "180": later + ": Exchange",
}

// shortened are the examples whose pages say that the answer might be shortened
// for readability, and which leave out properties that are returned by default.
var shortened = []string{}

// exceptions are the other differences: by example, each with its reason.
var exceptions = map[string]map[string]string{}
