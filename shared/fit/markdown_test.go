package fit

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/relais-dev/relais/events"
)

func entity(typ string, offset, length int, value string) events.Entity {
	return events.Entity{Type: typ, Offset: offset, Length: length, Value: value}
}

func TestMarkdown(t *testing.T) {
	for _, c := range []struct {
		source, body string
		marks        []events.Entity
	}{
		{"plain", "plain", nil},
		{"**bold** and *italic*", "bold and italic", []events.Entity{entity("bold", 0, 4, ""), entity("italic", 9, 6, "")}},
		{"__bold__ _it_ ~~no~~ `c*d*`", "bold it no c*d*", []events.Entity{
			entity("bold", 0, 4, ""), entity("italic", 5, 2, ""), entity("strikethrough", 8, 2, ""), entity("code", 11, 4,
				"")}},
		{"***both***", "both", []events.Entity{entity("bold", 0, 4, ""), entity("italic", 0, 4, "")}},
		{"**a *b* c**", "a b c", []events.Entity{entity("bold", 0, 5, ""), entity("italic", 2, 1, "")}},
		{"*over\nlines*", "over\nlines", []events.Entity{entity("italic", 0, 10, "")}},
		{"5 * 3 * 2 and 2_000_000, ~5~ **", "5 * 3 * 2 and 2_000_000, ~5~ **", nil},
		{`\*not\* \[a](b) \q`, `*not* [a](b) \q`, nil},
		{"[Lid](https://x.example/lid?a=1&b=2 \"t\")!", "Lid!", []events.Entity{entity("link", 0, 3,
			"https://x.example/lid?a=1&b=2")}},
		{"[**Lid**](https://x.example/a_(b)_c)", "Lid", []events.Entity{entity("bold", 0, 3, ""), entity("link", 0, 3,
			"https://x.example/a_(b)_c")}},
		{"[x](relative) [y](javascript:z) [z]", "[x](relative) [y](javascript:z) [z]", nil},
		{"![pic](https://x.example/p.png)", "pic", []events.Entity{entity("link", 0, 3, "https://x.example/p.png")}},
		{"[](https://x.example)", "https://x.example", nil},
		{"<https://x.example/_a_> <sam@x.example> <b>", "https://x.example/_a_ sam@x.example <b>", nil},
		{"https://x.example/_a_*b*_c **https://x.example**", "https://x.example/_a_*b*_c https://x.example",
			[]events.Entity{entity("bold", 27, 17, "")}},
		{"# Title #\ntext\n## *Sub*", "Title\ntext\nSub", []events.Entity{entity("bold", 0, 5, ""), entity("bold", 11, 3,
			""), entity("italic", 11, 3, "")}},
		{"- a\n* b\n  + c\n1) d\n2. e", "- a\n- b\n  - c\n1. d\n2. e", nil},
		{"a\n\n```go\nx := *y*\n\n# z\n```\nb", "a\n\nx := *y*\n\n# z\nb", []events.Entity{entity("pre", 3, 13, "")}},
		{"```\nopen", "open", []events.Entity{entity("pre", 0, 4, "")}},
		{"````\n```\n````", "```", []events.Entity{entity("pre", 0, 3, "")}},
		{"🙂 **b**", "🙂 b", []events.Entity{entity("bold", 3, 1, "")}},
		{"a ``b ` c`` `d", "a b ` c `d", []events.Entity{entity("code", 2, 5, "")}},
		{"*a **b c*", "*a *b c", []events.Entity{entity("italic", 4, 3, "")}},
		{"**a [b** c](https://x.example)", "**a b** c", []events.Entity{entity("link", 4, 5, "https://x.example")}},
		{"[a [b](https://x.example)](https://y.example)", "[a b](https://y.example)", []events.Entity{entity("link", 3, 1, "https://x.example")}},
		{"a] [b](https://x.example) [c [d", "a] b [c [d", []events.Entity{entity("link", 3, 1, "https://x.example")}},
		{"a* *b **c* d*", "a* *b c d", []events.Entity{entity("italic", 6, 3, ""), entity("italic", 6, 1, "")}},
		{"hard\\\nbreak", "hard\nbreak", nil},
	} {
		got := markdown(c.source)
		if diff := cmp.Diff(prose{c.body, c.marks}, got, cmp.AllowUnexported(prose{})); diff != "" {
			t.Errorf("%q (-want +got):\n%s", c.source, diff)
		}
	}
}
