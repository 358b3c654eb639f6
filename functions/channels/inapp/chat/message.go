package chat

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/relais-dev/relais/functions/channels/inapp"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/store"
)

// events takes frames: a batch, or one.
func (h *Handler) events(ctx context.Context, r request) (answer, error) {
	var q struct {
		Frames []json.RawMessage `json:"frames"`
	}
	if err := decode(r, &q); err != nil {
		return answer{}, err
	}
	if q.Frames == nil {
		q.Frames = []json.RawMessage{bytes.TrimSpace(r.Body)}
	}
	if len(q.Frames) > inapp.MaxFrames {
		return answer{}, Refuse(inapp.TooLarge, "a batch holds up to 20 frames")
	}
	out, err := h.Deliver(ctx, r.account, r.session, q.Frames)
	return answer{http.StatusAccepted, out}, err
}

// A Page is a part of what was said, oldest first.
type Page struct {
	Items []Frame `json:"items"`
	First int64   `json:"first"` // sequences that it covers, whatever of them is shown
	Last  int64   `json:"last"`
	More  bool    `json:"more"`           // in the direction that was asked for
	Read  int64   `json:"read,omitempty"` // of the newest page: how far the customer has read, on any device
}

// messages reads history, forward after a sequence, else backward.
func (h *Handler) messages(ctx context.Context, r request) (answer, error) {
	if err := h.Ask(ctx, r.account, r.session); err != nil {
		return answer{}, err
	}
	x, err := excerptOf(r.Query())
	if err != nil {
		return answer{}, err
	}
	page, err := h.Page(ctx, r.account, r.session, x)
	return answer{http.StatusOK, page}, err
}

// An Excerpt is what a client wants to see of the history.
type Excerpt struct {
	From     int64 // the sequence beside which it begins
	Backward bool
	Limit    int
}

// Latest begins at the newest message.
const Latest = math.MaxInt64

const usualPage, largestPage = 50, 100

func excerptOf(q url.Values) (Excerpt, error) {
	x := Excerpt{From: Latest, Backward: true, Limit: usualPage}
	var err error
	if q.Get("limit") != "" {
		x.Limit, err = strconv.Atoi(q.Get("limit"))
	}
	if q.Get("before") != "" && err == nil {
		x.From, err = strconv.ParseInt(q.Get("before"), 10, 64)
	}
	if q.Get("after") != "" && err == nil {
		x.Backward = false
		x.From, err = strconv.ParseInt(q.Get("after"), 10, 64)
	}
	if err != nil || x.Limit < 1 || x.Limit > largestPage || q.Get("after") != "" && q.Get("before") != "" {
		return x, Refuse(inapp.Malformed, "after or before must be a sequence, limit 1 to 100")
	}
	return x, nil
}

// A segment is one conversation in a history that goes through several. Sequences of
// earlier ones are below zero, in the order they were joined, so that a number once
// told stays true.
type segment struct {
	thread, conversation string
	offset               int64  // what is added to the conversation's own sequences
	last                 int64  // no sequence is higher, with the offset
	until                uint64 // what the brand said later is elsewhere; 0 is without end
}

// stride is more than any conversation has events; JavaScript counts to 8,000 of them.
const stride = 1 << 40

// segments are in the order of time.
func (c *Core) segments(ctx context.Context, a channel.Account, s inapp.Session) ([]segment, error) {
	id := s.Conversation(a.ID)
	earlier, err := c.Conversations.Earlier(ctx, id)
	list := []segment{{s.Thread, id, 0, math.MaxInt64, 0}}
	for i, e := range earlier {
		m, _, err := c.Conversations.Move(ctx, e.Conversation)
		if err != nil {
			return nil, err
		}
		offset := -int64(i+1) * stride
		list = append(list, segment{e.Thread, e.Conversation, offset, offset + stride, m.Last})
	}
	slices.Reverse(list)
	return list, err
}

const (
	// maxReads bounds the reads of one page: what nobody is shown is passed over.
	maxReads = 10
	// maxPage bounds the frames of one page, in bytes: an answer has up to 6 MB with all
	// its escapes. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
	maxPage = 2 << 20
)

