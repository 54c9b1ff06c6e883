//go:build soak

package soak

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"testing"
	"time"
)

// asProbe is in the environment of a process that asks for health.
const asProbe = "ENTRASCIM_SOAK_PROBE"

// A probing is what such a process is told.
type probing struct {
	Address string
	End     time.Time
}

// watchHealth asks for health until a time, in a process of its own as an orchestrator
// does: one that waits behind the clients of this process would measure them. Ended gives
// how long the answers took.
func watchHealth(t *testing.T, address string, end time.Time) (ended func() []time.Duration) {
	t.Helper()
	given, err := json.Marshal(probing{address, end})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), asProbe+"="+string(given))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return func() []time.Duration {
		t.Helper()
		var took []time.Duration
		decoded := json.NewDecoder(out).Decode(&took)
		if err := cmd.Wait(); err != nil || decoded != nil || len(took) == 0 {
			t.Fatalf("asking for health: %v, %v, %d answers", err, decoded, len(took))
		}
		return took
	}
}

// probe is the process that asks for health.
func probe() error {
	var p probing
	if err := json.Unmarshal([]byte(os.Getenv(asProbe)), &p); err != nil {
		return err
	}
	var took []time.Duration
	for time.Now().Before(p.End) {
		one, err := health(p.Address)
		if err != nil {
			return err
		}
		took = append(took, one)
		time.Sleep(20 * time.Millisecond)
	}
	return json.NewEncoder(os.Stdout).Encode(took)
}

// health asks on a connection of its own.
func health(address string) (time.Duration, error) {
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	began := time.Now()
	resp, err := c.Get("http://" + address + "/healthz")
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("health: %d", resp.StatusCode)
	}
	return time.Since(began), nil
}
