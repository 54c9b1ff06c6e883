package config

import (
	"fmt"
	"reflect"
	"strings"
)

// shownDefault is the default as an operator would write it, in the format;
// "" when there is none.
func (s setting) shownDefault(format string) string {
	if s.value.IsZero() && s.value.Kind() != reflect.Int8 { // zerolog's info level is 0
		return ""
	}
	return fmt.Sprintf(format, fmt.Sprint(s.value.Interface()))
}

// Reference is the table of all settings, as Markdown.
func Reference() string {
	var b strings.Builder
	b.WriteString("| key | environment | flag | default | meaning |\n|---|---|---|---|---|\n")
	c := Default()
	c.Clients = []Client{newClient()}
	for _, s := range settings(&c) {
		env, flag := "(file only)", "(file only)"
		if s.env != "" {
			env = "`" + s.env + "`"
		}
		switch {
		case s.flag != "":
			flag = "`--" + s.flag + "`"
		case s.value.Type() == reflect.TypeFor[Secret]():
			flag = "(none: secret)"
		}
		key := strings.Replace(s.key, itemKey(clientList, 0), clientList+"[]", 1)
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", key, env, flag, s.shownDefault("`%s`"), s.help)
	}
	return b.String()
}

// Lines are the settings in force, one "key: value" a line with secrets hidden,
// and where each came from.
func (c Config) Lines() []string {
	var lines []string
	for _, s := range settings(&c) {
		origin, given := c.origins[s.key]
		if !given {
			origin = "default"
		}
		lines = append(lines, fmt.Sprintf("%s: %v  # %s", s.key, s.value.Interface(), origin))
	}
	return lines
}
