package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// A desk is where the demo's agent works: a client of the HTTP API.
type desk struct{ url, token string }

// ask asks for a path below a conversation. Without a question it only looks.
func (d desk) ask(ctx context.Context, conversation, path string, question, answer any) error {
	method, body := http.MethodGet, []byte(nil)
	if question != nil {
		doc, err := json.Marshal(question)
		if err != nil {
			return err
		}
		method, body = http.MethodPost, doc
	}
	r, err := http.NewRequestWithContext(ctx, method, d.url+"/v1/conversations/"+conversation+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header = channel.Bearer(d.token)
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the API answered %d: %s", resp.StatusCode, text)
	}
	return json.Unmarshal(text, answer)
}

// await waits until a conversation is as it should be. One that is not known yet is not.
func (d desk) await(ctx context.Context, conversation string, is func(events.ConversationState) bool) error {
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		var c events.ConversationState
		err := d.ask(ctx, conversation, "", nil, &c)
		switch {
		case err == nil && is(c):
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case time.Now().After(deadline):
			return errors.Join(fmt.Errorf("after %s %s holds it", patience, c.Holder), err)
		}
	}
}

// awaitWords waits until the brand has said something with text in it.
func (d desk) awaitWords(ctx context.Context, conversation, text string) bool {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline) &&
		ctx.Err() == nil; time.Sleep(20 * time.Millisecond) {
		var page json.RawMessage
		err := d.ask(ctx, conversation, "/messages?types=message.echoed&limit=100", nil, &page)
		if err == nil && strings.Contains(string(page), text) {
			return true
		}
	}
	return false
}

// close closes a conversation that team holds, and returns how it is then.
func (d desk) close(ctx context.Context, conversation, team string) (events.ConversationState, error) {
	var out events.Outcome
	err := d.ask(ctx, conversation, "/commands", events.Command{Do: events.DoClose, From: team, Reason: "answered",
		By: &events.Actor{Role: events.Agent, ID: "ada", Name: "Ada"}}, &out)
	return out.Conversation, err
}

// history are a conversation's events.
func (d desk) history(ctx context.Context, conversation string) ([]events.Event, error) {
	var list []events.Event
	for cursor := ""; ; {
		var page events.EventPage
		if err := d.ask(ctx, conversation, "/messages?limit=100&cursor="+cursor, nil, &page); err != nil {
			return nil, err
		}
		list = append(list, page.Items...)
		if cursor = page.Cursor; cursor == "" {
			return list, nil
		}
	}
}

// A hold is a run of events in which one destination answers.
type hold struct{ holder, first, last, why string }

// holds are those of a conversation's events. One without a holder is an error: nobody would
// answer the customer.
func holds(list []events.Event) ([]hold, error) {
	var out []hold
	version := ""
	for _, e := range list {
		number := "#" + strings.TrimLeft(e.Sequence, "0")
		if e.Holder == "" {
			return nil, fmt.Errorf("nobody holds the conversation at its event %s, %s", number, e.Type)
		}
		if e.Hold != version {
			out = append(out, hold{holder: e.Holder, first: number, why: because(e)})
			version = e.Hold
		}
		out[len(out)-1].last = number
	}
	return out, nil
}

// because is why a hold begins with e.
func because(e events.Event) string {
	c := e.Data.Control
	if c == nil {
		return "the rules"
	}
	_, how, _ := strings.Cut(strings.TrimSuffix(string(e.Type), ".v1"), ".")
	return how + ", " + c.Reason
}

// inTurn says whether first the bot held, and then the team.
func inTurn(list []hold, bot, team string) error {
	if len(list) != 2 || list[0].holder != bot || list[1].holder != team {
		return fmt.Errorf("%s; want %s, and then %s", join(list), bot, team)
	}
	return nil
}

// join is holds on a line.
func join(list []hold) string {
	var parts []string
	for _, h := range list {
		parts = append(parts, fmt.Sprintf("%s %s–%s (%s)", h.holder, h.first, h.last, h.why))
	}
	return strings.Join(parts, " → ")
}
