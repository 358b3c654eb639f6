package events

// hostileSamples say what people and systems really send: every channel sends it in a
// form that its platform allows, or says why not.
func hostileSamples() []request {
	named := func(label, url string) Content {
		return Content{Kind: KindText, Text: &Text{Body: "See " + label, Entities: []Entity{{Type: "link", Offset: 4,
			Length: len(label), Value: url}}}}
	}
	return []request{
		say("hostile.text", NewText("Dear <users/all> @everyone, see <https://evil.example|your bank>, <a href=\"https://evil.example\">here</a>, <@!all> <#1> {user} {{1}} ${x} %s\u0000\u0007\u001b[0m\u200b\uffff\ufdd0 \U0001fffe*b*\r\n_i_\t`c`\u2028~s~ \u202eevil\u202c")),
		say("hostile.links", named("the plan", "https://intranet/path"), named("the depot",
			"https://müller.example/büro plan 1.html?q=50%"), named("the seat", "tg://resolve?domain=seats"),
			Content{Kind: KindLink, Link: &Link{URL: "https://localhost:8443/a b", Title: "Staging\n", Text: "\u200b"}}),
		say("hostile.choice", choice(Choice{Text: "Which?\u0000", Title: "\u3164", Footer: " \u200b", Button: "Pick\none",
			Options: []Option{
				{ID: "small", Label: "Small\t ", Description: "\u200d", Section: "A\nB"}, {ID: "small-2", Label: "Small",
					Section: " "}, {ID: "größe-L", Label: "L\u0007arge"},
			}})),
		say("hostile.buttons", choice(Choice{Text: "How?", Style: StyleButtons, Options: []Option{
			{ID: "call", Label: "Call", Action: ActionCall, Value: "0049 (30)\u00a0555\u201101 22"}, {ID: "plan", Label: "Plan",
				Action: ActionURL, Value: "https://intranet/path"},
			{ID: "map", Label: "Map", Action: ActionURL, Value: "https://müller.example/karte 1?q=ü"},
		}})),
		say("hostile.image", media(Media{Type: Image, URL: "https://cdn.example.com/fotos/büro plan 1.jpg",
			MIME: "image/jpg", Bytes: 90_000, Width: 1200, Height: 9600, Caption: "\u200b\n", Alt: "\u0000"}),
			media(Media{Type: Image, URL: "https://cdn.example.com/a/photo.PNG?size=1", Bytes: 90_000,
				Caption: "Desk\u0000 <users/all>"})),
		say("hostile.file", media(Media{Type: File, URL: "https://cdn.example.com/belege/Rechnung%20N\u00ba 1024.pdf",
			MIME: "application/octet-stream", Bytes: 90_000}),
			media(Media{Type: Audio, URL: "https://cdn.example.com/jingle.mp3", MIME: "audio/mp3", Bytes: 90_000,
				DurationMS: 3_000, Name: "a/b\u0000.mp3"})),
		say("hostile.template", Content{Kind: KindTemplate, Template: &Template{Name: "order_shipped", Language: "pt-BR",
			Category:   "utility",
			Parameters: []Field{{"2", "10\u00a024\n"}, {"1", "Left.\nTomorrow\t     late\u0000"}},
			Fallback:   []Content{NewText("Order 1024\u0000 has shipped.")}}}),
		say("hostile.contacts", Content{Kind: KindContacts, Contacts: []Card{{Name: "Sam\tDoe\u0000 ", Company: "\u200b",
			Phones: []LabeledValue{{Label: " ", Value: "+44 20 7946 0000\n"}, {Value: " "}},
			Emails: []LabeledValue{{Value: "\u200b"}}}}},
			Content{Kind: KindLocation, Location: &Location{Latitude: 51.5, Longitude: -0.1, Name: "De\u0000pot\n1",
				Address: "\u3164", URL: "https://maps.example.com/a b"}}),
	}
}
