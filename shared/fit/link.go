package fit

import (
	"slices"

	"github.com/relais-dev/relais/events"
)

// Linked is content with an address on every media that is one of our stored files.
func Linked(content []events.Content, link func(string) string) []events.Content {
	if link == nil {
		return content
	}
	list := slices.Clone(content)
	for i := range list {
		c := &list[i]
		c.Media = withLink(c.Media, link)
		if c.Choice != nil && c.Choice.Header != nil {
			choice := *c.Choice
			choice.Header = withLink(choice.Header, link)
			c.Choice = &choice
		}
		if c.Cards != nil {
			c.Cards = slices.Clone(c.Cards)
			for j := range c.Cards {
				c.Cards[j].Media = withLink(c.Cards[j].Media, link)
			}
		}
		if c.Template != nil && c.Template.Fallback != nil {
			t := *c.Template
			t.Fallback = Linked(t.Fallback, link)
			c.Template = &t
		}
	}
	return list
}

func withLink(m *events.Media, link func(string) string) *events.Media {
	if m == nil || m.URL != "" || m.SHA256 == "" {
		return m
	}
	with := *m
	with.URL = link(m.SHA256)
	return &with
}
