package line

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// Sizes of what LINE shows. Lengths count UTF-16 units, which never are fewer than
// the characters that LINE counts in labels.
// https://developers.line.biz/en/docs/messaging-api/text-character-count/
const (
	maxText     = 5000 // https://developers.line.biz/en/reference/messaging-api/#text-message
	maxAlt      = 400  // https://developers.line.biz/en/reference/messaging-api/#flex-message
	maxPlace    = 100  // https://developers.line.biz/en/reference/messaging-api/#location-message
	maxData     = 300  // https://developers.line.biz/en/reference/messaging-api/#postback-action
	maxURL      = 2000 // https://developers.line.biz/en/reference/messaging-api/#image-message
	maxValue    = 1000 // https://developers.line.biz/en/reference/messaging-api/#uri-action #clipboard-action
	maxQuick    = 13   // https://developers.line.biz/en/reference/messaging-api/#items-object
	maxCards    = 12   // https://developers.line.biz/en/reference/messaging-api/#f-carousel
	maxSender   = 20   // https://developers.line.biz/en/docs/messaging-api/icon-nickname-customization/
	maxMessages = 5    // https://developers.line.biz/en/reference/messaging-api/#send-push-message

	quickLabel  = 20       // https://developers.line.biz/en/reference/messaging-api/#action-objects
	buttonLabel = 40       // of a button in a Flex Message, same place
	maxBubble   = 30 << 10 // bytes of JSON, https://developers.line.biz/en/reference/messaging-api/#bubble
	maxCarousel = 50 << 10 // bytes of JSON, https://developers.line.biz/en/reference/messaging-api/#f-carousel

	maxOptions  = 30   // ours: what fits into maxBubble and can be read
	cardOptions = 4    // ours: as many as LINE's own templates have
	bubbleText  = 2000 // ours: a longer prompt leaves no room in maxBubble
	cardText    = 500  // ours: 12 of them fit into maxCarousel
)

var (
	audioTypes    = []string{"audio/mpeg", "audio/mp4"}
	buttonActions = []string{events.ActionReply, events.ActionPostback, events.ActionURL, events.ActionWebView,
		events.ActionCall, events.ActionCopy}
	quickActions = []string{events.ActionReply, events.ActionPostback, events.ActionURL, events.ActionWebView,
		events.ActionCall, events.ActionCopy, events.ActionLocation}
)

// takes says why LINE does not take c, or "".
func takes(c events.Content) string {
	switch {
	case c.Media != nil:
		return takesMedia(*c.Media)
	case c.Location != nil && (channel.UTF16.Len(c.Location.Name) > maxPlace ||
		channel.UTF16.Len(c.Location.Address) > maxPlace):
		return "a place's name and address have at most 100 characters"
	case c.Choice != nil:
		return takesChoice(*c.Choice)
	case c.Cards != nil:
		return takesCards(c.Cards)
	}
	return ""
}

func takesMedia(m events.Media) string {
	switch {
	case m.Type == events.Sticker && (m.Set == "" || !channel.Digits(m.PlatformID)):
		return "LINE sends its own stickers only, by package and id"
	case m.Type != events.Sticker && m.URL == "" && m.SHA256 == "":
		return "LINE fetches media from a URL"
	case !short(m.URL, m.Thumbnail):
		return longAddress
	case m.Type == events.Video && !isHTTPS(m.Thumbnail):
		return "a video needs a thumbnail with an https URL"
	case (m.Type == events.Audio || m.Type == events.Voice) && m.DurationMS <= 0:
		return "audio needs its duration"
	}
	return ""
}

func takesChoice(c events.Choice) string {
	if h := c.Header; h != nil {
		switch {
		case h.Type == events.Video && !isHTTPS(h.Thumbnail):
			return "a video needs a thumbnail with an https URL"
		case !short(h.URL, h.Thumbnail):
			return longAddress
		}
	}
	if problem := takesOptions(c.Options); problem != "" || c.Style == events.StyleQuick {
		return problem
	}
	return fits(choiceBubble(c), maxBubble)
}

func takesCards(panels []events.Panel) string {
	for _, p := range panels {
		if p.Media != nil && p.Media.Type == events.Video {
			return "a card shows a picture, no film"
		}
		if p.Media != nil && !short(p.Media.URL) {
			return longAddress
		}
		if problem := takesOptions(p.Options); problem != "" {
			return problem
		}
	}
	return fits(carouselOf(panels), maxCarousel)
}

func takesOptions(options []events.Option) string {
	for _, o := range options {
		if len(o.Value) > maxValue || len(o.ID) > maxData {
			return "an option's address has at most 1000 characters, its id 300"
		}
		if !short(o.Image) {
			return longAddress
		}
	}
	return ""
}

func fits(v any, size int) string {
	if text, err := channel.JSON(v); err != nil || len(text) > size {
		return "longer than the " + strconv.Itoa(size) + " bytes of JSON that LINE takes"
	}
	return ""
}

const longAddress = "the address of a file has at most 2000 characters"

func short(addresses ...string) bool {
	return !slices.ContainsFunc(addresses, func(s string) bool { return channel.UTF16.Len(s) > maxURL })
}

func isHTTPS(s string) bool { return strings.HasPrefix(s, "https://") }

