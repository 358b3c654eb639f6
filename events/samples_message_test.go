package events

import "time"

func contact(channel, account string, c Contact) someone {
	return someone{channel, account, c, Conversation{PlatformID: c.Identities[0].Value, Kind: Direct}}
}

func sam() someone {
	s := contact("whatsapp", "wa-main", Contact{
		Identities: []Identity{
			{Scheme: WhatsAppBSUID, Value: "GB.13491208655302741918", Scope: "portfolio:555", Verified: "platform"},
			{Scheme: Phone, Value: "447700900123"},
		},
		Name: "Sam Taylor", Username: "sam.t", Phone: "447700900123", Locale: "en-GB",
	})
	s.conversation.Window = &Window{Kind: "service", ClosesAt: noon.Add(24 * time.Hour)}
	return s
}

func hana() someone {
	return contact("line", "line-jp", Contact{
		Identities: []Identity{{Scheme: LINEUser, Value: "U4af4980629a54f1b9c6c2f9e0d1b7a3e", Scope: "provider:1655"}},
		Name:       "花",
	})
}

func ivan() someone {
	return contact("telegram", "tg-shop", Contact{
		Identities: []Identity{{Scheme: TelegramUser, Value: "6123456789"}}, Name: "Иван", Username: "ivan_p", Locale: "ru",
	})
}

func lea() someone {
	s := contact("messenger", "page-eu", Contact{
		Identities: []Identity{{Scheme: MessengerPSID, Value: "7012345678901234", Scope: "page:1029384756"}}, Name: "Léa",
	})
	s.conversation.Window = &Window{Kind: "service", ClosesAt: noon.Add(24 * time.Hour)}
	return s
}

func nour() someone {
	return contact("instagram", "ig-brand", Contact{
		Identities: []Identity{{Scheme: InstagramIGSID, Value: "1784140512345678", Scope: "app:998"}},
		Username:   "nour.makes",
	})
}

func tim() someone {
	return contact("apple", "msgs-us", Contact{
		Identities: []Identity{{Scheme: AppleOpaque, Value: "urn:mbid:AQAAY3FhZGVtbw", Scope: "business:4f1c"}},
		Locale:     "en-US",
	})
}

func wei() someone {
	return contact("wechat", "oa-cn", Contact{
		Identities: []Identity{{Scheme: WeChatOpenID, Value: "oHAf26demoOpenId0001", Scope: "app:wx0123456789abcdef"}},
		Locale:     "zh-CN",
	})
}

func visitor() someone {
	return contact("inapp", "web-store", Contact{
		Identities: []Identity{{Scheme: WebAnonymous, Value: "u_9Zk31QpL"}}, Locale: "de-DE",
	})
}

func ann() someone {
	return contact("sms", "uk-long", Contact{Identities: []Identity{{Scheme: Phone, Value: "+447700900456"}}})
}

// space is a group: the contact is whoever wrote.
func space() someone {
	return someone{"googlechat", "gc-it", Contact{
		Identities: []Identity{{Scheme: GoogleChatUser, Value: "users/112233445566778899", Scope: "workspace",
			Verified: "token"}},
		Name: "Kim Berg", Email: "kim@example.com",
	}, Conversation{PlatformID: "spaces/AAQAdemo0001", Kind: Group, Title: "Order desk", Topic: "threads/t1"}}
}

