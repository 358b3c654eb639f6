package sms_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/sms"
	"github.com/relais-dev/relais/functions/channels/sms/play"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/exam"
)

func Test(t *testing.T)             { exam.Run(t, sms.Channel, play.Platform) }
func FuzzChannel(f *testing.F)      { exam.Fuzz(f, sms.Channel, play.Platform) }
func BenchmarkChannel(b *testing.B) { exam.Bench(b, sms.Channel, play.Platform) }

// The published vectors.
const (
	vectorToken = "0123456789abcdef0123456789abcdef"
	vectorURL   = "https://hooks.example.com/prod/twilio/sms"
	vectorBody  = "ToCountry=GB&MessageSid=SM00000000000000000000000000000001&" +
		"AccountSid=AC00000000000000000000000000000001&From=%2B447700900123&To=%2B447700900456&" +
		"Body=It%27s+5%25+off+%26+more+%F0%9F%98%80&NumMedia=0&FromCity="
	vector     = "WhDo4pLP0Zbz+Vad/MfpCYxX59k="
	vectorJSON = `{"Timestamp":"2026-08-01T12:00:00Z","Sid":"EZ1"}`
	jsonQuery  = "bodySHA256=68c2f815808652c70739dab0db53b1ad24320185ce874cee4de3adcc3ec15bc8"
)

const topic = "arn:aws:sns:eu-west-1:111122223333:sms-in"

var received = time.Date(2026, 8, 1, 16, 0, 0, 0, time.UTC)

func twilio(address, tokens string) channel.Account {
	a, err := channel.ParseAccount("demo", address, []byte(`{"auth_token":`+tokens+`}`), nil)
	if err != nil {
		panic(err)
	}
	return a
}

func request(query, body string) channel.Request {
	return channel.Request{Method: "POST", RawQuery: query, Header: http.Header{}, Body: []byte(body), Received: received}
}

func TestVerify(t *testing.T) {
	right := `"` + vectorToken + `"`
	const events = "https://hooks.example.com/prod/twilio/events"
	for _, tc := range []struct{ name, url, tokens, query, body, signature, want string }{
		{"vector", vectorURL, right, "tenant=t1", vectorBody, vector, ""},
		{"signed with the port", vectorURL, right, "tenant=t1", vectorBody, "UeDHD0mG8sU1llgNuSKrpTxKXC0=", ""},
		{"configured with the port", "https://hooks.example.com:443/prod/twilio/sms", right, "tenant=t1", vectorBody, vector,
			""},
		{"the second token", vectorURL, `["new", ` + right + `]`, "tenant=t1", vectorBody, vector, ""},
		{"in another order", vectorURL, right, "tenant=t1", "FromCity=&" + strings.TrimSuffix(vectorBody, "&FromCity="),
			vector, ""},
		{"JSON", events, right, jsonQuery, vectorJSON, "vxiriySZaGqebbWMfp8BdlBe6Eg=", ""},
		{"URL alone, as of a GET", vectorURL, right, "Body=Hi%20you&MessageSid=SM1", "", "X65B4gHjpb8ibLz4LCvpe8tHk2Q=", ""},
		{"another JSON", events, right, jsonQuery, vectorJSON + " ", "vxiriySZaGqebbWMfp8BdlBe6Eg=", channel.Malformed},
		{"JSON without its digest", vectorURL, right, "tenant=t1", vectorJSON, vector, channel.BadSignature},
		{"another query", vectorURL, right, "tenant=t2", vectorBody, vector, channel.BadSignature},
		{"query spelled anew", vectorURL, right, "Body=Hi+you&MessageSid=SM1", "", "X65B4gHjpb8ibLz4LCvpe8tHk2Q=",
			channel.BadSignature},
		{"another path", vectorURL + "/", right, "tenant=t1", vectorBody, vector, channel.BadSignature},
		{"http", "http://hooks.example.com/prod/twilio/sms", right, "tenant=t1", vectorBody, vector, channel.BadSignature},
		{"another port", "https://hooks.example.com:8443/prod/twilio/sms", right, "tenant=t1", vectorBody, vector,
			channel.BadSignature},
		{"an empty parameter left out", vectorURL, right, "tenant=t1", strings.TrimSuffix(vectorBody, "&FromCity="), vector,
			channel.BadSignature},
		{"a parameter more", vectorURL, right, "tenant=t1", vectorBody + "&A=b", vector, channel.BadSignature},
		{"not a form", vectorURL, right, "tenant=t1", "a=%zz", vector, channel.Malformed},
		{"another token", vectorURL, `"1123456789abcdef0123456789abcdef"`, "tenant=t1", vectorBody, vector,
			channel.BadSignature},
		{"no token", vectorURL, `[]`, "tenant=t1", vectorBody, vector, channel.BadSignature},
		{"unsigned", vectorURL, right, "tenant=t1", vectorBody, "", channel.NoSignature},
		{"doubled", vectorURL, right, "tenant=t1", vectorBody, vector + "," + vector, channel.Malformed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := request(tc.query, tc.body)
			if tc.signature != "" {
				r.Header.Set("X-Twilio-Signature", tc.signature)
			}
			got := ""
			if err := sms.Channel.Verify(twilio(tc.url, tc.tokens), r); err != nil {
				got = channel.RefusalReason(err)
			}
			if got != tc.want {
				t.Errorf("reason is %q, want %q", got, tc.want)
			}
		})
	}
}

