package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/access"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/store"
	"github.com/relais-dev/relais/shared/thread"
)

// thread is what is known of a conversation that the caller may see.
// sequence is of its newest event.
func (h *Handler) thread(ctx context.Context, who access.Caller, id string) (t thread.Thread, sequence uint64,
	err error) {
	s, err := h.Conversations.State(ctx, id)
	if err != nil {
		return t, 0, err
	}
	if t, err = thread.Decode(s.Thread); err != nil {
		return t, 0, fmt.Errorf("conversation %s: %w", id, err)
	}
	if t.Channel == "" || !who.Reaches(t.Channel, t.Account) {
		return t, 0, missing.because("no such conversation")
	}
	return t, s.Sequence, nil
}

// conversation tells what is known of the path's conversation.
func (h *Handler) conversation(ctx context.Context, r request) (answer, error) {
	t, sequence, err := h.thread(ctx, r.Caller, r.id)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK, body: h.shown(r, t, sequence)}, nil
}

const (
	usualPage   = 50
	largestPage = 100
	// maxReads bounds the pages that are read to find events of rare types.
	maxReads = 5
	// maxPageBytes bounds a page: in the answer's envelope every quote is escaped, so
	// that at worst it doubles.
	maxPageBytes = maxAnswer / 3
)

func historyParameters() []parameter {
	return []parameter{
		{"limit", "Events of a page, 1 to 100; 50 when absent."},
		{"cursor", "The cursor of the page before; absent for the first page. It goes with the same order."},
		{"order", "asc (when absent) begins at the oldest, desc at the newest."},
		{"types", "Only these, separated by commas: types (message.received.v1) or what types begin with " +
			"(message, media.stored). Absent: all."},
	}
}

// An excerpt is what a caller wants to see of a history.
type excerpt struct {
	limit      int
	cursor     string
	descending bool
	types      []string
	mask       func(*events.Event)
}

// limit is how many a page is to have, and what is wrong with that.
func limit(q url.Values) (int, events.Faults) {
	text := q.Get("limit")
	if text == "" {
		return usualPage, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > largestPage {
		return n, events.Faults{{Path: "limit", Message: "must be a number from 1 to 100"}}
	}
	return n, nil
}

func excerptOf(q url.Values) (excerpt, error) {
	n, faults := limit(q)
	x := excerpt{limit: n, cursor: q.Get("cursor"), descending: q.Get("order") == "desc",
		mask: func(*events.Event) {}}
	if order := q.Get("order"); order != "" && order != "asc" && order != "desc" {
		faults = append(faults, events.Fault{Path: "order", Message: "must be asc or desc"})
	}
	if text := q.Get("types"); text != "" {
		x.types = strings.Split(text, ",")
	}
	for i, prefix := range x.types {
		if !slices.ContainsFunc(events.Types(), func(t events.Type) bool { return under(t, prefix) }) {
			faults = append(faults, events.Fault{Path: fmt.Sprintf("types[%d]", i),
				Message: "must be a type of event, or what types begin with"})
		}
	}
	if len(faults) > 0 {
		return x, faulty(faults)
	}
	return x, nil
}

// under says whether a type is prefix or begins with its words.
func under(t events.Type, prefix string) bool { return strings.HasPrefix(string(t)+".", prefix+".") }

func (x excerpt) wants(t events.Type) bool {
	return x.types == nil || slices.ContainsFunc(x.types, func(prefix string) bool { return under(t, prefix) })
}

// history lists events of the path's conversation.
func (h *Handler) history(ctx context.Context, r request) (answer, error) {
	x, err := excerptOf(r.Query())
	if err != nil {
		return answer{}, err
	}
	if _, _, err := h.thread(ctx, r.Caller, r.id); err != nil {
		return answer{}, err
	}
	if !r.May(access.PII) {
		m, err := h.mask(ctx, r.id)
		if err != nil {
			return answer{}, err
		}
		x.mask = m.Event
	}
	page, err := h.page(ctx, r.id, x)
	if errors.Is(err, store.ErrCursor) {
		return answer{}, fault("cursor", "must be the cursor of a page")
	}
	return answer{status: http.StatusOK, body: page}, err
}

// page reads until it has what x wants, the end, or enough. What is too large for
// one answer is read in smaller pieces, and the rest left to the next page.
func (h *Handler) page(ctx context.Context, id string, x excerpt) (events.EventPage, error) {
	out := events.EventPage{Items: []events.Event{}, Cursor: x.cursor}
	size, piece := 0, x.limit
	for reads := 0; reads < maxReads && len(out.Items) < x.limit; reads++ {
		read, err := h.Conversations.History(ctx, id, out.Cursor, min(piece, x.limit-len(out.Items)), x.descending)
		if err != nil {
			return out, err
		}
		list, n, err := h.pick(read.Items, x)
		if err != nil {
			return out, err
		}
		if size+n > maxPageBytes && len(out.Items) > 0 {
			break
		}
		if n > maxPageBytes && len(read.Items) > 1 {
			piece, reads = (len(read.Items)+1)/2, reads-1
			continue
		}
		out.Items, out.Cursor, size = append(out.Items, list...), read.Cursor, size+n
		if out.Cursor == "" {
			break
		}
	}
	return out, nil
}

// pick is what x wants of items, and its size. An event that cannot be read was set
// aside when it was routed: its sequence is a gap.
func (h *Handler) pick(items []store.Item, x excerpt) (list []events.Event, size int, err error) {
	for _, it := range items {
		e, err := it.Event()
		if err != nil {
			h.Log.Error("a stored event cannot be read", "event", it.ID, "error", err.Error())
			continue
		}
		if !x.wants(e.Type) {
			continue
		}
		answered(&e, it.Option)
		x.mask(&e)
		doc, err := channel.JSON(e)
		if err != nil {
			return nil, 0, err
		}
		list, size = append(list, e), size+len(doc)
	}
	if x.descending {
		slices.Reverse(list)
	}
	return list, size, nil
}

// answered puts the option that a customer chose by its number into the message, as
// destinations saw it.
func answered(e *events.Event, option string) {
	m := e.Data.Message
	if option == "" || m == nil || len(m.Content) != 1 || m.Content[0].Text == nil {
		return
	}
	c := thread.Options{}.Interaction(option, m.Content[0].Text.Body)
	c.Interaction.Of = nil // what it answered is not kept with it
	m.Content = append(m.Content, c)
}
