package events

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A request is a canonical Outbound: every channel must render it, in whole or
// degraded. name is its file's, without extension.
type request struct {
	name     string
	outbound Outbound
}

func (r request) with(change func(*Outbound)) request {
	change(&r.outbound)
	return r
}

func say(name string, content ...Content) request {
	return request{name, Outbound{
		IdempotencyKey: "sample-" + name,
		To:             To{Conversation: ConversationID("whatsapp", "wa-main", "GB.13491208655302741918")},
		Content:        content,
	}}
}

func media(m Media) Content { return NewMedia(m) }

func choice(c Choice) Content { return Content{Kind: KindChoice, Choice: &c} }

func textSamples() []request {
	markdown := NewText("Your order **1024** ships *today*.\n\n- ~~Kettle~~ sold out\n- [Lid](https://shop.example.com/lid?a=1&b=2)\n\nQuestions? https://example.com/help or `HELP`.")
	markdown.Text.Format = Markdown
	entities := NewText("Thanks @sam, see example.com")
	entities.Text.Entities = []Entity{{Type: "mention", Offset: 7, Length: 4, Value: "6123456789"}, {Type: "link",
		Offset: 17, Length: 11, Value: "https://example.com"}}
	return []request{
		say("text", NewText("Your kettle is on its way.")),
		say("text.long", NewText(longText())),
		say("text.word", NewText(strings.Repeat("Donaudampfschifffahrt", 150))), // no space to split at
		say("text.emoji", NewText("Family 👨‍👩‍👧‍👦, flag 🏴󠁧󠁢󠁳󠁣󠁴󠁿 🇯🇵, skin 👍🏽, heart ❤️‍🔥, keycap 1️⃣, combining e\u0301 n\u0303 Z\u0351\u036b\u0343, Devanagari क्षि, Hangul \u1112\u1161\u11ab.")),
		say("text.rtl", NewText("شكرًا لطلبك رقم 1024 من Brand. موعد التسليم: 22/9.\nתודה! ההזמנה (1024) בדרך.")),
		say("text.markdown", markdown),
		say("text.entities", entities),
		say("text.links", NewText("Pay at https://shop.example.com/pay/pay-1?lang=en&src=chat#top, track at http://example.com/t/1024 (valid until 22:00).")),
		say("text.plain-signs", NewText("5 * 3 < 20 & 2_000 > 1 [not a link](really) <b>not bold</b> `x` \\ %s {{1}}")),
	}
}

// longText is 12,000 characters of numbered sentences in paragraphs: what gets
// lost or doubled by splitting can be seen.
func longText() string {
	var b strings.Builder
	for n := 1; b.Len() < 12_000; n++ {
		fmt.Fprintf(&b, "Sentence %d tells how the kettle is descaled, rinsed and dried.", n)
		if n%8 == 0 {
			b.WriteString("\n\n")
		} else {
			b.WriteString(" ")
		}
	}
	return b.String()[:11_999] + "."
}

func mediaSamples() []request {
	file := func(name string) string { return "https://media.example.com/" + name }
	return []request{
		say("media.image", media(Media{Type: Image, URL: file("kettle.jpg"), MIME: "image/jpeg", Bytes: 184_311, Width: 1600,
			Height: 1200, Alt: "A red kettle"})),
		say("media.image.caption", media(Media{
			Type: Image, URL: file("kettle.png"), MIME: "image/png", Bytes: 412_000, Caption: longText()[:3_000],
			Alt: "A red kettle",
		})),
		say("media.video.60mb", media(Media{Type: Video, URL: file("how-to.mp4"), MIME: "video/mp4", Bytes: 60 << 20,
			DurationMS: 184_000, Thumbnail: file("how-to.jpg")})),
		say("media.video", media(Media{Type: Video, URL: file("unboxing.mp4"), MIME: "video/mp4", Bytes: 4 << 20,
			Width: 1280, Height: 720, DurationMS: 24_000, Thumbnail: file("unboxing.jpg")})),
		say("media.audio", media(Media{Type: Audio, URL: file("jingle.mp3"), MIME: "audio/mpeg", Bytes: 910_000,
			DurationMS: 31_000})),
		say("media.voice", media(Media{
			Type: Voice, URL: file("voice.ogg"), MIME: "audio/ogg; codecs=opus", Bytes: 41_000, DurationMS: 8_200,
			Transcript: "We will call you at two.",
		})),
		say("media.file", media(Media{
			Type: File, State: MediaCopied, SHA256: "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
			MIME: "application/pdf", Name: "Rechnung Nr. 1024 (Kopie).pdf", Bytes: 91_204, Caption: "Your invoice",
		})),
		say("media.sticker", media(Media{Type: Sticker, PlatformID: "52002738", Set: "11537", Emoji: "🙏",
			URL: file("thanks.webp"), MIME: "image/webp", Bytes: 48_000})),
		say("media.animation", media(Media{Type: Animation, URL: file("boil.gif"), MIME: "image/gif", Bytes: 2_400_000,
			Animated: true})),
		say("media.album", media(Media{Type: Image, URL: file("1.jpg"), MIME: "image/jpeg", Bytes: 90_000}),
			media(Media{Type: Image, URL: file("2.jpg"), MIME: "image/jpeg", Bytes: 91_000}),
			media(Media{Type: Image, URL: file("3.jpg"), MIME: "image/jpeg", Bytes: 92_000})),
	}
}

