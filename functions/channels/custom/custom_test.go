package custom_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/custom"
	"github.com/relais-dev/relais/functions/channels/custom/play"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/exam"
)

func Test(t *testing.T)             { exam.Run(t, custom.Channel, play.Platform) }
func FuzzChannel(f *testing.F)      { exam.Fuzz(f, custom.Channel, play.Platform) }
func BenchmarkChannel(b *testing.B) { exam.Bench(b, custom.Channel, play.Platform) }

// The vectors of Standard Webhooks: bytes 00 to 17 and 18 to 2f (hex) as secrets,
// bytes 00 to 1f as the seed of a key pair.
const (
	vectorID   = "msg_2demo0000000000000000001"
	vectorTime = "1785600000"
	vectorBody = `{"type":"message.created","timestamp":"2026-08-01T16:00:00Z","data":{"id":"m1"}}`

	secret1 = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
	secret2 = "whsec_GBkaGxwdHh8gISIjJCUmJygpKissLS4v"
	public  = "whpk_A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="

	v1By1 = "v1,hobYvp0HlUrPgmBx/ZetHNe+wk2gR46o1BshC30SBMk="
	v1By2 = "v1,pBPH1TDqaNWHat02MEQN40qBelug2FEbp0om161ZZ+Y="
	v1a   = "v1a,kMq1QBX3EhzvzZNiMQOkD1XrwLdcbY02ObBfki/VH+1hec2KPLQh5XHuOevqlcMpBP8LFcCY40W1RuqTFLMJCg=="
)

var received = time.Unix(1785600000, 0).UTC()

