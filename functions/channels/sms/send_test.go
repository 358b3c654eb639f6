package sms_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/sms"
	"github.com/relais-dev/relais/functions/channels/sms/play"
	"github.com/relais-dev/relais/shared/channel"
	stage "github.com/relais-dev/relais/shared/stage/play"
)

// provider is the double as an HTTP client. It remembers the calls and what is to be
// posted to our webhooks.
type provider struct {
	account  channel.Account
	fault    stage.Fault
	answers  []channel.Reply // instead of the double's, in this order
	calls    []stage.Call
	webhooks []channel.Request
}

func (p *provider) Do(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	call := stage.Call{Host: r.URL.Host, Fault: p.fault,
		Request: channel.Request{Method: r.Method, Path: r.URL.EscapedPath(), RawQuery: r.URL.RawQuery, Header: r.Header,
			Body: body, Received: received}}
	p.calls = append(p.calls, call)
	var reply channel.Reply
	if n := len(p.calls); n <= len(p.answers) {
		reply = p.answers[n-1]
	} else {
		a := play.Platform.Answer(p.account, call)
		reply, p.webhooks = a.Reply, append(p.webhooks, a.Posts...)
	}
	return &http.Response{StatusCode: reply.Status, Header: reply.Header,
		Body: io.NopCloser(bytes.NewReader(reply.Body))}, nil
}

func (p *provider) env() channel.Env {
	return channel.Env{Account: p.account, HTTP: p, Now: received}
}

func overTwilio(sender string) *provider {
	return &provider{account: channel.NewAccount("demo", "https://relais.example/webhooks/sms/demo", map[string]string{
		"auth_token": vectorToken, "account_sid": "AC1", "sender": sender,
	})}
}

func overAWS() *provider {
	return &provider{account: channel.NewAccount("demo", "https://relais.example/webhooks/sms/demo", map[string]string{
		"topic_arn": topic, "aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "wJalrXUtnFEMI",
		"sender": "pool-01", "configuration_set": "relais",
	})}
}

func outgoing(to string, c events.Content) channel.Outgoing {
	return channel.Outgoing{ID: "msg_a.1", Content: []events.Content{c},
		To: channel.Recipient{Conversation: events.Conversation{PlatformID: to, Kind: events.Direct}}}
}

func TestSendThroughTwilio(t *testing.T) {
	const hx, mg = "HX00000000000000000000000000000001", "MG00000000000000000000000000000001"
	for name, tc := range map[string]struct {
		sender, to string
		content    events.Content
		want       url.Values
	}{
		"number": {"+15550100001", "+15550100099", events.NewText("Hi"),
			url.Values{"From": {"+15550100001"}, "To": {"+15550100099"}, "Body": {"Hi"}}},
		"no plus sign": {"+15550100001", "15550100099", events.NewText("Hi"),
			url.Values{"From": {"+15550100001"}, "To": {"+15550100099"}, "Body": {"Hi"}}},
		"short code": {"12345", "+15550100099", events.NewText("Hi"),
			url.Values{"From": {"12345"}, "To": {"+15550100099"}, "Body": {"Hi"}}},
		"service": {mg, "+15550100099", events.NewText("Hi"),
			url.Values{"MessagingServiceSid": {mg}, "To": {"+15550100099"}, "Body": {"Hi"}}},
		"another channel": {"+15550100001", "whatsapp:+15550100099", events.NewText("Hi"),
			url.Values{"From": {"whatsapp:+15550100001"}, "To": {"whatsapp:+15550100099"}, "Body": {"Hi"}}},
		"the channel's own": {"rcs:shop", "rcs:+15550100099", events.NewText("Hi"),
			url.Values{"From": {"rcs:shop"}, "To": {"rcs:+15550100099"}, "Body": {"Hi"}}},
		"template": {mg, "whatsapp:+15550100099",
			events.Content{Kind: events.KindTemplate,
				Template: &events.Template{Name: hx, Parameters: []events.Field{{Name: "1", Value: "Ana"}}}},
			url.Values{"MessagingServiceSid": {mg}, "To": {"whatsapp:+15550100099"}, "ContentSid": {hx},
				"ContentVariables": {`{"1":"Ana"}`}}},
		"native": {mg, "+15550100099",
			events.Content{Kind: events.KindNative,
				Native: &events.Native{JSON: `{"Body":"Hi","ValidityPeriod":"600","To":"+1999"}`}},
			url.Values{"MessagingServiceSid": {mg}, "To": {"+15550100099"}, "Body": {"Hi"}, "ValidityPeriod": {"600"}}},
	} {
		t.Run(name, func(t *testing.T) {
			p := overTwilio(tc.sender)
			sent, err := sms.Channel.Send(context.Background(), p.env(), outgoing(tc.to, tc.content))
			if err != nil || len(sent.IDs) != 1 {
				t.Fatalf("sent as %v, %v", sent, err)
			}
			got, err := url.ParseQuery(string(p.calls[0].Body))
			if err != nil {
				t.Fatal(err)
			}
			tc.want.Set("StatusCallback", "https://relais.example/webhooks/sms/demo?id=msg_a.1")
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			p.bringsBack(t, sent.IDs[0])
		})
	}
}

