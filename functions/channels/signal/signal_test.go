package signal_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/signal"
	"github.com/relais-dev/relais/functions/channels/signal/play"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/exam"
)

func Test(t *testing.T)             { exam.Run(t, signal.Channel, play.Platform) }
func FuzzChannel(f *testing.F)      { exam.Fuzz(f, signal.Channel, play.Platform) }
func BenchmarkChannel(b *testing.B) { exam.Bench(b, signal.Channel, play.Platform) }

var received = time.Date(2026, 8, 1, 16, 0, 0, 0, time.UTC)

// The vector of Standard Webhooks' v1, and its second secret during a rotation.
const (
	vectorSecret    = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
	vectorSecond    = "whsec_GBkaGxwdHh8gISIjJCUmJygpKissLS4v"
	vectorID        = "msg_2demo0000000000000000001"
	vectorTime      = "1785600000"
	vectorBody      = `{"type":"message.created","timestamp":"2026-08-01T16:00:00Z","data":{"id":"m1"}}`
	vectorSignature = "v1,hobYvp0HlUrPgmBx/ZetHNe+wk2gR46o1BshC30SBMk="
	vectorRotated   = "v1,pBPH1TDqaNWHat02MEQN40qBelug2FEbp0om161ZZ+Y="
)

func account(secret string) channel.Account {
	return channel.NewAccount("demo", "", map[string]string{
		"inbound_secret": secret, "number": "+15559990000", "aci": "0a0a0a0a-0000-4000-8000-00000000000a"})
}

func request(body string) channel.Request {
	return channel.Request{Method: "POST", Header: http.Header{}, Body: []byte(body), Received: received}
}

