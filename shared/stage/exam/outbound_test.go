package exam

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/play"
)

type sending = func(context.Context, channel.Env, channel.Outgoing) (channel.Sent, error)

// sendWith breaks Send; good is the right one.
func sendWith(broken func(ctx context.Context, e channel.Env, o channel.Outgoing, good sending) (channel.Sent,
	error)) func(*candidate) {
	return func(c *candidate) {
		good := c.Send
		c.Send = func(ctx context.Context, e channel.Env, o channel.Outgoing) (channel.Sent, error) {
			return broken(ctx, e, o, good)
		}
	}
}

// hiding turns every refusal into what change makes of it.
func hiding(change func(*channel.Error) error) func(*candidate) {
	return sendWith(func(ctx context.Context, e channel.Env, o channel.Outgoing, good sending) (channel.Sent, error) {
		sent, err := good(ctx, e, o)
		var refused *channel.Error
		if errors.As(err, &refused) {
			err = change(refused)
		}
		return sent, err
	})
}

// rehosted gives the platform's API other hosts.
func rehosted(hosts []string) func(*candidate) {
	return func(c *candidate) {
		api := c.APIs[0]
		api.Hosts = hosts
		c.APIs = []play.API{api}
	}
}

var counter int // a channel that remembers, for one mutant

var outboundMutants = []mutant{
	{name: "no class", check: "outbound/declared", words: "Class", change: func(c *candidate) { c.Class = nil }},
	{name: "no hosts", check: "outbound/declared", words: "Hosts or Origin",
		change: func(c *candidate) { c.Hosts = nil }},
	{name: "a platform nowhere", check: "outbound/declared", words: "hosts or an origin", change: rehosted(nil)},
	{name: "no text", check: "outbound/declared", words: "Text is zero",
		change: func(c *candidate) { c.Limits.Text = 0 }},
	{name: "Acts without Act", check: "outbound/declared", words: "Acts go together",
		change: func(c *candidate) { c.Act = nil }},
	{name: "unknown verb", check: "outbound/declared", words: "dance",
		change: func(c *candidate) { c.Acts = []events.Verb{"dance"} }},
	{name: "text as a kind", check: "outbound/declared", words: "limits of its own",
		change: func(c *candidate) { c.Limits.Kinds = []events.Kind{events.KindText} }},
	{name: "empty choice", check: "outbound/declared", words: "offers nothing",
		change: func(c *candidate) { c.Limits.Choices = []channel.Choices{{}} }},
	{name: "other bytes", check: "outbound/samples", words: "differs from testdata/out",
		change: sendWith(func(ctx context.Context, e channel.Env, o channel.Outgoing, good sending) (channel.Sent, error) {
			o.To.Conversation.PlatformID += "x"
			return good(ctx, e, o)
		})},
	{name: "refused by the double", check: "outbound/samples", words: "content error",
		change: sendWith(func(ctx context.Context, e channel.Env, o channel.Outgoing, good sending) (channel.Sent, error) {
			o.To.Conversation.PlatformID = ""
			return good(ctx, e, o)
		})},
	{name: "another id at the second try", check: "outbound/stable", words: "second try differs",
		change: sendWith(func(ctx context.Context, e channel.Env, o channel.Outgoing, good sending) (channel.Sent, error) {
			counter++
			o.ID += strings.Repeat("x", counter%100)
			return good(ctx, e, o)
		})},
	{name: "another host", check: "outbound/hosts", words: "neither in Hosts",
		change: func(c *candidate) { c.Hosts = []string{"other.example"} }},
	{name: "a platform elsewhere", check: "outbound/hosts", words: "no host of its platform",
		change: rehosted([]string{"other.example"})},
	{name: "every error is content", check: "outbound/faults", words: "want rate",
		change: hiding(func(e *channel.Error) error { e.Class = events.ClassContent; return e })},
	{name: "plain errors", check: "outbound/faults", words: "want a *channel.Error",
		change: hiding(func(e *channel.Error) error { return errors.New(e.Class) })},
	{name: "unknown outcome of a refusal", check: "outbound/faults", words: "for sure",
		change: hiding(func(e *channel.Error) error { e.Unknown = true; return e })},
	{name: "a 500 is surely refused", check: "outbound/answers", words: "set Unknown",
		change: hiding(func(e *channel.Error) error { e.Unknown = false; return e })},
	{name: "everything is sent", check: "outbound/answers", words: "counts as sent",
		change: sendWith(func(ctx context.Context, e channel.Env, o channel.Outgoing, good sending) (channel.Sent, error) {
			sent, _ := good(ctx, e, o)
			return sent, nil
		})},
	{name: "Retry-After is not read", check: "outbound/answers", words: "after 7 s",
		change: hiding(func(e *channel.Error) error { e.RetryAfter = time.Minute; return e })},
	{name: "the transport's error is replaced", check: "outbound/unsent", words: "becomes",
		change: sendWith(func(ctx context.Context, e channel.Env, o channel.Outgoing, good sending) (channel.Sent, error) {
			sent, err := good(ctx, e, o)
			var refused *channel.Error
			if err != nil && !errors.As(err, &refused) {
				err = errors.New("could not send")
			}
			return sent, err
		})},
	{name: "an error with the token", check: "outbound/discreet", words: "of a secret",
		change: sendWith(func(ctx context.Context, e channel.Env, o channel.Outgoing, good sending) (channel.Sent, error) {
			sent, err := good(ctx, e, o)
			var refused *channel.Error
			if errors.As(err, &refused) {
				refused.Title += " with " + e.Token
			}
			return sent, err
		})},
	{name: "an action that fails", check: "outbound/act", words: "recipient error", change: func(c *candidate) {
		c.Act = func(context.Context, channel.Env, channel.Recipient, events.Action) error {
			return &channel.Error{Class: events.ClassRecipient}
		}
	}},
	{name: "a token without an end", check: "outbound/token", words: "ends at", change: func(c *candidate) {
		c.Token = func(context.Context, channel.Env) (channel.Token, error) { return channel.Token{Value: "t"}, nil }
	}},
	{name: "receipts about nobody", check: "outbound/receipts", words: "no event", change: func(c *candidate) {
		api := c.APIs[0]
		api.Endpoints = slices.Clone(api.Endpoints)
		for i, e := range api.Endpoints {
			api.Endpoints[i].Answer = func(t play.Taken) play.Answer {
				answer := e.Answer(t)
				answer.Posts = []channel.Request{{Method: "POST", Path: "/webhooks/fake/demo", Header: http.Header{},
					Body: []byte(`{"events":[]}`)}}
				return answer
			}
		}
		c.APIs = []play.API{api}
	}},
	{name: "no Customer", check: "outbound/customer", words: "no Customer",
		change: func(c *candidate) { c.Customer = nil }},
	{name: "a customer with one id", check: "outbound/customer", words: "ids of an earlier one",
		change: func(c *candidate) {
			good := c.Customer
			c.Customer = func(a channel.Account, text string, _ int, now time.Time) channel.Request {
				return good(a, text, 1, now)
			}
		}},
	{name: "a stray golden", check: "outbound/orphans", words: "belongs to no sample",
		files: map[string]string{"testdata/out/stray.http": "x"}},
}
