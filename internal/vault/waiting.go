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

// waiting are the passwords that were set and not delivered yet, in the memory of this
// process alone, sealed. They are delivered as they are: to set others instead would
// take away one that was delivered though its answer was lost, or that somebody has set
// meanwhile.
type waiting struct {
	keys   *seal.Keys
	closed chan struct{}
	once   *sync.Once

	sending sync.Mutex // held while one of them is sent

	mu      sync.Mutex
	all     []*parcel
	running bool
}

type parcel struct {
	p      Password // without Text
	sealed []byte
	until  time.Time
}

// wait has the password delivered later; false when too many wait already.
func (v *Vault) wait(ctx context.Context, p Password) bool {
	w := &v.waiting
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.all) >= maxWaiting || w.ended() {
		return false
	}
	one := &parcel{p: p, sealed: w.keys.Seal([]byte(p.Text), sealed), until: v.o.Now().Add(giveUp)}
	one.p.Text = ""
	w.all = append(w.all, one)
	if !w.running {
		w.running = true
		go v.carry(context.WithoutCancel(ctx))
	}
	return true
}

// carry delivers what waits until nothing does.
func (v *Vault) carry(ctx context.Context) {
	w := &v.waiting
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
		if v.o.Sleep(ctx, gap) != nil {
			return
		}
		before := v.Waiting()
		left := v.round(ctx)
		if left == 0 && w.idle() {
			return
		}
		if left < before {
			gap = firstWait / 2
		}
	}
}

// round tries each that waits once, until the sink is found not to be there.
func (v *Vault) round(ctx context.Context) (left int) {
	down := false
	for _, one := range v.waiting.list() {
		if !down && ctx.Err() == nil {
			err := v.resend(ctx, one)
			down = err != nil && !hopeless(err)
		}
		if !v.o.Now().Before(one.until) && v.waiting.drop(one) {
			zerolog.Ctx(ctx).Error().Str("user", one.p.UserID).Str("sink", v.Name()).Msg("a generated password is given up: have it reset")
		}
	}
	return v.Waiting()
}

func (v *Vault) resend(ctx context.Context, one *parcel) error {
	v.waiting.sending.Lock()
	defer v.waiting.sending.Unlock()
	if !v.waiting.has(one) {
		return nil
	}
	text, err := v.waiting.keys.Open(one.sealed, sealed)
	if err != nil {
		return err
	}
	p := one.p
	p.Text, p.again = Text(text), true
	if _, err := v.try(ctx, p); err != nil {
		return err
	}
	v.waiting.drop(one)
	zerolog.Ctx(ctx).Info().Str("user", p.UserID).Str("sink", v.Name()).Msg("a generated password that waited was delivered")
	return nil
}

// Forget drops what waits of a user, who has another password now.
func (v *Vault) Forget(userID string) {
	theirs := slices.DeleteFunc(v.waiting.list(), func(one *parcel) bool { return !strings.EqualFold(one.p.UserID, userID) })
	if len(theirs) == 0 {
		return
	}
	v.waiting.sending.Lock() // what is on its way arrives before what comes after it
	defer v.waiting.sending.Unlock()
	for _, one := range theirs {
		v.waiting.drop(one)
	}
}

// Waiting is how many passwords are not delivered yet.
func (v *Vault) Waiting() int {
	v.waiting.mu.Lock()
	defer v.waiting.mu.Unlock()
	return len(v.waiting.all)
}

// Idle tells whether nothing waits.
func (v *Vault) Idle() bool { return v.Waiting() == 0 }

// Close ends the trying, and tells the log of each that is lost by it.
func (v *Vault) Close(ctx context.Context) {
	v.waiting.once.Do(func() { close(v.waiting.closed) })
	for _, one := range v.waiting.list() {
		if v.waiting.drop(one) {
			zerolog.Ctx(ctx).Error().Str("user", one.p.UserID).Str("sink", v.Name()).Msg("a generated password is lost, as the gateway stops: have it reset")
		}
	}
}

func (w *waiting) ended() bool {
	select {
	case <-w.closed:
		return true
	default:
		return false
	}
}

func (w *waiting) list() []*parcel {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.all)
}

func (w *waiting) has(one *parcel) bool { return slices.Contains(w.list(), one) }

// drop forgets one; false when that was done already.
func (w *waiting) drop(one *parcel) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	before := len(w.all)
	w.all = slices.DeleteFunc(w.all, func(other *parcel) bool { return other == one })
	return len(w.all) < before
}

// idle ends the carrying when nothing waits.
func (w *waiting) idle() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.running = len(w.all) > 0
	return !w.running
}
