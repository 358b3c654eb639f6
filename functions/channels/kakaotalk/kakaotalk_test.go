package kakaotalk_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/kakaotalk"
	"github.com/relais-dev/relais/functions/channels/kakaotalk/play"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/exam"
)

func Test(t *testing.T)             { exam.Run(t, kakaotalk.Channel, play.Platform) }
func FuzzChannel(f *testing.F)      { exam.Fuzz(f, kakaotalk.Channel, play.Platform) }
func BenchmarkChannel(b *testing.B) { exam.Bench(b, kakaotalk.Channel, play.Platform) }

var (
	account = channel.NewAccount("demo", "https://relais.example/webhooks/kakaotalk/demo", map[string]string{
		"skill_secret": "skill-secret", "talk_secret": "talk-secret", "admin_key": "admin-key",
		"result_secret": "result-secret",
		"block_id":      "b-agent", "hub_client_id": "hub-id", "hub_client_secret": "hub-secret",
		"sender_key":  strings.Repeat("0123456789", 4),
		"nhn_app_key": "nhn-app", "nhn_secret_key": "nhn-secret",
	})
	received = time.Date(2026, 8, 1, 16, 0, 0, 0, time.UTC)
)

const (
	skillBody = `{"userRequest":{"callbackUrl":"https://bot-api.kakao.com/callback/demo","utterance":"hi\n",` +
		`"block":{"id":"b1"},"user":{"id":"u1"}},"bot":{"id":"bot1"}}`
	talkBody = `{"user_key":"uk1","type":"text","content":"hi","time":1785600000000}`
)

func request(query, body string, header ...string) channel.Request {
	r := channel.Request{Method: "POST", Path: "/webhooks/kakaotalk/demo", RawQuery: query, Header: http.Header{},
		Body: []byte(body), Received: received}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	return r
}

func TestVerify(t *testing.T) {
	for _, tc := range []struct {
		name string
		r    channel.Request
		want string
	}{
		{"chatbot", request("", skillBody, "X-Relais-Secret", "skill-secret"), ""},
		{"talk", request("key=talk-secret&call=/message", talkBody), ""},
		{"friendship", request("", `{}`, "Authorization", "KakaoAK admin-key"), ""},
		{"results", request("", `{"hooks":[]}`, "X-Toast-Webhook-Signature", "result-secret"), ""},
		{"nothing", request("", skillBody), channel.NoSignature},
		{"no scheme", request("", `{}`, "Authorization", "admin-key"), channel.Malformed},
		{"another scheme", request("", `{}`, "Authorization", "Bearer admin-key"), channel.Malformed},
		{"two keys", request("key=talk-secret&key=talk-secret", talkBody), channel.Malformed},
		{"an empty key", request("key=", talkBody), channel.NoSignature},
		{"the secret of another product", request("", skillBody, "X-Relais-Secret", "talk-secret"), channel.BadSignature},
		{"a good secret does not heal a bad one", request("key=talk-secret", talkBody, "X-Relais-Secret", "x"),
			channel.BadSignature},
		{"doubled", request("", skillBody, "X-Relais-Secret", "skill-secret", "X-Relais-Secret", "skill-secret"),
			channel.BadSignature},
	} {
		err := kakaotalk.Channel.Verify(account, tc.r)
		if tc.want == "" && err != nil || tc.want != "" && (err == nil || channel.RefusalReason(err) != tc.want) {
			t.Errorf("%s: Verify gives %v, want %q", tc.name, err, tc.want)
		}
	}
}

// Who holds the hub's secret must not speak for the chatbot, nor the other way round.
func TestSecretsDoNotCross(t *testing.T) {
	for _, tc := range []struct {
		name string
		r    channel.Request
	}{
		{"a skill request from the hub", request("key=talk-secret", skillBody)},
		{"a friendship from the hub", request("key=talk-secret", `{"event":"added","id":"1","channel_public_id":"_c"}`)},
	} {
		evs, err := kakaotalk.Channel.Events(account, tc.r)
		if err != nil || len(evs) != 1 || evs[0].Type != events.IngestUnsupported {
			t.Errorf("%s became %v (%v)", tc.name, evs, err)
		}
	}
	for _, r := range []channel.Request{
		request("", talkBody, "X-Relais-Secret", "skill-secret"),
		request("", talkBody, "X-Toast-Webhook-Signature", "result-secret"),
	} {
		if _, err := kakaotalk.Channel.Parse(account, r); err == nil {
			t.Error("a message of the talk is read although another product claims it")
		}
	}
}

