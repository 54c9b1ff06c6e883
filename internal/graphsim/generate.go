package graphsim

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// A Scale says how large a directory Generate makes.
type Scale struct {
	Users        int
	Groups       int
	Memberships  int // direct ones, over all groups
	Applications int
	Seed         uint64
}

// Generate fills a directory with a company: employees in a tree of managers,
// guests, accounts synchronized from on-premises, groups of every type,
// applications with app roles that are assigned to users and groups, licenses, and logs.
// The same directory and Scale give the same objects.
//
// Small scales hold at least one of every type of group from 20 groups up. The
// memberships are exactly as many as asked for unless the groups cannot hold
// them or nested and dynamic groups alone have more. The directory must not be
// served yet.
func (d *Directory) Generate(s Scale) error {
	g := &generator{
		d: d, scale: s, now: d.clock(),
		rand:  rand.New(rand.NewPCG(s.Seed, 0x9e3779b97f4a7c15)), //nolint:gosec // chance that repeats by seed
		pools: map[string][]string{}, taken: map[string]int{},
	}
	for _, step := range []func() error{g.makeUsers, g.makeManagers, g.makeGroups, g.fillGroups, g.makeApplications, g.makeSubscriptions, g.makeLogs} {
		if err := step(); err != nil {
			return fmt.Errorf("generating the directory: %w", err)
		}
	}
	return nil
}

// A generator makes one directory.
type generator struct {
	d     *Directory
	scale Scale
	rand  *rand.Rand
	now   time.Time

	users []string            // ids in creation order
	staff []string            // of those that are no guests; the manager of staff[i] is staff[(i-1)/span]
	pools map[string][]string // ids of employees by department and by office
	taken map[string]int      // how often a mail nickname was used

	groups []*generated
}

// pick chooses one of a table.
func pick[T any](g *generator, table []T) T { return table[g.rand.IntN(len(table))] }

// nickname makes a name unique by counting up.
func (g *generator) nickname(name string) string {
	g.taken[name]++
	if n := g.taken[name]; n > 1 {
		return fmt.Sprintf("%s%d", name, n)
	}
	return name
}

// daysAgo is a moment at most n days ago, on a full second.
func (g *generator) daysAgo(n int) time.Time {
	return g.now.Add(-time.Duration(g.rand.IntN(n*24*3600)+3600) * time.Second).Truncate(time.Second)
}

// sample takes k distinct indexes below n, ascending (Floyd's algorithm): links
// are kept in creation order, and appending to them is cheap.
func (g *generator) sample(k, n int) []int {
	chosen := make(map[int]bool, k)
	for j := n - k; j < n; j++ {
		i := g.rand.IntN(j + 1)
		if chosen[i] {
			i = j
		}
		chosen[i] = true
	}
	return sortedKeys(chosen)
}
