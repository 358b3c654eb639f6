// Package whatsapp is the WhatsApp Business Platform, through Meta's Cloud API or
// through AWS End User Messaging Social, which carries Meta's payloads in messages of
// Amazon SNS.
package whatsapp

import (
	"cmp"
	"slices"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/internal/aws"
	"github.com/relais-dev/relais/functions/channels/internal/meta"
	"github.com/relais-dev/relais/shared/channel"
)

// Channel is WhatsApp.
var Channel = channel.Channel{
	Name:  "whatsapp",
	Title: "WhatsApp",
	Docs:  "https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview",
	Label: channel.Beta,
	Credentials: []channel.Credential{
		{Name: appSecret, Optional: true, Help: "Cloud API: Meta app dashboard → App settings → Basic → App secret"},
		{Name: verifyToken, Optional: true,
			Help: "Cloud API: a text of your choice, typed again at WhatsApp → Configuration → Verify token"},
		{Name: accessToken, Optional: true,
			Help: "Cloud API, to send: a system user's token (Business settings → System users) with " +
				"whatsapp_business_messaging"},
		{Name: phoneNumberID, Optional: true, Public: true,
			Help: "to send: WhatsApp → API Setup → Phone number ID; through AWS its phone-number-id-… or ARN"},
		{Name: topicARN, Optional: true, Public: true,
			Help: "through AWS: the ARN of the SNS topic that is the WABA's event destination"},
		{Name: keyID, Optional: true, Public: true,
			Help: "through AWS, to send: the access key of an IAM user who may social-messaging:SendWhatsAppMessage"},
		{Name: keySecret, Optional: true, Help: "through AWS, to send: that access key's secret"},
	},
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview
	MaxBody: 3 << 20,

	Verify:    verify,
	Parse:     parse,
	Keys:      keys,
	Handshake: handshake,

	Outbound: outbound,
}

// outbound is how WhatsApp is written to: freely for 24 hours after the customer's
// last message, else with a template. The core knows the window from the inbound side.
var outbound = channel.Outbound{
	Limits: limits,
	In:     limitsIn,
	// 80 messages a second, and to one person one in six seconds after a burst of 45.
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/throughput
	Rate:    channel.Rate{Account: 80, Pair: 1.0 / 6, Burst: 45},
	Class:   channel.Always(channel.Correlated), // statuses bring back biz_opaque_callback_data
	Opens:   []events.Scheme{events.Phone, events.WhatsAppBSUID},
	Address: channel.PlusAddress,
	Thread:  channel.DigitsThread,
	Send:    send,
	Outside: outside,
	Act:     act,
	Acts:    []events.Verb{events.ActTyping, events.ActRead, events.ActReact},
	Fetch:   fetch,
	Hosts:   []string{graphHost, mediaHost},
	Origin:  origin,
}

var limits = channel.Limits{
	Text: maxText, Unit: channel.UTF16, Quote: true, Contacts: maxCards,
	Styles: []string{"bold", "italic", "strikethrough", "code", "pre"}, // https://faq.whatsapp.com/539178204879377
	Kinds: []events.Kind{
		events.KindLocation, events.KindContacts, events.KindLink, events.KindForm, events.KindProduct, events.KindTemplate,
	},
	Media: map[string]channel.MediaLimit{
		events.Image:   {Bytes: maxImage, MIME: []string{"image/jpeg", "image/png"}, Caption: maxCaption},
		events.Video:   {Bytes: maxVideo, MIME: []string{"video/mp4", "video/3gpp"}, Caption: maxCaption},
		events.Audio:   {Bytes: maxAudio, MIME: []string{"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"}},
		events.Voice:   {Bytes: maxAudio, MIME: []string{"audio/ogg"}},
		events.File:    {Bytes: maxDocument, Caption: maxCaption},
		events.Sticker: {Bytes: maxSticker, MIME: []string{"image/webp"}},
	},
	Choices: choices(),
	Cards: &channel.Cards{
		Min: 2, Max: maxPanels, Title: maxHeader, Text: maxPanelText - maxHeader - 1, Options: 1, Actions: pages,
		Label: maxLabel, Media: true, Uniform: true,
	},
	Takes: takes, Refuses: refuses, Folds: true,
}

