package chat

import (
	"context"
	"strconv"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/inapp"
	"github.com/relais-dev/relais/shared/fit"
)

// A Frame is what a client is told, one JSON object.
type Frame struct {
	V           int              `json:"v"`
	Type        string           `json:"type"`
	Seq         *int64           `json:"seq,omitempty"`
	ID          string           `json:"id,omitempty"`
	ClientMsgID string           `json:"clientMsgId,omitempty"`
	Mine        *bool            `json:"mine,omitempty"`
	Author      *Author          `json:"author,omitempty"`
	Time        *time.Time       `json:"time,omitempty"`
	Content     []events.Content `json:"content,omitempty"`
	ReplyTo     string           `json:"replyTo,omitempty"`
	Revision    int64            `json:"revision,omitempty"`
	Media       *events.Media    `json:"media,omitempty"`
	Emoji       string           `json:"emoji,omitempty"`
	Removed     bool             `json:"removed,omitempty"`
	Active      *bool            `json:"active,omitempty"`
	UpTo        int64            `json:"upTo,omitempty"`

	MessageID    string `json:"messageId,omitempty"`
	Code         string `json:"code,omitempty"`
	RetryAfter   int    `json:"retryAfter,omitempty"`
	Last         *int64 `json:"last,omitempty"`
	More         bool   `json:"more,omitempty"`
	Conversation string `json:"conversation,omitempty"`
}

// An Author is who speaks.
type Author struct {
	Role string `json:"role"`
	Name string `json:"name,omitempty"`
}

// A View is how a client looks at an event.
type View struct {
	Thread string
	Offset int64 // of the sequences it is told, see segment
	Live   bool  // as it happens: signs of presence are shown
}

// Frames are what a client is told of e, which for many events is nothing.
// Files.LoadKey must have succeeded.
func (c *Viewer) Frames(ctx context.Context, e *events.Event, v View) []Frame {
	d := &e.Data
	seq, _ := strconv.ParseInt(e.Sequence, 10, 64) // 20 digits of ours
	seq += v.Offset
	f := Frame{V: 1, Seq: &seq}
	switch e.Type {
	case events.MessageReceived, events.MessageEchoed, events.MessageEdited:
		return c.message(f, e, v)
	case events.InteractionReceived:
		return answered(f, e, v)
	case events.MessageDeleted:
		return deleted(f, d.Deletion)
	case events.ReactionAdded, events.ReactionRemoved:
		mine := d.Reaction.Actor.Role == events.Customer
		f.Type, f.ID, f.Mine, f.Emoji, f.Removed = "reaction", d.Reaction.Target.PlatformID, &mine, d.Reaction.Emoji,
			e.Type == events.ReactionRemoved
	case events.MediaStored, events.MediaFailed:
		m := c.shown(d.MediaUpdate.Media)
		f.Type, f.ID, f.Media = "media", d.MediaUpdate.Message.PlatformID, &m
	case events.PresenceTyping:
		if !v.Live || d.Typing.Actor.Role == events.Customer {
			return nil
		}
		f.Type, f.Seq, f.Active, f.Author = "typing", nil, &d.Typing.Active,
			&Author{d.Typing.Actor.Role, d.Typing.Actor.Name}
	case events.ConversationUpdated:
		return c.changed(ctx, f, e, v)
	case events.ReceiptRead:
		if !v.Live {
			return nil
		}
		n, err := c.Conversations.Read(ctx, e.Subject)
		if err != nil || n == 0 {
			return nil
		}
		f.Type, f.Seq, f.UpTo = "seen", nil, n
	case events.PersonMerged: // what was said elsewhere stands before it now
		if !v.Live {
			return nil
		}
		f.Type, f.Seq, f.Conversation = "merged", nil, e.Subject
	default:
		return nil
	}
	return []Frame{f}
}

// OfBrand says whether e is what the brand said, or did to what was said.
func OfBrand(e *events.Event) bool {
	d := &e.Data
	switch e.Type {
	case events.MessageEchoed, events.MessageEdited:
		return d.Message.Actor.Role != events.Customer
	case events.MessageDeleted:
		return d.Deletion.Actor == nil || d.Deletion.Actor.Role != events.Customer
	case events.ReactionAdded, events.ReactionRemoved:
		return d.Reaction.Actor.Role != events.Customer
	}
	return false
}

func (c *Viewer) message(f Frame, e *events.Event, v View) []Frame {
	m := e.Data.Message
	mine := m.Actor.Role == events.Customer
	f.Type, f.ID, f.Mine, f.Author, f.Time, f.Revision = "message", m.PlatformID, &mine,
		&Author{m.Actor.Role, m.Actor.Name}, &e.Time, m.Revision
	if m.ReplyTo != nil {
		f.ReplyTo = m.ReplyTo.PlatformID
	}
	if mine {
		f.ClientMsgID, f.Content = inapp.ClientMsgID(v.Thread, m.PlatformID), m.Content
		return []Frame{f}
	}
	for _, call := range fit.Message(inapp.Name, fit.Linked(m.Content, c.Files.Link), inapp.Channel.Limits).Calls {
		f.Content = append(f.Content, call.Content...)
	}
	return []Frame{f}
}

// answered shows a choice, a form or a time as what the customer said.
func answered(f Frame, e *events.Event, v View) []Frame {
	in, mine := e.Data.Interaction, true
	f.Type, f.ID, f.ClientMsgID, f.Mine, f.Time = "message", in.Callback, inapp.ClientMsgID(v.Thread, in.Callback), &mine,
		&e.Time
	f.Author, f.Content = &Author{Role: events.Customer},
		[]events.Content{{Kind: events.KindInteraction, Interaction: in}}
	return []Frame{f}
}

func deleted(f Frame, d *events.Deletion) []Frame {
	var list []Frame
	for _, m := range d.Messages {
		f.Type, f.ID = "deleted", m.PlatformID
		list = append(list, f)
	}
	return list
}

// changed tells that the brand has read, or where the conversation goes on.
func (c *Viewer) changed(ctx context.Context, f Frame, e *events.Event, v View) []Frame {
	switch e.Data.Change.Field {
	case inapp.ChangeRead:
		it, found, err := c.Conversations.Event(ctx, e.Subject,
			events.EventID(e.Channel, e.Account, "message:"+e.Data.Change.New))
		if err != nil || !found {
			return nil
		}
		f.Type, f.UpTo = "read", int64(it.Sequence)+v.Offset
	case inapp.ChangeMigrated:
		if !v.Live {
			return nil
		}
		f.Type, f.Seq, f.Conversation = "merged", nil, e.Data.Change.New
	default:
		return nil
	}
	return []Frame{f}
}

// shown is a file with an address that works for a while.
func (c *Viewer) shown(m events.Media) events.Media {
	if m.SHA256 != "" {
		m.URL = c.Files.Link(m.SHA256)
	}
	return m
}
