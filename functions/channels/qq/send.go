package qq

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// takes says no to a template that is none of QQ's own.
func takes(c events.Content) string {
	if c.Kind == events.KindTemplate && !templateForm.MatchString(c.Template.Name) {
		return "the template's name is no custom_template_id"
	}
	return ""
}

const (
	apiHost     = "api.sgroup.qq.com"
	sandboxHost = "sandbox.api.sgroup.qq.com" // of bots that are not published
	tokenHost   = "bots.qq.com"
	tokenPath   = "/app/getAppAccessToken"

	// wakeTime is how long after their last message a person may be written to
	// without answering one, four times in all.
	// https://bot.q.qq.com/wiki/develop/api-v2/server-inter/message/send-receive/send.html
	wakeTime = 30 * 24 * time.Hour
)

// class is idempotent where a message's number tells QQ of its repetition: one to
// one and in groups, as an answer.
func class(o channel.Outgoing) channel.Class {
	if !inGuild(o.To.Conversation) && o.Answer != "" {
		return channel.Idempotent
	}
	return channel.Blind
}

// outside says where QQ takes messages that answer nothing: few of them, and QQ
// alone knows how many are left. In groups there are none.
func outside(o channel.Outgoing) bool {
	c := o.To.Conversation
	if inGuild(c) {
		return true
	}
	return !strings.HasPrefix(c.PlatformID, inGroup) && !o.Heard.IsZero()
}

func inGuild(c events.Conversation) bool {
	return strings.HasPrefix(c.PlatformID, inChannel) || strings.HasPrefix(c.PlatformID, inGuildDM)
}

// send makes a message of each content: they all answer the same one, and a second
// call would have nothing left to answer.
func send(ctx context.Context, e channel.Env, o channel.Outgoing) (channel.Sent, error) {
	var all channel.Sent
	for i := range o.Content {
		sent, err := one(ctx, e, o, i)
		if err != nil {
			return all, partly(err, i > 0)
		}
		all.IDs = append(all.IDs, sent.IDs...)
		if sent.Note != "" {
			all.Note = sent.Note
		}
	}
	return all, nil
}

// partly is err; after a part was sent nobody may repeat the call as if nothing was.
func partly(err error, said bool) error {
	var e *channel.Error
	switch {
	case !said:
		return err
	case errors.As(err, &e):
		e.Unknown = true
		return e
	}
	return fmt.Errorf("after a part was sent: %s", err.Error())
}

func one(ctx context.Context, e channel.Env, o channel.Outgoing, i int) (channel.Sent, error) {
	m := anchored(o, i, e.Now)
	path := pathOf(o.To.Conversation)
	body, err := compose(ctx, e, o, m, o.Content[i])
	if err != nil {
		return channel.Sent{}, err
	}
	r, err := post(ctx, e, path+"/messages", body)
	if err != nil {
		return channel.Sent{}, err
	}
	return sent(r)
}

// pathOf is where the messages of a conversation are sent to.
func pathOf(c events.Conversation) string {
	if id, ok := strings.CutPrefix(c.PlatformID, inGroup); ok {
		return "/v2/groups/" + url.PathEscape(id)
	}
	if id, ok := strings.CutPrefix(c.PlatformID, inChannel); ok {
		return "/channels/" + url.PathEscape(id)
	}
	if id, ok := strings.CutPrefix(c.PlatformID, inGuildDM); ok {
		return "/dms/" + url.PathEscape(id)
	}
	return "/v2/users/" + url.PathEscape(c.PlatformID)
}

// anchored is the i-th message of o without its content: it answers what the handle
// names, else the quoted message while it can be answered.
func anchored(o channel.Outgoing, i int, now time.Time) outgoing {
	var m outgoing
	kind, id, _ := strings.Cut(o.Answer, ":")
	switch recent := now.Sub(o.Heard) < groupTime; {
	case kind == "msg":
		m.MessageID = id
	case kind == "event":
		m.EventID = id
	case o.ReplyTo != "" && recent:
		m.MessageID = o.ReplyTo
	}
	if inGuild(o.To.Conversation) {
		if o.ReplyTo != "" {
			m.Reference = &reference{o.ReplyTo}
		}
		return m
	}
	m.Type = new(int)
	m.Sequence = sequence(o.ID, i)
	m.Wakeup = m.MessageID == "" && m.EventID == "" && o.To.Conversation.Kind == events.Direct &&
		now.Sub(o.Heard) < wakeTime
	return m
}

