package config

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

// Sources are where a configuration comes from.
type Sources struct {
	File   string              // path of the YAML file; "" for none
	Getenv func(string) string // the environment; nil for none
	Flags  map[string]string   // by key, those that were given

	// Unserved says that nothing will be served: what only serving needs may be
	// missing.
	Unserved bool
}

// Load reads the sources, the flags winning over the environment and that over
// the file, reads the files that they name, and checks the whole. Its error joins
// every mistake, one a line.
func Load(from Sources) (Config, error) {
	l := newLoader()
	l.file(from.File)
	l.environment(from.Getenv)
	l.flags(from.Flags)
	l.read()
	l.check(from.Unserved)
	return l.config, errors.Join(l.errs...)
}

func newLoader() *loader {
	l := &loader{config: Default(), bad: map[string]bool{}, only: func(string) bool { return true }}
	l.config.origins = map[string]string{}
	l.settings = settings(&l.config)
	return l
}

type loader struct {
	config   Config
	only     func(key string) bool // the settings that may be given
	settings []setting
	errs     []error
	bad      map[string]bool // keys already complained about
}

func (l *loader) file(path string) {
	if path == "" {
		return
	}
	text, err := os.ReadFile(path)
	if err != nil {
		l.errs = append(l.errs, fmt.Errorf("--config: %w", err))
		return
	}
	l.text(path, text)
}

// text reads the settings of a text of that name.
func (l *loader) text(path string, text []byte) {
	found, errs := parseFile(path, text, groups(l.settings))
	l.errs = append(l.errs, errs...)
	for _, g := range found {
		l.given(fmt.Sprintf("%s:%d: %s", path, g.line, g.key), g)
	}
}

func (l *loader) given(origin string, g given) {
	if g.item && l.only(g.key) {
		l.config.Clients = append(l.config.Clients, newClient())
		l.settings = settings(&l.config)
		l.config.origins[g.key] = origin
		return
	}
	i := slices.IndexFunc(l.settings, func(s setting) bool { return s.key == g.key })
	if i < 0 || !l.only(g.key) {
		l.errs = append(l.errs, fmt.Errorf("%s: no such setting", origin))
		return
	}
	s := l.settings[i]
	switch {
	case s.list() && strings.HasPrefix(g.key, clientList+"[") && strings.Join(g.items, "") == "":
		l.note(s, origin, errors.New("must have at least one")) // none would be any
	case s.list():
		l.note(s, origin, s.setList(g.items))
	case g.list:
		l.note(s, origin, errors.New("must be one value"))
	default:
		l.note(s, origin, s.set(g.items[0]))
	}
}

func (l *loader) environment(getenv func(string) string) {
	if getenv == nil {
		return
	}
	for _, s := range l.settings {
		if s.env == "" {
			continue
		}
		if text := getenv(s.env); text != "" {
			l.note(s, s.env, s.set(text))
		}
	}
}

func (l *loader) flags(given map[string]string) {
	for _, s := range l.settings {
		if text, ok := given[s.key]; ok {
			l.note(s, "--"+s.flag, s.set(text))
		}
	}
}

func (l *loader) read() {
	for _, s := range l.settings {
		if err := s.read(); err != nil {
			l.fail(s.key, err)
		}
	}
}

// note keeps where the setting was given, and its mistake if there is one.
func (l *loader) note(s setting, origin string, err error) {
	l.config.origins[s.key] = origin
	if err != nil {
		l.fail(s.key, err)
	}
}

func (l *loader) fail(key string, err error) {
	l.errs = append(l.errs, l.config.complaint(key, err))
	l.bad[key] = true
}
