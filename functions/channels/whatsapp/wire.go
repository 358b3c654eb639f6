package whatsapp

import (
	"bytes"
	"cmp"
	"encoding/json"

	"github.com/relais-dev/relais/functions/channels/internal/meta"
)

// What arrives often is read in one walk over the body; what is rare stays raw and
// is decoded by encoding/json into the structs of cold.go. A member of an item that
// we do not name is skipped and stays in the item's raw.

// webhook is a body.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview
type webhook struct {
	object  string
	changes []change
	items   int // of all changes
}

// change is one of entry[].changes[], with its entry's time.
type change struct {
	raw       json.RawMessage // its value
	ok        bool            // its value is of a shape that we can read
	entryTime string
	occasion  string // tells a fact without an id from its like: the entry's time, or the day
	field     string
	value
}

// value is the value of the fields messages, standby and smb_message_echoes; of
// others it holds what they share with these.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages
type value struct {
	phoneNumberID string
	contacts      []contact
	messages      []message
	echoes        []message
	statuses      []status
	errors        []json.RawMessage
}

type contact struct {
	name, username, waID, userID, parentID string
}

// message is one of messages[] or message_echoes[].
type message struct {
	raw                    json.RawMessage
	ok                     bool
	id, time, kind         string
	from, fromUser, parent string
	to, toUser, toParent   string
	toKind                 string // "group" when to is a group's id
	group                  string
	text                   string
	part                   json.RawMessage // the member called like kind; see member
	partKind               string
	context                quote
	referral, errors       json.RawMessage
}

// quote is the message or product that a message is about.
type quote struct {
	id               string
	forwarded, often bool
	catalog, product string
}

// status is one of statuses[].
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/status
type status struct {
	raw                                    json.RawMessage
	ok                                     bool
	id, state, kind, time                  string
	recipient, user, parent, recipientKind string
	participant, participantUser           string
	correlation                            string
	priced, billable                       bool
	model, category, pricingType           string
	errors, payment                        json.RawMessage
}

func readWebhook(body []byte) (w webhook, err error) {
	r := meta.NewReader(body)
	w.object, err = r.Webhook(func() { w.entry(r) })
	return w, err
}

func (w *webhook) entry(r *meta.Reader) {
	first, items := len(w.changes), w.items
	e, ok := r.Entry(func(list string) {
		if list == "changes" {
			w.read(r)
		} else {
			r.Skip()
		}
	})
	if !ok || !bytes.HasPrefix(e.Raw, []byte("{")) { // one without changes says nothing
		w.changes, w.items = append(w.changes[:first], change{raw: e.Raw, field: "entry"}), items+1
	}
	for i := range w.changes[first:] {
		w.changes[first+i].entryTime = e.Time
	}
}

func (w *webhook) read(r *meta.Reader) {
	w.changes = append(w.changes, change{})
	c := &w.changes[len(w.changes)-1]
	field, raw, ok := r.Change(func() { c.raw, c.ok = r.Item(func() { c.value.read(r) }) })
	if c.field = field; !ok || c.raw == nil {
		*c = change{raw: raw, field: cmp.Or(field, "change")}
	}
	w.items += max(1, len(c.messages)+len(c.echoes)+len(c.statuses)+len(c.errors))
}

func (v *value) read(r *meta.Reader) {
	for key := range r.Members() {
		switch key {
		case "metadata":
			for key := range r.Members() {
				if key == "phone_number_id" {
					v.phoneNumberID = r.Text()
				} else {
					r.Skip()
				}
			}
		case "contacts":
			for range r.Elements() {
				var c contact
				if _, ok := r.Item(func() { c.read(r) }); ok {
					v.contacts = append(v.contacts, c)
				}
			}
		case "messages":
			v.messages = readMessages(r, v.messages)
		case "message_echoes":
			v.echoes = readMessages(r, v.echoes)
		case "statuses":
			for range r.Elements() {
				var s status
				s.raw, s.ok = r.Item(func() { s.read(r) })
				v.statuses = append(v.statuses, s)
			}
		case "errors":
			for range r.Elements() {
				v.errors = append(v.errors, r.Skip())
			}
		case "standby": // seen in the wild: all but metadata is one level deeper
			v.read(r)
		default:
			r.Skip()
		}
	}
}

func (c *contact) read(r *meta.Reader) {
	for key := range r.Members() {
		switch key {
		case "wa_id":
			c.waID = r.Text()
		case "user_id":
			c.userID = r.Text()
		case "parent_user_id":
			c.parentID = r.Text()
		case "profile":
			for key := range r.Members() {
				switch key {
				case "name":
					c.name = r.Text()
				case "username":
					c.username = r.Text()
				default:
					r.Skip()
				}
			}
		default:
			r.Skip()
		}
	}
}

