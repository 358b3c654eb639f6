package apple

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// An announcement is what pull needs of an answer that is not in its delivery: above
// 10 KB Apple leaves them where files lie.
// https://register.apple.com/resources/messages/msp-rest-api/type-interactive
type announcement struct {
	ID           string `json:"id"`
	ReplyTo      string `json:"replyTo,omitempty"`
	Title        string `json:"title,omitempty"` // what the customer sees
	BID          string `json:"bid,omitempty"`
	File         string `json:"file"` // a handle
	Capabilities string `json:"capabilities,omitempty"`
	Device       string `json:"device,omitempty"`
	Other        string `json:"sourceIdInBody,omitempty"`
}

// announce sets that an answer has to be fetched.
func (p *parser) announce(w *reference) bool {
	h := w.handle(p.business())
	raw, err := channel.JSON(announcement{
		ID: p.id, ReplyTo: p.ReplyTo, Title: w.Title, BID: w.BID, File: h.String(),
		Capabilities: p.capabilities, Device: p.device, Other: p.other,
	})
	if err != nil || h.url == "" || len(raw) > events.MaxRaw {
		return false
	}
	p.unsupported(channel.Announced)
	p.out.Data.Unsupported.Raw = string(raw)
	return true
}

// patience is how long an answer is tried to fetch; its URL lasts for minutes.
const patience = time.Hour

// pull fetches the answer that an event announces. One that is gone becomes a message
// that says so.
func pull(ctx context.Context, e channel.Env, announced events.Event, _ string) ([]events.Event, string, bool, error) {
	raw := []byte(announced.Data.Unsupported.Raw)
	var a announcement
	if err := channel.Decode(raw, &a); err != nil {
		return nil, "", false, fmt.Errorf("read the announcement: %w", err)
	}
	p := a.parser(announced)
	answer, err := a.fetch(ctx, e)
	switch {
	case err == nil:
		p.pulled(a, answer)
	case passing(err) && e.Now.Before(announced.RecordedTime.Add(patience)):
		return nil, "", false, err
	default:
		p.message([]events.Content{events.NewUnsupported(p.Type, "its data could not be fetched", raw)})
	}
	return []events.Event{p.out}, "", true, nil
}

// passing says whether what failed may work later.
func passing(err error) bool {
	var refused *channel.Error
	return !errors.As(err, &refused) || refused.Passes()
}

// parser goes on where announce ended.
func (a *announcement) parser(announced events.Event) parser {
	return parser{
		delivery: &delivery{Type: "interactive", ReplyTo: a.ReplyTo},
		id:       a.ID, capabilities: a.Capabilities, device: a.Device, other: a.Other,
		out: events.Event{
			Time: announced.Time, Raw: []byte(announced.Data.Unsupported.Raw),
			Data: events.Data{Contact: announced.Data.Contact, Conversation: announced.Data.Conversation},
		},
	}
}

// fetch has Apple turn what lies there into JSON.
// https://register.apple.com/resources/messages/msp-rest-api/type-interactive
func (a *announcement) fetch(ctx context.Context, e channel.Env) ([]byte, error) {
	h, err := handleOf(a.File)
	if err != nil {
		return nil, err
	}
	s := sender{Env: e, to: address{business: h.business}}
	file, err := s.download(ctx, h)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxInteractive))
	if err != nil {
		return nil, fmt.Errorf("read interactive data: %w", err)
	}
	header := s.proof()
	header.Set("Bid", a.BID)
	header.Set("Content-Type", "application/octet-stream")
	reply, err := s.Do(ctx, http.MethodPost, gateway+"/decodePayload", header, content)
	if err != nil {
		return nil, err
	}
	if !reply.OK() {
		return nil, failure(reply)
	}
	return discreet(reply.Body), nil
}

// maxInteractive bounds interactive data: their pictures alone have up to 5 MB.
// https://register.apple.com/resources/messages/msp-rest-api/type-interactive
const maxInteractive = 8 << 20

// pulled sets the answer, as a delivery would have held it.
func (p *parser) pulled(a announcement, text []byte) {
	p.out.Raw = text
	p.Interactive = answered(text)
	if w := p.Interactive; w != nil && (w.Data != nil || w.URL != "") {
		w.BID, w.Received.Title = cmp.Or(w.BID, a.BID), cmp.Or(w.Received.Title, a.Title)
	}
	if !p.interactive() {
		p.message([]events.Content{events.NewUnsupported(p.Type, channel.Malformed, text)})
	}
}

// answered are interactive data, whole or only what is chosen; nil when they are none.
func answered(text []byte) *interactiveData {
	var w interactiveData
	if channel.Decode(text, &w) != nil {
		return nil
	}
	var d answer
	if w.Data == nil && channel.Decode(text, &d) == nil && d.RequestIdentifier != "" {
		w.Data = &d
	}
	return &w
}
