package api

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// channels lists what each channel can.
func (h *Handler) channels(context.Context, request) (answer, error) {
	out := events.ChannelList{Channels: []events.ChannelAbility{}}
	for _, ch := range h.Outbox.Channels {
		out.Channels = append(out.Channels, ability(ch))
	}
	return answer{status: http.StatusOK, body: out}, nil
}

func ability(ch channel.Channel) events.ChannelAbility {
	a := events.ChannelAbility{Name: ch.Name, Title: ch.Title, Label: string(ch.Label), Docs: ch.Docs, Sends: !mute(ch),
		Kinds: []events.Kind{}, Acts: []events.Verb{}, Opens: []events.Scheme{}, Windows: ch.Outside != nil,
		Limits: limits(ch.Limits)}
	if a.Sends {
		a.Kinds = slices.DeleteFunc(events.Outbounds(), func(k events.Kind) bool { return !ch.Limits.Has(k) })
	}
	a.Acts, a.Opens = append(a.Acts, ch.Acts...), append(a.Opens, ch.Opens...)
	return a
}

func limits(l channel.Limits) events.ChannelLimits {
	out := events.ChannelLimits{Text: l.Text, Unit: cmp.Or(string(l.Unit), "characters"), Styles: l.Styles,
		Links: append([]string{"https", "http"}, l.Links.Schemes...), Intranet: l.Links.Local, Quote: l.Quote,
		Batch: max(l.Batch, 1), Contacts: l.Contacts}
	for _, t := range slices.Sorted(maps.Keys(l.Media)) {
		m := l.Media[t]
		out.Media = append(out.Media, events.MediaLimit{Type: t, Bytes: m.Bytes, MIME: m.MIME, Caption: m.Caption,
			Pixels: m.Pixels, Ratio: m.Ratio, DurationMS: m.Duration.Milliseconds()})
	}
	for _, c := range l.Choices {
		out.Choices = append(out.Choices, events.ChoiceLimit(c))
	}
	if l.Cards != nil {
		c := events.CardLimit(*l.Cards)
		out.Cards = &c
	}
	return out
}
