package channel_test

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

func TestDigest(t *testing.T) {
	seen := map[string]bool{}
	for _, d := range []string{
		channel.Digest(nil), channel.Digest([]byte("a")), channel.Digest([]byte("a"), ""), channel.Digest([]byte("a"), "b"),
		channel.Digest([]byte("ab")),
	} {
		if len(d) != 32 || seen[d] {
			t.Errorf("digest %q is not of 32 digits, or not the only one", d)
		}
		seen[d] = true
	}
	if a, b := channel.Digest([]byte("a"), "b"), channel.Digest([]byte("a"), "b"); a != b {
		t.Errorf("one item has two digests, %s and %s", a, b)
	}
}

func TestDigits(t *testing.T) {
	for s, want := range map[string]bool{"15550100099": true, "0": true, "": false, "+1555": false, "1 5": false,
		"US.1": false, "١٢": false} {
		if got := channel.Digits(s); got != want {
			t.Errorf("Digits(%q) is %t", s, got)
		}
	}
}

func TestWithin(t *testing.T) {
	list := []events.Entity{{Offset: 0, Length: 3}, {Offset: 2, Length: 1}, {Offset: 2, Length: 2}, {Offset: -1,
		Length: 1}, {Offset: 0}, {Offset: 3, Length: math.MaxInt}}
	if diff := cmp.Diff([]events.Entity{{Offset: 0, Length: 3}, {Offset: 2, Length: 1}}, channel.Within("😀a",
		list)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got := channel.Within("a", nil); got != nil {
		t.Errorf("no entities become %v", got)
	}
}

// TestPosts counts as X's page on counting characters does; where it leaves open whether
// something is an address, no less.
func TestPosts(t *testing.T) {
	for text, want := range map[string]int{
		"": 0, "kettle": 6, "Straße, “quoted” – or…": 23, "漢字。": 6, "🍎": 2,
		"see https://example.com/a/very/long/path?with=many&parameters=in it": 4 + 23 + 3,
		"https://a.co":   23,
		"漢https://a.co漢": 27,
		"a.co":           23, // a bare host
		"https://localhost/" + strings.Repeat("x", 30): 48, // not surely one
		"End. New": 8,
	} {
		if got := channel.Posts.Len(text); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}