func account(t testing.TB, credentials string) channel.Account {
	t.Helper()
	a, err := channel.ParseAccount("demo", "", []byte(credentials), nil)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func request(id, at, signature, body string) channel.Request {
	r := channel.Request{Method: "POST", Header: http.Header{}, Body: []byte(body), Received: received}
	for name, value := range map[string]string{"webhook-id": id, "webhook-timestamp": at,
		"webhook-signature": signature} {
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	return r
}

func TestVerify(t *testing.T) {
	one := `{"inbound_secret":"` + secret1 + `"}`
	key := `{"inbound_public_key":"` + public + `"}`
	all := `{"inbound_secret":["` + secret1 + `","` + secret2 + `"],"inbound_public_key":"` + public + `"}`
	unused := "v1," + base64.StdEncoding.EncodeToString(make([]byte, 32))
	for _, tc := range []struct {
		name, credentials, id, at, signature, body string
		want                                       string
	}{
		{"v1", one, vectorID, vectorTime, v1By1, vectorBody, ""},
		{"v1a", key, vectorID, vectorTime, v1a, vectorBody, ""},
		{"either credential, v1", all, vectorID, vectorTime, v1By1, vectorBody, ""},
		{"either credential, v1a", all, vectorID, vectorTime, v1a, vectorBody, ""},
		{"the second of two secrets", all, vectorID, vectorTime, v1By2, vectorBody, ""},
		{"rotation at the bridge, ours is first", one, vectorID, vectorTime, v1By1 + " " + v1By2, vectorBody, ""},
		{"rotation at the bridge, ours is second", one, vectorID, vectorTime, v1By2 + " " + v1By1, vectorBody, ""},
		{"v1a before v1", one, vectorID, vectorTime, v1a + " " + v1By1, vectorBody, ""},
		{"a version of the future beside", one, vectorID, vectorTime, "v2,bmV3 " + v1By1, vectorBody, ""},

		{"no id", one, "", vectorTime, v1By1, vectorBody, channel.NoSignature},
		{"no time", one, vectorID, "", v1By1, vectorBody, channel.NoSignature},
		{"no signature", one, vectorID, vectorTime, "", vectorBody, channel.NoSignature},
		{"another secret", one, vectorID, vectorTime, v1By2, vectorBody, channel.BadSignature},
		{"another body", one, vectorID, vectorTime, v1By1, vectorBody + " ", channel.BadSignature},
		{"another id", one, vectorID + "2", vectorTime, v1By1, vectorBody, channel.BadSignature},
		{"another time", one, vectorID, "1785600001", v1By1, vectorBody, channel.BadSignature},
		{"only a version of the future", one, vectorID, vectorTime, "v2" + v1By1[2:], vectorBody, channel.BadSignature},
		{"no version", one, vectorID, vectorTime, v1By1[3:], vectorBody, channel.BadSignature},
		{"a version and nothing else", one, vectorID, vectorTime, "v1", vectorBody, channel.BadSignature},
		{"an empty signature", one, vectorID, vectorTime, "v1,", vectorBody, channel.BadSignature},
		{"only spaces", one, vectorID, vectorTime, "  ", vectorBody, channel.BadSignature},
		{"a signature with spaces about", one, vectorID, vectorTime, " " + v1By2 + "  " + v1By1 + " ", vectorBody, ""},
		{"something without a version beside", one, vectorID, vectorTime, "none " + v1By1, vectorBody, ""},
		{"v1 without a secret", key, vectorID, vectorTime, v1By1, vectorBody, channel.BadSignature},
		{"v1a without a key", one, vectorID, vectorTime, v1a, vectorBody, channel.BadSignature},
		{"the public key as a secret", `{"inbound_secret":"whsec_` + public[5:] + `"}`, vectorID, vectorTime, v1a,
			vectorBody, channel.BadSignature},
		{"doubled header, good first", one, vectorID, vectorTime, v1By1 + "," + unused, vectorBody, channel.Malformed},
		{"doubled header, bad first", one, vectorID, vectorTime, unused + ", " + v1By1, vectorBody, channel.Malformed},
		{"more signatures than a rotation has", one, vectorID, vectorTime, strings.Repeat(unused+" ", 8) + v1By1, vectorBody,
			channel.Malformed},
		{"an id with a dot", one, "msg_2demo.1785600000", vectorTime, v1By1, vectorBody, channel.Malformed},
		{"a doubled id", one, vectorID + "," + vectorID, vectorTime, v1By1, vectorBody, channel.Malformed},
		{"a short id", one, "msg_123", vectorTime, v1By1, vectorBody, channel.Malformed},
		{"a time with a fraction", one, vectorID, "1785600000.5", v1By1, vectorBody, channel.Malformed},
		{"a signed time", one, vectorID, "+1785600000", v1By1, vectorBody, channel.Malformed},

		{"no credential", `{}`, vectorID, vectorTime, v1By1, vectorBody, channel.NoSecret},
		{"empty credentials", `{"inbound_secret":"","inbound_public_key":" "}`, vectorID, vectorTime, v1By1, vectorBody,
			channel.NoSecret},
		{"a secret of no bytes", `{"inbound_secret":"whsec_"}`, vectorID, vectorTime, v1By1, vectorBody, channel.NoSecret},
		{"a secret too short", `{"inbound_secret":"whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRY="}`, vectorID, vectorTime, v1By1,
			vectorBody, channel.NoSecret},
		{"a secret without its prefix", `{"inbound_secret":"` + secret1[6:] + `"}`, vectorID, vectorTime, v1By1, vectorBody,
			""},
		{"a secret that is no base64", `{"inbound_secret":"correct-horse-battery-staple-"}`, vectorID, vectorTime, v1By1,
			vectorBody, channel.NoSecret},
		{"a secret with another prefix", `{"inbound_secret":"whsk_` + secret1[6:] + `"}`, vectorID, vectorTime, v1By1,
			vectorBody, channel.NoSecret},
		{"a key without its prefix", `{"inbound_public_key":"` + public[5:] + `"}`, vectorID, vectorTime, v1a, vectorBody,
			""},
		{"a key too short", `{"inbound_public_key":"whpk_AAEC"}`, vectorID, vectorTime, v1a, vectorBody, channel.NoSecret},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := custom.Channel.Verify(account(t, tc.credentials), request(tc.id, tc.at, tc.signature, tc.body))
			if tc.want == "" && err != nil {
				t.Fatalf("refused: %v", err)
			}
			if tc.want != "" && (err == nil || channel.RefusalReason(err) != tc.want) {
				t.Errorf("Verify gives %v, want the reason %q", err, tc.want)
			}
		})
	}
}