// bringsBack checks that the provider's statuses name the message by its id and ours.
func (p *provider) bringsBack(t *testing.T, id string) {
	t.Helper()
	if len(p.webhooks) == 0 {
		t.Error("no status")
	}
	for _, w := range p.webhooks {
		w.Received = received
		play.Platform.Sign(p.account, &w)
		if err := sms.Channel.Verify(p.account, w); err != nil {
			t.Fatal(err)
		}
		evs, err := sms.Channel.Events(p.account, w)
		if err != nil || len(evs) != 1 || evs[0].Data.Status.Correlation != "msg_a.1" ||
			evs[0].Data.Status.Message.PlatformID != id {
			t.Errorf("a status becomes %+v, %v", evs, err)
		}
	}
}

func TestSendThroughAWS(t *testing.T) {
	bulk := outgoing("15550100099", events.NewText("Hi"))
	bulk.Bulk = true
	for name, tc := range map[string]struct {
		o    channel.Outgoing
		want map[string]any
	}{
		"text": {outgoing("+15550100099", events.NewText("Hi")),
			map[string]any{"MessageBody": "Hi", "MessageType": "TRANSACTIONAL"}},
		"bulk": {bulk, map[string]any{"MessageBody": "Hi", "MessageType": "PROMOTIONAL"}},
		"file": {outgoing("+15550100099",
			events.NewMedia(events.Media{Type: events.Image, URL: "https://a.example/x.jpg", Caption: "Look"})),
			map[string]any{"MessageBody": "Look\nhttps://a.example/x.jpg", "MessageType": "TRANSACTIONAL"}},
		"native": {outgoing("+15550100099",
			events.Content{Kind: events.KindNative, Native: &events.Native{JSON: `{"MessageBody":"Hi","MaxPrice":"0.05"}`}}),
			map[string]any{"MessageBody": "Hi", "MessageType": "TRANSACTIONAL", "MaxPrice": "0.05"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := overAWS()
			sent, err := sms.Channel.Send(context.Background(), p.env(), tc.o)
			if err != nil || len(sent.IDs) != 1 {
				t.Fatalf("sent as %v, %v", sent, err)
			}
			var got map[string]any
			if err := json.Unmarshal(p.calls[0].Body, &got); err != nil {
				t.Fatal(err)
			}
			tc.want["DestinationPhoneNumber"], tc.want["OriginationIdentity"], tc.want["ConfigurationSetName"] = "+15550100099",
				"pool-01", "relais"
			tc.want["Context"] = map[string]any{"id": "msg_a.1"}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if c := p.calls[0]; c.URL() != "https://sms-voice.eu-west-1.amazonaws.com/" ||
				!play.Platform.Answers(p.account, c.Host) {
				t.Errorf("called %s", c.URL())
			}
			p.bringsBack(t, sent.IDs[0])
		})
	}
}

// TestNobodysNumberThroughAWS: AWS names the member that it does not take.
func TestNobodysNumberThroughAWS(t *testing.T) {
	o := outgoing("whatsapp:+15550100099", events.NewText("Hi"))
	_, err := sms.Channel.Send(context.Background(), overAWS().env(), o)
	var e *channel.Error
	if !errors.As(err, &e) || e.Class != events.ClassRecipient {
		t.Errorf("%#v, want recipient", err)
	}
}

// TestLongLinksThroughAWS: a file goes as its URL, which AWS counts as it does the text.
// https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/API_SendTextMessage.html
func TestLongLinksThroughAWS(t *testing.T) {
	p := overAWS()
	_, err := sms.Channel.Send(context.Background(), p.env(), outgoing("+15550100099", events.NewMedia(events.Media{
		Type: events.Image, URL: "https://a.example/" + strings.Repeat("x", 500), Caption: strings.Repeat("a", 1200)})))
	var e *channel.Error
	if !errors.As(err, &e) || e.Class != events.ClassContent || e.Remedy == "" || len(p.calls) > 0 {
		t.Errorf("%#v after %d calls, want class content and none", err, len(p.calls))
	}
}

