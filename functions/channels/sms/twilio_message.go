package sms

import (
	"cmp"
	"math"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// A form is what Twilio posts; wire.go lists its parameters.
type form struct {
	url.Values
	request channel.Request
}

// sid is the id of the message that f is about.
func (f form) sid() string {
	return cmp.Or(f.Get("MessageSid"), f.Get("SmsMessageSid"), f.Get("SmsSid"))
}

// message gives the events of a customer's message.
func (f form) message() []events.Event {
	from := f.Get("From")
	if from == "" {
		return []events.Event{unsupported("message", channel.Malformed, f.sid(), f.request.Body)}
	}
	e := received(f.sid(), from)
	e.Raw = f.request.Body
	f.describe(&e)
	in, referral := f.answer(), f.referral()
	if in == nil {
		m := f.asMessage()
		m.Referral = referral
		return written(e, m, f.Get("OptOutType"))
	}
	in.Message = channel.Ref(f.sid())
	e.Type, e.Data.Interaction = events.InteractionReceived, in
	evs := []events.Event{e}
	if referral != nil {
		e.Type, e.Key, e.Data.Interaction, e.Data.Referral = events.ReferralReceived, "referral:"+f.sid(), nil, referral
		evs = append(evs, e)
	}
	return evs
}

// chatWindow is how long WhatsApp and Messenger allow free-form answers.
// https://www.twilio.com/docs/whatsapp/key-concepts
const chatWindow = 24 * time.Hour

// describe adds what other channels than SMS say about the customer.
func (f form) describe(e *events.Event) {
	c := e.Data.Contact
	c.Name = f.Get("ProfileName")
	if user := strings.TrimPrefix(f.Get("ExternalUserId"), "whatsapp:"); user != "" &&
		strings.HasPrefix(f.Get("From"), "whatsapp:") {
		c.Identities = append(c.Identities, events.Identity{Scheme: events.WhatsAppBSUID, Value: user})
	}
	if prefix, _, _ := strings.Cut(f.Get("From"), ":"); prefix == "whatsapp" || prefix == "messenger" {
		e.Data.Conversation.Window = &events.Window{Kind: "service", ClosesAt: f.request.Received.Add(chatWindow).UTC()}
	}
}

func (f form) asMessage() *events.Message {
	m := &events.Message{
		PlatformID: f.sid(), Actor: events.Actor{Role: events.Customer, Name: f.Get("ProfileName")}, Content: f.content(),
		ReplyTo: f.quoted(),
		Metadata: fields("To", f.Get("To"), "MessagingServiceSid", f.Get("MessagingServiceSid"), "NumSegments",
			f.Get("NumSegments"), "OptOutType", f.Get("OptOutType")),
	}
	if often := f.Get("FrequentlyForwarded") == "true"; often || f.Get("Forwarded") == "true" {
		m.Forward = &events.Forward{Often: often}
	}
	return m
}

func (f form) quoted() *events.Ref {
	if sid := f.Get("OriginalRepliedMessageSid"); sid != "" {
		return &events.Ref{PlatformID: sid}
	}
	return nil
}

// content is the text, then what comes with it. A text as the carrier gave it: some
// bring control characters or what looks encoded, and nobody can know.
func (f form) content() []events.Content {
	var list []events.Content
	if body := f.Get("Body"); body != "" {
		list = append(list, events.NewText(body))
	}
	if c, ok := f.location(); ok {
		list = append(list, c)
	}
	for i := 0; ; i++ {
		n := strconv.Itoa(i)
		address := f.Get("MediaUrl" + n)
		if address == "" {
			break
		}
		list = append(list, mediaContent(address, f.Get("MediaContentType"+n)))
	}
	if list == nil {
		list = append(list, events.NewUnsupported("message", "empty", f.request.Body))
	}
	return list
}

// mediaContent is a file of an MMS. It is fetched with the account's credentials.
func mediaContent(address, mime string) events.Content {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return events.NewUnsupported("media", channel.Malformed, []byte(address))
	}
	m := events.Media{Type: events.File, State: events.MediaPending, MIME: mime, URL: address}
	if id := path.Base(u.Path); id != "." && id != "/" {
		m.PlatformID = id
	}
	switch kind, _, _ := strings.Cut(mime, "/"); kind {
	case "image":
		m.Type = events.Image
	case "video":
		m.Type = events.Video
	case "audio":
		m.Type = events.Audio
	}
	return events.NewMedia(m)
}

