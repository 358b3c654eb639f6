package whatsapp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/whatsapp"
	"github.com/relais-dev/relais/functions/channels/whatsapp/play"
	"github.com/relais-dev/relais/shared/channel"
	stage "github.com/relais-dev/relais/shared/stage/play"
)

// meta is the double as an HTTP client. It remembers the calls and what is to be
// posted to our webhooks.
type meta struct {
	account  channel.Account
	fault    stage.Fault
	answer   *channel.Reply // instead of the double's
	calls    []stage.Call
	webhooks []channel.Request
}

var sendingAt = time.Date(2026, 8, 1, 16, 5, 0, 0, time.UTC)

func (m *meta) Do(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	call := stage.Call{Host: r.URL.Host, Fault: m.fault,
		Request: channel.Request{Method: r.Method, Path: r.URL.EscapedPath(), RawQuery: r.URL.RawQuery, Header: r.Header,
			Body: body, Received: sendingAt}}
	m.calls = append(m.calls, call)
	reply := m.answer
	if reply == nil {
		a := play.Platform.Answer(m.account, call)
		reply, m.webhooks = &a.Reply, append(m.webhooks, a.Posts...)
	}
	return &http.Response{StatusCode: reply.Status, Header: reply.Header,
		Body: io.NopCloser(bytes.NewReader(reply.Body))}, nil
}

func (m *meta) env() channel.Env { return channel.Env{Account: m.account, HTTP: m, Now: sendingAt} }

// last is the body of the last call.
func (m *meta) last(t *testing.T) map[string]any {
	t.Helper()
	var v map[string]any
	if len(m.calls) == 0 || json.Unmarshal(m.calls[len(m.calls)-1].Body, &v) != nil {
		t.Fatal("no call with JSON")
	}
	return v
}

func overCloud() *meta {
	return &meta{account: channel.NewAccount("demo", "",
		map[string]string{"app_secret": "s", "access_token": "EAAG-token", "phone_number_id": "220000000000022"})}
}

func overAWS() *meta {
	return &meta{account: channel.NewAccount("demo", "", map[string]string{
		"topic_arn": "arn:aws:sns:eu-west-1:111122223333:wa", "phone_number_id": "phone-number-id-0123456789",
		"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "wJalrXUtnFEMI",
	})}
}

func outgoing(to string, c events.Content) channel.Outgoing {
	return channel.Outgoing{ID: "msg_a.1", Content: []events.Content{c},
		To: channel.Recipient{Conversation: events.Conversation{PlatformID: to, Kind: events.Direct}}}
}

// TestGroups: Meta's groups take no buttons, places and contacts, and no reactions.
func TestGroups(t *testing.T) {
	m := overCloud()
	for _, c := range []events.Content{
		{Kind: events.KindChoice, Choice: &events.Choice{Text: "Which?", Options: []events.Option{{ID: "a", Label: "A"}}}},
		{Kind: events.KindLocation, Location: &events.Location{Latitude: 1, Longitude: 2}},
		{Kind: events.KindContacts, Contacts: []events.Card{{Name: "Ada"}}},
	} {
		o := outgoing("G1", c)
		o.To.Conversation.Kind = events.Group
		_, err := whatsapp.Channel.Send(context.Background(), m.env(), o)
		var e *channel.Error
		if !errors.As(err, &e) || e.Class != events.ClassContent || e.Remedy == "" || len(m.calls) > 0 {
			t.Errorf("%s in a group gives %#v after %d calls", c.Kind, err, len(m.calls))
		}
	}
	to := outgoing("G1", events.Content{}).To
	to.Conversation.Kind = events.Group
	action := events.Action{Verb: events.ActReact, Emoji: "x", Message: &events.Ref{PlatformID: "wamid.A"}}
	if err := whatsapp.Channel.Act(context.Background(), m.env(), to, action); err == nil || len(m.calls) > 0 {
		t.Errorf("a reaction in a group gives %v after %d calls", err, len(m.calls))
	}
}

