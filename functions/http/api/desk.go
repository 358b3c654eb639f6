package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/access"
	"github.com/relais-dev/relais/shared/store"
	"github.com/relais-dev/relais/shared/switchboard"
	"github.com/relais-dev/relais/shared/thread"
)

// deedScopes are what a deed takes: who answers may say who answers next, and how far
// they have read; the rest changes what everybody works with.
func deedScopes(c events.Command) []access.Scope {
	switch c.Do {
	case events.DoTake, events.DoPass, events.DoOffer, events.DoAccept, events.DoRelease, events.DoAcknowledge,
		events.DoRead:
		if !c.Takeover {
			return []access.Scope{access.Reply, access.Manage}
		}
	}
	return []access.Scope{access.Manage}
}

// command changes how the path's conversation is handled.
func (h *Handler) command(ctx context.Context, r request) (answer, error) {
	var c events.Command
	if err := decode(r, &c); err != nil {
		return answer{}, err
	}
	if !namesOnly(c.To, r.id) {
		return answer{}, fault("to", elsewhere)
	}
	c.To = events.To{Conversation: r.id}
	if err := keyed(r, &c.IdempotencyKey); err != nil {
		return answer{}, err
	}
	from, notFrom := speaker(r.Caller, c.From)
	if notFrom == nil {
		c.From = from
	}
	var faults events.Faults
	if err := c.Validate(); errors.As(err, &faults) {
		return answer{}, faulty(faults)
	}
	if scopes := deedScopes(c); !r.May(scopes...) {
		return answer{}, denied(scopes...)
	}
	if notFrom != nil { // who may not see the conversation hears no more than that there is none
		if _, _, err := h.thread(ctx, r.Caller, r.id); err != nil {
			return answer{}, err
		}
		return answer{}, notFrom
	}
	out, err := h.Runner.Run(ctx, c, callerOf(r.Caller))
	if err != nil {
		return answer{}, h.undone(r, out, err)
	}
	body, made := events.Outcome{Event: out.Event, Conversation: h.shown(r, out.Thread, out.Sequence)}, ""
	if out.Event != nil {
		made = out.Event.ID
		if err := h.veil(ctx, r, out.Event); err != nil {
			return answer{}, err
		}
	}
	return answer{status: http.StatusOK, body: body, made: made}, nil
}

// callerOf is who decides, in the words of the switchboard.
func callerOf(c access.Caller) switchboard.Caller {
	return switchboard.Caller{Actor: events.Actor{Role: events.Agent, ID: c.Principal}, Admin: c.May(access.Admin),
		Reaches: c.Reaches}
}

// speaker is the destination that a caller acts for: the one it names, if it is one of
// its own; else its only one. Who may act for all of them acts for the holder.
func speaker(c access.Caller, from string) (string, error) {
	switch {
	case from != "" && !c.SpeaksFor(from):
		return "", forbidden.because("you may not act for the destination " + from)
	case from != "" || slices.Contains(c.Destinations, access.Any):
		return from, nil
	case len(c.Destinations) == 1:
		return c.Destinations[0], nil
	case len(c.Destinations) == 0:
		return "", forbidden.because("you may act for no destination")
	}
	return "", fault("from", "must be one of "+strings.Join(c.Destinations, ", "))
}

// undone is why a command changes nothing, with what holds now.
func (h *Handler) undone(r request, out switchboard.Outcome, err error) error {
	var refused *switchboard.Refusal
	switch {
	case errors.Is(err, switchboard.ErrUnknown):
		return missing.because("no such conversation")
	case errors.Is(err, store.ErrConflict):
		return busy("the conversation moves too fast; try again")
	case !errors.As(err, &refused):
		return err
	case !refused.Stale:
		p := faulty(refused.Faults)
		p.Remedy = refused.Remedy
		return p
	}
	return h.outdated(r, refused.Title, refused.Remedy, out.Thread, out.Sequence)
}

// outdated is the problem of a request that takes a conversation to be otherwise than it is.
func (h *Handler) outdated(r request, title, remedy string, t thread.Thread, sequence uint64) *problem {
	p := stale.because(title)
	now := h.shown(r, t, sequence)
	p.Remedy, p.Conversation = remedy, &now
	return p
}

// shown is a conversation as the caller may see it.
func (h *Handler) shown(r request, t thread.Thread, sequence uint64) events.ConversationState {
	s := switchboard.State(t, sequence, h.Now())
	if !r.May(access.PII) {
		access.Mask{}.State(&s)
	}
	return s
}

