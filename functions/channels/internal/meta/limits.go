package meta

import (
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

const (
	// https://developers.facebook.com/documentation/business-messaging/messenger-platform/send-messages/template/button
	maxButtons  = 3
	buttonText  = 640
	buttonLabel = 20
	maxPayload  = 1000

	// https://developers.facebook.com/documentation/business-messaging/messenger-platform/send-messages/quick-replies
	maxQuick = 13

	// https://developers.facebook.com/documentation/business-messaging/messenger-platform/send-messages/template/generic
	maxCards = 10
	cardText = 80
)

// Choices are buttons that stay, and quick replies that go with the next message.
// actions are what a button may do beside answering.
func Choices(actions ...string) []channel.Choices {
	return []channel.Choices{
		{
			Style: events.StyleButtons, Min: 1, Max: maxButtons, Actions: buttonActions(actions),
			Text: buttonText, Label: buttonLabel, ID: maxPayload,
		},
		{Style: events.StyleQuick, Min: 1, Max: maxQuick, Label: buttonLabel, ID: maxPayload},
	}
}

// Cards are a carousel.
func Cards(actions ...string) *channel.Cards {
	return &channel.Cards{
		Min: 1, Max: maxCards, Title: cardText, Text: cardText, Options: maxButtons, Label: buttonLabel,
		Actions: buttonActions(actions),
	}
}

func buttonActions(more []string) []string {
	return append([]string{events.ActionReply, events.ActionPostback, events.ActionURL, events.ActionWebView}, more...)
}

// Takes says why the platform does not take a content whose lengths are right, or "".
func Takes(c events.Content) string {
	switch c.Kind {
	case events.KindMedia:
		if c.Media.URL == "" {
			return "media are fetched from a URL"
		}
	case events.KindChoice:
		if strings.TrimSpace(c.Choice.Text) == "" {
			return "options need a text before them"
		}
	case events.KindCards:
		for _, p := range c.Cards {
			if p.Title == "" || p.Text == "" && p.Media == nil && len(p.Options) == 0 {
				return "a card needs a title and something else"
			}
		}
	case events.KindForm:
		f := c.Form
		if f.URL == "" || f.Submit == "" || channel.UTF16.Len(f.Submit) > buttonLabel || formText(f) == "" ||
			channel.UTF16.Len(formText(f)) > buttonText {
			return "a form is a button, which needs a page's URL, a short label and a text of at most 640 characters"
		}
	case events.KindTemplate:
		if c.Template.Name == "" || c.Template.Language == "" {
			return "a template needs a name and a language"
		}
	}
	return ""
}
