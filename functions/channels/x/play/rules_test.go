package play

import "testing"

// TestWeighted counts as the examples of X's page do.
// https://docs.x.com/fundamentals/counting-characters
func TestWeighted(t *testing.T) {
	for text, want := range map[string]int{
		"café": 4, "日本": 4, "👾": 2, "👨‍👩‍👧‍👦": 2, "👍🏽": 2, "🇩🇪": 2, "1️⃣": 2, "a❤️b": 4,
		"see https://example.com/a/very/long/path/of/a/page now": 4 + 23 + 4,
	} {
		if got := weighted.Of(text); got != want {
			t.Errorf("%q weighs %d, want %d", text, got, want)
		}
	}
}
