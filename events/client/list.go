package client

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/relais-dev/relais/events"
)

// A ConversationQuery says which conversations are listed. Its zero value lists the open
// ones of all destinations that the caller may act for.
type ConversationQuery struct {
	Holders    []string // destinations
	State      string   // "open" when empty; "waiting", "snoozed", "closed", "all"
	Order      string   // "newest" when empty; "waiting" begins at who waits longest
	Assignee   string
	Unassigned bool
	Tag        string
	Channel    string
	Account    string // of Channel
	Unread     string // a destination that has not read everything
	Limit      int    // of a page, 1 to 100; 50 when 0
	Cursor     string // of the page before
}

func (q ConversationQuery) values() url.Values {
	v := url.Values{}
	set(v, "holder", strings.Join(q.Holders, ","))
	set(v, "state", q.State)
	set(v, "order", q.Order)
	set(v, "assignee", q.Assignee)
	if q.Unassigned {
		v.Set("unassigned", "true")
	}
	set(v, "tag", q.Tag)
	set(v, "channel", q.Channel)
	set(v, "account", q.Account)
	set(v, "unread", q.Unread)
	setLimit(v, q.Limit)
	set(v, "cursor", q.Cursor)
	return v
}

// ConversationPage is one page of a list of conversations. It may be empty before the end,
// which is where Cursor is.
func (c *Client) ConversationPage(ctx context.Context, q ConversationQuery) (events.ConversationPage, error) {
	return ask[events.ConversationPage](ctx, c, call{operation: "Conversations", method: http.MethodGet,
		path: "/v1/conversations", query: q.values()})
}

// Conversations are those of all pages from q.Cursor on. An error is the last thing they
// give.
func (c *Client) Conversations(ctx context.Context, q ConversationQuery) iter.Seq2[events.ConversationState, error] {
	return all(q.Cursor, func(cursor string) ([]events.ConversationState, string, error) {
		q.Cursor = cursor
		p, err := c.ConversationPage(ctx, q)
		return p.Items, p.Cursor, err
	})
}

// An EventQuery says which events of a conversation are listed. Its zero value lists all,
// the oldest first.
type EventQuery struct {
	Types  []string // or what types begin with: "message", "media.stored"
	Newest bool     // the newest first
	Limit  int      // of a page, 1 to 100; 50 when 0
	Cursor string   // of the page before
}

func (q EventQuery) values() url.Values {
	v := url.Values{}
	set(v, "types", strings.Join(q.Types, ","))
	if q.Newest {
		v.Set("order", "desc")
	}
	setLimit(v, q.Limit)
	set(v, "cursor", q.Cursor)
	return v
}

// EventPage is one page of a conversation's events. It may be empty before the end, which is
// where Cursor is.
func (c *Client) EventPage(ctx context.Context, conversation string, q EventQuery) (events.EventPage, error) {
	return ask[events.EventPage](ctx, c, call{operation: "Events", method: http.MethodGet,
		path: "/v1/conversations/{id}/messages", id: conversation, query: q.values()})
}

// Events are those of all pages from q.Cursor on. An error is the last thing they give.
func (c *Client) Events(ctx context.Context, conversation string, q EventQuery) iter.Seq2[events.Event, error] {
	return all(q.Cursor, func(cursor string) ([]events.Event, string, error) {
		q.Cursor = cursor
		p, err := c.EventPage(ctx, conversation, q)
		return p.Items, p.Cursor, err
	})
}

// AuditPage is one page of what was done on a day, such as "2026-08-01"; "" is today, in
// UTC. cursor is that of the page before.
func (c *Client) AuditPage(ctx context.Context, day, cursor string) (events.AuditPage, error) {
	v := url.Values{}
	set(v, "day", day)
	set(v, "cursor", cursor)
	return ask[events.AuditPage](ctx, c, call{operation: "Audit", method: http.MethodGet, path: "/v1/audit", query: v})
}

// Audit is what was done on a day, of all pages; see AuditPage. An error is the last thing
// it gives.
func (c *Client) Audit(ctx context.Context, day string) iter.Seq2[events.AuditRecord, error] {
	return all("", func(cursor string) ([]events.AuditRecord, string, error) {
		p, err := c.AuditPage(ctx, day, cursor)
		return p.Items, p.Cursor, err
	})
}

func set(v url.Values, name, value string) {
	if value != "" {
		v.Set(name, value)
	}
}

func setLimit(v url.Values, limit int) {
	if limit != 0 {
		v.Set("limit", strconv.Itoa(limit))
	}
}

// errStuck ends what would be asked for ever.
var errStuck = errors.New("a page was empty and led back to itself")

// all ranges over the items of pages.
func all[T any](cursor string, page func(cursor string) ([]T, string, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		for at := cursor; ; {
			items, next, err := page(at)
			if err != nil {
				yield(none, err)
				return
			}
			for _, it := range items {
				if !yield(it, nil) {
					return
				}
			}
			switch {
			case next == "":
				return
			case next == at && len(items) == 0:
				yield(none, errStuck)
				return
			}
			at = next
		}
	}
}
