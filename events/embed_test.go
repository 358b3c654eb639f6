package events_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/relais-dev/relais/events/samples"
	"github.com/relais-dev/relais/events/schema"
)

// The embedded files are all of the folder's: a pattern that misses some would
// let a channel pass without rendering them.
func TestEverythingIsEmbedded(t *testing.T) {
	for _, c := range []struct {
		files fs.FS
		dir   string
	}{{schema.Files, "schema"}, {samples.Files, "samples"}} {
		onDisk, embedded := list(t, os.DirFS(c.dir)), list(t, c.files)
		if embedded != onDisk || embedded == 0 {
			t.Errorf("%s: %d JSON files embedded, %d in the folder", c.dir, embedded, onDisk)
		}
	}
}

func list(t *testing.T, files fs.FS) int {
	t.Helper()
	n := 0
	err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if filepath.Ext(path) == ".json" {
			n++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
