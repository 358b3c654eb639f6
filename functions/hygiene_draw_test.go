package functions_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/relais-dev/relais/events"
)

// openFile is a file to be sent: the smallest PNG for an image.
func openFile(_ context.Context, m events.Media) (io.ReadCloser, error) {
	if m.Type == events.Image || m.Type == events.Sticker {
		return io.NopCloser(strings.NewReader("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89")), nil
	}
	return io.NopCloser(strings.NewReader("a file")), nil
}

// What people and systems write, and what stands around it.
var (
	said = rapid.SampledFrom([]string{"kettle", "Straße", "👨‍👩‍👧‍👦", "1024.", "<users/all>",
		"<https://evil.example|bank>", `<a href="x">`, "*b*", "_i_", "`c`", "~s~", "{name}", "{{1}}", "@everyone",
		"<@!all>", "שלום", "漢字。", "\u202eabc\u202c", "%s", "${x}", `\`, `"`, "&amp;", "&", "=1+1", strings.Repeat("long",
			40)})
	noise = rapid.SampledFrom([]string{" ", " ", "\n", "\t", "  ", "\r\n", "\u0000", "\u0007", "\u001b[0m", "\u200b",
		"\u00a0", "\uffff", "\ufdd0", "\u2028", "\u0085", "\u3000", "\ufeff", "\u00ad"})
	nothing = rapid.SampledFrom([]string{"", "", " ", "\u200b", "\u3164", "\u0000\n", "\u00ad"})
	places  = rapid.SampledFrom([]string{"https://cdn.example.com/büro plan 1.jpg", "https://müller.example/a?q=ü b#c#d",
		"https://intranet/path", "https://localhost:8443/x", "https://10.0.0.1/a.png",
		"https://cdn.example.com/b%C3%BCro.PDF", "https://cdn.example.com/100%.mp4", "https://example.com",
		"HTTPS://Example.COM/{a}|b", "https://例え.テスト/"})
	numbers = rapid.SampledFrom([]string{"0049 (30) 555-01 22", "+49(0)30\u00a05550122", "tel:+44-20-7946-0000",
		"＋４４２０７９４６００００", "12125550100", "+44\u201120\u20117946\u20110000"})
	mimes = rapid.SampledFrom([]string{"", "image/jpg", "image/jpeg", "IMAGE/PNG", "audio/mp3", "audio/x-m4a",
		"audio/ogg; codecs=opus", "video/mp4", "application/octet-stream", "application/pdf", "image/gif", "jpeg"})
	kindsOf = rapid.SampledFrom([]events.Kind{events.KindText, events.KindText, events.KindMedia, events.KindMedia,
		events.KindChoice, events.KindChoice, events.KindCards, events.KindLocation,
		events.KindContacts, events.KindForm, events.KindSchedule, events.KindPayment, events.KindProduct, events.KindOrder,
		events.KindTemplate, events.KindLink})
)

// draw checks as many draws as rapid is told to, or many more where there is time for
// them (.ci/run and `make thorough` say so), and then names the seed that draws them again.
func draw(t *testing.T, check func(*rapid.T)) {
	t.Helper()
	const many = "2000"
	checks, seed := flag.Lookup("rapid.checks"), flag.Lookup("rapid.seed")
	if os.Getenv("RELAIS_THOROUGH") != "" && checks.Value.String() == checks.DefValue {
		set(t, checks.Name, many)
	}
	if seed.Value.String() == seed.DefValue {
		set(t, seed.Name, strconv.FormatUint(rand.Uint64(), 10))
	}
	t.Logf("draws: -rapid.checks=%s -rapid.seed=%s", checks.Value, seed.Value)
	rapid.Check(t, check)
}

func set(t *testing.T, name, value string) {
	t.Helper()
	if err := flag.Set(name, value); err != nil {
		t.Fatal(err)
	}
}

// drawSaid is a text that shows something.
func drawSaid(t *rapid.T, most int) string {
	var b strings.Builder
	for i := range rapid.IntRange(1, most).Draw(t, "words") {
		if i > 0 || rapid.Bool().Draw(t, "edge") {
			b.WriteString(noise.Draw(t, "noise"))
		}
		b.WriteString(said.Draw(t, "word"))
	}
	if rapid.Bool().Draw(t, "end") {
		b.WriteString(noise.Draw(t, "noise"))
	}
	return b.String()
}

// drawMaybe is a text that may show nothing.
func drawMaybe(t *rapid.T, most int) string {
	if rapid.Bool().Draw(t, "none") {
		return nothing.Draw(t, "nothing")
	}
	return drawSaid(t, most)
}

func drawMedia(t *rapid.T) *events.Media {
	return &events.Media{Type: rapid.SampledFrom([]string{events.Image, events.Image, events.Video, events.Audio,
		events.Voice, events.File, events.Sticker, events.Animation}).Draw(t, "type"),
		MIME: mimes.Draw(t, "mime"), Name: drawMaybe(t, 2), Caption: drawMaybe(t, 6), Alt: drawMaybe(t, 2),
		URL: places.Draw(t, "url"), Bytes: rapid.Int64Range(0, 200_000).Draw(t, "bytes"),
		Width: rapid.IntRange(0, 12_000).Draw(t, "width"), Height: rapid.IntRange(0, 12_000).Draw(t, "height"),
		DurationMS: rapid.Int64Range(0, 400_000).Draw(t, "duration")}
}

