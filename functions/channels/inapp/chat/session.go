package chat

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/inapp"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/store"
)

var (
	validDevice = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)
	validLocale = regexp.MustCompile(`^[A-Za-z0-9-]{0,35}$`) // BCP 47
)

// opened is what a client learns of its session.
type opened struct {
	Session      string    `json:"session"`
	ExpiresAt    time.Time `json:"expiresAt"`
	User         string    `json:"user"`
	Known        bool      `json:"known"`
	Conversation string    `json:"conversation"`
	Socket       string    `json:"socket"`
	Limits       limits    `json:"limits"`
	Push         push      `json:"push"`
	Merged       *bool     `json:"merged,omitempty"` // of a login
}

type limits struct {
	Frame  int   `json:"frame"`
	Upload int64 `json:"upload"`
}

type push struct {
	VAPID string `json:"vapid,omitempty"`
}

// newSession begins a session: of a user whom the host app vouches for, else of a
// new visitor, or renews the one that is shown. Nothing is stored of visitors who say
// nothing.
func (h *Handler) newSession(ctx context.Context, r request) (answer, error) {
	var q struct {
		Device    string `json:"device"`
		UserToken string `json:"userToken"`
		Locale    string `json:"locale"`
	}
	if err := decode(r, &q); err != nil {
		return answer{}, err
	}
	if !validDevice.MatchString(q.Device) || !validLocale.MatchString(q.Locale) {
		return answer{}, Refuse(inapp.Malformed,
			"device must be 1 to 64 letters, digits, dots, hyphens and underscores; locale a BCP 47 tag")
	}
	if err := h.take(ctx, "open:"+r.account.ID+"/"+r.ip, openRate, openBurst); err != nil {
		return answer{}, err
	}
	s := inapp.Session{ID: random(), Thread: inapp.NewThread(random()), Device: q.Device, Locale: q.Locale}
	token, shown := bearer(r)
	switch {
	case q.UserToken != "":
		u, err := h.user(ctx, r.account, q.UserToken)
		if err != nil {
			return answer{}, err
		}
		if s, err = h.known(ctx, r.account, s, u, inapp.ThreadOf(u.ExternalID)); err != nil {
			return answer{}, err
		}
	case shown:
		var err error
		if s, err = h.Session(ctx, r.account, token); err != nil {
			return answer{}, err
		}
	}
	out, err := h.open(r.account, s)
	return answer{http.StatusCreated, out}, err
}

// random is 26 letters and digits that nobody can guess, 130 bits.
func random() string { return strings.ToLower(rand.Text()) }

// open grants s from now on.
func (h *Handler) open(a channel.Account, s inapp.Session) (opened, error) {
	s.Expires = h.Now().Add(inapp.SessionLife).UTC().Truncate(time.Second)
	token, err := inapp.Grant(a, s)
	out := opened{Session: token, ExpiresAt: s.Expires, User: s.User, Known: s.User != "",
		Conversation: s.Conversation(a.ID), Socket: h.Socket,
		Limits: limits{inapp.MaxFrame, maxUpload}, Push: push{inapp.VAPIDPublic(a)}}
	if !out.Known {
		out.User = s.Thread
	}
	return out, err
}

// user is whom the host app vouches for.
func (h *Handler) user(ctx context.Context, a channel.Account, token string) (inapp.User, error) {
	key, ok := inapp.UserKeyOf(a, token)
	if !ok {
		return inapp.User{}, tokenRefusal(inapp.ErrToken)
	}
	u, err := h.check(ctx, key, token, keysAge)
	if errors.Is(err, inapp.ErrToken) && key.JWKS != "" { // perhaps with a key that is newer than what we know
		u, err = h.check(ctx, key, token, keysRefetch)
	}
	if errors.Is(err, inapp.ErrToken) || errors.Is(err, inapp.ErrExpired) {
		err = tokenRefusal(err)
	}
	return u, err
}

// check is whom token vouches for, by public keys that are not older than age.
func (h *Handler) check(ctx context.Context, key inapp.UserKey, token string, age time.Duration) (inapp.User, error) {
	var set []byte
	if key.JWKS != "" {
		var err error
		if set, err = h.Keys.Get(ctx, key.JWKS, age); err != nil {
			return inapp.User{}, err
		}
	}
	return inapp.CheckUser(key, set, token, h.Now())
}