// sequence numbers an answer. QQ drops a second answer of the same number to the
// same message, so a repeated call has the same one and no other call does.
func sequence(id string, i int) uint32 {
	n, _ := strconv.ParseUint(channel.Digest([]byte(id), strconv.Itoa(i))[:8], 16, 32) // hexadecimal digits
	return uint32(n)&0x7fffffff | 1
}

// post sends v to QQ's API.
func post(ctx context.Context, e channel.Env, path string, v any) (channel.Reply, error) {
	r, err := e.PostJSON(ctx, base(e.Account)+path, header(e), v)
	if err != nil {
		return r, err
	}
	return r, failure(r)
}

func base(a channel.Account) string {
	if a.Value(sandbox) != "" {
		return "https://" + sandboxHost
	}
	return "https://" + apiHost
}

func header(e channel.Env) http.Header { return http.Header{"Authorization": {"QQBot " + e.Token}} }

// sent reads what QQ took. What is held for review is known by the review's id.
func sent(r channel.Reply) (channel.Sent, error) {
	var w answer
	if err := r.Decode(&w); err != nil {
		return channel.Sent{}, err
	}
	switch {
	case w.Data.Audit.ID != "":
		return channel.Sent{IDs: []string{w.Data.Audit.ID}, Note: "held for QQ's review"}, nil
	case w.Code == duplicate:
		return channel.Sent{Note: "sent by an earlier try"}, nil
	case w.ID == "":
		return channel.Sent{}, &channel.Error{Class: events.ClassPlatform, Title: "answered without an id", Unknown: true}
	}
	return channel.Sent{IDs: []string{w.ID}}, nil
}

// typingSeconds is how long the hint lasts unless a message ends it: 1 to 60.
// https://bot.q.qq.com/wiki/develop/api-v2/server-inter/message/send-receive/send.html
const typingSeconds = 20

// act shows that we write, as an answer to a message, or takes a message of ours
// back, within two minutes.
func act(ctx context.Context, e channel.Env, to channel.Recipient, a events.Action) error {
	if a.Message == nil || a.Message.PlatformID == "" {
		return refusal("QQ must be told which message: the one that is answered, or the one to take back")
	}
	path := pathOf(to.Conversation) + "/messages"
	switch {
	case a.Verb == events.ActDelete:
		r, err := e.Do(ctx, http.MethodDelete, base(e.Account)+path+"/"+url.PathEscape(a.Message.PlatformID), header(e), nil)
		if err != nil {
			return err
		}
		return failure(r)
	case a.Verb == events.ActTyping && to.Conversation.Kind == events.Direct && !inGuild(to.Conversation):
		if !a.Active {
			return nil // a message ends it, or the time
		}
		kind := typeTyping
		m := outgoing{Type: &kind, MessageID: a.Message.PlatformID,
			Sequence: sequence("typing "+a.Message.PlatformID, int(e.Now.Unix())),
			Typing:   &typing{Type: 1, Seconds: typingSeconds}}
		_, err := post(ctx, e, path, m)
		return err
	}
	return refusal("QQ shows typing between two only")
}

func refusal(title string) *channel.Error {
	return &channel.Error{Class: events.ClassContent, Title: title}
}

// token mints the bot's access token. QQ gives a new one in the last minute of the
// old one only.
// https://bot.q.qq.com/wiki/develop/api-v2/dev-prepare/interface-framework/api-use.html
func token(ctx context.Context, e channel.Env) (channel.Token, error) {
	r, err := e.PostJSON(ctx, "https://"+tokenHost+tokenPath, nil,
		tokenRequest{e.Account.Value(appID), e.Account.Value(appSecret)})
	if err != nil {
		return channel.Token{}, err
	}
	if !r.OK() {
		return channel.Token{}, failure(r)
	}
	var w tokenAnswer
	if err := r.Decode(&w); err != nil {
		return channel.Token{}, err
	}
	seconds, err := strconv.Atoi(string(w.ExpiresIn))
	if w.Token == "" || err != nil || seconds <= 0 {
		return channel.Token{}, &channel.Error{Class: events.ClassAuth, Code: strconv.Itoa(w.Code),
			Title: "QQ gives no token", Remedy: "check app_id and app_secret"}
	}
	return channel.Token{Value: w.Token, ExpiresAt: e.Now.Add(time.Duration(seconds) * time.Second)}, nil
}

// native is m with the integrator's own JSON for its content. What it answers, and
// its number, stay ours.
func native(m outgoing, n *events.Native) (any, error) {
	theirs, err := channel.Native(n, nil)
	if err != nil {
		return nil, err
	}
	if theirs["msg_type"] != nil {
		m.Type = nil
	}
	return channel.Native(n, m)
}
