package seal_test

import (
	"bytes"
	"errors"
	"testing"

	"entrascim/internal/seal"
)

func keys(t *testing.T, secrets ...string) *seal.Keys {
	t.Helper()
	var all [][]byte
	for _, s := range secrets {
		all = append(all, []byte(s))
	}
	k, err := seal.New(all...)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

const (
	oldSecret = "the-old-secret-of-the-operator"
	newSecret = "the-new-secret-of-the-operator"
)

func TestRotation(t *testing.T) {
	t.Parallel()
	before, both, after := keys(t, oldSecret), keys(t, newSecret, oldSecret), keys(t, newSecret)
	sealed := before.Seal([]byte("credential"), "tenant 1")
	if text, err := both.Open(sealed, "tenant 1"); err != nil || string(text) != "credential" {
		t.Errorf("with both keys: %q, %v", text, err)
	}
	if !both.Stale(sealed) || before.Stale(sealed) {
		t.Errorf("stale: %v with the new key first, %v with the old one alone", both.Stale(sealed), before.Stale(sealed))
	}
	if _, err := after.Open(sealed, "tenant 1"); !errors.Is(err, seal.ErrUnknownKey) {
		t.Errorf("with the new key alone: %v", err)
	}
	if text, err := after.Open(both.Seal([]byte("credential"), "tenant 1"), "tenant 1"); err != nil || string(text) != "credential" {
		t.Errorf("sealed with both, opened with the new one: %q, %v", text, err)
	}
}

func TestBroken(t *testing.T) {
	t.Parallel()
	k := keys(t, oldSecret)
	sealed := k.Seal([]byte("credential"), "tenant 1")
	if _, err := k.Open(sealed, "tenant 2"); !errors.Is(err, seal.ErrBroken) {
		t.Errorf("for another purpose: %v", err)
	}
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		if text, err := k.Open(changed, "tenant 1"); err == nil {
			t.Errorf("byte %d changed: %q", i, text)
		}
	}
	for n := range len(sealed) {
		if text, err := k.Open(sealed[:n], "tenant 1"); err == nil {
			t.Errorf("cut to %d bytes: %q", n, text)
		}
	}
	if bytes.Contains(sealed, []byte("credential")) || bytes.Equal(sealed, k.Seal([]byte("credential"), "tenant 1")) {
		t.Error("sealing shows the text, or that two are the same")
	}
}

func TestDerive(t *testing.T) {
	t.Parallel()
	all := keys(t, newSecret, oldSecret).Derive("tokens", 32)
	again := keys(t, oldSecret).Derive("tokens", 32)
	other := keys(t, oldSecret).Derive("else", 32)
	if len(all) != 2 || len(all[0]) != 32 || !bytes.Equal(all[1], again[0]) || bytes.Equal(again[0], other[0]) {
		t.Errorf("derived keys: %x, %x, %x", all, again, other)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	if _, err := seal.New(); err == nil {
		t.Error("no secret was taken")
	}
	if _, err := seal.New([]byte("short")); err == nil {
		t.Error("a short secret was taken")
	}
	if _, err := seal.Random().Open(seal.Random().Seal(nil, ""), ""); !errors.Is(err, seal.ErrUnknownKey) {
		t.Errorf("another process opened it: %v", err)
	}
}
