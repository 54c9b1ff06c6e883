package config

import (
	"fmt"
	"reflect"
	"strings"
)

// Flags are the command-line flags of the settings, for kong to fill.
type Flags struct {
	grammar  reflect.Value // pointer to a struct of *string and *bool fields
	settings []setting
}

// NewFlags makes the flags from the Config struct.
func NewFlags() Flags {
	defaults := Default()
	var f Flags
	var fields []reflect.StructField
	for _, s := range settings(&defaults) {
		if s.flag == "" {
			continue
		}
		f.settings = append(f.settings, s)
		fields = append(fields, reflect.StructField{
			Name: fmt.Sprintf("F%d", len(fields)),
			Type: flagType(s.value.Kind()),
			Tag:  reflect.StructTag(fmt.Sprintf("name:%q help:%q placeholder:%q", s.flag, s.help+s.shownDefault(" Default: %s."), strings.ToUpper(s.flag))),
		})
	}
	f.grammar = reflect.New(reflect.StructOf(fields))
	return f
}

func flagType(k reflect.Kind) reflect.Type {
	if k == reflect.Bool {
		return reflect.TypeFor[*bool]()
	}
	return reflect.TypeFor[*string]()
}

// Grammar is a pointer to the struct that describes the flags to kong.
func (f Flags) Grammar() any { return f.grammar.Interface() }

// Given are the flags that were on the command line, by the key of the setting.
func (f Flags) Given() map[string]string {
	given := map[string]string{}
	for i, s := range f.settings {
		if value := f.grammar.Elem().Field(i); !value.IsNil() {
			given[s.key] = fmt.Sprint(value.Elem().Interface())
		}
	}
	return given
}
