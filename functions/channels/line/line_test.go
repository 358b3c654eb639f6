package line_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/line"
	"github.com/relais-dev/relais/functions/channels/line/play"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/exam"
)

func Test(t *testing.T)             { exam.Run(t, line.Channel, play.Platform) }
func FuzzChannel(f *testing.F)      { exam.Fuzz(f, line.Channel, play.Platform) }
func BenchmarkChannel(b *testing.B) { exam.Bench(b, line.Channel, play.Platform) }

var received = time.Date(2026, 8, 1, 16, 0, 0, 0, time.UTC)

func account(secrets string) channel.Account {
	a, err := channel.ParseAccount("demo", "", []byte(`{"channel_secret":`+secrets+`}`), nil)
	if err != nil {
		panic(err)
	}
	return a
}

func request(body string) channel.Request {
	return channel.Request{Method: "POST", Header: http.Header{}, Body: []byte(body), Received: received}
}

// The vector of LINE's signature: the secret is used as text, not as hex.
const (
	vectorSecret    = `"0123456789abcdef0123456789abcdef"`
	vectorBody      = `{"destination":"Uaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","events":[]}`
	vectorSignature = "xQN0WvwizdqqOTELf0Jb46tgE0v35ua5lsrSGunNetw="
)

func TestVerify(t *testing.T) {
	for _, tc := range []struct {
		name, secrets, body, signature string
		want                           string
	}{
		{"vector", vectorSecret, vectorBody, vectorSignature, ""},
		{"Switcher Secret beside the channel's", `["channel", ` + vectorSecret + `]`, vectorBody, vectorSignature, ""},
		{"no header", vectorSecret, vectorBody, "", channel.NoSignature},
		{"another secret", `"1123456789abcdef0123456789abcdef"`, vectorBody, vectorSignature, channel.BadSignature},
		{"another body", vectorSecret, vectorBody + " ", vectorSignature, channel.BadSignature},
		{"no secret", `[]`, vectorBody, vectorSignature, channel.BadSignature},
		{"blank secret", `" "`, vectorBody, vectorSignature, channel.BadSignature},
		{"signature of another spelling", vectorSecret, vectorBody, strings.Replace(vectorSignature, "tw=", "tx=", 1),
			channel.Malformed},
		{"doubled", vectorSecret, vectorBody, vectorSignature + "," + vectorSignature, channel.Malformed},
		{"good after bad", vectorSecret, vectorBody, "AAAA, " + vectorSignature, channel.Malformed},
		{"URL alphabet", vectorSecret, vectorBody, "_-" + vectorSignature[2:], channel.Malformed},
		{"hex", vectorSecret, vectorBody, strings.Repeat("ab", 32), channel.BadSignature},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := request(tc.body)
			if tc.signature != "" {
				r.Header.Set("x-line-signature", tc.signature)
			}
			err := line.Channel.Verify(account(tc.secrets), r)
			if tc.want == "" && err != nil {
				t.Fatalf("refused: %v", err)
			}
			if tc.want != "" && (err == nil || channel.RefusalReason(err) != tc.want) {
				t.Errorf("Verify gives %v, want the reason %q", err, tc.want)
			}
		})
	}
}

