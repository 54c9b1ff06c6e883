package action_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"entrascim/internal/mapping"
)

// The owner of a new group is the one that is named; where the mapping has no owners
// that is said, and no group is made.
func TestOwner(t *testing.T) {
	t.Parallel()
	w := peopled(t, nil)
	const action = "/Groups/.actions/create_group?attributes=" + entraGroup + ":owners"
	body := `{"displayName":"Engine builders","group_type":"security","owner":"` + ada + `"}`
	if !slices.ContainsFunc(w.tables[1].Rows(), func(r mapping.Row) bool { return r.Relation == "owners" }) {
		out := w.want(http.StatusBadRequest, http.MethodPost, action, body)
		if detail, _ := out["detail"].(string); !strings.Contains(detail, "owners") || w.sim.Stats().Writes != 0 {
			t.Errorf("%v, %d writes", out, w.sim.Stats().Writes)
		}
		return
	}
	group, _ := w.want(http.StatusCreated, http.MethodPost, action, body)[entraGroup].(map[string]any)
	owners, _ := group["owners"].([]any)
	if len(owners) != 1 || owners[0].(map[string]any)["value"] != ada {
		t.Errorf("owners %v", owners)
	}
}
