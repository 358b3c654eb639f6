package x_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/x"
	"github.com/relais-dev/relais/functions/channels/x/play"
	"github.com/relais-dev/relais/shared/channel"
	stage "github.com/relais-dev/relais/shared/stage/play"
)

func sender() channel.Account {
	return channel.NewAccount("demo", "", map[string]string{"consumer_key": "key", "consumer_secret": "consumerSecret",
		"access_token": "2222-token", "access_token_secret": "tokenSecret"})
}

// A double is X, or an answer of it, as an HTTP client that keeps the last call.
type double struct {
	fault  stage.Fault
	answer *channel.Reply
	paths  []string
	body   string
}

func (d *double) Do(r *http.Request) (*http.Response, error) {
	body, _ := io.ReadAll(r.Body)
	d.paths, d.body = append(d.paths, r.Method+" "+r.URL.Path), string(body)
	reply := d.answer
	if reply == nil {
		a := play.Platform.Answer(sender(), stage.Call{Host: r.URL.Host, Fault: d.fault, Request: channel.Request{
			Method: r.Method, Path: r.URL.EscapedPath(), RawQuery: r.URL.RawQuery, Header: r.Header, Body: body,
			Received: received}})
		reply = &a.Reply
	}
	if reply.Header == nil {
		reply.Header = http.Header{}
	}
	return &http.Response{StatusCode: reply.Status, Header: reply.Header,
		Body: io.NopCloser(bytes.NewReader(reply.Body))}, nil
}

func (d *double) env() channel.Env {
	return channel.Env{Account: sender(), HTTP: d, Now: received,
		Open: func(context.Context, events.Media) (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader("\x89PNG\r\n\x1a\n")), nil
		}}
}

func say(d *double, kind, place string, change func(*channel.Outgoing)) (channel.Sent, error) {
	o := channel.Outgoing{ID: "msg_1.1",
		To:      channel.Recipient{Conversation: events.Conversation{PlatformID: place, Kind: kind}},
		Content: []events.Content{events.NewText("hello")}}
	if change != nil {
		change(&o)
	}
	return x.Channel.Send(context.Background(), d.env(), o)
}

// A public thread is answered at the quoted post, else the one of the handle, else
// its first; and what goes into it is a post.
func TestPublicReply(t *testing.T) {
	for _, tc := range []struct{ answer, quoted, want string }{
		{"", "", "1999"}, {"2001", "", "2001"}, {"2001", "2002", "2002"},
	} {
		d := &double{}
		sent, err := say(d, events.Public, "post:1999",
			func(o *channel.Outgoing) { o.Answer, o.ReplyTo = tc.answer, tc.quoted })
		if err != nil || len(sent.IDs) != 1 {
			t.Fatalf("%+v: %v, %v", tc, sent, err)
		}
		if want := `{"text":"hello","reply":{"in_reply_to_tweet_id":"` + tc.want + `"}}`; d.body != want ||
			d.paths[0] != "POST /2/tweets" {
			t.Errorf("%+v: %s %s, want %s", tc, d.paths, d.body, want)
		}
	}
}

// Nothing that is private is posted, and nothing goes where it cannot be read.
func TestPrivateStaysPrivate(t *testing.T) {
	for place, kind := range map[string]string{"post:1999": events.Direct, "3333": events.Public,
		"chat:2222:3333": events.Direct} {
		d := &double{}
		var e *channel.Error
		if _, err := say(d, kind, place, nil); !errors.As(err, &e) || e.Class != events.ClassContent || len(d.paths) > 0 {
			t.Errorf("%s conversation %s: %v after %v", kind, place, err, d.paths)
		}
	}
}

func TestPictureInPublic(t *testing.T) {
	d := &double{}
	_, err := say(d, events.Public, "post:1999", func(o *channel.Outgoing) {
		o.Content = []events.Content{
			events.NewMedia(events.Media{Type: events.Image, MIME: "image/png", URL: "https://media.example/1.png",
				Caption: "look"})}
	})
	if err != nil || len(d.paths) != 4 || !strings.Contains(d.body, `"text":"look"`) ||
		!strings.Contains(d.body, `"media_ids":["`) {
		t.Errorf("%v after %v, the last %s", err, d.paths, d.body)
	}
}

// An upload that fails leaves no doubt: the message was not sent.
func TestFailedUploadIsNoDoubt(t *testing.T) {
	d := &double{answer: &channel.Reply{Status: 500}}
	_, err := say(d, events.Direct, "3333", func(o *channel.Outgoing) {
		o.Content = []events.Content{
			events.NewMedia(events.Media{Type: events.Image, MIME: "image/png", URL: "https://media.example/1.png"})}
	})
	var e *channel.Error
	if !errors.As(err, &e) || e.Unknown || !e.Passes() {
		t.Errorf("%#v", err)
	}
}