// A signature is of bytes: an emoji as it was sent, in its one standard base64.
func TestVerifyEmoji(t *testing.T) {
	r := request(`{"destination":"U","events":[],"note":"😀 é"}`)
	play.Platform.Sign(account(vectorSecret), &r)
	good := r.Header.Get("X-Line-Signature")
	raw, err := base64.StdEncoding.DecodeString(good)
	if err != nil {
		t.Fatal(err)
	}
	if err := line.Channel.Verify(account(`["other", `+vectorSecret+`]`), r); err != nil {
		t.Errorf("refused: %v", err)
	}
	for name, change := range map[string]func(){
		"body encoded anew": func() { r.Body = []byte(`{"destination":"U","events":[],"note":"\ud83d\ude00 \u00e9"}`) },
		"two headers":       func() { r.Header["X-Line-Signature"] = []string{good, good} },
		"bad after good":    func() { r.Header["X-Line-Signature"] = []string{good, "AAAA"} },
		"no padding":        func() { r.Header.Set("X-Line-Signature", strings.TrimRight(good, "=")) },
		"with a line break": func() { r.Header.Set("X-Line-Signature", good[:20]+"\n"+good[20:]) },
		"hexadecimal":       func() { r.Header.Set("X-Line-Signature", hex.EncodeToString(raw)) },
		"cut":               func() { r.Header.Set("X-Line-Signature", base64.StdEncoding.EncodeToString(raw[:24])) },
	} {
		kept := r
		r.Header = kept.Header.Clone()
		change()
		if line.Channel.Verify(account(vectorSecret), r) == nil {
			t.Errorf("%s: accepted", name)
		}
		r = kept
	}
}

func TestSignGivesTheVector(t *testing.T) {
	r := request(vectorBody)
	play.Platform.Sign(account(vectorSecret), &r)
	if got := r.Header.Get("X-Line-Signature"); got != vectorSignature {
		t.Errorf("signature is %q, want %q", got, vectorSignature)
	}
}

// parse is what becomes of events, a JSON array's elements.
func parse(t *testing.T, items string) []events.Event {
	t.Helper()
	evs, err := line.Channel.Events(account(vectorSecret),
		request(`{"destination":"Uaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","events":[`+items+`]}`))
	if err != nil {
		t.Fatal(err)
	}
	return evs
}

func TestBodies(t *testing.T) {
	for _, tc := range []struct {
		name, body string
		want       bool // readable
	}{
		{"no events", vectorBody, true},
		{"empty", "", false},
		{"truncated", vectorBody[:40], false},
		{"an array", "[]", false},
		{"an object of something else", "{}", false},
		{"events is null", `{"events":null}`, false},
		{"events is no JSON", `{"events":[1}`, false},
		{"two documents", vectorBody + vectorBody, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			evs, err := line.Channel.Parse(account(vectorSecret), request(tc.body))
			if (err == nil) != tc.want || len(evs) != 0 {
				t.Errorf("Parse gives %d events and %v", len(evs), err)
			}
		})
	}
}

const common = `"mode":"active","source":{"type":"user","userId":"U1"},"webhookEventId":"01J",` +
	`"deliveryContext":{"isRedelivery":false}`

