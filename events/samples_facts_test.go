package events

import "time"

// own is the thread of an account itself.
func own(channel, account string) someone {
	return someone{channel: channel, account: account, conversation: Conversation{PlatformID: OwnThread, Kind: Own}}
}

// ana is an agent of the brand.
var ana = &Actor{Role: Agent, ID: "ana@brand.example", Name: "Ana"}

// held is an event of a conversation that support holds.
func (s someone) held(t Type, key string, d Data) sample {
	x := s.event(t, key, d)
	x.event.Sequence, x.event.Holder, x.event.Hold = FormatSequence(42), "support", FormatSequence(42)
	return x
}

func conversationSamples() []sample {
	qq := someone{"qq", "qq-bot", Contact{Identities: []Identity{{Scheme: QQMember,
		Value: "E4F4AEA33253A2797FB897C50B81D7ED", Scope: "group:C9F7"}}},
		Conversation{PlatformID: "C9F778FE6ADF9D1D1DBE395BF744A33A", Kind: Group}}
	window := sam().conversation
	window.Window = &Window{Kind: "ad", ClosesAt: noon.Add(72 * time.Hour)}
	return []sample{
		wei().event(ConversationStarted, "subscribe:1789899302", Data{Change: &Change{Field: "started", New: "follow"}}),
		space().event(ConversationUpdated, "space:title:1789899302", Data{Change: &Change{Field: "title", Old: "Orders",
			New: "Order desk"}}),
		tim().event(ConversationClosed, "close:0c4e5d6f", Data{Handling: &Handling{Reason: "by customer"}}),
		sam().held(ConversationOpened, "command:open-1", Data{Handling: &Handling{Reason: "asked again", Episode: 2, By: ana}}),
		sam().held(ConversationSnoozed, "command:snooze-1", Data{Handling: &Handling{Episode: 2,
			Until: noon.Add(20 * time.Hour), Wake: WakeMessage, By: ana}}),
		sam().held(ConversationTagged, "command:tag-1", Data{Handling: &Handling{Tags: []string{"delivery", "vip"},
			By: ana}}),
		sam().held(ConversationAssigned, "command:assign-1", Data{Handling: &Handling{Assignee: "ana@brand.example",
			By: ana}}),
		sam().held(ConversationRead, "command:read-1", Data{Handling: &Handling{Destination: "support",
			Seen: FormatSequence(41), By: ana}}),
		sam().held(NoteAdded, "command:note-1", Data{Note: &Note{Text: "Promised a call by Friday.",
			Mentions: []string{"bo@brand.example"}, By: ana}}),
		sam().event(ConversationWindowChanged, "window:wamid.A1", Data{Conversation: &window}),
		qq.event(ParticipantJoined, "group_add_robot:1789899302", Data{Participants: &Participants{
			Members: []Participant{{Identity: Identity{Scheme: QQOpenID, Value: "102000001"}, Self: true}},
			By:      &Actor{Role: Customer, Identity: &Identity{Scheme: QQMember, Value: "E4F4AEA33253A2797FB897C50B81D7ED"}},
		}}),
		ivan().event(ParticipantLeft, "left:-1001234567890/7", Data{
			Conversation: &Conversation{PlatformID: "-1001234567890", Kind: Group, Title: "Клуб"},
			Participants: &Participants{Members: []Participant{{Identity: Identity{Scheme: TelegramUser, Value: "6123456789"},
				Name: "Иван"}}},
		}),
		lea().event(ReferralReceived, "referral:1789899302000", Data{Referral: &Referral{
			Source: "link", URL: "https://m.me/brand?ref=box-insert", Payload: "box-insert",
		}}),
		sam().held(ControlPassed, "control:1", Data{Control: &Control{From: "bot", To: "support",
			Reason: "asked for a person", By: &Actor{Role: Bot}, Metadata: []Field{{Name: "intent", Value: "refund"}},
			Recall: 20}}),
		sam().held(ControlOffered, "control:2", Data{Control: &Control{From: "support", To: "sales",
			Until: noon.Add(5 * time.Minute)}}),
		sam().event(ControlAccepted, "control:3", Data{Control: &Control{From: "support", To: "sales"}}),
		lea().event(ControlReleased, "control:4", Data{Control: &Control{From: "sales", Reason: "done",
			Data: `{"case":"7781"}`}}),
		sam().event(ControlExpired, "control:5", Data{Control: &Control{From: "sales", To: "bot",
			Reason: "no answer for 15 minutes"}}),
		lea().event(ControlFailed, "control:6", Data{Control: &Control{From: "support", To: "sales",
			Reason: "no such destination"}}),
	}
}

