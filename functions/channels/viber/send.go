package viber

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

const (
	captionLength  = 768
	keyboardRows   = 24
	labelLength    = 250
	trackingLength = 4000 // https://creators.viber.com/docs/bots-api/resources/messaging/send-message
	nameLength     = 256
)

var actions = []string{events.ActionReply, events.ActionPostback, events.ActionURL, events.ActionWebView,
	events.ActionLocation, events.ActionContact}

// takes refuses what Viber would show in part only.
func takes(c events.Content) string {
	switch {
	case c.Link != nil && (c.Link.Title != "" || c.Link.Text != ""):
		return "a link is its address alone"
	case len(c.Contacts) > 0:
		return takesCard(c.Contacts[0])
	case c.Media != nil:
		return takesMedia(c.Media)
	case c.Choice != nil && !labelled(c.Choice.Options):
		return longLabel
	case c.Choice != nil && len(trackingData(offer(c.Choice.Options, nil))) > trackingLength:
		return "the ids and labels are longer than what comes back"
	case c.Choice != nil && c.Choice.Header != nil && !isPicture(*c.Choice.Header):
		return "only a picture with an address stands above a keyboard"
	case len(c.Cards) > 0:
		return takesCards(c.Cards)
	}
	return ""
}

// takesMedia wants what Viber can fetch by itself, or has.
func takesMedia(m *events.Media) string {
	switch {
	// those of other platforms come in sets
	case m.Type == events.Sticker && (!channel.Digits(m.PlatformID) || m.Set != ""):
		return "a sticker is known by Viber's number for it"
	case m.Type != events.Sticker && m.URL == "":
		return "a medium is fetched from its address"
	case m.Type == events.Image && !ends(m.URL, pictures):
		return "a picture's address ends in .jpg, .jpeg or .png"
	case m.Type == events.Video && !ends(m.URL, films):
		return "a film's address ends in .mp4"
	case m.Type == events.File && endOf(m.URL) == "":
		return "a file's address ends in its extension"
	case m.Type == events.File:
		return takesFile(channel.FileName(*m))
	}
	return ""
}

// Viber looks at the end of an address's path.
// https://developers.viber.com/docs/api/rest-bot-api/#picture-message
var (
	pictures = []string{".jpg", ".jpeg", ".png"}
	films    = []string{".mp4"}
)

func isPicture(m events.Media) bool { return m.Type == events.Image && ends(m.URL, pictures) }

func ends(address string, extensions []string) bool {
	return slices.Contains(extensions, endOf(address))
}

// endOf is the extension in an address, in lower case, or "".
func endOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || len(path.Ext(u.Path)) < 2 {
		return ""
	}
	return strings.ToLower(path.Ext(u.Path))
}

// takesFile wants a file's name with an extension, and of no program.
// https://developers.viber.com/docs/api/rest-bot-api/#file-message
func takesFile(name string) string {
	extension := strings.ToLower(path.Ext(name))
	switch {
	case len(extension) < 2:
		return "a file's name has an extension"
	case utf8.RuneCountInString(name) > nameLength:
		return "a file's name has at most 256 characters"
	case slices.Contains(programs, extension[1:]):
		return "Viber takes no files of the type " + extension
	}
	return ""
}

// programs are formats that Viber forbids. https://developers.viber.com/docs/tools/file-formats/
var programs = strings.Fields("action apk app bat bin cmd com command cpl csh exe gadget inf1 ins inx ipa " +
	"isu job jse ksh lnk msc msi msp mst osx out paf pif prg ps1 reg rgs run sct sh shb shs u3p vb vbe vbs " +
	"vbscript workflow ws wsf")

// longLabel says why a button's text does not fit: the signs < and > take four characters.
const longLabel = "a button's text has at most 250 characters"

func labelled(options []events.Option) bool {
	return !slices.ContainsFunc(options, func(o events.Option) bool {
		return utf8.RuneCountInString(plain(o.Label)) > labelLength
	})
}

// https://developers.viber.com/docs/api/rest-bot-api/#contact-message
func takesCard(card events.Card) string {
	if len(card.Phones) != 1 || card.Name == "" || utf8.RuneCountInString(card.Name) > 28 ||
		len(card.Phones[0].Value) > 18 {
		return "a contact is a name of 28 characters and one phone number"
	}
	return ""
}

