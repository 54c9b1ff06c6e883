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
	for _, s := range settings(&c) {
		flag := "(none: secret)"
		if s.flag != "" {
			flag = "`--" + s.flag + "`"
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s | %s |\n", s.key, s.env, flag, s.shownDefault("`%s`"), s.help)
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