// known is s as a known user's, in the thread that they have, or else in thread.
func (h *Handler) known(ctx context.Context, a channel.Account, s inapp.Session, u inapp.User,
	thread string) (inapp.Session, error) {
	var err error
	s.Thread, err = h.Devices.ClaimUser(ctx, a.ID+"/"+u.ExternalID, thread)
	s.User, s.Name = u.ExternalID, u.Name
	if u.Locale != "" && validLocale.MatchString(u.Locale) {
		s.Locale = u.Locale
	}
	return s, err
}

// login makes a session a known user's. A visitor's conversation becomes the
// user's first one, or is joined to the one they have; two known users are never
// joined. The old token ends.
func (h *Handler) login(ctx context.Context, r request) (answer, error) {
	var q struct {
		UserToken string `json:"userToken"`
	}
	if err := decode(r, &q); err != nil {
		return answer{}, err
	}
	if err := h.Ask(ctx, r.account, r.session); err != nil {
		return answer{}, err
	}
	u, err := h.user(ctx, r.account, q.UserToken)
	if err != nil {
		return answer{}, err
	}
	old, thread := r.session, inapp.ThreadOf(u.ExternalID)
	if old.User == "" {
		begun, err := h.said(ctx, events.ConversationID(inapp.Name, r.account.ID, thread))
		if err != nil {
			return answer{}, err
		}
		if begun == 0 { // not even the brand spoke in a conversation of their own
			thread = old.Thread
		}
	}
	s, err := h.known(ctx, r.account, old, u, thread)
	if err != nil {
		return answer{}, err
	}
	merged := false
	if old.User == "" {
		if merged, err = h.join(ctx, r.account, old, s); err != nil {
			return answer{}, err
		}
	}
	if err := h.end(ctx, r.account, old); err != nil {
		return answer{}, err
	}
	s.ID = random()
	out, err := h.open(r.account, s)
	out.Merged = &merged
	return answer{http.StatusOK, out}, err
}

// join tells who a visitor is, and joins their conversation to the one they have.
// A conversation in which nothing was said needs neither.
func (h *Handler) join(ctx context.Context, a channel.Account, old, s inapp.Session) (merged bool, err error) {
	said, err := h.said(ctx, old.Conversation(a.ID))
	switch {
	case err != nil || said == 0:
		return false, err
	case s.Thread == old.Thread:
		return false, h.identify(ctx, a, old, s)
	}
	return true, h.move(ctx, a, old, s)
}

// identify tells whose a visitor's conversation is from now on.
func (h *Handler) identify(ctx context.Context, a channel.Account, old, s inapp.Session) error {
	before, after := old.Contact(), s.Contact()
	if err := h.Conversations.SetContact(ctx, events.ContactID(inapp.Name, a.ID, after.Identities[0]),
		s.Conversation(a.ID)); err != nil {
		return err
	}
	return h.tell(ctx, a, events.Event{Type: events.IdentityLinked, Key: "linked:" + s.Thread + ":" + s.User,
		Data: events.Data{Contact: after,
			Conversation: &events.Conversation{PlatformID: s.Thread, Kind: events.Direct},
			IdentityChange: &events.IdentityChange{Previous: &before.Identities[0], Current: &after.Identities[0],
				Reason: "login"}}})
}

// move puts a visitor's conversation before the one that the user has. Where it ends
// is known once nobody can say anything there; until then all of it is shown. What
// the brand says there later is said again, by the pusher, where it goes on.
func (h *Handler) move(ctx context.Context, a channel.Account, old, s inapp.Session) error {
	from, to := old.Conversation(a.ID), s.Conversation(a.ID)
	m, err := h.Conversations.BeginMove(ctx, from, store.Move{Thread: s.Thread, User: s.User, Since: h.Now().UTC()})
	if err != nil {
		return err
	}
	if err := h.Conversations.AddEarlier(ctx, to, store.Earlier{Conversation: from, Thread: old.Thread}); err != nil {
		return err
	}
	if err := h.tellMerged(ctx, a, old, s); err != nil {
		return err
	}
	if err := h.Devices.EndSession(ctx, from, "", h.Now().Add(inapp.SessionLife)); err != nil {
		return err
	}
	last, err := h.said(ctx, from)
	if err != nil || m.Last > 0 {
		return err
	}
	err = h.Conversations.EndMove(ctx, from, m, last)
	if errors.Is(err, store.ErrConflict) { // the pusher has done it
		return nil
	}
	return err
}

