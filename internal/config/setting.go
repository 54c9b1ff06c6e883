package config

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// A setting is one leaf of the Config struct, with its names.
type setting struct {
	key, env, flag, help string
	value                reflect.Value // settable
}

// settings are the leaves of the struct, in its order.
func settings(c *Config) []setting { return leaves("", reflect.ValueOf(c).Elem()) }

func leaves(prefix string, group reflect.Value) []setting {
	var all []setting
	for i := range group.NumField() {
		field := group.Type().Field(i)
		if !field.IsExported() {
			continue
		}
		key := prefix + field.Tag.Get("yaml")
		value := group.Field(i)
		env, leaf := field.Tag.Lookup("env")
		switch {
		case leaf:
			all = append(all, setting{key, strings.TrimPrefix(env, onlyFile), flagName(env, field.Type), field.Tag.Get("help"), value})
		case value.Kind() == reflect.Slice: // each with settings of its own
			for n := range value.Len() {
				all = append(all, leaves(itemKey(key, n)+".", value.Index(n))...)
			}
		default:
			all = append(all, leaves(key+".", value)...)
		}
	}
	return all
}

// onlyFile stands in place of the environment variable of a setting that has none,
// and so no flag.
const onlyFile = "-"

// itemKey is the key of one of a list of groups.
func itemKey(list string, n int) string { return fmt.Sprintf("%s[%d]", list, n) }

// flagName is the flag that stands for an environment variable; "" for a secret,
// which every process on the machine could read from the command line.
func flagName(env string, t reflect.Type) string {
	if t == reflect.TypeFor[Secret]() || env == onlyFile {
		return ""
	}
	name := strings.TrimPrefix(strings.TrimPrefix(env, "ENTRASCIM_"), "AZURE_")
	return strings.ReplaceAll(strings.ToLower(name), "_", "-")
}

// set reads the text into the setting.
func (s setting) set(text string) error {
	switch into := s.value.Addr().Interface().(type) {
	case encoding.TextUnmarshaler:
		return plain(into.UnmarshalText([]byte(text)), text)
	case *File:
		into.Path = text
	case *[]File:
		return s.setFiles(strings.Split(text, ","))
	case *time.Duration:
		d, err := time.ParseDuration(text)
		*into = d
		return mistake(err, "must be a duration like 30s")
	default:
		return s.setKind(text)
	}
	return nil
}

func (s setting) setKind(text string) error {
	switch s.value.Kind() {
	case reflect.String:
		s.value.SetString(text)
		return nil
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		s.value.SetBool(b)
		return mistake(err, "must be true or false")
	case reflect.Int, reflect.Int64:
		n, err := strconv.ParseInt(text, 10, s.value.Type().Bits())
		s.value.SetInt(n)
		return mistake(err, "must be a whole number")
	default:
		return fmt.Errorf("has a type that no text can set: %s", s.value.Type())
	}
}

// list tells whether the setting may be a list in the file.
func (s setting) list() bool {
	switch s.value.Interface().(type) {
	case []File, Networks, Names, Claims:
		return true
	}
	return false
}

// setList reads the items of a list into the setting.
func (s setting) setList(items []string) error {
	switch into := s.value.Addr().Interface().(type) {
	case *[]File:
		return s.setFiles(items)
	case *Claims:
		return into.take(items)
	}
	return s.set(strings.Join(items, ","))
}

func (s setting) setFiles(paths []string) error {
	files := make([]File, 0, len(paths))
	for _, path := range paths {
		path = strings.TrimSpace(path)
		if path == "" {
			return errors.New("must be file names")
		}
		files = append(files, File{Path: path})
	}
	s.value.Set(reflect.ValueOf(files))
	return nil
}

// read reads the files that the setting names.
func (s setting) read() error {
	switch file := s.value.Addr().Interface().(type) {
	case *File:
		return file.read()
	case *[]File:
		var errs []error
		for i := range *file {
			errs = append(errs, (*file)[i].read())
		}
		return errors.Join(errs...)
	}
	return nil
}

// mistake says in an operator's words what a parser found.
func mistake(err error, want string) error {
	if err == nil {
		return nil
	}
	return errors.New(want)
}

// plain keeps what our own types say, and is short about the others, whose errors
// are written for programmers.
func plain(err error, text string) error {
	if err == nil || strings.HasPrefix(err.Error(), "must ") {
		return err
	}
	return fmt.Errorf("%q is not a value it can have", text)
}
