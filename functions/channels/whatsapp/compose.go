package whatsapp

import (
	"cmp"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// Sizes of what WhatsApp shows, in UTF-16 units, which never are fewer than characters.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages
const (
	maxText    = 4000 // of 4096: styles are written into the text
	maxCaption = 1000 // of 1024, likewise
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/interactive-reply-buttons-messages
	maxPrompt = 1024
	maxHeader = 60
	maxFooter = 60
	maxLabel  = 20 // of a button, also of that which opens a list, a page or a form
	maxCards  = 257

	// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/interactive-list-messages
	maxRows        = 10
	maxListPrompt  = 4096
	maxRow         = 24
	maxRowID       = 200
	maxDescription = 72
	maxSection     = 24
	maxSections    = 10

	// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/interactive-media-carousel-messages
	maxPanels      = 10
	maxPanelText   = 160
	maxPanelBreaks = 2 // line breaks in that text

	stillSticker = 100 << 10 // bytes of a sticker that does not move
)

// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media#supported-media-types
const (
	maxImage    = 5 << 20
	maxAudio    = 16 << 20
	maxVideo    = 16 << 20
	maxDocument = 100 << 20
	maxSticker  = 500 << 10
)

// pages are the actions of a button that opens a page.
var pages = []string{events.ActionURL, events.ActionWebView}

// choices are the ways to offer options: what stands above them is a picture or a
// title, so each way that has both is here twice.
func choices() []channel.Choices {
	buttons := channel.Choices{Style: events.StyleButtons, Min: 1, Max: 3, Text: maxPrompt, Label: maxLabel, ID: 256,
		Footer: maxFooter, Header: true}
	page := channel.Choices{Style: events.StyleButtons, Min: 1, Max: 1, Actions: pages, Text: maxPrompt, Label: maxLabel,
		Footer: maxFooter, Header: true}
	titled := func(c channel.Choices) channel.Choices {
		c.Header, c.Title = false, maxHeader
		return c
	}
	return []channel.Choices{
		buttons, titled(buttons),
		{Style: events.StyleList, Min: 1, Max: maxRows, Text: maxListPrompt, Label: maxRow, ID: maxRowID, Title: maxHeader,
			Footer:   maxFooter,
			Describe: maxDescription, Section: maxSection},
		page, titled(page),
		{Style: events.StyleButtons, Min: 1, Max: 1, Actions: []string{events.ActionLocation}, Text: maxPrompt},
		{Style: events.StyleButtons, Min: 1, Max: 1, Actions: []string{events.ActionContact}, Text: maxPrompt},
	}
}

// takes says why WhatsApp does not take c, whose sizes are right, or "".
func takes(c events.Content) string {
	switch {
	case c.Media != nil && c.Media.Type == events.Sticker && !c.Media.Animated && c.Media.Bytes > stillSticker:
		return "a sticker that does not move has at most 100 KB"
	case c.Choice != nil:
		return takesChoice(c.Choice)
	case c.Cards != nil:
		return takesCards(c.Cards)
	case c.Form != nil:
		return takesForm(c.Form)
	case c.Product != nil && (c.Product.Catalog == "" || channel.UTF16.Len(c.Product.Text) > maxPrompt):
		return "a product needs its catalogue at Meta and a short text"
	case c.Link != nil && channel.UTF16.Len(linkText(c.Link)) > maxText:
		return "the text of the link is too long"
	}
	return ""
}

// refuses says what is wrong with a template, or "": its words are approved, nothing
// else stands for them.
func refuses(c events.Content) string {
	if c.Template == nil {
		return ""
	}
	_, problem := components(c.Template.Parameters)
	return problem
}

// compose is the body of a call for o's one content.
func compose(o channel.Outgoing) ([]byte, error) {
	m, c := envelope(o), o.Content[0]
	switch c.Kind {
	case events.KindText:
		m.Type, m.Text = "text", &sendText{Body: markup(c.Text.Body, c.Text.Entities)}
	case events.KindLink:
		m.Type, m.Text = "text", &sendText{Body: linkText(c.Link), Preview: true}
	case events.KindMedia:
		m.media(c.Media)
	case events.KindLocation:
		l := c.Location
		m.Type, m.Location = "location", &sendLocation{Latitude: l.Latitude, Longitude: l.Longitude, Name: l.Name,
			Address: l.Address}
	case events.KindContacts:
		m.Type, m.Contacts = "contacts", cards(c.Contacts)
	case events.KindChoice:
		m.Type, m.Interactive = "interactive", choiceOf(c.Choice)
	case events.KindCards:
		m.Type, m.Interactive = "interactive", carousel(c.Cards)
	case events.KindForm:
		m.Type, m.Interactive = "interactive", flow(c.Form, o.ID)
	case events.KindProduct:
		m.Type, m.Interactive = "interactive", productOf(c.Product)
	case events.KindTemplate:
		m.Type = "template"
		return m.template(o, c.Template)
	case events.KindNative:
		own, err := channel.Native(c.Native, m, "to", "recipient")
		if err != nil {
			return nil, err
		}
		return channel.JSON(own)
	default:
		return nil, &channel.Error{Class: events.ClassContent, Title: "WhatsApp cannot send " + string(c.Kind)}
	}
	if m.Kind == toGroup && (m.Interactive != nil || m.Location != nil || m.Contacts != nil) {
		return nil, &channel.Error{Class: events.ClassContent, Title: "WhatsApp's groups take no " + string(c.Kind),
			Remedy: "send it as a text, a file or a template"}
	}
	return channel.JSON(m)
}

// toGroup is the kind of a recipient to whom texts, files and templates go, and no more.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/groups/groups-messaging
const toGroup = "group"

// envelope is all of a message but what it says. A conversation is with a number, a
// business-scoped user id or a group.
func envelope(o channel.Outgoing) sendRequest {
	m := sendRequest{Product: product, Kind: "individual", Correlation: o.ID}
	switch to := o.To.Conversation.PlatformID; {
	case o.To.Conversation.Kind == events.Group:
		m.Kind, m.To = toGroup, to
	case channel.Digits(strings.TrimPrefix(to, "+")):
		m.To = plus(to) // without the sign Meta may put our country's code before it
	default:
		m.Recipient = to
	}
	if o.ReplyTo != "" {
		m.Context = &sendContext{MessageID: o.ReplyTo}
	}
	return m
}

func plus(number string) string { return "+" + strings.TrimPrefix(number, "+") }

func (m *sendRequest) media(media *events.Media) {
	part := mediaOf(media)
	part.Caption = markup(media.Caption, media.Entities)
	switch m.Type = media.Type; media.Type {
	case events.Image:
		m.Image = part
	case events.Video:
		m.Video = part
	case events.Sticker:
		m.Sticker, part.Caption = part, ""
	case events.Audio, events.Voice:
		m.Type, m.Audio, part.Caption, part.Voice = "audio", part, "", media.Type == events.Voice
	default:
		m.Type, m.Document, part.Filename = "document", part, cmp.Or(media.Name, nameIn(media.URL))
	}
}

// nameIn is the file's name in an address, or "": without one WhatsApp shows none.
func nameIn(address string) string {
	u, err := url.Parse(address)
	if err != nil || !strings.Contains(path.Base(u.Path), ".") {
		return ""
	}
	return strings.Trim(path.Base(u.Path), ".")
}

// mediaOf is where Meta finds a file: its URL, else the id that Meta gave to it.
func mediaOf(m *events.Media) *sendMedia {
	if m.URL != "" {
		return &sendMedia{Link: m.URL}
	}
	return &sendMedia{ID: m.PlatformID}
}

// linkText is a link with the words that go with it. Meta shows a preview of its page.
func linkText(l *events.Link) string {
	parts := slices.DeleteFunc([]string{l.Title, l.Text, l.URL}, func(s string) bool { return s == "" })
	return strings.Join(parts, "\n")
}

func cards(list []events.Card) []sendCard {
	var out []sendCard
	for _, c := range list {
		card := sendCard{Name: sendName{Formatted: c.Name, First: c.FirstName, Last: c.LastName}, Birthday: c.Birthday}
		if c.FirstName == "" && c.LastName == "" {
			card.Name.First = c.Name // one part of a name is required beside the whole
		}
		if c.Company != "" {
			card.Org = &sendOrg{Company: c.Company}
		}
		for _, v := range c.Phones {
			phone := sendPhone{Phone: v.Value, Type: v.Label}
			if c.Identity != nil && c.Identity.Scheme == events.Phone && digits(v.Value) == digits(c.Identity.Value) {
				phone.WaID = digits(c.Identity.Value)
			}
			card.Phones = append(card.Phones, phone)
		}
		for _, v := range c.Emails {
			card.Emails = append(card.Emails, sendEmail{Email: v.Value, Type: v.Label})
		}
		for _, v := range c.URLs {
			card.URLs = append(card.URLs, sendURL{URL: v.Value, Type: v.Label})
		}
		for _, v := range c.Addresses {
			card.Places = append(card.Places, sendAddress{Street: v.Value, Type: v.Label})
		}
		out = append(out, card)
	}
	return out
}

// digits are the digits of a number that people wrote.
func digits(number string) string {
	return strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return r
		}
		return -1
	}, number)
}