func takesCards(cards []events.Panel) string {
	for _, p := range cards {
		if p.Media == nil || p.Media.Type != events.Image || p.Media.URL == "" {
			return "every card has a picture with an address"
		}
		if utf8.RuneCountInString(wordsOf(p)) > labelLength || !labelled(p.Options) {
			return longLabel
		}
	}
	if len(trackingData(offerCards(cards))) > trackingLength {
		return "the ids and labels are longer than what comes back"
	}
	return ""
}

// host is the API's. https://developers.viber.com/docs/api/rest-bot-api/#send-message
const host = "chatapi.viber.com"

func send(ctx context.Context, e channel.Env, o channel.Outgoing) (channel.Sent, error) {
	m := outgoing{Receiver: o.To.Conversation.PlatformID, MinAPIVersion: 1, Sender: sender{speaker(e, o)}}
	body, err := m.of(ctx, e, o.Content[0])
	if err != nil {
		return channel.Sent{}, err
	}
	r, err := e.PostJSON(ctx, "https://"+host+"/pa/send_message",
		http.Header{"X-Viber-Auth-Token": {e.Account.Value(token)}}, body)
	if err != nil {
		return channel.Sent{}, err
	}
	return result(r)
}

// maxSender is the longest name. https://developers.viber.com/docs/api/rest-bot-api/#general-send-message-parameters
const maxSender = 28

// speaker is the name above the message, without which Viber takes none: the
// sender's, else the account's.
func speaker(e channel.Env, o channel.Outgoing) string {
	if o.Sender != nil && o.Sender.Name != "" && utf8.RuneCountInString(o.Sender.Name) <= maxSender {
		return o.Sender.Name
	}
	return cmp.Or(e.Account.Value(senderName), e.Account.ID)
}

// of is m saying c, as a body.
func (m outgoing) of(ctx context.Context, e channel.Env, c events.Content) (any, error) {
	switch c.Kind {
	case events.KindText:
		m.Type, m.Text = "text", &c.Text.Body
	case events.KindMedia:
		return m, m.media(ctx, e, c.Media)
	case events.KindLocation:
		m.Type, m.Location = "location", &place{c.Location.Latitude, c.Location.Longitude}
	case events.KindContacts:
		m.Type, m.Contact = "contact", &contact{Name: c.Contacts[0].Name, Phone: c.Contacts[0].Phones[0].Value}
	case events.KindLink:
		m.Type, m.Media = "url", c.Link.URL
	case events.KindChoice:
		m.choice(c.Choice)
	case events.KindCards:
		m.cards(c.Cards)
	case events.KindNative:
		return m.native(c.Native)
	default:
		return nil, &channel.Error{Class: events.ClassContent,
			Title: "a content of kind " + string(c.Kind) + " cannot be sent"}
	}
	return m, nil
}

// media sets a medium by its URL. Of a film and a file Viber wants the size.
func (m *outgoing) media(ctx context.Context, e channel.Env, w *events.Media) error {
	switch w.Type {
	case events.Sticker:
		m.Type, m.StickerID = "sticker", json.Number(w.PlatformID)
		return nil
	case events.Image:
		m.Type, m.Media, m.Text, m.Thumbnail = "picture", w.URL, &w.Caption, w.Thumbnail
		return nil
	}
	size, err := sizeOf(ctx, e, w)
	if err != nil {
		return err
	}
	m.Type, m.Media, m.Size = "file", w.URL, size
	if w.Type == events.Video {
		m.Type, m.Thumbnail, m.Duration = "video", w.Thumbnail, w.DurationMS/1000
		return nil
	}
	m.FileName = channel.FileName(*w)
	return nil
}

// sizeOf is w's size, read when it is not known.
func sizeOf(ctx context.Context, e channel.Env, w *events.Media) (int64, error) {
	if w.Bytes > 0 {
		return w.Bytes, nil
	}
	f, err := e.Open(ctx, *w)
	if err != nil {
		return 0, fmt.Errorf("%w: open the file: %w", channel.ErrNotSent, err)
	}
	defer f.Close()
	n, err := io.Copy(io.Discard, f)
	if err != nil {
		return 0, fmt.Errorf("%w: read the file: %w", channel.ErrNotSent, err)
	}
	return n, nil
}