func drawOptions(t *rapid.T, least, most int) []events.Option {
	options := []events.Option{}
	for i := range rapid.IntRange(least, most).Draw(t, "options") {
		o := events.Option{ID: fmt.Sprintf("größe %d", i), Label: drawSaid(t, 2), Description: drawMaybe(t, 2),
			Section: drawMaybe(t, 1)}
		o.Action = rapid.SampledFrom([]string{"", events.ActionReply, events.ActionPostback, events.ActionURL,
			events.ActionCall, events.ActionLocation, events.ActionContact, events.ActionWebView, events.ActionCopy}).Draw(t,
			"action")
		switch o.Action {
		case events.ActionURL, events.ActionWebView:
			o.Value = places.Draw(t, "address")
		case events.ActionCall:
			o.Value = numbers.Draw(t, "number")
		case events.ActionCopy:
			o.Value = drawSaid(t, 2)
		}
		options = append(options, o)
	}
	return options
}

func drawHeader(t *rapid.T) *events.Media {
	if rapid.Bool().Draw(t, "headless") {
		return nil
	}
	return drawMedia(t)
}

func drawContent(t *rapid.T) events.Content {
	c := events.Content{Kind: kindsOf.Draw(t, "kind")}
	euro := &events.Money{Amount: 1350, Currency: "EUR"}
	switch c.Kind {
	case events.KindText:
		c.Text = &events.Text{Body: drawSaid(t, 30), Format: rapid.SampledFrom([]string{"", events.Plain,
			events.Markdown}).Draw(t, "format")}
		if rapid.Bool().Draw(t, "marked") {
			c.Text.Entities = []events.Entity{{Type: rapid.SampledFrom([]string{"bold", "link", "mention", "code"}).Draw(t,
				"mark"), Length: 1, Value: places.Draw(t, "value")}}
		}
	case events.KindMedia:
		c.Media = drawMedia(t)
	case events.KindChoice:
		c.Choice = &events.Choice{Text: drawSaid(t, 10), Title: drawMaybe(t, 2), Footer: drawMaybe(t, 2),
			Button: drawMaybe(t, 1), Header: drawHeader(t),
			Style: rapid.SampledFrom([]string{"", events.StyleButtons, events.StyleQuick, events.StyleList,
				events.StylePicker}).Draw(t, "style"), Options: drawOptions(t, 1, 5)}
	case events.KindCards:
		for range rapid.IntRange(1, 4).Draw(t, "cards") {
			c.Cards = append(c.Cards, events.Panel{Title: drawSaid(t, 2), Text: drawMaybe(t, 4), Media: drawHeader(t),
				Options: drawOptions(t, 0, 2)})
		}
	case events.KindLocation:
		c.Location = &events.Location{Latitude: 51.5, Longitude: -0.1, Name: drawMaybe(t, 2), Address: drawMaybe(t, 3)}
	case events.KindContacts:
		c.Contacts = []events.Card{{Name: drawSaid(t, 2), Company: drawMaybe(t, 1),
			Phones: []events.LabeledValue{{Label: drawMaybe(t, 1), Value: numbers.Draw(t, "phone")}, {Value: nothing.Draw(t,
				"blank")}}}}
	case events.KindForm:
		c.Form = &events.Form{ID: "f", Title: drawSaid(t, 2), Text: drawMaybe(t, 3), Submit: drawMaybe(t, 1),
			URL: places.Draw(t, "page"), Fields: []events.FormField{{ID: "a", Label: drawSaid(t, 1), Type: events.InputText}}}
	case events.KindSchedule:
		c.Schedule = &events.Schedule{ID: "s", Title: drawSaid(t, 2), Text: drawMaybe(t, 2), Zone: "Europe/Berlin",
			Slots: []events.Slot{{ID: "1", Start: time.Unix(1790000000, 0), DurationMS: 60_000}}}
	case events.KindPayment:
		c.Payment = &events.Payment{Reference: "r", Title: drawMaybe(t, 2), Amount: euro, URL: places.Draw(t, "page"),
			Lines: []events.PaymentLine{{Label: drawSaid(t, 1), Amount: *euro}}}
	case events.KindProduct:
		c.Product = &events.Product{ID: "p", Title: drawMaybe(t, 2), Text: drawMaybe(t, 3), Image: places.Draw(t, "image"),
			Price: euro}
	case events.KindOrder:
		c.Order = &events.Order{Text: drawMaybe(t, 2), Items: []events.OrderItem{{Product: "p", Name: drawMaybe(t, 1),
			Quantity: 2, Price: euro}}}
	case events.KindTemplate:
		c.Template = &events.Template{Name: "order_shipped", Language: rapid.SampledFrom([]string{"pt-BR", "en_GB",
			"de"}).Draw(t, "language"), Category: "utility",
			Parameters: []events.Field{{Name: "2", Value: drawSaid(t, 3)}, {Name: "1", Value: drawSaid(t, 3)}},
			Fallback:   []events.Content{events.NewText(drawSaid(t, 4))}}
	case events.KindLink:
		c.Link = &events.Link{URL: places.Draw(t, "url"), Title: drawMaybe(t, 2), Text: drawMaybe(t, 2),
			Image: places.Draw(t, "image")}
	}
	return c
}

func drawOutbound(t *rapid.T) events.Outbound {
	o := events.Outbound{IdempotencyKey: "k", To: events.To{Conversation: events.ConversationID("a", "b", "c")}}
	for range rapid.IntRange(1, 3).Draw(t, "parts") {
		o.Content = append(o.Content, drawContent(t))
	}
	return o
}