// Of a name that is given twice Twilio's libraries sign the first value, or all of
// them sorted; what is read is the first.
func TestRepeatedParameters(t *testing.T) {
	a := twilio(vectorURL, `"`+vectorToken+`"`)
	for name, signed := range map[string]string{"all values": "A=1&A=2", "the first": "A=2"} {
		r := request("", signed)
		play.Platform.Sign(a, &r)
		r.Body = []byte("A=2&A=1&A=2")
		if err := sms.Channel.Verify(a, r); err != nil {
			t.Errorf("signed %s: %v", name, err)
		}
		r.Body = []byte("A=3&A=2")
		if sms.Channel.Verify(a, r) == nil {
			t.Errorf("signed %s: another first value is accepted", name)
		}
	}
}

func TestSamples(t *testing.T) {
	for body, want := range map[string][]events.Type{
		"MessageSid=MM00000000000000000000000000000002&AccountSid=AC00000000000000000000000000000001&From=%2B15550100099&" +
			"To=%2B15550100001&Body=my+receipt&NumMedia=1&MediaContentType0=image%2Fjpeg&" +
			"MediaUrl0=https%3A%2F%2Fapi.twilio.com%2F2010-04-01%2FAccounts%2FAC1%2FMessages%2FMM2%2FMedia%2FME3&" +
			"NumSegments=1&SmsStatus=received": {events.MessageReceived},
		"MessageSid=SM00000000000000000000000000000003&AccountSid=AC1&From=%2B15550100099&To=%2B15550100001&Body=STOP&" +
			"OptOutType=STOP&NumMedia=0": {events.MessageReceived, events.ConsentChanged},
		"MessageSid=SM00000000000000000000000000000004&AccountSid=AC1&MessageStatus=undelivered&ErrorCode=30003&" +
			"To=%2B15550100099&From=%2B15550100001": {events.MessageStatus},
		"MessageSid=SM1":                                                  {events.IngestUnsupported},
		"MessageSid=SM1&MessageStatus=sent":                               {events.MessageStatus},
		"MessageSid=SM1&From=rcs:&Body=x":                                 {events.MessageReceived},
		"MessageSid=SM1&From=%3A&NumMedia=9999999999":                     {events.MessageReceived},
		"MessageSid=SM1&From=1&Latitude=NaN&Longitude=1e400":              {events.MessageReceived},
		"MessageSid=SM1&From=1&MediaUrl0=%25&MediaUrl1=https://a.example": {events.MessageReceived},
	} {
		evs, err := sms.Channel.Events(twilio(vectorURL, `"x"`), request("", body))
		var got []events.Type
		for _, e := range evs {
			got = append(got, e.Type)
		}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", body, err, diff)
		}
	}
}

