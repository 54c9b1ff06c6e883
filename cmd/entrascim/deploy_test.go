package main

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"entrascim/internal/config"
	"entrascim/internal/graphsim"
)

const deploy = "../../deploy/"

const exampleToken = "a-token-that-is-long-enough"

// A call is how a deployment file starts the program.
type call struct {
	args  []string
	env   map[string]string
	files map[string]string // what the program finds, by path
}

// load parses the call as the program does. The files are put into a directory,
// and their paths in arguments, environment and files changed to it; what the
// operator is told to change is changed.
func (c call) load(t *testing.T) (config.Config, error) {
	t.Helper()
	dir := t.TempDir()
	var moves []string
	for _, path := range slices.Backward(slices.Sorted(maps.Keys(c.files))) { // the longer of two paths first
		moves = append(moves, path, filepath.Join(dir, strings.ReplaceAll(path, "/", "_")))
	}
	changed := strings.NewReplacer(append(moves, "change-me-to-a-long-random-token", exampleToken, "change-me", "hush-hush")...)
	for path, text := range c.files {
		if err := os.WriteFile(changed.Replace(path), []byte(changed.Replace(text)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	args := make([]string, 0, len(c.args))
	for _, a := range c.args {
		args = append(args, changed.Replace(a))
	}
	p := process{getenv: func(name string) string { return changed.Replace(c.env[name]) }, stdout: t.Output(), stderr: t.Output()}
	parsed, err := parse(t.Context(), args, p)
	if err != nil {
		return config.Config{}, err
	}
	if parsed.Command() != "serve" {
		return config.Config{}, nil
	}
	serve, ok := reflect.TypeAssert[serveCommand](parsed.Selected().Target)
	if !ok {
		return config.Config{}, fmt.Errorf("the command is a %s", parsed.Selected().Target.Type())
	}
	return serve.load(p)
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(deploy + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func readYAML(t *testing.T, name string, into any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(read(t, name)), into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// environment reads the lines of an environment file.
func environment(text string) map[string]string {
	env := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(name, "#") {
			env[name] = value
		}
	}
	return env
}

// secrets are the files that the operator is told to make.
func secrets(dir string) map[string]string {
	return map[string]string{dir + "token": exampleToken + "\n", dir + "client-secret": "hush-hush\n"}
}

func TestDeployExampleConfiguration(t *testing.T) {
	t.Parallel()
	files := secrets("/etc/entrascim/")
	files["/etc/entrascim/entrascim.yaml"] = read(t, "entrascim.yaml")
	c, err := call{args: []string{"serve", "--config", "/etc/entrascim/entrascim.yaml"}, files: files}.load(t)
	if err != nil || c.Directory().Credential.Secret != "hush-hush" {
		t.Errorf("error %v, config %v", err, c.Lines())
	}
}

// The lines that are commented out in the example are right too.
func TestDeployExampleConfigurationUncommented(t *testing.T) {
	t.Parallel()
	files := secrets("/etc/entrascim/")
	files["/etc/entrascim/overlay.yaml"] = "resource: User\n"
	files["/etc/entrascim/operator-secret"] = "hush-hush\n"
	files["/etc/entrascim/identity-manager-token"] = "another-" + exampleToken + "\n"
	text := regexp.MustCompile(`(?m)^( *)# ( *\w+:)`).ReplaceAllString(read(t, "entrascim.yaml"), "$1$2")
	files["/etc/entrascim/entrascim.yaml"] = text
	c, err := call{args: []string{"serve", "--config", "/etc/entrascim/entrascim.yaml"}, files: files}.load(t)
	if err != nil || !c.Tenant.ShortNames || c.Mapping.Profile.String() != "external-id" || len(c.Mapping.Overlays) != 1 || len(c.Callers()) != 2 || len(c.Proxies) != 1 || !c.HasOperator() {
		t.Errorf("error %v, config %v", err, c.Lines())
	}
}

func TestDeployImage(t *testing.T) {
	t.Parallel()
	text := read(t, "Dockerfile")
	var args []string
	command := regexp.MustCompile(`(?m)^CMD (\[.*\])$`).FindStringSubmatch(text)
	if command == nil || json.Unmarshal([]byte(command[1]), &args) != nil {
		t.Fatal("no CMD")
	}
	env := environment(read(t, "entrascim.env.example"))
	for _, m := range regexp.MustCompile(`(?m)^ENV (\w+)=(.*)$`).FindAllStringSubmatch(text, -1) {
		env[m[1]] = m[2]
	}
	c, err := call{args: args, env: env}.load(t)
	if err != nil || c.Listen != ":8080" || !strings.Contains(text, "EXPOSE 8080") {
		t.Errorf("error %v, config %v", err, c.Lines())
	}
	if !regexp.MustCompile(`(?m)^USER [1-9]`).MatchString(text) {
		t.Error("the image runs as root")
	}
}

func TestDeployCompose(t *testing.T) {
	t.Parallel()
	type service struct {
		Command     []string
		EnvFile     string `yaml:"env_file"`
		Environment map[string]string
	}
	for name, files := range map[string]map[string]string{
		"compose.yaml":           nil,
		"compose.simulator.yaml": {"/ca/ca.pem": authority(t)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var compose struct{ Services map[string]service }
			readYAML(t, name, &compose)
			if _, ok := compose.Services["gateway"]; !ok {
				t.Fatal("no service gateway")
			}
			for role, s := range compose.Services {
				env := s.Environment
				if s.EnvFile != "" {
					env = environment(read(t, s.EnvFile+".example"))
				}
				if _, err := (call{args: s.Command, env: env, files: files}).load(t); err != nil {
					t.Errorf("%s: %v", role, err)
				}
			}
		})
	}
}

// The gateway of the compose file knows the simulator's tenant and application.
func TestDeployComposeSimulator(t *testing.T) {
	t.Parallel()
	var compose struct {
		Services map[string]struct{ Environment map[string]string }
	}
	readYAML(t, "compose.simulator.yaml", &compose)
	env := compose.Services["gateway"].Environment
	for name, want := range map[string]string{
		"AZURE_TENANT_ID": graphsim.DefaultTenant, "AZURE_CLIENT_ID": graphsim.DefaultClient, "AZURE_CLIENT_SECRET": graphsim.DefaultSecret,
	} {
		if env[name] != want {
			t.Errorf("%s is %q, the simulator has %q", name, env[name], want)
		}
	}
}

// authority is any certificate as PEM.
func authority(t *testing.T) string {
	t.Helper()
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
}

func TestDeployKubernetes(t *testing.T) {
	t.Parallel()
	var (
		configMap struct{ Data map[string]string }
		secret    struct {
			StringData map[string]string `yaml:"stringData"`
		}
		deployment struct {
			Spec struct {
				Template struct {
					Spec struct {
						TerminationGracePeriodSeconds float64 `yaml:"terminationGracePeriodSeconds"`
						Containers                    []struct {
							Args      []string
							Env       []struct{ Name, Value string }
							Resources struct {
								Limits struct{ Memory string }
							}
							VolumeMounts []struct {
								MountPath string `yaml:"mountPath"`
							} `yaml:"volumeMounts"`
						}
						Volumes []struct {
							Projected struct {
								Sources []struct {
									Secret struct {
										Items []struct{ Key, Path string }
									}
								}
							}
						}
					}
				}
			}
		}
	)
	readYAML(t, "kubernetes/configmap.yaml", &configMap)
	readYAML(t, "kubernetes/secret.yaml", &secret)
	readYAML(t, "kubernetes/deployment.yaml", &deployment)
	pod := deployment.Spec.Template.Spec
	mount := pod.Containers[0].VolumeMounts[0].MountPath + "/"
	c := call{args: pod.Containers[0].Args, env: map[string]string{}, files: map[string]string{}}
	for _, e := range pod.Containers[0].Env {
		c.env[e.Name] = e.Value
	}
	for name, text := range configMap.Data {
		c.files[mount+name] = text
	}
	for _, source := range pod.Volumes[0].Projected.Sources {
		for _, item := range source.Secret.Items {
			c.files[mount+item.Path] = secret.StringData[item.Key]
		}
	}
	loaded, err := c.load(t)
	if err != nil || loaded.Callers()[0].BearerToken() != exampleToken || loaded.Listen != ":8080" {
		t.Fatalf("error %v, config %v", err, loaded.Lines())
	}
	if pod.TerminationGracePeriodSeconds <= loaded.DrainGrace.Seconds() {
		t.Errorf("the pod is killed after %.0f s, the gateway drains for %s", pod.TerminationGracePeriodSeconds, loaded.DrainGrace)
	}
	soft, hard := mebibytes(t, c.env["GOMEMLIMIT"]), mebibytes(t, pod.Containers[0].Resources.Limits.Memory)
	if needed := 4 * loaded.Limits.Requests; needed >= soft || soft >= hard {
		t.Errorf("%d requests may need %d MiB, the runtime has %d and the pod %d", loaded.Limits.Requests, needed, soft, hard)
	}
}

// mebibytes reads an amount of memory as Kubernetes or the Go runtime writes it.
func mebibytes(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(strings.TrimRight(s, "MiB"))
	if err != nil || !strings.Contains(s, "Mi") {
		t.Fatalf("%q is no number of MiB", s)
	}
	return n
}

func TestDeploySystemd(t *testing.T) {
	t.Parallel()
	unit := read(t, "systemd/entrascim.service")
	c := call{env: map[string]string{}, files: secrets("/run/credentials/entrascim.service/")}
	for _, m := range regexp.MustCompile(`(?m)^(ExecStart|Environment|LoadCredential)=(.*)$`).FindAllStringSubmatch(unit, -1) {
		switch name, value, _ := strings.Cut(m[2], "="); m[1] {
		case "ExecStart":
			c.args = strings.Fields(m[2])[1:]
		case "Environment":
			c.env[name] = strings.ReplaceAll(value, "%d", "/run/credentials/entrascim.service")
		case "LoadCredential":
			if credential, _, _ := strings.Cut(m[2], ":"); c.files["/run/credentials/entrascim.service/"+credential] == "" {
				t.Errorf("credential %s is not used", credential)
			}
		}
	}
	// The unit hands over the secrets, so the file does not name them.
	c.files["/etc/entrascim/entrascim.yaml"] = regexp.MustCompile(`(?m)^.*(tokenFile|clientSecretFile):.*\n`).ReplaceAllString(read(t, "entrascim.yaml"), "")
	loaded, err := c.load(t)
	if err != nil || loaded.Callers()[0].BearerToken() != exampleToken || loaded.Directory().Credential.Secret != "hush-hush" {
		t.Errorf("error %v, config %v", err, loaded.Lines())
	}
}

var permission = regexp.MustCompile(`[A-Z][A-Za-z-]+(?:\.[A-Z][A-Za-z]+)+`)

// The sets of the script, those of the text and the table by feature agree.
func TestDeployPermissions(t *testing.T) {
	t.Parallel()
	script, text := read(t, "entra/register-app.sh"), read(t, "entra/permissions.md")
	readOnly := between(t, script, "READ_ONLY=(", ")")
	readWrite := between(t, script, "READ_WRITE=(", ")")
	for name, pair := range map[string][2][]string{
		"read-only":  {readOnly, between(t, text, "## Read-only set", "##")},
		"read-write": {readWrite, between(t, text, "## Read-write set", "##")},
		"all":        {slices.Sorted(slices.Values(append(slices.Clone(readOnly), readWrite...))), unique(between(t, text, "## By feature", "## Optional features"))},
	} {
		if !slices.Equal(pair[0], pair[1]) {
			t.Errorf("%s: register-app.sh %v\npermissions.md %v", name, pair[0], pair[1])
		}
	}
	_, optional, _ := strings.Cut(text, "permission, in no set")
	optional, _, _ = strings.Cut(optional, "\n\n")
	for _, p := range permission.FindAllString(optional, -1) {
		if slices.Contains(readOnly, p) || slices.Contains(readWrite, p) {
			t.Errorf("%s is optional, and in a set", p)
		}
	}
	for _, p := range readOnly {
		if strings.Contains(p, "Write") {
			t.Errorf("%s in the read-only set", p)
		}
	}
}

func between(t *testing.T, text, from, to string) []string {
	t.Helper()
	_, rest, ok := strings.Cut(text, from)
	part, _, closed := strings.Cut(rest, to)
	if !ok || !closed {
		t.Fatalf("nothing between %q and %q", from, to)
	}
	return permission.FindAllString(part, -1)
}

func unique(all []string) []string { return slices.Compact(slices.Sorted(slices.Values(all))) }

func TestDeployScriptIsBash(t *testing.T) {
	t.Parallel()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("bash is needed to check register-app.sh")
	}
	if out, err := exec.Command(bash, "-n", deploy+"entra/register-app.sh").CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
