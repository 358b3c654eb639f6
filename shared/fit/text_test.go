package fit

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// bodies are the texts of p, and the kinds of what is no text.
func bodies(p Plan) []string {
	var all []string
	for _, c := range flat(p) {
		if c.Kind == events.KindText {
			all = append(all, c.Text.Body)
		} else {
			all = append(all, "<"+string(c.Kind)+">")
		}
	}
	return all
}

func one(c events.Content, l channel.Limits) (Plan, events.Rendering) {
	p := Message("here", []events.Content{c}, l)
	return p, p.Report[0]
}

func TestSplit(t *testing.T) {
	family, flag := "👨‍👩‍👧‍👦", "🏴󠁧󠁢󠁳󠁣󠁴󠁿"
	for _, c := range []struct {
		name, body string
		limits     channel.Limits
		want       []string
	}{
		{"fits", " a b ", channel.Limits{Text: 5}, []string{" a b "}},
		{"paragraph before line", "one\ntwo\n\nthree\nfour", channel.Limits{Text: 16}, []string{"one\ntwo", "three\nfour"}},
		{"line before sentence", "One. Two\nthree. Four", channel.Limits{Text: 16}, []string{"One. Two", "three. Four"}},
		{"sentence before word", "One two. Three four", channel.Limits{Text: 15}, []string{"One two.", "Three four"}},
		{"word before character", "one two", channel.Limits{Text: 6}, []string{"one", "two"}},
		{"character", "onetwo", channel.Limits{Text: 4}, []string{"onet", "wo"}},
		{"an ideographic sentence", "今日は。明日も。", channel.Limits{Text: 6}, []string{"今日は。", "明日も。"}},
		{"an abbreviation is one word", "see v1.Two now", channel.Limits{Text: 9}, []string{"see", "v1.Two", "now"}},
		{"space at the cut goes", "one  \n  two", channel.Limits{Text: 5}, []string{"one", "two"}},
		{"space that does not part", "cost 13\u00a0€", channel.Limits{Text: 8}, []string{"cost", "13\u00a0€"}},
		{"trailing space goes", "four     ", channel.Limits{Text: 4}, []string{"four"}},
		{"leading space goes", "      four", channel.Limits{Text: 4}, []string{"four"}},
		{"a URL stays whole", "go to https://x.example/a-b?c=D. now", channel.Limits{Text: 28}, []string{"go to",
			"https://x.example/a-b?c=D.", "now"}},
		{"a URL after no space", "(https://x.example)", channel.Limits{Text: 18}, []string{"(", "https://x.example)"}},
		{"a URL among ideographs", "見て https://x.example/a。次の文です", channel.Limits{Text: 24},
			[]string{"見て https://x.example/a。", "次の文です"}},
		{"a URL that is too long", "https://x.example/abcdef", channel.Limits{Text: 20}, []string{"https://x.example/",
			"abcdef"}},
		{"families", strings.Repeat(family, 3), channel.Limits{Text: 12, Unit: channel.UTF16}, []string{family, family,
			family}},
		{"flags", "🇯🇵🇩🇪🇫🇷", channel.Limits{Text: 6}, []string{"🇯🇵🇩🇪🇫🇷"}},
		{"flags, cut", "🇯🇵🇩🇪🇫🇷", channel.Limits{Text: 5}, []string{"🇯🇵🇩🇪", "🇫🇷"}},
		{"tagged flag", flag + flag, channel.Limits{Text: 30, Unit: channel.Bytes}, []string{flag, flag}},
		{"combining marks", "e\u0301e\u0301e\u0301", channel.Limits{Text: 5}, []string{"e\u0301e\u0301", "e\u0301"}},
		{"Hangul", "\u1112\u1161\u11ab\u1112\u1161\u11ab", channel.Limits{Text: 5}, []string{"\u1112\u1161\u11ab",
			"\u1112\u1161\u11ab"}},
		{"a character that is too long", family, channel.Limits{Text: 1, Unit: channel.UTF16}, []string{"👨\u200d", "👩\u200d",
			"👧\u200d", "👦"}},
		{"septets", "12345678~", channel.Limits{Text: 9, Unit: channel.GSM}, []string{"12345678", "~"}},
		{"UCS-2 takes twice the room only where it is needed", "12345678 ж", channel.Limits{Text: 10, Unit: channel.GSM},
			[]string{"12345678 ж"}},
	} {
		p, r := one(events.NewText(c.body), c.limits)
		if diff := cmp.Diff(c.want, bodies(p)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
		if r.As != events.AsNative || r.Loss != events.LossNone || (len(c.want) > 1) != (len(r.Details) > 0) {
			t.Errorf("%s: reported as %+v", c.name, r)
		}
	}
}

func TestEntities(t *testing.T) {
	link := func(body, url string, offset, length int) events.Text {
		return events.Text{Body: body, Entities: []events.Entity{entity("link", offset, length, url)}}
	}
	for _, c := range []struct {
		name string
		text events.Text
		l    channel.Limits
		want []events.Text
		loss string
	}{
		{"shown", events.Text{Body: "a b", Format: events.Plain, Entities: []events.Entity{entity("bold", 2, 1, "")}},
			channel.Limits{Text: 9, Styles: []string{"bold"}},
			[]events.Text{{Body: "a b", Entities: []events.Entity{entity("bold", 2, 1, "")}}}, events.LossNone},
		{"not shown", events.Text{Body: "a b", Entities: []events.Entity{entity("bold", 2, 1, "")}}, channel.Limits{Text: 9},
			[]events.Text{{Body: "a b"}}, events.LossStyle},
		{"spans of plain text", events.Text{Body: "@a #b", Entities: []events.Entity{entity("mention", 0, 2, "1"),
			entity("hashtag", 3, 2, "")}}, channel.Limits{Text: 9}, []events.Text{{Body: "@a #b"}}, events.LossNone},
		{"outside of the text", events.Text{Body: "a", Entities: []events.Entity{entity("bold", 1, 1, "")}},
			channel.Limits{Text: 9, Styles: []string{"bold"}}, []events.Text{{Body: "a"}}, events.LossNone},
		{"link", link("see the lid here", "https://x.example", 4, 7), channel.Limits{Text: 99},
			[]events.Text{{Body: "see the lid (https://x.example) here"}}, events.LossStyle},
		{"link whose words are the URL", link("see x.example/", "https://x.example", 4, 10), channel.Limits{Text: 99},
			[]events.Text{{Body: "see x.example/"}}, events.LossNone},
		{"link that ends inside a character", link("e\u0301!", "https://x.example", 0, 1), channel.Limits{Text: 99},
			[]events.Text{{Body: "e\u0301 (https://x.example)!"}}, events.LossStyle},
		{"others move", events.Text{Body: "a b c d", Entities: []events.Entity{entity("link", 2, 1, "https://x.example"),
			entity("bold", 6, 1, ""), entity("italic", 0, 5, ""), entity("bold", 2, 1, "")}},
			channel.Limits{Text: 99, Styles: []string{"bold", "italic"}},
			[]events.Text{{Body: "a b (https://x.example) c d", Entities: []events.Entity{entity("bold", 26, 1, ""),
				entity("italic", 0, 25, ""), entity("bold", 2, 1, "")}}}, events.LossStyle},
		{"cut with their text", events.Text{Body: "👍🏽 one two", Entities: []events.Entity{entity("bold", 5, 7, "")}},
			channel.Limits{Text: 8, Unit: channel.UTF16, Styles: []string{"bold"}},
			[]events.Text{{Body: "👍🏽 one", Entities: []events.Entity{entity("bold", 5, 3, "")}}, {Body: "two",
				Entities: []events.Entity{entity("bold", 0, 3, "")}}}, events.LossNone},
		{"Markdown", events.Text{Body: "**a** [b](https://x.example)", Format: events.Markdown}, channel.Limits{Text: 99,
			Styles: []string{"bold"}},
			[]events.Text{{Body: "a b (https://x.example)", Entities: []events.Entity{entity("bold", 0, 1, "")}}},
			events.LossStyle},
	} {
		p, r := one(events.Content{Kind: events.KindText, Text: &c.text}, c.l)
		var got []events.Text
		for _, content := range flat(p) {
			got = append(got, *content.Text)
		}
		if diff := cmp.Diff(c.want, got); diff != "" || r.Loss != c.loss {
			t.Errorf("%s: loss %s, want %s (-want +got):\n%s", c.name, r.Loss, c.loss, diff)
		}
	}
}
