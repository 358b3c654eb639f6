// Package samples holds the canonical samples of package events: in/<type>.json
// and in/<type>.<variant>.json are events, out/<what>.json outbound requests that
// every channel must render.
package samples

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/relais-dev/relais/events"
)

// Files are the samples.
//
//go:embed in/*.json out/*.json
var Files embed.FS

// An Out is one outbound request. Name is its file's, without the extension.
type Out struct {
	Name string
	events.Outbound
}

// Outbound lists the outbound requests in the order of their names.
func Outbound() ([]Out, error) {
	names, err := fs.Glob(Files, "out/*.json")
	if err != nil {
		return nil, err
	}
	list := make([]Out, len(names))
	for i, name := range names {
		text, err := Files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		list[i].Name = strings.TrimSuffix(path.Base(name), ".json")
		if err := json.Unmarshal(text, &list[i].Outbound); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return list, nil
}
