// Package internal_test holds the house to its plan: who may import whom, and
// what only one room may touch.
package internal_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "entrascim/"

// may says which packages of this module each package may import. A package that
// is not listed may not exist.
var may = map[string][]string{
	"cmd/entrascim": {"internal/app", "internal/config", "internal/admin", "internal/tenant"},
	"internal/app": {
		"api", "mappings", "internal/auth", "internal/calls", "internal/config", "internal/edm", "internal/entra", "internal/fault", "internal/graph", "internal/guard",
		"internal/graphsim", "internal/graphsim/login", "internal/graphsim/trouble", "internal/mapping", "internal/scim", "internal/seal", "internal/server", "internal/tenant",
		"internal/action", "internal/admin", "internal/consent", "internal/tenant/store", "internal/trigger", "internal/vault",
		"internal/entra/extension", "internal/entra/naming", "internal/entra/permission",
	},
	"internal/server": {"internal/scim", "internal/auth", "internal/consent", "internal/admin", "internal/tenant", "internal/fault", "internal/calls"},
	"internal/guard":  {"internal/tenant", "internal/fault"},
	"internal/entra": {
		"internal/entra/cache", "internal/entra/entity", "internal/entra/extension", "internal/entra/memory", "internal/entra/naming",
		"internal/scim", "internal/mapping", "internal/graph", "internal/grant", "internal/guard", "internal/tenant", "internal/vault", "internal/fault",
	},
	"internal/entra/entity":     {"internal/fault"},
	"internal/entra/extension":  {"internal/entra/entity", "internal/graph", "internal/mapping", "internal/fault"},
	"internal/entra/cache":      {"internal/entra/entity", "internal/grant", "internal/graph"},
	"internal/entra/memory":     {"internal/entra/entity", "internal/grant"},
	"internal/entra/naming":     {"internal/fault"},
	"internal/entra/permission": {"internal/tenant"},
	"internal/grant":            {"internal/graph", "internal/fault"},
	"internal/action":           {"internal/scim", "internal/mapping", "internal/graph", "internal/tenant", "internal/fault"},
	"internal/trigger":          {"internal/graph", "internal/tenant", "internal/fault"},
	"internal/auth":             {"internal/tenant", "internal/seal", "internal/fault"},
	"internal/config":           {"internal/tenant", "internal/graph", "internal/vault"},
	"internal/seal":             {},
	"internal/tenant":           {"internal/fault"},
	"internal/tenant/store":     {"internal/tenant", "internal/seal", "internal/fault"},
	"internal/admin":            {"internal/tenant", "internal/tenant/store", "internal/auth", "internal/fault", "internal/scim"},
	"internal/consent":          {"internal/tenant", "internal/tenant/store", "internal/seal", "internal/fault"},
	"internal/vault":            {"internal/tenant", "internal/seal", "internal/fault"},
	"internal/scim":             {"internal/fault"},
	"internal/mapping":          {"internal/edm", "internal/fault"},
	"internal/graph":            {"internal/graph/pace", "internal/fault", "internal/calls"},
	"internal/graph/pace":       {"internal/fault"},
	"internal/graphsim":         {"internal/edm", "internal/graphsim/odata", "internal/graphsim/login", "internal/graphsim/trouble"},
	"internal/graphsim/login":   {"internal/graphsim/odata"},
	"internal/graphsim/trouble": {"internal/graphsim/odata"},
	"internal/graphsim/odata":   {"internal/edm"},
	"internal/benche2e":         {},
	"internal/conformance":      {},
	"internal/soak":             {},
	"internal/transcript":       {},
	"internal/pgtest":           {},
	"internal/rfcpatch":         {},
	"internal/calls":            {},
	"internal/edm":              {},
	"internal/fault":            {},
	"internal":                  {},
	"mappings":                  {},
	"api":                       {},
}

// pure packages take no context and touch nothing outside themselves.
var pure = map[string][]string{
	"internal/mapping":        {"context", "net/http", "os", "io/fs", "math/rand", "math/rand/v2"},
	"internal/graphsim/odata": {"context", "os", "io/fs", "math/rand", "math/rand/v2"},
	"internal/fault":          {"os", "io/fs"},
}

// sdk are the import paths that only internal/graph may know.
var sdk = []string{"github.com/Azure/", "github.com/AzureAD/", "github.com/microsoft/", "github.com/microsoftgraph/"}

// keyVault are those of them that internal/vault may know, too: an Azure Key Vault is
// spoken to by its SDK, with the credential that internal/graph makes.
var keyVault = []string{"github.com/Azure/azure-sdk-for-go/sdk/azcore", "github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"}

// knowsSDK tells whether a package may import an SDK's path.
func knowsSDK(name, path string) bool {
	within := func(s string) bool { return path == s || strings.HasPrefix(path, s+"/") }
	return name == "internal/graph" || name == "internal/vault" && slices.ContainsFunc(keyVault, within)
}

type pkg struct{ name, imports string }

func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-f", `{{.ImportPath}}|{{join .Imports " "}}`, "./...")
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	for line := range strings.Lines(string(out)) {
		name, imports, _ := strings.Cut(strings.TrimSpace(line), "|")
		all = append(all, pkg{strings.TrimPrefix(name, module), imports})
	}
	return all
}

func TestLayout(t *testing.T) {
	t.Parallel()
	all := packages(t)
	if len(all) < 8 {
		t.Fatalf("only %d packages found", len(all))
	}
	for _, p := range all {
		allowed, listed := may[p.name]
		if !listed {
			t.Errorf("%s is not in the plan of the house", p.name)
		}
		for path := range strings.FieldsSeq(p.imports) {
			if dep, ours := strings.CutPrefix(path, module); ours && !slices.Contains(allowed, dep) {
				t.Errorf("%s must not import %s", p.name, dep)
			}
			if slices.Contains(pure[p.name], path) {
				t.Errorf("%s is pure: it must not import %s", p.name, path)
			}
			if !knowsSDK(p.name, path) && slices.ContainsFunc(sdk, func(s string) bool { return strings.HasPrefix(path, s) }) {
				t.Errorf("%s must not import %s: only internal/graph knows the SDKs, and internal/vault that of the Key Vault", p.name, path)
			}
		}
	}
}

// onlyCmd are the parts of the process, by package and name.
var onlyCmd = map[string][]string{
	"os":      {"Args", "Exit", "Getenv", "LookupEnv", "Environ", "Setenv", "Stdin", "Stdout", "Stderr"},
	"context": {"Background", "TODO"},
	"signal":  {"Notify", "NotifyContext"},
}

func TestOnlyCmdTouchesTheProcess(t *testing.T) {
	t.Parallel()
	everySelector(t, ".", func(file, from, name string) {
		if slices.Contains(onlyCmd[from], name) {
			t.Errorf("%s uses %s.%s: only cmd touches the process", file, from, name)
		}
	})
}

func TestMappingHasNoClock(t *testing.T) {
	t.Parallel()
	everySelector(t, "mapping", func(file, from, name string) {
		if from == "time" && slices.Contains([]string{"Now", "Since", "After", "Sleep"}, name) {
			t.Errorf("%s uses time.%s: mapping is pure", file, name)
		}
	})
}

// everySelector visits each "package.Name" of the sources below dir, tests apart.
func everySelector(t *testing.T, dir string, visit func(file, from, name string)) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		files++
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				if from, ok := s.X.(*ast.Ident); ok {
					visit(path, from.Name, s.Sel.Name)
				}
			}
			return true
		})
		return nil
	})
	if err != nil || files == 0 {
		t.Fatalf("%d files: %v", files, err)
	}
}