// compose makes LINE's messages of o. LINE shows the quick replies of the last
// message of a call alone, so that is where all of them go.
// https://developers.line.biz/en/docs/messaging-api/using-quick-reply/
func compose(o channel.Outgoing) ([]json.RawMessage, error) {
	var list []outMessage
	var quick []quickItem
	for _, c := range o.Content {
		m, ok := messageOf(c)
		if !ok {
			return nil, &channel.Error{Class: events.ClassContent, Title: "LINE has no " + string(c.Kind)}
		}
		list = append(list, m)
		if c.Choice != nil && c.Choice.Style == events.StyleQuick {
			quick = append(quick, quickItems(c.Choice.Options)...)
		}
	}
	if len(list) > 0 && len(quick) > 0 {
		list[len(list)-1].QuickReply = &quickReply{Items: quick}
	}
	raws := make([]json.RawMessage, len(list))
	for i, m := range list {
		if m.native == nil {
			m.Sender = senderOf(o.Sender)
		}
		raw, err := m.json()
		if err != nil {
			return nil, err
		}
		raws[i] = raw
	}
	return raws, nil
}

// messageOf is c as LINE's own kind of message.
func messageOf(c events.Content) (outMessage, bool) {
	switch {
	case c.Text != nil:
		return outMessage{Type: "text", Text: c.Text.Body}, true
	case c.Media != nil:
		return mediaMessage(*c.Media)
	case c.Location != nil:
		return locationMessage(*c.Location), true
	case c.Choice != nil && c.Choice.Style == events.StyleQuick:
		return outMessage{Type: "text", Text: c.Choice.Text}, true
	case c.Choice != nil:
		return outMessage{Type: "flex", AltText: alt(c.Choice.Title, c.Choice.Text), Contents: choiceBubble(*c.Choice)}, true
	case len(c.Cards) > 0:
		return outMessage{Type: "flex", AltText: alt(c.Cards[0].Title, c.Cards[0].Text), Contents: carouselOf(c.Cards)}, true
	case c.Native != nil:
		return outMessage{native: c.Native}, true
	}
	return outMessage{}, false
}

func mediaMessage(m events.Media) (outMessage, bool) {
	switch m.Type {
	case events.Image:
		return outMessage{Type: "image", OriginalContentURL: m.URL, PreviewImageURL: preview(m)}, true
	case events.Video:
		return outMessage{Type: "video", OriginalContentURL: m.URL, PreviewImageURL: preview(m)}, true
	case events.Audio, events.Voice:
		return outMessage{Type: "audio", OriginalContentURL: m.URL, Duration: m.DurationMS}, true
	case events.Sticker:
		return outMessage{Type: "sticker", PackageID: m.Set, StickerID: m.PlatformID}, true
	}
	return outMessage{}, false
}

// preview is a medium's picture: its thumbnail, or the picture itself.
func preview(m events.Media) string {
	if isHTTPS(m.Thumbnail) {
		return m.Thumbnail
	}
	return m.URL
}

// locationMessage names the place; one without a name is called by its address, in
// the end by its coordinates, since LINE wants both.
func locationMessage(l events.Location) outMessage {
	degrees := func(d float64) string { return strconv.FormatFloat(d, 'f', -1, 64) }
	where := degrees(l.Latitude) + ", " + degrees(l.Longitude)
	return outMessage{
		Type: "location", Title: cmp.Or(l.Name, l.Address, where), Address: cmp.Or(l.Address, where),
		Latitude: &l.Latitude, Longitude: &l.Longitude,
	}
}

// alt is what the list of chats and a notification show of a Flex Message.
func alt(title, text string) string { return cut(strings.TrimSpace(title+"\n"+text), maxAlt) }

// cut is the beginning of s, of at most limit UTF-16 units.
func cut(s string, limit int) string {
	n := 0
	for i, r := range s {
		if n += channel.UTF16.Len(string(r)); n > limit {
			return s[:i]
		}
	}
	return s
}

// senderOf shows who speaks for the account. LINE refuses its own name in it.
// https://developers.line.biz/en/docs/messaging-api/icon-nickname-customization/
func senderOf(s *events.Sender) *sender {
	if s == nil || strings.TrimSpace(s.Name) == "" || strings.Contains(s.Name, "LINE") {
		return nil
	}
	return &sender{Name: cut(s.Name, maxSender)}
}

// quickItems are the options below the last message. LINE wants what a postback shows as
// said by the customer, which for other buttons may be nothing.
// https://developers.line.biz/en/reference/messaging-api/#postback-action
func quickItems(options []events.Option) []quickItem {
	items := make([]quickItem, len(options))
	for i, o := range options {
		items[i] = quickItem{Type: "action", Action: actionOf(o), ImageURL: o.Image}
		if a := items[i].Action; a.Type == "postback" {
			a.DisplayText = o.Label
		}
	}
	return items
}

// actionOf is what an option does. A reply is shown as said by the customer; both
// it and a postback come back with the option's id as their data.
// https://developers.line.biz/en/reference/messaging-api/#action-objects
func actionOf(o events.Option) *action {
	switch o.Action {
	case events.ActionURL, events.ActionWebView:
		return &action{Type: "uri", Label: o.Label, URI: o.Value}
	case events.ActionCall:
		return &action{Type: "uri", Label: o.Label, URI: "tel:" + strings.ReplaceAll(o.Value, " ", "")}
	case events.ActionCopy:
		return &action{Type: "clipboard", Label: o.Label, ClipboardText: o.Value}
	case events.ActionLocation:
		return &action{Type: "location", Label: o.Label}
	case events.ActionPostback:
		return &action{Type: "postback", Label: o.Label, Data: o.ID}
	}
	return &action{Type: "postback", Label: o.Label, Data: o.ID, DisplayText: o.Label}
}
