package graphsim_test

import (
	"fmt"
	"strings"
	"testing"

	"entrascim/internal/graphsim"
)

// batch sends items and gives their responses by id.
func (c *client) batch(items ...fields) map[string]fields {
	c.Helper()
	a := c.do("POST", "/$batch", fields{"requests": items}).want(200)
	out := map[string]fields{}
	for _, r := range a.at("responses").([]any) {
		item := r.(fields)
		out[item["id"].(string)] = item
	}
	return out
}

func TestBatch(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	user, group := c.user("adele"), c.group("g")
	json := fields{"Content-Type": "application/json"}
	got := c.batch(
		fields{"id": "1", "method": "GET", "url": "/users/adele@contoso.com?$select=id"},
		fields{"id": "2", "method": "POST", "url": "groups/" + group + "/members/$ref", "headers": json, "body": ref(user)},
		fields{"id": "3", "method": "POST", "url": "groups/" + group + "/members/$ref", "headers": json, "body": ref(user), "dependsOn": []string{"2"}},
		fields{"id": "4", "method": "GET", "url": "/groups/" + group, "dependsOn": []string{"3"}},
		fields{"id": "5", "method": "GET", "url": "/users?$filter=city eq null&$count=true&$select=id", "headers": fields{"ConsistencyLevel": "eventual"}},
		fields{"id": "6", "method": "GET", "url": "/groups/" + group + "/members", "dependsOn": []string{"2"}},
		fields{"id": "7", "method": "GET", "url": "/users/$count", "headers": fields{"ConsistencyLevel": "eventual"}},
		fields{"id": "8", "method": "POST", "url": "/$batch", "headers": json, "body": fields{"requests": []fields{}}},
		fields{"id": "9", "method": "FETCH", "url": "/users", "atomicityGroup": "g"},
		fields{"id": "10", "method": "GET", "url": "https://graph.microsoft.com/v1.0/users"},
	)
	for id, status := range map[string]float64{"1": 200, "2": 204, "3": 400, "4": 424, "5": 200, "6": 200, "7": 200, "8": 400, "9": 405, "10": 400} {
		if got[id]["status"] != status {
			t.Errorf("item %s: %v, want %v", id, got[id], status)
		}
	}
	body := got["1"]["body"].(fields)
	if body["id"] != user || body["@odata.context"] != "https://sim.test/v1.0/$metadata#users(id)/$entity" {
		t.Errorf("item 1: %v", body)
	}
	headers := got["1"]["headers"].(fields)
	if headers["OData-Version"] != "4.0" || headers["x-ms-resource-unit"] != "1" || !strings.HasPrefix(headers["Content-Type"].(string), "application/json;odata.metadata=minimal") {
		t.Errorf("headers of item 1: %v", headers)
	}
	if _, has := got["2"]["body"]; has {
		t.Errorf("a 204 has a body: %v", got["2"])
	}
	if got["5"]["body"].(fields)["@odata.count"] != 1.0 {
		t.Errorf("item 5: %v", got["5"])
	}
}

