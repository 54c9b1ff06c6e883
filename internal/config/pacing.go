package config

import (
	"errors"
	"strconv"
	"strings"

	"entrascim/internal/graph"
)

// Bounds of pacing: below the least a $batch is more than a budget.
const (
	leastShare, mostShare = 5, 1000        // percent
	leastUnits, mostUnits = 100, 1_000_000 // in 10 seconds
)

// Pacing is how much of Graph's limits is taken: "off", a percentage like "50%", or the
// resource units in 10 seconds.
type Pacing struct{ graph.Pacing }

// String is the pacing as it is given.
func (p Pacing) String() string {
	switch {
	case p.Off:
		return "off"
	case p.Units > 0:
		return strconv.Itoa(p.Units)
	}
	return strconv.Itoa(p.Share) + "%"
}

// UnmarshalText reads "off", "50%" or "4000".
func (p *Pacing) UnmarshalText(text []byte) error {
	given := string(text)
	if given == "off" {
		p.Pacing = graph.Pacing{Off: true}
		return nil
	}
	number, percent := strings.CutSuffix(given, "%")
	n, err := strconv.Atoi(number)
	switch {
	case err == nil && percent && n >= leastShare && n <= mostShare:
		p.Pacing = graph.Pacing{Share: n}
	case err == nil && !percent && n >= leastUnits && n <= mostUnits:
		p.Pacing = graph.Pacing{Units: n}
	default:
		return errors.New("must be off, a percentage from 5% to 1000%, or resource units from 100 to 1000000")
	}
	return nil
}
