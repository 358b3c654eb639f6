package fit

import (
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// A shape is the limits of a channel, like those of a real one.
type shape struct {
	name   string
	limits channel.Limits
}

func shapes() []shape {
	return []shape{
		{"sms", channel.Limits{Text: 160, Unit: channel.GSM}},
		{"posts", channel.Limits{Text: 280, Unit: channel.Posts}},
		{"tiny", channel.Limits{Text: 1, Unit: channel.Bytes}},
		{"line", likeLINE()},
		{"whatsapp", likeWhatsApp()},
		{"telegram", likeTelegram()},
	}
}

func likeLINE() channel.Limits {
	return channel.Limits{
		Text: 5000, Unit: channel.UTF16, Batch: 5,
		Kinds: []events.Kind{events.KindLocation},
		Media: map[string]channel.MediaLimit{
			events.Image: {Bytes: 10e6, MIME: []string{"image/jpeg", "image/png"}}, events.Video: {Bytes: 200e6,
				MIME: []string{"video/mp4"}},
			events.Audio: {Bytes: 200e6, MIME: []string{"audio/mp4", "audio/mpeg"}}, events.Sticker: {},
		},
		Choices: []channel.Choices{
			{Style: events.StyleButtons, Min: 1, Max: 4, Text: 60, Label: 20, ID: 300, Title: 40, Header: true,
				Actions: []string{events.ActionReply, events.ActionPostback, events.ActionURL}},
			{Style: events.StyleQuick, Min: 1, Max: 13, Label: 20, ID: 300,
				Actions: []string{events.ActionReply, events.ActionPostback, events.ActionLocation}},
		},
		Cards: &channel.Cards{Min: 1, Max: 10, Title: 40, Text: 60, Options: 3, Label: 20, Uniform: true,
			Actions: []string{events.ActionReply, events.ActionPostback, events.ActionURL}},
		Takes: func(c events.Content) string {
			if c.Kind == events.KindMedia && c.Media.Type == events.Sticker && (c.Media.PlatformID == "" || c.Media.Set == "") {
				return "a sticker needs its id and package"
			}
			return ""
		},
	}
}

func likeWhatsApp() channel.Limits {
	return channel.Limits{
		Text: 4096, Styles: []string{"bold", "italic", "strikethrough", "code", "pre"}, Quote: true,
		Kinds: []events.Kind{events.KindLocation, events.KindContacts, events.KindTemplate, events.KindForm}, Contacts: 1,
		Media: map[string]channel.MediaLimit{
			events.Image: {Bytes: 5e6, MIME: []string{"image/jpeg", "image/png"}, Caption: 1024}, events.Video: {Bytes: 16e6,
				MIME: []string{"video/mp4"}, Caption: 1024},
			events.Audio: {Bytes: 16e6, MIME: []string{"audio/*"}}, events.Voice: {MIME: []string{"audio/ogg; codecs=opus"}},
			events.File: {Bytes: 100e6, Caption: 1024}, events.Sticker: {MIME: []string{"image/webp"}},
		},
		Choices: []channel.Choices{
			{Style: events.StyleButtons, Min: 1, Max: 3, Text: 1024, Label: 20, ID: 256, Title: 60, Footer: 60, Header: true},
			{Style: events.StyleButtons, Min: 1, Max: 1, Text: 1024, Label: 20, Title: 60, Footer: 60, Header: true,
				Actions: []string{events.ActionURL}},
			{Style: events.StyleList, Min: 1, Max: 10, Text: 1024, Label: 24, ID: 200, Title: 60, Footer: 60, Describe: 72,
				Section: 24},
		},
		Takes: func(c events.Content) string {
			if c.Kind == events.KindForm && strings.Contains(c.Form.ID, "-") {
				return "the form is no flow"
			}
			return ""
		},
	}
}

func likeTelegram() channel.Limits {
	types := []string{events.Image, events.Video, events.Audio, events.Voice, events.File, events.Sticker,
		events.Animation}
	media := map[string]channel.MediaLimit{}
	for _, typ := range types {
		media[typ] = channel.MediaLimit{Bytes: 50e6, Caption: 1024}
	}
	return channel.Limits{
		Text: 4096, Unit: channel.UTF16, Styles: []string{"bold", "italic", "strikethrough", "code", "pre", "link",
			"mention"},
		Kinds: []events.Kind{events.KindLocation, events.KindContacts, events.KindPayment}, Contacts: 1, Media: media,
		Choices: []channel.Choices{
			{Style: events.StyleButtons, Min: 1, Max: 100, ID: 64, Header: true,
				Actions: []string{events.ActionReply, events.ActionPostback, events.ActionURL, events.ActionWebView,
					events.ActionCopy}},
			{Style: events.StyleQuick, Min: 1, Max: 300, Actions: []string{events.ActionReply, events.ActionLocation,
				events.ActionContact}},
		},
	}
}
