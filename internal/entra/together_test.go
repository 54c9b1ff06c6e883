package entra_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"entrascim/internal/graphsim"
	"entrascim/internal/scim"
)

// crowd is how many run together.
const crowd = 20

// together serves requests at the same time, as operations of one client request, and
// gives their answers.
func (g *gateway) together(want int, request func(i int) (method, path string, body any)) []object {
	g.t.Helper()
	h := scim.NewHandler(g.directory.ResourceTypes(), scim.Options{BaseURL: func(*http.Request) string { return base }})
	answers := make([]object, crowd)
	g.directory.Together(g.t.Context(), crowd, func(ctx context.Context, i int) {
		method, path, body := request(i)
		text, err := json.Marshal(body)
		if err != nil {
			g.t.Error(err)
		}
		r := httptest.NewRequestWithContext(ctx, method, path, strings.NewReader(string(text)))
		r.Header.Set("Content-Type", "application/scim+json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != want {
			g.t.Errorf("%s %s: %d, want %d: %s", method, path, w.Code, want, w.Body)
		}
		if w.Body.Len() > 0 {
			if err := json.Unmarshal(w.Body.Bytes(), &answers[i]); err != nil {
				g.t.Error(err)
			}
		}
	})
	return answers
}

// What the life of 20 users costs when they live it together: requests to Graph, and
// the writes in them.
func TestTogether(t *testing.T) {
	t.Parallel()
	g := start(t, graphsim.Options{}, "", nil)
	boss := g.addUsers(1)[0]
	doc := func(i int, managed bool) object {
		d := object{"userName": fmt.Sprintf("u%d.%v@contoso.com", i, managed), "displayName": fmt.Sprint("User ", i)}
		if managed {
			d["userName"] = fmt.Sprintf("m%d@contoso.com", i)
			d[enterprise] = object{"manager": object{"value": boss}}
		}
		return d
	}
	g.asked()
	users := g.together(201, func(i int) (string, string, any) { return "POST", "/Users", doc(i, false) })
	g.wantAsked("20 users made", 1, 20)
	g.together(201, func(i int) (string, string, any) { return "POST", "/Users", doc(i, true) })
	g.wantAsked("20 users made with a manager", 3, 40)
	at := func(i int) string { return "/Users/" + users[i]["id"].(string) }
	g.together(204, func(i int) (string, string, any) {
		return "PATCH", at(i), object{"Operations": []object{{"op": "replace", "path": "title", "value": fmt.Sprint("T", i)}}}
	})
	g.wantAsked("20 titles", 2, 20)
	g.together(204, func(i int) (string, string, any) {
		return "PATCH", at(i), object{"Operations": []object{
			{"op": "replace", "path": "title", "value": fmt.Sprint("N", i)}, {"op": "add", "path": enterprise + ":manager", "value": object{"value": boss}},
		}}
	})
	g.wantAsked("20 titles and managers", 4, 40)
	// To show a user takes the object, its groups and its assignments: 60 requests.
	answers := g.together(200, func(i int) (string, string, any) { return "GET", at(i), nil })
	g.wantAsked("20 users read", 3, 0)
	for i, a := range answers {
		if a["title"] != fmt.Sprint("N", i) || a["id"] != users[i]["id"] {
			t.Errorf("%d: %v", i, a)
		}
	}
	g.together(200, func(i int) (string, string, any) { return "PUT", at(i), doc(i, false) })
	g.wantAsked("20 users replaced", 5, 40)
	g.together(204, func(i int) (string, string, any) { return "DELETE", at(i), nil })
	g.wantAsked("20 users deleted", 1, 20)
}