func peopleSamples() []sample {
	kakao := contact("kakaotalk", "kk-kr", Contact{Identities: []Identity{
		{Scheme: KakaoBotUser, Value: "4f1d2c3b", Scope: "bot:65aa"}, {Scheme: KakaoPlusFriend, Value: "pF9k"},
	}, Name: "민지"})
	rcs := contact("rcs", "rbm-de", Contact{Identities: []Identity{{Scheme: RCSPhone, Value: "+4915112345678",
		Scope: "agent:brand@rbm.goog"}}})
	return []sample{
		kakao.event(PersonCreated, "person:4f1d2c3b:1", Data{Person: &Person{ID: "per_77", Fields: []Field{{Name: "name",
			Value: "민지"}}}}),
		hana().event(PersonUpdated, "person:U4af:2", Data{Person: &Person{ID: "per_78", Fields: []Field{{Name: "locale",
			Value: "ja"}}}}),
		visitor().event(PersonMerged, "person:u_9Zk31QpL:3", Data{Person: &Person{ID: "per_77", From: []string{"per_91"}}}),
		visitor().event(PersonUnmerged, "person:u_9Zk31QpL:4", Data{Person: &Person{ID: "per_77",
			From: []string{"per_91"}}}),
		sam().event(PersonErased, "erase:job-12", Data{Person: &Person{ID: "per_12"}}),
		visitor().event(IdentityLinked, "identity:u_9Zk31QpL:login", Data{IdentityChange: &IdentityChange{
			Previous: &Identity{Scheme: WebAnonymous, Value: "u_9Zk31QpL"},
			Current:  &Identity{Scheme: WebVerified, Value: "customer-5521", Verified: "token"}, Reason: "login",
		}}),
		visitor().event(IdentityConflict, "identity:u_9Zk31QpL:conflict", Data{IdentityChange: &IdentityChange{
			Previous: &Identity{Scheme: WebVerified, Value: "customer-5521"},
			Current:  &Identity{Scheme: WebVerified, Value: "customer-9000"}, Reason: "two logins on one device",
		}}),
		sam().event(IdentityRotated, "identity:wamid.S1", Data{IdentityChange: &IdentityChange{
			Previous: &Identity{Scheme: WhatsAppBSUID, Value: "GB.11111111111111111111", Scope: "portfolio:555"},
			Current:  &Identity{Scheme: WhatsAppBSUID, Value: "GB.13491208655302741918", Scope: "portfolio:555"},
			Reason:   "changed number",
		}}),
		rcs.event(ConsentChanged, "consent:MxDemo", Data{Consent: &Consent{State: ConsentWithdrawn, Scope: "all",
			Keyword: "STOP", Reason: "keyword"}}),
		nour().event(ConsentChanged, "consent:opt-1", Data{Consent: &Consent{
			State: ConsentGiven, Scope: "notifications", Reason: "settings", Template: "weekly",
		}}).named("given"),
	}
}

func operationSamples() []sample {
	zalo := contact("zalo", "oa-vn", Contact{Identities: []Identity{{Scheme: ZaloUser, Value: "246845883529197922",
		Scope: "oa:388"}}})
	bridge := contact("custom", "kiosk", Contact{Identities: []Identity{{Scheme: External, Value: "kiosk-7/visitor-3"}}})
	return []sample{
		sam().event(OrderReceived, "order:wamid.O1", Data{Order: &Order{
			Catalog: "1234567890", Items: []OrderItem{{Product: "KETTLE-1", Name: "Kettle", Quantity: 2, Price: &Money{4_990,
				"GBP"}}},
		}}),
		tim().event(PaymentRequested, "payment:pay-1:requested", Data{Payment: &Payment{
			Reference: "pay-1", State: PayRequested, Amount: &Money{12_50, "USD"}, Provider: "applepay", Title: "Spare lid",
			Methods: []string{"visa", "amex"}, URL: "https://shop.example.com/pay/pay-1", ExpiresAt: noon.Add(time.Hour),
			Message: &Ref{PlatformID: "ab12cd34"}, Lines: []PaymentLine{{"Lid", Money{13_50, "USD"}}, {"Coupon", Money{-1_00,
				"USD"}}},
		}}),
		wei().event(PaymentUpdated, "payment:ord-1:SUCCESS", Data{Payment: &Payment{
			Reference: "ord-1", State: PayPaid, Amount: &Money{9_900, "CNY"}, Provider: "wechatpay",
			Charge: "4200001234202609201234567890",
		}}),
		own("instagram", "ig-brand").event(ChannelHealth, "health:token:1789899302", Data{Health: &Health{
			Aspect: "token", State: HealthWarning, Detail: "expires in 6 days", Fields: []Field{{Name: "expiresAt",
				Value: "2026-09-26T00:00:00Z"}},
		}}),
		own("whatsapp", "wa-main").event(TemplateStatus, "template:594425479261596:APPROVED:1789899302",
			Data{Template: &TemplateUpdate{
				ID: "594425479261596", Name: "order_shipped", Language: "en_GB", State: "approved", Category: "utility",
			}}),
		zalo.event(IngestUnsupported, "unsupported:user_submit_info:96d3", Data{
			Unsupported: UnsupportedOf("user_submit_info", "no event type", []byte(`{"event_name":"user_submit_info"}`)),
		}),
		own("telegram", "tg-shop").event(IngestQuarantined, "quarantine:2c26b46b", Data{Quarantine: &Quarantine{
			Reason: "parse", Detail: "update.message.chat.id",
			SHA256: "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae", Size: 512,
		}}),
		bridge.event(SendRejected, "rejected:crm-7781", Data{Rejection: &Rejection{
			Message: Ref{ID: MessageID("custom", "kiosk", "crm-7781")},
			Error: StatusError{Class: ClassContent, Title: "content[0].text.body: must not be empty",
				Remedy: "correct the request"},
		}}),
	}
}