// The two serialisations of the vector's private key are one key, and it made v1a.
func TestVectorOfThePrivateKey(t *testing.T) {
	const (
		seed     = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
		expanded = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8DoQe/884Qvh1w3RjnS8CZZ+TWMJulDV8d3IZkElUxuA=="
	)
	short, _ := base64.StdEncoding.DecodeString(seed)
	long, _ := base64.StdEncoding.DecodeString(expanded)
	private := ed25519.NewKeyFromSeed(short)
	if !private.Equal(ed25519.PrivateKey(long)) {
		t.Error("the serialisations differ")
	}
	sum := ed25519.Sign(private, []byte(vectorID+"."+vectorTime+"."+vectorBody))
	if got := "v1a," + base64.StdEncoding.EncodeToString(sum); got != v1a {
		t.Errorf("signature is %q, want %q", got, v1a)
	}
}

// A header that stands twice is one header to API Gateway: nobody looks at half of it.
func TestRepeatedHeaders(t *testing.T) {
	a := account(t, `{"inbound_secret":"`+secret1+`"}`)
	for name, second := range map[string]string{
		"webhook-id": "msg_another", "webhook-timestamp": vectorTime, "webhook-signature": v1By2,
	} {
		r := request(vectorID, vectorTime, v1By1, vectorBody)
		r.Header.Add(name, second)
		if err := custom.Channel.Verify(a, r); err == nil || channel.RefusalReason(err) != channel.Malformed {
			t.Errorf("%s twice: %v, want the reason %q", name, err, channel.Malformed)
		}
	}
}

func TestTolerance(t *testing.T) {
	a := account(t, `{"inbound_secret":"`+secret1+`"}`)
	for _, tc := range []struct {
		late time.Duration
		want string
	}{
		{0, ""}, {300 * time.Second, ""}, {-300 * time.Second, ""},
		{301 * time.Second, channel.Stale}, {-301 * time.Second, channel.Stale},
	} {
		r := request(vectorID, vectorTime, v1By1, vectorBody)
		r.Received = received.Add(tc.late)
		err := custom.Channel.Verify(a, r)
		if (err == nil) != (tc.want == "") || err != nil && channel.RefusalReason(err) != tc.want {
			t.Errorf("received %v after signing: %v, want the reason %q", tc.late, err, tc.want)
		}
		// Who does not know the secret learns nothing about our clock.
		r.Header.Set("webhook-signature", v1By2)
		if err := custom.Channel.Verify(a, r); err == nil || channel.RefusalReason(err) != channel.BadSignature {
			t.Errorf("received %v after signing, signature wrong: %v, want the reason %q", tc.late, err, channel.BadSignature)
		}
	}
}

func TestSignGivesTheVector(t *testing.T) {
	r := request(vectorID, "", "", vectorBody)
	play.Platform.Sign(account(t, `{"inbound_secret":["`+secret1+`","`+secret2+`"]}`), &r)
	if got := r.Header.Get("webhook-signature"); got != v1By1 {
		t.Errorf("signature is %q, want %q", got, v1By1)
	}
	if got := r.Header.Get("webhook-timestamp"); got != vectorTime {
		t.Errorf("timestamp is %q, want %q", got, vectorTime)
	}
}

