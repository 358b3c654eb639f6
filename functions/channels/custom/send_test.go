package custom_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/custom"
	"github.com/relais-dev/relais/shared/channel"
)

// A bridge answers the calls of a test.
type bridge struct {
	reply channel.Reply
	asked *http.Request
	body  []byte
}

func (b *bridge) Do(r *http.Request) (*http.Response, error) {
	b.asked = r
	b.body, _ = io.ReadAll(r.Body)
	return &http.Response{StatusCode: b.reply.Status, Header: http.Header{},
		Body: io.NopCloser(bytes.NewReader(b.reply.Body))}, nil
}

const sending = `{"inbound_secret":"` + secret1 +
	`","outbound_url":"https://bridge.example.com/relais","outbound_secret":["` + secret1 + `","` + secret2 + `"]}`

var room = channel.Recipient{Conversation: events.Conversation{PlatformID: "room: 7", Kind: events.Group}}

func (b *bridge) send(t *testing.T, credentials string, o channel.Outgoing) (channel.Sent, error) {
	t.Helper()
	o.ID, o.To = "msg_abc.2", room
	return custom.Channel.Send(context.Background(),
		channel.Env{Account: account(t, credentials), HTTP: b, Now: received}, o)
}

func answering(status int, body string) *bridge {
	return &bridge{reply: channel.Reply{Status: status, Body: []byte(body)}}
}

func text(body string) channel.Outgoing {
	return channel.Outgoing{Content: []events.Content{events.NewText(body)}}
}

// What we sign verifies as what a bridge signs, with either secret of a rotation.
func TestDeliveriesAreSigned(t *testing.T) {
	b := answering(202, "")
	if _, err := b.send(t, sending, text("a")); err != nil {
		t.Fatal(err)
	}
	if id := b.asked.Header.Get("webhook-id"); id != "msg_abc-2" {
		t.Errorf("webhook-id is %q", id)
	}
	for _, secret := range []string{secret1, secret2} {
		r := channel.Request{Method: "POST", Header: b.asked.Header, Body: b.body, Received: received}
		if err := custom.Channel.Verify(account(t, `{"inbound_secret":"`+secret+`"}`), r); err != nil {
			t.Errorf("with %s: %v", secret, err)
		}
	}
}

// Our own message is found by our id and, once the bridge names it, by the bridge's.
func TestMessagesAreFoundByBothIDs(t *testing.T) {
	for body, want := range map[string][]string{
		``:                               {"msg_abc.2"},
		`{}`:                             {"msg_abc.2"},
		`{"externalMessageId":"b 2001"}`: {"msg_abc.2", "room%3A+7:b+2001"},
	} {
		sent, err := answering(200, body).send(t, sending, text("a"))
		if err != nil || !cmp.Equal(sent.IDs, want) {
			t.Errorf("%q gives %v, %v, want %v", body, sent.IDs, err, want)
		}
	}
	receipt := `{"type":"receipt","data":{"conversation":{"externalId":"room: 7","kind":"group"},`
	for _, by := range []string{`"messageId":"msg_abc.2","status":"read"}}`,
		`"externalMessageId":"b 2001","status":"read"}}`} {
		s := deliver(t, "delivery_1", receipt+by)[0].Data.Status
		if s == nil || s.Message.PlatformID != "msg_abc.2" && s.Message.PlatformID != "room%3A+7:b+2001" {
			t.Errorf("%s is about %+v", by, s)
		}
	}
}

func TestReferences(t *testing.T) {
	for id, want := range map[string]string{"room%3A+7:b+1": `"replyTo":{"externalMessageId":"b 1"}`,
		"msg_old.1": `"replyTo":{"messageId":"msg_old.1"}`} {
		b := answering(200, "{}")
		o := text("a")
		o.ReplyTo = id
		if _, err := b.send(t, sending, o); err != nil || !strings.Contains(string(b.body), want) {
			t.Errorf("a reply to %s is %s, %v", id, b.body, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	for _, tc := range []struct {
		status     int
		body, want string
		unknown    bool
	}{
		{401, ``, events.ClassAuth, false},
		{404, `<html>`, events.ClassAuth, false},
		{410, ``, events.ClassAuth, false},
		{413, ``, events.ClassContent, false},
		{422, `{"error":{"code":"E1","class":"window","detail":"closed"}}`, events.ClassWindow, false},
		{422, `{"error":{"class":"consent"}}`, events.ClassConsent, false},
		{409, `{"error":{"class":"retryable"}}`, events.ClassPlatform, false},
		{400, `{"error":{"class":"permanent"}}`, events.ClassUnknown, false},
		{400, `{"error":{"code":"E1"}}`, events.ClassContent, false},
		{429, `{"error":{"class":"permanent"}}`, events.ClassRate, false},
		{500, `{"error":{"class":"permanent"}}`, events.ClassPlatform, true},
		{301, ``, events.ClassPlatform, true},
	} {
		_, err := answering(tc.status, tc.body).send(t, sending, text("a"))
		var e *channel.Error
		if !errors.As(err, &e) || e.Class != tc.want || e.Unknown != tc.unknown {
			t.Errorf("%d %s gives %#v, want class %s", tc.status, tc.body, err, tc.want)
		}
	}
	for _, credentials := range []string{`{"inbound_secret":"` + secret1 + `"}`,
		`{"outbound_url":"https://b.example","outbound_secret":"short"}`, `{"outbound_secret":"` + secret1 + `"}`} {
		b := answering(200, "{}")
		_, err := b.send(t, credentials, text("a"))
		var e *channel.Error
		if !errors.As(err, &e) || e.Class != events.ClassAuth || b.asked != nil {
			t.Errorf("without what sending needs: %v", err)
		}
	}
}

func TestNativeContentIsPassedOn(t *testing.T) {
	native := func(json string) channel.Outgoing {
		return channel.Outgoing{
			Content: []events.Content{{Kind: events.KindNative, Native: &events.Native{Channel: "custom", JSON: json}}}}
	}
	b := answering(200, "{}")
	if _, err := b.send(t, sending, native(`{"n":600000000000000001}`)); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Data struct{ Content json.RawMessage }
	}
	if err := json.Unmarshal(b.body, &got); err != nil {
		t.Fatal(err)
	}
	if want := `{"kind":"native","native":{"n":600000000000000001}}`; string(got.Data.Content) != want {
		t.Errorf("content is %s, want %s", got.Data.Content, want)
	}
	if _, err := answering(200, "{}").send(t, sending, native(`{`)); err == nil {
		t.Error("what is no JSON is sent")
	}
}

func TestAnswersNameTheOption(t *testing.T) {
	e := deliver(t, "delivery_1",
		`{"type":"postback","data":{`+place+`,"actionId":"opt-1","sourceMessageId":"msg_abc.2"}}`)[0]
	if in := e.Data.Interaction; in.Option != "opt-1" || in.Of.PlatformID != "msg_abc.2" {
		t.Errorf("comes back as %+v", in)
	}
}
