package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"

	"github.com/relais-dev/relais/infra/topology"
)

// assetDir has, below the project's root, one directory per executable that
// functions run from.
const assetDir = ".build/bootstrap"

// Files that stand beside the executable of the functions that read them.
const (
	routesFile  = "routes.json"
	callersFile = "callers.json"
)

// assetOf is the directory of one executable: ".build/bootstrap/router".
func assetOf(dir, program string) string { return filepath.Join(dir, path.Base(program)) }

// buildAssets builds every executable of the system. The same source gives the
// same bytes wherever it is checked out, so that a deployment changes functions
// only when their code has changed, or rules or callers for those that read them.
func buildAssets(root, dir string, s topology.System) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("clear %s: %w", dir, err)
	}
	for _, f := range s.Functions {
		asset := assetOf(dir, f.Program)
		if _, err := os.Stat(asset); err != nil {
			if err := build(root, f.Program, asset); err != nil {
				return err
			}
		}
		if f.Publishes() {
			if err := copyWidget(filepath.Join(root, s.Widget), asset); err != nil {
				return fmt.Errorf("copy the widget: %w", err)
			}
		}
		if err := writeFiles(asset, f, s); err != nil {
			return err
		}
	}
	return nil
}

// writeFiles puts beside f's executable what f reads.
func writeFiles(asset string, f topology.Function, s topology.System) error {
	for _, file := range []struct {
		of      topology.Reference
		name    string
		content any
	}{{topology.RoutesFile, routesFile, s.Routes}, {topology.CallersFile, callersFile, s.Config.API.Callers}} {
		if !reads(f, file.of) {
			continue
		}
		doc, err := json.MarshalIndent(file.content, "", "  ")
		if err != nil {
			return fmt.Errorf("write %s: %w", file.name, err)
		}
		if err := os.WriteFile(filepath.Join(asset, file.name), append(doc, '\n'), 0o644); err != nil {
			return fmt.Errorf("write %s: %w", file.name, err)
		}
	}
	return nil
}

func reads(f topology.Function, file topology.Reference) bool {
	return slices.ContainsFunc(f.Env, func(v topology.Variable) bool { return v.Of == file })
}

// copyWidget puts the widget beside the executable of the function that publishes it,
// as it was built and checked in.
func copyWidget(built, asset string) error {
	for _, name := range topology.WidgetFiles() {
		text, err := os.ReadFile(filepath.Join(built, name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(asset, name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// build makes what Lambda starts on provided.al2023: a file called bootstrap.
// https://docs.aws.amazon.com/lambda/latest/dg/golang-package.html
func build(root, program, asset string) error {
	// lambda.norpc leaves out the runtime of Go 1.x, which provided.al2023 never calls.
	cmd := exec.Command("go", "build", "-tags", "lambda.norpc", "-trimpath", "-buildvcs=false",
		"-ldflags", "-s -w -buildid=", "-o", filepath.Join(asset, "bootstrap"), "./functions/"+program)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=arm64", "GOARM64=v8.0", "GOFLAGS=",
		"GOEXPERIMENT=")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", program, err, out)
	}
	return nil
}