func TestAck(t *testing.T) {
	for _, tc := range []struct {
		receipt channel.Receipt
		status  string
	}{
		{channel.Receipt{New: 1}, "accepted"}, {channel.Receipt{New: 1, Duplicates: 4}, "accepted"},
		{channel.Receipt{}, "accepted"},
		{channel.Receipt{Duplicates: 1}, "duplicate"},
	} {
		got := custom.Channel.Ack(channel.Account{}, request(vectorID, vectorTime, v1By1, vectorBody), tc.receipt)
		want := channel.Response{Status: 202, ContentType: "application/json",
			Body: `{"id":"` + vectorID + `","status":"` + tc.status + `"}`}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", tc.receipt, diff)
		}
	}
}

// deliver is what becomes of a delivery.
func deliver(t *testing.T, id, body string) []events.Event {
	t.Helper()
	evs, err := custom.Channel.Events(account(t, `{}`), request(id, vectorTime, v1By1, body))
	if err != nil {
		t.Fatal(err)
	}
	return evs
}

// created is a message.created with more members of data.
func created(external, conversation, more string) string {
	return fmt.Sprintf(`{"type":"message.created","timestamp":"2026-08-01T16:00:00Z","data":{
		"externalMessageId":%q,"conversation":{"externalId":%q},
		"user":{"externalId":"u"},"content":{"kind":"text","text":"hi"}%s}}`, external, conversation, more)
}

func TestWhatIsOneEvent(t *testing.T) {
	typing := `{"type":"typing","timestamp":"2026-08-01T16:00:00Z","data":{"conversation":{"externalId":"c"},` +
		`"user":{"externalId":"u"}}}`
	item := func(id, event string) string {
		return `{"type":"batch","data":{"events":[{"id":"` + id + `",` + event[1:] + `]}}`
	}
	for _, tc := range []struct {
		name    string
		id1, b1 string
		id2, b2 string
		same    bool
	}{
		{name: "a retry", id1: "delivery_1", b1: typing, id2: "delivery_1", b2: typing, same: true},
		{name: "the same fact twice", id1: "delivery_1", b1: typing, id2: "delivery_2", b2: typing},
		{name: "a message, retried under another id", id1: "delivery_1", b1: created("m", "c", ""), id2: "delivery_2",
			b2: created("m", "c", ""), same: true},
		{name: "a message's id in another conversation", id1: "delivery_1", b1: created("m", "c", ""), id2: "delivery_2",
			b2: created("m", "d", "")},
		{name: "ids that meet at the colon", id1: "delivery_1", b1: created("b:c", "a", ""), id2: "delivery_2",
			b2: created("c", "a:b", "")},
		{name: "an id that ends with a colon", id1: "delivery_1", b1: created("m", "c", ""), id2: "delivery_2",
			b2: created("m:", "c", "")},
		{name: "ids that differ in case", id1: "delivery_1", b1: created("m", "c", ""), id2: "delivery_2",
			b2: created("M", "c", "")},
		{name: "an item, retried in another batch", id1: "delivery_1", b1: item("event_01", typing), id2: "delivery_2",
			b2: item("event_01", typing), same: true},
		{name: "two items", id1: "delivery_1", b1: item("event_01", typing), id2: "delivery_1",
			b2: item("event_02", typing)},
		{name: "an item without an id, retried", id1: "delivery_1", b1: item("", typing), id2: "delivery_1",
			b2: item("", typing), same: true},
		{name: "an item without an id, in another batch", id1: "delivery_1", b1: item("", typing), id2: "delivery_2",
			b2: item("", typing)},
		{name: "alone first, then in a batch", id1: "event_01", b1: typing, id2: "delivery_2", b2: item("event_01", typing),
			same: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			first, second := deliver(t, tc.id1, tc.b1), deliver(t, tc.id2, tc.b2)
			if len(first) != 1 || len(second) != 1 {
				t.Fatalf("%d and %d events, want one each", len(first), len(second))
			}
			if same := first[0].ID == second[0].ID; same != tc.same {
				t.Errorf("same event: %v, want %v (keys %q and %q)", same, tc.same, first[0].Key, second[0].Key)
			}
		})
	}
}