func TestRefusalsThroughAWS(t *testing.T) {
	for fault, want := range map[stage.Fault]string{
		stage.Throttled: events.ClassRate, stage.Expired: events.ClassAuth, stage.Gone: events.ClassConsent,
		stage.Invalid: events.ClassContent,
	} {
		p := overAWS()
		p.fault = fault
		_, err := sms.Channel.Send(context.Background(), p.env(), outgoing("+15550100099", events.NewText("Hi")))
		var e *channel.Error
		if !errors.As(err, &e) || e.Class != want || e.Unknown {
			t.Errorf("%s gives %#v, want class %s", fault, err, want)
		}
	}
	for refusal, want := range map[string]string{
		`"ConflictException","Reason":"DESTINATION_PHONE_NUMBER_NOT_VERIFIED"`:                       events.ClassAuth,
		`"ConflictException","Reason":"DESTINATION_PHONE_NUMBER_BLOCKED_BY_PROTECT_NUMBER_OVERRIDE"`: events.ClassRecipient,
		`"ConflictException","Reason":"NUMBER_CAPABILITIES_MISMATCH"`:                                events.ClassAuth,
		`"ServiceQuotaExceededException","Reason":"MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT"`:            events.ClassRate,
		`"ValidationException","Reason":"SENDER_ID_NOT_REGISTERED"`:                                  events.ClassAuth,
		`"ValidationException","Reason":"DESTINATION_COUNTRY_BLOCKED"`:                               events.ClassRecipient,
		`"ValidationException","Reason":"PRICE_OVER_THRESHOLD"`:                                      events.ClassPolicy,
		`"ValidationException","Reason":"INVALID_PARAMETER"`:                                         events.ClassContent,
		`"AccessDeniedException","Reason":"ACCOUNT_DISABLED"`:                                        events.ClassAuth,
	} {
		p := overAWS()
		p.answers = []channel.Reply{{Status: 400, Body: []byte(`{"__type":` + refusal + `}`)}}
		_, err := sms.Channel.Send(context.Background(), p.env(), outgoing("+15550100099", events.NewText("Hi")))
		var e *channel.Error
		if !errors.As(err, &e) || e.Class != want {
			t.Errorf("%s gives %#v, want class %s", refusal, err, want)
		}
	}
}

func TestRefusalsOfTwilio(t *testing.T) {
	for code, want := range map[string]string{
		"21610": events.ClassConsent, "21211": events.ClassRecipient, "21408": events.ClassAuth, "21606": events.ClassAuth,
		"30034": events.ClassAuth, "21701": events.ClassAuth, "21608": events.ClassAuth, "30035": events.ClassAuth,
		"21617": events.ClassContent, "21620": events.ClassMedia, "30007": events.ClassPolicy, "20429": events.ClassRate,
		"20003": events.ClassAuth, "30022": events.ClassRate, "30023": events.ClassRate, "30036": events.ClassRate,
		"63016": events.ClassWindow, "99999": events.ClassContent, "63014": events.ClassConsent,
		"21265": events.ClassRecipient, "21635": events.ClassRecipient, "21655": events.ClassTemplate,
		"21656": events.ClassTemplate, "21624": events.ClassContent, "63034": events.ClassMedia,
	} {
		p := overTwilio("+15550100001")
		p.answers = []channel.Reply{{Status: 400, Body: []byte(`{"code":` + code + `,"message":"m","status":400}`)}}
		_, err := sms.Channel.Send(context.Background(), p.env(), outgoing("+15550100099", events.NewText("Hi")))
		var e *channel.Error
		if !errors.As(err, &e) || e.Class != want || e.Code != code || e.Unknown {
			t.Errorf("%s gives %#v, want class %s", code, err, want)
		}
	}
}

// TestNobodyAnswersAShortCode: Twilio does not send to one, and its word for it is told.
// https://www.twilio.com/docs/api/errors/21265
func TestNobodyAnswersAShortCode(t *testing.T) {
	p := overTwilio("+15550100001")
	_, err := sms.Channel.Send(context.Background(), p.env(), outgoing("72975", events.NewText("Hi")))
	var e *channel.Error
	if !errors.As(err, &e) || e.Class != events.ClassRecipient || e.Code != "21265" {
		t.Errorf("%#v, want recipient 21265", err)
	}
}

func TestIncompleteAccounts(t *testing.T) {
	for name, values := range map[string]map[string]string{
		"no sender": {"auth_token": "t", "account_sid": "AC1"}, "no sid": {"auth_token": "t", "sender": "+1555"},
		"nothing":  {"sender": "+1555"},
		"no topic": {"aws_access_key_id": "id", "aws_secret_access_key": "secret", "sender": "+1555"},
	} {
		p := &provider{account: channel.NewAccount("demo", "", values)}
		_, err := sms.Channel.Send(context.Background(), p.env(), outgoing("+15550100099", events.NewText("Hi")))
		var e *channel.Error
		if !errors.As(err, &e) || e.Class != events.ClassAuth || p.calls != nil {
			t.Errorf("%s: %v after %d calls", name, err, len(p.calls))
		}
	}
}

