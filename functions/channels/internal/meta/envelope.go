package meta

import (
	"encoding/json"

	"github.com/relais-dev/relais/shared/channel"
)

// All of Meta's webhooks are {"object", "entry": [{"id", "time", …}]}, whose entries
// hold changes of a field, or updates in messaging and standby.
// https://developers.facebook.com/docs/graph-api/webhooks/getting-started#event-notifications

// Webhook reads a body: entry reads each of its entries. object is what Meta calls
// the sender.
func (r *Reader) Webhook(entry func()) (object string, err error) {
	for key := range r.Members() {
		switch key {
		case "object":
			object = r.Text()
		case "entry":
			for range r.Elements() {
				entry()
			}
		default:
			r.Skip()
		}
	}
	switch {
	case r.End() != nil:
		return "", channel.Malform("body: " + r.Err().Error())
	case object == "":
		return "", channel.Malform("object is missing")
	}
	return object, nil
}

// An Entry is one of entry[], without what happened.
type Entry struct {
	Raw      json.RawMessage
	ID, Time string
}

// Entry reads an entry: item reads each element of its list of that name. ok is
// false when a key is repeated in it.
func (r *Reader) Entry(item func(list string)) (e Entry, ok bool) {
	e.Raw, ok = r.Item(func() {
		for key := range r.Members() {
			switch key {
			case "id":
				e.ID = r.Text()
			case "time":
				e.Time = r.Text()
			case "messaging", "standby", "changes":
				for range r.Elements() {
					item(key)
				}
			default:
				r.Skip()
			}
		}
	})
	return e, ok
}

// Change reads one of changes[]: value reads what the field is now. ok is false when
// a key is repeated in it or it names no field.
func (r *Reader) Change(value func()) (field string, raw json.RawMessage, ok bool) {
	raw, ok = r.Item(func() {
		for key := range r.Members() {
			switch key {
			case "field":
				field = r.Text()
			case "value":
				value()
			default:
				r.Skip()
			}
		}
	})
	return field, raw, ok && field != ""
}
