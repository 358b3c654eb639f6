package infra_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const module = "github.com/relais-dev/relais/"

// layers in order: a package imports its own layer and those before it.
var layers = []string{"events", "shared", "functions", "infra"}

type pkg struct {
	ImportPath string
	Imports    []string
}

func list(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "../...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	d := json.NewDecoder(strings.NewReader(string(out)))
	for d.More() {
		var p pkg
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

func layer(path string) int {
	top, _, _ := strings.Cut(strings.TrimPrefix(path, module), "/")
	for i, l := range layers {
		if l == top {
			return i
		}
	}
	return -1
}

// TestLayers keeps who may import whom: events ← shared ← functions ← infra.
func TestLayers(t *testing.T) {
	for _, p := range list(t) {
		for _, imported := range p.Imports {
			if strings.HasPrefix(imported, module) && layer(imported) > layer(p.ImportPath) {
				t.Errorf("%s imports %s: an inner layer must not know an outer one", p.ImportPath, imported)
			}
			if strings.HasPrefix(imported, "github.com/aws/aws-cdk-go") && !strings.HasPrefix(p.ImportPath,
				module+"infra/cdk") {
				t.Errorf("%s imports %s: only infra/cdk may, everything else builds without Node", p.ImportPath, imported)
			}
		}
	}
}

// TestEvents keeps the contract free of dependencies.
func TestEvents(t *testing.T) {
	for _, p := range list(t) {
		if p.ImportPath != strings.TrimSuffix(module, "/")+"/events" {
			continue
		}
		for _, imported := range p.Imports {
			if strings.Contains(imported, ".") {
				t.Errorf("events imports %s: integrators take the package without dependencies", imported)
			}
		}
	}
}

// TestChannels keeps channels apart from each other and from the cloud.
func TestChannels(t *testing.T) {
	allowed := []string{module + "events", module + "shared/channel", module + "shared/signature",
		module + "functions/channels/internal/"}
	for _, p := range list(t) {
		if !isChannel(p) {
			continue
		}
		for _, imported := range p.Imports {
			ok := !strings.HasPrefix(imported, module) && !strings.HasPrefix(imported, "github.com/aws/")
			for _, a := range allowed {
				ok = ok || imported == a || strings.HasSuffix(a, "/") && strings.HasPrefix(imported, a)
			}
			if !ok {
				t.Errorf("%s imports %s: a channel knows events, the channel contract, signatures and what its company's channels share", p.ImportPath, imported)
			}
		}
	}
}

// isChannel tells channels from the other functions: they have recorded samples.
func isChannel(p pkg) bool {
	_, err := os.Stat(filepath.Join("..", strings.TrimPrefix(p.ImportPath, module), "testdata", "account.json"))
	return err == nil
}