func options(n int, section func(int) string) []Option {
	var list []Option
	for i := 1; i <= n; i++ {
		o := Option{ID: fmt.Sprintf("opt-%d", i), Label: fmt.Sprintf("Option %d", i),
			Description: fmt.Sprintf("What option %d means", i)}
		if section != nil {
			o.Section = section(i)
		}
		list = append(list, o)
	}
	return list
}

func choiceSamples() []request {
	var panels []Panel
	for i := 1; i <= 12; i++ {
		panels = append(panels, Panel{
			Title: fmt.Sprintf("Kettle %d", i), Text: fmt.Sprintf("%d.90 €", 40+i),
			Media: &Media{Type: Image, URL: fmt.Sprintf("https://media.example.com/k%d.jpg", i), MIME: "image/jpeg",
				Bytes: 80_000},
			Options: []Option{
				{ID: fmt.Sprintf("buy-%d", i), Label: "Buy", Action: ActionURL, Value: fmt.Sprintf("https://shop.example.com/k/%d",
					i)},
				{ID: fmt.Sprintf("more-%d", i), Label: "Tell me more", Action: ActionPostback},
			},
		})
	}
	sections := func(i int) string { return []string{"Returns", "Delivery", "Payment"}[(i-1)/3] }
	return []request{
		say("choice.14", choice(Choice{Text: "What is it about?", Options: options(14, nil)})),
		say("choice.quick", choice(Choice{Text: "Did that help?", Style: StyleQuick, Options: []Option{
			{ID: "yes", Label: "Yes 👍"}, {ID: "no", Label: "No"}, {ID: "person", Label: "Talk to a person, please, right now"},
		}})),
		say("choice.buttons", choice(Choice{
			Text: "Your parcel is at the depot.", Title: "Parcel 1024", Footer: "Brand Ltd", Style: StyleButtons,
			Header: &Media{Type: Image, URL: "https://media.example.com/parcel.jpg", MIME: "image/jpeg", Bytes: 70_000},
			Options: []Option{
				{ID: "track", Label: "Track", Action: ActionURL, Value: "https://example.com/t/1024"},
				{ID: "call", Label: "Call the depot", Action: ActionCall, Value: "+442079460000"},
				{ID: "later", Label: "Deliver tomorrow", Action: ActionPostback},
			},
		})),
		say("choice.list", choice(Choice{Text: "Pick a topic", Title: "Help", Style: StyleList, Button: "Topics",
			Options: options(9, sections)})),
		say("choice.picker", choice(Choice{Text: "Which colours?", Style: StylePicker, Multiple: true, Options: []Option{
			{ID: "red", Label: "Red", Image: "https://media.example.com/red.png"}, {ID: "blue", Label: "Blue"}, {ID: "steel",
				Label: "Steel"},
		}})),
		say("choice.actions", choice(Choice{Text: "How can we reach you?", Options: []Option{
			{ID: "where", Label: "Share location", Action: ActionLocation}, {ID: "who", Label: "Share phone",
				Action: ActionContact},
			{ID: "page", Label: "Open form", Action: ActionWebView, Value: "https://example.com/form"}, {ID: "code",
				Label: "Copy code", Action: ActionCopy, Value: "SAVE20"},
		}})),
		say("cards.12", Content{Kind: KindCards, Cards: panels}),
		say("cards.1", Content{Kind: KindCards, Cards: panels[:1]}),
	}
}