// A broken item must not take the others of its delivery with it.
func TestEveryItemOfABatchIsKept(t *testing.T) {
	const good = `{"type":"message",` + common +
		`,"timestamp":1785600000000,"message":{"id":"1","type":"text","text":"still here"}}`
	for _, item := range []string{
		`null`, `1`, `"x"`, `[]`, `{}`, `{"type":7}`, `{"type":"message"}`,
		`{"type":"message",` + common + `}`,
		`{"type":"message",` + common + `,"message":null}`,
		`{"type":"message",` + common + `,"message":{}}`,
		`{"type":"message",` + common + `,"message":{"id":"1","type":"location"}}`,
		`{"type":"message","source":{"type":"group"},"message":{"id":"1","type":"text"}}`,
		`{"type":"message","source":{"type":"galaxy","userId":"U1"},"message":{"id":"1","type":"text"}}`,
		`{"type":"message",` + common +
			`,"timestamp":9223372036854775807,"replyToken":"r","message":{"id":"1","type":"text"}}`,
		`{"type":"message",` + common + `,"timestamp":253402300799999,"replyToken":"r","message":{"id":"1","type":"text"}}`,
		`{"type":"messageEdited",` + common + `,"timestamp":-5,"message":{"id":"1","type":"text"}}`,
		`{"type":"unsend",` + common + `,"unsend":{}}`, `{"type":"unsend",` + common + `}`,
		`{"type":"postback",` + common + `}`, `{"type":"postback",` + common + `,"postback":{"params":{"date":1}}}`,
		`{"type":"follow"}`, `{"type":"follow",` + common + `}`, `{"type":"join"}`,
		`{"type":"memberJoined",` + common + `}`, `{"type":"memberJoined",` + common + `,"joined":{"members":[]}}`,
		`{"type":"memberLeft",` + common + `,"left":{"members":[{"type":"user"}]}}`,
		`{"type":"accountLink",` + common + `}`, `{"type":"accountLink",` + common + `,"link":{}}`,
		`{"type":"membership",` + common + `,"membership":{}}`, `{"type":"beacon",` + common + `,"beacon":{}}`,
		`{"type":"videoPlayComplete",` + common + `,"videoPlayComplete":{}}`, `{"type":"delivery"}`,
		`{"type":"delivery","delivery":{}}`,
		`{"type":"module"}`, `{"type":"module","module":{"type":"polished"}}`, `{"type":"activated"}`,
		`{"type":"activated","chatControl":{"expireAt":-1}}`, `{"type":"deactivated"}`, `{"type":"botSuspended"}`,
		`{"type":"nonsense"}`,
	} {
		t.Run(item, func(t *testing.T) {
			evs := parse(t, item+","+good)
			if len(evs) != 2 {
				t.Fatalf("%d events, want 2", len(evs))
			}
			if last := evs[1].Data.Message; last == nil || last.Content[0].Text.Body != "still here" {
				t.Errorf("the good item became %+v", evs[1])
			}
		})
	}
}

// FuzzItem grows one item of a batch: whatever it is, both items come out.
func FuzzItem(f *testing.F) {
	f.Add(`{"type":"message",` + common +
		`,"timestamp":1,"replyToken":"r","message":{"id":"1","type":"text","text":"a","emojis":[{"index":0,"length":1}]}}`)
	f.Add(`{"type":"postback",` + common + `,"postback":{"data":"x","params":{"date":"y"}}}`)
	f.Add(`{"type":"memberLeft",` + common + `,"left":{"members":[{"userId":"U"}]}}`)
	f.Add(`{"type":"membership",` + common + `,"membership":{"type":"left","membershipId":1}}`)
	f.Fuzz(func(t *testing.T, item string) {
		body := `{"destination":"U","events":[{"type":"unfollow",` + common + `},` + item + `]}`
		evs, err := line.Channel.Events(account(vectorSecret), request(body))
		if !json.Valid([]byte(body)) {
			return
		}
		if err != nil {
			t.Fatalf("one item loses the delivery: %v", err)
		}
		if len(evs) < 2 {
			t.Fatalf("%d events, want 2", len(evs))
		}
	})
}

func TestRedeliveryHasTheSameID(t *testing.T) {
	for _, item := range []string{
		`{"type":"message",` + common + `,"timestamp":1785600000000,"message":{"id":"1","type":"text"}}`,
		`{"type":"messageEdited",` + common + `,"timestamp":1785600000000,"message":{"id":"1","type":"text"}}`,
		`{"type":"unsend",` + common + `,"unsend":{"messageId":"1"}}`,
		`{"type":"follow",` + common + `}`, `{"type":"nonsense",` + common + `}`,
		`{"type":"beacon",` + common + `,"beacon":{}}`,
	} {
		again := strings.Replace(item, `"isRedelivery":false`, `"isRedelivery":true`, 1)
		if first, second := parse(t, item)[0], parse(t, again)[0]; first.ID != second.ID {
			t.Errorf("%s: the redelivery has another id", item)
		}
	}
}

