// Package pgtest gives tests a real PostgreSQL server, started with the programs that
// are installed.
package pgtest

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// missing says why there can be no server.
type missing string

func (m missing) Error() string { return string(m) }

// server is that of this process, for all of its tests.
var server struct {
	sync.Once
	folder string
	err    error
}

// Database makes an empty database for the test and gives its URL. The test is skipped
// when PostgreSQL is not installed.
func Database(tb testing.TB) string {
	tb.Helper()
	server.Do(func() { server.folder, server.err = start(context.WithoutCancel(tb.Context())) })
	if why := missing(""); errors.As(server.err, &why) {
		tb.Skip(string(why))
	}
	if server.err != nil {
		tb.Fatalf("PostgreSQL: %v", server.err)
	}
	conn, err := pgx.Connect(tb.Context(), url(server.folder, "postgres"))
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = conn.Close(tb.Context()) }()
	name := "test_" + rand.Text()
	if _, err := conn.Exec(tb.Context(), `CREATE DATABASE "`+name+`"`); err != nil {
		tb.Fatal(err)
	}
	return url(server.folder, name)
}

func url(folder, database string) string {
	return "postgres://postgres@/" + database + "?host=" + folder
}

// start makes a cluster in a folder of its own and starts its server, which listens on a
// socket in that folder only. It ends, and the folder goes, when this process ends,
// however it does: the input of the script is closed then.
func start(ctx context.Context) (folder string, err error) {
	programs, err := find()
	if err != nil {
		return "", err
	}
	if folder, err = os.MkdirTemp("", "pgtest"); err != nil {
		return "", err
	}
	who, err := owner(folder)
	if err != nil {
		return "", errors.Join(err, os.Remove(folder))
	}
	run := exec.CommandContext(ctx, "/bin/sh", "-c", script, programs, folder) //nolint:gosec // the folders of the programs and of this test
	run.Dir, run.SysProcAttr = folder, who
	var complaint strings.Builder
	run.Stderr = &complaint
	if _, err := run.StdinPipe(); err != nil { // open as long as this process is
		return "", err
	}
	if err := run.Start(); err != nil {
		return "", err
	}
	ended := make(chan error, 1)
	go func() { ended <- errors.Join(run.Wait(), errors.New(complaint.String())) }()
	return folder, ready(ctx, folder, ended)
}

// script starts the server, and stops it when there is no more input.
const script = `
"$0/initdb" --pgdata=data --username=postgres --auth=trust --encoding=UTF8 --no-locale --no-sync >log 2>&1 && {
	"$0/postgres" -D data -k "$1" -c listen_addresses= -c fsync=off -c max_connections=300 >>log 2>&1 &
	cat >/dev/null
	kill -INT $! && wait $!
} || cat log >&2
cd / && rm -rf "$1"`

// ready waits until the server answers.
func ready(ctx context.Context, folder string, ended <-chan error) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, url(folder, "postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case why := <-ended:
			return errors.Join(err, why)
		case <-ctx.Done():
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// find gives the folder of the server's programs. Debian has them outside of the path.
func find() (string, error) {
	folders, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		return "", err
	}
	slices.Reverse(folders) // the newest first
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			folders = append([]string{filepath.Dir(path)}, folders...)
		}
	}
	for _, folder := range folders {
		if _, err := os.Stat(filepath.Join(folder, "postgres")); err == nil {
			return folder, nil
		}
	}
	return "", missing("PostgreSQL's initdb and postgres are not installed")
}

// owner gives the folder to whom the server runs as: not root, which it refuses.
func owner(folder string) (*syscall.SysProcAttr, error) {
	if os.Getuid() != 0 {
		return nil, nil //nolint:nilnil // whoever runs the tests
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(u.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(u.Gid, 10, 32)
		if uidErr != nil || gidErr != nil {
			continue
		}
		return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, os.Chown(folder, int(uid), int(gid))
	}
	return nil, missing("PostgreSQL does not run as root, and there is no user postgres or nobody")
}
