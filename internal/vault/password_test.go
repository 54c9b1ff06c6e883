package vault_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"entrascim/internal/tenant"
	"entrascim/internal/vault"
)

// made generates a password.
func made(t *testing.T, p vault.Policy, names ...string) string {
	t.Helper()
	text, err := vault.New(vault.Options{Policy: p}).Generate(names...)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// kinds counts the characters of each class.
func kinds(password string) (lower, upper, digit, symbol int) {
	for _, c := range password {
		switch {
		case c >= 'a' && c <= 'z':
			lower++
		case c >= 'A' && c <= 'Z':
			upper++
		case c >= '0' && c <= '9':
			digit++
		default:
			symbol++
		}
	}
	return lower, upper, digit, symbol
}

// Every password is as long as the tenant wants, has each of its classes and no other
// character, and is seen once.
func TestGenerate(t *testing.T) {
	t.Parallel()
	for _, p := range []vault.Policy{
		{}, {Length: 8}, {Length: 256}, {Length: 9, Classes: []string{"digit", "upper", "lower"}}, {Length: 12, Classes: []string{"symbol", "lower", "digit"}},
	} {
		seen := map[string]bool{}
		for range 300 {
			password := made(t, p)
			want := p.Length
			if want == 0 {
				want = vault.DefaultLength
			}
			lower, upper, digit, symbol := kinds(password)
			has := map[string]int{"lower": lower, "upper": upper, "digit": digit, "symbol": symbol}
			for _, class := range vault.Classes() {
				asked := p.Classes == nil || strings.Contains(fmt.Sprint(p.Classes), class)
				if (has[class] > 0) != asked {
					t.Fatalf("%+v: %d of %s", p, has[class], class)
				}
			}
			if len(password) != want || seen[password] || strings.ContainsAny(password, "lIO01") {
				t.Fatalf("%+v: %d characters, seen before: %t", p, len(password), seen[password])
			}
			seen[password] = true
		}
	}
}

// No character is likelier than another: of 80,000 draws each of the 70 characters comes
// as often as chance has it, within six standard deviations. (At 64 characters it weighs
// nothing that each class must be there.)
func TestGenerateIsUnbiased(t *testing.T) {
	t.Parallel()
	const passwords, length, alphabet = 1250, 64, 25 + 24 + 8 + 13
	counts := map[rune]int{}
	for range passwords {
		for _, c := range made(t, vault.Policy{Length: length}) {
			counts[c]++
		}
	}
	mean := float64(passwords*length) / float64(len(counts))
	if len(counts) != alphabet {
		t.Errorf("%d characters", len(counts))
	}
	for c, n := range counts {
		if off := float64(n) - mean; off*off > 36*mean {
			t.Errorf("%q: %d times, on average %.0f", c, n, mean)
		}
	}
}

// A password has no word of the user's names, which Entra would refuse.
func TestGenerateAvoidsNames(t *testing.T) {
	t.Parallel()
	// Words so short that every sixth password would have one.
	var words []string
	for _, a := range "abc" {
		for _, b := range "abc" {
			for _, c := range "abc" {
				words = append(words, string([]rune{a, b, c}))
			}
		}
	}
	name := strings.Join(words, ".") + "@contoso.com"
	for range 100 {
		password := strings.ToLower(made(t, vault.Policy{Length: 250}, name, "Bob O'Con-tos"))
		for _, word := range append(words, "con", "tos", "bob", "contoso", "com") {
			if strings.Contains(password, word) {
				t.Fatalf("has %q", word)
			}
		}
	}
	if made(t, vault.Policy{}, "ab.c@x.y") == "" {
		t.Error("short parts count")
	}
}

func TestPolicyCheck(t *testing.T) {
	t.Parallel()
	for want, s := range map[string]tenant.Passwords{
		"":        {},
		"length":  {Length: 7},
		"length ": {Length: 257},
		"classes": {Classes: []string{"lower", "upper"}}, "classes ": {Classes: []string{"lower", "upper", "upper"}}, "classes  ": {Classes: []string{"lower", "upper", "runes"}},
		"sink": {Sink: "postcard"},
		"url":  {Sink: tenant.Webhook, URL: "http://a.example", Secret: strings.Repeat("k", 16)}, "url ": {Sink: tenant.KeyVault, URL: "https://u:p@a.example"},
		"secret": {Sink: tenant.Webhook, URL: "https://a.example", Secret: "short"}, "secret ": {Sink: tenant.KV, URL: "https://a.example"},
		"secret  ": {Sink: tenant.Webhook, URL: "https://a.example", Secret: "whsec_not base64"},
		"path":     {Sink: tenant.KV, URL: "https://a.example", Secret: "t", Path: "all/{userName}"}, "path ": {Sink: tenant.KV, URL: "https://a.example", Secret: "t", Path: "../{id}"},
		"mount": {Sink: tenant.KV, URL: "https://a.example", Secret: "t", Mount: "a?b"}, "recipient": {Sink: tenant.Envelope, Recipient: []byte("{}")},
	} {
		err := vault.Check(s)
		if got, _ := errors.AsType[*vault.Mistake](err); (got == nil) != (want == "") || got != nil && got.Setting != strings.TrimSpace(want) {
			t.Errorf("%+v: %v, want about %q", s, err, want)
		}
	}
}

// A password is not printed by accident.
func TestPasswordIsNotPrinted(t *testing.T) {
	t.Parallel()
	p := vault.Password{UserName: "ada@contoso.com", Text: "s3cret-Passw0rd"}
	asJSON, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	for _, printed := range []string{fmt.Sprint(p), fmt.Sprintf("%+v %#v %s %v %q", p, p, p.Text, &p, p.Text), string(asJSON)} {
		if strings.Contains(printed, "s3cret") || !strings.Contains(printed, "ada@") {
			t.Errorf("printed: %s", printed)
		}
	}
}