// Page reads what x asks for.
func (c *Core) Page(ctx context.Context, a channel.Account, s inapp.Session, x Excerpt) (Page, error) {
	out := Page{Items: []Frame{}}
	if err := c.Files.LoadKey(ctx); err != nil {
		return out, err
	}
	var err error
	if x.From != Latest {
		out.First, out.Last = x.From, x.From
	} else if out.Read, err = c.Conversations.Read(ctx, s.Conversation(a.ID)); err != nil {
		return out, err
	}
	list, err := c.segments(ctx, a, s)
	if err != nil {
		return out, err
	}
	if x.Backward {
		slices.Reverse(list)
	}
	p := pager{Core: c, account: a, excerpt: x, out: &out}
	if err := p.readAll(ctx, list); err != nil {
		return out, err
	}
	if x.Backward {
		slices.Reverse(out.Items)
	}
	return out, nil
}

// A pager reads a page, segment by segment.
type pager struct {
	*Core
	account channel.Account
	excerpt Excerpt
	out     *Page
	reads   int
	bytes   int
	began   bool
}

// readAll reads segments until the page is full.
func (p *pager) readAll(ctx context.Context, list []segment) error {
	x := p.excerpt
	for i, g := range list {
		if x.Backward && x.From <= g.offset+1 || !x.Backward && x.From >= g.last {
			continue
		}
		ended, err := p.read(ctx, g)
		if err != nil {
			return err
		}
		if !ended || len(p.out.Items) == x.Limit && i < len(list)-1 {
			p.out.More = true
			return nil
		}
	}
	return nil
}

// read reads a segment; ended says that there is nothing more in it.
func (p *pager) read(ctx context.Context, g segment) (ended bool, err error) {
	cursor := p.begin(g)
	for ; p.reads < maxReads && len(p.out.Items) < p.excerpt.Limit; p.reads++ {
		page, err := p.Conversations.History(ctx, g.conversation, cursor, p.excerpt.Limit-len(p.out.Items),
			p.excerpt.Backward)
		if err != nil {
			return false, err
		}
		if p.excerpt.Backward {
			slices.Reverse(page.Items)
		}
		for _, it := range page.Items {
			if more, err := p.add(ctx, g, it); err != nil || !more {
				return false, err
			}
		}
		if cursor = page.Cursor; cursor == "" {
			return true, nil
		}
	}
	return false, nil
}

// begin is the cursor where reading a segment begins.
func (p *pager) begin(g segment) string {
	from := p.excerpt.From
	switch {
	case !p.excerpt.Backward:
		return store.SequenceCursor(uint64(max(from-g.offset, 0)))
	case from > g.last: // it begins in a later segment, or with the newest
		return ""
	}
	return store.SequenceCursor(uint64(from - g.offset))
}

// add shows an event, and counts it whether it shows or not; false says that the page
// is full.
func (p *pager) add(ctx context.Context, g segment, it store.Item) (bool, error) {
	frames := p.show(ctx, g, it)
	doc, err := channel.JSON(frames)
	if err != nil {
		return false, err
	}
	if p.bytes += len(doc); p.bytes > maxPage && p.began {
		return false, nil
	}
	seq := int64(it.Sequence) + g.offset
	if !p.began {
		p.out.First, p.out.Last, p.began = seq, seq, true
	}
	p.out.First, p.out.Last = min(p.out.First, seq), max(p.out.Last, seq)
	p.out.Items = append(p.out.Items, frames...)
	return true, nil
}

// show is what a client sees of an event, in the order that is asked for.
func (p *pager) show(ctx context.Context, g segment, it store.Item) []Frame {
	e, err := it.Event()
	if err != nil {
		p.Log.Error("a stored event cannot be read", "event", it.ID, "error", err.Error())
		return nil
	}
	if g.until > 0 && it.Sequence > g.until && OfBrand(&e) {
		return nil
	}
	frames := p.Frames(ctx, &e, View{Thread: g.thread, Offset: g.offset})
	if p.excerpt.Backward {
		slices.Reverse(frames)
	}
	return frames
}
