package custom

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/signature"
)

// maxText keeps a delivery near the 20 kB that Standard Webhooks recommends.
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#payload-structure
const maxText = 16 << 10

const (
	maxOptions = 100 // ours
	maxCards   = 50  // ours
)

var actions = []string{events.ActionReply, events.ActionPostback, events.ActionURL, events.ActionCall,
	events.ActionLocation,
	events.ActionContact, events.ActionWebView, events.ActionCopy}

// offering is a choice with all that the contract has.
func offering(style string) channel.Choices {
	return channel.Choices{Style: style, Min: 1, Max: maxOptions, Actions: actions, Title: maxText, Footer: maxText,
		Describe: maxText, Section: maxText,
		Header: true, Multiple: true}
}

// send posts o. Receipts and answers name the message by our id, or by the bridge's
// if its answer holds one.
func send(ctx context.Context, e channel.Env, o channel.Outgoing) (channel.Sent, error) {
	if len(o.Content) != 1 {
		return channel.Sent{}, &channel.Error{Class: events.ClassContent, Title: "a delivery carries one part"}
	}
	d := dataFor(o.To)
	d.MessageID, d.Bulk, d.Sender = o.ID, o.Bulk, o.Sender
	d.ReplyTo, d.Content = referenceTo(o.ReplyTo), contentOf(o.Content[0])
	// Ids of deliveries hold no dots: they separate the parts of what is signed.
	r, err := post(ctx, e, strings.ReplaceAll(o.ID, ".", "-"),
		envelopeOut{Type: "message.send", Timestamp: e.Now, Data: d})
	if err != nil {
		return channel.Sent{}, err
	}
	sent := channel.Sent{IDs: []string{o.ID}}
	var a answerOut
	if len(r.Body) == 0 {
		return sent, nil
	}
	if err := r.Decode(&a); err != nil {
		return channel.Sent{}, err
	}
	if isID(a.ExternalMessageID) {
		sent.IDs = append(sent.IDs, theirID(o.To.Conversation.PlatformID, a.ExternalMessageID))
	}
	return sent, nil
}

// act posts what is no message.
func act(ctx context.Context, e channel.Env, to channel.Recipient, a events.Action) error {
	w := envelopeOut{Type: string(a.Verb), Timestamp: e.Now, Data: dataFor(to)}
	switch a.Verb {
	case events.ActTyping:
		w.Data.Active = &a.Active
	case events.ActEdit:
		if len(a.Content) != 1 {
			return &channel.Error{Class: events.ClassContent, Title: "an edit has one part"}
		}
		w.Type, w.Data.Content = "message.edit", contentOf(a.Content[0])
	case events.ActDelete:
		w.Type = "message.delete"
	}
	if a.Verb != events.ActTyping {
		if a.Message == nil || a.Message.PlatformID == "" {
			return &channel.Error{Class: events.ClassContent, Title: "the action names no message"}
		}
		w.Data.reference = *referenceTo(a.Message.PlatformID)
	}
	body, err := channel.JSON(w)
	if err != nil {
		return err
	}
	_, err = post(ctx, e, "act_"+channel.Digest(body), w)
	return err
}

// post signs a delivery and sends it. The id is the same at every try; the time and
// the signatures are those of this one.
func post(ctx context.Context, e channel.Env, id string, w envelopeOut) (channel.Reply, error) {
	body, err := channel.JSON(w)
	if err != nil {
		return channel.Reply{}, &channel.Error{Class: events.ClassContent, Title: "the native content is no JSON"}
	}
	address := e.Account.Value(outboundURL)
	header := signature.NewStandard(e.Account.Values(outboundSecret), nil).Sign(id, e.Now, body)
	if address == "" || header == nil {
		return channel.Reply{}, &channel.Error{Class: events.ClassAuth, Remedy: "store both",
			Title: "the account has no outbound_url or no usable outbound_secret"}
	}
	header.Set("Content-Type", "application/json")
	r, err := e.Do(ctx, http.MethodPost, address, header, body)
	if err != nil {
		return r, err
	}
	if !r.OK() {
		return r, failure(r)
	}
	return r, nil
}

// dataFor names the conversation, and the person where it is known.
func dataFor(to channel.Recipient) dataOut {
	c := to.Conversation
	d := dataOut{Conversation: conversation{ExternalID: c.PlatformID, Kind: c.Kind, Title: c.Title}}
	if id := to.Identity(events.External); id != "" {
		d.User = &user{ExternalID: id, Name: to.Contact.Name}
	}
	return d
}

// referenceTo names a message: a bridge's has a colon in its platform id, see theirID.
func referenceTo(platformID string) *reference {
	if platformID == "" {
		return nil
	}
	_, escaped, theirs := strings.Cut(platformID, ":")
	if external, err := url.QueryUnescape(escaped); theirs && err == nil {
		return &reference{ExternalMessageID: external}
	}
	return &reference{MessageID: platformID}
}

// origin is where a's bridge is.
func origin(a channel.Account) string {
	u, err := url.Parse(a.Value(outboundURL))
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
