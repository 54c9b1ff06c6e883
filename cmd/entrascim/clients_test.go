package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestClients calls a running gateway as clients of several kinds: see testdata/clients.
func TestClients(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/clients",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			for _, name := range []string{"ADDR", "SIM", "CONTROL"} {
				address, err := freeAddress()
				if err != nil {
					return err
				}
				env.Setenv(name, address)
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"http": scriptHTTP, "await": scriptAwait, "reload": scriptReload, "grant": scriptGrant},
	})
}

// scriptGrant asks for a token of OAuth 2.0 and prints status and body: "grant URL
// CLIENTID SECRET". A token that is given is $TOKEN from then on.
func scriptGrant(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: grant URL CLIENTID SECRET")
	}
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {args[1]}, "client_secret": {args[2]}}
	answer, err := http.Post(args[0], "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
	ts.Check(err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	ts.Check(err)
	var grant struct {
		Token string `json:"access_token"`
	}
	ts.Check(json.Unmarshal(body, &grant))
	if grant.Token != "" {
		ts.Setenv("TOKEN", grant.Token)
	}
	_, err = fmt.Fprintf(ts.Stdout(), "%s\n%s\n", answer.Status, body)
	ts.Check(err)
}
