package fit

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// choice is c in the first form that takes it as it is, else in the first that
// takes it repaired, else numbered text whose numbers begin at first.
func (f fitter) choice(c events.Choice, first int) outcome {
	forms := f.forms(c.Style)
	var why []string
	for _, form := range forms {
		as := c
		as.Style = form.Style
		problem := f.unfitChoice(as, form)
		if problem == "" {
			return native(choiceContent(as))
		}
		why = append(why, problem)
	}
	for _, form := range forms {
		if out, ok := f.repaired(c, form); ok {
			return out
		}
	}
	return f.numbered(c, first).noting(why...)
}

func choiceContent(c events.Choice) events.Content {
	return events.Content{Kind: events.KindChoice, Choice: &c}
}

// forms are the channel's forms, those of the style first.
func (f fitter) forms(style string) []channel.Choices {
	var hinted, others []channel.Choices
	for _, form := range f.limits.Choices {
		if form.Style == style {
			hinted = append(hinted, form)
		} else {
			others = append(others, form)
		}
	}
	return append(hinted, others...)
}

// promptLimit is the longest prompt of a form.
func (f fitter) promptLimit(form channel.Choices) int {
	if form.Text == 0 {
		return f.limit()
	}
	return form.Text
}

// unfitChoice says why form does not take c as it is, or "".
func (f fitter) unfitChoice(c events.Choice, form channel.Choices) string {
	switch n := len(c.Options); {
	case n < max(form.Min, 1) || n > form.Max:
		return fmt.Sprintf("%s are %d to %d options, not %d", form.Style, max(form.Min, 1), form.Max, n)
	case f.over(c.Text, f.promptLimit(form)):
		return fmt.Sprintf("its text is longer than %d", f.promptLimit(form))
	case f.over(c.Title, form.Title):
		return fmt.Sprintf("its title is longer than %d", form.Title)
	case f.over(c.Footer, form.Footer):
		return fmt.Sprintf("its footer is longer than %d", form.Footer)
	case form.Label > 0 && f.over(c.Button, form.Label):
		return fmt.Sprintf("its button is longer than %d", form.Label)
	case c.Multiple && !form.Multiple:
		return "only one can be chosen"
	case c.Header != nil && !form.Header:
		return "there is no picture above " + form.Style
	}
	for _, problem := range []string{f.unfitPicture(c.Header), f.unfitOptions(c.Options, form.Actions, form.Label),
		f.unfitParts(c.Options, form)} {
		if problem != "" {
			return problem
		}
	}
	return f.takes(choiceContent(c))
}

// unfitPicture says why m cannot stand above a prompt or on a card, or "".
func (f fitter) unfitPicture(m *events.Media) string {
	if m == nil {
		return ""
	}
	limit, known := f.limits.Media[m.Type]
	switch {
	case !known || m.Type != events.Image && m.Type != events.Video:
		return m.Type + " is no picture or film that the channel has"
	case m.Caption != "":
		return "a picture in a message has no caption"
	}
	return unfit(*m, m.Type, limit)
}

// unfitOptions says which option has an action or a label that is not taken.
func (f fitter) unfitOptions(options []events.Option, actions []string, label int) string {
	for _, o := range options {
		switch {
		case !allowed(actions, action(o)):
			return fmt.Sprintf("option %s: no action %s", o.ID, action(o))
		case !f.leads(o):
			return fmt.Sprintf("option %s: the channel does not open its address", o.ID)
		case label > 0 && f.over(o.Label, label):
			return fmt.Sprintf("option %s: its label is longer than %d", o.ID, label)
		}
	}
	return ""
}

// leads says whether the address of o, if it has one, is opened.
func (f fitter) leads(o events.Option) bool {
	return o.Action != events.ActionURL && o.Action != events.ActionWebView || f.limits.Links.Opens(o.Value)
}

// unfitParts says which option has something else that form does not take.
func (f fitter) unfitParts(options []events.Option, form channel.Choices) string {
	for _, o := range options {
		switch {
		case form.ID > 0 && len(o.ID) > form.ID:
			return fmt.Sprintf("option %s: its id is longer than %d bytes", o.ID, form.ID)
		case f.over(o.Description, form.Describe):
			return fmt.Sprintf("option %s: its description is longer than %d", o.ID, form.Describe)
		case f.over(o.Section, form.Section):
			return fmt.Sprintf("option %s: its section is longer than %d", o.ID, form.Section)
		}
	}
	return ""
}

func action(o events.Option) string {
	if o.Action == "" {
		return events.ActionReply
	}
	return o.Action
}

// allowed says whether a form with these actions has action; nil is those that
// every form has.
func allowed(actions []string, action string) bool {
	if actions == nil {
		return action == events.ActionReply || action == events.ActionPostback
	}
	return slices.Contains(actions, action)
}

// numbered is c as text that is answered by a number.
func (f fitter) numbered(c events.Choice, first int) outcome {
	all := []string{c.Title, c.Text}
	section := ""
	for i, o := range c.Options {
		if o.Section != section {
			section = o.Section
			all = append(all, section)
		}
		all = append(all, strconv.Itoa(first+i)+". "+spelled(o))
	}
	out := f.say(plain(joined(append(all, c.Footer)...))).fallback(events.LossInteraction,
		"options are answered by number")
	out.numbered = slices.Clone(c.Options)
	if c.Header == nil {
		return out
	}
	return f.media(*c.Header).and(out)
}

// spelled is all that a person needs to know of an option.
func spelled(o events.Option) string {
	s := described(o)
	switch o.Action {
	case events.ActionURL, events.ActionWebView, events.ActionCall, events.ActionCopy:
		if o.Value != "" {
			s += ": " + o.Value
		}
	}
	return s
}

func described(o events.Option) string {
	if o.Description == "" {
		return o.Label
	}
	return o.Label + " – " + o.Description
}
