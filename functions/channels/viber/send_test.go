package viber_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/viber"
	"github.com/relais-dev/relais/functions/channels/viber/play"
	"github.com/relais-dev/relais/shared/channel"
	stage "github.com/relais-dev/relais/shared/stage/play"
)

// A double is Viber as an HTTP client that keeps the last body.
type double struct {
	body  []byte
	reply string // instead of Viber's
}

func (d *double) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	d.body = body
	a := play.Platform.Answer(account,
		stage.Call{Host: r.URL.Host, Request: channel.Request{Method: r.Method, Path: r.URL.Path, Header: r.Header,
			Body: body}})
	if d.reply != "" {
		a.Body = []byte(d.reply)
	}
	return &http.Response{StatusCode: a.Status, Header: a.Header, Body: io.NopCloser(bytes.NewReader(a.Body))}, nil
}

func (d *double) send(c events.Content) error {
	open := func(context.Context, events.Media) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(make([]byte, 1234))), nil
	}
	_, err := viber.Channel.Send(context.Background(), channel.Env{Account: account, HTTP: d, Open: open},
		channel.Outgoing{
			ID: "msg_1.1", To: channel.Recipient{Conversation: events.Conversation{PlatformID: "U"}},
			Content: []events.Content{c},
		})
	return err
}

// sent is what the test reads of a message.
type sent struct {
	Receiver string `json:"receiver"`
	Tracking string `json:"tracking_data"`
	Size     int64  `json:"size"`
	FileName string `json:"file_name"`
	Sender   struct {
		Name string `json:"name"`
	} `json:"sender"`
	Keyboard struct {
		Buttons []struct{ ActionType, ActionBody string }
	} `json:"keyboard"`
	Rich struct {
		Buttons []struct{ ActionType, ActionBody string }
	} `json:"rich_media"`
}

