package entra_test

import (
	"net/url"
	"slices"
	"testing"
	"time"

	"entrascim/internal/entra"
	"entrascim/internal/graphsim"
)

// With an offset date-times are shown in it, and those that name none are taken to be in
// it, whether Graph evaluates the filter or the gateway does: it is the same instant
// always.
func TestOffset(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		zone          *time.Location
		shown, filter string // of 10:00 UTC
	}{
		"none":  {nil, "2034-06-01T10:00:00Z", "2034-06-01T10:00:00"},
		"east":  {time.FixedZone("", 2*3600), "2034-06-01T12:00:00+02:00", "2034-06-01T12:00:00"},
		"west":  {time.FixedZone("", -5*3600-1800), "2034-06-01T04:30:00-05:30", "2034-06-01T04:30:00"},
		"a day": {time.FixedZone("", 14*3600), "2034-06-02T00:00:00+14:00", "2034-06-02T00:00:00"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := start(t, graphsim.Options{}, "", func(o *entra.Options) { o.Offset = c.zone })
			id := g.add("user", graphsim.Values{
				"displayName": "Ada", "userPrincipalName": "ada@contoso.com", "mailNickname": "ada", "accountEnabled": true, "createdDateTime": "2034-06-01T10:00:00Z",
			})
			created := g.get("/Users/" + id)["meta"].(object)["created"]
			if created != c.shown {
				t.Errorf("created %v, want %s", created, c.shown)
			}
			for _, text := range []string{c.shown, c.filter, "2034-06-01T10:00:00Z"} {
				for filter, found := range map[string]bool{
					`meta.created ge "` + text + `"`: true, `meta.created le "` + text + `" and meta.created gt "2030-01-01T00:00:00Z"`: true,
					`meta.created gt "` + text + `"`:                     false,
					`not (meta.created ne "` + text + `") and title pr`:  false,
					`not (meta.created ne "` + text + `")`:               true, // which Graph does not evaluate
					`meta.created eq "` + text + `" or title eq "Boss"`:  true,
					`meta.created lt "` + text + `" and userName sw "a"`: false,
				} {
					want := []string(nil)
					if found {
						want = []string{id}
					}
					if got := idsOf(g.get("/Users?filter=" + url.QueryEscape(filter))); !slices.Equal(got, want) {
						t.Errorf("%s: %v, want %v", filter, got, want)
					}
				}
			}
		})
	}
}