func TestAck(t *testing.T) {
	mute := channel.NewAccount("demo", "", map[string]string{"skill_secret": "s", "waiting_text": "moment <please>",
		"received_text": "got it"})
	for _, tc := range []struct {
		name string
		a    channel.Account
		r    channel.Request
		want string
	}{
		{"callback", account, request("", skillBody, "X-Relais-Secret", "s"),
			`{"version":"2.0","useCallback":true,"data":{"text":"확인 중입니다. 잠시만 기다려 주세요."}}`},
		{"callback, own words", mute, request("", skillBody, "X-Relais-Secret", "s"),
			`{"version":"2.0","useCallback":true,"data":{"text":"moment <please>"}}`},
		{"no callback", mute, request("", `{"userRequest":{}}`, "X-Relais-Secret", "s"),
			`{"version":"2.0","template":{"outputs":[{"simpleText":{"text":"got it"}}]}}`},
		{"no JSON", mute, request("", `{`, "X-Relais-Secret", "s"),
			`{"version":"2.0","template":{"outputs":[{"simpleText":{"text":"got it"}}]}}`},
		{"hub", account, request("key=k", talkBody), `{"code":0}`},
		{"friendship", account, request("", `{}`, "Authorization", "KakaoAK k"), ""},
	} {
		if got := kakaotalk.Channel.Ack(tc.a, tc.r, channel.Receipt{New: 1}).Body; got != tc.want {
			t.Errorf("%s: answered %s, want %s", tc.name, got, tc.want)
		}
	}
}

// parse is the first event of r.
func parse(t *testing.T, r channel.Request) events.Event {
	t.Helper()
	evs, err := kakaotalk.Channel.Events(account, r)
	if err != nil || len(evs) == 0 {
		t.Fatalf("Events gives %d events and %v", len(evs), err)
	}
	return evs[0]
}

// The callback may be used for one minute, once; without one nothing can be answered.
func TestCallback(t *testing.T) {
	e := parse(t, request("", skillBody, "X-Relais-Secret", "s"))
	want := &events.Handle{Token: "https://bot-api.kakao.com/callback/demo", ExpiresAt: received.Add(time.Minute)}
	if diff := cmp.Diff(want, e.Data.Message.Answer); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(&events.Window{Kind: "callback", ClosesAt: received.Add(time.Minute), Messages: 1},
		e.Data.Conversation.Window); diff != "" {
		t.Errorf("window (-want +got):\n%s", diff)
	}
	e = parse(t, request("", strings.Replace(skillBody, "callbackUrl", "other", 1), "X-Relais-Secret", "s"))
	if e.Data.Message.Answer != nil || e.Data.Conversation.Window.ClosesAt.After(received) {
		t.Error("an answer is possible without a callback")
	}
}

// Saying the same twice is two messages: Kakao never repeats a request.
func TestSayingItTwice(t *testing.T) {
	first := request("", strings.Replace(skillBody, "callbackUrl", "other", 1), "X-Relais-Secret", "s")
	second := first
	second.Received = received.Add(time.Second)
	if a, b := parse(t, first), parse(t, second); a.ID == b.ID || a.Data.Message.ID == b.Data.Message.ID {
		t.Error("the second message is lost as a duplicate")
	}
}

func TestIncompleteBecomesUnsupported(t *testing.T) {
	for _, r := range []channel.Request{
		request("", `{"userRequest":{"utterance":"a"}}`, "X-Relais-Secret", "s"),
		request("", `{"userRequest":{"utterance":"a","user":{"id":true}}}`, "X-Relais-Secret", "s"),
		request("key=k&call=message", `{"type":"text","content":"a"}`),
		request("key=k", `{"user_key":"u"}`), request("key=k&call=block", `{"user_key":"u"}`),
		request("", `{"event":"added"}`, "Authorization", "KakaoAK k"),
		request("", `{"event":"other","id":"1"}`, "Authorization", "KakaoAK k"),
		request("", `{"hooks":[{"hookId":"1"}],"event":"MESSAGE_RESULT_UPDATE"}`, "X-Toast-Webhook-Signature", "s"),
		request("", `{"hooks":[{"hookId":"1","requestId":"r"}],"event":"OTHER"}`, "X-Toast-Webhook-Signature", "s"),
	} {
		if e := parse(t, r); e.Type != events.IngestUnsupported || !json.Valid([]byte(e.Data.Unsupported.Raw)) {
			t.Errorf("%s became %s", r.Body, e.Type)
		}
	}
}
