package sms

import (
	"bytes"
	"cmp"
	"crypto/sha1" // Twilio's choice
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/signature"
)

const (
	twilioHeader = "X-Twilio-Signature"
	bodyDigest   = "bodySHA256" // in the query, where the body is no form
)

// verifyTwilio checks the signature over the configured URL, never over what the
// request says about its host, and over the form. It has no time: replays are told
// by the message's sid.
// https://www.twilio.com/docs/usage/security#validating-requests
func verifyTwilio(a channel.Account, r channel.Request) error {
	texts := signedTexts(a.URL, r)
	if texts == nil {
		return channel.Refuse(channel.Malformed)
	}
	var err error
	for _, text := range texts {
		if err = signature.HMAC(sha1.New, a.Values(authToken), []byte(text), r.Joined(twilioHeader),
			signature.Base64); err == nil {
			return nil
		}
	}
	return err
}

// signedTexts are the texts that Twilio may have signed: it is not known to spell a
// URL's port always alike, nor are its own libraries of one mind about a name that is
// given twice. nil when the body is not what it can have signed.
func signedTexts(address string, r channel.Request) []string {
	if r.RawQuery != "" {
		address += "?" + r.RawQuery
	}
	var parameters []string
	if q := r.Query(); q.Has(bodyDigest) {
		sum := sha256.Sum256(r.Body)
		if q.Get(bodyDigest) != hex.EncodeToString(sum[:]) {
			return nil
		}
		parameters = []string{""}
	} else {
		form, err := url.ParseQuery(string(r.Body))
		if err != nil {
			return nil
		}
		parameters = spellings(form)
	}
	var texts []string
	for _, p := range parameters {
		texts = append(texts, address+p)
		if other := otherPort(address); other != "" {
			texts = append(texts, other+p)
		}
	}
	return texts
}

// spellings are the form's parameters sorted by name, each with its value; of a name
// that is given twice every value, or the first alone.
func spellings(form url.Values) []string {
	var all, first strings.Builder
	for _, name := range slices.Sorted(maps.Keys(form)) {
		values := slices.Clone(form[name])
		first.WriteString(name + values[0])
		slices.Sort(values)
		for _, v := range slices.Compact(values) {
			all.WriteString(name + v)
		}
	}
	return slices.Compact([]string{all.String(), first.String()})
}

// otherPort is address with the default port where it has none, or without it; ""
// when it has another.
func otherPort(address string) string {
	scheme, rest, _ := strings.Cut(address, "://")
	end := strings.IndexAny(rest, "/?")
	if scheme != "https" || end < 0 {
		return ""
	}
	host, path := rest[:end], rest[end:]
	name, port, found := strings.Cut(host, ":")
	switch {
	case !found:
		return "https://" + host + ":443" + path
	case port == "443":
		return "https://" + name + path
	}
	return ""
}

func isJSON(body []byte) bool {
	body = bytes.TrimLeft(body, " \t\r\n")
	return len(body) > 0 && (body[0] == '{' || body[0] == '[')
}

// parseTwilio reads a form. A form without a message's sid is another product's.
func parseTwilio(r channel.Request) ([]events.Event, error) {
	if isJSON(r.Body) {
		return parseEventStream(r.Body)
	}
	values, err := url.ParseQuery(string(r.Body))
	if err != nil || len(values) == 0 {
		return nil, channel.Malform("body is not a form")
	}
	f := form{values, r}
	switch state := cmp.Or(f.Get("MessageStatus"), f.Get("SmsStatus")); {
	case f.sid() == "":
		return []events.Event{unsupported(cmp.Or(f.Get("EventType"), f.Get("StatusCallbackEvent"), "webhook"),
			"not about a message", "", r.Body)}, nil
	case state == "" || state == "received" || state == "receiving":
		return f.message(), nil
	default:
		return []events.Event{f.status(state)}, nil
	}
}

// parseEventStream keeps what Twilio's Event Streams post: lists of CloudEvents, or one.
// https://www.twilio.com/docs/events/webhook-quickstart
func parseEventStream(body []byte) ([]events.Event, error) {
	list := []json.RawMessage{body}
	if bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("[")) {
		list = nil
		if channel.Decode(body, &list) != nil {
			return nil, channel.Malform("body is not a list")
		}
	} else if !json.Valid(body) {
		return nil, channel.Malform("body is not JSON")
	}
	var evs []events.Event
	for _, raw := range list {
		var w cloudEvent
		kind, reason := "event", "Event Streams are not read; use webhooks"
		if channel.Decode(raw, &w) != nil {
			reason = channel.Malformed
		}
		e := unsupported(cmp.Or(w.Type, kind), reason, "", raw)
		e.Time = channel.RFC3339(w.Time)
		evs = append(evs, e)
	}
	return evs, nil
}
