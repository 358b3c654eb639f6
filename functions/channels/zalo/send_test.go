package zalo_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/zalo"
	"github.com/relais-dev/relais/functions/channels/zalo/play"
	"github.com/relais-dev/relais/shared/channel"
	stage "github.com/relais-dev/relais/shared/stage/play"
)

var sending = channel.NewAccount("demo", "", map[string]string{
	"app_id": "431234567890", "oa_secret_key": "oaSecretDemo01", "app_secret": "app-secret",
	"refresh_token": "refresh-first",
})

// A double is Zalo as an HTTP client that keeps what was said.
type double struct {
	reply    string // instead of Zalo's
	body     []byte
	uploaded []byte
	webhooks []channel.Request
}

func (d *double) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	d.body = body
	if strings.Contains(r.URL.Path, "/upload/") {
		d.uploaded = body
	}
	a := play.Platform.Answer(sending,
		stage.Call{Host: r.URL.Host, Request: channel.Request{Method: r.Method, Path: r.URL.Path, Header: r.Header,
			Body: body, Received: received}})
	d.webhooks = append(d.webhooks, a.Posts...)
	if d.reply != "" {
		a.Body = []byte(d.reply)
	}
	return &http.Response{StatusCode: a.Status, Header: a.Header, Body: io.NopCloser(bytes.NewReader(a.Body))}, nil
}

func mint(t *testing.T, refresh string) channel.Token {
	t.Helper()
	token, err := zalo.Channel.Token(context.Background(),
		channel.Env{Account: sending, HTTP: new(double), Refresh: refresh, Now: received})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func (d *double) send(t *testing.T, thread string, c events.Content) (channel.Sent, error) {
	t.Helper()
	open := func(context.Context, events.Media) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader("a file")), nil
	}
	return zalo.Channel.Send(context.Background(), channel.Env{Account: sending, HTTP: d, Token: mint(t, "").Value,
		Now: received, Open: open}, channel.Outgoing{
		ID: "msg_1.1", To: channel.Recipient{Conversation: events.Conversation{PlatformID: thread}},
		Content: []events.Content{c},
	})
}

// A refresh token is good once: the next one is kept, and the account's own is not
// tried again.
func TestTokens(t *testing.T) {
	first := mint(t, "")
	if first.Refresh == "" || first.Refresh == "refresh-first" || !first.ExpiresAt.Equal(received.Add(25*time.Hour)) {
		t.Errorf("the first token is %+v", first)
	}
	mint(t, first.Refresh)
	for _, e := range []channel.Env{
		{Account: sending, HTTP: new(double), Refresh: "used", Now: received},
		{Account: account, HTTP: new(double), Now: received},
		{Account: sending, HTTP: &double{reply: `{"access_token":"a","refresh_token":"b"}`}, Now: received},
	} {
		_, err := zalo.Channel.Token(context.Background(), e)
		if class(err) != events.ClassAuth {
			t.Errorf("got %v, want class auth", err)
		}
	}
}

func class(err error) string {
	var e *channel.Error
	if errors.As(err, &e) {
		return e.Class
	}
	return ""
}

func shipped() events.Content {
	return events.Content{Kind: events.KindTemplate, Template: &events.Template{Name: "7895417a7d3f9461cd2e",
		Language: "vi", Category: "zns", Parameters: []events.Field{{Name: "order", Value: "42"}}}}
}

// ZNS gives back our id with its receipt.
func TestZNS(t *testing.T) {
	d := new(double)
	sent, err := d.send(t, "+84901234567", shipped())
	if err != nil {
		t.Fatal(err)
	}
	want := `{"phone":"84901234567","template_id":"7895417a7d3f9461cd2e","template_data":{"order":"42"},` +
		`"tracking_id":"msg_1.1"}`
	if diff := cmp.Diff(want, string(d.body)); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
	evs, err := zalo.Channel.Events(sending, d.webhooks[0])
	if err != nil || len(evs) != 1 {
		t.Fatalf("the receipt gives %d events, %v", len(evs), err)
	}
	if s := evs[0].Data.Status; s.Correlation != "msg_1.1" || s.Message.PlatformID != sent.IDs[0] ||
		evs[0].Data.Conversation.PlatformID != "84901234567" {
		t.Errorf("the receipt is %+v of %s", s, evs[0].Data.Conversation.PlatformID)
	}
	if _, err := d.send(t, "6142000000000000001", shipped()); class(err) != events.ClassRecipient {
		t.Errorf("ZNS to an id gives %v", err)
	}
}

