package channel_test

import (
	"context"
	"strings"
	"testing"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// right is a channel whose data is in order.
func right() channel.Channel {
	return channel.Channel{
		Name: "fine", Title: "Fine", Docs: "https://fine.example/docs", Label: channel.Stable,
		Credentials: []channel.Credential{{Name: "secret", Help: "console"}, {Name: "id", Help: "console", Public: true}},
		Verify:      func(channel.Account, channel.Request) error { return nil },
		Parse:       func(channel.Account, channel.Request) ([]events.Event, error) { return nil, nil },
		Outbound: channel.Outbound{
			Limits: channel.Limits{Text: 10, Choices: []channel.Choices{{Min: 1, Max: 3}}},
			Class:  channel.Always(channel.Blind),
			Send:   func(context.Context, channel.Env, channel.Outgoing) (channel.Sent, error) { return channel.Sent{}, nil },
			Rate:   channel.Rate{Pair: 1, Burst: 2},
		},
	}
}

func TestValidate(t *testing.T) {
	if err := right().Validate(); err != nil {
		t.Fatalf("a channel in order: %v", err)
	}
	for words, break_ := range map[string]func(*channel.Channel){
		"lower-case word":    func(c *channel.Channel) { c.Name = "../x" },
		"https address":      func(c *channel.Channel) { c.Docs = "fine.example" },
		"its label":          func(c *channel.Channel) { c.Label = "fresh" },
		"MaxBody":            func(c *channel.Channel) { c.MaxBody = 1 << 30 },
		"Verify and Parse":   func(c *channel.Channel) { c.Verify = nil },
		"there twice":        func(c *channel.Channel) { c.Credentials = append(c.Credentials, c.Credentials[0]) },
		"where an operator":  func(c *channel.Channel) { c.Credentials[0].Help = "" },
		"its devices call":   func(c *channel.Channel) { c.Devices, c.Hosts = true, []string{"fine.example"} },
		"no secret":          func(c *channel.Channel) { c.Credentials = c.Credentials[1:] },
		"Send and Class":     func(c *channel.Channel) { c.Class = nil },
		"Act and Acts":       func(c *channel.Channel) { c.Acts = []events.Verb{events.ActTyping} },
		`Acts holds "dance"`: func(c *channel.Channel) { c.Acts = []events.Verb{"dance"} },
		"rate is negative":   func(c *channel.Channel) { c.Rate.Account = -1 },
		"runs ahead":         func(c *channel.Channel) { c.Rate.Pair = 0 },
		"carries text":       func(c *channel.Channel) { c.Limits.Text = 0 },
		"limits of its own":  func(c *channel.Channel) { c.Limits.Kinds = []events.Kind{events.KindText} },
		"offers nothing":     func(c *channel.Channel) { c.Limits.Choices = []channel.Choices{{}} },
		"is negative":        func(c *channel.Channel) { c.Limits.Media = map[string]channel.MediaLimit{events.Image: {Bytes: -1}} },
	} {
		c := right()
		break_(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: got %v", words, err)
		}
	}
}
