package fit

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

func euros(cents int64) *events.Money { return &events.Money{Amount: cents, Currency: "EUR"} }

func TestInstead(t *testing.T) {
	hi := events.NewText("Hi")
	for _, c := range []struct {
		name    string
		content events.Content
		want    []string
		loss    string
	}{
		{"location", events.Content{Kind: events.KindLocation, Location: &events.Location{Latitude: 51.501364,
			Longitude: -0.14189, Name: "Depot", Address: "1 Depot Road"}},
			[]string{"Depot\n1 Depot Road\nhttps://www.google.com/maps/search/?api=1&query=51.501364%2C-0.14189"},
			events.LossStyle},
		{"live location", events.Content{Kind: events.KindLocation, Location: &events.Location{Live: true}},
			[]string{"https://www.google.com/maps/search/?api=1&query=0%2C0"}, events.LossContent},
		{"contacts", events.Content{Kind: events.KindContacts, Contacts: []events.Card{
			{Name: "Ada", Company: "Brand", Phones: []events.LabeledValue{{Label: "work", Value: "+44"}},
				Emails: []events.LabeledValue{{Value: "a@x.example"}}}, {Name: "Bob"}}},
			[]string{"Ada\nBrand\nwork: +44\na@x.example\n\nBob"}, events.LossStyle},
		{"link", events.Content{Kind: events.KindLink, Link: &events.Link{Title: "T", URL: "https://x.example"}},
			[]string{"T\nhttps://x.example"}, events.LossStyle},
		{"link with a picture", events.Content{Kind: events.KindLink, Link: &events.Link{URL: "https://x.example",
			Image: "https://x.example/i"}}, []string{"https://x.example"}, events.LossContent},
		{"form with a page", events.Content{Kind: events.KindForm, Form: &events.Form{Title: "T", Text: "t",
			URL: "https://x.example"}}, []string{"T\nt\nhttps://x.example"}, events.LossInteraction},
		{"form", events.Content{Kind: events.KindForm, Form: &events.Form{Title: "T",
			Fields: []events.FormField{{Label: "Street"}, {Label: "Time", Options: options("Morning", "Afternoon")}}}},
			[]string{"T\nStreet\nTime (Morning / Afternoon)"}, events.LossInteraction},
		{"payment", events.Content{Kind: events.KindPayment, Payment: &events.Payment{Title: "T", Amount: euros(1250),
			URL: "https://x.example", Lines: []events.PaymentLine{
				{Label: "Lid", Amount: *euros(1350)}, {Label: "Coupon", Amount: *euros(-100)}}}},
			[]string{"T\nLid: 13.50 EUR\nCoupon: -1.00 EUR\n12.50 EUR\nhttps://x.example"}, events.LossInteraction},
		{"payment without a page", events.Content{Kind: events.KindPayment, Payment: &events.Payment{Amount: euros(5)}},
			[]string{"0.05 EUR"}, events.LossContent},
		{"product", events.Content{Kind: events.KindProduct, Product: &events.Product{ID: "p", Title: "T", Text: "t",
			Price: euros(100), URL: "https://x.example"}}, []string{"T\nt\n1.00 EUR\nhttps://x.example"}, events.LossStyle},
		{"product without a name", events.Content{Kind: events.KindProduct, Product: &events.Product{ID: "p"}},
			[]string{"p"}, events.LossStyle},
		{"product whose picture is not shown", events.Content{Kind: events.KindProduct, Product: &events.Product{Title: "T",
			Image: "https://x.example/i"}}, []string{"T"}, events.LossContent},
		{"order", events.Content{Kind: events.KindOrder, Order: &events.Order{Text: "Thanks", Items: []events.OrderItem{
			{Product: "k", Name: "Kettle", Quantity: 1, Price: euros(5490)}, {Product: "l", Quantity: 2, Price: euros(1350)}}}},
			[]string{"Thanks\n1 × Kettle 54.90 EUR\n2 × l 13.50 EUR\n81.90 EUR"}, events.LossStyle},
		{"order of several currencies", events.Content{Kind: events.KindOrder,
			Order: &events.Order{Items: []events.OrderItem{
				{Product: "k", Quantity: 1, Price: euros(1)}, {Product: "l", Quantity: 1, Price: &events.Money{Amount: 1,
					Currency: "JPY"}}}}}, []string{"1 × k 0.01 EUR\n1 × l 1 JPY"}, events.LossStyle},
		{"order without prices", events.Content{Kind: events.KindOrder,
			Order: &events.Order{Items: []events.OrderItem{{Product: "k", Quantity: 1}}}}, []string{"1 × k"}, events.LossStyle},
		{"template", events.Content{Kind: events.KindTemplate, Template: &events.Template{Fallback: []events.Content{hi,
			hi}}}, []string{"Hi", "Hi"}, events.LossStyle},
		{"template without a fallback", events.Content{Kind: events.KindTemplate, Template: &events.Template{}}, nil,
			events.LossRefused},
		{"another channel's own", events.Content{Kind: events.KindNative, Native: &events.Native{Channel: "there"}}, nil,
			events.LossRefused},
		{"inbound only", events.NewUnsupported("k", "r", nil), nil, events.LossRefused},
		{"empty", events.Content{Kind: events.KindText}, nil, events.LossRefused},
	} {
		p, r := one(c.content, channel.Limits{Text: 500})
		if diff := cmp.Diff(c.want, bodies(p)); diff != "" || r.Loss != c.loss || r.As == events.AsNative {
			t.Errorf("%s: %s %s, want loss %s (-want +got):\n%s", c.name, r.As, r.Loss, c.loss, diff)
		}
	}
}

