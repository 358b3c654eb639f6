// Package fit turns a message into what a channel can carry. It is the only place
// where content is degraded, and it tells what was lost.
//
// Every part becomes contents that the channel takes as they are: as its own kind,
// else as the nearest kind that it has, in the end as text. Words are never thrown
// away and never added: what customers see is in the brand's language alone.
package fit

import (
	"slices"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// A Plan is a message as it will be sent.
type Plan struct {
	Calls    []Call             // in order
	Report   []events.Rendering // one per part of the content
	Numbered []events.Option    // the options behind "1", "2" … where a choice became text; nil without one
}

// A Call is what one call of the platform carries.
type Call struct {
	Content []events.Content `json:"content"`
}

// Message plans content for a channel called name with limits l. It is pure, and
// planning a plan's calls again changes nothing.
//
// A text arrives without Format, its Markdown in Entities. A choice's Style is no
// longer a hint: it is the Style of the Limits.Choices that takes it. Of several
// choices that became text, only the numbers of the last are understood.
func Message(name string, content []events.Content, l channel.Limits) Plan {
	f := fitter{name: name, limits: l}
	outcomes := make([]outcome, len(content))
	for i := range content {
		outcomes[i] = f.part(content[i])
	}
	return pack(content, outcomes, max(l.Batch, 1))
}

// A fitter knows the channel.
type fitter struct {
	name   string
	limits channel.Limits
}

// part fits one part and asks the platform about each content that came of it.
func (f fitter) part(c events.Content) outcome {
	if !present(c) {
		return refused(string(c.Kind) + " is empty, or no kind that is sent")
	}
	c = clean(c)
	if f.limits.Refuses != nil {
		if problem := f.limits.Refuses(c); problem != "" {
			return refused(problem)
		}
	}
	out := f.content(c)
	if c.Kind == events.KindTemplate && f.limits.Folds && f.limits.Has(c.Kind) {
		out = folded(out)
	}
	for i := range out.content {
		if problem := f.takes(out.content[i]); problem != "" {
			return refused(append(out.details, problem)...)
		}
	}
	return out
}

// folded is o with its template's parameters in one line. Meta refuses the message for
// a line break, a tab or five spaces in one of them.
func folded(o outcome) outcome {
	for i := range o.content {
		t := o.content[i].Template
		if t == nil {
			continue
		}
		with := *t
		with.Parameters = slices.Clone(t.Parameters)
		for j := range with.Parameters {
			p := &with.Parameters[j]
			if value := oneLine(p.Value); value != p.Value {
				p.Value = value
				o.loss = worse(o.loss, events.LossStyle)
				o.details = append(o.details, "the white space of parameter "+p.Name+" is single spaces")
			}
		}
		o.content[i].Template = &with
	}
	return o
}

// present says whether c has the member that its kind names.
func present(c events.Content) bool {
	switch c.Kind {
	case events.KindText:
		return c.Text != nil
	case events.KindMedia:
		return c.Media != nil
	case events.KindLocation:
		return c.Location != nil
	case events.KindContacts:
		return len(c.Contacts) > 0
	case events.KindChoice:
		return c.Choice != nil
	case events.KindCards:
		return len(c.Cards) > 0
	case events.KindForm:
		return c.Form != nil
	case events.KindSchedule:
		return c.Schedule != nil
	case events.KindPayment:
		return c.Payment != nil
	case events.KindProduct:
		return c.Product != nil
	case events.KindOrder:
		return c.Order != nil
	case events.KindTemplate:
		return c.Template != nil
	case events.KindLink:
		return c.Link != nil
	case events.KindNative:
		return c.Native != nil
	}
	return false
}

func (f fitter) content(c events.Content) outcome {
	switch c.Kind {
	case events.KindText:
		return f.text(*c.Text)
	case events.KindMedia:
		return f.media(*c.Media)
	case events.KindChoice:
		return f.choice(*c.Choice, 1)
	case events.KindCards:
		return f.cards(c.Cards)
	case events.KindNative:
		if c.Native.Channel != f.name {
			return refused("made for channel " + c.Native.Channel)
		}
		return native(c)
	}
	return f.special(c)
}

// special fits the kinds that a channel has or has not.
func (f fitter) special(c events.Content) outcome {
	if !f.limits.Has(c.Kind) {
		return f.instead(c)
	}
	if c.Kind == events.KindContacts {
		return f.contacts(c.Contacts)
	}
	if problem := f.unopened(c); problem != "" {
		return f.instead(c).noting(problem)
	}
	if problem := f.takes(c); problem != "" {
		return f.instead(c).noting(problem)
	}
	return native(c)
}

// unopened says that the channel does not open the page to which c leads, or "".
func (f fitter) unopened(c events.Content) string {
	address := ""
	switch {
	case c.Link != nil:
		address = c.Link.URL
	case c.Form != nil:
		address = c.Form.URL
	case c.Payment != nil:
		address = c.Payment.URL
	}
	if address == "" || f.limits.Links.Opens(address) {
		return ""
	}
	return "the channel does not open its address"
}

// takes says why the platform does not take c, or "".
func (f fitter) takes(c events.Content) string {
	if f.limits.Takes == nil {
		return ""
	}
	return f.limits.Takes(c)
}

// limit is the longest text. Less than 4 is taken for 4: the longest character in
// the widest unit, bytes.
func (f fitter) limit() int { return max(f.limits.Text, 4) }

// over says whether s is longer than limit.
func (f fitter) over(s string, limit int) bool { return f.limits.Unit.Len(s) > limit }

// An outcome is how one part appears.
type outcome struct {
	content  []events.Content
	as, loss string
	details  []string
	numbered []events.Option
}

func native(c ...events.Content) outcome {
	return outcome{content: c, as: events.AsNative, loss: events.LossNone}
}

func refused(details ...string) outcome {
	return outcome{as: events.AsRefused, loss: events.LossRefused, details: details}
}

// noting puts details before those that o has.
func (o outcome) noting(details ...string) outcome {
	o.details = append(slices.Clone(details), o.details...)
	return o
}

// fallback says that o stands for something else, at the price of loss.
func (o outcome) fallback(loss string, details ...string) outcome {
	if o.as == events.AsNative {
		o.as = events.AsFallback
	}
	o.loss = worse(o.loss, loss)
	return o.noting(details...)
}

// and shows next after o. One of them that is refused is content lost, both are a refusal.
func (o outcome) and(next outcome) outcome {
	loss := worse(o.loss, next.loss)
	switch {
	case o.as == events.AsRefused && next.as == events.AsRefused:
	case loss == events.LossRefused:
		o.as, loss = events.AsFallback, events.LossContent
	case next.as == events.AsFallback:
		o.as = events.AsFallback
	}
	o.loss = loss
	o.content = append(o.content, next.content...)
	for _, d := range next.details {
		if !slices.Contains(o.details, d) {
			o.details = append(o.details, d)
		}
	}
	o.numbered = append(o.numbered, next.numbered...)
	return o
}

func worse(a, b string) string {
	if rank(b) > rank(a) {
		return b
	}
	return a
}

func rank(loss string) int {
	return slices.Index([]string{events.LossNone, events.LossStyle, events.LossInteraction, events.LossContent,
		events.LossRefused}, loss)
}
