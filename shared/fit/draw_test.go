package fit

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
	"pgregory.net/rapid"
)

const linked = "https://example.com/v"

var (
	words = rapid.SampledFrom([]string{"kettle", "Straße", "e\u0301te\u0301", "👨‍👩‍👧‍👦", "🇯🇵🇩🇪", "👍🏽", "1️⃣", "क्षि",
		"\u1112\u1161\u11ab\u1100\u1173\u11af", "漢字かな。次の文。",
		"1024.", "Done!", "well-known", "a@example.com", "13\u00a0€", "שלום", "https://example.com/a/b-c?d=e#f",
		"http://x.example/" + strings.Repeat("long-", 12),
		strings.Repeat("Donaudampf", 8), strings.Repeat("👨‍👩‍👧‍👦", 6), "[~]"})
	gaps  = rapid.SampledFrom([]string{" ", " ", " ", " ", "  ", "\n", "\n\n", "\r\n"})
	types = []string{events.Image, events.Video, events.Audio, events.Voice, events.File, events.Sticker,
		events.Animation}
	mimes = []string{"", "image/jpeg", "image/webp", "image/gif", "video/mp4", "audio/mpeg", "audio/ogg; codecs=opus",
		"application/pdf"}
	acts = []string{"", events.ActionReply, events.ActionPostback, events.ActionURL, events.ActionCall,
		events.ActionLocation, events.ActionContact, events.ActionWebView, events.ActionCopy}
	kinds = []events.Kind{events.KindText, events.KindText, events.KindMedia, events.KindMedia, events.KindChoice,
		events.KindChoice, events.KindChoice, events.KindCards, events.KindCards,
		events.KindLocation, events.KindContacts, events.KindForm, events.KindSchedule, events.KindPayment,
		events.KindProduct, events.KindOrder, events.KindTemplate, events.KindLink, events.KindNative}
	marks = []string{"bold", "italic", "link", "mention", "emoji"}
)

func drawText(t *rapid.T, least, most int) string {
	var b strings.Builder
	for i := range rapid.IntRange(least, most).Draw(t, "words") {
		if i > 0 {
			b.WriteString(gaps.Draw(t, "gap"))
		}
		b.WriteString(words.Draw(t, "word"))
	}
	return b.String()
}

func drawMarks(t *rapid.T, body string) []events.Entity {
	n := units(body)
	if n == 0 {
		return nil
	}
	var all []events.Entity
	for range rapid.IntRange(0, 3).Draw(t, "marks") {
		from := rapid.IntRange(0, n-1).Draw(t, "from")
		all = append(all, events.Entity{Type: rapid.SampledFrom(marks).Draw(t, "mark"), Offset: from,
			Length: rapid.IntRange(1, n-from).Draw(t, "length"), Value: linked})
	}
	return all
}

func drawMedia(t *rapid.T) events.Media {
	m := events.Media{Type: rapid.SampledFrom(types).Draw(t, "type"), MIME: rapid.SampledFrom(mimes).Draw(t, "mime"),
		Caption: drawText(t, 0, 12), Name: drawText(t, 0, 1), Bytes: rapid.Int64Range(0, 30).Draw(t, "bytes")}
	m.Entities = drawMarks(t, m.Caption)
	switch rapid.IntRange(0, 5).Draw(t, "source") {
	case 0:
		m.PlatformID = "p1"
	case 1:
		m.SHA256 = strings.Repeat("0a", 32)
	default:
		m.URL = "https://media.example.com/m"
	}
	return m
}

func drawPicture(t *rapid.T) *events.Media {
	if rapid.Bool().Draw(t, "bare") {
		return nil
	}
	m := drawMedia(t)
	if rapid.Bool().Draw(t, "picture") {
		m.Type, m.MIME, m.Caption, m.Entities = events.Image, "image/jpeg", "", nil
	}
	return &m
}

