package fit

import (
	"fmt"
	"slices"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// cards are carousels, else each card on its own.
func (f fitter) cards(panels []events.Panel) outcome {
	out, problem := f.carousels(panels)
	if problem == "" {
		return out
	}
	for i, p := range panels {
		next := f.panel(p, len(out.numbered)+1)
		if i == 0 {
			out = next
			continue
		}
		out = out.and(next)
	}
	return out.fallback(events.LossStyle, "cards sent one by one: "+problem)
}

// carousels are as few of about the same length as hold all panels, or why they cannot.
func (f fitter) carousels(panels []events.Panel) (outcome, string) {
	limit := f.limits.Cards
	if limit == nil || limit.Max < 1 {
		return outcome{}, "the channel has no carousel"
	}
	if problem := f.unfitPanels(panels, *limit); problem != "" {
		return outcome{}, problem
	}
	out := native()
	count := (len(panels) + limit.Max - 1) / limit.Max
	for i := range count {
		some := panels[i*len(panels)/count : (i+1)*len(panels)/count]
		if len(some) < limit.Min {
			return outcome{}, fmt.Sprintf("a carousel needs %d cards", limit.Min)
		}
		c := events.Content{Kind: events.KindCards, Cards: slices.Clone(some)}
		if problem := f.takes(c); problem != "" {
			return outcome{}, problem
		}
		out.content = append(out.content, c)
	}
	if count > 1 {
		out.details = []string{fmt.Sprintf("split into %d", count)}
	}
	return out, ""
}

func (f fitter) unfitPanels(panels []events.Panel, limit channel.Cards) string {
	for i, p := range panels {
		if limit.Uniform && len(p.Options) != len(panels[0].Options) {
			return "its cards must have as many options as each other"
		}
		if problem := f.unfitPanel(p, limit); problem != "" {
			return fmt.Sprintf("card %d: %s", i+1, problem)
		}
	}
	return ""
}

func (f fitter) unfitPanel(p events.Panel, limit channel.Cards) string {
	switch {
	case limit.Title > 0 && f.over(p.Title, limit.Title):
		return fmt.Sprintf("its title is longer than %d", limit.Title)
	case f.over(p.Text, limit.Text):
		return fmt.Sprintf("its text is longer than %d", limit.Text)
	case len(p.Options) > limit.Options:
		return fmt.Sprintf("%d options are more than %d", len(p.Options), limit.Options)
	case p.Media == nil && limit.Media:
		return "it needs a picture"
	}
	if problem := f.unfitOptions(p.Options, limit.Actions, limit.Label); problem != "" {
		return problem
	}
	return f.unfitPicture(p.Media)
}

// panel is a card that stands alone; its numbers, if it needs some, begin at first.
func (f fitter) panel(p events.Panel, first int) outcome {
	if len(p.Options) > 0 {
		c := events.Choice{Header: p.Media, Title: p.Title, Text: p.Text, Options: p.Options}
		if c.Text == "" {
			c.Title, c.Text = "", p.Title
		}
		return f.choice(c, first)
	}
	text := plain(joined(p.Title, p.Text))
	if p.Media == nil {
		return f.say(text)
	}
	m := *p.Media
	caption := lines(text, marked(m.Caption, m.Entities))
	m.Caption, m.Entities = caption.body, caption.marks
	return f.media(m)
}