func recordSamples() []request {
	depot := Location{Latitude: 51.501364, Longitude: -0.141890, Name: "Depot", Address: "1 Depot Road, London"}
	return []request{
		say("location", Content{Kind: KindLocation, Location: &depot}),
		say("contacts", Content{Kind: KindContacts, Contacts: []Card{{
			Name: "Depot London", Company: "Brand Ltd", Phones: []LabeledValue{{"work", "+44 20 7946 0000"}},
			Emails: []LabeledValue{{"work", "depot@example.com"}},
		}, {Name: "Ada Byron", FirstName: "Ada", LastName: "Byron"}}}),
		say("form", Content{Kind: KindForm, Form: &Form{
			ID: "address-flow", Title: "Delivery address", Text: "Where shall we bring it?", Submit: "Send",
			URL: "https://shop.example.com/address",
			Fields: []FormField{
				{ID: "street", Label: "Street", Type: InputText, Required: true, Page: 1}, {ID: "date", Label: "Date",
					Type: InputDate, Page: 2},
				{ID: "slot", Label: "Time", Type: InputSelect, Options: []Option{{ID: "am", Label: "Morning"}, {ID: "pm",
					Label: "Afternoon"}}, Page: 2},
			},
		}}),
		say("schedule", Content{Kind: KindSchedule, Schedule: &Schedule{
			ID: "pickup", Title: "Choose a pick-up time", Text: "At the depot", Zone: "Europe/London", Location: &depot,
			Slots: []Slot{{"s1", noon.Add(24 * time.Hour), 1_800_000}, {"s2", noon.Add(25 * time.Hour), 1_800_000}, {"s3",
				noon.Add(48 * time.Hour), 3_600_000}},
		}}),
		say("payment", Content{Kind: KindPayment, Payment: &Payment{
			Reference: "pay-1", Title: "Spare lid", Amount: &Money{12_50, "EUR"}, URL: "https://shop.example.com/pay/pay-1",
			Methods:   []string{"visa", "paypal"},
			Lines:     []PaymentLine{{"Lid", Money{13_50, "EUR"}}, {"Coupon", Money{-1_00, "EUR"}}},
			ExpiresAt: noon.Add(time.Hour),
		}}),
		say("product", Content{Kind: KindProduct, Product: &Product{
			Catalog: "1234567890", ID: "KETTLE-1", Title: "Kettle", Text: "1.7 litres",
			Image: "https://media.example.com/kettle.jpg",
			URL:   "https://shop.example.com/kettle", Price: &Money{54_90, "EUR"},
		}}),
		say("order", Content{Kind: KindOrder, Order: &Order{ID: "1024", Text: "Thank you for your order", Items: []OrderItem{
			{"KETTLE-1", "Kettle", 1, &Money{54_90, "EUR"}}, {"LID-2", "Lid", 2, &Money{13_50, "EUR"}},
		}}}),
		say("template", Content{Kind: KindTemplate, Template: &Template{
			Name: "order_shipped", Language: "en_GB", Category: "utility", Parameters: []Field{{"1", "Sam"}, {"2", "1024"}},
			Fallback: []Content{NewText("Hello Sam, your order 1024 has shipped.")},
		}}),
		say("link", Content{Kind: KindLink, Link: &Link{
			URL: "https://example.com/help/descale", Title: "How to descale", Text: "In four steps",
			Image: "https://media.example.com/descale.jpg",
		}}),
		say("native", Content{Kind: KindNative, Native: &Native{Channel: "line",
			JSON: `{"type":"flex","altText":"Receipt","contents":{"type":"bubble","body":{"type":"box","layout":"vertical",` +
				`"contents":[{"type":"text","text":"Paid"}]}}}`}}),
		say("mixed", NewText("Here it is:"), media(Media{Type: Image, URL: "https://media.example.com/kettle.jpg",
			MIME: "image/jpeg", Bytes: 184_311}),
			choice(Choice{Text: "Is this the one?", Style: StyleQuick, Options: []Option{{ID: "yes", Label: "Yes"}, {ID: "no",
				Label: "No"}}})),
	}
}