func (d *double) sent(t *testing.T, c events.Content) sent {
	t.Helper()
	if err := d.send(c); err != nil {
		t.Fatal(err)
	}
	var m sent
	if err := json.Unmarshal(d.body, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func panel(title string, options ...events.Option) events.Panel {
	return events.Panel{Title: title,
		Media: &events.Media{Type: events.Image, URL: "https://cdn.example/" + title + ".jpg"}, Options: options}
}

// Every button comes back as its own option, also where labels are the same.
func TestOptionsComeBack(t *testing.T) {
	page := events.Option{ID: "page", Label: "Page", Action: events.ActionURL, Value: "https://shop.example"}
	for name, c := range map[string]events.Content{
		"labels": {Kind: events.KindChoice,
			Choice: &events.Choice{Text: "?", Options: []events.Option{{ID: "a", Label: "A"}, {ID: "b", Label: "B"}, page}}},
		"twins": {Kind: events.KindChoice,
			Choice: &events.Choice{Text: "?", Options: []events.Option{{ID: "a", Label: "A"}, {ID: "b", Label: "A"}}}},
		"cards": {Kind: events.KindCards, Cards: []events.Panel{
			panel("One", events.Option{ID: "a", Label: "More"}), panel("Two", events.Option{ID: "b", Label: "More"}),
			panel("Two", events.Option{ID: "c", Label: "More"})}},
	} {
		m := new(double).sent(t, c)
		seen := map[string]bool{}
		for _, b := range append(m.Keyboard.Buttons, m.Rich.Buttons...) {
			if b.ActionType == "none" {
				continue
			}
			body, err := channel.JSON(map[string]any{"event": "message", "message_token": 7,
				"sender":  map[string]string{"id": "U"},
				"message": map[string]string{"type": "text", "text": b.ActionBody, "tracking_data": m.Tracking}})
			if err != nil {
				t.Fatal(err)
			}
			e := parse(t, string(body))
			if e.Type != events.InteractionReceived || seen[e.Data.Interaction.Option] {
				t.Errorf("%s: %q came back as %s %+v", name, b.ActionBody, e.Type, e.Data.Interaction)
				continue
			}
			seen[e.Data.Interaction.Option] = true
		}
		if len(seen) < 2 {
			t.Errorf("%s: only %v came back", name, seen)
		}
	}
}

// What was typed is no answer, and tracking data of another bot is none of ours.
func TestTypedTextIsNoAnswer(t *testing.T) {
	for _, data := range []string{`{"options":[["Yes","yes"]]}`, `step:2`, `{"options":7}`, `{"options":[["Maybe",""]]}`,
		``} {
		body, err := channel.JSON(map[string]any{"event": "message", "message_token": 7,
			"sender":  map[string]string{"id": "U"},
			"message": map[string]string{"type": "text", "text": "Maybe", "tracking_data": data}})
		if err != nil {
			t.Fatal(err)
		}
		if e := parse(t, string(body)); e.Type != events.MessageReceived || e.Data.Message.Content[0].Text.Body != "Maybe" {
			t.Errorf("beside %s it became %s", data, e.Type)
		}
	}
}

// Viber wants the size of files and films, and a name with its extension.
func TestFiles(t *testing.T) {
	m := new(double).sent(t, events.NewMedia(events.Media{Type: events.File, URL: "https://cdn.example/a/b.pdf?x=1"}))
	if m.Size != 1234 || m.FileName != "b.pdf" || m.Receiver != "U" || m.Sender.Name != "Shop" {
		t.Errorf("sent %+v", m)
	}
}

// What Viber would refuse, or tell by a failed receipt long after, goes as a link.
func TestWhatViberDoesNotTake(t *testing.T) {
	file := func(kind, address, name string) events.Content {
		return events.NewMedia(events.Media{Type: kind, URL: address, Name: name})
	}
	sharp := strings.Repeat("<", 63) // four characters each, as buttons write it
	for name, c := range map[string]events.Content{
		"a picture without an extension": file(events.Image, "https://cdn.example/a?b=c.jpg", ""),
		"a picture of another type":      file(events.Image, "https://cdn.example/a.webp", ""),
		"a film of another type":         file(events.Video, "https://cdn.example/a.mov", ""),
		"a file without an extension":    file(events.File, "https://cdn.example/a", "a.pdf"),
		"a program":                      file(events.File, "https://cdn.example/a.exe", "setup.EXE"),
		"a long name":                    file(events.File, "https://cdn.example/a.pdf", strings.Repeat("a", 253)+".pdf"),
		"a label of many signs": {Kind: events.KindChoice,
			Choice: &events.Choice{Text: "?", Options: []events.Option{{ID: "a", Label: sharp}}}},
		"a card of many signs": {Kind: events.KindCards, Cards: []events.Panel{{Title: sharp[:60], Text: sharp,
			Media: &events.Media{Type: events.Image, URL: "https://cdn.example/a.jpg"}}}},
	} {
		if viber.Channel.Limits.Takes(c) == "" {
			t.Errorf("%s is taken", name)
		}
	}
	if why := viber.Channel.Limits.Takes(file(events.Image, "https://cdn.example/a.JPG?b=c", "")); why != "" {
		t.Error(why)
	}
}

func TestNative(t *testing.T) {
	m := new(double).sent(t,
		events.Content{Kind: events.KindNative,
			Native: &events.Native{Channel: "viber",
				JSON: `{"receiver":"other","type":"text","text":"a","sender":{"name":"Me"}}`}})
	if m.Receiver != "U" || m.Sender.Name != "Me" {
		t.Errorf("sent %+v", m)
	}
}

func TestFailures(t *testing.T) {
	text := events.NewText("a")
	for reply, want := range map[string]string{
		`{"status":2}`: events.ClassAuth, `{"status":5}`: events.ClassRecipient, `{"status":6}`: events.ClassConsent,
		`{"status":12}`: events.ClassRate,
		`{"status":13}`: events.ClassContent, `{"status":24}`: events.ClassRate, `{"status":99}`: events.ClassUnknown,
		`{}`: events.ClassPlatform,
	} {
		var e *channel.Error
		if err := (&double{reply: reply}).send(text); !errors.As(err, &e) || e.Class != want {
			t.Errorf("%s gives %v, want class %s", reply, err, want)
		}
	}
}
