// Package thread is what Relais knows of a conversation besides its messages: how
// to address it, until when it may be answered freely, and what the customer
// allowed. It follows from the conversation's events in their order.
package thread

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
)

// A Thread is one conversation as its events left it.
type Thread struct {
	Channel      string              `json:"channel"`
	Account      string              `json:"account"`
	Conversation events.Conversation `json:"conversation"`        // without Window and Answer
	Contact      *events.Contact     `json:"contact,omitempty"`   // its id and identities
	Windows      []events.Window     `json:"windows,omitempty"`   // one per kind
	Answer       *events.Handle      `json:"answer,omitempty"`    // the newest
	Heard        time.Time           `json:"heard,omitzero"`      // when the customer last wrote
	Withdrawn    []string            `json:"withdrawn,omitempty"` // scopes in which the customer opted out
	Blocked      bool                `json:"blocked,omitempty"`   // the customer blocked or left the account
	Turns        int                 `json:"turns,omitempty"`     // messages of bots since the customer last spoke
	Desk         Desk                `json:"desk,omitzero"`       // how the brand handles it
}

// MaxTurns is how many messages of bots in a row are taken for a conversation: more
// is a bot that answers itself, or another bot.
const MaxTurns = 100

// Options are what the customer can answer with a number: a choice that was sent
// as numbered text.
type Options struct {
	Of    events.Ref `json:"of"`
	IDs   []string   `json:"ids"`
	Until time.Time  `json:"until"`
}

// ScopeAll is the consent scope of everything.
const ScopeAll = "all"

// After is t after e, which has its sequence and who holds the conversation.
func (t Thread) After(e *events.Event) Thread {
	d := e.Data
	t.Channel, t.Account = d.Channel, d.Account
	if d.Conversation != nil {
		t.address(d.Conversation)
	}
	if d.Contact != nil && (t.Contact == nil || d.Conversation == nil || d.Conversation.Kind == events.Direct) {
		t.Contact = &events.Contact{ID: d.Contact.ID, Identities: d.Contact.Identities, Phone: d.Contact.Phone}
	}
	if c := d.Consent; c != nil {
		t.consent(*c)
	}
	if m := d.Message; e.Type == events.MessageEchoed && m != nil && m.Actor.Role == events.Bot {
		t.Turns++
	}
	if Spoke(e) {
		t.Blocked, t.Turns = false, 0
		if e.Time.After(t.Heard) {
			t.Heard = e.Time
		}
	}
	t.Desk.handle(e)
	if h := handle(d); h != nil && (t.Answer == nil || h.ExpiresAt.After(t.Answer.ExpiresAt)) {
		t.Answer = h
	}
	return t
}

func (t *Thread) address(c *events.Conversation) {
	title := c.Title
	if title == "" {
		title = t.Conversation.Title
	}
	t.Conversation = events.Conversation{ID: c.ID, PlatformID: c.PlatformID, Kind: c.Kind, Topic: c.Topic, Title: title,
		Product: c.Product}
	if c.Window != nil {
		t.open(*c.Window)
	}
}

// open keeps one window per kind, the one that closes later; windows of other
// kinds that closed long before are forgotten.
func (t *Thread) open(w events.Window) {
	windows := slices.DeleteFunc(slices.Clone(t.Windows), func(old events.Window) bool {
		return old.Kind == w.Kind && !old.ClosesAt.After(w.ClosesAt) || old.ClosesAt.Before(w.ClosesAt.Add(-30*24*time.Hour))
	})
	if !slices.ContainsFunc(windows, func(old events.Window) bool { return old.Kind == w.Kind }) {
		windows = append(windows, w)
	}
	t.Windows = windows
}

func (t *Thread) consent(c events.Consent) {
	scope := c.Scope
	if scope == "" {
		scope = ScopeAll
	}
	withdrawn := slices.DeleteFunc(slices.Clone(t.Withdrawn), func(s string) bool {
		return s == scope ||
			c.State == events.ConsentGiven && scope == ScopeAll
	})
	gone := c.Reason == "blocked" || c.Reason == "unfollowed" || c.Reason == "left"
	switch {
	case c.State == events.ConsentWithdrawn && gone:
		t.Blocked = true
	case c.State == events.ConsentWithdrawn:
		withdrawn = append(withdrawn, scope)
	default:
		t.Blocked = false
	}
	t.Withdrawn = withdrawn
}

// Spoke says whether e is the customer's own act towards the account.
func Spoke(e *events.Event) bool {
	switch e.Type {
	case events.MessageReceived, events.InteractionReceived:
		return true
	}
	return false
}

func handle(d events.Data) *events.Handle {
	switch {
	case d.Message != nil && d.Message.Answer != nil:
		return d.Message.Answer
	case d.Interaction != nil && d.Interaction.Answer != nil:
		return d.Interaction.Answer
	case d.Conversation != nil:
		return d.Conversation.Answer
	}
	return nil
}

// Open is the window that is open at now and closes last; false when none is.
func (t Thread) Open(now time.Time) (events.Window, bool) {
	var best events.Window
	for _, w := range t.Windows {
		if w.ClosesAt.After(now) && w.ClosesAt.After(best.ClosesAt) {
			best = w
		}
	}
	return best, !best.ClosesAt.IsZero()
}

// Refuses says why the customer must not be written to, or "". Bulk messages
// respect every withdrawn scope, answers only that of everything.
func (t Thread) Refuses(bulk bool) string {
	switch {
	case t.Blocked:
		return "the customer blocked the account"
	case slices.Contains(t.Withdrawn, ScopeAll):
		return "the customer opted out"
	case bulk && len(t.Withdrawn) > 0:
		return "the customer opted out of " + strings.Join(t.Withdrawn, ", ")
	}
	return ""
}

// Chosen is the option that a customer's text means: "2", "2.", "(2)" or "２".
func (o Options) Chosen(e *events.Event) (option string, ok bool) {
	m := e.Data.Message
	if e.Type != events.MessageReceived || m == nil || len(m.Content) != 1 || m.Content[0].Text == nil ||
		e.Time.After(o.Until) {
		return "", false
	}
	n := number(m.Content[0].Text.Body)
	if n < 1 || n > len(o.IDs) {
		return "", false
	}
	return o.IDs[n-1], true
}

// Interaction is the answer that option stands for in a message's content.
func (o Options) Interaction(option, text string) events.Content {
	of := o.Of
	return events.Content{Kind: events.KindInteraction, Interaction: &events.Interaction{Kind: events.ListAnswer, Of: &of,
		Option: option, Text: text}}
}

// number reads a short number, in ASCII or full-width digits; 0 is none.
func number(s string) int {
	s = strings.Map(func(r rune) rune {
		if r >= '０' && r <= '９' {
			return r - '０' + '0'
		}
		return r
	}, strings.Trim(s, " \t\r\n.)(#。"))
	if len(s) == 0 || len(s) > 2 {
		return 0
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// Encode is t as it is stored.
func (t Thread) Encode() []byte {
	doc, _ := json.Marshal(t) // texts, times and numbers
	return doc
}

// Decode is the inverse of Encode. Nothing is the Thread of nothing.
func Decode(doc []byte) (Thread, error) {
	var t Thread
	if len(doc) == 0 {
		return t, nil
	}
	err := json.Unmarshal(doc, &t)
	return t, err
}
