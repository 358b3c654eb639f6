package fit

import (
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// TestClean: what is said is made right before it is measured.
func TestClean(t *testing.T) {
	all := channel.Limits{Text: 500, Styles: []string{"bold", "link"}, Kinds: []events.Kind{events.KindLocation,
		events.KindContacts, events.KindLink, events.KindTemplate},
		Media: map[string]channel.MediaLimit{events.Image: {MIME: []string{"image/jpeg"}, Caption: 99},
			events.File: {MIME: []string{"application/pdf"}, Caption: 99}},
		Choices: []channel.Choices{{Max: 9, Title: 99, Footer: 99, Section: 99, Describe: 99,
			Actions: []string{events.ActionReply, events.ActionCall, events.ActionURL}}}, Folds: true}
	bold := func(body string, from, length int) events.Content {
		return events.Content{Kind: events.KindText, Text: &events.Text{Body: body, Entities: []events.Entity{entity("bold",
			from, length, "")}}}
	}
	pick := func(o events.Option, title string) events.Content {
		return choiceContent(events.Choice{Text: "?", Title: title, Options: []events.Option{o}})
	}
	file := func(m events.Media) events.Content { return events.NewMedia(m) }
	for _, c := range []struct {
		name      string
		in, want  events.Content
		wantsLoss string
	}{
		{"controls", bold("l1\u0000\u0007\u001b[0ml2", 0, 10), bold("l1[0ml2", 0, 7), events.LossNone},
		{"marks behind controls", bold("\u0007👍\u0000ab", 4, 1), bold("👍ab", 2, 1), events.LossNone},
		{"noncharacters", bold("a\uffffb", 0, 3), bold("ab", 0, 2), events.LossNone},
		{"a family stays", events.NewText("👨‍👩‍👧\u200b\n"), events.NewText("👨‍👩‍👧\u200b\n"), events.LossNone},
		{"labels and sections", pick(events.Option{ID: "a", Label: " Small\t \n", Section: "S\u0000 1", Description: " "},
			"\u200b"), pick(events.Option{ID: "a", Label: "Small", Section: "S 1"}, ""), events.LossNone},
		{"a number", pick(events.Option{ID: "a", Label: "Call", Action: events.ActionCall, Value: "0049 (30) 555-01 22"},
			""), pick(events.Option{ID: "a", Label: "Call", Action: events.ActionCall, Value: "+49305550122"}, ""),
			events.LossNone},
		{"an address", pick(events.Option{ID: "a", Label: "Go", Action: events.ActionURL,
			Value: "https://müller.example/a b"}, ""), pick(events.Option{ID: "a", Label: "Go", Action: events.ActionURL,
			Value: "https://xn--mller-kva.example/a%20b"}, ""), events.LossNone},
		{"image/jpg", file(events.Media{Type: events.Image, MIME: "image/jpg", URL: "https://a.example/büro plan.jpg",
			Caption: "\u200b"}), file(events.Media{Type: events.Image, MIME: "image/jpeg",
			URL: "https://a.example/b%C3%BCro%20plan.jpg"}), events.LossNone},
		{"bytes that a name explains", file(events.Media{Type: events.File, MIME: "application/octet-stream", Name: "a.pdf",
			URL: "https://a.example/1"}), file(events.Media{Type: events.File, MIME: "application/pdf", Name: "a.pdf",
			URL: "https://a.example/1"}), events.LossNone},
		{"a template's white space", events.Content{Kind: events.KindTemplate, Template: &events.Template{Name: "n",
			Language: "en", Parameters: []events.Field{{Name: "1", Value: "a\n\tb"}}}},
			events.Content{Kind: events.KindTemplate, Template: &events.Template{Name: "n", Language: "en",
				Parameters: []events.Field{{Name: "1", Value: "a b"}}}}, events.LossStyle},
		{"a contact's blanks", events.Content{Kind: events.KindContacts, Contacts: []events.Card{{Name: "Sam ",
			Company: "\u3164", Phones: []events.LabeledValue{{Value: " "}, {Value: "+44 20"}}}}},
			events.Content{Kind: events.KindContacts, Contacts: []events.Card{{Name: "Sam",
				Phones: []events.LabeledValue{{Value: "+44 20"}}}}}, events.LossNone},
	} {
		p, r := one(c.in, all)
		if diff := cmp.Diff([]Call{{Content: []events.Content{c.want}}}, p.Calls); diff != "" || r.Loss != c.wantsLoss {
			t.Errorf("%s: loss %s, %v (-want +got):\n%s", c.name, r.Loss, r.Details, diff)
		}
	}
	for _, s := range []string{"\u200b\u200d", "\u0000\u0007", "\u3164", "\u00ad \n"} {
		if p, r := one(events.NewText(s), all); r.As != events.AsRefused || len(p.Calls) > 0 {
			t.Errorf("%q is sent as %+v", s, p.Calls)
		}
	}
}

// TestLinks: an address that a platform does not open is read, not pressed.
func TestLinks(t *testing.T) {
	l := channel.Limits{Text: 500, Styles: []string{"link"}, Kinds: []events.Kind{events.KindLink, events.KindForm},
		Links:   channel.Links{Schemes: []string{"tg"}},
		Choices: []channel.Choices{{Max: 9, Actions: []string{events.ActionReply, events.ActionURL}}},
		Cards:   &channel.Cards{Max: 9, Options: 9, Actions: []string{events.ActionURL}}}
	marked := func(url string) events.Content {
		return events.Content{Kind: events.KindText, Text: &events.Text{Body: "see here",
			Entities: []events.Entity{entity("link", 4, 4, url)}}}
	}
	away := []events.Option{{ID: "a", Label: "Go", Action: events.ActionURL, Value: "https://intranet/path"}}
	for name, c := range map[string]struct {
		in   events.Content
		want []string
		loss string
	}{
		"a mark":         {marked("https://intranet/path"), []string{"see here (https://intranet/path)"}, events.LossStyle},
		"another scheme": {marked("sip:a@b.example"), []string{"see here (sip:a@b.example)"}, events.LossStyle},
		"a mark that is": {marked("tg://user?id=1"), []string{"see here"}, events.LossNone},
		"a button": {choiceContent(events.Choice{Text: "?", Options: away}),
			[]string{"?\n1. Go: https://intranet/path"}, events.LossInteraction},
		"a card's button": {events.Content{Kind: events.KindCards, Cards: []events.Panel{{Title: "A", Options: away}}},
			[]string{"A\n1. Go: https://intranet/path"}, events.LossInteraction},
		"a preview": {events.Content{Kind: events.KindLink, Link: &events.Link{URL: "https://localhost:8080/"}},
			[]string{"https://localhost:8080/"}, events.LossStyle},
		"a form": {events.Content{Kind: events.KindForm, Form: &events.Form{ID: "f", Title: "F",
			URL: "https://10.0.0.1/"}}, []string{"F\nhttps://10.0.0.1/"}, events.LossInteraction},
	} {
		p, r := one(c.in, l)
		if diff := cmp.Diff(c.want, bodies(p)); diff != "" || r.Loss != c.loss {
			t.Errorf("%s: loss %s, want %s (-want +got):\n%s", name, r.Loss, c.loss, diff)
		}
	}
}

func TestMarkup(t *testing.T) {
	l := channel.Limits{Text: 500, Styles: []string{"bold"},
		Media: map[string]channel.MediaLimit{events.Image: {Caption: 99}}, Markup: regexp.MustCompile(`<(?:users/|https?:)`)}
	said := events.Content{Kind: events.KindText,
		Text: &events.Text{Body: "Dear <users/all>, a < b, see <https://e.example|it>",
			Entities: []events.Entity{entity("bold", 5, 11, ""), entity("bold", 29, 3, "")}}}
	p, r := one(said, l)
	want := events.Text{Body: "Dear <\u2060users/all>, a < b, see <\u2060https://e.example|it>",
		Entities: []events.Entity{entity("bold", 5, 12, ""), entity("bold", 30, 4, "")}}
	if diff := cmp.Diff(want, *p.Calls[0].Content[0].Text); diff != "" || r.Loss != events.LossNone {
		t.Errorf("loss %s (-want +got):\n%s", r.Loss, diff)
	}
	p, _ = one(events.NewMedia(events.Media{Type: events.Image, URL: "https://a.example/a", Caption: "<users/all>"}), l)
	if got := p.Calls[0].Content[0].Media.Caption; got != "<\u2060users/all>" {
		t.Errorf("caption %q", got)
	}
}

func TestMeasures(t *testing.T) {
	l := channel.Limits{Text: 99, Media: map[string]channel.MediaLimit{events.Image: {Pixels: 10_000, Ratio: 20},
		events.Voice: {Duration: time.Minute}, events.File: {}}}
	for _, c := range []struct {
		media events.Media
		as    string
	}{
		{events.Media{Type: events.Image, Width: 1200, Height: 8800}, events.Image}, {events.Media{Type: events.Image,
			Width: 1200, Height: 9600}, events.File},
		{events.Media{Type: events.Image, Width: 20, Height: 401}, events.File}, {events.Media{Type: events.Image,
			Height: 401}, events.Image},
		{events.Media{Type: events.Voice, DurationMS: 60_000}, events.Voice}, {events.Media{Type: events.Voice,
			DurationMS: 60_001}, events.File},
	} {
		c.media.URL = "https://a.example/a"
		p, _ := one(events.NewMedia(c.media), l)
		if got := p.Calls[0].Content[0].Media.Type; got != c.as {
			t.Errorf("%+v goes as %s, want %s", c.media, got, c.as)
		}
	}
}
