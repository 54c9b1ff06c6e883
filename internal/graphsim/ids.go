package graphsim

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"strings"
	"sync/atomic"

	"github.com/google/uuid"
)

// An idSource gives the same GUIDs in the same order for the same seed.
type idSource struct {
	seed uint64
	n    atomic.Uint64
}

func newIDs(seed uint64, name string) *idSource {
	h := fnv.New64a()
	h.Write([]byte(name))
	return &idSource{seed: mix(seed ^ h.Sum64())}
}

// next is a new GUID in lower case, of the shape of a random one.
func (s *idSource) next() string {
	n := s.n.Add(1)
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:8], mix(s.seed+2*n))
	binary.BigEndian.PutUint64(id[8:], mix(s.seed+2*n+1))
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return id.String()
}

// mix is the finalizer of SplitMix64.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// isGUID tells whether s is a GUID as Graph writes them, in any case.
func isGUID(s string) bool {
	_, err := uuid.Parse(s)
	return err == nil && len(s) == 36
}

// littleEndian is a GUID in the byte order of Windows, which ids derived from
// GUIDs are built on.
func littleEndian(guid string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(guid, "-", ""))
	if err != nil || len(b) != 16 {
		return make([]byte, 16)
	}
	b[0], b[1], b[2], b[3] = b[3], b[2], b[1], b[0]
	b[4], b[5], b[6], b[7] = b[5], b[4], b[7], b[6]
	return b
}

// securityIdentifier is the SID that the directory derives from an object id.
func securityIdentifier(guid string) string {
	b := littleEndian(guid)
	u := binary.LittleEndian.Uint32
	return fmt.Sprintf("S-1-12-1-%d-%d-%d-%d", u(b), u(b[4:]), u(b[8:]), u(b[12:]))
}

// assignmentID is the id of an app role assignment: its principal's id and
// something unique, 32 bytes in base64url.
func assignmentID(principal, unique string) string {
	return base64.RawURLEncoding.EncodeToString(append(littleEndian(principal), littleEndian(unique)...))
}