// limitsIn are those of one conversation: groups take texts, files and templates, and
// no more. Meta's API and that of AWS take the same.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/groups/groups-messaging
func limitsIn(c events.Conversation) channel.Limits {
	l := limits
	if c.Kind == events.Group {
		l.Kinds = []events.Kind{events.KindLink, events.KindTemplate}
		l.Contacts, l.Choices, l.Cards = 0, nil, nil
	}
	return l
}

// The account's credentials: those of the Cloud API, or of AWS, or of both while an
// account moves.
const (
	appSecret     = "app_secret"
	verifyToken   = "verify_token"
	accessToken   = "access_token"
	phoneNumberID = "phone_number_id"
	topicARN      = "topic_arn"
	keyID         = "aws_access_key_id"
	keySecret     = "aws_secret_access_key"
)

func verify(a channel.Account, r channel.Request) error {
	if aws.Posted(r) {
		return aws.Verify(a.Values(topicARN), r)
	}
	return meta.Verify(a.Values(appSecret), r)
}

func keys(a channel.Account, r channel.Request) string {
	if aws.Posted(r) {
		return aws.Keys(a.Values(topicARN), r)
	}
	return ""
}

func handshake(a channel.Account, r channel.Request) (channel.Response, bool) {
	return meta.Handshake(a.Values(verifyToken), r)
}

// object is what Meta calls the sender of a webhook of WhatsApp.
const object = "whatsapp_business_account"

func parse(_ channel.Account, r channel.Request) ([]events.Event, error) {
	if aws.Posted(r) {
		return parsePublished(r)
	}
	return parseWebhook(r.Body, r.Received)
}

// parseWebhook gives the events of every entry, change and item. Whatever phone
// number they name, they belong to the account whose URL they came to.
func parseWebhook(body []byte, received time.Time) ([]events.Event, error) {
	w, err := readWebhook(body)
	if err != nil {
		return nil, err
	}
	if w.object != object {
		return []events.Event{unsupported("object:"+w.object, "not a WhatsApp webhook", "", "", body)}, nil
	}
	b := batch{events: make([]events.Event, 0, w.items)}
	for i := range w.changes {
		c := &w.changes[i]
		c.occasion = cmp.Or(c.entryTime, received.UTC().Format(time.DateOnly))
		b.apply(c)
	}
	return b.events, nil
}

// A batch collects the events of one body; the other fields are of the change at hand.
type batch struct {
	*change
	events   []events.Event
	controls string // who holds the conversations, when it is not us
}

func (b *batch) add(e ...events.Event) { b.events = append(b.events, e...) }

// apply adds the events of a change, at least one.
func (b *batch) apply(c *change) {
	b.change, b.controls = c, ""
	before := len(b.events)
	if c.ok {
		b.dispatch()
	} else {
		b.unsupported(c.field, channel.Malformed, c.raw)
	}
	if len(b.events) == before {
		b.unsupported(c.field, "nothing known in it", c.raw)
	}
}

func (b *batch) dispatch() {
	switch b.field {
	case "messages", "smb_message_echoes":
		b.traffic(events.Agent, "app")
	case "standby":
		b.controls = "meta_business_agent"
		b.traffic(events.Bot, "bot")
	case "calls":
		b.calls()
	case "user_preferences":
		b.preferences()
	case "messaging_handovers":
		b.handover()
	case "message_template_status_update":
		b.template()
	case "group_lifecycle_update", "group_participants_update", "group_settings_update", "group_status_update":
		b.groups()
	default:
		b.others()
	}
}

// traffic is what messages, standby and echo changes share. role and origin are
// of whoever wrote the echoes.
func (b *batch) traffic(role, origin string) {
	for i := range b.messages {
		b.message(&b.messages[i], events.Customer, "")
	}
	for i := range b.echoes {
		b.message(&b.echoes[i], role, origin)
	}
	for i := range b.statuses {
		b.status(&b.statuses[i])
	}
	for _, raw := range b.errors {
		b.fault(raw)
	}
}