func TestBatchRefusals(t *testing.T) {
	t.Parallel()
	c := start(t, graphsim.Options{})
	many := make([]fields, 21)
	for i := range many {
		many[i] = fields{"id": fmt.Sprint(i), "method": "GET", "url": "/users"}
	}
	one := func(more ...fields) []fields {
		return append([]fields{{"id": "a", "method": "GET", "url": "/users"}}, more...)
	}
	for name, p := range map[string]struct {
		body    any
		message string
	}{
		"21":              {fields{"requests": many}, "The number of batch request steps exceeds the maximum value of 20."},
		"same id":         {fields{"requests": one(fields{"id": "A", "method": "GET", "url": "/users"})}, "Request Id A has to be unique in a batch."},
		"no id":           {fields{"requests": one(fields{"method": "GET", "url": "/users"})}, "Invalid batch payload format."},
		"no method":       {fields{"requests": one(fields{"id": "b", "url": "/users"})}, "Invalid batch payload format."},
		"no url":          {fields{"requests": one(fields{"id": "b", "method": "GET"})}, "Invalid batch payload format."},
		"no items":        {fields{"requests": []fields{}}, "Invalid batch payload format."},
		"unknown member":  {fields{"requests": one(), "sequence": true}, "Invalid batch payload format."},
		"unknown of item": {fields{"requests": one(fields{"id": "b", "method": "GET", "uri": "/users", "url": "/users"})}, "Invalid batch payload format."},
		"no media type of a body": {
			fields{"requests": one(fields{"id": "b", "method": "PATCH", "url": "/users/x", "body": fields{}})},
			"Write request id : b does not contain Content-Type header or body.",
		},
		"no body of a write": {
			fields{"requests": one(fields{"id": "b", "method": "POST", "url": "/users", "headers": fields{"Content-Type": "application/json"}})},
			"Write request id : b does not contain Content-Type header or body.",
		},
		"waits for itself": {
			fields{"requests": one(fields{"id": "b", "method": "GET", "url": "/users", "dependsOn": []string{"b"}})},
			"The batch request step 'b' depends on a step that is not before it.",
		},
		"unknown step":    {fields{"requests": one(fields{"id": "b", "method": "GET", "url": "/users", "dependsOn": []string{"c"}})}, "The batch request step 'b' depends on a step that is not before it."},
		"nothing":         {fields{}, "Invalid batch payload format."},
		"broken":          {`{"requests":[`, badJSON},
		"no media type":   {nil, "Empty Payload. JSON content expected."},
		"not a list":      {fields{"requests": "x"}, "Invalid batch payload format."},
		"number for a id": {fields{"requests": []fields{{"id": 1, "method": "GET", "url": "/users"}}}, "Invalid batch payload format."},
	} {
		t.Run(name, func(t *testing.T) {
			d := *c
			d.T = t
			d.do("POST", "/$batch", p.body).refused(400, "BadRequest", p.message)
		})
	}
}

// Items that write one object conflict unless dependsOn puts them in order.
func TestParallelWritesInBatch(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]struct {
		after  [3][]string // dependsOn of the items a, b and c
		other  bool        // the third writes another object
		status [3]float64
	}{
		"parallel":            {[3][]string{}, false, [3]float64{204, 409, 409}},
		"in order":            {[3][]string{nil, {"a"}, {"b"}}, false, [3]float64{204, 204, 204}},
		"the last waits":      {[3][]string{nil, nil, {"A"}}, false, [3]float64{204, 409, 204}},
		"behind a conflict":   {[3][]string{nil, nil, {"b"}}, false, [3]float64{204, 409, 424}},
		"two waiting for one": {[3][]string{nil, {"a"}, {"a"}}, false, [3]float64{204, 204, 409}},
		"another object":      {[3][]string{}, true, [3]float64{204, 409, 204}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := start(t, graphsim.Options{})
			user, third := c.user("adele"), "adele@contoso.com"
			if p.other {
				third = c.user("other")
			}
			var items []fields
			for i, target := range []string{user, strings.ToUpper(user), third} {
				items = append(items, fields{
					"id": string("abc"[i]), "method": "PATCH", "url": "/users/" + target, "dependsOn": p.after[i],
					"headers": fields{"content-type": "application/json"}, "body": fields{"city": fmt.Sprint(i)},
				})
			}
			got := c.batch(items...)
			for i, status := range p.status {
				item := got[string("abc"[i])]
				if item["status"] != status {
					t.Errorf("item %d: %v, want %v", i, item, status)
				}
				if status == 409 && item["body"].(fields)["error"].(fields)["code"] != "Directory_ConcurrencyViolation" {
					t.Errorf("item %d: %v", i, item)
				}
			}
			c.do("PATCH", "/users/"+user, fields{"city": "free again"}).want(204)
		})
	}
}
