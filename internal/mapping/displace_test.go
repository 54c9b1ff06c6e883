package mapping_test

import "testing"

// A client that adds a value by PATCH means it: where Entra holds one value only,
// the new one takes the place of the old. What was there and is not displaced
// stays; a PUT, which has no new and old, takes the primary or first.
func TestAddedValueTakesThePlace(t *testing.T) {
	t.Parallel()
	users := compile(t, "user.yaml")
	starling := compile(t, "user.yaml", source(t, "starling.yaml"))
	const work = `{"value":"1","type":"work","primary":true}`
	for name, c := range map[string]struct {
		starling             bool
		before, after, patch string
		put                  string // "": as patch
	}{
		"of the same type":     {before: `{"phoneNumbers":[` + work + `]}`, after: `{"phoneNumbers":[` + work + `,{"value":"2","type":"work"}]}`, patch: `{"businessPhones":["2"]}`, put: `{}`},
		"without a type":       {before: `{"phoneNumbers":[` + work + `]}`, after: `{"phoneNumbers":[` + work + `,{"value":"2"}]}`, patch: `{"mobilePhone":"2"}`},
		"of a type of its own": {before: `{"phoneNumbers":[` + work + `]}`, after: `{"phoneNumbers":[` + work + `,{"value":"2","type":"mobile"}]}`, patch: `{"mobilePhone":"2"}`},
		"that has no place":    {before: `{"phoneNumbers":[` + work + `]}`, after: `{"phoneNumbers":[` + work + `,{"value":"2","type":"pager"}]}`, patch: `{}`},
		"that says nothing":    {before: `{"phoneNumbers":[` + work + `]}`, after: `{"phoneNumbers":[` + work + `,{"type":"work","primary":false}]}`, patch: `{}`},
		"behind one that does": {before: `{}`, after: `{"phoneNumbers":[{"type":"work","primary":true},{"value":"2","type":"work"}]}`, patch: `{"businessPhones":["2"]}`},
		"two at once":          {before: `{"phoneNumbers":[` + work + `]}`, after: `{"phoneNumbers":[` + work + `,{"value":"2","type":"work"},{"value":"3","type":"work"}]}`, patch: `{"businessPhones":["2"]}`, put: `{}`},
		"for a shown userName": {
			before: `{"userName":"a@x.org","emails":[{"value":"a@x.org","type":"work","primary":true}]}`,
			after:  `{"userName":"a@x.org","emails":[{"value":"a@x.org","type":"work","primary":true},{"value":"b@x.org","type":"work"}]}`,
			patch:  `{"mail":"b@x.org"}`, put: `{}`,
		},
		"where there are many": {
			before: `{"emails":[{"value":"a@x.org","type":"other"}]}`,
			after:  `{"emails":[{"value":"a@x.org","type":"other"},{"value":"b@x.org","type":"other"}]}`,
			patch:  `{"otherMails":["a@x.org","b@x.org"]}`,
		},
		"starling": {
			starling: true,
			before:   `{"userName":"a@x.org","emails":[{"value":"a@x.org"}]}`,
			after:    `{"userName":"a@x.org","emails":[{"value":"a@x.org"},{"value":"b@x.org"}]}`,
			patch:    `{"userPrincipalName":"b@x.org"}`, put: `{}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			table := users
			if c.starling {
				table = starling
			}
			w, err := table.Update(decode(t, c.before), decode(t, c.after))
			checkWrite(t, w, err, c.patch, "", 0)
			if c.put == "" {
				c.put = c.patch
			}
			before, after := decode(t, c.before), decode(t, c.after)
			for _, doc := range []map[string]any{before, after} {
				doc["displayName"], doc["nickName"] = "A", "a"
				if doc["userName"] == nil {
					doc["userName"] = "a@x.org"
				}
			}
			w, err = table.Replace(before, after)
			checkWrite(t, w, err, c.put, "", 0)
		})
	}
}
