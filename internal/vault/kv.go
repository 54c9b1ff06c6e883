package vault

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

// A KV is a key-value store of version 2 in OpenBao or HashiCorp Vault
// (https://openbao.org/api-docs/secret/kv/kv-v2).
type KV struct {
	o     KVOptions
	host  string
	http  *http.Client
	login *lease
}

// KVOptions of a KV.
type KVOptions struct {
	URL       string // of the server: "https://vault.example:8200"
	Namespace string // "" none
	Mount     string // "" secret
	Path      string // with {id}, and {tenant} and {userName} if wanted; "" entrascim/{tenant}/{id}
	Token     string // or RoleID and SecretID
	RoleID    string // of AppRole
	SecretID  string
	AppRole   string // where AppRole is mounted; "" approle
	Now       func() time.Time
}

// The defaults of KVOptions.
const (
	DefaultMount   = "secret"
	DefaultPath    = "entrascim/{tenant}/{id}"
	DefaultAppRole = "approle"
)

// NewKV makes the sink.
func NewKV(o KVOptions, rt http.RoundTripper) (*KV, error) {
	u, err := parseHTTPS(o.URL)
	if err != nil {
		return nil, err
	}
	o.URL = strings.TrimSuffix(o.URL, "/")
	for _, or := range []struct {
		field    *string
		fallback string
	}{{&o.Mount, DefaultMount}, {&o.Path, DefaultPath}, {&o.AppRole, DefaultAppRole}} {
		if *or.field = strings.Trim(*or.field, "/"); *or.field == "" {
			*or.field = or.fallback
		}
	}
	switch {
	case !strings.Contains(o.Path, "{id}"):
		return nil, mistake("path", "must have {id}, so that no two users have one place")
	case !plainPath(o.Path):
		return nil, mistake("path", "must be names with / between them")
	case !plainPath(o.Mount):
		return nil, mistake("mount", "must be names with / between them")
	case !plainPath(o.AppRole):
		return nil, mistake("appRole", "must be names with / between them")
	case (o.Token == "") == (o.SecretID == ""):
		return nil, mistake("secret", "must be a token, or the secret id of passwords.roleID")
	}
	k := &KV{o: o, host: u.Host, http: newHTTP(rt)}
	k.login = &lease{now: o.Now, get: k.signIn}
	return k, nil
}

// plainPath tells whether a path has no part that a server would read otherwise.
func plainPath(path string) bool {
	odd := func(part string) bool {
		return part == "" || part == "." || part == ".." || strings.ContainsAny(part, "?#%\\ +*")
	}
	return !slices.ContainsFunc(strings.Split(path, "/"), odd)
}

// Name implements Sink.
func (k *KV) Name() string { return "The vault at " + k.host }

const noUser = "00000000-0000-0000-0000-000000000000"

// place is the path of a user's password, in segments that are escaped.
func (k *KV) place(p Password) string {
	id := p.UserID
	if id == "" {
		id = noUser
	}
	fill := strings.NewReplacer("{id}", segment(strings.ToLower(id)), "{tenant}", segment(p.Tenant), "{userName}", segment(strings.ToLower(p.UserName)))
	return fill.Replace(k.o.Path)
}

// segment is a name as one segment of a path, which it stays when a server decodes it.
func segment(name string) string {
	plain := strings.Map(func(c rune) rune {
		if c == '/' || c == '\\' || c < ' ' {
			return '_'
		}
		return c
	}, name)
	if strings.Trim(plain, ".") == "" {
		return "_"
	}
	return url.PathEscape(plain)
}

// Check asks what the token may do at the place: that needs no permission of its own
// (the policy "default" has it), and tells that the server is unsealed and knows the
// token.
func (k *KV) Check(ctx context.Context, p Password) error {
	place := k.o.Mount + "/data/" + unescaped(k.place(p))
	answer, err := k.ask(ctx, "sys/capabilities-self", map[string]any{"paths": []string{place}})
	if err != nil {
		return err
	}
	var said struct {
		Capabilities []string `json:"capabilities"` // of one path that was asked about
	}
	if json.Unmarshal(answer, &said) != nil {
		return errors.New("answered what is not understood")
	}
	need := "create"
	if p.Reset {
		need = "update"
	}
	if !slices.Contains(said.Capabilities, need) && !slices.Contains(said.Capabilities, "root") {
		return refused("lets the gateway's token not %s %s: its policy must", need, k.o.Mount+"/data/"+k.o.Path)
	}
	return nil
}

func unescaped(path string) string {
	plain, err := url.PathUnescape(path)
	if err != nil {
		return path
	}
	return plain
}

// Deliver writes the password. That of a new user is written only where nothing is: no
// password is ever laid over another. What is there already when it is not the first try
// is what the first wrote, as no other user has the id.
func (k *KV) Deliver(ctx context.Context, p Password) (string, error) {
	body := map[string]any{"data": map[string]string{"password": string(p.Text), "userName": p.UserName, "id": p.UserID, "tenant": p.Tenant}}
	if !p.Reset {
		body["options"] = map[string]int{"cas": 0}
	}
	answer, err := k.ask(ctx, k.o.Mount+"/data/"+k.place(p), body)
	if err != nil {
		if _, taken := errors.AsType[*takenError](err); taken && p.again {
			return "", nil
		}
		return "", err
	}
	var said struct {
		Data struct {
			Version int `json:"version"`
		} `json:"data"`
	}
	if json.Unmarshal(answer, &said) != nil || said.Data.Version < 1 {
		return "", refused("took the password, but not as a key-value store of version 2: passwords.mount must be one")
	}
	return "", nil
}
