// Command entrascim is a SCIM 2.0 gateway in front of Microsoft Entra ID.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"entrascim/internal/app"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	code := run(ctx, os.Args[1:], process{getenv: os.Getenv, stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, hangups: hangups})
	stop()
	os.Exit(code)
}

// A process is what the program may touch of its surroundings.
type process struct {
	getenv         func(string) string
	stdin          io.Reader
	stdout, stderr io.Writer
	hangups        <-chan os.Signal // SIGHUP
}

// untilHangup is the context of a program that a hangup ends, as it does by default.
func (p process) untilHangup(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	p.onHangup(ctx, cancel)
	return ctx
}

// onHangup does something at every hangup, until ctx ends.
func (p process) onHangup(ctx context.Context, do func()) {
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-p.hangups:
				do()
			}
		}
	}()
}

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2 // a mistake in the call or the configuration: nothing was started
)

// A usageError is a mistake of the person who called.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// run runs the program and gives its exit code.
func run(ctx context.Context, args []string, p process) int {
	call, err := parse(ctx, args, p)
	switch {
	case errors.Is(err, errHelped):
		return exitOK
	case err != nil:
		fmt.Fprintf(p.stderr, "%v\nTry \"entrascim --help\".\n", err)
		return exitUsage
	}
	return p.exit(call.Run())
}

// errHelped says that help was asked for and given.
var errHelped = errors.New("helped")

// parse finds the command that the arguments call.
func parse(ctx context.Context, args []string, p process) (*kong.Context, error) {
	helped := false
	grammar := newCommands()
	parser, err := kong.New(&grammar,
		kong.Name("entrascim"),
		kong.Description("A SCIM 2.0 gateway in front of Microsoft Entra ID."),
		kong.Writers(p.stdout, p.stderr),
		kong.Exit(func(int) { helped = true }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(p),
	)
	if err != nil {
		return nil, fmt.Errorf("the commands: %w", err)
	}
	call, err := parser.Parse(args)
	if helped {
		return nil, errHelped
	}
	return call, err
}

func (p process) exit(err error) int {
	if err == nil {
		return exitOK
	}
	fmt.Fprintln(p.stderr, err)
	var usage usageError
	var mistake app.Mistake
	if errors.As(err, &usage) || errors.As(err, &mistake) {
		return exitUsage
	}
	return exitFailed
}