func TestEditsOfOneMessage(t *testing.T) {
	evs := parse(t, `{"type":"messageEdited",`+common+`,"timestamp":1785600000002,
			"message":{"id":"1","type":"text","text":"b"}},
		{"type":"messageEdited",`+common+`,"timestamp":1785600000001,"message":{"id":"1","type":"text","text":"a"}},
		{"type":"message",`+common+`,"timestamp":1785600000000,"message":{"id":"1","type":"text","text":"original"}}`)
	newest, older, first := evs[0], evs[1], evs[2]
	if newest.ID == older.ID || older.ID == first.ID {
		t.Error("edits and original are taken for one event")
	}
	if newest.Data.Message.ID != first.Data.Message.ID || older.Data.Message.ID != first.Data.Message.ID {
		t.Error("an edit does not find its message")
	}
	if n, o := newest.Data.Message.Revision, older.Data.Message.Revision; n <= o || o <= 0 {
		t.Errorf("revisions are %d and %d, want the newer one higher, both above the original's 0", n, o)
	}
}

func TestReplyToken(t *testing.T) {
	const token = `,"replyToken":"rt","message":{"id":"1","type":"text","text":"hi"}}`
	late := strings.Replace(common, "active", "standby", 1)
	for _, tc := range []struct {
		name, item string
		expires    time.Time // zero: no handle
	}{
		{"one minute after the event", `{"type":"message",` + common + `,"timestamp":1785599990000` + token,
			received.Add(50 * time.Second)},
		{"after the receipt, without a time", `{"type":"message",` + common + token, received.Add(time.Minute)},
		{"another module answers", `{"type":"message",` + late + `,"timestamp":1785599990000` + token, time.Time{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := parse(t, tc.item)[0].Data.Message.Answer
			switch {
			case tc.expires.IsZero() && h != nil:
				t.Errorf("has the handle %+v", h)
			case !tc.expires.IsZero() && (h == nil || h.Token != "rt" || !h.ExpiresAt.Equal(tc.expires)):
				t.Errorf("handle is %+v, want rt until %v", h, tc.expires)
			}
		})
	}
}

func TestStandbySaysThatAnotherHoldsTheConversation(t *testing.T) {
	e := parse(t, `{"type":"unfollow",`+strings.Replace(common, "active", "standby", 1)+`}`)[0]
	if e.Data.Conversation.Controls == "" {
		t.Error("controls is empty")
	}
	if e := parse(t, `{"type":"unfollow",`+common+`}`)[0]; e.Data.Conversation.Controls != "" {
		t.Errorf("in active mode controls is %q", e.Data.Conversation.Controls)
	}
}

func TestEntitiesCountUTF16AndStayInside(t *testing.T) {
	evs := parse(t, `{"type":"message",`+common+`,"message":{"id":"1","type":"text","text":"\ud83c\udf89 @Mio (ok)",
		"emojis":[{"index":8,"length":4,"productId":"p","emojiId":"e"},{"index":8,"length":5},{"index":-1,"length":3},
			{"index":9223372036854775807,"length":2},{"index":2,"length":0}],
		"mention":{"mentionees":[{"index":3,"length":4,"type":"user","userId":"U2"},
			{"index":3,"length":4,"type":"user"}]}}}`)
	want := []events.Entity{
		{Type: "mention", Offset: 3, Length: 4, Value: "U2"}, {Type: "mention", Offset: 3, Length: 4},
		{Type: "emoji", Offset: 8, Length: 4, Value: "p/e"},
	}
	if diff := cmp.Diff(want, evs[0].Data.Message.Content[0].Text.Entities); diff != "" {
		t.Errorf("entities (-want +got):\n%s", diff)
	}
}

func TestIDsStayText(t *testing.T) {
	e := parse(t, `{"type":"message",`+common+
		`,"message":{"id":"600000000000000001","type":"image","quotedMessageId":"600000000000000000"}}`)[0]
	if got := e.Data.Message.PlatformID; got != "600000000000000001" {
		t.Errorf("platform id is %q", got)
	}
	if got := e.Data.Message.ReplyTo; got.ID != events.MessageID("line", "demo", "600000000000000000") {
		t.Errorf("the quoted message is %+v", got)
	}
}
