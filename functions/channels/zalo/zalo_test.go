package zalo_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/zalo"
	"github.com/relais-dev/relais/functions/channels/zalo/play"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/exam"
)

func Test(t *testing.T)             { exam.Run(t, zalo.Channel, play.Platform) }
func FuzzChannel(f *testing.F)      { exam.Fuzz(f, zalo.Channel, play.Platform) }
func BenchmarkChannel(b *testing.B) { exam.Bench(b, zalo.Channel, play.Platform) }

const (
	vectorBody = `{"event_name":"user_send_text","app_id":"431234567890","timestamp":"1785600000000",` +
		`"message":{"text":"xin chao","msg_id":"96d3cdf3af150460909"}}`
	vectorSignature = "a657557ca2342309b105b61eb21896adcb354e4afc86ca053fe00812542620b1"
)

var (
	account = channel.NewAccount("demo", "",
		map[string]string{"app_id": "431234567890", "oa_secret_key": "oaSecretDemo01"})
	received = time.Date(2026, 8, 1, 16, 0, 0, 0, time.UTC)
)

func request(body string) channel.Request {
	return channel.Request{Method: "POST", Header: http.Header{}, Body: []byte(body), Received: received}
}

func TestVerify(t *testing.T) {
	for _, tc := range []struct {
		name, body, signature string
		age                   time.Duration
		want                  string
	}{
		{"vector", vectorBody, "mac=" + vectorSignature, 0, ""},
		{"without mac=", vectorBody, vectorSignature, 0, ""},
		{"sent again after twelve hours", vectorBody, vectorSignature, 12 * time.Hour, ""},
		{"a day old", vectorBody, vectorSignature, 24 * time.Hour, channel.Stale},
		{"of tomorrow", vectorBody, vectorSignature, -24 * time.Hour, channel.Stale},
		{"no signature", vectorBody, "", 0, channel.NoSignature},
		{"mac= of nothing", vectorBody, "mac=", 0, channel.NoSignature},
		{"doubled", vectorBody, vectorSignature + "," + vectorSignature, 0, channel.BadSignature},
		{"another body", strings.Replace(vectorBody, "chao", "chap", 1), vectorSignature, 0, channel.BadSignature},
		{"no time", `{"event_name":"follow"}`, vectorSignature, 0, channel.Malformed},
		{"no JSON", "x", vectorSignature, 0, channel.Malformed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := request(tc.body)
			r.Received = received.Add(tc.age)
			if tc.signature != "" {
				r.Header.Set("X-ZEvent-Signature", tc.signature)
			}
			err := zalo.Channel.Verify(account, r)
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || channel.RefusalReason(err) != tc.want) {
				t.Errorf("Verify gives %v, want %q", err, tc.want)
			}
		})
	}
}

func TestSignGivesTheVector(t *testing.T) {
	r := request(vectorBody)
	play.Platform.Sign(account, &r)
	if got := r.Header.Get("X-ZEvent-Signature"); got != "mac="+vectorSignature {
		t.Errorf("signature is %q", got)
	}
}

// A time may be a number: what is signed are its digits as they are written.
func TestNumericTime(t *testing.T) {
	r := request(strings.Replace(vectorBody, `"1785600000000"`, `1785600000000`, 1))
	play.Platform.Sign(account, &r)
	if err := zalo.Channel.Verify(account, r); err != nil {
		t.Error(err)
	}
}

// parse is the first event of body.
func parse(t *testing.T, body string) events.Event {
	t.Helper()
	evs, err := zalo.Channel.Events(account, request(body))
	if err != nil || len(evs) == 0 {
		t.Fatalf("Events gives %d events and %v", len(evs), err)
	}
	return evs[0]
}

// What lacks what it must hold is kept as it came.
func TestIncompleteBecomesUnsupported(t *testing.T) {
	for _, body := range []string{
		`{"event_name":"user_send_text"}`, `{"event_name":"user_send_text","sender":{"id":"U"},"message":{"text":"a"}}`,
		`{"event_name":"user_send_text","message":{"msg_id":"1","text":"a"}}`,
		`{"event_name":"oa_send_text","sender":{"id":"U"},"message":{"msg_id":"1","text":"a"}}`,
		`{"event_name":"follow"}`, `{"event_name":"unfollow","follower":{}}`, `{"event_name":"user_seen_message"}`,
		`{"event_name":"user_seen_message","message":{"msg_ids":[""]}}`,
		`{"event_name":"user_reacted_message","sender":{"id":"U"},"message":{"msg_id":"1"}}`,
		`{"event_name":"user_reacted_message","sender":{"id":"U"},"message":{"react_icon":":>"}}`,
		`{"event_name":"user_submit_info","sender":{"id":"U"}}`, `{"event_name":"user_click_chatnow"}`,
		`{"event_name":"create_group"}`,
	} {
		if e := parse(t, body); e.Type != events.IngestUnsupported || e.Data.Unsupported.Raw != body {
			t.Errorf("%s became %s", body, e.Type)
		}
	}
}

// A message, the account's own copy of one, and its receipts have ids of their own
// and name one message.
func TestOneMessageManyFacts(t *testing.T) {
	const common = `,"timestamp":"1785600000000","sender":{"id":"A"},"recipient":{"id":"B"},"message":{"msg_id":"1",` +
		`"text":"a"}}`
	seen := map[string]bool{}
	for _, name := range []string{"user_send_text", "oa_send_text", "user_received_message", "user_seen_message"} {
		id := parse(t, `{"event_name":"`+name+`"`+common).ID
		if seen[id] {
			t.Errorf("%s has the id of another", name)
		}
		seen[id] = true
	}
}

func TestBusinessCards(t *testing.T) {
	for description, want := range map[string]events.Card{
		`{\"phone\":\"84901\",\"caption\":\"Ba\"}`: {Name: "Ba", Phones: []events.LabeledValue{{Value: "84901"}}},
		`{\"phone\":\"+84 901\"}`:                  {Phones: []events.LabeledValue{{Value: "+84 901"}}},
		`{\"phone\":84901}`:                        {Phones: []events.LabeledValue{{Value: "84901"}}},
		`Ba`:                                       {Name: "Ba"},
	} {
		e := parse(t, `{"event_name":"user_send_business_card","sender":{"id":"U"},"message":{"msg_id":"1",`+
			`"attachments":[{"type":"link","payload":{"description":"`+description+`"}}]}}`)
		got := e.Data.Message.Content[0].Contacts
		if len(got) != 1 || got[0].Name != want.Name || len(got[0].Phones) != len(want.Phones) || len(want.Phones) == 1 &&
			got[0].Phones[0] != want.Phones[0] {
			t.Errorf("%s became %+v", description, got)
		}
	}
}