func TestVerify(t *testing.T) {
	for _, tc := range []struct {
		name, secret, id, at, signature, want string
	}{
		{"vector", vectorSecret, vectorID, vectorTime, vectorSignature, ""},
		{"secret without its prefix", vectorSecret[6:], vectorID, vectorTime, vectorSignature, ""},
		{"rotation", vectorSecond, vectorID, vectorTime, vectorSignature + " " + vectorRotated, ""},
		{"unknown version beside it", vectorSecret, vectorID, vectorTime, "v9,AAAA " + vectorSignature, ""},
		{"no signature", vectorSecret, vectorID, vectorTime, "", channel.NoSignature},
		{"no id", vectorSecret, "", vectorTime, vectorSignature, channel.NoSignature},
		{"no time", vectorSecret, vectorID, "", vectorSignature, channel.NoSignature},
		{"id with a dot", vectorSecret, "msg_2demo.1785600000", vectorTime, vectorSignature, channel.Malformed},
		{"time of another form", vectorSecret, vectorID, "1.7856e9", vectorSignature, channel.Malformed},
		{"another secret", vectorSecond, vectorID, vectorTime, vectorSignature, channel.BadSignature},
		{"doubled header", vectorSecret, vectorID, vectorTime, vectorSignature + "," + vectorSignature, channel.Malformed},
		{"too many", vectorSecret, vectorID, vectorTime, strings.Repeat("v1,AAAA ", 8) + vectorSignature, channel.Malformed},
		{"old", vectorSecret, vectorID, "1785599000", vectorSignature, channel.BadSignature},
		{"short secret", "whsec_AAECAwQF", vectorID, vectorTime, vectorSignature, channel.NoSecret},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := request(vectorBody)
			for name, value := range map[string]string{"webhook-id": tc.id, "webhook-timestamp": tc.at,
				"webhook-signature": tc.signature} {
				if value != "" {
					r.Header.Set(name, value)
				}
			}
			err := signal.Channel.Verify(account(tc.secret), r)
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
	r.Header.Set("Webhook-Id", vectorID)
	play.Platform.Sign(account(vectorSecret), &r)
	if got := r.Header.Get("Webhook-Signature"); got != vectorSignature {
		t.Errorf("signature is %q, want %q", got, vectorSignature)
	}
}

const alice = `"sourceNumber":"+15550001111","sourceUuid":"0f0e0d0c-0000-4000-8000-000000000001",` +
	`"timestamp":1785599990000`

// parse is what becomes of an envelope with these members.
func parse(t *testing.T, members string) []events.Event {
	t.Helper()
	evs, err := signal.Channel.Events(account(vectorSecret),
		request(`{"params":{"envelope":{`+members+`},"account":"+15559990000"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if len(evs) == 0 {
		t.Fatal("no event")
	}
	return evs
}

func TestThreeForms(t *testing.T) {
	const notice = `{"envelope":{` + alice +
		`,"dataMessage":{"timestamp":1785599990000,"message":"hi"}},"account":"+15559990000"}`
	var first string
	for _, body := range []string{
		notice, `{"jsonrpc":"2.0","method":"receive","params":` + notice + `}`,
		`{"jsonrpc":"2.0","method":"receive","params":{"subscription":0,"result":` + notice + `}}`,
	} {
		evs, err := signal.Channel.Events(account(vectorSecret), request(body))
		if err != nil || len(evs) != 1 || evs[0].Type != events.MessageReceived {
			t.Fatalf("%s gives %v and %v", body, evs, err)
		}
		if first == "" {
			first = evs[0].ID
		}
		if evs[0].ID != first {
			t.Errorf("%s: another id", body)
		}
	}
}

// Quotes, reactions, receipts and deletions find a message of ours by one id,
// however its author is named.
func TestOurOwnMessagesHaveOneID(t *testing.T) {
	const group = `"groupInfo":{"groupId":"R3JvdXAx","type":"DELIVER"}`
	const number, aci = `"targetAuthorNumber":"+15559990000"`, `"targetAuthorUuid":"0a0a0a0a-0000-4000-8000-00000000000a"`
	for name, tc := range map[string]struct{ members, want string }{
		"direct, by UUID": {
			`,"reaction":{"emoji":"👍","targetAuthorUuid":"99999999-0000-4000-8000-000000000009",` +
				`"targetSentTimestamp":1785599980000}`, "self:1785599980000"},
		"direct, by number": {`,"reaction":{"emoji":"👍",` + number + `,"targetSentTimestamp":1785599980000}`,
			"self:1785599980000"},
		"group, by UUID": {`,` + group + `,"reaction":{"emoji":"👍",` + aci + `,"targetSentTimestamp":1785599980000}`,
			"self:1785599980000"},
		"group, by number": {`,` + group + `,"reaction":{"emoji":"👍",` + number + `,"targetSentTimestamp":1785599980000}`,
			"self:1785599980000"},
		"direct, her own": {
			`,"reaction":{"emoji":"👍","targetAuthorUuid":"0f0e0d0c-0000-4000-8000-000000000001",` +
				`"targetSentTimestamp":1785599980000}`, "0f0e0d0c-0000-4000-8000-000000000001:1785599980000"},
		"group, a third": {`,` + group +
			`,"reaction":{"emoji":"👍","targetAuthorUuid":"cccccccc-0000-4000-8000-00000000000c",` +
			`"targetSentTimestamp":1785599980000}`, "cccccccc-0000-4000-8000-00000000000c:1785599980000"},
	} {
		e := parse(t, alice+`,"dataMessage":{"timestamp":1785599990000`+tc.members+`}`)[0]
		if e.Data.Reaction == nil || e.Data.Reaction.Target.PlatformID != tc.want {
			t.Errorf("%s: %s %+v, want the target %s", name, e.Type, e.Data.Reaction, tc.want)
		}
	}
	for _, e := range parse(t,
		alice+`,"receiptMessage":{"when":1785599990000,"isRead":true,"timestamps":[1785599980000]}`) {
		if got := e.Data.Status.Message.PlatformID; got != "self:1785599980000" {
			t.Errorf("the receipt is about %q", got)
		}
	}
}

// An envelope that lacks what its kind must hold is kept whole.
func TestIncompleteEnvelopesAreKept(t *testing.T) {
	for _, members := range []string{
		``, `"timestamp":1785599990000`, alice, alice + `,"dataMessage":{}`,
		alice + `,"dataMessage":{"timestamp":"x","message":"hi"}`,
		alice + `,"dataMessage":{"timestamp":1,"reaction":{}}`, alice + `,"dataMessage":{"timestamp":1,"remoteDelete":{}}`,
		alice + `,"dataMessage":{"timestamp":1,"adminDelete":{"targetSentTimestamp":1}}`,
		alice + `,"dataMessage":{"timestamp":1,"pollVote":{}}`,
		alice + `,"dataMessage":{"timestamp":1,"pollTerminate":{}}`,
		alice + `,"dataMessage":{"timestamp":1,"pinMessage":{}}`,
		alice + `,"editMessage":{}`, alice + `,"editMessage":{"targetSentTimestamp":1,"dataMessage":{}}`,
		alice + `,"receiptMessage":{"isRead":true}`, alice + `,"receiptMessage":{"timestamps":[1]}`,
		alice + `,"typingMessage":{}`,
		alice + `,"syncMessage":{"sentMessage":{"timestamp":1,"message":"to nobody"}}`,
		alice + `,"syncMessage":{"sentMessage":{"editMessage":{"targetSentTimestamp":1,"dataMessage":{"timestamp":1}}}}`,
		alice + `,"syncMessage":{"readMessages":[]}`,
	} {
		evs := parse(t, members)
		if len(evs) != 1 || evs[0].Type != events.IngestUnsupported || evs[0].Data.Unsupported.Raw == "" {
			t.Errorf("{%s}: %d events, the first %s", members, len(evs), evs[0].Type)
		}
	}
}

func TestEntitiesStayInside(t *testing.T) {
	e := parse(t, alice+`,"dataMessage":{"timestamp":1,"message":"\ufffc see 🎉 bold",
		"mentions":[{"start":0,"length":1,"uuid":"u2"},
		{"start":0,"length":99,"uuid":"u3"}],
		"textStyles":[{"style":"BOLD","start":9,"length":4},{"style":"BOLD","start":-1,"length":4}]}`)[0]
	want := []events.Entity{{Type: "mention", Length: 1, Value: "u2"}, {Type: "bold", Offset: 9, Length: 4}}
	if diff := cmp.Diff(want, e.Data.Message.Content[0].Text.Entities); diff != "" {
		t.Errorf("entities (-want +got):\n%s", diff)
	}
}
