package viber_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/viber"
	"github.com/relais-dev/relais/functions/channels/viber/play"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/exam"
)

func Test(t *testing.T)             { exam.Run(t, viber.Channel, play.Platform) }
func FuzzChannel(f *testing.F)      { exam.Fuzz(f, viber.Channel, play.Platform) }
func BenchmarkChannel(b *testing.B) { exam.Bench(b, viber.Channel, play.Platform) }

const (
	vectorToken = "4453b6ac12345678-abcdef0123456789-0a1b2c3d4e5f6071"
	vectorBody  = `{"event":"webhook","timestamp":1785600000000,"chat_hostname":"SN-CHAT-05_",` +
		`"message_token":6210000000000000001}`
	vectorSignature = "953821e54546ed0782905b88f2e531c8321f36f1b552767f96197559d7692360"
)

var account = channel.NewAccount("demo", "", map[string]string{"auth_token": vectorToken, "welcome_text": `Hi "you"`,
	"sender_name": "Shop"})

func request(body string) channel.Request {
	return channel.Request{Method: "POST", Header: http.Header{}, Body: []byte(body),
		Received: time.Date(2026, 8, 1, 16, 0, 0, 0, time.UTC)}
}

func TestVerify(t *testing.T) {
	other := strings.Repeat("0", 64)
	for _, tc := range []struct{ name, header, query, want string }{
		{"vector", vectorSignature, "", ""},
		{"in the query", "", "sig=" + vectorSignature, ""},
		{"both", vectorSignature, "sig=" + vectorSignature, ""},
		{"no signature", "", "", channel.NoSignature},
		{"a good query does not heal a bad header", other, "sig=" + vectorSignature, channel.BadSignature},
		{"two queries", "", "sig=" + other + "&sig=" + vectorSignature, channel.NoSignature},
		{"two headers", vectorSignature + "," + vectorSignature, "", channel.Malformed},
		{"base64", "lTgh5UVG7QeCkFuI8uUxyDIfNvG1UnZ/lhl1WddpI2A=", "", channel.Malformed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := request(vectorBody)
			r.RawQuery = tc.query
			if tc.header != "" {
				r.Header.Set("X-Viber-Content-Signature", tc.header)
			}
			err := viber.Channel.Verify(account, r)
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || channel.RefusalReason(err) != tc.want) {
				t.Errorf("Verify gives %v, want %q", err, tc.want)
			}
		})
	}
}

func TestSignGivesTheVector(t *testing.T) {
	r := request(vectorBody)
	play.Platform.Sign(account, &r)
	if got := r.Header.Get("X-Viber-Content-Signature"); got != vectorSignature {
		t.Errorf("signature is %q, want %q", got, vectorSignature)
	}
}

// Only who opens a chat is greeted, and only by an account that has a welcome.
func TestAck(t *testing.T) {
	const opened = `{"event":"conversation_started","user":{"id":"U"}}`
	silent := channel.NewAccount("demo", "", map[string]string{"auth_token": vectorToken})
	for _, tc := range []struct {
		name, body string
		account    channel.Account
		want       channel.Response
	}{
		{"opened", opened, account, channel.Response{Status: 200, ContentType: "application/json",
			Body: `{"sender":{"name":"Shop"},"type":"text","text":"Hi \"you\""}`}},
		{"opened, no welcome", opened, silent, channel.Response{}},
		{"another event", vectorBody, account, channel.Response{}},
		{"no event", "", account, channel.Response{}},
	} {
		if diff := cmp.Diff(tc.want, viber.Channel.Ack(tc.account, request(tc.body), channel.Receipt{New: 1})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
	}
}

// parse is the only event of body.
func parse(t *testing.T, body string) events.Event {
	t.Helper()
	evs, err := viber.Channel.Events(account, request(body))
	if err != nil || len(evs) != 1 {
		t.Fatalf("Events gives %d events and %v", len(evs), err)
	}
	return evs[0]
}

// A token has more digits than a float: one lost digit and no receipt is matched.
func TestTokensKeepTheirDigits(t *testing.T) {
	for _, token := range []string{"5741311803571721087", "18446744073709551615"} {
		for _, written := range []string{token, `"` + token + `"`} {
			e := parse(t, `{"event":"seen","timestamp":1785600003000,"message_token":`+written+`,"user_id":"U"}`)
			if got := e.Data.Status.Message.PlatformID; got != token {
				t.Errorf("%s became %s", written, got)
			}
		}
	}
}

// Receipts for one message differ by event and by person.
func TestReceiptsAreNotDuplicates(t *testing.T) {
	seen := map[string]bool{}
	for _, body := range []string{
		`{"event":"delivered","message_token":7,"user_id":"U"}`, `{"event":"seen","message_token":7,"user_id":"U"}`,
		`{"event":"failed","message_token":7,"user_id":"U"}`, `{"event":"seen","message_token":7,"user_id":"V"}`,
	} {
		id := parse(t, body).ID
		if seen[id] {
			t.Errorf("%s has the id of another", body)
		}
		seen[id] = true
	}
}

// What lacks what it must hold is kept as it came.
func TestIncompleteBecomesUnsupported(t *testing.T) {
	for _, body := range []string{
		`{"event":"message"}`, `{"event":"message","message_token":7,"sender":{"id":"U"}}`,
		`{"event":"message","message_token":7,"message":{"type":"text","text":"a"}}`,
		`{"event":"message","sender":{"id":"U"},"message":{"type":"text","text":"a"}}`,
		`{"event":"message","message_token":7,"sender":{"id":"U"},"message":{"type":{}}}`,
		`{"event":"seen","message_token":7}`, `{"event":"seen","user_id":"U"}`, `{"event":"subscribed","message_token":7}`,
		`{"event":"unsubscribed","message_token":7}`, `{"event":"conversation_started","message_token":7}`,
		`{"event":"action","message_token":7}`,
	} {
		if e := parse(t, body); e.Type != events.IngestUnsupported || e.Data.Unsupported.Raw != body {
			t.Errorf("%s became %s", body, e.Type)
		}
	}
}

// Viber may put words beside what has a type of its own.
func TestTextBesideAThing(t *testing.T) {
	for _, thing := range []string{
		`"type":"location","location":{"lat":1,"lon":2}`, `"type":"sticker","sticker_id":40100`,
		`"type":"contact","contact":{"name":"A"}`,
	} {
		e := parse(t, `{"event":"message","message_token":7,"sender":{"id":"U"},"message":{`+thing+`,"text":"here"}}`)
		c := e.Data.Message.Content
		if len(c) != 2 || c[0].Kind == events.KindUnsupported || c[1].Text == nil || c[1].Text.Body != "here" {
			t.Errorf("%s became %+v", thing, c)
		}
	}
}
