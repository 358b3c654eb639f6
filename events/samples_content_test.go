package events

import "time"

// contentSamples hold every content kind an event can carry.
func contentSamples() []sample {
	return []sample{
		sam().message("image", "wamid.M1", NewMedia(Media{
			Type: Image, State: MediaPending, MIME: "image/jpeg", Caption: "The lid, see the crack?",
			PlatformID: "1037543291543636", Policy: "copy",
			SHA256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
		})),
		sam().message("voice", "wamid.M2", NewMedia(Media{
			Type: Voice, State: MediaPending, MIME: "audio/ogg; codecs=opus", PlatformID: "881231231231", DurationMS: 7_400,
			Policy: "copy",
		})),
		hana().message("sticker", "468789577898262532", NewMedia(Media{
			Type: Sticker, State: MediaLinked, PlatformID: "52002738", Set: "11537", Keywords: []string{"happy", "thanks"},
			Animated: true,
			URL:      "https://stickershop.line-scdn.net/stickershop/v1/sticker/52002738/iPhone/sticker.png",
		})),
		ivan().message("file", "6123456789/90", NewMedia(Media{
			Type: File, State: MediaPending, MIME: "application/pdf", Name: "счёт 1024.pdf", PlatformID: "BQACAgIAAxkBAAI",
			UniqueID: "AgADdemo", Bytes: 91_204,
		})),
		ivan().message("album", "6123456789/91", NewMedia(Media{Type: Video, State: MediaPending,
			PlatformID: "BAACAgIAAxkBAAJ", DurationMS: 12_000}),
			NewText("both parts")),
		ivan().message("location", "6123456789/92", Content{Kind: KindLocation, Location: &Location{
			Latitude: 55.755826, Longitude: 37.6173, Accuracy: 12.5, Live: true, Until: noon.Add(time.Hour),
		}}),
		sam().message("contacts", "wamid.C1", Content{Kind: KindContacts, Contacts: []Card{{
			Name: "Dr. Ada Byron", FirstName: "Ada", LastName: "Byron", Company: "Analytical Ltd", Birthday: "1985-12-10",
			Phones: []LabeledValue{{Label: "work", Value: "+44 20 7946 0000"}}, Identity: &Identity{Scheme: Phone,
				Value: "442079460000"},
		}}}),
		wei().message("link", "24012345678901234", Content{Kind: KindLink, Link: &Link{
			URL: "https://example.cn/p/1", Title: "水壶", Text: "这个有货吗？", Image: "https://example.cn/p/1.jpg",
		}}),
		sam().message("order", "wamid.O1", Content{Kind: KindOrder, Order: &Order{
			Catalog: "1234567890", Text: "Please gift wrap", Items: []OrderItem{{Product: "KETTLE-1", Quantity: 2,
				Price: &Money{4_990, "GBP"}}},
		}}),
		lea().message("product", "m_Prod", Content{Kind: KindProduct, Product: &Product{
			ID: "KETTLE-1", Title: "Bouilloire", Image: "https://example.com/k.jpg", Price: &Money{5_490, "EUR"},
		}}),
		nour().message("story", "aWdfZAG1faXRl", Content{Kind: KindStory, Story: &Post{
			ID: "17912345678901234", Relation: "mention",
			URL:       "https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=17912345678901234",
			ExpiresAt: noon.Add(24 * time.Hour),
		}}),
		someone{"x", "x-brand", Contact{Identities: []Identity{{Scheme: XUser, Value: "1566543210987654321"}},
			Username: "pat"},
			Conversation{PlatformID: "post:1834567890123456789", Kind: Public}}.message("post", "post:1834567890123456790",
			NewText("@brand my order is late"), Content{Kind: KindPost, Post: &Post{ID: "1834567890123456789",
				Relation: "reply", Owner: "2244994945"}}),
		sam().message("interaction", "wamid.I1", Content{Kind: KindInteraction, Interaction: &Interaction{
			Kind: FormAnswer, Of: &Ref{PlatformID: "wamid.F0"}, Option: "address-flow", Text: "Sent",
			Values: []Field{{Name: "postcode", Value: "SW1A 1AA"}, {Name: "floor", Value: "2"}},
		}}),
		someone{"viber", "vb-eu", Contact{Identities: []Identity{{Scheme: ViberUser, Value: "01234567890A="}},
			Name: "Olena"},
			Conversation{PlatformID: "01234567890A=", Kind: Direct}}.message("unsupported", "4912661846655238145",
			NewUnsupported("poll", "no words for it yet", []byte(`{"type":"poll","question":"When?"}`))),
		hana().echo("choice", "468789577898262540", Content{Kind: KindChoice, Choice: &Choice{
			Text: "返品しますか？", Style: StyleButtons, Options: []Option{{ID: "yes", Label: "はい"}, {ID: "no", Label: "いいえ",
				Action: ActionPostback}},
		}}),
		lea().echo("cards", "m_Cards", Content{Kind: KindCards, Cards: []Panel{{
			Title: "Bouilloire", Text: "54,90 €", Media: &Media{Type: Image, State: MediaLinked,
				URL: "https://example.com/k.jpg"},
			Options: []Option{{ID: "buy", Label: "Acheter", Action: ActionURL, Value: "https://example.com/k"}},
		}}}),
		tim().echo("form", "7c1e0a55", Content{Kind: KindForm, Form: &Form{
			ID: "warranty", Title: "Warranty", Fields: []FormField{{ID: "serial", Label: "Serial number", Type: InputText,
				Required: true}},
		}}),
		tim().echo("schedule", "9f3e2d1c", Content{Kind: KindSchedule, Schedule: &Schedule{
			ID: "pickup", Title: "Pick-up", Zone: "America/New_York", Slots: []Slot{{ID: "slot-2",
				Start: noon.Add(52 * time.Hour), DurationMS: 1_800_000}},
		}}),
		ivan().echo("payment", "6123456789/95", Content{Kind: KindPayment, Payment: &Payment{
			Reference: "ord-1024", State: PayRequested, Amount: &Money{499_000, "RUB"}, Title: "Чайник",
			Lines: []PaymentLine{{Label: "Чайник", Amount: Money{499_000, "RUB"}}},
		}}),
		sam().echo("template", "wamid.T1", Content{Kind: KindTemplate, Template: &Template{
			Name: "order_shipped", Language: "en_GB", Category: "utility", Parameters: []Field{{Name: "1", Value: "1024"}},
		}}),
	}
}

// echo is the sample of content that the brand sent by other means.
func (s someone) echo(label, platformID string, content ...Content) sample {
	out := s.event(MessageEchoed, "message:"+platformID, Data{Message: &Message{
		PlatformID: platformID, Actor: Actor{Role: Bot}, Origin: "api", Content: content,
	}})
	return out.named(label)
}
