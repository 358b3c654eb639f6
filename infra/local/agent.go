package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/inapp"
	"github.com/relais-dev/relais/infra/local/system"
	"github.com/relais-dev/relais/infra/topology"
	"github.com/relais-dev/relais/shared/cloud"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/route"
)

// agentQueue is the demo agent's destination. It gets what it answers beside whom
// the rules name, so that it takes nothing from anybody.
const agentQueue = "demo-agent"

// withAgent adds the demo agent to a configuration that has in-app messaging.
func withAgent(c topology.Config) topology.Config {
	if _, taken := c.Destinations[agentQueue]; taken || !c.Has(inapp.Name) {
		return c
	}
	c.Destinations = maps.Clone(c.Destinations)
	c.Destinations[agentQueue] = topology.Destination{Description: "answers on the page of this machine"}
	c.Rules = append([]route.Rule{{Name: "what the demo agent answers", When: "event.channel == 'inapp'", To: []string{agentQueue}, Continue: true}}, c.Rules...)
	return c
}

// An agent answers visitors of the page as an integrator does: it receives from its
// queue and asks for messages on the outbound queue.
type agent struct {
	sys *system.System
	sqs *sqs.Client
}

// answer works until ctx is done.
func answer(ctx context.Context, s *system.System) {
	if _, there := s.System.Config.Destinations[agentQueue]; !there {
		return
	}
	s.Release(agentQueue) // an agent of an earlier process is gone with it
	a := agent{s, sqs.NewFromConfig(s.ConfigOf(agentQueue, cloud.Work))}
	for ctx.Err() == nil {
		if err := a.receive(ctx); err != nil && ctx.Err() == nil {
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
		}
	}
}

func (a agent) receive(ctx context.Context) error {
	url := a.sys.QueueURL(agentQueue)
	out, err := a.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: 10, WaitTimeSeconds: 5})
	if err != nil {
		return err
	}
	for _, m := range out.Messages {
		var e events.Event
		if err := json.Unmarshal([]byte(aws.ToString(m.Body)), &e); err != nil {
			return err
		}
		if err := a.handle(ctx, &e); err != nil {
			return err
		}
		if _, err := a.sqs.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: m.ReceiptHandle}); err != nil {
			return err
		}
	}
	return nil
}

// handle reads, types and answers.
func (a agent) handle(ctx context.Context, e *events.Event) error {
	content := reply(e)
	if content == nil {
		return nil
	}
	if m := e.Data.Message; m != nil {
		read := events.Action{To: events.To{Conversation: e.Subject}, Verb: events.ActRead, Message: &events.Ref{ID: m.ID, PlatformID: m.PlatformID}}
		if err := a.ask(ctx, e.Subject, "read-"+e.ID, read); err != nil {
			return err
		}
	}
	if err := a.ask(ctx, e.Subject, "typing-"+e.ID, events.Action{To: events.To{Conversation: e.Subject}, Verb: events.ActTyping, Active: true}); err != nil {
		return err
	}
	return a.ask(ctx, e.Subject, "answer-"+e.ID, events.Outbound{IdempotencyKey: "agent-" + e.ID, To: events.To{Conversation: e.Subject}, Content: content,
		Sender: &events.Sender{Role: events.Bot, Name: "Demo agent"}})
}

func (a agent) ask(ctx context.Context, conversation, dedup string, request any) error {
	doc, err := json.Marshal(request)
	if err != nil {
		return err
	}
	_, err = a.sqs.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: aws.String(a.sys.QueueURL(names.Outbound)), MessageBody: aws.String(string(doc)),
		MessageGroupId: &conversation, MessageDeduplicationId: &dedup})
	return err
}

// reply is what the agent says to what a customer said, nil when it is silent.
func reply(e *events.Event) []events.Content {
	switch {
	case e.Type == events.InteractionReceived:
		in := e.Data.Interaction
		if len(in.Values) > 0 {
			return say("Thank you: I have written that down.")
		}
		if c, ok := shows()[in.Option]; ok {
			return []events.Content{c}
		}
		return say(fmt.Sprintf("You chose %q. A good choice.", in.Option))
	case e.Type != events.MessageReceived:
		return nil
	}
	c := e.Data.Message.Content[0]
	switch {
	case c.Text != nil:
		if show, ok := shows()[strings.ToLower(strings.TrimSpace(c.Text.Body))]; ok {
			return []events.Content{show}
		}
		return []events.Content{events.NewText("You wrote: " + c.Text.Body), {Kind: events.KindChoice, Choice: &events.Choice{Text: "What would you like to see?", Style: events.StyleQuick,
			Options: []events.Option{{ID: "choices", Label: "Choices"}, {ID: "cards", Label: "Cards"}, {ID: "form", Label: "A form"}, {ID: "times", Label: "Times"}}}}}
	case c.Media != nil:
		return say("Thank you for the file.")
	case c.Location != nil:
		return say("I know where you are now.")
	}
	return nil
}

func say(text string) []events.Content { return []events.Content{events.NewText(text)} }

// shows are contents by what a visitor writes to see them.
func shows() map[string]events.Content {
	const picture = "https://files.example.com/shoe.png" // on a laptop a picture of one pixel
	tomorrow := time.Now().UTC().Truncate(24 * time.Hour).Add(34 * time.Hour)
	card := func(title, text string) events.Panel {
		return events.Panel{Title: title, Text: text, Options: []events.Option{{ID: "buy-" + strings.ToLower(title), Label: "Choose"}}}
	}
	return map[string]events.Content{
		"choices": {Kind: events.KindChoice, Choice: &events.Choice{Text: "What is it about?", Style: events.StyleButtons,
			Options: []events.Option{{ID: "order", Label: "My order"}, {ID: "return", Label: "A return"}, {ID: "other", Label: "Something else"}}}},
		"cards": {Kind: events.KindCards, Cards: []events.Panel{card("Runner", "Light, for the road"), card("Hiker", "Firm, for the hills"), card("Slipper", "Warm, for home")}},
		"form": {Kind: events.KindForm, Form: &events.Form{ID: "address", Title: "Where shall we send it?", Submit: "Send",
			Fields: []events.FormField{{ID: "street", Label: "Street", Type: events.InputText, Required: true}, {ID: "city", Label: "City", Type: events.InputText, Required: true},
				{ID: "email", Label: "E-mail", Type: events.InputEmail}}}},
		"times": {Kind: events.KindSchedule, Schedule: &events.Schedule{ID: "call", Title: "When shall we call you?",
			Slots: []events.Slot{{ID: "t1", Start: tomorrow, DurationMS: 30 * 60_000}, {ID: "t2", Start: tomorrow.Add(time.Hour), DurationMS: 30 * 60_000}}}},
		"picture": events.NewMedia(events.Media{Type: events.Image, URL: picture, Alt: "a shoe", Caption: "The one you asked for"}),
		"place":   {Kind: events.KindLocation, Location: &events.Location{Latitude: 52.52, Longitude: 13.405, Name: "Our shop", Address: "Berlin"}},
	}
}
