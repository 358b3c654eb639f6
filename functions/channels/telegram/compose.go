package telegram

import (
	"cmp"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

const (
	maxText    = 4096 // https://core.telegram.org/bots/api#sendmessage
	maxCaption = 1024 // https://core.telegram.org/bots/api#sendphoto
	maxData    = 64   // bytes, https://core.telegram.org/bots/api#inlinekeyboardbutton
	maxCopy    = 256  // https://core.telegram.org/bots/api#copytextbutton
	maxButtons = 100  // what the servers take of inline keyboards; no document tells
	maxTitle   = 32   // of an invoice, https://core.telegram.org/bots/api#sendinvoice
	maxPayload = 128  // bytes, same place
	maxVCard   = 2048 // bytes, https://core.telegram.org/bots/api#sendcontact

	// https://core.telegram.org/bots/api#sending-files
	maxPhoto    = 10 << 20
	maxUpload   = 50 << 20
	maxPhotoURL = 5 << 20
	maxFileURL  = 20 << 20
	maxVoiceURL = 1 << 20   // a longer one is shown as a file, https://core.telegram.org/bots/api#sendvoice
	maxSticker  = 512 << 10 // https://core.telegram.org/stickers#static-stickers-and-emoji
)

var inlineActions = []string{events.ActionReply, events.ActionPostback, events.ActionURL, events.ActionWebView,
	events.ActionCopy}

// takes says why Telegram does not take c, or "".
func takes(c events.Content) string {
	switch {
	case c.Media != nil && c.Media.URL == "" && c.Media.SHA256 == "" && !fileID.MatchString(c.Media.PlatformID):
		return "neither a file at a URL nor one that the bot has"
	case slices.ContainsFunc(c.Contacts, func(card events.Card) bool { return len(card.Phones) == 0 }):
		return "a contact needs a phone number"
	case slices.ContainsFunc(c.Contacts, func(card events.Card) bool { return len(card.VCard) > maxVCard }):
		return "a vCard has at most 2048 bytes"
	case c.Choice != nil && slices.ContainsFunc(c.Choice.Options, func(o events.Option) bool {
		return o.Action == events.ActionCopy && channel.UTF16.Len(o.Value) > maxCopy
	}):
		return "at most 256 characters can be copied"
	case c.Payment != nil:
		return takesPayment(*c.Payment)
	}
	return ""
}

// takesPayment says why p is no invoice. Invoices in money need a provider that the
// account may not have, so that they must be asked for.
func takesPayment(p events.Payment) string {
	switch {
	case p.Amount == nil || p.Provider != provider(p.Amount.Currency) && p.Amount.Currency != stars:
		return "an invoice needs the currency XTR, or the provider telegram"
	case p.Title == "" || channel.UTF16.Len(p.Title) > maxTitle || p.Reference == "" || len(p.Reference) > maxPayload:
		return "an invoice needs a title of at most 32 characters and a reference of at most 128 bytes"
	}
	return ""
}

// A recipient is a chat of the bot, or of a business account by its connection.
type recipient struct {
	connection string
	chat       int64
	topic      int64 // of a channel's direct messages
	thread     int64 // of a forum
}

// recipientOf is where c is. A guest's chat has none: it can only be answered once,
// through the query of its message.
func recipientOf(c events.Conversation) recipient {
	var a recipient
	place := c.PlatformID
	if i := strings.LastIndexByte(place, ':'); i >= 0 {
		a.connection, place = place[:i], place[i+1:]
	}
	chat, topic, _ := strings.Cut(place, "/")
	if a.connection != "guest" {
		a.chat, _ = strconv.ParseInt(chat, 10, 64) // 0 is no chat
	}
	a.topic, _ = strconv.ParseInt(topic, 10, 64)
	a.thread, _ = strconv.ParseInt(c.Topic, 10, 64)
	return a
}

// direct says whether a is the bot's own chat with one person.
func (a recipient) direct() bool { return a.chat > 0 && a.connection == "" }

// messageNumber is the number within its chat of a message with that platform id,
// or 0.
func messageNumber(platformID string) int64 {
	n, _ := strconv.ParseInt(platformID[strings.LastIndexByte(platformID, ':')+1:], 10, 64)
	return n
}

// compose is the call that sends o.
func compose(a channel.Account, o channel.Outgoing) (call, error) {
	at := recipientOf(o.To.Conversation)
	if at.chat == 0 {
		return call{}, &channel.Error{Class: events.ClassRecipient, Title: "no chat that a bot can write to"}
	}
	if len(o.Content) != 1 {
		return call{}, unacceptable("a call carries one part")
	}
	c := call{ChatID: at.chat, Connection: at.connection, Thread: at.thread, DirectTopic: at.topic, id: o.ID}
	if n := messageNumber(o.ReplyTo); n != 0 {
		c.Reply = &replyParameters{MessageID: n, AllowWithout: true}
	}
	return c.content(a, at, o.Content[0])
}

// content is c with what it sends.
func (c call) content(a channel.Account, at recipient, part events.Content) (call, error) {
	switch {
	case part.Text != nil:
		c.method, c.Text, c.Entities = "sendMessage", part.Text.Body, marks(part.Text.Entities)
	case part.Media != nil:
		return c.media(*part.Media)
	case part.Location != nil:
		return c.place(*part.Location), nil
	case len(part.Contacts) == 1:
		return c.card(part.Contacts[0])
	case part.Choice != nil:
		return c.choice(at, *part.Choice)
	case part.Payment != nil:
		return c.invoice(a, *part.Payment)
	case part.Native != nil:
		return c.other(part.Native)
	default:
		return c, unacceptable("Telegram has no " + string(part.Kind))
	}
	return c, nil
}

// marks are the entities that Telegram does not find by itself.
// https://core.telegram.org/bots/api#messageentity
func marks(list []events.Entity) []entityOut {
	var out []entityOut
	for _, e := range list {
		m := entityOut{Type: e.Type, Offset: e.Offset, Length: e.Length}
		switch e.Type {
		case "link":
			m.Type, m.URL = "text_link", e.Value
		case "mention":
			who, err := strconv.ParseInt(e.Value, 10, 64)
			if err != nil {
				continue // @name
			}
			m.Type, m.User = "text_mention", &userOut{ID: who}
		case "pre":
			m.Language = e.Value
		}
		if m.Type != "text_link" || m.URL != "" {
			out = append(out, m)
		}
	}
	return out
}

// A mediaMethod says how media of a type are sent, and what they are in an edit;
// voice messages and stickers are none there.
type mediaMethod struct{ method, field, input string }

// https://core.telegram.org/bots/api#sendphoto #sendvideo #sendanimation #sendaudio
// #sendvoice #senddocument #sendsticker #inputmedia
var mediaMethods = map[string]mediaMethod{
	events.Image:     {"sendPhoto", "photo", "photo"},
	events.Video:     {"sendVideo", "video", "video"},
	events.Animation: {"sendAnimation", "animation", "animation"},
	events.Audio:     {"sendAudio", "audio", "audio"},
	events.Voice:     {"sendVoice", "voice", ""},
	events.File:      {"sendDocument", "document", "document"},
	events.Sticker:   {"sendSticker", "sticker", ""},
}

func (c call) media(m events.Media) (call, error) {
	how, ok := mediaMethods[m.Type]
	if !ok {
		return c, unacceptable("Telegram has no " + m.Type)
	}
	c.method, c.file, c.Caption, c.CaptionEntities = how.method, &m, m.Caption, marks(m.Entities)
	if from := source(m); from != "" {
		c.attach(how.field, from)
		return c, nil
	}
	c.upload = &upload{field: how.field, media: m}
	return c, nil
}

// attach sets the parameter of that name.
func (f *mediaFields) attach(field, source string) {
	switch field {
	case "photo":
		f.Photo = source
	case "video":
		f.Video = source
	case "animation":
		f.Animation = source
	case "audio":
		f.Audio = source
	case "voice":
		f.Voice = source
	case "document":
		f.Document = source
	case "sticker":
		f.Sticker = source
	}
}

// fileID is the form of a file's id: other platforms' ids are shorter.
var fileID = regexp.MustCompile(`^[A-Za-z0-9_-]{20,}$`)

// source is the id or the URL by which Telegram takes m, or "" when it must be
// uploaded: a file is called as its URL ends. https://core.telegram.org/bots/api#sending-files
func source(m events.Media) string {
	if fileID.MatchString(m.PlatformID) {
		return m.PlatformID
	}
	ok := m.Bytes <= maxFileURL
	switch m.Type {
	case events.Image:
		ok = m.Bytes <= maxPhotoURL
	case events.Voice:
		ok = m.Bytes <= maxVoiceURL && strings.HasPrefix(m.MIME, "audio/ogg")
	case events.File:
		ok = ok && (m.MIME == "application/pdf" || m.MIME == "application/zip") &&
			(m.Name == "" || m.Name == fileName(m.URL))
	case events.Sticker:
		ok = m.MIME == "image/webp"
	}
	if !ok {
		return ""
	}
	return m.URL
}

// place is a venue where the location has a name; Telegram wants an address with it.
func (c call) place(l events.Location) call {
	c.method, c.Latitude, c.Longitude = "sendLocation", &l.Latitude, &l.Longitude
	if l.Name+l.Address != "" {
		degrees := func(d float64) string { return strconv.FormatFloat(d, 'f', -1, 64) }
		c.method, c.Title = "sendVenue", cmp.Or(l.Name, l.Address)
		c.Address = cmp.Or(l.Address, degrees(l.Latitude)+", "+degrees(l.Longitude))
	}
	return c
}

func (c call) card(card events.Card) (call, error) {
	if len(card.Phones) == 0 {
		return c, unacceptable("a contact needs a phone number")
	}
	c.method, c.Phone, c.VCard = "sendContact", card.Phones[0].Value, card.VCard
	c.FirstName, c.LastName = card.FirstName, card.LastName
	if c.FirstName == "" {
		c.FirstName, c.LastName = card.Name, ""
	}
	return c, nil
}

// choice is a text, or a picture with a caption, with buttons.
func (c call) choice(at recipient, ch events.Choice) (call, error) {
	c.method, c.Text = "sendMessage", ch.Text
	if ch.Style == events.StyleQuick && at.chat < 0 {
		return c, unacceptable("a group cannot be asked for a location or a number: ask the person in private")
	}
	if ch.Style == events.StyleQuick {
		c.Markup = requests(ch.Options)
		return c, nil
	}
	c.Markup = inlineKeyboard(ch.Options, at)
	if ch.Header == nil {
		return c, nil
	}
	header := *ch.Header
	c.Text, header.Caption, header.Entities = "", ch.Text, nil
	return c.media(header)
}

// inlineKeyboard has a row per option. A press comes back with the option's id.
// Web apps open in the bot's own chats only.
// https://core.telegram.org/bots/api#inlinekeyboardbutton
func inlineKeyboard(options []events.Option, at recipient) *keyboard {
	k := &keyboard{}
	for _, o := range options {
		b := buttonOut{Text: o.Label}
		switch {
		case o.Action == events.ActionWebView && at.direct():
			b.WebApp = &webApp{URL: o.Value}
		case o.Action == events.ActionURL || o.Action == events.ActionWebView:
			b.URL = o.Value
		case o.Action == events.ActionCopy:
			b.Copy = &copyText{Text: o.Value}
		default:
			b.Data = o.ID
		}
		k.Inline = append(k.Inline, []buttonOut{b})
	}
	return k
}

// requests is a keyboard that asks for a location or a phone number.
// https://core.telegram.org/bots/api#keyboardbutton
func requests(options []events.Option) *keyboard {
	k := &keyboard{Resize: true, OneTime: true}
	for _, o := range options {
		k.Reply = append(k.Reply,
			[]buttonOut{{Text: o.Label, Contact: o.Action == events.ActionContact,
				Location: o.Action == events.ActionLocation}})
	}
	return k
}

// invoice asks for money, or for Stars, which need no provider. Its payload comes
// back with the payment. https://core.telegram.org/bots/api#sendinvoice
func (c call) invoice(a channel.Account, p events.Payment) (call, error) {
	if problem := takesPayment(p); problem != "" {
		return c, unacceptable(problem)
	}
	if c.Connection != "" {
		return c, unacceptable("a business account sends no invoices: send a link")
	}
	c.method, c.Title, c.Description, c.Payload, c.Currency = "sendInvoice", p.Title, p.Title, p.Reference,
		p.Amount.Currency
	c.Prices = []price{{Label: p.Title, Amount: p.Amount.Amount}}
	if c.Currency == stars {
		return c, nil
	}
	if c.ProviderToken = a.Value(providerToken); c.ProviderToken == "" {
		return c, &channel.Error{Class: events.ClassAuth, Title: "the account has no provider_token",
			Remedy: "store the payment provider's token"}
	}
	if lines, sum := priced(p.Lines); sum == p.Amount.Amount {
		c.Prices = lines
	}
	return c, nil
}

// priced are the lines of an invoice, and their sum.
func priced(lines []events.PaymentLine) (list []price, sum int64) {
	for _, l := range lines {
		list, sum = append(list, price{Label: l.Label, Amount: l.Amount.Amount}), sum+l.Amount.Amount
	}
	return list, sum
}

// place are the parameters that say whom a message goes to.
var place = []string{"chat_id", "business_connection_id", "message_thread_id", "direct_messages_topic_id"}

// other is any method that sends or answers, with our recipient.
func (c call) other(n *events.Native) (call, error) {
	own, err := channel.Native(n, nil, place...)
	if err != nil {
		return c, err
	}
	var method string
	if json.Unmarshal(own["method"], &method) != nil {
		return c, unacceptable("native content has the name of a method in it")
	}
	if !strings.HasPrefix(method, "send") && !strings.HasPrefix(method, "answer") {
		return c, unacceptable("native content sends or answers")
	}
	delete(own, "method")
	c.method, c.native = method, own
	if strings.HasPrefix(method, "answer") {
		return c, nil // a query knows its chat
	}
	return c, c.addressed(own)
}

// addressed puts the recipient of c into own.
func (c call) addressed(own map[string]json.RawMessage) error {
	place, err := channel.JSON(call{ChatID: c.ChatID, Connection: c.Connection, Thread: c.Thread,
		DirectTopic: c.DirectTopic, Reply: c.Reply})
	if err != nil {
		return err
	}
	return json.Unmarshal(place, &own)
}