// posted is what becomes of a message that AWS publishes.
func posted(t *testing.T, message string) []events.Event {
	t.Helper()
	body, err := json.Marshal(map[string]string{"Type": "Notification", "MessageId": "m1", "TopicArn": topic,
		"Message": message})
	if err != nil {
		t.Fatal(err)
	}
	a, r := channel.NewAccount("demo", "", map[string]string{"topic_arn": topic}), request("", string(body))
	r.Header.Set("X-Amz-Sns-Message-Type", "Notification")
	play.Platform.Sign(a, &r)
	if err := sms.Channel.Verify(a, r); err != nil {
		t.Error(err)
	}
	evs, err := sms.Channel.Events(a, r)
	if err != nil {
		t.Errorf("%s: %v", message, err)
	}
	return evs
}

// The published samples of AWS, and each of their values replaced by others: always
// an event, never a crash.
func TestAWSMessages(t *testing.T) {
	const inbound = `{"originationNumber":"+15550100099","destinationNumber":"+15550100001",` +
		`"messageKeyword":"KEYWORD_5550100001","messageBody":"Hello","inboundMessageId":"in-0001",` +
		`"previousPublishedMessageId":"out-0009"}`
	const event = `{"eventType":"TEXT_DELIVERED","eventVersion":"1.0","eventTimestamp":1785600060000,"isFinal":true,` +
		`"originationPhoneNumber":"+15550100001","destinationPhoneNumber":"+15550100099","isoCountryCode":"US",` +
		`"mcc":"310","mnc":"260","carrierName":"demo","messageId":"out-0009","messageRequestTimestamp":1785600050000,` +
		`"messageEncoding":"GSM","messageType":"TRANSACTIONAL","messageStatus":"DELIVERED","messageStatusDescription":"…",` +
		`"context":{"ourId":"o-9"},"totalMessageParts":1,"totalMessagePrice":0.0075,"totalCarrierFee":0.003}`
	for message, want := range map[string]events.Type{inbound: events.MessageReceived, event: events.MessageStatus} {
		if evs := posted(t, message); len(evs) != 1 || evs[0].Type != want {
			t.Fatalf("%s becomes %+v", message, evs)
		}
		var members map[string]any
		if err := json.Unmarshal([]byte(message), &members); err != nil {
			t.Fatal(err)
		}
		for name, good := range members {
			for _, bad := range []any{nil, "", " ", 0, -1, 1e300, 9223372036854775807, true, []any{}, map[string]any{"x": 1}} {
				members[name] = bad
				text, err := json.Marshal(members)
				if err != nil {
					t.Fatal(err)
				}
				if evs := posted(t, string(text)); len(evs) == 0 {
					t.Errorf("%s is %v: no event", name, bad)
				}
			}
			members[name] = good
		}
	}
}

func TestConsent(t *testing.T) {
	for body, want := range map[string]string{
		"STOP": events.ConsentWithdrawn, " stop\n": events.ConsentWithdrawn, "Opt out": events.ConsentWithdrawn,
		"START":  events.ConsentGiven,
		"unstop": events.ConsentGiven, "YES": "", "HELP": "", "please stop": "", "STOP.": "", "stop it": "",
	} {
		form := url.Values{"MessageSid": {"SM1"}, "From": {"+15550100099"}, "Body": {body}}
		for from, want := range map[string]string{"+15550100099": want, "whatsapp:+15550100099": ""} {
			form.Set("From", from)
			evs, err := sms.Channel.Events(twilio(vectorURL, `"x"`), request("", form.Encode()))
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if len(evs) > 1 {
				got = evs[1].Data.Consent.State
			}
			if got != want {
				t.Errorf("%q from %s: %q, want %q", body, from, got, want)
			}
		}
	}
}

func TestAck(t *testing.T) {
	r := request("", vectorBody)
	if got := sms.Channel.Ack(channel.Account{}, r, channel.Receipt{}); got.Body != "<Response></Response>" ||
		got.ContentType != "text/xml" {
		t.Errorf("Twilio hears %+v", got)
	}
	r.Header.Set("X-Amz-Sns-Message-Type", "Notification")
	if got := sms.Channel.Ack(channel.Account{}, r, channel.Receipt{}); got.Body != "" {
		t.Errorf("SNS hears %+v", got)
	}
}
