package apple

import (
	"cmp"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// interactive sets the answer to something that was offered. Large ones are not in
// the delivery: they are announced, and pulled. Where both come, what is here holds.
func (p *parser) interactive() bool {
	switch w := p.Interactive; {
	case w != nil && w.Data != nil:
		return p.answer(w)
	case w != nil && (w.URL != "" || w.title() != ""):
		return p.app(w)
	case p.Reference != nil:
		return p.announce(p.Reference)
	}
	return false
}

// answer sets what the customer chose.
func (p *parser) answer(w *interactiveData) bool {
	var in *events.Interaction
	switch d := w.Data; {
	case d.Payment != nil:
		return p.payment(d)
	case d.QuickReply != nil:
		in = d.QuickReply.interaction()
	case d.ListPicker != nil:
		in = d.ListPicker.interaction()
	case d.Event != nil:
		in = d.Event.interaction()
	case d.Dynamic != nil:
		in = d.Dynamic.interaction()
	case d.Authenticate != nil:
		in = d.Authenticate.interaction()
	}
	if in == nil {
		return p.message([]events.Content{events.NewUnsupported(p.Type, "no answer that is known", p.out.Raw)})
	}
	in.Text = cmp.Or(in.Text, w.title())
	in.Of = w.Data.request()
	return p.interaction(in)
}

func (p *parser) interaction(in *events.Interaction) bool {
	in.Message = channel.Ref(p.id)
	p.out.Type, p.out.Key, p.out.Data.Interaction = events.InteractionReceived, "interaction:"+p.id, in
	return true
}

// request is the message that is answered: we give both of its ids one value.
func (a *answer) request() *events.Ref {
	if a.RequestIdentifier == "" {
		return nil
	}
	return &events.Ref{PlatformID: a.RequestIdentifier}
}

// title is what the customer sees of the answer.
func (w *interactiveData) title() string {
	title := cmp.Or(w.Reply.Title, w.Received.Title)
	if w.Data != nil {
		title = cmp.Or(w.Data.Reply.Title, title)
	}
	return title
}

// interaction names the option by its identifier, for titles repeat; by its index
// where there is no identifier.
func (q *quickReply) interaction() *events.Interaction {
	in := &events.Interaction{Kind: events.QuickReplyAnswer, Option: q.SelectedIdentifier}
	if i := q.SelectedIndex; in.Option == "" && i != nil && *i >= 0 && *i < len(q.Items) {
		in.Option = q.Items[*i].Identifier
	}
	for _, it := range q.Items {
		if it.Identifier == in.Option {
			in.Text = it.Title
		}
	}
	if in.Option == "" {
		return nil
	}
	return in
}

// interaction has the first chosen item as its option, and all as values.
func (l *listPicker) interaction() *events.Interaction {
	in := &events.Interaction{Kind: events.ListAnswer}
	var titles []string
	for _, s := range l.Sections {
		for _, it := range s.Items {
			in.Option = cmp.Or(in.Option, it.Identifier)
			in.Values = append(in.Values, events.Field{Name: it.Identifier, Value: it.Title})
			if it.Title != "" {
				titles = append(titles, it.Title)
			}
		}
	}
	in.Text = strings.Join(titles, ", ")
	if in.Option == "" {
		return nil
	}
	return in
}

func (t *timePicker) interaction() *events.Interaction {
	if len(t.Timeslots) == 0 || t.Timeslots[0].Identifier == "" {
		return nil
	}
	slot := t.Timeslots[0]
	in := &events.Interaction{Kind: events.TimeAnswer, Option: slot.Identifier}
	for _, f := range []events.Field{
		{Name: "event", Value: t.Identifier}, {Name: "startTime", Value: slot.StartTime},
		{Name: "duration", Value: text(slot.Duration)}, {Name: "timezoneOffset", Value: text(t.TimezoneOffset)},
	} {
		if f.Value != "" {
			in.Values = append(in.Values, f)
		}
	}
	return in
}

// interaction has a value for each answer, named by its page. A page on which
// several were chosen has several.
func (d *dynamic) interaction() *events.Interaction {
	in := &events.Interaction{Kind: events.FormAnswer}
	for _, s := range d.Selections {
		page := cmp.Or(s.PageIdentifier, s.Identifier)
		for _, it := range s.Items {
			in.Values = append(in.Values, events.Field{Name: page, Value: cmp.Or(text(it.Value), it.Identifier, it.Title)})
		}
		if v := text(s.Value); len(s.Items) == 0 && v != "" {
			in.Values = append(in.Values, events.Field{Name: page, Value: v})
		}
	}
	return in
}

// interaction tells whether the customer signed in with the brand. The token of the
// older way is of use only to who holds the key it is encrypted for.
func (a *authentication) interaction() *events.Interaction {
	in := &events.Interaction{Kind: events.PermissionAnswer, Option: a.Status}
	if a.Token != "" {
		in.Values = append(in.Values, events.Field{Name: "token", Value: a.Token})
	}
	for _, e := range a.Errors {
		if v := strings.TrimSpace(e.Domain + " " + text(e.Code)); v != "" {
			in.Values = append(in.Values, events.Field{Name: "error", Value: v})
		}
	}
	return in
}

// app sets what an iMessage app other than Apple's own sent: an address that the
// app understands.
func (p *parser) app(w *interactiveData) bool {
	in := &events.Interaction{Kind: events.OtherAnswer, Option: w.URL, Text: w.title()}
	for _, f := range []events.Field{{Name: "bid", Value: w.BID}, {Name: "appName", Value: w.AppName}} {
		if f.Value != "" {
			in.Values = append(in.Values, f)
		}
	}
	return p.interaction(in)
}