// Two readers of one delivery must not see two senders (RELIABILITY: JSON parser
// differentials).
func TestWhatIsSaidTwiceIsNotBelieved(t *testing.T) {
	envelope := func(data string) string {
		return `{"type":"message.created","timestamp":"2026-08-01T16:00:00Z","data":{` + data + `}}`
	}
	const rest = `"externalMessageId":"m","conversation":{"externalId":"c"},"content":{"kind":"text","text":"hi"}`
	for _, tc := range []struct {
		name, body string
		malformed  bool
	}{
		{"once", envelope(rest + `,"user":{"externalId":"a"}`), false},
		{"one name in several objects", envelope(rest + `,"user":{"externalId":"c"},"title":"x"`), false},
		{"a sender's id twice", envelope(rest + `,"user":{"externalId":"a","externalId":"b"}`), true},
		{"a sender's id in two cases", envelope(rest + `,"user":{"externalId":"a","EXTERNALID":"b"}`), true},
		{"a sender's id, spelled with an escape", envelope(rest + `,"user":{"externalId":"a","extern\u0061lId":"b"}`), true},
		{"a sender's id, spelled with a long s",
			envelope(rest + `,"user":{"externalId":"a"},"u\u017fer":{"externalId":"b"}`), true},
		{"two senders", envelope(rest + `,"user":{"externalId":"a"},"User":{"externalId":"b"}`), true},
		{"two texts", envelope(`"text":"x",` + rest[:len(rest)-1] + `,"text":"ho"},"user":{"externalId":"a"}`), true},
		{"two types", `{"TYPE":"typing",` + envelope(rest + `,"user":{"externalId":"a"}`)[1:], true},
		{"a text that ends with a backslash, then two senders",
			envelope(`"title":"\\",` + rest + `,"user":{"externalId":"a"},"user":{}`), true},
		{"text that looks like members", envelope(rest + `,"user":{"externalId":"a"},"title":"\":{\"user\":1,\"user\":"`),
			false},
		{"more members than anyone needs", envelope(rest + `,"user":{"externalId":"a"` + manyMembers(200) + `}`), true},
		{"many members", envelope(rest + `,"user":{"externalId":"a"` + manyMembers(100) + `}`), false},
		{"two senders after a list", envelope(`"x":[{"a":1,"a":2}],` + rest + `,"user" : {"externalId":"a"},"user"	:{}`),
			true},
		{"the platform's own raw", envelope(rest + `,"user":{"externalId":"a"},"raw":{"ID":1,"id":2}`), false},
		{"what a person entered", envelope(`"externalMessageId":"m","conversation":{"externalId":"c"},
			"user":{"externalId":"a"},
			"content":{"kind":"form_response","formId":"f","fields":[{"id":"x","value":{"A":1,"a":2}}]}`), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, body := range []string{tc.body, `{"type":"batch","data":{"events":[` + tc.body + `]}}`} {
				evs := deliver(t, "delivery_1", body)
				if len(evs) != 1 || (evs[0].Data.Unsupported != nil) != tc.malformed {
					t.Fatalf("%d events, the first is %s; malformed is to be %v", len(evs), evs[0].Type, tc.malformed)
				}
				if u := evs[0].Data.Unsupported; u != nil && (u.Reason != channel.Malformed || evs[0].Data.Contact != nil) {
					t.Errorf("reason %q, contact %+v; nobody may be named", u.Reason, evs[0].Data.Contact)
				}
			}
		})
	}
}