func readMessages(r *meta.Reader, list []message) []message {
	for range r.Elements() {
		list = append(list, message{})
		m := &list[len(list)-1]
		m.raw, m.ok = r.Item(func() { m.read(r) })
	}
	return list
}

func (m *message) read(r *meta.Reader) {
	for key := range r.Members() {
		switch key {
		case "id":
			m.id = r.Text()
		case "timestamp":
			m.time = r.Text()
		case "type":
			m.kind = r.Text()
		case "from":
			m.from = r.Text()
		case "from_user_id":
			m.fromUser = r.Text()
		case "from_parent_user_id":
			m.parent = r.Text()
		case "to":
			m.to = r.Text()
		case "to_user_id", "recipient":
			m.toUser = cmp.Or(m.toUser, r.Text())
		case "to_parent_user_id":
			m.toParent = r.Text()
		case "recipient_type":
			m.toKind = r.Text()
		case "group_id":
			m.group = r.Text()
		case "context":
			m.context.read(r)
		case "referral":
			m.referral = present(r.Skip())
		case "errors":
			m.errors = r.Skip()
		case "text":
			m.text = readBody(r)
		case "message": // seen in the wild: an echo's content is one level deeper
			m.read(r)
		default:
			m.other(key, r.Skip())
		}
	}
}

// other keeps the member that kind names or, while kind is not known, the latest.
func (m *message) other(key string, raw json.RawMessage) {
	if m.kind == "" || m.kind == key {
		m.part, m.partKind = raw, key
	}
}

// member is the member that kind names; nil when there is none. It is looked for
// once more if another unknown one stood between it and kind.
func (m *message) member() json.RawMessage {
	if m.partKind == m.kind {
		return m.part
	}
	var found json.RawMessage
	r := meta.NewReader(m.raw)
	for key := range r.Members() {
		if raw := r.Skip(); key == m.kind {
			found = raw
		}
	}
	return found
}

// present is raw, or nil where it is null.
func present(raw json.RawMessage) json.RawMessage {
	if string(raw) == "null" {
		return nil
	}
	return raw
}

func readBody(r *meta.Reader) (body string) {
	for key := range r.Members() {
		if key == "body" {
			body = r.Text()
		} else {
			r.Skip()
		}
	}
	return body
}

func (c *quote) read(r *meta.Reader) {
	for key := range r.Members() {
		switch key {
		case "id":
			c.id = r.Text()
		case "forwarded":
			c.forwarded = r.Bool()
		case "frequently_forwarded":
			c.often = r.Bool()
		case "referred_product":
			for key := range r.Members() {
				switch key {
				case "catalog_id":
					c.catalog = r.Text()
				case "product_retailer_id":
					c.product = r.Text()
				default:
					r.Skip()
				}
			}
		default:
			r.Skip()
		}
	}
}

func (s *status) read(r *meta.Reader) {
	for key := range r.Members() {
		switch key {
		case "id":
			s.id = r.Text()
		case "status":
			s.state = r.Text()
		case "type":
			s.kind = r.Text()
		case "timestamp":
			s.time = r.Text()
		case "recipient_id":
			s.recipient = r.Text()
		case "recipient_user_id":
			s.user = r.Text()
		case "recipient_parent_user_id", "parent_recipient_user_id":
			s.parent = r.Text()
		case "recipient_type":
			s.recipientKind = r.Text()
		case "recipient_participant_id", "participant_recipient_id":
			s.participant = r.Text()
		case "recipient_participant_user_id":
			s.participantUser = r.Text()
		case "biz_opaque_callback_data":
			s.correlation = r.Text()
		case "errors":
			s.errors = r.Skip()
		case "payment":
			s.payment = r.Skip()
		case "pricing":
			s.readPricing(r)
		default:
			r.Skip()
		}
	}
}

// readPricing reads what Meta charges. Where it leaves out billable, which is to
// go, the type says the same.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/pricing
func (s *status) readPricing(r *meta.Reader) {
	told := false
	for key := range r.Members() {
		s.priced = true
		switch key {
		case "billable":
			s.billable, told = r.Bool(), true
		case "pricing_model":
			s.model = r.Text()
		case "category":
			s.category = r.Text()
		case "type":
			s.pricingType = r.Text()
		default:
			r.Skip()
		}
	}
	if !told {
		s.billable = s.pricingType == "regular"
	}
}
