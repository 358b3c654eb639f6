package fit

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

func options(labels ...string) []events.Option {
	var all []events.Option
	for _, l := range labels {
		all = append(all, events.Option{ID: l, Label: l})
	}
	return all
}

// told is a choice as a person sees it, in short.
func told(c *events.Choice) []string {
	all := []string{c.Style, c.Title, c.Text, c.Footer}
	for _, o := range c.Options {
		all = append(all, o.Label)
	}
	return all
}

func TestChoice(t *testing.T) {
	link := events.Option{ID: "u", Label: "Open", Action: events.ActionURL, Value: "https://x.example"}
	where := events.Option{ID: "w", Label: "Where", Action: events.ActionLocation}
	buttons := channel.Choices{Style: events.StyleButtons, Min: 1, Max: 3}
	list := channel.Choices{Style: events.StyleList, Min: 2, Max: 9, Describe: 9, Section: 9}
	form := func(change func(*channel.Choices)) []channel.Choices {
		c := buttons
		change(&c)
		return []channel.Choices{c}
	}
	for _, c := range []struct {
		name   string
		choice events.Choice
		forms  []channel.Choices
		before []string
		want   []string
		loss   string
	}{
		{"as it is", events.Choice{Text: "Q", Options: options("a", "b")}, []channel.Choices{buttons, list}, nil,
			[]string{"buttons", "", "Q", "", "a", "b"}, events.LossNone},
		{"the hint first", events.Choice{Text: "Q", Style: "list", Options: options("a", "b")}, []channel.Choices{buttons,
			list}, nil, []string{"list", "", "Q", "", "a", "b"}, events.LossNone},
		{"capacity decides", events.Choice{Text: "Q", Style: "buttons", Options: options("a", "b", "c", "d")},
			[]channel.Choices{buttons, list}, nil, []string{"list", "", "Q", "", "a", "b", "c", "d"}, events.LossNone},
		{"title and footer", events.Choice{Title: "T", Text: "Q", Footer: "F", Options: options("a")},
			[]channel.Choices{buttons}, nil, []string{"buttons", "", "T\nQ\nF", "", "a"}, events.LossStyle},
		{"title that fits", events.Choice{Title: "T", Text: "Q", Footer: "F", Options: options("a")},
			form(func(c *channel.Choices) { c.Title = 1 }), nil, []string{"buttons", "T", "Q\nF", "", "a"}, events.LossStyle},
		{"long prompt", events.Choice{Text: "One two. Three?", Options: options("a")},
			form(func(c *channel.Choices) { c.Text = 9 }), []string{"One two."}, []string{"buttons", "", "Three?", "", "a"},
			events.LossNone},
		{"additions to a prompt that fits", events.Choice{Title: "Title", Text: "One two.", Options: options("a")},
			form(func(c *channel.Choices) { c.Text = 9 }), []string{"Title"}, []string{"buttons", "", "One two.", "", "a"},
			events.LossStyle},
		{"descriptions", events.Choice{Text: "Q", Options: []events.Option{{ID: "a", Label: "a", Description: "A"}, {ID: "b",
			Label: "b"}}}, []channel.Choices{buttons}, nil, []string{"buttons", "", "Q\na – A\nb", "", "a", "b"},
			events.LossStyle},
		{"sections", events.Choice{Text: "Q", Options: []events.Option{{ID: "a", Label: "a", Section: "S"}, {ID: "b",
			Label: "b", Section: "S"}}}, []channel.Choices{buttons}, nil, []string{"buttons", "", "Q\nS\na\nb", "", "a", "b"},
			events.LossStyle},
		{"long label", events.Choice{Text: "Q", Options: options("a", "👍🏽 long label")},
			form(func(c *channel.Choices) { c.Label = 6 }), nil, []string{"buttons", "", "Q\n👍🏽 long label", "", "a", "👍🏽 lo…"},
			events.LossStyle},
		{"labels that would look alike", events.Choice{Text: "Q", Options: options("long one", "long two")},
			form(func(c *channel.Choices) { c.Label = 5 }), []string{"Q\n1. long one\n2. long two"}, nil,
			events.LossInteraction},
		{"link spelled out", events.Choice{Text: "Q", Options: append(options("a"), link)}, []channel.Choices{buttons}, nil,
			[]string{"buttons", "", "Q\nOpen: https://x.example", "", "a"}, events.LossInteraction},
		{"location becomes an answer", events.Choice{Text: "Q", Options: []events.Option{where}}, []channel.Choices{buttons},
			nil, []string{"buttons", "", "Q", "", "Where"}, events.LossInteraction},
		{"several", events.Choice{Text: "Q", Multiple: true, Options: options("a")}, []channel.Choices{buttons}, nil,
			[]string{"buttons", "", "Q", "", "a"}, events.LossInteraction},
		{"picture of its own", events.Choice{Text: "Q", Header: &events.Media{Type: events.Image,
			URL: "https://x.example/p"}, Options: options("a")}, []channel.Choices{buttons}, []string{"https://x.example/p"},
			[]string{"buttons", "", "Q", "", "a"}, events.LossStyle},
		{"too many", events.Choice{Title: "T", Text: "Q", Footer: "F", Options: append(options("a", "b", "c"), link)},
			form(func(c *channel.Choices) { c.Actions = []string{"reply", "url"} }),
			[]string{"T\nQ\n1. a\n2. b\n3. c\n4. Open: https://x.example\nF"}, nil, events.LossInteraction},
		{"ids too long", events.Choice{Text: "Q", Options: options("é")}, form(func(c *channel.Choices) { c.ID = 1 }),
			[]string{"Q\n1. é"}, nil, events.LossInteraction},
		{"nothing left to answer", events.Choice{Text: "Q", Options: []events.Option{link}}, []channel.Choices{buttons},
			[]string{"Q\n1. Open: https://x.example"}, nil, events.LossInteraction},
	} {
		p, r := one(events.Content{Kind: events.KindChoice, Choice: &c.choice}, channel.Limits{Text: 99, Choices: c.forms})
		shown, before := flat(p), bodies(p)
		var got []string
		if last := shown[len(shown)-1]; last.Choice != nil {
			before, got = before[:len(before)-1], told(last.Choice)
		}
		if diff := cmp.Diff([][]string{c.before, c.want}, [][]string{before, got}, equateEmpty); diff != "" ||
			r.Loss != c.loss {
			t.Errorf("%s: loss %s, want %s (-want +got):\n%s", c.name, r.Loss, c.loss, diff)
		}
		if numbered := c.want == nil; numbered != (r.As == events.AsFallback) && c.choice.Header == nil ||
			numbered != (len(p.Numbered) == len(c.choice.Options)) {
			t.Errorf("%s: %s with %d numbered options", c.name, r.As, len(p.Numbered))
		}
	}
}

