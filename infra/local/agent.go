package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/inapp"
	"github.com/relais-dev/relais/infra/local/system"
	"github.com/relais-dev/relais/infra/topology"
	"github.com/relais-dev/relais/shared/cloud"
	"github.com/relais-dev/relais/shared/media"
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
	c.Rules = append([]route.Rule{{Name: "what the demo agent answers", When: "event.channel == 'inapp'",
		To: []string{agentQueue}, Continue: true}}, c.Rules...)
	return c
}

// An agent answers visitors of the page as an integrator does: it receives from its
// queue and asks for messages on the outbound queue.
type agent struct {
	sys     *system.System
	sqs     *sqs.Client
	picture string // the digest of a stored file
}

// answer works until ctx is done.
func answer(ctx context.Context, s *system.System) {
	if _, there := s.System.Config.Destinations[agentQueue]; !there {
		return
	}
	s.Release(agentQueue) // an agent of an earlier process is gone with it
	picture := pictureOf(ctx, s)
	a := agent{s, sqs.NewFromConfig(s.ConfigOf(agentQueue, cloud.Work)), picture}
	for ctx.Err() == nil {
		if err := a.receive(ctx); err != nil && ctx.Err() == nil {
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
		}
	}
}

// pictureOf stores what the agent has to show, as a brand's own system would, and
// returns its digest.
func pictureOf(ctx context.Context, s *system.System) string {
	shoe, err := pageFiles.ReadFile("page/shoe.png")
	if err != nil {
		return "" // it is embedded
	}
	digest := fmt.Sprintf("%x", sha256.Sum256(shoe))
	_, err = s3.NewFromConfig(s.ConfigOf(system.Admin, cloud.Work),
		func(o *s3.Options) { o.UsePathStyle = true }).PutObject(ctx,
		&s3.PutObjectInput{Bucket: aws.String(system.Bucket), Key: aws.String(media.Prefix + digest),
			Body: bytes.NewReader(shoe), ContentType: aws.String("image/png")})
	if err != nil {
		return "" // the endpoint is going down
	}
	return digest
}

func (a agent) receive(ctx context.Context) error {
	url := a.sys.QueueURL(agentQueue)
	out, err := a.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: 10,
		WaitTimeSeconds: 5})
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
		if _, err := a.sqs.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &url,
			ReceiptHandle: m.ReceiptHandle}); err != nil {
			return err
		}
	}
	return nil
}

// handle reads, types and answers.
func (a agent) handle(ctx context.Context, e *events.Event) error {
	content := a.reply(e)
	if content == nil {
		return nil
	}
	if m := e.Data.Message; m != nil {
		read := events.Action{To: events.To{Conversation: e.Subject}, Verb: events.ActRead, Message: &events.Ref{ID: m.ID,
			PlatformID: m.PlatformID}}
		if err := a.ask(ctx, e.Subject, "read-"+e.ID, read); err != nil {
			return err
		}
	}
	if err := a.ask(ctx, e.Subject, "typing-"+e.ID, events.Action{To: events.To{Conversation: e.Subject},
		Verb: events.ActTyping, Active: true}); err != nil {
		return err
	}
	return a.ask(ctx, e.Subject, "answer-"+e.ID, events.Outbound{IdempotencyKey: "agent-" + e.ID,
		To: events.To{Conversation: e.Subject}, Content: content,
		Sender: &events.Sender{Role: events.Bot, Name: "Demo agent"}})
}

func (a agent) ask(ctx context.Context, conversation, dedup string, request any) error {
	doc, err := json.Marshal(request)
	if err != nil {
		return err
	}
	_, err = a.sqs.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: aws.String(a.sys.QueueURL(names.Outbound)),
		MessageBody:    aws.String(string(doc)),
		MessageGroupId: &conversation, MessageDeduplicationId: &dedup})
	return err
}

// reply is what the agent says to what a customer said, nil when it is silent.
func (a agent) reply(e *events.Event) []events.Content {
	switch {
	case e.Type == events.InteractionReceived:
		in := e.Data.Interaction
		if len(in.Values) > 0 {
			return say("Thank you: I have written that down.")
		}
		if c, ok := a.shows()[in.Option]; ok {
			return []events.Content{c}
		}
		return say(fmt.Sprintf("You chose %q. A good choice.", in.Option))
	case e.Type != events.MessageReceived:
		return nil
	}
	c := e.Data.Message.Content[0]
	switch {
	case c.Text != nil:
		if show, ok := a.shows()[strings.ToLower(strings.TrimSpace(c.Text.Body))]; ok {
			return []events.Content{show}
		}
		return []events.Content{events.NewText("You wrote: " + c.Text.Body), {Kind: events.KindChoice,
			Choice: &events.Choice{Text: "What would you like to see?", Style: events.StyleQuick,
				Options: []events.Option{{ID: "choices", Label: "Choices"}, {ID: "cards", Label: "Cards"}, {ID: "form",
					Label: "A form"}, {ID: "times", Label: "Times"}}}}}
	case c.Media != nil:
		return say("Thank you for the file.")
	case c.Location != nil:
		return say("I know where you are now.")
	}
	return nil
}

func say(text string) []events.Content { return []events.Content{events.NewText(text)} }

// shows are contents by what a visitor writes to see them.
func (a agent) shows() map[string]events.Content {
	picture := events.Media{Type: events.Image, SHA256: a.picture, MIME: "image/png", Alt: "a blue running shoe",
		Width: 640, Height: 420}
	captioned := picture
	captioned.Caption = "The one you asked for"
	tomorrow := time.Now().UTC().Truncate(24 * time.Hour).Add(34 * time.Hour)
	card := func(title, text string) events.Panel {
		return events.Panel{Title: title, Text: text, Media: &picture,
			Options: []events.Option{{ID: "buy-" + strings.ReplaceAll(strings.ToLower(title), " ", "-"), Label: "Choose"}}}
	}
	return map[string]events.Content{
		"choices": {Kind: events.KindChoice, Choice: &events.Choice{Text: "What is it about?", Style: events.StyleButtons,
			Options: []events.Option{{ID: "order", Label: "My order"}, {ID: "return", Label: "A return"}, {ID: "other",
				Label: "Something else"}}}},
		"cards": {Kind: events.KindCards, Cards: []events.Panel{card("Size 41", "In stock"), card("Size 42", "In stock"),
			card("Size 43", "The last two")}},
		"form": {Kind: events.KindForm, Form: &events.Form{ID: "address", Title: "Where shall we send it?", Submit: "Send",
			Fields: []events.FormField{{ID: "street", Label: "Street", Type: events.InputText, Required: true}, {ID: "city",
				Label: "City", Type: events.InputText, Required: true},
				{ID: "email", Label: "E-mail", Type: events.InputEmail}}}},
		"times": {Kind: events.KindSchedule, Schedule: &events.Schedule{ID: "call", Title: "When shall we call you?",
			Slots: []events.Slot{{ID: "t1", Start: tomorrow, DurationMS: 30 * 60_000}, {ID: "t2",
				Start: tomorrow.Add(time.Hour), DurationMS: 30 * 60_000}}}},
		"picture": events.NewMedia(captioned),
		"place": {Kind: events.KindLocation, Location: &events.Location{Latitude: 52.52, Longitude: 13.405,
			Name: "Our shop", Address: "Berlin"}},
	}
}
