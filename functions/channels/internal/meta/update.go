package meta

import (
	"cmp"
	"encoding/json"
	"strings"
)

// What arrives often is read in one walk over the body; what is rare stays raw and
// is decoded by encoding/json into the structs of wire.go.

// webhook is a body of the Messenger platform.
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks
type webhook struct {
	object  string
	updates []update
}

// update is one of entry[].messaging[], standby[] or changes[], with what its entry says.
type update struct {
	raw                              json.RawMessage
	ok                               bool   // it is of a shape that we can read
	place                            string // messaging, standby or the change's field
	standby, feed                    bool   // another app answers; not about messages
	account, entryTime               string
	sender, recipient, userRef, time string
	fact                             string // the member that says what happened: "message", "postback" …
	body                             json.RawMessage
	message                          message // body, where fact is "message"
}

// message is an update's member of that name.
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks/webhook-events/messages
type message struct {
	id, text, app, metadata          string
	echo, self, deleted, unsupported bool
	quick                            bool // it is an answer to quick replies
	payload                          string
	replyTo, storyID, storyURL       string
	attachments                      []json.RawMessage
	referral, commands               json.RawMessage
}

func readWebhook(body []byte) (w webhook, err error) {
	r := NewReader(body)
	w.object, err = r.Webhook(func() { w.entry(r) })
	return w, err
}

func (w *webhook) entry(r *Reader) {
	first := len(w.updates)
	e, ok := r.Entry(func(list string) {
		if list == "changes" {
			w.change(r)
		} else {
			w.item(r, list)
		}
	})
	if !ok || len(w.updates) == first {
		w.updates = append(w.updates[:first], update{raw: e.Raw, place: "entry"})
	}
	for i := range w.updates[first:] {
		w.updates[first+i].account, w.updates[first+i].entryTime = e.ID, e.Time
	}
}

func (w *webhook) item(r *Reader, place string) {
	w.updates = append(w.updates, update{place: place, standby: place == "standby"})
	u := &w.updates[len(w.updates)-1]
	u.raw, u.ok = r.Item(func() { u.read(r) })
}

// change reads one of changes[]: news of the page's feed or, from the dashboard and
// in some of Instagram's deliveries, an update that is usually in messaging[].
func (w *webhook) change(r *Reader) {
	var value json.RawMessage
	field, raw, ok := r.Change(func() { value = r.Skip() })
	u := update{raw: raw, ok: ok, place: cmp.Or(field, "change"), standby: field == "standby", feed: true}
	if u.ok && (u.standby || strings.HasPrefix(field, "messag")) {
		u.raw, u.feed = value, false
		inner := NewReader(value)
		_, u.ok = inner.Item(func() { u.read(inner) })
	}
	w.updates = append(w.updates, u)
}

func (u *update) read(r *Reader) {
	for key := range r.Members() {
		switch key {
		case "sender":
			u.sender = u.person(r)
		case "recipient":
			u.recipient = u.person(r)
		case "timestamp":
			u.time = r.Text()
		case "message":
			if r.peek() == '{' {
				u.fact, u.body = key, nil
				u.message.read(r)
			} else {
				u.other(key, r.Skip())
			}
		default:
			u.other(key, r.Skip())
		}
	}
}

// person reads the id of somebody, who may have none yet.
func (u *update) person(r *Reader) (id string) {
	for key := range r.Members() {
		switch key {
		case "id":
			id = r.Text()
		case "user_ref":
			u.userRef = r.Text()
		default:
			r.Skip()
		}
	}
	return id
}

// other keeps the first member that may say what happened; one that we know stays.
func (u *update) other(key string, raw json.RawMessage) {
	if present(raw) != nil && (u.fact == "" || known(key) && !known(u.fact)) {
		u.fact, u.body = key, raw
	}
}

func known(fact string) bool {
	switch fact {
	case "message", "postback", "referral", "optin", "delivery", "read", "reaction", "message_edit",
		"pass_thread_control",
		"take_thread_control", "request_thread_control", "app_roles", "account_linking", "policy_enforcement":
		return true
	}
	return false
}

func (m *message) read(r *Reader) {
	for key := range r.Members() {
		switch key {
		case "mid":
			m.id = r.Text()
		case "text":
			m.text = r.Text()
		case "is_echo":
			m.echo = r.Bool()
		case "is_self":
			m.self = r.Bool()
		case "is_deleted":
			m.deleted = r.Bool()
		case "is_unsupported":
			m.unsupported = r.Bool()
		case "app_id":
			m.app = r.Text()
		case "metadata":
			m.metadata = r.Text()
		case "quick_reply":
			m.quick = r.peek() == '{'
			m.payload, _ = readTexts(r, "payload", "")
		case "reply_to":
			m.readReply(r)
		case "attachments":
			for range r.Elements() {
				m.attachments = append(m.attachments, r.Skip())
			}
		case "referral":
			m.referral = present(r.Skip())
		case "commands":
			m.commands = present(r.Skip())
		default:
			r.Skip()
		}
	}
}

func (m *message) readReply(r *Reader) {
	for key := range r.Members() {
		switch key {
		case "mid":
			m.replyTo = r.Text()
		case "story":
			m.storyID, m.storyURL = readTexts(r, "id", "url")
		default:
			r.Skip()
		}
	}
}

// readTexts reads an object's members of those names.
func readTexts(r *Reader, first, second string) (a, b string) {
	for key := range r.Members() {
		switch key {
		case first:
			a = r.Text()
		case second:
			b = r.Text()
		default:
			r.Skip()
		}
	}
	return a, b
}

// present is raw, or nil where it is null.
func present(raw json.RawMessage) json.RawMessage {
	if string(raw) == "null" {
		return nil
	}
	return raw
}