func messageSamples() []sample {
	old := Ref{PlatformID: "wamid.HBgMNDQ3NzAwOTAwMTIzFQIAEhgUM0EwMA"}
	return []sample{
		sam().event(MessageReceived, "message:wamid.A1", Data{Message: &Message{
			PlatformID: "wamid.A1", Actor: Actor{Role: Customer},
			Content: []Content{NewText("Hi, my kettle arrived broken 😕")},
			ReplyTo: &old,
			Referral: &Referral{Source: "ad", ID: "238", URL: "https://fb.me/demo", Title: "Kettles −20 %",
				ClickID: "ARAkLkA8rmlFeiCk"},
		}}),
		hana().event(MessageEchoed, "message:468789577898262530", Data{Message: &Message{
			PlatformID: "468789577898262530", Actor: Actor{Role: Agent, Name: "店員"}, Origin: "app",
			Content: []Content{NewText("お問い合わせありがとうございます。")},
		}}),
		ivan().event(MessageEdited, "message:6123456789/88:1789899402", Data{Message: &Message{
			PlatformID: "6123456789/88", Revision: 1789899402, Actor: Actor{Role: Customer},
			Content: []Content{{Kind: KindText, Text: &Text{
				Body: "Заказ 1024 на example.com/o/1024", Entities: []Entity{{Type: "link", Offset: 14, Length: 18,
					Value: "https://example.com/o/1024"}},
			}}},
		}}),
		lea().event(MessageDeleted, "deletion:m_AbC", Data{Deletion: &Deletion{
			Messages: []Ref{{PlatformID: "m_AbC"}}, Actor: &Actor{Role: Customer},
		}}),
		sam().event(MessageStatus, "status:wamid.B7:delivered", Data{Status: &Status{
			Message: Ref{PlatformID: "wamid.B7"}, State: Delivered, Correlation: "crm-7781",
			Pricing: &Pricing{Billable: true, Model: "PMP", Category: "service", Type: "free_customer_service"},
			Degradations: []Degradation{{Part: string(KindChoice), Loss: LossInteraction,
				Detail: "14 options were sent as numbered text"}},
		}}),
		ann().event(MessageStatus, "status:SM4f:undelivered", Data{Status: &Status{
			Message: Ref{PlatformID: "SM4f"}, State: Failed,
			Error: &StatusError{Class: ClassRecipient, Code: "30003", Title: "Unreachable destination handset",
				Remedy: "try another channel"},
		}}).named("failed"),
		space().event(ReactionAdded, "reaction:spaces/AAQAdemo0001/messages/m1/reactions/r1", Data{Reaction: &Reaction{
			Target: Ref{PlatformID: "spaces/AAQAdemo0001/messages/m1"}, Emoji: "👍🏽",
			Actor: Actor{Role: Customer, Name: "Kim Berg", Identity: &Identity{Scheme: GoogleChatUser,
				Value: "users/112233445566778899"}},
		}}),
		ivan().event(ReactionRemoved, "reaction:6123456789/88:1789899500", Data{Reaction: &Reaction{
			Target: Ref{PlatformID: "6123456789/88"}, Actor: Actor{Role: Customer},
		}}),
		lea().event(InteractionReceived, "interaction:m_Pb1", Data{Interaction: &Interaction{
			Kind: ButtonAnswer, Of: &Ref{PlatformID: "m_Offer"}, Option: "RETURN", Text: "Send it back",
		}}),
		tim().event(InteractionReceived, "interaction:5b1f2c8e", Data{Interaction: &Interaction{
			Kind: TimeAnswer, Of: &Ref{PlatformID: "9f3e2d1c"}, Option: "slot-2", Text: "Tuesday 14:00",
			Values: []Field{{Name: "start", Value: "2026-09-22T14:00:00Z"}},
		}}).named("time"),
		sam().event(MediaStored, "media:wamid.M1:stored", Data{MediaUpdate: &MediaUpdate{
			Message: Ref{PlatformID: "wamid.M1"},
			Media: Media{
				Type: Image, State: MediaCopied, MIME: "image/jpeg", PlatformID: "1037543291543636", Bytes: 184_311, Width: 1600,
				Height: 1200,
				SHA256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
			},
		}}),
		hana().event(MediaFailed, "media:468789577898262531:failed", Data{MediaUpdate: &MediaUpdate{
			Message: Ref{PlatformID: "468789577898262531"}, Media: Media{Type: Video, State: MediaLost,
				PlatformID: "468789577898262531"},
			Error: &StatusError{Class: ClassMedia, Code: "404", Title: "content expired"},
		}}),
		visitor().event(PresenceTyping, "typing:u_9Zk31QpL:1789899302", Data{Typing: &Typing{Actor: Actor{Role: Customer},
			Active: true}}),
		lea().event(ReceiptRead, "read:1789899302000", Data{Receipt: &Receipt{UpToTime: noon}}),
		visitor().event(ReceiptDelivered, "delivered:m_77", Data{Receipt: &Receipt{UpTo: &Ref{PlatformID: "m_77"}}}),
	}
}