// Zalo tells a file's type by its name.
func TestFileNames(t *testing.T) {
	for _, v := range []struct {
		media events.Media
		want  string
	}{
		{events.Media{Type: events.Image, Name: "kettle"}, `filename="kettle.jpg"`},
		{events.Media{Type: events.Image, Name: "kettle.v2", MIME: "image/png"}, `filename="kettle.v2.png"`},
		{events.Media{Type: events.File, Name: "offer.v2", MIME: "application/pdf"}, `filename="offer.v2.pdf"`},
	} {
		v.media.URL = "https://cdn.example/a"
		d := new(double)
		if _, err := d.send(t, "6142000000000000001", events.NewMedia(v.media)); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(d.uploaded), v.want) {
			t.Errorf("%s is uploaded as\n%s", v.want, d.uploaded)
		}
	}
	if zalo.Channel.Limits.Takes(events.NewMedia(events.Media{Type: events.File, URL: "https://cdn.example/a"})) == "" {
		t.Error("a file of no known type is taken")
	}
}

func TestVisitors(t *testing.T) {
	d := new(double)
	if _, err := d.send(t, "anonymous:anon1:conv1", events.NewText("a")); err != nil {
		t.Fatal(err)
	}
	if want := `{"recipient":{"anonymous_id":"anon1","conversation_id":"conv1"},"message":{"text":"a"}}`; string(
		d.body) != want {
		t.Errorf("sent %s, want %s", d.body, want)
	}
}

// What a button carries out comes back as the interaction's option.
func TestOptionsComeBack(t *testing.T) {
	d := new(double)
	c := events.Content{Kind: events.KindChoice, Choice: &events.Choice{Text: "Which?", Options: []events.Option{
		{ID: "plan:basic", Label: "Basic"},
		{ID: "p", Label: "Page", Action: events.ActionURL, Value: "https://shop.example"},
		{ID: "c", Label: "Call", Action: events.ActionCall, Value: "84901234567"}}}}
	if _, err := d.send(t, "6142000000000000001", c); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(d.body), `{"title":"Basic","type":"oa.query.hide","payload":"#relais:plan:basic"}`) {
		t.Errorf("sent %s", d.body)
	}
	for text, want := range map[string]string{"#relais:plan:basic": "plan:basic", "#relais:": "", "relais:x": ""} {
		e := parse(t, `{"event_name":"user_send_text","sender":{"id":"U"},"message":{"msg_id":"1","text":"`+text+`"}}`)
		if in := e.Data.Interaction; want != "" && (in == nil || in.Option != want) || want == "" && in != nil {
			t.Errorf("%s became %+v", text, e.Data)
		}
	}
}

func TestFailures(t *testing.T) {
	for reply, want := range map[string]string{
		`{"error":-201}`: events.ClassContent, `{"error":-216}`: events.ClassAuth, `{"error":-32}`: events.ClassRate,
		`{"error":-220}`: events.ClassAuth, `{"error":-211}`: events.ClassPolicy, `{"error":-118}`: events.ClassRecipient,
		`{"error":-232}`: events.ClassWindow, `{"error":-131}`: events.ClassTemplate,
		`{"error":-230}`: events.ClassWindow,
		`{"error":-213}`: events.ClassConsent, `{"error":-203}`: events.ClassContent, `{"error":-9}`: events.ClassUnknown,
		`{}`: events.ClassPlatform,
	} {
		_, err := (&double{reply: reply}).send(t, "6142000000000000001", events.NewText("a"))
		if class(err) != want {
			t.Errorf("%s gives %v, want class %s", reply, err, want)
		}
	}
}

// Nobody has read anything while a picture could not be stored.
func TestFailedUploadsAreNoUncertainty(t *testing.T) {
	open := func(context.Context, events.Media) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader("x")), nil
	}
	for _, reply := range []string{"<html>", "{}", `{"error":0,"data":{}}`} {
		_, err := zalo.Channel.Send(context.Background(), channel.Env{Account: sending, HTTP: &double{reply: reply},
			Token: mint(t, "").Value, Open: open}, channel.Outgoing{
			ID: "msg_1.1", To: channel.Recipient{Conversation: events.Conversation{PlatformID: "1"}},
			Content: []events.Content{events.NewMedia(events.Media{Type: events.Image, URL: "https://cdn.example/a.png"})},
		})
		var e *channel.Error
		if !errors.As(err, &e) || e.Unknown || !e.Passes() {
			t.Errorf("%s gives %#v, want an error to try again after", reply, err)
		}
	}
}