func drawOptions(t *rapid.T, least, most int) []events.Option {
	options := []events.Option{}
	easy := rapid.Bool().Draw(t, "easy")
	for i := range rapid.IntRange(least, most).Draw(t, "options") {
		o := events.Option{ID: fmt.Sprintf("%s%d", strings.Repeat("i", rapid.IntRange(0, 9).Draw(t, "id")), i),
			Label: drawText(t, 1, 2)}
		if !easy {
			o.Action = rapid.SampledFrom(acts).Draw(t, "action")
			o.Description, o.Section = drawText(t, 0, 2), drawText(t, 0, 1)
		}
		if !slices.Contains([]string{"", events.ActionReply, events.ActionLocation, events.ActionContact}, o.Action) {
			o.Value = "https://example.com/o"
		}
		options = append(options, o)
	}
	return options
}

func drawChoice(t *rapid.T) *events.Choice {
	styles := []string{"", events.StyleButtons, events.StyleQuick, events.StyleList, events.StylePicker}
	return &events.Choice{Text: drawText(t, 1, 20), Title: drawText(t, 0, 2), Footer: drawText(t, 0, 2),
		Header: drawPicture(t), Button: drawText(t, 0, 1),
		Style: rapid.SampledFrom(styles).Draw(t, "style"), Options: drawOptions(t, 1, 6), Multiple: rapid.Bool().Draw(t,
			"multiple")}
}

func drawPanels(t *rapid.T) []events.Panel {
	var all []events.Panel
	for range rapid.IntRange(1, 6).Draw(t, "panels") {
		all = append(all, events.Panel{Title: drawText(t, 1, 2), Text: drawText(t, 0, 4), Media: drawPicture(t),
			Options: drawOptions(t, 0, 2)})
	}
	return all
}

func drawParts(t *rapid.T) []events.Content {
	var all []events.Content
	for range rapid.IntRange(1, 4).Draw(t, "parts") {
		all = append(all, drawContent(t, 0))
	}
	return all
}

func drawContent(t *rapid.T, depth int) events.Content {
	c := events.Content{Kind: rapid.SampledFrom(kinds).Draw(t, "kind")}
	euro := &events.Money{Amount: 1350, Currency: "EUR"}
	switch c.Kind {
	case events.KindText:
		body := drawText(t, 1, 60)
		c.Text = &events.Text{Body: body, Entities: drawMarks(t, body)}
	case events.KindMedia:
		m := drawMedia(t)
		c.Media = &m
	case events.KindChoice:
		c.Choice = drawChoice(t)
	case events.KindCards:
		c.Cards = drawPanels(t)
	case events.KindLocation:
		c.Location = &events.Location{Latitude: 51.5, Longitude: -0.1, Name: drawText(t, 0, 2)}
	case events.KindContacts:
		c.Contacts = slices.Repeat([]events.Card{{Name: drawText(t, 1, 2), Phones: []events.LabeledValue{{Label: "home",
			Value: "+44 20"}}}}, rapid.IntRange(1, 5).Draw(t, "cards"))
	case events.KindForm:
		c.Form = &events.Form{ID: "f", Title: drawText(t, 1, 3), Text: drawText(t, 0, 3),
			Fields: []events.FormField{{ID: "a", Label: drawText(t, 1, 2), Type: events.InputText}}}
	case events.KindPayment:
		c.Payment = &events.Payment{Reference: "r", Title: drawText(t, 0, 2), Amount: euro,
			Lines: []events.PaymentLine{{Label: drawText(t, 1, 2), Amount: *euro}}}
	case events.KindProduct:
		c.Product = &events.Product{ID: "p", Title: drawText(t, 0, 2), Text: drawText(t, 0, 6), Price: euro,
			Image: rapid.SampledFrom([]string{"", linked}).Draw(t, "image")}
	case events.KindOrder:
		c.Order = &events.Order{Text: drawText(t, 0, 3), Items: []events.OrderItem{{Product: "p", Name: drawText(t, 0, 2),
			Quantity: 2, Price: euro}}}
	case events.KindLink:
		c.Link = &events.Link{URL: linked, Title: drawText(t, 0, 2), Text: drawText(t, 0, 3)}
	case events.KindNative:
		c.Native = &events.Native{Channel: rapid.SampledFrom([]string{"here", "there"}).Draw(t, "channel"), JSON: "{}"}
	default:
		drawNested(t, &c, depth)
	}
	return c
}

