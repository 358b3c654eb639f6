package fit

import (
	"cmp"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
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
	with.URL = link(m.SHA256 + ending(*m))
	return &with
}

// plainEnding is an extension that stands in an address as it is.
var plainEnding = regexp.MustCompile(`^\.[a-z0-9]{1,8}$`)

// ending is the extension of m's type, else that of its name: platforms that fetch a file
// look at how its address ends.
func ending(m events.Media) string {
	named := strings.ToLower(path.Ext(m.Name))
	if !plainEnding.MatchString(named) {
		named = ""
	}
	return cmp.Or(channel.Extension(m), named)
}