func (h *Handler) tellMerged(ctx context.Context, a channel.Account, old, s inapp.Session) error {
	before, after := old.Contact(), s.Contact()
	merged := events.Event{Type: events.PersonMerged, Key: "merged:" + old.Thread + ":" + s.Thread,
		Data: events.Data{Contact: after,
			Conversation: &events.Conversation{PlatformID: s.Thread, Kind: events.Direct},
			Person:       &events.Person{From: []string{events.ContactID(inapp.Name, a.ID, before.Identities[0])}}}}
	migrated := events.Event{Type: events.ConversationUpdated, Key: "migrated:" + old.Thread,
		Data: events.Data{Contact: before,
			Conversation: &events.Conversation{PlatformID: old.Thread, Kind: events.Direct},
			Change:       &events.Change{Field: inapp.ChangeMigrated, Old: old.Conversation(a.ID), New: s.Conversation(a.ID)}}}
	return errors.Join(h.tell(ctx, a, merged), h.tell(ctx, a, migrated))
}

// said is the sequence of the last of a conversation's events once those that wait
// have theirs; 0 when there are none.
func (h *Handler) said(ctx context.Context, conversation string) (uint64, error) {
	waiting, err := h.Conversations.Unrouted(ctx, conversation)
	if err != nil {
		return 0, err
	}
	state, err := h.Conversations.State(ctx, conversation)
	return state.Sequence + waiting, err
}

// end ends a session for as long as a token of it may live, renewed ones too.
func (h *Handler) end(ctx context.Context, a channel.Account, s inapp.Session) error {
	return h.Devices.EndSession(ctx, s.Conversation(a.ID), s.ID, h.Now().Add(inapp.SessionLife))
}

// logout ends the session, its connections and its device's push subscriptions.
func (h *Handler) logout(ctx context.Context, r request) (answer, error) {
	conversation := r.session.Conversation(r.account.ID)
	if err := h.end(ctx, r.account, r.session); err != nil {
		return answer{}, err
	}
	open, err := h.Devices.Connections(ctx, conversation)
	if err != nil {
		return answer{}, err
	}
	for _, c := range open {
		var b Bearer
		if json.Unmarshal(c.Doc, &b) == nil && b.Session.ID == r.session.ID {
			if err := h.Devices.Disconnect(ctx, c.ID); err != nil {
				return answer{}, err
			}
		}
	}
	return h.unsubscribe(ctx, r)
}

// A Bearer is who holds a ticket or a connection.
type Bearer struct {
	Account string        `json:"account"`
	Session inapp.Session `json:"session"`
	Since   time.Time     `json:"since,omitzero"` // of a connection: when it was opened
}

// ticketLife is how long a ticket waits to be used.
const ticketLife = 30 * time.Second

// newTicket lets a client open one WebSocket: browsers can send no header there, and
// an address is logged, so it holds what is worth nothing a moment later.
func (h *Handler) newTicket(ctx context.Context, r request) (answer, error) {
	if err := h.Ask(ctx, r.account, r.session); err != nil {
		return answer{}, err
	}
	doc, err := json.Marshal(Bearer{Account: r.account.ID, Session: r.session})
	if err != nil {
		return answer{}, err
	}
	ticket := random() + random()
	if err := h.Devices.AddTicket(ctx, TicketHash(ticket), doc, h.Now().Add(ticketLife)); err != nil {
		return answer{}, err
	}
	return answer{http.StatusCreated, struct {
		Ticket    string `json:"ticket"`
		Socket    string `json:"socket"`
		ExpiresIn int    `json:"expiresIn"`
	}{ticket, h.Socket, int(ticketLife.Seconds())}}, nil
}

// TicketHash names a ticket.
func TicketHash(ticket string) string {
	sum := sha256.Sum256([]byte(ticket))
	return hex.EncodeToString(sum[:])
}
