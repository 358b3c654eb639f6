package viber

import (
	"encoding/json"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// A pressed button comes back as a text beside the tracking data of the bot's last
// message. So the tracking data of an offer says which text stands for which option,
// and the text is what people read: it looks as if they had written it, and writing
// it does the same.

// tracking is the tracking data of an offer: pairs of text and option.
type tracking struct {
	Options [][2]string `json:"options"`
}

// offered is an option, and the text that its press sends.
type offered struct {
	events.Option
	answer string
}

// offer gives each option a text of its own: its label, with what it is about behind
// it where several have the same, or else its id. about may be nil.
func offer(options []events.Option, about []string) []offered {
	list := make([]offered, len(options))
	for _, text := range []func(int) string{
		func(i int) string { return answerOf(options[i]) },
		func(i int) string {
			if about == nil {
				return options[i].ID
			}
			return answerOf(options[i]) + ": " + about[i]
		},
		func(i int) string { return options[i].ID },
	} {
		times := map[string]int{}
		for i := range options {
			times[text(i)]++
		}
		for i := range options {
			if t := text(i); list[i].answer == "" && times[t] == 1 {
				list[i] = offered{options[i], t}
			}
		}
	}
	for i := range list {
		if list[i].answer == "" { // two of one id
			list[i] = offered{options[i], answerOf(options[i])}
		}
	}
	return list
}

// trackingData is the tracking data that offers list.
func trackingData(list []offered) string {
	var t tracking
	for _, o := range list {
		t.Options = append(t.Options, [2]string{o.answer, o.ID})
	}
	b, _ := channel.JSON(t) // texts
	return string(b)
}

// option is the id of the option that text stands for; false when data offers none.
func option(data, text string) (string, bool) {
	var t tracking
	if json.Unmarshal([]byte(data), &t) != nil {
		return "", false
	}
	for _, pair := range t.Options {
		if pair[0] == text && pair[1] != "" {
			return pair[1], true
		}
	}
	return "", false
}

// answerOf is the text that a press of o sends: for a page it is the address.
func answerOf(o events.Option) string {
	if o.Action == events.ActionURL || o.Action == events.ActionWebView {
		return o.Value
	}
	return o.Label
}

// choice sets a keyboard below the prompt or its picture. It is gone when the next
// message has none.
func (m *outgoing) choice(c *events.Choice) {
	list := offer(c.Options, nil)
	m.Type, m.Text, m.TrackingData = "text", &c.Text, trackingData(list)
	if c.Header != nil {
		m.Type, m.Media = "picture", c.Header.URL
	}
	m.Keyboard = &keyboard{Type: "keyboard"}
	for _, o := range list {
		b := newButton(o)
		b.Columns, b.Rows = wholeRow, 1
		m.Keyboard.Buttons = append(m.Keyboard.Buttons, b)
		m.MinAPIVersion = max(m.MinAPIVersion, b.version())
	}
}

const wholeRow = 6 // columns

// newButton is o, of no size yet.
func newButton(o offered) button {
	b := button{Text: plain(o.Label), ActionType: "reply", ActionBody: o.answer, Image: o.Image}
	switch o.Action {
	case events.ActionURL, events.ActionWebView:
		b.ActionType, b.ActionBody, b.Silent = "open-url", o.Value, true
	case events.ActionContact:
		b.ActionType = "share-phone"
	case events.ActionLocation:
		b.ActionType = "location-picker"
	}
	return b
}

// version is the API version whose apps know b.
// https://developers.viber.com/docs/tools/keyboards/#buttons-parameters
func (b button) version() int {
	switch b.ActionType {
	case "share-phone", "location-picker":
		return 3
	case "open-url":
		return 6 // Silent
	}
	return 1
}

// plain is text as buttons show it: they understand some HTML.
func plain(text string) string { return angles.Replace(text) }

var angles = strings.NewReplacer("<", "&lt;", ">", "&gt;")

// Rows of a card's picture and words.
// https://developers.viber.com/docs/api/rest-bot-api/#rich-media-message--carousel-content-message
const (
	pictureRows = 3
	wordRows    = 2
	richVersion = 7
)

// cards sets a carousel: a grid that is as high as one card.
func (m *outgoing) cards(cards []events.Panel) {
	r := &richMedia{Type: "rich_media", Columns: wholeRow, Rows: pictureRows + wordRows + len(cards[0].Options),
		BgColor: "#FFFFFF"}
	list := offerCards(cards)
	m.TrackingData = trackingData(list)
	var titles []string
	for _, p := range cards {
		r.Buttons = append(r.Buttons,
			button{Columns: wholeRow, Rows: pictureRows, ActionType: "none", Image: p.Media.URL},
			button{Columns: wholeRow, Rows: wordRows, ActionType: "none", Text: wordsOf(p)})
		for _, o := range list[:len(p.Options)] {
			b := newButton(o)
			b.Columns, b.Rows = wholeRow, 1
			r.Buttons = append(r.Buttons, b)
		}
		list, titles = list[len(p.Options):], append(titles, p.Title)
	}
	m.Type, m.MinAPIVersion, m.RichMedia, m.AltText = "rich_media", richVersion, r, strings.Join(titles, ", ")
}

// wordsOf is what stands below a card's picture.
func wordsOf(p events.Panel) string {
	words := "<b>" + plain(p.Title) + "</b>"
	if p.Text != "" {
		words += "<br>" + plain(p.Text)
	}
	return words
}

// offerCards offers the options of all cards: several may have the same label.
func offerCards(cards []events.Panel) []offered {
	var options []events.Option
	var about []string
	for _, p := range cards {
		for _, o := range p.Options {
			options, about = append(options, o), append(about, p.Title)
		}
	}
	return offer(options, about)
}

// native is n's object with our receiver in it, and our sender if it names none.
func (m outgoing) native(n *events.Native) (any, error) {
	body, err := channel.Native(n, map[string]any{"receiver": m.Receiver}, "broadcast_list")
	if err == nil && body["sender"] == nil {
		body["sender"], err = channel.JSON(m.Sender)
	}
	return body, err
}
