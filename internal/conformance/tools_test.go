//go:build conformance

package conformance

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The suites that come from package registries, pinned.
const (
	newmanVersion       = "6.2.1"
	sanityVersion       = "0.7.4"
	schemathesisVersion = "4.32.5"
)

// cache is where tools are installed once, outside of the repository.
func cache(t *testing.T) string {
	t.Helper()
	dir, err := os.UserCacheDir()
	if err != nil {
		dir = os.TempDir()
	}
	return filepath.Join(dir, "entrascim-conformance")
}

// newman is the runner of Postman collections.
func newman(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(cache(t), "newman-"+newmanVersion)
	tool := filepath.Join(dir, "node_modules", ".bin", "newman")
	if _, err := os.Stat(tool); err != nil {
		install(t, dir, "npm", "install", "--prefix", dir, "--no-fund", "--no-audit", "--ignore-scripts", "newman@"+newmanVersion)
	}
	return tool
}

// python is a tool of one package, in an environment of its own.
func python(t *testing.T, pkg, version, tool string) string {
	t.Helper()
	dir := filepath.Join(cache(t), pkg+"-"+version)
	path := filepath.Join(dir, "bin", tool)
	if _, err := os.Stat(path); err != nil {
		install(t, dir, "python3", "-m", "venv", "--clear", dir)
		install(t, dir, filepath.Join(dir, "bin", "pip"), "install", "--quiet", "--disable-pip-version-check", pkg+"=="+version)
	}
	return path
}

func install(t *testing.T, dir string, name string, arguments ...string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), name, arguments...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}
