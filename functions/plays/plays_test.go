package plays_test

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/relais-dev/relais/functions"
	"github.com/relais-dev/relais/functions/plays"
)

var update = flag.Bool("update", false, "rewrite the rulebooks for people, channels/*/play/RULES.md, and READMEs")

// TestEveryChannelIsPlayed keeps the stage in step with functions.Channels: a channel
// without a platform cannot be tried, and one platform too many plays to nobody.
func TestEveryChannelIsPlayed(t *testing.T) {
	channels, all := functions.Channels(), plays.All()
	if len(channels) != len(all) {
		t.Fatalf("%d channels, %d plays", len(channels), len(all))
	}
	for i, c := range channels {
		if all[i].Channel != c.Name {
			t.Errorf("play %d is of %q, want %q", i+1, all[i].Channel, c.Name)
		}
	}
}

// TestRulebooks holds every rule to its duties: a source, an answer, something it asks
// for. RULES.md shows them to people, with their number and the pages they come from.
func TestRulebooks(t *testing.T) {
	for _, p := range plays.All() {
		if err := p.Validate(); err != nil {
			t.Error(err)
		}
		file := filepath.Join("..", "channels", p.Channel, "play", "RULES.md")
		if *update {
			if err := os.WriteFile(file, []byte(p.Sheet()), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if text, err := os.ReadFile(file); err != nil || string(text) != p.Sheet() {
			t.Errorf("%s is not up to date: run go test ./functions/plays -update", file)
		}
	}
}

// TestReadmes: who reads what a channel leaves out sees how much the rulebook asks, in
// numbers that cannot drift from it.
func TestReadmes(t *testing.T) {
	const head, begin, end = "\n## Left out\n\n", "<!-- rules -->\n", "<!-- /rules -->\n"
	for _, p := range plays.All() {
		file := filepath.Join("..", "channels", p.Channel, "README.md")
		doc, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		before, rest, ok := strings.Cut(string(doc), head+begin)
		_, after, closed := strings.Cut(rest, end)
		if !ok || !closed {
			t.Errorf("%s has no section %q that begins with %q and %q", file, strings.TrimSpace(head), begin, end)
			continue
		}
		want := before + head + begin + "The rulebook, [play/RULES.md](play/RULES.md): " + p.Summary() + "\n" + end + after
		if *update {
			if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if string(doc) != want {
			t.Errorf("%s is not up to date: run go test ./functions/plays -update", file)
		}
	}
}

// TestPlaysKnowNoChannel: a judge that imports the composer shares its mistakes. A play
// may import the stage, the contract and what its company's plays share, and no more.
func TestPlaysKnowNoChannel(t *testing.T) {
	const module = "github.com/relais-dev/relais/"
	out, err := exec.Command("go", "list", "-f", "{{.ImportPath}} {{join .Imports \" \"}}",
		"../channels/.../play").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for line := range strings.Lines(string(out)) {
		list := strings.Fields(line)
		for _, imported := range list[1:] {
			own, ours := strings.CutPrefix(imported, module)
			company := strings.HasPrefix(own, "functions/channels/internal/") && strings.HasSuffix(own, "/play")
			if ours && own != "shared/channel" && own != "shared/stage/play" && !company {
				t.Errorf("%s imports %s", list[0], imported)
			}
		}
	}
}