func requestSamples() []request {
	return []request{
		say("reply", NewText("Sorry to hear that! We send a new one.")).with(func(o *Outbound) {
			o.ReplyTo = &Ref{ID: MessageID("whatsapp", "wa-main", "wamid.A1"), PlatformID: "wamid.A1"}
			o.Sender = &Sender{Role: Agent, ID: "agent-7", Name: "Jo"}
		}),
		say("to.identity", NewText("Your order 1024 is ready.")).with(func(o *Outbound) {
			o.To = To{Channel: "sms", Account: "uk-long", Identity: &Identity{Scheme: Phone, Value: "+447700900456"}}
		}),
		say("to.contact", NewText("Your order 1024 is ready.")).with(func(o *Outbound) {
			o.To = To{Channel: "line", Account: "line-jp", Contact: hana().contactID()}
		}),
		say("everything", NewText("Your kettle is back in stock.")).with(func(o *Outbound) {
			o.To = To{Person: "per_77", Channels: []string{"whatsapp", "line"}}
			o.Overrides = []Override{{Channel: "whatsapp", Content: []Content{{Kind: KindTemplate,
				Template: &Template{Name: "back_in_stock", Language: "en"}}}}}
			o.Fallback = []Fallback{{Channel: "sms", Account: "uk-long", AfterMS: 3_600_000, On: []string{ClassWindow,
				ClassRecipient}}}
			o.Constraints = &Constraints{MaxLoss: LossStyle, NotBefore: noon, NotAfter: noon.Add(12 * time.Hour)}
			o.Sender = &Sender{Role: Bot, Name: "Kettle bot", AI: true}
			o.Policy, o.Priority = AtLeastOnce, Bulk
			o.Metadata = []Field{{"campaign", "stock-09"}}
		}),
	}
}

func (s someone) contactID() string { return ContactID(s.channel, s.account, s.contact.Identities[0]) }

func samplesOut() []request {
	var all []request
	for _, some := range [][]request{textSamples(), mediaSamples(), choiceSamples(), recordSamples(), requestSamples(),
		hostileSamples()} {
		all = append(all, some...)
	}
	return all
}

func TestSamplesOut(t *testing.T) {
	schemas := compileSchemas(t)
	want, kinds := map[string]bool{}, map[Kind]bool{}
	for _, s := range samplesOut() {
		path := filepath.Join("samples", "out", s.name+".json")
		if want[path] {
			t.Fatalf("two samples are called %s", path)
		}
		want[path] = true
		for _, c := range s.outbound.Content {
			kinds[c.Kind] = true
		}
		t.Run(s.name, func(t *testing.T) {
			if err := s.outbound.Validate(); err != nil {
				t.Error(err)
			}
			golden(t, path, document(t, s.outbound))
			var got Outbound
			decodeStrictly(t, path, &got)
			if diff := cmp.Diff(s.outbound, got); diff != "" {
				t.Errorf("reads back differently (-sample +file):\n%s", diff)
			}
			schemas.accept(t, "message.schema.json", path)
		})
	}
	onlyThese(t, filepath.Join("samples", "out"), "*.json", want)
	for _, k := range Outbounds() {
		if !kinds[k] {
			t.Errorf("no sample says %s", k)
		}
	}
	if n := len([]rune(longText())); n != 12_000 {
		t.Errorf("the long text has %d characters, want 12,000", n)
	}
}

func TestOutboundNamesEveryFault(t *testing.T) {
	o := Outbound{
		IdempotencyKey: "two words",
		To:             To{Conversation: "cnv_1", Person: "per_1"},
		Content: []Content{
			NewText(" "), {Kind: KindInteraction, Interaction: &Interaction{Kind: ButtonAnswer}}, {Kind: KindText,
				Media: &Media{}},
			choice(Choice{Text: "?", Options: []Option{{ID: "a", Label: "A", Action: ActionURL, Value: "http://example.com"},
				{ID: "a", Label: "B"}}}),
		},
		ReplyTo: &Ref{ID: "wamid.A1"}, Policy: "exactly_once", Sender: &Sender{Role: Customer},
		Overrides: []Override{{Channel: "sms", Content: []Content{{Kind: KindTemplate, Template: &Template{Name: "t",
			Language: "en", Fallback: []Content{{Kind: KindTemplate}}}}}}},
	}
	var faults Faults
	if err := o.Validate(); !errors.As(err, &faults) {
		t.Fatalf("got %v, want Faults", err)
	}
	var got []string
	for _, f := range faults {
		got = append(got, f.Path)
	}
	want := []string{
		"idempotencyKey", "to", "content[0].text.body", "content[1].kind", "content[2]",
		"content[3].choice.options[0].value",
		"content[3].choice.options[1].id", "replyTo.id", "overrides[0].content[0].template.fallback[0].kind", "sender.role",
		"policy",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
}