func TestNativeKeepsTheReply(t *testing.T) {
	d := &double{}
	_, err := say(d, events.Public, "post:1999", func(o *channel.Outgoing) {
		o.Content = []events.Content{
			{Kind: events.KindNative,
				Native: &events.Native{Channel: "x", JSON: `{"text":"hi","reply":{"in_reply_to_tweet_id":"1"}}`}}}
	})
	if err != nil || d.body != `{"reply":{"in_reply_to_tweet_id":"1999"},"text":"hi"}` {
		t.Errorf("%v, %s", err, d.body)
	}
}

func TestRefusals(t *testing.T) {
	reset := http.Header{"X-Rate-Limit-Reset": {"1785600090"}}
	for _, tc := range []struct {
		name   string
		status int
		header http.Header
		body   string
		class  string
		after  time.Duration
	}{
		{"limit", 429, reset, `{"title":"Too Many Requests"}`, events.ClassRate, 90 * time.Second},
		{"limit, reset in the past", 429, http.Header{"X-Rate-Limit-Reset": {"1"}}, `{}`, events.ClassRate, 0},
		{"cap", 429, reset, `{"type":"https://api.x.com/2/problems/usage-capped"}`, events.ClassRate, time.Hour},
		{"no credits", 402, nil, `{"title":"CreditsDepleted"}`, events.ClassRate, time.Hour},
		{"not enrolled", 403, nil, `{"type":"https://api.x.com/2/problems/client-not-enrolled"}`, events.ClassAuth, 0},
		{"stranger", 403, nil, `{"detail":"You do not have permission to DM one or more participants."}`,
			events.ClassRecipient, 0},
		{"not following", 403, nil,
			`{"errors":[{"message":"You cannot send messages to users who are not following you."}]}`, events.ClassRecipient,
			0},
		{"blocked", 403, nil, `{"detail":"You have been blocked from sending."}`, events.ClassConsent, 0},
		{"gone", 403, nil,
			`{"detail":"You attempted to reply to a Tweet that is deleted or not visible to you."}`, events.ClassRecipient, 0},
		{"same again", 403, nil, `{"detail":"You are not allowed to create a Tweet with duplicate content."}`,
			events.ClassContent, 0},
		{"rules", 403, nil, `{"title":"Forbidden"}`, events.ClassPolicy, 0},
		{"media", 400, nil, `{"detail":"media_id is not ready"}`, events.ClassMedia, 0},
		{"our fault", 400, nil, `{"detail":"One or more parameters was invalid."}`, events.ClassContent, 0},
		{"gone", 404, nil, ``, events.ClassRecipient, 0},
		{"token", 401, nil, `<html>`, events.ClassAuth, 0},
	} {
		d := &double{answer: &channel.Reply{Status: tc.status, Header: tc.header, Body: []byte(tc.body)}}
		_, err := say(d, events.Direct, "3333", nil)
		var e *channel.Error
		if !errors.As(err, &e) || e.Class != tc.class || e.RetryAfter != tc.after || e.Unknown {
			t.Errorf("%s: %#v, want class %s after %s", tc.name, err, tc.class, tc.after)
		}
	}
}

func TestWithoutATokenTheAccountOnlyReceives(t *testing.T) {
	d := &double{}
	e := d.env()
	e.Account = account(vectorSecret)
	var refused *channel.Error
	_, err := x.Channel.Send(context.Background(), e,
		channel.Outgoing{To: channel.Recipient{Conversation: events.Conversation{PlatformID: "3333", Kind: events.Direct}},
			Content: []events.Content{events.NewText("hi")}})
	if !errors.As(err, &refused) || refused.Class != events.ClassAuth || len(d.paths) > 0 {
		t.Errorf("%v after %v", err, d.paths)
	}
}

// Media of direct messages are fetched as the account, public ones as anybody.
func TestFetch(t *testing.T) {
	for address, signed := range map[string]bool{
		"https://ton.twitter.com/1.1/ton/data/dm/1/2/a.jpg": true, "https://video.twimg.com/dm_video/1/vid/a.mp4": true,
		"https://video.twimg.com/ext_tw_video/1/a.mp4": false, "https://pbs.twimg.com/media/a.jpg": false,
	} {
		var got http.Header
		e := channel.Env{Account: sender(), Now: received, HTTP: doer(func(r *http.Request) (*http.Response, error) {
			got = r.Header
			return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader("x"))}, nil
		})}
		body, err := x.Channel.Fetch(context.Background(), e, events.Media{URL: address})
		if err != nil {
			t.Fatal(err)
		}
		body.Close()
		if (got.Get("Authorization") != "") != signed {
			t.Errorf("%s is signed: %t", address, !signed)
		}
	}
}

type doer func(*http.Request) (*http.Response, error)

func (d doer) Do(r *http.Request) (*http.Response, error) { return d(r) }
