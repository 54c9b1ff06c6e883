package vault

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"entrascim/internal/seal"
)

// Bounds of what waits to be delivered.
const (
	maxWaiting = 1000
	giveUp     = 24 * time.Hour
	firstWait  = 5 * time.Second
	longWait   = 5 * time.Minute
)

const sealed = "password"

// An Outbox has the passwords of a tenant that were set and not delivered yet, in the
// memory of this process alone, sealed. Each is for the sink that the tenant had when it
// was set; the tenant's vaults, of settings before and after a change, share the Outbox,
// so that none delivers what another has replaced. They are delivered as they are: to set
// others instead would take away one that was delivered though its answer was lost, or
// that somebody has set meanwhile.
type Outbox struct {
	keys   *seal.Keys
	closed chan struct{}
	once   *sync.Once

	sending sync.Mutex // held while one of them is sent

	mu      sync.Mutex
	all     []*parcel
	running bool
	hand    map[string]bool // ids of users whose password is being set or delivered; false: another has replaced it
}

// NewOutbox makes an empty one.
func NewOutbox() *Outbox {
	return &Outbox{keys: seal.Random(), closed: make(chan struct{}), once: new(sync.Once), hand: map[string]bool{}}
}

type parcel struct {
	from   *Vault
	p      Password // without Text
	sealed []byte
	until  time.Time
}

// wait has the password delivered later; false when too many wait already.
func (v *Vault) wait(ctx context.Context, p Password) bool {
	w := v.o.Outbox
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.all) >= maxWaiting || w.ended() {
		return false
	}
	one := &parcel{from: v, p: p, sealed: w.keys.Seal([]byte(p.Text), sealed), until: v.o.Now().Add(giveUp)}
	one.p.Text = ""
	w.all = append(w.all, one)
	if !w.running {
		w.running = true
		go w.carry(context.WithoutCancel(ctx), v.o.Sleep)
	}
	return true
}

// carry delivers what waits until nothing does.
func (w *Outbox) carry(ctx context.Context, sleep func(context.Context, time.Duration) error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-w.closed:
			cancel()
		case <-ctx.Done():
		}
	}()
	for gap := firstWait; ; gap = min(2*gap, longWait) {
		if sleep(ctx, gap) != nil {
			return
		}
		before := w.waiting()
		left := w.round(ctx)
		if left == 0 && w.idle() {
			return
		}
		if left < before {
			gap = firstWait / 2
		}
	}
}

// round tries each that waits once, until its sink is found not to be there.
func (w *Outbox) round(ctx context.Context) (left int) {
	down := map[*Vault]bool{}
	for _, one := range w.list() {
		if !down[one.from] && ctx.Err() == nil {
			err := w.resend(ctx, one)
			down[one.from] = err != nil && !hopeless(err)
		}
		if !one.from.o.Now().Before(one.until) && w.drop(one) {
			one.tell(zerolog.Ctx(ctx).Error(), "a generated password is given up: have it reset")
		}
	}
	return w.waiting()
}

func (w *Outbox) resend(ctx context.Context, one *parcel) error {
	w.sending.Lock()
	defer w.sending.Unlock()
	if !w.has(one) {
		return nil
	}
	text, err := w.keys.Open(one.sealed, sealed)
	if err != nil {
		return err
	}
	p := one.p
	p.Text, p.again = Text(text), true
	if _, err := one.from.try(ctx, p); err != nil {
		return err
	}
	w.drop(one)
	one.tell(zerolog.Ctx(ctx).Info(), "a generated password that waited was delivered")
	return nil
}

// tell says on a line of the log what became of it.
func (one *parcel) tell(line *zerolog.Event, what string) {
	line.Str("user", one.p.UserID).Str("sink", one.from.Name()).Msg(what)
}

// Forget drops what waits of a user, or is not delivered yet: the user has another
// password now.
func (v *Vault) Forget(userID string) {
	v.o.Outbox.replaced(userID)
	v.o.Outbox.forget(userID)
}

func (w *Outbox) forget(userID string) {
	theirs := slices.DeleteFunc(w.list(), func(one *parcel) bool { return !strings.EqualFold(one.p.UserID, userID) })
	if len(theirs) == 0 {
		return
	}
	w.sending.Lock() // what is on its way arrives before what comes after it
	defer w.sending.Unlock()
	for _, one := range theirs {
		w.drop(one)
	}
}

// Waiting is how many passwords are not delivered yet.
func (v *Vault) Waiting() int { return v.o.Outbox.waiting() }

func (w *Outbox) waiting() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.all)
}

// Idle tells whether nothing waits.
func (v *Vault) Idle() bool { return v.Waiting() == 0 }

// Close ends the trying, and tells the log of each that is lost by it, or may be.
func (w *Outbox) Close(ctx context.Context) {
	w.once.Do(func() { close(w.closed) })
	for _, one := range w.list() {
		if w.drop(one) {
			one.tell(zerolog.Ctx(ctx).Error(), "a generated password is lost, as the gateway stops: have it reset")
		}
	}
	for _, id := range w.inHand() { // of requests that were cut off
		zerolog.Ctx(ctx).Error().Str("user", id).Msg("a generated password is not delivered yet, as the gateway stops: if it does not arrive, have it reset")
	}
}

func (w *Outbox) ended() bool {
	select {
	case <-w.closed:
		return true
	default:
		return false
	}
}

func (w *Outbox) list() []*parcel {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.all)
}

func (w *Outbox) has(one *parcel) bool { return slices.Contains(w.list(), one) }

// drop forgets one; false when that was done already.
func (w *Outbox) drop(one *parcel) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	before := len(w.all)
	w.all = slices.DeleteFunc(w.all, func(other *parcel) bool { return other == one })
	return len(w.all) < before
}

// idle ends the carrying when nothing waits.
func (w *Outbox) idle() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.running = len(w.all) > 0
	return !w.running
}
