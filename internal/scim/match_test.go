package scim

import (
	"slices"
	"strings"
	"testing"
)

// people are documents as a directory would give them.
func people() map[string]Document {
	return map[string]Document{
		"ada": {
			"id": "1", "userName": "ada@example.com", "active": true, "title": "Countess",
			"name":   map[string]any{"givenName": "Ada", "familyName": "O'Malley"},
			"emails": []any{map[string]any{"type": "work", "value": "Ada@Example.com", "primary": true}, map[string]any{"type": "home", "value": "a@home.org"}},
			"meta":   map[string]any{"created": "2024-05-01T10:00:00+02:00", "resourceType": "User"},
			enterprise: map[string]any{
				"department": "Engines", "manager": map[string]any{"value": "m1"},
			},
		},
		"bob": {
			"id": "2", "userName": "bob@example.com", "active": false, "externalId": "AbC",
			"emails": []any{map[string]any{"type": "home", "value": "bob@example.org"}},
			"meta":   map[string]any{"created": "2024-05-01T08:00:01Z", "resourceType": "User"},
		},
		"cyd": {"id": "3", "userName": "cyd@example.com", "emails": []any{}, "title": ""},
	}
}

// TestMatch: RFC 7644 section 3.4.2.2 on documents.
func TestMatch(t *testing.T) {
	t.Parallel()
	index := userType().index
	for text, want := range map[string]string{
		`userName eq "ADA@example.com"`:                                "ada",
		`UserName EQ "ada@example.com"`:                                "ada",
		`urn:ietf:params:scim:schemas:core:2.0:User:userName sw "BOB"`: "bob",
		`userName co "@example"`:                                       "ada bob cyd",
		`userName ew ".org"`:                                           "",
		`userName gt "b"`:                                              "bob cyd",
		`userName le "bob@example.com"`:                                "ada bob",
		`externalId eq "abc"`:                                          "", // caseExact
		`externalId eq "AbC"`:                                          "bob",
		`externalId ne "AbC"`:                                          "ada cyd",
		`title pr`:                                                     "ada",
		`title eq null`:                                                "bob cyd",
		`title ne null`:                                                "ada",
		`title ne "Countess"`:                                          "bob cyd",
		`not (title eq "Countess")`:                                    "bob cyd",
		`title eq "Countess" and active eq true`:                       "ada",
		`title eq "x" or active eq "False"`:                            "bob",
		`active eq "TRUE"`:                                             "ada",
		`active eq True`:                                               "ada",
		`active ne true`:                                               "bob cyd",
		`userName eq "cyd@example.com" or title pr and active eq false`:  "cyd",
		`(userName eq "cyd@example.com" or title pr) and active eq true`: "ada",
		`name.familyName eq "o'malley"`:                                  "ada",
		`name pr`:                                                        "ada",
		`name eq ""`:                                                     "",
		`name[givenName eq "ada" and familyName sw "O"]`:                 "ada",
		`emails pr`:                                                               "ada bob",
		`emails co "EXAMPLE.com"`:                                                 "ada",
		`emails.type eq "home"`:                                                   "ada bob",
		`emails.type ne "home"`:                                                   "ada cyd",
		`emails[type eq "home" and value ew ".org"]`:                              "ada bob",
		`emails[type eq "work" and value ew ".org"]`:                              "",
		`emails[type eq "work" or (primary eq true and value co "x")]`:            "ada",
		`emails[not (type eq "home")]`:                                            "ada",
		`emails[type eq "home"].value eq "bob@example.org"`:                       "bob",
		`emails.primary eq true`:                                                  "ada",
		`meta.created eq "2024-05-01T08:00:00Z"`:                                  "ada",
		`meta.created gt "2024-05-01T08:00:00Z"`:                                  "bob",
		`meta.created ge "2024-05-01T10:00:00+02:00"`:                             "ada bob",
		`meta.created lt "2024-05-01T08:00:00.5Z"`:                                "ada",
		`meta.created sw "2024"`:                                                  "ada bob",
		`meta.resourceType eq "User"`:                                             "ada bob cyd",
		`meta.resourceType eq "Group"`:                                            "",
		`id eq "1"`:                                                               "ada",
		enterprise + `:department eq "engines"`:                                   "ada",
		enterprise + `:manager.value eq "m1"`:                                     "ada",
		`manager eq "m1"`:                                                         "ada",
		enterprise + `:manager pr`:                                                "ada",
		`nickName pr or ` + enterprise + `:costCenter ne "x"`:                     "ada bob cyd",
		`name.familyName eq "O\u0027Malley"`:                                      "ada",
		`not (not (id eq "1"))`:                                                   "ada",
		`schemas eq "urn:ietf:params:scim:schemas:core:2.0:User" and userName pr`: "ada bob cyd",
		`schemas eq "urn:nobody"`:                                                 "",
		`schemas ne "urn:nobody"`:                                                 "ada bob cyd",
		`schemas pr and not (meta.resourceType eq null)`:                          "ada bob cyd",
		// RFC 7644 section 3.4.2.1: what nobody knows has no value.
		`shoeSize eq 5`:                                         "",
		`shoeSize ne 5`:                                         "ada bob cyd",
		`shoeSize eq null`:                                      "ada bob cyd",
		`not (shoeSize pr)`:                                     "ada bob cyd",
		`shoeSize gt true or id eq "1"`:                         "ada",
		`shoe.size co "x" or name.shoe pr`:                      "",
		`userName.shoe pr`:                                      "",
		`urn:example:shoes:2.0:Shoe:size gt 40`:                 "",
		`urn:example:shoes:2.0:Shoe:size.left ne 40`:            "ada bob cyd",
		`emails[shoe eq "x"]`:                                   "",
		`emails[shoe ne "x" and type eq "home"]`:                "ada bob",
		`emails[value.shoe pr]`:                                 "",
		`emails[type eq "home"].shoe eq null`:                   "ada bob",
		`shoes[size eq 5]`:                                      "",
		`shoes[not (size eq 5)]`:                                "",
		`not (shoes[size eq 5])`:                                "ada bob cyd",
		`shoes[size eq 5].lace pr or urn:x:shoes[size eq null]`: "",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			e, decision, err := index.bindFilter(text, false)
			if err != nil {
				t.Fatal(err)
			}
			m := newMatcher(index, e)
			var got []string
			for name, doc := range people() {
				if decision == isTrue || decision == undecided && m.Match(doc) {
					got = append(got, name)
				}
			}
			slices.Sort(got)
			if strings.Join(got, " ") != want {
				t.Errorf("matches %v, want %q", got, want)
			}
		})
	}
}
