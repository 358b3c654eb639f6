package custom

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// double plays a bridge whose customers read at once.
func double(a channel.Account, c channel.Call) channel.Answer {
	u, err := url.Parse(a.Value(outboundURL))
	switch {
	case err != nil || c.Host != u.Host || c.Path != u.EscapedPath() || c.Method != http.MethodPost:
		return channel.AnswerJSON(http.StatusNotFound, "{}")
	case c.Fault == channel.FaultExpired || !genuine(a, c):
		return refuse(http.StatusUnauthorized, problem{"signature", events.ClassAuth, "the signature is not ours"})
	case c.Fault == channel.FaultThrottled:
		answer := refuse(http.StatusTooManyRequests, problem{"slow", events.ClassRate, "slow down"})
		answer.Header.Set("Retry-After", "7")
		return answer
	case c.Fault == channel.FaultClosed:
		return refuse(http.StatusUnprocessableEntity, problem{"window", events.ClassWindow, "the window is closed"})
	case c.Fault == channel.FaultGone:
		return refuse(http.StatusUnprocessableEntity, problem{"gone", events.ClassRecipient, "nobody is there"})
	}
	var w envelopeOut
	if json.Unmarshal(c.Body, &w) != nil || !w.valid() || c.Fault == channel.FaultInvalid {
		return refuse(http.StatusUnprocessableEntity, problem{"content", events.ClassContent, "not understood"})
	}
	return taken(a, c, w)
}

func refuse(status int, p problem) channel.Answer {
	text, _ := channel.JSON(answerOut{Error: &p}) // texts
	return channel.AnswerJSON(status, string(text))
}

// genuine checks a delivery as any library for Standard Webhooks does.
func genuine(a channel.Account, c channel.Call) bool {
	id, at := c.Header.Get(headerID), c.Header.Get(headerTime)
	unix, err := strconv.ParseInt(at, 10, 64)
	age := c.Received.Sub(time.Unix(unix, 0)).Abs()
	return validID.MatchString(id) && err == nil && age <= tolerance && c.Header.Get("Content-Type") == "application/json" &&
		anySignature(secretsOf(a, outboundSecret), nil, signed(id, at, c.Body), c.Header.Get(headerSignature)) == nil
}

// valid says whether a delivery has what its type must hold.
func (w envelopeOut) valid() bool {
	d := w.Data
	named := d.MessageID != "" || d.ExternalMessageID != ""
	if !isID(d.Conversation.ExternalID) || w.Timestamp.IsZero() {
		return false
	}
	switch w.Type {
	case "message.send":
		return ownID.MatchString(d.MessageID) && d.Content.valid()
	case "message.edit":
		return named && d.Content.valid()
	case "message.delete", "read":
		return named
	case "typing":
		return d.Active != nil
	}
	return false
}

func (c *contentOut) valid() bool {
	if c == nil {
		return false
	}
	switch c.Kind {
	case "text":
		return c.Text != ""
	case events.Image, events.Video, events.Audio, events.Voice, events.File, events.Animation:
		return c.URL != "" || c.MediaID != ""
	case events.Sticker:
		return c.URL != "" || c.ID != ""
	case "location":
		return c.Lat != nil && c.Lng != nil
	case "contact":
		return c.Name != ""
	}
	objects := []bool{c.Choice != nil, c.Cards != nil, c.Form != nil, c.Schedule != nil, c.Payment != nil, c.Product != nil, c.Order != nil,
		c.Template != nil, c.Link != nil, c.Native != nil}
	return slices.Contains(objects, true)
}

// taken is the bridge's answer to what it understood, and the receipts of a message.
func taken(a channel.Account, c channel.Call, w envelopeOut) channel.Answer {
	if w.Type != "message.send" {
		return channel.AnswerJSON(http.StatusAccepted, "{}")
	}
	external := "b-" + channel.Digest([]byte(c.Header.Get(headerID)))
	text, _ := channel.JSON(answerOut{ExternalMessageID: external})
	answer := channel.AnswerJSON(http.StatusOK, string(text))
	for _, state := range []events.State{events.Delivered, events.Read} {
		answer.Webhooks = append(answer.Webhooks, posted(a, map[string]any{"type": "receipt", "timestamp": c.Received, "data": map[string]any{
			"conversation": w.Data.Conversation, "user": w.Data.User, "messageId": w.Data.MessageID, "externalMessageId": external, "status": state,
		}}))
	}
	return answer
}

// customer is the delivery of a text that the customer of our samples wrote.
func customer(a channel.Account, text string, n int, now time.Time) channel.Request {
	return posted(a, map[string]any{"type": "message.created", "timestamp": now, "data": map[string]any{
		"externalMessageId": "c-" + strconv.FormatInt(now.UnixMilli()+int64(n), 10),
		"conversation":      conversation{ExternalID: "room-7", Kind: events.Direct},
		"user":              user{ExternalID: "u-55", Name: "Alice"},
		"content":           map[string]any{"kind": "text", "text": text},
	}})
}

// posted is a delivery as a bridge posts it.
func posted(a channel.Account, envelope any) channel.Request {
	body, _ := channel.JSON(envelope) // texts and times
	return channel.Request{
		Method: http.MethodPost, Path: "/webhooks/custom/" + a.ID, Header: http.Header{"Content-Type": {"application/json"}}, Body: body,
	}
}
