package rcs

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// compose is o as a message of the agent.
func compose(o channel.Outgoing) (agentMessage, error) {
	m := agentMessage{Traffic: transaction, TTL: keep}
	if o.Bulk {
		m.Traffic = promotion
	}
	c := o.Content[0]
	switch c.Kind {
	case events.KindText:
		m.Content.Text = c.Text.Body
	case events.KindMedia:
		m.Content = media(*c.Media)
	case events.KindLocation:
		m.Content = place(*c.Location)
	case events.KindChoice:
		m.Content = choice(*c.Choice)
	case events.KindCards:
		m.Content.RichCard = &richCard{Carousel: carousel(c.Cards)}
	case events.KindNative:
		return native(m, c.Native)
	default:
		return m, &channel.Error{Class: events.ClassContent, Title: "RCS has no " + string(c.Kind)}
	}
	return m, nil
}

// native is an AgentMessage of the integrator's, with what is missing of ours.
func native(m agentMessage, n *events.Native) (agentMessage, error) {
	parts, err := channel.Native(n, nil)
	if err != nil {
		return m, err
	}
	if len(parts["contentMessage"]) == 0 || json.Unmarshal([]byte(n.JSON), &m) != nil {
		return m, &channel.Error{Class: events.ClassContent,
			Title: "native content is no AgentMessage with a contentMessage"}
	}
	if m.ExpireTime != "" {
		m.TTL = "" // one of them
	}
	m.Content.native = parts["contentMessage"]
	return m, nil
}

// media is a file by its URL, or, with a caption, a card of it.
func media(m events.Media) contentMessage {
	info := fileInfo(m)
	if m.Caption == "" {
		return contentMessage{ContentInfo: info}
	}
	return standalone(cardContent{Description: m.Caption, Media: &cardMedia{Height: "MEDIUM", ContentInfo: info}})
}

func fileInfo(m events.Media) *contentInfo {
	info := &contentInfo{FileURL: m.URL}
	if fetched(m.Thumbnail) {
		info.ThumbnailURL = m.Thumbnail
	}
	return info
}

// place is a text with a button that opens the map, labelled by a sign: we add no words.
func place(l events.Location) contentMessage {
	latitude, longitude := l.Latitude, l.Longitude
	query := strconv.FormatFloat(latitude, 'f', -1, 64) + "," + strconv.FormatFloat(longitude, 'f', -1, 64)
	return contentMessage{
		Text: strings.Trim(l.Name+"\n"+l.Address, "\n"),
		Suggestions: []suggested{{Action: &suggestedAction{
			Text: "📍", Postback: "location",
			FallbackURL: "https://www.google.com/maps/search/?api=1&query=" + url.QueryEscape(query),
			ViewLocation: &viewLocation{
				LatLong: location{Latitude: &latitude, Longitude: &longitude}, Label: l.Name,
			},
		}}},
	}
}

// choice is a text with suggestions below, or a card with them on it. Suggestions
// below are gone with the next message.
func choice(c events.Choice) contentMessage {
	if c.Style == events.StyleQuick {
		return contentMessage{Text: c.Text, Suggestions: suggestions(c.Options)}
	}
	return standalone(card(c.Title, c.Text, c.Header, c.Options))
}

func standalone(c cardContent) contentMessage {
	return contentMessage{RichCard: &richCard{Standalone: &standaloneCard{Orientation: "VERTICAL", Content: c}}}
}

func carousel(panels []events.Panel) *carouselCard {
	c := &carouselCard{Width: "MEDIUM"}
	for _, p := range panels {
		c.Contents = append(c.Contents, card(p.Title, p.Text, p.Media, p.Options))
	}
	return c
}

func card(title, text string, m *events.Media, options []events.Option) cardContent {
	c := cardContent{Title: title, Description: text, Suggestions: suggestions(options)}
	if m != nil {
		c.Media = &cardMedia{Height: "MEDIUM", ContentInfo: fileInfo(*m)}
	}
	return c
}

// suggestions are options; whatever is tapped, its id comes back.
func suggestions(options []events.Option) []suggested {
	var list []suggested
	for _, o := range options {
		a := suggestedAction{Text: o.Label, Postback: o.ID}
		switch o.Action {
		case events.ActionURL:
			a.OpenURL = &openURL{URL: o.Value, Application: "BROWSER"}
		case events.ActionWebView:
			a.OpenURL = &openURL{URL: o.Value, Application: "WEBVIEW", ViewMode: "FULL"}
		case events.ActionCall:
			a.Dial = &dial{Phone: o.Value}
		case events.ActionLocation:
			a.ShareLocation = &struct{}{}
		default:
			list = append(list, suggested{Reply: &suggestedReply{Text: o.Label, Postback: o.ID}})
			continue
		}
		list = append(list, suggested{Action: &a})
	}
	return list
}