// What a text costs is told as a note: parts hold 160 septets or 70 units of UCS-2
// alone and fewer together, and no character is cut in two.
func TestParts(t *testing.T) {
	for name, tc := range map[string]struct{ text, want string }{
		"one":                   {strings.Repeat("a", 160), ""},
		"two":                   {strings.Repeat("a", 161), "2 parts of GSM-7"},
		"two full":              {strings.Repeat("a", 306), "2 parts of GSM-7"},
		"three":                 {strings.Repeat("a", 307), "3 parts of GSM-7"},
		"signs that count two":  {strings.Repeat("€", 81), "2 parts of GSM-7"},
		"one that is not cut":   {strings.Repeat("a", 152) + "€" + strings.Repeat("a", 152), "3 parts of GSM-7"},
		"one of UCS-2":          {strings.Repeat("я", 70), ""},
		"two of UCS-2":          {strings.Repeat("я", 71), "2 parts of UCS-2"},
		"one emoji changes all": {strings.Repeat("a", 69) + "😀", "2 parts of UCS-2"},
		"emoji are not cut":     {strings.Repeat("😀", 67), "3 parts of UCS-2"},
	} {
		p := overTwilio("+15550100001")
		sent, err := sms.Channel.Send(context.Background(), p.env(), outgoing("+15550100099", events.NewText(tc.text)))
		if err != nil || sent.Note != tc.want {
			t.Errorf("%s: %q, %v; want %q", name, sent.Note, err, tc.want)
		}
	}
}

// The credentials go to Twilio's hosts and stay behind when it sends us on.
func TestFetch(t *testing.T) {
	const file = "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1"
	p := overTwilio("+15550100001")
	p.answers = []channel.Reply{{Status: 302, Header: http.Header{"Location": {"https://mms.twiliocdn.com/x?sig=1"}}},
		{Status: 200, Body: []byte("a picture")}}
	body, err := sms.Channel.Fetch(context.Background(), p.env(), events.Media{URL: file})
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	if text, _ := io.ReadAll(body); string(text) != "a picture" || len(p.calls) != 2 {
		t.Errorf("fetched %q in %d calls", text, len(p.calls))
	}
	if p.calls[0].Header.Get("Authorization") == "" || p.calls[1].Header.Get("Authorization") != "" {
		t.Error("the credentials went to another host, or not to Twilio")
	}
	hop := channel.Reply{Status: 302, Header: http.Header{"Location": {file}}}
	for name, tc := range map[string]struct {
		url     string
		answers []channel.Reply
	}{
		"a circle":       {file, []channel.Reply{hop, hop, hop, hop}},
		"gone":           {file, []channel.Reply{{Status: 404, Body: []byte(`{"code":20404,"message":"not found"}`)}}},
		"no address":     {"", nil},
		"not encrypted":  {"http://api.twilio.com/x", nil},
		"sent to a file": {file, []channel.Reply{{Status: 302, Header: http.Header{"Location": {"file:///etc/passwd"}}}}},
	} {
		p := overTwilio("+15550100001")
		p.answers = tc.answers
		_, err := sms.Channel.Fetch(context.Background(), p.env(), events.Media{URL: tc.url})
		var e *channel.Error
		if !errors.As(err, &e) || e.Class != events.ClassMedia {
			t.Errorf("%s gives %v", name, err)
		}
	}
	p = overTwilio("+15550100001")
	p.answers = []channel.Reply{{Status: 200, Body: []byte("x")}}
	if _, err := sms.Channel.Fetch(context.Background(), p.env(),
		events.Media{URL: "https://api.twilio.com.evil.example/x"}); err != nil ||
		p.calls[0].Header.Get("Authorization") != "" {
		t.Errorf("the credentials went to a host like Twilio's (%v)", err)
	}
}

func TestOutside(t *testing.T) {
	template := events.Content{Kind: events.KindTemplate, Template: &events.Template{}}
	for _, tc := range []struct {
		to      string
		content events.Content
		want    bool
	}{
		{"+15550100099", events.NewText("x"), true}, {"rcs:+15550100099", events.NewText("x"), true},
		{"whatsapp:+15550100099", events.NewText("x"), false}, {"whatsapp:+15550100099", template, true},
	} {
		if got := sms.Channel.Outside(outgoing(tc.to, tc.content)); got != tc.want {
			t.Errorf("to %s, a %s: %t", tc.to, tc.content.Kind, got)
		}
	}
}

func TestCustomerThroughAWS(t *testing.T) {
	p := overAWS()
	r := play.Platform.Customer(p.account, "Hello", 1, received)
	r.Received = received
	play.Platform.Sign(p.account, &r)
	evs, err := sms.Channel.Events(p.account, r)
	if err != nil || len(evs) != 1 || evs[0].Type != events.MessageReceived || sms.Channel.Verify(p.account, r) != nil {
		t.Errorf("%+v, %v", evs, err)
	}
}
