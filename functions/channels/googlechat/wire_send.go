package googlechat

import (
	"encoding/json"
	"maps"

	"github.com/relais-dev/relais/shared/channel"
)

// outMessage is a message to be created.
// https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces.messages
type outMessage struct {
	Text     string      `json:"text,omitempty"`
	Fallback string      `json:"fallbackText,omitempty"` // what a notification shows of cards
	Thread   *thread     `json:"thread,omitempty"`
	Cards    []outCardID `json:"cardsV2,omitempty"`

	native map[string]json.RawMessage // all of it but the thread, when it is the integrator's own
}

// MarshalJSON passes on what is the integrator's own, in our thread.
func (m outMessage) MarshalJSON() ([]byte, error) {
	type plain outMessage
	if m.native == nil {
		return channel.JSON(plain(m))
	}
	all := maps.Clone(m.native)
	if m.Thread != nil {
		t, err := channel.JSON(m.Thread)
		if err != nil {
			return nil, err
		}
		all["thread"] = t
	}
	return channel.JSON(all)
}

// https://developers.google.com/workspace/chat/api/reference/rest/v1/cards
type outCardID struct {
	ID   string  `json:"cardId"`
	Card outCard `json:"card"`
}

type outCard struct {
	Header   *outHeader `json:"header,omitempty"`
	Sections []section  `json:"sections,omitempty"`
}

type outHeader struct {
	Title string `json:"title"`
}

type section struct {
	Header  string   `json:"header,omitempty"`
	Widgets []widget `json:"widgets"`
}

// widget has one of its members.
// https://developers.google.com/workspace/chat/api/reference/rest/v1/cards#widget
type widget struct {
	Paragraph *textParagraph `json:"textParagraph,omitempty"`
	Image     *image         `json:"image,omitempty"`
	Decorated *decorated     `json:"decoratedText,omitempty"`
	Buttons   *buttonList    `json:"buttonList,omitempty"`
	Input     *textInput     `json:"textInput,omitempty"`
	Selection *selection     `json:"selectionInput,omitempty"`
	Date      *datePicker    `json:"dateTimePicker,omitempty"`
}

type textParagraph struct {
	Text string `json:"text"` // simple HTML
}

type image struct {
	URL     string   `json:"imageUrl"`
	Alt     string   `json:"altText,omitempty"`
	OnClick *onClick `json:"onClick,omitempty"`
}

type decorated struct {
	Icon    *icon    `json:"startIcon,omitempty"`
	Text    string   `json:"text"` // simple HTML
	Bottom  string   `json:"bottomLabel,omitempty"`
	Wrap    bool     `json:"wrapText,omitempty"`
	OnClick *onClick `json:"onClick,omitempty"`
}

type icon struct {
	Known string `json:"knownIcon,omitempty"`
	URL   string `json:"iconUrl,omitempty"`
}

type buttonList struct {
	Buttons []button `json:"buttons"`
}

type button struct {
	Text    string   `json:"text"`
	OnClick *onClick `json:"onClick"`
}

// https://developers.google.com/workspace/chat/api/reference/rest/v1/cards#onclick
type onClick struct {
	Action   *outAction `json:"action,omitempty"`
	OpenLink *openLink  `json:"openLink,omitempty"`
}

type outAction struct {
	Function   string         `json:"function"`
	Parameters []outParameter `json:"parameters,omitempty"`
}

type outParameter struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

type openLink struct {
	URL string `json:"url"`
}

type textInput struct {
	Name  string `json:"name"`
	Label string `json:"label"`
}

type selection struct {
	Name  string          `json:"name"`
	Label string          `json:"label"`
	Type  string          `json:"type"`
	Items []selectionItem `json:"items"`
}

type selectionItem struct {
	Text  string `json:"text"`
	Value string `json:"value"`
}

type datePicker struct {
	Name  string `json:"name"`
	Label string `json:"label"`
	Type  string `json:"type"`
}
