package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"entrascim/internal/fault"
	"entrascim/internal/pgtest"
	"entrascim/internal/tenant/store"
)

// A watcher is a replica that reads the store when it is told to.
type watcher struct {
	snapshots chan store.Snapshot
	fail      chan error // what changed fails with, in turn
	stop      context.CancelFunc
	stopped   chan struct{}
}

func watch(t *testing.T, s *store.Store) *watcher {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	w := &watcher{snapshots: make(chan store.Snapshot, 100), fail: make(chan error, 10), stop: stop, stopped: make(chan struct{})}
	go func() {
		defer close(w.stopped)
		s.Watch(ctx, func(ctx context.Context) error {
			select {
			case err := <-w.fail:
				return err
			default:
			}
			all, err := s.Snapshot(ctx)
			if err == nil {
				w.snapshots <- all
			}
			return err
		})
	}()
	t.Cleanup(func() { w.end(t) })
	return w
}

func (w *watcher) end(t *testing.T) {
	t.Helper()
	w.stop()
	select {
	case <-w.stopped:
	case <-time.After(30 * time.Second):
		t.Error("Watch does not end with its context")
	}
}

// until waits for a snapshot with so many tenants.
func (w *watcher) until(t *testing.T, tenants int) {
	t.Helper()
	for deadline := time.After(30 * time.Second); ; {
		select {
		case got := <-w.snapshots:
			if len(got.Tenants) == tenants {
				return
			}
		case <-deadline:
			t.Fatalf("%d tenants were not seen", tenants)
		}
	}
}

func TestWatch(t *testing.T) {
	each(t, func(w *world) {
		t := w.t
		one, other := w.open(), w.open()
		w.put(one, named("before"))
		seen := watch(t, one)
		seen.until(t, 1)
		w.put(other, named("elsewhere"))
		seen.until(t, 2)
		w.put(one, named("here"))
		seen.until(t, 3)
		seen.fail <- errors.New("not now")
		w.put(other, named("again"))
		seen.until(t, 4)
		seen.end(t)
	})
}

// TestWatchWithoutNotice has a change that nobody tells of.
func TestWatchWithoutNotice(t *testing.T) {
	each(t, func(w *world) {
		t := w.t
		s := w.open()
		w.put(s, named("a"))
		seen := watch(t, s)
		seen.until(t, 1)
		w.exec("UPDATE tenants SET state = 'removed'")
		w.exec("UPDATE store SET revision = revision + 1")
		seen.until(t, 0)
	})
}

// TestWatchLosesConnection ends every connection of the replicas, again and again, while
// tenants are added.
func TestWatchLosesConnection(t *testing.T) {
	t.Parallel()
	w := &world{t: t, kind: "postgres", dsn: pgtest.Database(t)}
	s, db := w.open(), w.sql()
	s.PollEvery(time.Hour) // it must be told, or ask when it listens again
	seen := watch(t, s)
	seen.until(t, 0)
	for n := range 5 {
		_, err := db.ExecContext(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
		if err != nil {
			t.Fatal(err)
		}
		for { // what was pooled is found to be gone
			if _, err = s.PutTenant(t.Context(), change, named(fmt.Sprint("t", n))); err == nil {
				break
			}
			wantFault(t, err, fault.Unavailable, "at a lost connection")
		}
		seen.until(t, n+1)
	}
	for listening := 0; listening == 0; {
		row := db.QueryRowContext(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'")
		if err := row.Scan(&listening); err != nil {
			t.Fatal(err)
		}
	}
}

// TestWatchIsTold has a change that only a notice tells of.
func TestWatchIsTold(t *testing.T) {
	t.Parallel()
	w := &world{t: t, kind: "postgres", dsn: pgtest.Database(t)}
	one, other := w.open(), w.open()
	one.PollEvery(time.Hour)
	seen := watch(t, one)
	seen.until(t, 0)
	for n := range 3 {
		w.put(other, named(fmt.Sprint("t", n)))
		seen.until(t, n+1)
	}
}

// TestSnapshotIsOfOneMoment reads while two replicas write: each change adds one tenant.
func TestSnapshotIsOfOneMoment(t *testing.T) {
	each(t, func(w *world) {
		t := w.t
		replicas := []*store.Store{w.open(), w.open()}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan int)
		go func() {
			reads := 0
			for ; ctx.Err() == nil; reads++ {
				got, err := replicas[reads%2].Snapshot(t.Context())
				if err != nil || int64(len(got.Tenants)) != got.Revision {
					t.Errorf("%d tenants at revision %d, %v", len(got.Tenants), got.Revision, err)
				}
			}
			done <- reads
		}()
		for err := range together(4, func(n int) error {
			for i := range 10 {
				if _, err := replicas[n%2].PutTenant(t.Context(), change, named(fmt.Sprintf("t%d.%d", n, i))); err != nil {
					return err
				}
			}
			return nil
		}) {
			if err != nil {
				t.Error(err)
			}
		}
		stop()
		t.Logf("%d reads", <-done)
	})
}

// another says to this program that it is to be another process at a store.
const another = "ENTRASCIM_TEST_STORE"

// TestAnotherProcess is what each of the processes of TestProcesses does.
func TestAnotherProcess(t *testing.T) {
	dsn, name, is := strings.Cut(os.Getenv(another), "|")
	if !is {
		return // run with the others
	}
	s, err := store.Open(t.Context(), store.Options{DSN: dsn, Keys: keys(t, oldKey)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for i := range 10 {
		if _, err := s.PutTenant(t.Context(), change, named(fmt.Sprint(name, i))); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.UseOnce(t.Context(), sum("shared"), time.Now().Add(time.Hour)); err == nil {
		fmt.Println("used it")
	}
}

// TestProcesses has several processes make a store at once, and change it.
func TestProcesses(t *testing.T) {
	each(t, func(w *world) {
		t := w.t
		const processes = 6
		out := make([]string, processes)
		for err := range together(processes, func(n int) error {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestAnotherProcess$", "-test.v")
			cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s|p%d-", another, w.dsn, n))
			text, err := cmd.CombinedOutput()
			out[n] = string(text)
			if err != nil {
				return fmt.Errorf("%w\n%s", err, text)
			}
			return nil
		}) {
			if err != nil {
				t.Error(err)
			}
		}
		if used := strings.Count(strings.Join(out, ""), "used it"); used != 1 {
			t.Errorf("%d processes used what only one may", used)
		}
		s := w.open()
		got, err := s.Snapshot(t.Context())
		if err != nil || len(got.Tenants) != processes*10 || got.Revision != processes*10 {
			t.Errorf("%d tenants at revision %d, %v", len(got.Tenants), got.Revision, err)
		}
		events, err := s.Events(t.Context(), store.EventQuery{After: processes*10 - 1})
		if err != nil || len(events) != 1 {
			t.Errorf("%d events after the last but one, %v", len(events), err)
		}
	})
}
