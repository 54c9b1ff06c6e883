package auth

import (
	"sync"
	"time"
)

// maxProofs bounds the tokens that are remembered, in entries; see recent.
const maxProofs = 4000

// proofs remembers the tokens whose signature was verified, since a client sends the
// same one again and again. Whatever else may change is looked at each time.
type proofs struct {
	mu     sync.Mutex
	recent recent[[sumSize]byte, proof]
}

// A proof is what a token says that was signed by one of the keys.
type proof struct {
	keys      any // what it was verified with
	expires   time.Time
	audiences []string
	claims    map[string]any // of an external issuer; never changed
	own       *accessClaims  // of the gateway itself; never changed
}

func newProofs() *proofs { return &proofs{recent: newRecent[[sumSize]byte, proof](maxProofs)} }

// find gives what the token says, when it was verified with the keys and is good still.
func (p *proofs) find(sum [sumSize]byte, keys any, now time.Time) (proof, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	found, ok := p.recent.get(sum)
	return found, ok && found.keys == keys && now.Before(found.expires)
}

func (p *proofs) keep(sum [sumSize]byte, found proof) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.recent.put(sum, found)
}
