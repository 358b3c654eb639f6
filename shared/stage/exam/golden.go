package exam

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/sample"
)

// rewrite signs what does not verify and writes the goldens.
func rewrite(c candidate, set sample.Set) error {
	for _, s := range set.Samples {
		s.Request = signed(c, set, s)
		if err := os.WriteFile(set.In(s.Name, ".http"), sample.Format(s.Request), 0o644); err != nil {
			return err
		}
		golden, text, err := goldenOf(c, set, s)
		if err != nil {
			return fmt.Errorf("%s.http: %w", s.Name, err)
		}
		if err := os.WriteFile(golden, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// signed is s as the platform would send it. What is accepted already stays as
// it is, so that published vectors keep their bytes.
func signed(c candidate, set sample.Set, s sample.Sample) channel.Request {
	r := clone(s.Request)
	if isHandshake(s) {
		if c.Handshake == nil {
			return r
		}
		if answer, ok := c.Handshake(set.Account, r); ok && isOK(answer) {
			return r
		}
	} else if c.Verify(set.Account, r) == nil {
		return r
	}
	c.Sign(set.Account, &r)
	return r
}

func isHandshake(s sample.Sample) bool { return strings.HasPrefix(s.Name, handshakePrefix) }

// goldenOf is the file and text of the golden of s.
func goldenOf(c candidate, set sample.Set, s sample.Sample) (file string, text []byte, err error) {
	if isHandshake(s) {
		text, err = reply(c, set.Account, s.Request)
		return set.In(s.Name, ".reply"), text, err
	}
	evs, err := parse(c, set.Account, s.Request)
	if err != nil {
		return "", nil, err
	}
	text, err = marshal(evs)
	return set.In(s.Name, ".json"), text, err
}

func marshal(evs []events.Event) ([]byte, error) {
	if evs == nil {
		evs = []events.Event{}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(evs)
	return b.Bytes(), err
}

// reply is the answer to a handshake, as a golden shows it.
func reply(c candidate, a channel.Account, r channel.Request) ([]byte, error) {
	if c.Handshake == nil {
		return nil, fmt.Errorf("the channel has no Handshake, so no sample may be called %s…", handshakePrefix)
	}
	answer, ok := c.Handshake(a, r)
	if !ok {
		return []byte("not a handshake\n"), nil
	}
	status := max(answer.Status, 200)
	return fmt.Appendf(nil, "%d %s\nContent-Type: %s\n\n%s", status, http.StatusText(status), answer.ContentType,
		answer.Body), nil
}

func isOK(r channel.Response) bool { return r.Status == 0 || r.Status/100 == 2 }

// matchGolden compares the samples of one kind with their goldens.
func matchGolden(c candidate, set sample.Set, s sample.Sample) error {
	file, got, err := goldenOf(c, set, s)
	if err != nil {
		return err
	}
	want, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("no golden %s; write it with -update and read it", filepath.Base(file))
	}
	if !bytes.Equal(got, want) {
		return fmt.Errorf("differs from %s (-want +got):\n%s", filepath.Base(file), cmp.Diff(lines(want), lines(got)))
	}
	return nil
}

func lines(text []byte) []string { return strings.SplitAfter(string(text), "\n") }

// orphans finds goldens without a sample and files of another kind.
func orphans(_ candidate, set sample.Set) error {
	files, err := os.ReadDir(filepath.Join(set.Dir, "testdata", "in"))
	if err != nil {
		return err
	}
	for _, f := range files {
		ext := filepath.Ext(f.Name())
		name := strings.TrimSuffix(f.Name(), ext)
		if _, found := set.Find(name); !found || !slices.Contains([]string{".http", ".json", ".reply"}, ext) {
			return fmt.Errorf("testdata/in/%s belongs to no sample; delete it", f.Name())
		}
	}
	return nil
}
