package line

import (
	"cmp"

	"github.com/relais-dev/relais/events"
)

// choiceBubble is a choice as a Flex Message, which unlike LINE's templates holds
// long prompts, descriptions and sections, and is shown on computers too.
// https://developers.line.biz/en/docs/messaging-api/flex-message-elements/
func choiceBubble(c events.Choice) flexBubble {
	b := bubble(c.Title, c.Text, c.Header, c.Options)
	if c.Footer != "" {
		b.Footer = cmp.Or(b.Footer, vertical())
		b.Footer.Contents = append(b.Footer.Contents, small(c.Footer))
	}
	return b
}

// carouselOf is cards as a Flex Message.
func carouselOf(panels []events.Panel) flexCarousel {
	c := flexCarousel{Type: "carousel"}
	for _, p := range panels {
		c.Contents = append(c.Contents, bubble(p.Title, p.Text, p.Media, p.Options))
	}
	return c
}

func bubble(title, text string, picture *events.Media, options []events.Option) flexBubble {
	b := flexBubble{Type: "bubble", Hero: hero(picture), Body: vertical()}
	if title != "" {
		b.Body.Contents = append(b.Body.Contents, flexPart{Type: "text", Text: title, Weight: "bold", Size: "lg",
			Wrap: true})
	}
	if text != "" {
		b.Body.Contents = append(b.Body.Contents, flexPart{Type: "text", Text: text, Wrap: true})
	}
	if len(options) > 0 {
		b.Footer = vertical()
		b.Footer.Contents = buttons(options)
	}
	return b
}

func vertical() *flexPart { return &flexPart{Type: "box", Layout: "vertical", Spacing: "sm"} }

func small(text string) flexPart {
	return flexPart{Type: "text", Text: text, Size: "xs", Color: "#8c8c8c", Wrap: true}
}

// heroRatio is how wide LINE shows pictures above a bubble.
const heroRatio = "20:13"

// hero is the picture or film above a bubble.
func hero(m *events.Media) *flexPart {
	if m == nil {
		return nil
	}
	picture := &flexPart{Type: "image", URL: m.URL, Size: "full", AspectRatio: heroRatio, AspectMode: "cover"}
	if m.Type != events.Video {
		return picture
	}
	picture.URL = m.Thumbnail
	return &flexPart{Type: "video", URL: m.URL, PreviewURL: m.Thumbnail, AspectRatio: heroRatio, AltContent: picture}
}

// buttons are the options below each other, a section's name before its first and
// a description behind its option.
func buttons(options []events.Option) []flexPart {
	var parts []flexPart
	section := ""
	for _, o := range options {
		if o.Section != section && o.Section != "" {
			parts = append(parts, flexPart{Type: "text", Text: o.Section, Weight: "bold", Size: "sm", Wrap: true})
		}
		section = o.Section
		parts = append(parts, flexPart{Type: "button", Style: "secondary", Height: "sm", Action: actionOf(o)})
		if o.Description != "" {
			parts = append(parts, small(o.Description))
		}
	}
	return parts
}
