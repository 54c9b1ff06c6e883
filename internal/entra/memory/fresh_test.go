package memory

import (
	"fmt"
	"testing"
	"time"
)

func TestFreshIsBoundedAndForgets(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	f := NewFresh(func() time.Time { return now })
	for i := range 2*maxRecent + 5 {
		f.Add("users", fmt.Sprint("ID", i))
	}
	if last := fmt.Sprint("id", 2*maxRecent+4); len(f.ids) > maxRecent || !f.Any([]string{"other", last}) {
		t.Errorf("%d remembered", len(f.ids))
	}
	now = now.Add(freshFor + time.Second)
	if f.Any([]string{fmt.Sprint("id", 2*maxRecent+4)}) {
		t.Error("an id stayed new")
	}
}
