package functions_test

import (
	"errors"
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
	thread        string
	kind          string
	answer        string
}

var allWays = []way{
	{"Customer Service", "wechat", channel.NewAccount("demo", "", map[string]string{"corp_id": "wwdemo", "kf_secret": "s",
		"token": "t"}), "wkDemo:wmDemo", events.Direct, ""},
	{"Mini Program", "wechat", channel.NewAccount("demo", "", map[string]string{"app_id": "wxdemo", "app_secret": "s",
		"product": "mini"}), "oDemoOpenid0001", events.Direct, ""},
	{"chatbot", "kakaotalk", channel.NewAccount("demo", "", map[string]string{"block_id": "b"}), "bot:u_demo", events.Direct,
		"https://bot-api.kakao.com/callback/demo"},
	{"group", "qq", qqAccount, "group:C9F7", events.Group, "msg:ROBOT1.0_g1"},
	{"channel", "qq", qqAccount, "channel:1234", events.Group, "msg:1"},
	{"direct message of a guild", "qq", qqAccount, "dm:1234", events.Direct, ""},
	{"event", "qq", qqAccount, "0F1E2D3C4B5A69788796A5B4C3D2E1F0", events.Direct, "event:FRIEND_ADD:1"},
	{"visitor", "zalo", channel.NewAccount("demo", "", map[string]string{"app_id": "4", "app_secret": "s",
		"refresh_token": "r"}), "anonymous:a1:c1", events.Direct, ""},
	{"reply", "line", channel.NewAccount("demo", "", map[string]string{"access_token": "t"}),
		"U1111111111111111111111111111111a", events.Direct, "rt"},
	{"group", "line", channel.NewAccount("demo", "", map[string]string{"access_token": "t"}),
		"C1111111111111111111111111111111a", events.Group, ""},
}

var qqAccount = channel.NewAccount("demo", "", map[string]string{"app_id": "1", "app_secret": "s"})

// TestWhateverIsSaidByEveryWay is TestWhateverIsSaid where a channel's samples do not go.
// A guild of QQ shows pictures alone, and says so.
func TestWhateverIsSaidByEveryWay(t *testing.T) {
	for _, w := range allWays {
		t.Run(w.channel+" "+w.name, func(t *testing.T) {
			ch := channelNamed(t, w.channel)
			set, err := sample.Read(filepath.Join("channels", w.channel))
			if err != nil {
				t.Fatal(err)
			}
			set.Account = w.account
			rapid.Check(t, func(t *rapid.T) { w.say(t, ch, set) })
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
	to := channel.Recipient{Conversation: events.Conversation{PlatformID: w.thread, Kind: w.kind}}
	r := outbox.Render(ch, drawOutbound(t), func(d string) string { return "https://relais.example/v1/media/" + d })
	for i, call := range r.Calls {
		_, err := ch.Send(t.Context(), e, channel.Outgoing{ID: fmt.Sprintf("msg_way.%d", i+1), To: to, Answer: w.answer,
			Content: call.Content, Heard: set.Now.Add(-time.Minute)})
		var refused *channel.Error
		if err != nil && !(errors.As(err, &refused) && refused.Class == events.ClassMedia) {
			doc, _ := channel.JSON(call)
			t.Errorf("%v: %s", err, doc)
		}
	}
}
