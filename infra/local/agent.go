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
	"github.com/relais-dev/relais/shared/switchboard"
)

// assistant is the demo agent's destination, unless the configuration has one of that name.
const assistant = "assistant"

// withAgent adds the demo agent to a configuration: a bot, as operators configure theirs,
// that holds the conversations which when is true of, beside whom the rules name.
func withAgent(c topology.Config, when string) (with topology.Config, name string) {
	name = assistant
	for _, taken := c.Destinations[name]; taken; _, taken = c.Destinations[name] {
		name = "demo-" + name
	}
	c.Destinations = maps.Clone(c.Destinations)
	c.Destinations[name] = topology.Destination{Description: "answers on this machine",
		Desk: switchboard.Desk{Role: switchboard.Bot, Lease: "45s", Else: c.Default}}
	c.Rules = append([]route.Rule{{Name: "what the demo agent answers", When: when, To: []string{name},
		Continue: true}}, c.Rules...)
	return c, name
}

// An agent answers customers as an integrator's bot does: it receives from its queue,
// and asks for messages on the outbound queue as long as it holds.
type agent struct {
	sys     *system.System
	sqs     *sqs.Client
	name    string // its destination
	picture string // the digest of a stored file
}

// answer works as the destination name until ctx is done.
func answer(ctx context.Context, s *system.System, name string) {
	s.Release(name) // an agent of an earlier process is gone with it
	picture := pictureOf(ctx, s)
	a := agent{s, sqs.NewFromConfig(s.ConfigOf(name, cloud.Work)), name, picture}
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
	url := a.sys.QueueURL(a.name)
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

// handle reads, types and answers what it is its turn to answer.
func (a agent) handle(ctx context.Context, e *events.Event) error {
	if e.Holder != a.name || e.Type != events.MessageReceived && e.Type != events.InteractionReceived {
		return nil
	}
	if e.Channel == inapp.Name { // others can show that by far not all
		if err := a.attend(ctx, e); err != nil {
			return err
		}
	}
	o := events.Outbound{IdempotencyKey: "agent-" + e.ID, To: events.To{Conversation: e.Subject}, From: a.name,
		Hold: e.Hold, Content: a.reply(e), Sender: &events.Sender{Role: events.Bot, Name: "Demo agent"}}
	if o.Content == nil { // its last words, and pass
		o.Content, o.Then = say("A colleague takes over from here."), a.handOver(e)
	}
	return a.ask(ctx, e.Subject, "answer-"+e.ID, o)
}

// attend shows that e was read, and is being answered.
func (a agent) attend(ctx context.Context, e *events.Event) error {
	to := events.To{Conversation: e.Subject}
	if m := e.Data.Message; m != nil {
		read := events.Action{To: to, Verb: events.ActRead, Message: &events.Ref{ID: m.ID, PlatformID: m.PlatformID}}
		if err := a.ask(ctx, e.Subject, "read-"+e.ID, read); err != nil {
			return err
		}
	}
	return a.ask(ctx, e.Subject, "typing-"+e.ID, events.Action{To: to, Verb: events.ActTyping, Active: true})
}

// Why the demo agent hands over.
const (
	personWanted = "the customer asks for a person"
	noWords      = "the demo agent has no words for it"
)

// handOver passes a conversation to people, with what was said.
func (a agent) handOver(e *events.Event) *events.Command {
	c := &events.Command{Do: events.DoPass, Target: a.sys.System.Config.Default, Reason: noWords, History: 20}
	if wants(e) == person {
		c.Reason = personWanted
	}
	return c
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

// person is what customers choose, or write, who want one.
const person = "person"

// wants is what a customer chose or wrote, as far as it is one word.
func wants(e *events.Event) string {
	if in := e.Data.Interaction; in != nil {
		return in.Option
	}
	if t := e.Data.Message.Content[0].Text; t != nil {
		return strings.ToLower(strings.TrimSpace(t.Body))
	}
	return ""
}

// reply is what the agent says to what a customer said, nil when that is for a person.
func (a agent) reply(e *events.Event) []events.Content {
	wanted := wants(e)
	if wanted == person {
		return nil
	}
	if show, ok := a.shows()[wanted]; ok {
		return []events.Content{show}
	}
	if in := e.Data.Interaction; in != nil {
		if len(in.Values) > 0 {
			return say("Thank you: I have written that down.")
		}
		return say(fmt.Sprintf("You chose %q. A good choice.", in.Option))
	}
	switch c := e.Data.Message.Content[0]; {
	case c.Text != nil:
		return []events.Content{events.NewText("You wrote: " + c.Text.Body), {Kind: events.KindChoice,
			Choice: &events.Choice{Text: "What would you like to see?", Style: events.StyleQuick,
				Options: []events.Option{{ID: "choices", Label: "Choices"}, {ID: "cards", Label: "Cards"}, {ID: "form",
					Label: "A form"}, {ID: "times", Label: "Times"}, {ID: person, Label: "A person"}}}}}
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
