package fit

import (
	"slices"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/rivo/uniseg"
)

// A repair makes a choice fit a form: what the form cannot show moves into the
// prompt, or before it.
type repair struct {
	f       fitter
	form    channel.Choices
	choice  events.Choice
	before  outcome // what is shown before the choice
	out     outcome // what became of it
	top     string  // above the prompt
	listing []string
	links   []string
	bottom  string
}

// repaired is c repaired for form; false means that the form does not take it even so.
func (f fitter) repaired(c events.Choice, form channel.Choices) (outcome, bool) {
	c.Style, c.Options = form.Style, slices.Clone(c.Options)
	r := repair{f: f, form: form, choice: c, before: native(), out: native()}
	r.frame()
	r.header()
	r.actions()
	r.parts()
	r.labels()
	r.prompt()
	if f.unfitChoice(r.choice, form) != "" {
		return outcome{}, false
	}
	r.out.content = []events.Content{choiceContent(r.choice)}
	return r.before.and(r.out), true
}

func (r *repair) lost(loss, detail string) {
	r.out.loss = worse(r.out.loss, loss)
	r.out.details = append(r.out.details, detail)
}

// frame moves a title and a footer that do not fit, and gives up a choice of several.
func (r *repair) frame() {
	if r.f.over(r.choice.Title, r.form.Title) {
		r.top, r.choice.Title = r.choice.Title, ""
		r.lost(events.LossStyle, "the title is part of the text")
	}
	if r.f.over(r.choice.Footer, r.form.Footer) {
		r.bottom, r.choice.Footer = r.choice.Footer, ""
		r.lost(events.LossStyle, "the footer is part of the text")
	}
	if r.choice.Multiple && !r.form.Multiple {
		r.choice.Multiple = false
		r.lost(events.LossInteraction, "only one can be chosen")
	}
}

// header sends a picture that cannot stand above the prompt before it.
func (r *repair) header() {
	h := r.choice.Header
	if h == nil || r.form.Header && r.f.unfitPicture(h) == "" {
		return
	}
	r.choice.Header = nil
	alone := r.f.media(*h)
	r.before = r.before.and(alone)
	if alone.as == events.AsRefused {
		r.lost(events.LossContent, "the picture is not shown")
		return
	}
	r.lost(events.LossStyle, "the picture is a message of its own")
}

// actions spells out options that lead somewhere, and lets the customer answer
// those that would have shared something.
func (r *repair) actions() {
	var kept []events.Option
	section := ""
	for _, o := range r.choice.Options {
		does := action(o)
		switch {
		case allowed(r.form.Actions, does) && r.f.leads(o):
			kept = append(kept, o)
		case spelled(o) != described(o):
			if o.Section != section {
				section = o.Section
				r.links = append(r.links, section)
			}
			r.links = append(r.links, spelled(o))
			r.lost(events.LossInteraction, "option "+o.ID+" is part of the text")
		default:
			o.Action = r.answer()
			kept = append(kept, o)
			r.lost(answering(does), "option "+o.ID+" is an answer instead of "+does)
		}
	}
	r.choice.Options = slices.Clip(kept)
}

// answer is the action by which the form is answered.
func (r *repair) answer() string {
	if allowed(r.form.Actions, events.ActionReply) {
		return events.ActionReply
	}
	return events.ActionPostback
}

// answering is the loss of an answer in place of an action.
func answering(action string) string {
	if action == events.ActionReply || action == events.ActionPostback {
		return events.LossStyle
	}
	return events.LossInteraction
}

// parts lists the options where the form does not show what belongs to them.
func (r *repair) parts() {
	f, options := r.f, r.choice.Options
	described := slices.ContainsFunc(options, func(o events.Option) bool {
		return f.over(o.Description,
			r.form.Describe)
	})
	sectioned := slices.ContainsFunc(options, func(o events.Option) bool { return f.over(o.Section, r.form.Section) })
	if !described && !sectioned {
		return
	}
	r.lost(events.LossStyle, "the options are explained in the text")
	section := ""
	for i := range options {
		o := &options[i]
		if sectioned && o.Section != section {
			section = o.Section
			r.list(section)
		}
		r.list(line(*o, described))
		if described {
			o.Description = ""
		}
		if sectioned {
			o.Section = ""
		}
	}
}

func line(o events.Option, withDescription bool) string {
	if withDescription {
		return described(o)
	}
	return o.Label
}

func (r *repair) list(s string) {
	if s != "" {
		r.listing = append(r.listing, s)
	}
}

// labels shortens labels, unless two would look alike, and lists them in full.
func (r *repair) labels() {
	if r.form.Label == 0 {
		return
	}
	listed := len(r.listing) > 0
	options := r.choice.Options
	for i := range options {
		o := &options[i]
		short := r.f.short(o.Label, r.form.Label)
		if short == o.Label || slices.ContainsFunc(options, func(other events.Option) bool { return other.Label == short }) {
			continue
		}
		if !listed {
			r.list(o.Label)
		}
		o.Label = short
		r.lost(events.LossStyle, "the label of option "+o.ID+" is shortened")
	}
	if short := r.f.short(r.choice.Button, r.form.Label); short != r.choice.Button {
		r.choice.Button = short
		r.lost(events.LossStyle, "the button that opens the options is shortened")
	}
}

// short is s cut to limit behind a character, with an ellipsis; s itself where it
// fits or nothing would be left of it.
func (f fitter) short(s string, limit int) string {
	if !f.over(s, limit) {
		return s
	}
	best, at, state := s, 0, -1
	for rest := s; rest != ""; {
		var cluster string
		cluster, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		at += len(cluster)
		if f.over(s[:at]+"…", limit) {
			break
		}
		best = strings.TrimSpace(s[:at]) + "…"
	}
	return best
}

// prompt puts the text together. What is too much for the form is said before it:
// what was added, or where the text itself is too long, its beginning.
func (r *repair) prompt() {
	text := r.choice.Text
	all := joined(slices.Concat([]string{r.top, text}, r.listing, r.links, []string{r.bottom})...)
	limit := r.f.promptLimit(r.form)
	if !r.f.over(all, limit) {
		r.choice.Text = all
		return
	}
	before := joined(slices.Concat([]string{r.top}, r.listing, r.links, []string{r.bottom})...)
	if r.f.over(text, limit) {
		before, r.choice.Text = r.f.ending(all, limit)
	}
	if before != "" {
		r.before = r.before.and(r.f.say(plain(before)))
		r.out.details = append(r.out.details, "a part of the text is a message of its own")
	}
}

// ending cuts the last piece of at most limit off s.
func (f fitter) ending(s string, limit int) (before, last string) {
	pieces := f.pieces(s, limit)
	n := len(pieces) - 1
	if n < 0 { // nothing but space
		return "", s
	}
	if n > 0 {
		before = s[:pieces[n-1].to]
	}
	return before, s[pieces[n].from:pieces[n].to]
}
