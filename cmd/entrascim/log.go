package main

import (
	"time"

	"github.com/rs/zerolog"

	"entrascim/internal/config"
)

// logger writes to standard error, as the configuration says.
func (p process) logger(c config.Log) zerolog.Logger {
	out := p.stderr
	if c.Format == "console" {
		out = zerolog.ConsoleWriter{Out: p.stderr, TimeFormat: time.TimeOnly, NoColor: true}
	}
	return zerolog.New(out).Level(c.Level).With().Timestamp().Logger()
}