func manyMembers(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"x%d":1`, i)
	}
	return b.String()
}

func TestAnswersSayWhatTheyAnswer(t *testing.T) {
	answer := strings.Replace(created("m", "room 7", `,"replyTo":{"externalMessageId":"q"}`),
		`{"kind":"text","text":"hi"}`,
		`{"kind":"form_response","formId":"f","fields":[{"id":"x","value":"y"}]}`, 1)
	in := deliver(t, "delivery_1", answer)[0].Data.Interaction
	if in == nil || in.Of == nil || in.Of.PlatformID != "room+7:q" {
		t.Errorf("interaction is %+v, want one of room+7:q", in)
	}
}

func TestMessagesFindEachOther(t *testing.T) {
	first := deliver(t, "delivery_1", created("m", "room 7", ""))[0].Data.Message
	reply := deliver(t, "delivery_2", created("n", "room 7", `,"replyTo":{"externalMessageId":"m"}`))[0].Data.Message
	if reply.ReplyTo == nil || reply.ReplyTo.ID != first.ID {
		t.Errorf("the reply is to %+v, want %s", reply.ReplyTo, first.ID)
	}
	ofOurs := deliver(t, "delivery_3", created("o", "room 7", `,"replyTo":{"messageId":"m"}`))[0].Data.Message
	if ofOurs.ReplyTo == nil || ofOurs.ReplyTo.ID == first.ID {
		t.Errorf("a reply to our message m is to %+v, which is the person's", ofOurs.ReplyTo)
	}
}

func TestTimes(t *testing.T) {
	sent := time.Date(2026, 8, 1, 15, 59, 59, 812e6, time.UTC)
	for _, tc := range []struct {
		name, body string
		want       time.Time
	}{
		{"sentAt first", created("m", "c", `,"sentAt":"2026-08-01T17:59:59.812+02:00"`), sent},
		{"then timestamp", created("m", "c", ""), received},
		{"then the receipt", strings.Replace(created("m", "c", ""), "2026-08-01T16", "sometime", 1), received},
		{"a year that UTC cannot write", created("m", "c", `,"sentAt":"9999-12-31T23:59:59-23:59"`), received},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := deliver(t, "delivery_1", tc.body)[0].Time; !got.Equal(tc.want) {
				t.Errorf("time is %v, want %v", got, tc.want)
			}
		})
	}
	if got := deliver(t, "delivery_1", created("m", "c", `,"seq":7`))[0].Rank; got != 7 {
		t.Errorf("rank is %d, want seq", got)
	}
}

func TestContact(t *testing.T) {
	for _, tc := range []struct {
		name, user string
		want       events.Contact
	}{
		{"verified", `"phone":"+905551234567","email":"a@example.com","verified":true`, events.Contact{
			Phone: "+905551234567", Email: "a@example.com",
			Identities: []events.Identity{{Scheme: events.External, Value: "u"},
				{Scheme: events.Phone, Value: "+905551234567", Verified: "platform"},
				{Scheme: events.Email, Value: "a@example.com", Verified: "platform"}}}},
		{"not verified", `"phone":"905551234567","email":"a@example.com"`, events.Contact{
			Phone: "+905551234567", Email: "a@example.com",
			Identities: []events.Identity{{Scheme: events.External, Value: "u"}}}},
		{"no phone number", `"phone":"+90 555","verified":true`,
			events.Contact{Identities: []events.Identity{{Scheme: events.External, Value: "u"}}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			body := strings.Replace(created("m", "c", ""), `"user":{`, `"user":{`+tc.user+`,`, 1)
			got := *deliver(t, "delivery_1", body)[0].Data.Contact
			got.ID = ""
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("contact (-want +got):\n%s", diff)
			}
		})
	}
}

func TestBodies(t *testing.T) {
	items := func(n int) string {
		return `{"type":"batch","data":{"events":[` + strings.TrimSuffix(strings.Repeat(`{},`, n), ",") + `]}}`
	}
	for _, tc := range []struct {
		name, body string
		events     int
		ok         bool
	}{
		{"the vector, which lacks a conversation", vectorBody, 1, true},
		{"an empty batch", items(0), 0, true},
		{"50 in a batch", items(50), 50, true},
		{"51 in a batch", items(51), 0, false},
		{"a batch of two lists", `{"type":"batch","data":{"events":[{}],"events":[]}}`, 0, false},
		{"a batch of two kinds", `{"Type":"typing","type":"batch","data":{"events":[{}]}}`, 0, false},
		{"a batch without a list", `{"type":"batch","data":{}}`, 0, false},
		{"a batch without data", `{"type":"batch"}`, 0, false},
		{"no type", `{"data":{}}`, 0, false},
		{"no data", `{"type":"typing"}`, 1, true},
		{"empty", "", 0, false},
		{"truncated", vectorBody[:40], 0, false},
		{"an array", "[" + vectorBody + "]", 0, false},
		{"two documents", vectorBody + vectorBody, 0, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			evs, err := custom.Channel.Events(account(t, `{}`), request(vectorID, vectorTime, v1By1, tc.body))
			if (err == nil) != tc.ok || len(evs) != tc.events {
				t.Errorf("%d events and %v, want %d", len(evs), err, tc.events)
			}
		})
	}
}

const place = `"conversation":{"externalId":"c"},"user":{"externalId":"u"}`

// What lacks its essentials is kept as it came, and harms nothing beside it.
func TestMalformedItems(t *testing.T) {
	long := strings.Repeat("x", 257)
	for _, item := range []string{
		`null`, `1`, `"x"`, `[]`, `{}`, `{"type":{}}`, `{"type":"typing","data":7}`, `{"type":"typing","data":{}}`,
		`{"type":"message.created","data":{` + place + `}}`,
		`{"type":"message.created","data":{` + place + `,"externalMessageId":"m"}}`,
		`{"type":"message.created","data":{` + place + `,"content":{"kind":"text"}}}`,
		`{"type":"message.created","data":{` + place + `,"externalMessageId":" ","content":{"kind":"text"}}}`,
		`{"type":"message.created","data":{` + place + `,"externalMessageId":"` + long + `","content":{"kind":"text"}}}`,
		`{"type":"message.created","data":{"conversation":{"externalId":"c"},"externalMessageId":"m",` +
			`"content":{"kind":"text"}}}`,
		`{"type":"message.created","data":{"user":{"externalId":"u"},"externalMessageId":"m","content":{"kind":"text"}}}`,
		`{"type":"typing","data":{"conversation":{"externalId":""},"user":{"externalId":"u"}}}`,
		`{"type":"typing","data":{"conversation":{"externalId":"#account"},"user":{"externalId":"u"}}}`,
		`{"type":"typing","data":{"conversation":{"externalId":"c","kind":"account"},"user":{"externalId":"u"}}}`,
		`{"type":"typing","data":{"conversation":{"externalId":"c"},"user":{"externalId":"` + long + `"}}}`,
		`{"type":"message.updated","data":{` + place + `}}`, `{"type":"message.deleted","data":{` + place + `}}`,
		`{"type":"reaction.changed","data":{` + place + `,"emoji":"x"}}`, `{"type":"reaction.changed","data":{` + place +
			`,"messageId":"m"}}`,
		`{"type":"postback","data":{` + place + `}}`,
		`{"type":"receipt","data":{` + place + `,"messageId":"m","status":"queued"}}`,
		`{"type":"receipt","data":{` + place + `,"messageId":"c:m","status":"read"}}`,
		`{"type":"receipt","data":{` + place + `,"status":"read"}}`,
		`{"type":"receipt","data":{"externalMessageId":"m","status":"read"}}`,
		`{"type":"user.updated","data":{}}`, `{"type":"conversation.updated","data":{` + place + `}}`,
		`{"type":"conversation.closed","data":{}}`,
	} {
		t.Run(item, func(t *testing.T) {
			evs := deliver(t, "delivery_1", `{"type":"batch","data":{"events":[`+item+`,`+created("good", "c", "")+`]}}`)
			if len(evs) != 2 || evs[1].Type != events.MessageReceived {
				t.Fatalf("%d events, the good one is lost", len(evs))
			}
			bad := evs[0].Data.Unsupported
			if evs[0].Type != events.IngestUnsupported || bad.Reason != channel.Malformed || bad.Raw != item {
				t.Errorf("became %s with %+v", evs[0].Type, bad)
			}
		})
	}
}

// A person's message is kept even when one of its parts is not understood.
func TestContentThatIsNotUnderstood(t *testing.T) {
	for _, content := range []string{
		`{}`, `{"kind":"hologram"}`, `{"kind":"image"}`, `{"kind":"sticker","emoji":"x"}`, `{"kind":"location","lat":1}`,
		`{"kind":"contact"}`,
		`{"kind":"form_response"}`, `{"kind":"selection"}`, `{"kind":"payment","ref":"r","status":"maybe"}`,
		`{"kind":"payment","status":"paid"}`, `{"kind":"unsupported"}`,
	} {
		body := strings.Replace(created("m", "c", ""), `{"kind":"text","text":"hi"}`, content, 1)
		e := deliver(t, "delivery_1", body)[0]
		if e.Type != events.MessageReceived || e.Data.Message.Content[0].Kind != events.KindUnsupported ||
			e.Data.Message.Content[0].Unsupported.Raw != content {
			t.Errorf("%s became %s", content, e.Type)
		}
	}
}

func TestErrorClasses(t *testing.T) {
	for class, want := range map[string]events.StatusError{
		"retryable": {Class: events.ClassPlatform, Retryable: true}, "permanent": {Class: events.ClassUnknown},
		"window": {Class: events.ClassWindow}, "auth": {Class: events.ClassAuth}, "": {Class: events.ClassUnknown},
		"recipient": {Class: events.ClassRecipient}, "rate": {Class: events.ClassRate, Retryable: true},
		"unknown": {Class: events.ClassUnknown},
	} {
		body := `{"type":"receipt","data":{"messageId":"m_1","status":"failed","error":{"code":"7","class":"` + class +
			`","detail":"why"}}}`
		want.Code, want.Title = "7", "why"
		if diff := cmp.Diff(&want, deliver(t, "delivery_1", body)[0].Data.Status.Error); diff != "" {
			t.Errorf("class %q (-want +got):\n%s", class, diff)
		}
	}
}

// FuzzItem grows one item of a batch: whatever it is, both items come out.
func FuzzItem(f *testing.F) {
	f.Add(created("m", "c", `,"seq":1,"sentAt":"2026-08-01T16:00:00Z","replyTo":{"messageId":"x"},`+
		`"context":{"referral":{"source":"ad"}}`))
	f.Add(`{"type":"reaction.changed","data":{` + place + `,"emoji":"x","messageId":"m","removed":true}}`)
	f.Add(`{"type":"receipt","data":{` + place + `,"messageId":"m","status":"failed","error":{"class":"auth"}}}`)
	f.Add(`{"type":"message.updated","data":{` + place +
		`,"externalMessageId":"m","content":{"kind":"payment","ref":"r","status":"paid","amountMinor":1}}}`)
	f.Add(`{"type":"message.deleted","data":{"conversation":{"externalId":"c","kind":"group"},"externalMessageId":"m"}}`)
	f.Add(`{"type":"user.updated","data":{"user":{"externalId":"u","phone":"1"}}}`)
	f.Fuzz(func(t *testing.T, item string) {
		body := `{"type":"batch","data":{"events":[` + created("good", "c", "") + `,` + item + `]}}`
		if !json.Valid([]byte(body)) {
			return
		}
		evs, err := custom.Channel.Events(account(t, `{}`), request("delivery_1", vectorTime, v1By1, body))
		if err != nil && strings.Count(item, ",") < 50 {
			t.Fatalf("one item loses the delivery: %v", err)
		}
		if err == nil && len(evs) < 2 {
			t.Fatalf("%d events, want 2", len(evs))
		}
	})
}
