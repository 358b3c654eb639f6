package fake

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

const host = "api.fake.example"

var outbound = channel.Outbound{
	Limits: channel.Limits{Text: 200, Unit: channel.UTF16,
		Media: map[string]channel.MediaLimit{events.Image: {Bytes: 1 << 20, MIME: []string{"image/*"}}}},
	Class: channel.Always(channel.Idempotent),
	Opens: []events.Scheme{events.External},
	Send:  send, Outside: func(channel.Outgoing) bool { return false },
	Act: act, Acts: []events.Verb{events.ActTyping},
	Token: token, Hosts: []string{host},
}

// message is the platform's.
type outMessage struct {
	ID    string `json:"id"`
	To    string `json:"to"`
	Text  string `json:"text,omitempty"`
	Image string `json:"image,omitempty"`
	Quote string `json:"quote,omitempty"`
}

func send(ctx context.Context, e channel.Env, o channel.Outgoing) (channel.Sent, error) {
	m := outMessage{ID: o.ID, To: o.To.Conversation.PlatformID, Quote: o.ReplyTo}
	switch c := o.Content[0]; {
	case c.Text != nil:
		m.Text = c.Text.Body
	case c.Media != nil:
		m.Image = c.Media.URL
	case c.Native != nil:
		m.Text = c.Native.JSON
	}
	r, err := e.PostJSON(ctx, "https://"+host+"/messages", channel.Bearer(e.Token), m)
	if err != nil {
		return channel.Sent{}, err
	}
	var answer struct {
		ID    string `json:"id"`
		Error string `json:"error"`
	}
	if r.OK() {
		err := r.Decode(&answer)
		if err == nil && answer.ID == "" {
			err = errors.New("no id in the answer")
		}
		return channel.Sent{IDs: []string{answer.ID}}, err
	}
	return channel.Sent{}, refusal(r)
}

func refusal(r channel.Reply) error {
	var answer struct {
		Error string `json:"error"`
	}
	e := r.Failure()
	_ = json.Unmarshal(r.Body, &answer) // the status says enough without
	switch answer.Error {
	case "window":
		e.Class = events.ClassWindow
	case "blocked":
		e.Class = events.ClassRecipient
	}
	return e
}

func act(ctx context.Context, e channel.Env, to channel.Recipient, a events.Action) error {
	r, err := e.PostJSON(ctx, "https://"+host+"/typing", channel.Bearer(e.Token),
		map[string]any{"to": to.Conversation.PlatformID, "active": a.Active})
	if err != nil || r.OK() {
		return err
	}
	return refusal(r)
}

func token(ctx context.Context, e channel.Env) (channel.Token, error) {
	r, err := e.PostJSON(ctx, "https://"+host+"/token", nil, map[string]string{"secret": e.Account.Value("secret")})
	if err != nil {
		return channel.Token{}, err
	}
	var answer struct {
		Token   string `json:"token"`
		Seconds int    `json:"seconds"`
	}
	if !r.OK() {
		return channel.Token{}, refusal(r)
	}
	err = r.Decode(&answer)
	return channel.Token{Value: answer.Token, ExpiresAt: e.Now.Add(time.Duration(answer.Seconds) * time.Second)}, err
}
