package instagram_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/instagram"
	"github.com/relais-dev/relais/functions/channels/instagram/play"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/exam"
)

func Test(t *testing.T)             { exam.Run(t, instagram.Channel, play.Platform) }
func FuzzChannel(f *testing.F)      { exam.Fuzz(f, instagram.Channel, play.Platform) }
func BenchmarkChannel(b *testing.B) { exam.Bench(b, instagram.Channel, play.Platform) }

// The published vector, signed with either of an app's secrets; its backslashes are
// literal.
const (
	instagramSecret    = `"9e8d7c6b5a4938271605f4e3d2c1b0a9"`
	instagramSignature = "sha256=94230e3b36aa1ba7a90ff80e9bfd0b63016e184af03b9e1f82b9182260329b78"
	metaSecret         = `"3f1d0c9b8a7e6d5c4b3a29181706f5e4"`
	metaSignature      = "sha256=8a5c64c45ad0fcb25a2353d9440677c5ceca7ec34f1f1980d4b6ac71a6c153b4"
	vectorBody         = `{"object":"instagram","entry":[{"id":"17840000000000005","time":1785600000456,` +
		`"messaging":[{"sender":{"id":"8000000000000002"},"recipient":{"id":"17840000000000005"},` +
		`"timestamp":1785600000400,"message":{"mid":"aWdfZAG1_TEST","text":"hey \ud83d\udc4b"}}]}]}`
)

func account(secrets string) channel.Account {
	a, err := channel.ParseAccount("demo", "", []byte(`{"app_secret":`+secrets+`,"verify_token":"t"}`), nil)
	if err != nil {
		panic(err)
	}
	return a
}

func request(body string) channel.Request {
	return channel.Request{
		Method: "POST", Header: http.Header{}, Body: []byte(body), Received: time.Date(2026, 8, 1, 16, 5, 0, 0, time.UTC),
	}
}

func TestVerifyTakesEitherSecret(t *testing.T) {
	both := "[" + instagramSecret + "," + metaSecret + "]"
	for _, tc := range []struct{ name, secrets, signature, want string }{
		{"Instagram Login", instagramSecret, instagramSignature, ""},
		{"Facebook Login", metaSecret, metaSignature, ""},
		{"both known, Instagram's", both, instagramSignature, ""},
		{"both known, Meta's", both, metaSignature, ""},
		{"the other log-in's", metaSecret, instagramSignature, channel.BadSignature},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := request(vectorBody)
			r.Header.Set("X-Hub-Signature-256", tc.signature)
			got := ""
			if err := instagram.Channel.Verify(account(tc.secrets), r); err != nil {
				got = channel.RefusalReason(err)
			}
			if got != tc.want {
				t.Errorf("reason is %q, want %q", got, tc.want)
			}
		})
	}
}

// parse is what becomes of updates, a JSON array's elements.
func parse(t *testing.T, updates string) []events.Event {
	t.Helper()
	body := `{"object":"instagram","entry":[{"id":"17840000000000005","time":1785600000456,"messaging":[` + updates +
		`]}]}`
	evs, err := instagram.Channel.Events(account(`"s"`), request(body))
	if err != nil {
		t.Fatal(err)
	}
	return evs
}

const customer = `"sender":{"id":"8000000000000002"},"recipient":{"id":"17840000000000005"},"timestamp":1785600000400`

func TestStoriesEnd(t *testing.T) {
	end := time.Date(2026, 8, 2, 16, 0, 0, 4e8, time.UTC)
	for message, want := range map[string]events.Post{
		`"reply_to":{"story":{"id":"18","url":"https://lookaside.example/s"}}`: {
			ID: "18", Relation: "reply", URL: "https://lookaside.example/s", ExpiresAt: end},
		`"attachments":[{"type":"story_mention","payload":{"url":"https://lookaside.fbsbx.com/x/?asset_id=17&s=1"}}]`: {
			ID: "17", Relation: "mention", URL: "https://lookaside.fbsbx.com/x/?asset_id=17&s=1", ExpiresAt: end},
		`"attachments":[{"type":"story_mention","payload":{"url":"https://lookaside.example/mention"}}]`: {
			Relation: "mention", URL: "https://lookaside.example/mention", ExpiresAt: end},
		`"attachments":[{"type":"story_mention","payload":{}}]`:           {Relation: "mention", ExpiresAt: end},
		`"attachments":[{"type":"story_mention","payload":{"url":"::"}}]`: {Relation: "mention", URL: "::", ExpiresAt: end},
	} {
		e := parse(t, `{`+customer+`,"message":{"mid":"aWdf1",`+message+`}}`)[0]
		if diff := cmp.Diff(&want, e.Data.Message.Content[0].Story); diff != "" {
			t.Errorf("%s (-want +got):\n%s", message, diff)
		}
	}
}

// A note to self makes nobody a contact, nor does what only looks like one.
func TestSelf(t *testing.T) {
	const own = `"sender":{"id":"17840000000000005"},"recipient":{"id":"17840000000000005"},"timestamp":1785600000400`
	for fact, want := range map[string]events.Type{
		`"message":{"mid":"aWdf1","text":"milk","is_self":true,"is_echo":true}`: events.MessageEchoed,
		`"message":{"mid":"aWdf1","text":"milk"}`:                               events.MessageEchoed,
		`"reaction":{"mid":"aWdf1","action":"react"}`:                           events.IngestUnsupported,
		`"read":{"mid":"aWdf1"}`:                                                events.IngestUnsupported,
	} {
		e := parse(t, `{`+own+`,`+fact+`}`)[0]
		if e.Type != want || e.Data.Contact != nil || e.Data.Conversation.Kind != events.Own {
			t.Errorf("%s becomes %s with the contact %+v", fact, e.Type, e.Data.Contact)
		}
	}
}

func TestOriginIsToldOnlyWhenKnown(t *testing.T) {
	const echo = `{"sender":{"id":"17840000000000005"},"recipient":{"id":"8000000000000002"},"timestamp":1785600000400,` +
		`"message":{"mid":"aWdf1","text":"hi","is_echo":true`
	for more, want := range map[string]string{`}}`: "", `,"app_id":"200000000000002"}}`: "other"} {
		if got := parse(t, echo+more)[0].Data.Message.Origin; got != want {
			t.Errorf("origin is %q, want %q", got, want)
		}
	}
}