func (f form) location() (events.Content, bool) {
	latitude, err := strconv.ParseFloat(f.Get("Latitude"), 64)
	longitude, err2 := strconv.ParseFloat(f.Get("Longitude"), 64)
	if err != nil || err2 != nil || !(math.Abs(latitude) <= 90 && math.Abs(longitude) <= 180) {
		return events.Content{}, false
	}
	return events.Content{Kind: events.KindLocation, Location: &events.Location{
		Latitude: latitude, Longitude: longitude, Name: f.Get("Label"), Address: f.Get("Address"),
	}}, true
}

// answer is what a customer chose on a channel that has buttons; nil when nothing.
func (f form) answer() *events.Interaction {
	switch {
	case f.Get("ListId") != "":
		return &events.Interaction{Kind: events.ListAnswer, Option: f.Get("ListId"),
			Text: cmp.Or(f.Get("ListTitle"), f.Get("Body")), Of: f.quoted()}
	case f.Get("ButtonPayload") != "" || f.Get("ButtonText") != "":
		return &events.Interaction{Kind: events.ButtonAnswer, Option: f.Get("ButtonPayload"),
			Text: cmp.Or(f.Get("ButtonText"), f.Get("Body")), Of: f.quoted()}
	}
	return nil
}

// referral is the ad or post that a customer of WhatsApp came from; nil without one.
func (f form) referral() *events.Referral {
	r := &events.Referral{
		Source: f.Get("ReferralSourceType"), ID: f.Get("ReferralSourceId"), URL: f.Get("ReferralSourceUrl"),
		Title: f.Get("ReferralHeadline"),
		Body:  f.Get("ReferralBody"), MediaType: f.Get("ReferralMediaContentType"), MediaURL: f.Get("ReferralMediaUrl"),
		ClickID: f.Get("ReferralCtwaClid"),
	}
	if r.Source == "" && r.ID == "" && r.URL == "" {
		return nil
	}
	r.Source = cmp.Or(r.Source, "ad")
	return r
}

// status is the event of what became of a message of ours. Twilio gives no time, so
// it is that of receipt, and promises no order.
// https://www.twilio.com/docs/messaging/guides/track-outbound-message-status
func (f form) status(state string) events.Event {
	e := events.Event{Type: events.MessageStatus, Key: "status:" + f.sid() + ":" + state, Raw: f.request.Body}
	if to := f.Get("To"); to != "" {
		e.Data.Contact, e.Data.Conversation = person(to), thread(to)
	}
	s, known := twilioState(state)
	if !known {
		e.Type, e.Data.Unsupported = events.IngestUnsupported,
			events.UnsupportedOf("status."+state, "unknown state", f.request.Body)
		return e
	}
	e.Data.Status = &events.Status{
		Message: events.Ref{PlatformID: f.sid()}, State: s, Correlation: f.request.Query().Get(correlation),
		Error: f.failure(),
	}
	return e
}

// correlation is the parameter of a status callback's URL that holds our own id.
const correlation = "id"

func twilioState(state string) (events.State, bool) {
	switch state {
	case "accepted", "scheduled", "queued", "sending":
		return events.Accepted, true
	case "sent":
		return events.Sent, true
	case "delivered", "partially_delivered":
		return events.Delivered, true
	case "read":
		return events.Read, true
	case "undelivered", "failed":
		return events.Failed, true
	case "canceled":
		return events.Deleted, true
	}
	return "", false
}

func (f form) failure() *events.StatusError {
	code := f.Get("ErrorCode")
	if code == "" || code == "0" {
		return nil
	}
	e := twilioError(code, cmp.Or(f.Get("ChannelStatusMessage"), f.Get("ErrorMessage")))
	return e.Status()
}