// What the channel has stays as it is, unless the platform does not take it.
func TestSpecial(t *testing.T) {
	cards := events.Content{Kind: events.KindContacts, Contacts: []events.Card{{Name: "a"}, {Name: "b"}, {Name: "c"}}}
	l := channel.Limits{Text: 99, Kinds: []events.Kind{events.KindContacts}, Contacts: 2}
	p, r := one(cards, l)
	if diff := cmp.Diff([]string{"<contacts>", "<contacts>"}, bodies(p)); diff != "" || r.Loss != events.LossNone {
		t.Errorf("loss %s (-want +got):\n%s", r.Loss, diff)
	}
	l.Takes = func(c events.Content) string {
		if c.Kind == events.KindContacts {
			return "no cards"
		}
		return ""
	}
	p, r = one(cards, l)
	want := events.Rendering{Kind: events.KindContacts, As: events.AsFallback, Loss: events.LossStyle, Calls: []int{1},
		Details: []string{"no cards", "contacts sent as text"}}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"a\n\nb\n\nc"}, bodies(p)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSchedule(t *testing.T) {
	slot := events.Slot{ID: "s1", Start: time.Date(2026, 9, 21, 10, 15, 2, 0, time.UTC), DurationMS: 1800000}
	for _, c := range []struct {
		zone     string
		duration int64
		label    string
	}{
		{"Europe/London", 1800000, "2026-09-21 11:15–11:45"},
		{"Asia/Tokyo", 18000000, "2026-09-21 19:15–2026-09-22 00:15"},
		{"", 1800000, "2026-09-21 10:15–10:45 UTC"},
		{"Moon/Sea", 1800000, "2026-09-21 10:15–10:45 UTC"},
		{"Local", 1800000, "2026-09-21 10:15–10:45 UTC"},
	} {
		slot.DurationMS = c.duration
		s := &events.Schedule{Title: "T", Text: "t", Zone: c.zone, Location: &events.Location{Name: "Depot"},
			Slots: []events.Slot{slot}}
		p, r := one(events.Content{Kind: events.KindSchedule, Schedule: s}, channel.Limits{Text: 99,
			Choices: []channel.Choices{{Style: events.StyleList, Max: 9}}})
		want := events.Choice{Text: "T\nt\nDepot", Style: events.StyleList, Options: []events.Option{{ID: "s1",
			Label: c.label}}}
		if diff := cmp.Diff(&want, p.Calls[0].Content[0].Choice); diff != "" || r.As != events.AsFallback ||
			r.Loss != events.LossStyle {
			t.Errorf("%s: %s %s (-want +got):\n%s", c.zone, r.As, r.Loss, diff)
		}
		p, r = one(events.Content{Kind: events.KindSchedule, Schedule: s}, channel.Limits{Text: 99})
		if diff := cmp.Diff([]string{"T\nt\nDepot\n1. " + c.label}, bodies(p)); diff != "" ||
			r.Loss != events.LossInteraction {
			t.Errorf("%s: loss %s (-want +got):\n%s", c.zone, r.Loss, diff)
		}
	}
}

func TestAmount(t *testing.T) {
	for want, m := range map[string]events.Money{
		"13.50 EUR": {Amount: 1350, Currency: "EUR"}, "-0.05 USD": {Amount: -5, Currency: "USD"},
		"0.00 EUR": {Currency: "EUR"}, "500 JPY": {Amount: 500, Currency: "JPY"},
		"1.234 KWD": {Amount: 1234, Currency: "KWD"}, "0.0001 CLF": {Amount: 1, Currency: "CLF"}, "50 XTR": {Amount: 50,
			Currency: "XTR"}, "-92233720368547758.08 EUR": {Amount: -1 << 63, Currency: "EUR"},
	} {
		if got := amount(m); got != want {
			t.Errorf("%+v is %q, want %q", m, got, want)
		}
	}
}

// Consecutive contents share calls, whatever part they are of.
func TestBatch(t *testing.T) {
	content := []events.Content{events.NewText("one two"), events.NewText("a"), {Kind: events.KindNative,
		Native: &events.Native{Channel: "there"}}, events.NewText("b")}
	p := Message("here", content, channel.Limits{Text: 4, Batch: 3})
	var calls [][]int
	for _, r := range p.Report {
		calls = append(calls, r.Calls)
	}
	if diff := cmp.Diff([][]int{{1}, {1}, {}, {2}}, calls); diff != "" || len(p.Calls) != 2 ||
		len(p.Calls[0].Content) != 3 {
		t.Errorf("%d calls (-want +got):\n%s", len(p.Calls), diff)
	}
}
