package functions_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions"
	"github.com/relais-dev/relais/functions/plays"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/outbox"
	"github.com/relais-dev/relais/shared/stage/sample"
)

// A way is one by which a channel sends besides that of its samples: another product, or
// another kind of conversation.
type way struct {
	name, channel string
	account       channel.Account
	in            events.Conversation
	answer        string
}

// as is an account with credentials in pairs of name and value.
func as(pairs ...string) channel.Account {
	values := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		values[pairs[i]] = pairs[i+1]
	}
	return channel.NewAccount("demo", "", values)
}

// in is the conversation with that PlatformID.
func in(kind, thread string) events.Conversation {
	return events.Conversation{Kind: kind, PlatformID: thread}
}

// of is one with an account of that product.
func of(product, kind, thread string) events.Conversation {
	return events.Conversation{Kind: kind, PlatformID: thread, Product: product}
}

var allWays = []way{
	{"Customer Service", "wechat", as("corp_id", "wwdemo", "kf_secret", "s", "token", "t"),
		in(events.Direct, "wkDemo:wmDemo"), ""},
	{"Mini Program", "wechat", as("app_id", "wxdemo", "app_secret", "s", "product", "mini"),
		of("mini", events.Direct, "oDemoOpenid0001"), ""},
	{"chatbot", "kakaotalk", as("block_id", "b"), in(events.Direct, "bot:u_demo"),
		"https://bot-api.kakao.com/callback/demo"},
	{"group", "qq", qqAccount, in(events.Group, "group:C9F7"), "msg:ROBOT1.0_g1"},
	{"channel", "qq", qqAccount, in(events.Group, "channel:1234"), "msg:1"},
	{"direct message of a guild", "qq", qqAccount, in(events.Direct, "dm:1234"), ""},
	{"event", "qq", qqAccount, in(events.Direct, "0F1E2D3C4B5A69788796A5B4C3D2E1F0"), "event:FRIEND_ADD:1"},
	{"visitor", "zalo", as("app_id", "4", "app_secret", "s", "refresh_token", "r"),
		in(events.Direct, "anonymous:a1:c1"), ""},
	{"reply", "line", as("access_token", "t"), in(events.Direct, "U1111111111111111111111111111111a"), "rt"},
	{"group", "line", as("access_token", "t"), in(events.Group, "C1111111111111111111111111111111a"), ""},
	{"group", "whatsapp", as("access_token", "t", "phone_number_id", "106540352242922"),
		in(events.Group, "Y2FwaV9ncm91cDo"), ""},
	{"AWS", "sms", as("aws_access_key_id", "AKIADEMO", "aws_secret_access_key", "s", "sender", "+447700900456",
		"topic_arn", "arn:aws:sns:eu-west-1:111122223333:sms-in"), of("aws", events.Direct, "+447700900123"), ""},
	{"group", "telegram", as("bot_token", "123456:demo"), in(events.Group, "-1001234567890"), ""},
	{"business account", "telegram", as("bot_token", "123456:demo"), in(events.Direct, "bc1:1234567"), ""},
	{"public thread", "x", xAccount, in(events.Public, "post:1346889436626259968"), ""},
}

var xAccount = as("consumer_key", "k", "consumer_secret", "s", "access_token", "2222-t", "access_token_secret", "s")

var qqAccount = as("app_id", "1", "app_secret", "s")

// TestWhateverIsSaidByEveryWay is TestWhateverIsSaid where a channel's samples do not go:
// the limits of the conversation are those that the platform has there.
func TestWhateverIsSaidByEveryWay(t *testing.T) {
	for _, w := range allWays {
		t.Run(w.channel+" "+w.name, func(t *testing.T) {
			ch := channelNamed(t, w.channel)
			set, err := sample.Read(filepath.Join("channels", w.channel))
			if err != nil {
				t.Fatal(err)
			}
			set.Account = w.account
			draw(t, func(t *rapid.T) { w.say(t, ch, set) })
		})
	}
}

func channelNamed(t *testing.T, name string) channel.Channel {
	t.Helper()
	for _, ch := range functions.Channels() {
		if ch.Name == name {
			return ch
		}
	}
	t.Fatalf("no channel %s", name)
	return channel.Channel{}
}

func (w way) say(t *rapid.T, ch channel.Channel, set sample.Set) {
	platform, _ := plays.Of(w.channel)
	e := channel.Env{Account: w.account, HTTP: stageDoor{platform, set}, Now: set.Now, Open: openFile}
	if ch.Token != nil {
		token, err := ch.Token(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		e.Token = token.Value
	}
	to := channel.Recipient{Conversation: w.in}
	r := outbox.Render(ch, &to.Conversation, drawOutbound(t),
		func(d string) string { return "https://relais.example/v1/media/" + d })
	for i, call := range r.Calls {
		_, err := ch.Send(t.Context(), e, channel.Outgoing{ID: fmt.Sprintf("msg_way.%d", i+1), To: to, Answer: w.answer,
			Content: call.Content, Heard: set.Now.Add(-time.Minute)})
		if err != nil {
			doc, _ := channel.JSON(call)
			t.Errorf("%v: %s", err, doc)
		}
	}
}
