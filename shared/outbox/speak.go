package outbox

import (
	"cmp"
	"context"
	"fmt"
	"net/http"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/store"
	"github.com/relais-dev/relais/shared/thread"
)

// mayAsk says why r must not be accepted as the conversation is held: only the holder
// speaks, and a bot says under which hold. Campaigns, and what the system says by
// itself, need no hold.
func mayAsk(r Request) *Refusal {
	o, d := r.Outbound, r.Thread.Desk
	if !needsHold(o) || d.Holder == "" {
		return nil
	}
	bot := o.Sender != nil && o.Sender.Role == events.Bot
	switch {
	case bot && o.Hold == "":
		return invalid(events.Fault{Path: "hold",
			Message: "must be the hold of the event that the bot answers: what a bot says late is refused"})
	case o.From != "" && o.From != d.Holder:
		return held(d, `let it pass or offer the conversation, or take it with "takeover": true`)
	case o.Hold != "" && events.ParseSequence(o.Hold) != d.Hold:
		return held(d, "look at the conversation again: it was passed on, or taken")
	}
	return nil
}

func needsHold(o events.Outbound) bool {
	return o.Priority != events.Bulk && (o.Sender == nil || o.Sender.Role != events.System)
}

// held is the Refusal of who does not hold.
func held(d thread.Desk, remedy string) *Refusal {
	return outdated(fmt.Sprintf("%s holds the conversation since event %d", cmp.Or(d.Holder, "nobody"), d.Hold), remedy)
}

// maySay says why a message that was accepted must not be said any more: whoever asked for it
// has lost the hold. What was asked for before the holder itself passed it on is still said.
func maySay(o events.Outbound, d thread.Desk) *channel.Error {
	if !needsHold(o) || o.Hold == "" || d.Holder == "" {
		return nil
	}
	if asked := events.ParseSequence(o.Hold); asked == d.Hold || asked == d.Gave {
		return nil
	}
	return &held(d, "nothing: another answers now").StatusError
}

// unspoken says why o must not be accepted: somebody of the brand has spoken since its
// ifSequence, or is about to. Else it is the claim to be the next who speaks.
func (b *Outbox) unspoken(ctx context.Context, r Request) (*store.Claim, error) {
	o := r.Outbound
	if o.IfSequence == "" {
		return nil, nil
	}
	since := events.ParseSequence(o.IfSequence)
	if spoke := r.Thread.Desk.Spoke; spoke > since {
		return nil, spoken(fmt.Sprintf("the brand has spoken since: event %d", spoke))
	}
	claim := &store.Claim{Conversation: r.Thread.Conversation.ID, Since: since, By: senderID(o)}
	ids, err := b.Lanes.Waiting(ctx, store.ReplyLane(claim.Conversation), 1)
	if err != nil || len(ids) == 0 {
		return claim, err
	}
	m, found, err := b.Messages.Message(ctx, ids[0])
	if err != nil {
		return nil, err
	}
	if other, err := Decode(m); found && err == nil && senderID(other.Outbound) != claim.By {
		return nil, spoken("a message of somebody else is on its way")
	}
	return claim, nil
}

// senderID tells who speaks apart, as far as they say who they are.
func senderID(o events.Outbound) string {
	if o.Sender == nil {
		return o.From
	}
	return o.From + "/" + o.Sender.Role + "/" + o.Sender.ID
}

func spoken(title string) *Refusal {
	return outdated(title, "read what was said, then send it with the newer sequence, or without ifSequence")
}

// outdated is the Refusal of what takes the conversation to be otherwise than it is.
func outdated(title, remedy string) *Refusal {
	r := refuse(http.StatusConflict, events.ClassPolicy, title, remedy)
	r.Stale = true
	return r
}
