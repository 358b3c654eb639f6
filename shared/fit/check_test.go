package fit

import (
	"fmt"
	"mime"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// check says why c is not within l, or "". It knows nothing of how fitting is done.
func check(l channel.Limits, c events.Content) string {
	if l.Takes != nil && l.Takes(c) != "" {
		return "not taken: " + l.Takes(c)
	}
	switch c.Kind {
	case events.KindText:
		return checkText(l, c.Text)
	case events.KindMedia:
		return checkMedia(l, c.Media)
	case events.KindChoice:
		return checkChoice(l, c.Choice)
	case events.KindCards:
		return checkCards(l, c.Cards)
	case events.KindNative:
		return ""
	}
	if !slices.Contains(l.Kinds, c.Kind) || l.Contacts > 0 && len(c.Contacts) > l.Contacts {
		return "the channel has no such " + string(c.Kind)
	}
	return ""
}

func checkText(l channel.Limits, t *events.Text) string {
	if t.Format != "" || strings.TrimSpace(t.Body) == "" {
		return "format or empty body"
	}
	if n := l.Unit.Len(t.Body); n > max(l.Text, 4) {
		return fmt.Sprintf("%d long", n)
	}
	return checkMarks(l, t.Body, t.Entities)
}

func checkMarks(l channel.Limits, body string, marks []events.Entity) string {
	length := len(utf16.Encode([]rune(body)))
	for _, m := range marks {
		if !slices.Contains(l.Styles, m.Type) || m.Offset < 0 || m.Length < 1 || m.Offset+m.Length > length {
			return fmt.Sprintf("entity %+v in %d units", m, length)
		}
	}
	return ""
}

func checkMedia(l channel.Limits, m *events.Media) string {
	limit, ok := l.Media[m.Type]
	if !ok || limit.Bytes > 0 && m.Bytes > limit.Bytes || l.Unit.Len(m.Caption) > limit.Caption {
		return "media or caption beyond " + m.Type
	}
	if m.URL == "" && m.SHA256 == "" && m.PlatformID == "" {
		return "no source"
	}
	if !checkMIME(limit.MIME, m.MIME) {
		return m.MIME + " for " + m.Type
	}
	return checkMarks(l, m.Caption, m.Entities)
}

func checkMIME(patterns []string, typ string) bool {
	base, _, err := mime.ParseMediaType(typ)
	if patterns == nil || typ == "" {
		return true
	}
	family, _, _ := strings.Cut(base, "/")
	return err == nil && (slices.Contains(patterns, base) || slices.Contains(patterns, family+"/*") ||
		slices.Contains(patterns, typ))
}

func checkChoice(l channel.Limits, c *events.Choice) string {
	why := "no form"
	for _, form := range l.Choices {
		if form.Style == c.Style {
			if why = checkForm(l, form, c); why == "" {
				return ""
			}
		}
	}
	return why
}

func checkForm(l channel.Limits, form channel.Choices, c *events.Choice) string {
	if form.Text == 0 {
		form.Text = max(l.Text, 4)
	}
	n := l.Unit.Len
	if n(c.Text) > form.Text || n(c.Title) > form.Title || n(c.Footer) > form.Footer || c.Multiple && !form.Multiple {
		return "frame"
	}
	if len(c.Options) < form.Min || len(c.Options) > form.Max {
		return "count"
	}
	if c.Header != nil && (!form.Header || c.Header.Caption != "" || checkMedia(l, c.Header) != "") {
		return "header"
	}
	for _, o := range c.Options {
		if n(o.Description) > form.Describe || n(o.Section) > form.Section || form.ID > 0 && len(o.ID) > form.ID {
			return "option " + o.ID
		}
	}
	return checkOptions(l, form.Actions, form.Label, c.Options)
}

func checkOptions(l channel.Limits, actions []string, label int, options []events.Option) string {
	if actions == nil {
		actions = []string{events.ActionReply, events.ActionPostback}
	}
	for _, o := range options {
		if o.Action == "" {
			o.Action = events.ActionReply
		}
		if !slices.Contains(actions, o.Action) || label > 0 && l.Unit.Len(o.Label) > label {
			return fmt.Sprintf("option %+v", o)
		}
	}
	return ""
}

func checkCards(l channel.Limits, panels []events.Panel) string {
	k := l.Cards
	if k == nil || len(panels) < k.Min || len(panels) > k.Max {
		return "cards or their number"
	}
	for _, p := range panels {
		if k.Title > 0 && l.Unit.Len(p.Title) > k.Title || l.Unit.Len(p.Text) > k.Text || len(p.Options) > k.Options {
			return "card " + p.Title
		}
		if p.Media == nil && k.Media || k.Uniform && len(p.Options) != len(panels[0].Options) {
			return "card unlike others"
		}
		if p.Media != nil && checkMedia(l, p.Media) != "" {
			return checkMedia(l, p.Media)
		}
		if why := checkOptions(l, k.Actions, k.Label, p.Options); why != "" {
			return why
		}
	}
	return ""
}