// unsupported adds what we have no words for, in the account's own thread.
func (b *batch) unsupported(kind, reason string, raw []byte) {
	b.add(unsupported(kind, reason, b.entryTime, b.occasion, raw))
}

// unsupportedOf adds what we have no words for, where the item itself belongs.
func (b *batch) unsupportedOf(e events.Event, key, kind, reason string) {
	e.Type, e.Key = events.IngestUnsupported, key
	e.Data.Unsupported = events.UnsupportedOf(kind, reason, e.Raw)
	b.add(e)
}

func unsupported(kind, reason, entryTime, occasion string, raw []byte) events.Event {
	return events.Event{
		Type: events.IngestUnsupported,
		Time: channel.UnixText(entryTime),
		Key:  "unsupported:" + channel.Digest(raw, occasion),
		Raw:  raw,
		Data: events.Data{Unsupported: events.UnsupportedOf(kind, reason, raw)},
	}
}

// person is whom an item concerns: the business-scoped user id first, because the
// phone number is missing for people with a username, then the phone number, then
// the id that linked portfolios share. nil when nobody is named.
func (b *batch) person(user, phone, parent string) *events.Contact {
	if !channel.Digits(phone) { // Meta has put the user id where the number was
		user, phone = cmp.Or(user, phone), ""
	}
	if channel.Digits(user) {
		user, phone = "", cmp.Or(phone, user)
	}
	all := &struct { // one allocation for what lives together
		contact events.Contact
		ids     [2]events.Identity
	}{}
	c := &all.contact
	if p := b.profile(user, phone, parent); p != nil {
		c.Name, c.Username = p.name, p.username
		user, parent = cmp.Or(user, p.userID), cmp.Or(parent, p.parentID)
		if phone == "" {
			phone = p.waID
		}
	}
	c.Phone = channel.E164(phone)
	if c.Identities = identities(all.ids[:0], user, c.Phone, parent); len(c.Identities) == 0 {
		return nil
	}
	return c
}

// identities appends a person's identities to list.
func identities(list []events.Identity, user, phone, parent string) []events.Identity {
	if user != "" {
		list = append(list, events.Identity{Scheme: events.WhatsAppBSUID, Value: user})
	}
	if phone != "" {
		list = append(list, events.Identity{Scheme: events.Phone, Value: phone, Verified: "platform"})
	}
	if parent != "" && parent != user {
		list = append(list, events.Identity{Scheme: events.WhatsAppBSUID, Value: parent})
	}
	return list
}

// profile finds a person among the change's contacts, which are in no order and
// may be missing. The only one is the sender of the change's messages: a Mexican or
// Brazilian number has a wa_id of another spelling.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages
func (b *batch) profile(user, phone, parent string) *contact {
	for i := range b.contacts {
		c := &b.contacts[i]
		switch {
		case user != "" && (c.userID == user || c.waID == user), phone != "" && c.waID == phone,
			parent != "" && c.parentID == parent:
			return c
		}
	}
	if len(b.contacts) == 1 && b.oneSender(user, phone) && (user == "" || b.contacts[0].userID == "") {
		return &b.contacts[0]
	}
	return nil
}

// oneSender says whether everything in the change was written by that person.
func (b *batch) oneSender(user, phone string) bool {
	other := func(m message) bool { return m.from != phone && m.from != user }
	return len(b.messages) > 0 && !slices.ContainsFunc(b.messages, other)
}

// thread is the conversation with a group, or else with a person.
func (b *batch) thread(group string, c *events.Contact) *events.Conversation {
	switch {
	case group != "":
		return &events.Conversation{PlatformID: group, Kind: events.Group, Controls: b.controls}
	case c != nil:
		return &events.Conversation{PlatformID: channel.DigitsThread(c.Identities[0]), Kind: events.Direct,
			Controls: b.controls}
	}
	return nil
}
