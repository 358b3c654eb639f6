package apple

import (
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// message sets what the customer said.
func (p *parser) message(content []events.Content) bool {
	m := &events.Message{PlatformID: p.id, Actor: customer(), Content: content, Metadata: p.metadata()}
	if p.ReplyTo != "" {
		m.ReplyTo = &events.Ref{PlatformID: p.ReplyTo}
	}
	p.out.Type, p.out.Key, p.out.Data.Message = events.MessageReceived, "message:"+p.id, m
	return true
}

// metadata is what the customer's device can show, for it differs and changes, and
// who else the body names as its sender.
func (p *parser) metadata() []events.Field {
	var list []events.Field
	for _, f := range []events.Field{
		{Name: "capabilities", Value: unescaped(p.capabilities)}, {Name: "device", Value: p.device},
		{Name: "sourceIdInBody", Value: p.other},
	} {
		if f.Value != "" {
			list = append(list, f)
		}
	}
	return list
}

// unescaped is a list whose commas some gateways escape.
func unescaped(list string) string {
	if plain, err := url.QueryUnescape(list); err == nil {
		return plain
	}
	return list
}

// placeholder stands in a text where an attachment is.
// https://register.apple.com/resources/messages/msp-rest-api/type-text
const placeholder = "\uFFFC"

// text is what was written, with the attachments at their places and those without
// a place after it.
func (p *parser) text() []events.Content {
	var list []events.Content
	rest, missing := p.Attachments, false
	for i, piece := range strings.Split(p.Body, placeholder) {
		if i > 0 && len(rest) > 0 {
			list, rest = append(list, p.attachment(rest[0])), rest[1:]
		} else if i > 0 {
			missing = true
		}
		if strings.TrimSpace(piece) != "" {
			list = append(list, events.NewText(piece))
		}
	}
	for _, raw := range rest {
		list = append(list, p.attachment(raw))
	}
	if missing {
		list = append(list, events.NewUnsupported("attachment", "announced, and not there", p.out.Raw))
	}
	if len(list) == 0 {
		list = append(list, events.NewUnsupported(p.Type, "text without words", p.out.Raw))
	}
	return list
}

func (p *parser) attachment(raw json.RawMessage) events.Content {
	var w attachment
	if channel.Decode(raw, &w) != nil || cmp.Or(w.URL, w.MMCSURL) == "" {
		return events.NewUnsupported("attachment", channel.Malformed, raw)
	}
	return events.NewMedia(events.Media{
		Type: mediaType(w.MIMEType), State: events.MediaPending, MIME: w.MIMEType, Name: w.Name, Bytes: size(w.Size),
		PlatformID: w.handle(p.business()).String(),
	})
}

// mediaType is the kind of medium that a MIME type names.
func mediaType(mime string) string {
	kind, _, _ := strings.Cut(strings.ToLower(mime), "/")
	switch kind {
	case events.Image, events.Video, events.Audio:
		return kind
	}
	return events.File
}

// size is a number of bytes, which comes as a text or as a number; 0 when it is none.
func size(raw json.RawMessage) int64 {
	n, err := strconv.ParseInt(text(raw), 10, 64)
	if err != nil {
		return 0
	}
	return max(n, 0)
}

// text is the text that raw holds, or raw itself where it is none.
func text(raw json.RawMessage) string {
	var s string
	if channel.Decode(raw, &s) != nil {
		return string(raw)
	}
	return s
}

func (p *parser) business() string {
	if c := p.out.Data.Contact; c != nil {
		return c.Identities[0].Scope
	}
	return bare(p.DestinationID)
}

// A handle is all that one needs to fetch a file and to decrypt it. Its URL lasts
// for minutes and for one use.
// https://register.apple.com/resources/messages/msp-rest-api/type-text
type handle struct {
	business, url, owner string
	signature            string // base64
	key                  string // hexadecimal, as it came
}

func (s *stored) handle(business string) handle {
	return handle{
		business: business, url: cmp.Or(s.URL, s.MMCSURL), owner: cmp.Or(s.Owner, s.MMCSOwner),
		signature: cmp.Or(s.SignatureBase64, inBase64(cmp.Or(s.Signature, s.MMCSSignature))),
		key:       cmp.Or(s.Key, s.DataRefSig),
	}
}

// inBase64 is a hexadecimal signature as the download wants it.
func inBase64(digits string) string {
	b, err := hex.DecodeString(digits)
	if err != nil {
		return digits
	}
	return base64.StdEncoding.EncodeToString(b)
}

// String is a query, its names in alphabetical order.
func (h handle) String() string {
	v := url.Values{}
	for name, value := range map[string]string{
		"business": h.business, "url": h.url, "owner": h.owner, "signature": h.signature, "key": h.key,
	} {
		if value != "" {
			v.Set(name, value)
		}
	}
	return v.Encode()
}

// handleOf reads what String wrote.
func handleOf(platformID string) (handle, error) {
	v, err := url.ParseQuery(platformID)
	if err != nil || v.Get("url") == "" {
		return handle{}, &channel.Error{Class: events.ClassMedia, Title: "the medium is none that a customer sent"}
	}
	return handle{
		business: v.Get("business"), url: v.Get("url"), owner: v.Get("owner"), signature: v.Get("signature"),
		key: v.Get("key"),
	}, nil
}
