package entra

import (
	"entrascim/internal/entra/entity"
	"entrascim/internal/guard"
	"entrascim/internal/mapping"
)

// amounts are what a change takes away from a user: see guard.Guard.
func amounts(o object, w mapping.Write, b beside) guard.Amounts {
	all := guard.Amounts{}
	if w.Body[enabledProperty] == false && enabled(o) {
		all[guard.Disables] = 1
	}
	all[guard.LicenseRemovals] = b.licenses.Taken()
	return all
}

// enabled tells whether the user may sign in, or it is not known.
func enabled(o object) bool { return entity.Member(o.raw, enabledProperty).Kind() != 'f' }
