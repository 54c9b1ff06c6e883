package main

import (
	"bytes"
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"entrascim/internal/pgtest"
)

// TestMain makes the test binary act as entrascim for the scripts.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"entrascim": main})
}

// TestScripts runs the program as its users do: see testdata/script.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, scripts("testdata/script", nil))
}

// TestReplicas runs two gateways on one PostgreSQL: see testdata/replicas.
func TestReplicas(t *testing.T) {
	t.Parallel()
	testscript.Run(t, scripts("testdata/replicas", map[string]string{"ENTRASCIM_STORE": pgtest.Database(t)}))
}

// scripts are those of a folder, with more in their environment.
func scripts(dir string, more map[string]string) testscript.Params {
	return testscript.Params{
		Dir:                 dir,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			for name, value := range more {
				env.Setenv(name, value)
			}
			for _, name := range []string{"ADDR", "ADDR2", "ADMIN", "ADMIN2", "SIM", "CONTROL"} {
				address, err := freeAddress()
				if err != nil {
					return err
				}
				env.Setenv(name, address)
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"http": scriptHTTP, "await": scriptAwait, "reload": scriptReload, "token": scriptToken, "served": scriptServed, "cursor": scriptCursor,
		},
	}
}

func freeAddress() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer ln.Close()
	return ln.Addr().String(), nil
}

// scriptAwait waits until something listens: "await ADDRESS".
func scriptAwait(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: await ADDRESS")
	}
	if err := await(args[0]); err != nil {
		ts.Fatalf("%v", err)
	}
}

func await(address string) error {
	for range 600 {
		conn, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			return conn.Close()
		}
		time.Sleep(50 * time.Millisecond)
	}
	return fmt.Errorf("nothing listens on %s", address)
}

// scriptHTTP sends a request and prints status, headers and body:
// "http METHOD URL [BODYFILE]". The bearer token is $TOKEN, the body's type $TYPE or that
// of SCIM; an https server is trusted by the file $CA.
func scriptHTTP(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: http METHOD URL [BODYFILE]")
	}
	var body io.Reader
	if len(args) == 3 {
		body = strings.NewReader(ts.ReadFile(args[2]))
	}
	request, err := http.NewRequest(args[0], args[1], body)
	ts.Check(err)
	request.Header.Set("Content-Type", cmp.Or(ts.Getenv("TYPE"), "application/scim+json"))
	if token := ts.Getenv("TOKEN"); token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	client := http.Client{Timeout: time.Minute, Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: trusting(ts)}}
	answer, err := client.Do(request)
	ts.Check(err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	ts.Check(err)
	var head bytes.Buffer
	ts.Check(answer.Header.Write(&head))
	_, err = fmt.Fprintf(ts.Stdout(), "%s\n%s\n%s\n", answer.Status, head.String(), text)
	ts.Check(err)
}

// scriptReload sends SIGHUP to the gateway, "reload STATUS URL", until a GET of the URL
// is answered with the status.
func scriptReload(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: reload STATUS URL")
	}
	for _, cmd := range ts.BackgroundCmds() {
		if slices.Contains(cmd.Args, "serve") {
			ts.Check(cmd.Process.Signal(syscall.SIGHUP))
		}
	}
	scriptServed(ts, neg, args)
}

// scriptServed waits until a GET of the URL is answered with the status: "served STATUS
// URL".
func scriptServed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: served STATUS URL")
	}
	for range 400 {
		request, err := http.NewRequest(http.MethodGet, args[1], nil)
		ts.Check(err)
		request.Header.Set("Authorization", "Bearer "+ts.Getenv("TOKEN"))
		answer, err := http.DefaultClient.Do(request)
		ts.Check(err)
		answer.Body.Close()
		if fmt.Sprint(answer.StatusCode) == args[0] {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	ts.Fatalf("%s was never answered with %s", args[1], args[0])
}

// scriptToken makes the secret of a client the bearer token: "token FILE", where the file
// is JSON, or an answer that http printed.
func scriptToken(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: token FILE")
	}
	text := ts.ReadFile(args[0])
	var found struct{ Secret string }
	ts.Check(json.Unmarshal([]byte(text[strings.Index(text, "{"):]), &found))
	ts.Setenv("TOKEN", found.Secret)
}

// scriptCursor makes $CURSOR the next one of a page that http printed: "cursor FILE".
func scriptCursor(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: cursor FILE")
	}
	text := ts.ReadFile(args[0])
	var page struct{ NextCursor string }
	ts.Check(json.Unmarshal([]byte(text[strings.Index(text, "{"):]), &page))
	ts.Setenv("CURSOR", page.NextCursor)
}

func trusting(ts *testscript.TestScript) *tls.Config {
	file := ts.Getenv("CA")
	if file == "" {
		return nil
	}
	text, err := os.ReadFile(ts.MkAbs(file))
	ts.Check(err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	return &tls.Config{RootCAs: roots}
}