// veil masks an event for who may not see who people are.
func (h *Handler) veil(ctx context.Context, r request, e *events.Event) error {
	if r.May(access.PII) {
		return nil
	}
	m, err := h.mask(ctx, e.Subject)
	if err == nil {
		m.Event(e)
	}
	return err
}

func listParameters() []parameter {
	return []parameter{
		{"holder", "Of these destinations, at most 10, separated by commas. Absent: all that the caller may act for."},
		{"state", "open (when absent), waiting, snoozed, closed or all. Waiting are the open ones whose customer nobody " +
			"has answered."},
		{"order", "newest (when absent) or waiting. In both, who waits stands where they began to, and who was answered " +
			"where somebody spoke last; newest begins at the latest, waiting at the earliest."},
		{"assignee", "Only of this agent."},
		{"unassigned", "true: only those of nobody."},
		{"tag", "Only those with this tag."},
		{"channel", "Only of this channel."},
		{"account", "Only of this account of the channel."},
		{"unread", "A destination: only those of which it has not read everything."},
		{"limit", "Conversations of a page, 1 to 100; 50 when absent."},
		{"cursor", "The cursor of the page before, asked for in the same words."},
	}
}

// A selection is which conversations a caller wants to see.
type selection struct {
	store.Wanted
	channel, account string
	unread           string
}

var classesOf = map[string][]store.Class{
	"open": {store.Waiting, store.Answered}, "waiting": {store.Waiting}, "snoozed": {store.Snoozed},
	"closed": {store.Closed}, "all": {store.Waiting, store.Answered, store.Snoozed, store.Closed},
}

// maxHolders bounds the destinations of one list, and so its queries.
const maxHolders = 10

func (h *Handler) selectionOf(r request, q url.Values) (selection, error) {
	s := selection{channel: q.Get("channel"), account: q.Get("account"), unread: q.Get("unread")}
	s.Cursor, s.Assignee, s.Tag = q.Get("cursor"), q.Get("assignee"), q.Get("tag")
	n, faults := limit(q)
	s.Limit = n
	need := func(ok bool, path, message string) {
		if !ok {
			faults = append(faults, events.Fault{Path: path, Message: message})
		}
	}
	s.Classes = classesOf[cmp.Or(q.Get("state"), "open")]
	need(s.Classes != nil, "state", "must be open, waiting, snoozed, closed or all")
	order := cmp.Or(q.Get("order"), "newest")
	s.Newest = order == "newest"
	need(s.Newest || order == "waiting", "order", "must be newest or waiting")
	s.Unassigned = q.Get("unassigned") == "true"
	need(s.Unassigned || q.Get("unassigned") == "" || q.Get("unassigned") == "false", "unassigned",
		"must be true or false")
	need(!s.Unassigned || s.Assignee == "", "unassigned", "does not go with assignee")
	need(s.account == "" || s.channel != "", "account", "goes with channel")
	_, known := h.Runner.Board.Desks[s.unread]
	need(s.unread == "" || known, "unread", "must be a destination")
	s.Holders = h.holders(r.Caller, q.Get("holder"))
	need(len(s.Holders) > 0 && len(s.Holders) <= maxHolders, "holder",
		fmt.Sprintf("must name 1 to %d destinations that you may act for", maxHolders))
	if s.account != "" {
		s.Accounts = []string{s.channel + "/" + s.account}
	} else {
		s.Accounts = seen(r.Rights)
	}
	if len(faults) > 0 {
		return s, faulty(faults)
	}
	return s, nil
}

// seen are the accounts whose conversations somebody may see; nil is all.
func seen(r access.Rights) []string {
	if slices.Contains(r.Accounts, access.Any) {
		return nil
	}
	return append([]string{}, r.Accounts...)
}