func drawNested(t *rapid.T, c *events.Content, depth int) {
	if c.Kind == events.KindSchedule || depth > 0 {
		c.Kind = events.KindSchedule
		c.Schedule = &events.Schedule{ID: "s", Title: drawText(t, 1, 2), Zone: "Asia/Tokyo", Slots: []events.Slot{}}
		for i := range rapid.IntRange(0, 4).Draw(t, "slots") {
			c.Schedule.Slots = append(c.Schedule.Slots, events.Slot{ID: fmt.Sprint(i), Start: time.Unix(int64(i)*86400, 0),
				DurationMS: 60000})
		}
		return
	}
	c.Template = &events.Template{Name: "n", Language: "en"}
	for range rapid.IntRange(0, 3).Draw(t, "fallbacks") {
		c.Template.Fallback = append(c.Template.Fallback, drawContent(t, depth+1))
	}
}

func drawSome[T any](t *rapid.T, of []T, label string) []T {
	var some []T
	for _, x := range of {
		if rapid.Bool().Draw(t, label) {
			some = append(some, x)
		}
	}
	return some
}

func drawLimits(t *rapid.T) channel.Limits {
	small := rapid.SampledFrom([]int{0, 0, 1, 3, 8, 20, 60})
	l := channel.Limits{
		Text: rapid.IntRange(1, 300).Draw(t, "text"), Unit: rapid.SampledFrom([]channel.Unit{channel.Runes, channel.UTF16,
			channel.Bytes, channel.GSM, channel.Posts}).Draw(t, "unit"),
		Styles: drawSome(t, marks, "styles"), Batch: rapid.IntRange(0, 5).Draw(t, "batch"), Kinds: drawSome(t, kinds[9:18],
			"kinds"),
		Contacts: rapid.IntRange(0, 2).Draw(t, "contacts"), Media: map[string]channel.MediaLimit{},
	}
	for _, typ := range drawSome(t, types, "media") {
		l.Media[typ] = channel.MediaLimit{Bytes: rapid.Int64Range(0, 40).Draw(t, "bytes"), Caption: small.Draw(t, "caption"),
			MIME: drawSome(t, append(mimes[1:], "image/*"), "accepts")}
	}
	for range rapid.IntRange(0, 3).Draw(t, "forms") {
		l.Choices = append(l.Choices, channel.Choices{Style: rapid.SampledFrom([]string{"", events.StyleButtons,
			events.StyleList}).Draw(t, "form"),
			Min: rapid.IntRange(0, 2).Draw(t, "min"), Max: rapid.IntRange(0, 9).Draw(t, "max"), Actions: drawSome(t, acts[1:],
				"actions"),
			Text: small.Draw(t, "prompt"), Label: small.Draw(t, "label"), ID: small.Draw(t, "id"), Title: small.Draw(t,
				"title"), Footer: small.Draw(t, "footer"),
			Describe: small.Draw(t, "describe"), Section: small.Draw(t, "section"), Header: rapid.Bool().Draw(t, "header"),
			Multiple: rapid.Bool().Draw(t, "several")})
	}
	if rapid.Bool().Draw(t, "carousel") {
		l.Cards = &channel.Cards{Min: rapid.IntRange(0, 3).Draw(t, "min"), Max: rapid.IntRange(0, 5).Draw(t, "max"),
			Title: small.Draw(t, "title"), Text: small.Draw(t, "text"),
			Options: rapid.IntRange(0, 3).Draw(t, "options"), Actions: acts[1:], Label: small.Draw(t, "label"),
			Media: rapid.Bool().Draw(t, "pictures"), Uniform: rapid.Bool().Draw(t, "uniform")}
	}
	l.Takes = drawTakes(t)
	return l
}

// drawTakes is a platform that does not take contents of some kind, with a header
// or of some media type.
func drawTakes(t *rapid.T) func(events.Content) string {
	no := rapid.SampledFrom(append(kinds, "", "", "", "", "")).Draw(t, "no")
	typ := rapid.SampledFrom(types).Draw(t, "no type")
	if no == "" {
		return nil
	}
	return func(c events.Content) string {
		switch {
		case c.Kind == no, c.Kind == events.KindMedia && c.Media.Type == typ, c.Kind == events.KindChoice &&
			c.Choice.Header != nil:
			return "not taken"
		}
		return ""
	}
}