var equateEmpty = cmp.Transformer("empty", func(s []string) []string { return append([]string{}, s...) })

// Numbers of one message mean one choice: the last.
func TestNumbered(t *testing.T) {
	ask := func(labels ...string) events.Content {
		return events.Content{Kind: events.KindChoice, Choice: &events.Choice{Text: "Q", Options: options(labels...)}}
	}
	p := Message("here", []events.Content{ask("a", "b"), ask("c")}, channel.Limits{Text: 99})
	if diff := cmp.Diff(options("c"), p.Numbered); diff != "" || len(p.Report[0].Details) != len(p.Report[1].Details)+1 {
		t.Errorf("report %+v (-want +got):\n%s", p.Report, diff)
	}
	cards := events.Content{Kind: events.KindCards, Cards: []events.Panel{{Title: "A", Options: options("a", "b")},
		{Title: "B", Text: "t", Options: options("c")}}}
	p, _ = one(cards, channel.Limits{Text: 99})
	if diff := cmp.Diff([]string{"A\n1. a\n2. b", "B\nt\n3. c"}, bodies(p)); diff != "" {
		t.Errorf("cards are numbered together (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(options("a", "b", "c"), p.Numbered); diff != "" {
		t.Errorf("cards (-want +got):\n%s", diff)
	}
}

func TestCards(t *testing.T) {
	picture := &events.Media{Type: events.Image, URL: "https://x.example/p"}
	panels := func(n int, p events.Panel) []events.Panel {
		var all []events.Panel
		for range n {
			all = append(all, p)
		}
		return all
	}
	for _, c := range []struct {
		name   string
		panels []events.Panel
		limits channel.Cards
		want   []string
		loss   string
	}{
		{"as they are", panels(2, events.Panel{Title: "T"}), channel.Cards{Min: 2, Max: 9}, []string{"<cards>"},
			events.LossNone},
		{"several carousels of about one length", panels(11, events.Panel{Title: "T"}), channel.Cards{Min: 2, Max: 10},
			[]string{"<cards>", "<cards>"}, events.LossNone},
		{"too few", panels(1, events.Panel{Title: "T", Text: "t"}), channel.Cards{Min: 2, Max: 9, Text: 9}, []string{"T\nt"},
			events.LossStyle},
		{"no room for text", panels(1, events.Panel{Title: "T", Text: "t"}), channel.Cards{Max: 9}, []string{"T\nt"},
			events.LossStyle},
		{"picture missing", panels(1, events.Panel{Title: "T"}), channel.Cards{Max: 9, Media: true}, []string{"T"},
			events.LossStyle},
		{"picture without options", panels(1, events.Panel{Title: "T", Media: picture}), channel.Cards{Max: 9, Title: 1,
			Options: 1}, []string{"<cards>"}, events.LossNone},
		{"unlike each other", []events.Panel{{Title: "T", Options: options("a")}, {Title: "U", Media: picture}},
			channel.Cards{Max: 9, Options: 1, Uniform: true}, []string{"<choice>", "<media>"}, events.LossStyle},
	} {
		l := channel.Limits{Text: 99, Cards: &c.limits, Choices: []channel.Choices{{Max: 3}},
			Media: map[string]channel.MediaLimit{events.Image: {Caption: 9}}}
		p, r := one(events.Content{Kind: events.KindCards, Cards: c.panels}, l)
		if diff := cmp.Diff(c.want, bodies(p)); diff != "" || r.Loss != c.loss ||
			(r.As == events.AsNative) != (c.want[0] == "<cards>") {
			t.Errorf("%s: %s %s, want loss %s (-want +got):\n%s", c.name, r.As, r.Loss, c.loss, diff)
		}
	}
}
