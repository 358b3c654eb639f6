package api

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/thread"
)

func abilityParameters() []parameter {
	return []parameter{{"conversation", "Only the channel of this conversation (cnv_…), with the limits that hold in " +
		"it: groups show less than private chats, and accounts have other products. Absent: all channels, each as it " +
		"usually is."}}
}

// channels lists what each channel can, or what can be said in one conversation.
func (h *Handler) channels(ctx context.Context, r request) (answer, error) {
	out := events.ChannelList{Channels: []events.ChannelAbility{}}
	var own thread.Thread
	if id := r.Query().Get("conversation"); id != "" {
		if !idForms["{conversation}"].MatchString(id) {
			return answer{}, fault("conversation", "must be the id of a conversation: cnv_…")
		}
		var err error
		if own, _, err = h.thread(ctx, r.Caller, id); err != nil {
			return answer{}, err
		}
	}
	for _, ch := range h.Outbox.Channels {
		switch own.Channel {
		case "":
			out.Channels = append(out.Channels, ability(ch, nil))
		case ch.Name:
			out.Channels = append(out.Channels, ability(ch, &own.Conversation))
		}
	}
	return answer{status: http.StatusOK, body: out}, nil
}

// ability is what can be said on a channel, in a conversation where one is meant.
func ability(ch channel.Channel, in *events.Conversation) events.ChannelAbility {
	l := ch.LimitsIn(in)
	a := events.ChannelAbility{Name: ch.Name, Title: ch.Title, Label: string(ch.Label), Docs: ch.Docs, Sends: !mute(ch),
		Kinds: []events.Kind{}, Acts: []events.Verb{}, Opens: []events.Scheme{}, Windows: ch.Outside != nil,
		Limits: limits(l)}
	if a.Sends {
		a.Kinds = slices.DeleteFunc(events.Outbounds(), func(k events.Kind) bool { return !l.Has(k) })
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
