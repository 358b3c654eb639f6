package kik_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/kik"
	"github.com/relais-dev/relais/functions/channels/kik/play"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/exam"
)

func Test(t *testing.T)             { exam.Run(t, kik.Channel, play.Platform) }
func FuzzChannel(f *testing.F)      { exam.Fuzz(f, kik.Channel, play.Platform) }
func BenchmarkChannel(b *testing.B) { exam.Bench(b, kik.Channel, play.Platform) }

// The vector of Kik's signature.
const (
	vectorKey  = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
	vectorBody = `{"messages":[{"type":"text","id":"11111111-2222-3333-4444-555555555555","chatId":"c0ffee",` +
		`"from":"alice.demo","body":"hi"}]}`
	vectorSignature = "77A3468BA7D5B50177E3C96CF43ACA865C15B111"
)

func account(key string) channel.Account {
	return channel.NewAccount("demo", "", map[string]string{"username": "demobot", "api_key": key})
}

func request(body string) channel.Request {
	return channel.Request{Method: "POST", Header: http.Header{}, Body: []byte(body),
		Received: time.Unix(1785600000, 0).UTC()}
}

func TestVerify(t *testing.T) {
	for _, tc := range []struct{ name, key, body, signature, want string }{
		{"vector", vectorKey, vectorBody, vectorSignature, ""},
		{"lower case", vectorKey, vectorBody, strings.ToLower(vectorSignature), ""},
		{"no header", vectorKey, vectorBody, "", channel.NoSignature},
		{"another key", "0f1e2d3c", vectorBody, vectorSignature, channel.BadSignature},
		{"blank key", " ", vectorBody, vectorSignature, channel.BadSignature},
		{"another body", vectorKey, vectorBody + " ", vectorSignature, channel.BadSignature},
		{"half of it", vectorKey, vectorBody, vectorSignature[:20], channel.BadSignature},
		{"no digits", vectorKey, vectorBody, "x", channel.Malformed},
		{"twice", vectorKey, vectorBody, vectorSignature + "," + vectorSignature, channel.Malformed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := request(tc.body)
			if tc.signature != "" {
				r.Header.Set("x-kik-signature", tc.signature)
			}
			err := kik.Channel.Verify(account(tc.key), r)
			if tc.want == "" && err != nil {
				t.Fatalf("refused: %v", err)
			}
			if tc.want != "" && (err == nil || channel.RefusalReason(err) != tc.want) {
				t.Errorf("Verify gives %v, want the reason %q", err, tc.want)
			}
		})
	}
}

func TestSignGivesTheVector(t *testing.T) {
	r := request(vectorBody)
	play.Platform.Sign(account(vectorKey), &r)
	if got := r.Header.Get("X-Kik-Signature"); got != vectorSignature {
		t.Errorf("signed with %q", got)
	}
}

func parse(t *testing.T, items string) []events.Event {
	t.Helper()
	evs, err := kik.Channel.Events(account(vectorKey), request(`{"messages":[`+items+`]}`))
	if err != nil {
		t.Fatal(err)
	}
	return evs
}

func TestBodies(t *testing.T) {
	for body, want := range map[string]bool{
		`{"messages":[]}`: true, "": false, "[]": false, "{}": false, `{"messages":null}`: false, `{"messages":[1}`: false,
		vectorBody[:40]: false,
	} {
		evs, err := kik.Channel.Parse(account(vectorKey), request(body))
		if (err == nil) != want || len(evs) != 0 {
			t.Errorf("%q gives %d events and %v", body, len(evs), err)
		}
	}
}

func TestConversations(t *testing.T) {
	for fields, want := range map[string]events.Conversation{
		`"chatType":"direct","participants":["a"]`:     {PlatformID: "a", Kind: events.Direct},
		`"chatType":"direct","participants":["a","b"]`: {PlatformID: "a", Kind: events.Direct},
		`"chatType":"private","participants":["a"]`:    {PlatformID: "c1", Kind: events.Group},
		`"chatType":"public"`:                          {PlatformID: "c1", Kind: events.Group},
		`"participants":["a","b"]`:                     {PlatformID: "c1", Kind: events.Group},
		`"participants":["a"]`:                         {PlatformID: "a", Kind: events.Direct},
		`"mention":null`:                               {PlatformID: "a", Kind: events.Direct},
	} {
		got := *parse(t, `{"id":"1","type":"text","body":"x","from":"a","chatId":"c1",`+fields+`}`)[0].Data.Conversation
		want.ID = events.ConversationID("kik", "demo", want.PlatformID)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", fields, diff)
		}
	}
}

// A receipt is told once, in whichever delivery, and names its reader.
func TestReceipts(t *testing.T) {
	const receipt = `{"id":"r1","type":"read-receipt","from":"a","chatId":"c","messageIds":["m1","m2"]}`
	first, again := parse(t, receipt), parse(t, strings.Replace(receipt, "r1", "r2", 1))
	if len(first) != 2 || len(again) != 2 || first[0].ID != again[0].ID || first[0].ID == first[1].ID {
		t.Fatalf("%d and %d events", len(first), len(again))
	}
	delivered := parse(t, strings.Replace(receipt, "read-", "delivery-", 1))
	if delivered[0].ID == first[0].ID || delivered[0].Data.Status.State != events.Delivered {
		t.Errorf("delivered is %+v", delivered[0].Data.Status)
	}
	other := parse(t, strings.Replace(receipt, `"a"`, `"b"`, 1))
	if other[0].ID == first[0].ID {
		t.Error("two readers are one")
	}
	endless := parse(t, `{"id":"r1","type":"read-receipt","from":"a","messageIds":["`+strings.Repeat(`x","`, 600)+`m"]}`)
	if last := endless[len(endless)-1]; last.Type != events.IngestUnsupported {
		t.Errorf("a receipt of 601 messages ends with %s", last.Type)
	}
}