// TestLayouts: what Meta's pages say of options and cards, and no number does.
func TestLayouts(t *testing.T) {
	panel := events.Panel{Title: "One", Text: "a\nb\nc",
		Media:   &events.Media{Type: events.Image, URL: "https://x.example/a.jpg"},
		Options: []events.Option{{Label: "Open", Action: events.ActionURL, Value: "https://x.example"}}}
	for want, c := range map[string]events.Content{
		"a card has at most three lines": {Kind: events.KindCards, Cards: []events.Panel{panel, panel}},
		"an option's id begins or ends with a space": {Kind: events.KindChoice, Choice: &events.Choice{Text: "?",
			Options: []events.Option{{ID: "a ", Label: "A"}}}},
	} {
		if got := whatsapp.Channel.Limits.Takes(c); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// AWS carries Meta's body, and its statuses bring our id back.
func TestSendThroughAWS(t *testing.T) {
	m := overAWS()
	sent, err := whatsapp.Channel.Send(context.Background(), m.env(), outgoing("15550100099", events.NewText("Hi")))
	if err != nil || sent.IDs != nil {
		t.Fatalf("sent as %v, %v", sent, err)
	}
	if got := m.calls[0].URL(); got != "https://social-messaging.eu-west-1.amazonaws.com/v1/whatsapp/send" {
		t.Errorf("called %s", got)
	}
	var call struct {
		OriginationPhoneNumberID, MetaAPIVersion string
		Message                                  []byte
	}
	if err := json.Unmarshal(m.calls[0].Body, &call); err != nil {
		t.Fatal(err)
	}
	const want = `{"messaging_product":"whatsapp","recipient_type":"individual","to":"+15550100099",` +
		`"biz_opaque_callback_data":"msg_a.1","type":"text","text":{"body":"Hi","preview_url":false}}`
	if string(call.Message) != want || call.OriginationPhoneNumberID != "phone-number-id-0123456789" ||
		call.MetaAPIVersion != "v25.0" {
		t.Errorf("called with %s, and\n%s", m.calls[0].Body, call.Message)
	}
	var states []events.State
	for _, w := range m.webhooks {
		w.Received = sendingAt
		play.Platform.Sign(m.account, &w)
		if err := whatsapp.Channel.Verify(m.account, w); err != nil {
			t.Fatal(err)
		}
		evs, err := whatsapp.Channel.Events(m.account, w)
		if err != nil || len(evs) != 1 || evs[0].Data.Status.Correlation != "msg_a.1" {
			t.Fatalf("a status becomes %+v, %v", evs, err)
		}
		states = append(states, evs[0].Data.Status.State)
	}
	if diff := cmp.Diff([]events.State{events.Sent, events.Delivered, events.Read}, states); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
	if !play.Platform.Answers(m.account, m.calls[0].Host) {
		t.Error("AWS' host is none of the account's")
	}
}

func TestCustomerThroughAWS(t *testing.T) {
	m := overAWS()
	r := play.Platform.Customer(m.account, "Hello", 1, sendingAt)
	r.Received = sendingAt
	play.Platform.Sign(m.account, &r)
	evs, err := whatsapp.Channel.Events(m.account, r)
	if err != nil || len(evs) != 1 || evs[0].Type != events.MessageReceived ||
		whatsapp.Channel.Verify(m.account, r) != nil {
		t.Errorf("%+v, %v", evs, err)
	}
}

func TestRefusalsThroughAWS(t *testing.T) {
	for fault, want := range map[stage.Fault]string{
		stage.Throttled: events.ClassRate, stage.Expired: events.ClassAuth, stage.Closed: events.ClassWindow,
		stage.Gone: events.ClassRecipient, stage.Invalid: events.ClassContent,
	} {
		m := overAWS()
		m.fault = fault
		_, err := whatsapp.Channel.Send(context.Background(), m.env(), outgoing("15550100099", events.NewText("Hi")))
		var e *channel.Error
		if !errors.As(err, &e) || e.Class != want || e.Unknown {
			t.Errorf("%s gives %#v, want class %s", fault, err, want)
		}
	}
	m := overAWS()
	m.answer = &channel.Reply{Status: 502,
		Body: []byte(`{"__type":"DependencyException","message":"Meta did not answer"}`)}
	_, err := whatsapp.Channel.Send(context.Background(), m.env(), outgoing("15550100099", events.NewText("Hi")))
	var e *channel.Error
	if !errors.As(err, &e) || e.Class != events.ClassPlatform || !e.Unknown {
		t.Errorf("a failure behind AWS gives %#v", err)
	}
}

func TestRecipients(t *testing.T) {
	group := outgoing("G1", events.NewText("Hi"))
	group.To.Conversation.Kind = events.Group
	code := outgoing("US.77",
		events.Content{Kind: events.KindTemplate, Template: &events.Template{Name: "code", Language: "en",
			Category: "authentication"}})
	code.To.Contact = &events.Contact{Identities: []events.Identity{{Scheme: events.WhatsAppBSUID, Value: "US.77"},
		{Scheme: events.Phone, Value: "15550100099"}}}
	for _, tc := range []struct {
		o    channel.Outgoing
		want map[string]any
	}{
		{outgoing("15550100099", events.NewText("Hi")),
			map[string]any{"to": "+15550100099", "recipient_type": "individual"}},
		{outgoing("+15550100099", events.NewText("Hi")),
			map[string]any{"to": "+15550100099", "recipient_type": "individual"}},
		{outgoing("US.77", events.NewText("Hi")), map[string]any{"recipient": "US.77", "recipient_type": "individual"}},
		{group, map[string]any{"to": "G1", "recipient_type": "group"}},
		{code, map[string]any{"to": "+15550100099", "recipient_type": "individual"}},
	} {
		m := overCloud()
		if _, err := whatsapp.Channel.Send(context.Background(), m.env(), tc.o); err != nil {
			t.Error(err)
		}
		got := m.last(t)
		for name := range got {
			if !slices.Contains([]string{"to", "recipient", "recipient_type"}, name) {
				delete(got, name)
			}
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func TestContents(t *testing.T) {
	option := func(action, value string) events.Content {
		return events.Content{Kind: events.KindChoice, Choice: &events.Choice{Text: "Here", Style: events.StyleButtons,
			Options: []events.Option{{ID: "o", Label: "Open", Action: action, Value: value}}}}
	}
	panel := func(title string) events.Panel {
		return events.Panel{Title: title, Text: "9 €",
			Media:   &events.Media{Type: events.Image, URL: "https://a.example/" + title + ".jpg"},
			Options: []events.Option{{ID: "o", Label: "Buy", Action: events.ActionURL, Value: "https://a.example"}}}
	}
	for name, tc := range map[string]struct {
		content events.Content
		want    string // what the part that type names is
	}{
		"page": {option(events.ActionURL, "https://a.example"),
			`{"type":"cta_url","body":{"text":"Here"},"action":{"name":"cta_url","parameters":{"display_text":"Open",` +
				`"url":"https://a.example"}}}`},
		"place": {option(events.ActionLocation, ""),
			`{"type":"location_request_message","body":{"text":"Here"},"action":{"name":"send_location"}}`},
		"number": {option(events.ActionContact, ""),
			`{"type":"request_contact_info","body":{"text":"Here"},"action":{"name":"request_contact_info"}}`},
		"carousel": {events.Content{Kind: events.KindCards, Cards: []events.Panel{panel("A"), panel("B")}},
			`{"type":"carousel","body":{"text":"A · B"},"action":{"cards":[{"card_index":0,"type":"cta_url",` +
				`"header":{"type":"image","image":{"link":"https://a.example/A.jpg"}},"body":{"text":"A\n9 €"},` +
				`"action":{"name":"cta_url","parameters":{"display_text":"Buy","url":"https://a.example"}}},{"card_index":1,` +
				`"type":"cta_url","header":{"type":"image","image":{"link":"https://a.example/B.jpg"}},"body":{"text":"B\n9 €"},` +
				`"action":{"name":"cta_url","parameters":{"display_text":"Buy","url":"https://a.example"}}}]}}`},
		"flow": {events.Content{Kind: events.KindForm, Form: &events.Form{ID: "770001", Title: "Address", Text: "Where to?",
			Submit: "Fill in"}},
			`{"type":"flow","header":{"type":"text","text":"Address"},"body":{"text":"Where to?"},"action":{"name":"flow",` +
				`"parameters":{"flow_message_version":"3","flow_token":"msg_a.1","flow_id":"770001","flow_cta":"Fill in",` +
				`"flow_action":"navigate"}}}`},
		"template": {events.Content{Kind: events.KindTemplate,
			Template: &events.Template{Name: "order_update", Language: "en_US", Parameters: []events.Field{
				{Name: "header.image", Value: "https://cdn.example/a.jpg"}, {Name: "name", Value: "Ana"},
				{Name: "button.0.quick_reply", Value: "TRACK_1"}, {Name: "button.1.url", Value: "1024"},
				{Name: "button.2.copy_code", Value: "SAVE20"},
			}}}, `{"name":"order_update","language":{"code":"en_US"},"components":[{"type":"header",` +
			`"parameters":[{"type":"image","image":{"link":"https://cdn.example/a.jpg"}}]},{"type":"body",` +
			`"parameters":[{"type":"text","parameter_name":"name","text":"Ana"}]},{"type":"button","sub_type":"quick_reply",` +
			`"index":"0","parameters":[{"type":"payload","payload":"TRACK_1"}]},{"type":"button","sub_type":"url",` +
			`"index":"1","parameters":[{"type":"text","text":"1024"}]},{"type":"button","sub_type":"copy_code","index":"2",` +
			`"parameters":[{"type":"coupon_code","coupon_code":"SAVE20"}]}]}`},
		"native": {events.Content{Kind: events.KindNative,
			Native: &events.Native{Channel: "whatsapp",
				JSON: `{"type":"location","to":"+1999","location":{"latitude":1,"longitude":2}}`}},
			`{"latitude":1,"longitude":2}`},
		"own file": {events.NewMedia(events.Media{Type: events.Image, PlatformID: "330000001"}), `{"id":"330000001"}`},
	} {
		t.Run(name, func(t *testing.T) {
			if p := whatsapp.Channel.Limits.Takes(tc.content); p != "" {
				t.Fatalf("not taken: %s", p)
			}
			m := overCloud()
			if _, err := whatsapp.Channel.Send(context.Background(), m.env(), outgoing("15550100099", tc.content)); err != nil {
				t.Fatalf("%v\n%s", err, m.calls[0].Body)
			}
			got := m.last(t)
			var want any
			if err := json.Unmarshal([]byte(tc.want), &want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got[got["type"].(string)]); diff != "" || got["to"] != "+15550100099" ||
				got["biz_opaque_callback_data"] != "msg_a.1" {
				t.Errorf("to %v (-want +got):\n%s", got["to"], diff)
			}
		})
	}
}

func TestTakes(t *testing.T) {
	list := func(button string, sections ...string) events.Content {
		c := &events.Choice{Text: "x", Style: events.StyleList, Button: button}
		for i, s := range sections {
			c.Options = append(c.Options, events.Option{ID: string(rune('a' + i)), Label: "x", Section: s})
		}
		return events.Content{Kind: events.KindChoice, Choice: c}
	}
	for name, c := range map[string]events.Content{
		"a long button":      list(strings.Repeat("x", 21), ""),
		"a nameless section": list("x", "A", ""),
		"the same title": {Kind: events.KindChoice,
			Choice: &events.Choice{Style: events.StyleButtons,
				Options: []events.Option{{ID: "1", Label: "x"}, {ID: "2", Label: "x"}}}},
		"mixed pictures": {Kind: events.KindCards,
			Cards: []events.Panel{{Media: &events.Media{Type: events.Image}, Options: make([]events.Option, 1)},
				{Media: &events.Media{Type: events.Video}, Options: make([]events.Option, 1)}}},
		"a form elsewhere": {Kind: events.KindForm, Form: &events.Form{ID: "address", Title: "x"}},
		"a loose product":  {Kind: events.KindProduct, Product: &events.Product{ID: "x"}},
		"a large still":    events.NewMedia(events.Media{Type: events.Sticker, Bytes: 200 << 10}),
		"too much text there": {Kind: events.KindLink,
			Link: &events.Link{URL: "https://a.example", Text: strings.Repeat("x", 4000)}},
	} {
		if whatsapp.Channel.Limits.Takes(c) == "" {
			t.Errorf("%s is taken", name)
		}
	}
}

func TestOutside(t *testing.T) {
	for want, list := range map[bool][]events.Content{
		true: {{Kind: events.KindTemplate, Template: &events.Template{}},
			{Kind: events.KindNative, Native: &events.Native{JSON: `{"type":"template"}`}}},
		false: {events.NewText("x"), {Kind: events.KindNative, Native: &events.Native{JSON: `{"type":"text"}`}},
			{Kind: events.KindNative, Native: &events.Native{JSON: `[]`}}},
	} {
		for _, c := range list {
			if got := whatsapp.Channel.Outside(outgoing("1", c)); got != want {
				t.Errorf("Outside(%+v) is %t", c, got)
			}
		}
	}
}

// Styles are written where WhatsApp reads them and nowhere else.
func TestStyles(t *testing.T) {
	e := func(kind string, offset, length int) events.Entity {
		return events.Entity{Type: kind, Offset: offset, Length: length}
	}
	for _, tc := range []struct {
		body     string
		entities []events.Entity
		want     string
	}{
		{"now", []events.Entity{e("bold", 0, 3)}, "*now*"},
		{"😀 now", []events.Entity{e("bold", 3, 3)}, "😀 *now*"},
		{"a b c", []events.Entity{e("bold", 0, 5), e("italic", 2, 1)}, "*a _b_ c*"},
		{"a b", []events.Entity{e("italic", 0, 3), e("bold", 0, 3)}, "_*a b*_"},
		{"a b", []events.Entity{e("bold", 0, 1), e("italic", 2, 1)}, "*a* _b_"},
		{"unbelievable", []events.Entity{e("bold", 2, 7)}, "unbelievable"},
		{" a ", []events.Entity{e("bold", 0, 3)}, " *a* "},
		{"  ", []events.Entity{e("bold", 0, 2)}, "  "},
		{"a\nb", []events.Entity{e("strikethrough", 0, 3)}, "~a~\n~b~"},
		{"a\nb", []events.Entity{e("pre", 0, 3)}, "```a\nb```"},
		{"run x", []events.Entity{e("code", 4, 1)}, "run `x`"},
		{"x", []events.Entity{e("spoiler", 0, 1), e("bold", 0, 9), e("bold", -1, 1)}, "x"},
	} {
		m := overCloud()
		c := events.Content{Kind: events.KindText, Text: &events.Text{Body: tc.body, Entities: tc.entities}}
		if _, err := whatsapp.Channel.Send(context.Background(), m.env(), outgoing("15550100099", c)); err != nil {
			t.Fatal(err)
		}
		if got := m.last(t)["text"].(map[string]any)["body"]; got != tc.want {
			t.Errorf("%q with %v is %q, want %q", tc.body, tc.entities, got, tc.want)
		}
	}
}

func TestErrors(t *testing.T) {
	for name, tc := range map[string]struct {
		status           int
		body             string
		class, code      string
		unknown          bool
		after            time.Duration
		title, forbidden string
	}{
		"with success": {200, `{"error":{"code":131047,"message":"m"}}`, events.ClassWindow, "131047", false, 0, "m", ""},
		"pair limit": {400, `{"error":{"code":131056,"message":"m"}}`, events.ClassRate, "131056", false,
			6 * time.Second, "m", ""},
		"own failure": {500, `{"error":{"code":131000,"message":"m"}}`, events.ClassPlatform, "131000", true, 0, "m",
			""},
		"repeats a token": {401, `{"error":{"code":190,"message":"Malformed access token EAAG-token"}}`, events.ClassAuth,
			"190", false, 0, "Malformed access token [token]", "EAAG-token"},
		"no such number": {400, `{"error":{"code":100,"error_subcode":33,"message":"m"}}`, events.ClassAuth, "100", false, 0,
			"m", ""},
		"no id": {200, `{"messages":[]}`, events.ClassPlatform, "", true, 0, "answered without a message id", ""},
	} {
		m := overCloud()
		m.answer = &channel.Reply{Status: tc.status, Body: []byte(tc.body)}
		_, err := whatsapp.Channel.Send(context.Background(), m.env(), outgoing("15550100099", events.NewText("Hi")))
		var e *channel.Error
		if !errors.As(err, &e) || e.Class != tc.class || e.Code != tc.code || e.Unknown != tc.unknown ||
			e.RetryAfter != tc.after || e.Title != tc.title {
			t.Errorf("%s: %#v", name, err)
		}
	}
	m := &meta{account: channel.NewAccount("demo", "", nil)}
	_, err := whatsapp.Channel.Send(context.Background(), m.env(), outgoing("15550100099", events.NewText("Hi")))
	var e *channel.Error
	if !errors.As(err, &e) || e.Class != events.ClassAuth || m.calls != nil {
		t.Errorf("without a token: %v after %d calls", err, len(m.calls))
	}
}

// A message that Meta holds back for a while is sent, with a note.
func TestHeldMessage(t *testing.T) {
	m := overCloud()
	m.answer = &channel.Reply{Status: 200,
		Body: []byte(`{"messages":[{"id":"wamid.1","message_status":"held_for_quality_assessment"}]}`)}
	sent, err := whatsapp.Channel.Send(context.Background(), m.env(), outgoing("15550100099", events.NewText("Hi")))
	if diff := cmp.Diff(channel.Sent{IDs: []string{"wamid.1"}, Note: "held for quality assessment"}, sent); diff != "" ||
		err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestFetch(t *testing.T) {
	m := overCloud()
	file, err := whatsapp.Channel.Fetch(context.Background(), m.env(), events.Media{PlatformID: "330000001"})
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if text, _ := io.ReadAll(file); string(text) != "a picture" || len(m.calls) != 2 ||
		m.calls[1].Host != "lookaside.fbsbx.com" {
		t.Errorf("fetched %q in %d calls", text, len(m.calls))
	}
	for name, tc := range map[string]struct {
		reply channel.Reply
		class string
	}{
		"a file elsewhere": {channel.Reply{Status: 200, Body: []byte(`{"url":"https://evil.example/x"}`)},
			events.ClassPlatform},
		"a file gone": {channel.Reply{Status: 400, Body: []byte(`{"error":{"code":100,"message":"no such object"}}`)},
			events.ClassMedia},
	} {
		m := overCloud()
		m.answer = &tc.reply
		_, err := whatsapp.Channel.Fetch(context.Background(), m.env(), events.Media{PlatformID: "330000001"})
		var e *channel.Error
		if !errors.As(err, &e) || e.Class != tc.class || len(m.calls) != 1 {
			t.Errorf("%s gives %v after %d calls", name, err, len(m.calls))
		}
	}
	if _, err := whatsapp.Channel.Fetch(context.Background(), overAWS().env(),
		events.Media{PlatformID: "330000001"}); err == nil {
		t.Error("AWS hands out a file")
	}
}

func TestActNeedsAMessage(t *testing.T) {
	for _, a := range []events.Action{{Verb: events.ActTyping, Active: true},
		{Verb: events.ActEdit, Message: &events.Ref{PlatformID: "wamid.1"}}} {
		m := overCloud()
		if err := whatsapp.Channel.Act(context.Background(), m.env(), channel.Recipient{}, a); err == nil || m.calls != nil {
			t.Errorf("%s: %v after %d calls", a.Verb, err, len(m.calls))
		}
	}
	m := overAWS()
	if err := whatsapp.Channel.Act(context.Background(), m.env(), channel.Recipient{},
		events.Action{Verb: events.ActRead, Message: &events.Ref{PlatformID: "wamid.1"}}); err != nil {
		t.Errorf("through AWS: %v", err)
	}
}