// holders are the destinations whose lists are read: those that were asked for, as far as the
// caller may act for them.
func (h *Handler) holders(c access.Caller, asked string) []string {
	var list []string
	for name, d := range h.Runner.Board.Desks {
		if c.SpeaksFor(name) && d.Role != switchboard.Observer {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	if asked == "" {
		return list
	}
	for _, name := range strings.Split(asked, ",") {
		if !slices.Contains(list, name) {
			return nil
		}
	}
	return strings.Split(asked, ",")
}

// list lists conversations.
func (h *Handler) list(ctx context.Context, r request) (answer, error) {
	s, err := h.selectionOf(r, r.Query())
	if err != nil {
		return answer{}, err
	}
	out := events.ConversationPage{Items: []events.ConversationState{}}
	if s.Accounts != nil && len(s.Accounts) == 0 {
		return answer{status: http.StatusOK, body: out}, nil
	}
	for reads := 0; reads < maxReads && len(out.Items) < s.Limit; reads++ {
		page, err := h.Lists.Page(ctx, s.Wanted)
		if errors.Is(err, store.ErrCursor) {
			return answer{}, fault("cursor", "must be the cursor of a page")
		}
		if err != nil {
			return answer{}, err
		}
		items, err := h.states(ctx, r, s, page.Listed)
		if err != nil {
			return answer{}, err
		}
		// What a page leaves over for its limit is read again with the next one.
		if n := s.Limit - len(out.Items); len(items) > n {
			break
		}
		out.Items, out.Cursor, s.Cursor = append(out.Items, items...), page.Cursor, page.Cursor
		if page.Cursor == "" {
			break
		}
	}
	return answer{status: http.StatusOK, body: out}, nil
}

// states are the conversations of a page as they are now: lists lag, so that what has
// moved on is left to where it moved.
func (h *Handler) states(ctx context.Context, r request, s selection,
	listed []store.Listed) ([]events.ConversationState, error) {
	ids := make([]string, len(listed))
	for i, l := range listed {
		ids[i] = l.Conversation
	}
	states, err := h.Lists.States(ctx, ids)
	if err != nil {
		return nil, err
	}
	var list []events.ConversationState
	for _, id := range ids {
		state, ok := states[id]
		if !ok {
			continue
		}
		t, err := thread.Decode(state.Thread)
		if err != nil {
			return nil, fmt.Errorf("conversation %s: %w", id, err)
		}
		if s.wants(t, state.Listing) && r.Reaches(t.Channel, t.Account) {
			list = append(list, h.shown(r, t, state.Sequence))
		}
	}
	return list, nil
}

// wants looks again at what the list said a moment ago, and at what it does not know.
func (s selection) wants(t thread.Thread, l store.Listing) bool {
	return slices.Contains(s.Holders, l.Holder) && slices.Contains(s.Classes, l.Class) &&
		(s.Assignee == "" || s.Assignee == l.Assignee) && (!s.Unassigned || l.Assignee == "") &&
		(s.Tag == "" || slices.Contains(t.Desk.Tags, s.Tag)) && (s.channel == "" || s.channel == t.Channel) &&
		(s.account == "" || s.account == t.Account) && (s.unread == "" || t.Desk.Unread(s.unread) > 0)
}

// next gives an agent the conversation that has waited longest and is nobody's.
func (h *Handler) next(ctx context.Context, r request) (answer, error) {
	var c events.Claim
	if err := decode(r, &c); err != nil {
		return answer{}, err
	}
	if c.Assignee == "" || len(c.Assignee) > events.MaxAgentID {
		return answer{}, fault("assignee", "must be an agent's id of at most 128 bytes")
	}
	if c.Limit < 0 || c.Limit > largestPage {
		return answer{}, fault("limit", "must be a number from 1 to 100; absent is no limit")
	}
	_, known := h.Runner.Board.Desks[r.id]
	if !known || !r.SpeaksFor(r.id) {
		return answer{}, missing.because("no such destination, or not one of yours")
	}
	accounts := seen(r.Rights)
	if accounts != nil && len(accounts) == 0 {
		return answer{status: http.StatusOK, body: events.ClaimOutcome{}}, nil
	}
	out, found, err := h.Runner.Next(ctx, h.Lists, r.id, c, callerOf(r.Caller), accounts)
	if errors.Is(err, store.ErrConflict) {
		return answer{}, busy("the agent claims at several places at once; try again")
	}
	var refused *switchboard.Refusal
	if errors.As(err, &refused) {
		p := stale.because(refused.Title)
		p.Remedy = refused.Remedy
		return answer{}, p
	}
	if err != nil {
		return answer{}, err
	}
	if !found {
		return answer{status: http.StatusOK, body: events.ClaimOutcome{}}, nil
	}
	state := h.shown(r, out.Thread, out.Sequence)
	return answer{status: http.StatusOK, body: events.ClaimOutcome{Conversation: &state}, made: out.Event.ID}, nil
}
