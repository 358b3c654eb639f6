package kakaotalk

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// callbackHost is where the chatbot's callback URLs are.
const callbackHost = "bot-api.kakao.com"

// sendSkill uses the callback URL. It works once.
// https://kakaobusiness.gitbook.io/main/tool/chatbot/skill_guide/ai_chatbot_callback_guide
func sendSkill(ctx context.Context, e channel.Env, o channel.Outgoing) (channel.Sent, error) {
	if u, err := url.Parse(o.Answer); err != nil || u.Scheme != "https" || u.Host != callbackHost {
		return channel.Sent{},
			&channel.Error{Class: events.ClassWindow, Title: "the answer handle is no callback URL of the chatbot"}
	}
	t := skillTemplate{}
	for _, c := range o.Content {
		if err := t.add(e.Account.Value(blockID), c); err != nil {
			return channel.Sent{}, err
		}
	}
	r, err := e.PostJSON(ctx, o.Answer, nil, skillResponse{Version: "2.0", Template: t})
	if err != nil {
		return channel.Sent{}, err
	}
	return callbackResult(r)
}

func callbackResult(r channel.Reply) (channel.Sent, error) {
	switch {
	case r.Status == http.StatusBadRequest || r.Status == http.StatusNotFound || r.Status == http.StatusGone:
		return channel.Sent{}, &channel.Error{Class: events.ClassWindow, Code: r.Failure().Code,
			Title: "the callback URL was used or has expired"}
	case !r.OK():
		return channel.Sent{}, r.Failure()
	}
	var w callbackReply
	if err := r.Decode(&w); err != nil {
		return channel.Sent{}, err
	}
	switch w.Status {
	case "SUCCESS":
		return channel.Sent{IDs: present(w.TaskID)}, nil
	case "FAIL":
		return channel.Sent{}, &channel.Error{Class: events.ClassContent, Code: w.Status, Title: w.Message}
	}
	return channel.Sent{}, &channel.Error{Class: events.ClassPlatform, Code: w.Status, Title: w.Message, Unknown: true}
}

// present is a list of id, empty without one.
func present(id string) []string {
	if id == "" {
		return nil
	}
	return []string{id}
}

// add puts c into t: an output, and quick replies beside the outputs.
func (t *skillTemplate) add(block string, c events.Content) error {
	switch c.Kind {
	case events.KindText:
		t.output("simpleText", simpleText{Text: c.Text.Body})
	case events.KindMedia:
		t.output("simpleImage", simpleImage{URL: c.Media.URL, Alt: alt(c.Media)})
	case events.KindChoice:
		t.choice(block, c.Choice)
	case events.KindNative:
		if _, err := channel.Native(c.Native, nil); err != nil {
			return err
		}
		t.Outputs = append(t.Outputs, json.RawMessage(c.Native.JSON))
	default:
		return unfit(c)
	}
	return nil
}

// unfit is the error of a content that the plan should not have held.
func unfit(c events.Content) error {
	return &channel.Error{Class: events.ClassContent, Title: "a content of kind " + string(c.Kind) + " cannot be sent"}
}

func (t *skillTemplate) output(kind string, v any) {
	t.Outputs = append(t.Outputs, map[string]any{kind: v})
}

// alt is what is read out instead of a picture; the chatbot requires one.
func alt(m *events.Media) string {
	for _, s := range []string{m.Alt, m.Caption, m.Name} {
		if s != "" {
			return s
		}
	}
	return m.Type
}

// choice is a card when it has a picture or opens pages; quick replies when it does
// not. Quick replies stand below the last output.
func (t *skillTemplate) choice(block string, c *events.Choice) {
	var buttons []skillButton
	card := c.Header != nil
	for _, o := range c.Options {
		b := newSkillButton(block, o)
		card = card || b.Action == "webLink"
		buttons = append(buttons, b)
	}
	switch {
	case c.Header != nil:
		t.output("basicCard", skillCard{Description: c.Text, Thumbnail: &thumbnail{URL: c.Header.URL}, Buttons: buttons})
	case card:
		t.output("textCard", skillCard{Description: c.Text, Buttons: buttons})
	default:
		t.output("simpleText", simpleText{Text: c.Text})
		t.QuickReplies = append(t.QuickReplies, buttons...)
	}
}

// newSkillButton says the label for the person. With a block it brings back the
// option's id; without one only the label comes, as if it had been typed.
func newSkillButton(block string, o events.Option) skillButton {
	b := skillButton{Label: o.Label, Action: "message", MessageText: o.Label}
	switch {
	case o.Action == events.ActionURL || o.Action == events.ActionWebView:
		return skillButton{Label: o.Label, Action: "webLink", WebLinkURL: o.Value}
	case block != "":
		b.Action, b.BlockID, b.Extra = "block", block, map[string]string{optionKey: o.ID}
	}
	return b
}
