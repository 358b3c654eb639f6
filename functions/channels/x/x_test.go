package x_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/x"
	"github.com/relais-dev/relais/functions/channels/x/play"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/exam"
)

func Test(t *testing.T)             { exam.Run(t, x.Channel, play.Platform) }
func FuzzChannel(f *testing.F)      { exam.Fuzz(f, x.Channel, play.Platform) }
func BenchmarkChannel(b *testing.B) { exam.Bench(b, x.Channel, play.Platform) }

var received = time.Date(2026, 8, 1, 16, 0, 0, 0, time.UTC)

func account(secrets string) channel.Account {
	a, err := channel.ParseAccount("demo", "", []byte(`{"consumer_secret":`+secrets+`}`), nil)
	if err != nil {
		panic(err)
	}
	return a
}

func request(body string) channel.Request {
	return channel.Request{Method: "POST", Header: http.Header{}, Body: []byte(body), Received: received}
}

// The vectors of X's signature and of its check.
const (
	vectorSecret = `"consumerSecretForTests0123456789abcdefABCDEF"`
	vectorBody   = `{"data":{"filter":{"user_id":"2222"},"event_uuid":"-1900000000000000001",` +
		`"event_type":"dm.received","payload":{"direct_message_events":[{"type":"message_create",` +
		`"id":"1999000000000000001","created_timestamp":"1785600000000",` +
		`"message_create":{"target":{"recipient_id":"2222"},"sender_id":"3333","message_data":{"text":"hello"}}}]}}}`
	vectorSignature = "sha256=Vq2IZXyLjWcEj0p7uT2gsoiud3zRwPjcp6vSanhB7ak="
	vectorToken     = "MmJjYTI3ZTctNTQx"
	vectorAnswer    = `{"response_token":"sha256=CFRWAO0uTq4mOAPFj7+iwhlwD0XR+kraK+HvoOBNLd0="}`
)

func TestVerify(t *testing.T) {
	for _, tc := range []struct{ name, secrets, body, signature, want string }{
		{"vector", vectorSecret, vectorBody, vectorSignature, ""},
		{"the previous secret", `["new", ` + vectorSecret + `]`, vectorBody, vectorSignature, ""},
		{"no header", vectorSecret, vectorBody, "", channel.NoSignature},
		{"another secret", `"consumer"`, vectorBody, vectorSignature, channel.BadSignature},
		{"another body", vectorSecret, vectorBody + " ", vectorSignature, channel.BadSignature},
		{"no secret", `[]`, vectorBody, vectorSignature, channel.BadSignature},
		{"no scheme", vectorSecret, vectorBody, strings.TrimPrefix(vectorSignature, "sha256="), channel.Malformed},
		{"another scheme", vectorSecret, vectorBody, strings.Replace(vectorSignature, "256", "1", 1), channel.Malformed},
		{"doubled", vectorSecret, vectorBody, vectorSignature + "," + vectorSignature, channel.Malformed},
		{"no padding", vectorSecret, vectorBody, strings.TrimRight(vectorSignature, "="), channel.Malformed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := request(tc.body)
			if tc.signature != "" {
				r.Header.Set("x-twitter-webhooks-signature", tc.signature)
			}
			err := x.Channel.Verify(account(tc.secrets), r)
			if tc.want == "" && err != nil {
				t.Fatalf("refused: %v", err)
			}
			if tc.want != "" && (err == nil || channel.RefusalReason(err) != tc.want) {
				t.Errorf("Verify gives %v, want the reason %q", err, tc.want)
			}
		})
	}
}

func crc(query, secrets string) channel.Response {
	answer, _ := x.Channel.Handshake(account(secrets),
		channel.Request{Method: "GET", RawQuery: query, Received: received})
	return answer
}

func TestCheck(t *testing.T) {
	if got := crc("crc_token="+vectorToken, vectorSecret); got.Status != 200 || got.Body != vectorAnswer ||
		got.ContentType != "application/json" {
		t.Errorf("answered %+v, want %s", got, vectorAnswer)
	}
	if got := crc("crc_token="+vectorToken, `[`+vectorSecret+`,"previous"]`); got.Body != vectorAnswer {
		t.Errorf("during a rotation answered %+v, want by the new secret", got)
	}
	for _, query := range []string{"", "crc_token=", "crc_token=a&crc_token=b", "crc_token=%zz",
		"crc_token=" + strings.Repeat("a", 257), "nonce=1"} {
		if got := crc(query, vectorSecret); got.Status != http.StatusForbidden {
			t.Errorf("%q is answered %+v", query, got)
		}
	}
	if got := crc("crc_token="+vectorToken, `" "`); got.Status != http.StatusForbidden {
		t.Errorf("without a secret answered %+v", got)
	}
}

// X signs the token of a check exactly as a body. Nobody may have a body signed by
// asking for a check, nor pass a token off as a body.
func TestCheckIsNoSigningOracle(t *testing.T) {
	for _, forged := range []string{vectorBody, " " + vectorBody, "\n{}", "[" + vectorBody + "]", `{"data":{}}`,
		"\ufeff{}", `"{"`} {
		if got := crc("crc_token="+url.QueryEscape(forged), vectorSecret); got.Status != http.StatusForbidden {
			t.Errorf("signs the token %q", forged)
		}
	}
	for _, token := range []string{vectorToken, "data", "1", "null"} {
		body := crc("crc_token="+token, vectorSecret).Body
		r := request(token)
		r.Header.Set("X-Twitter-Webhooks-Signature", strings.TrimSuffix(strings.TrimPrefix(body, `{"response_token":"`),
			`"}`))
		if err := x.Channel.Verify(account(vectorSecret), r); err == nil || channel.RefusalReason(err) != channel.Malformed {
			t.Errorf("the body %q with the answer to a check gives %v", token, err)
		}
	}
}

func parse(t *testing.T, body string) []events.Event {
	t.Helper()
	evs, err := x.Channel.Events(account(vectorSecret), request(body))
	if err != nil {
		t.Fatal(err)
	}
	return evs
}

// The same message comes as often as there are subscriptions that match it.
func TestOneMessageOneID(t *testing.T) {
	again := strings.NewReplacer("-1900000000000000001", "1900000000000000077").Replace(vectorBody)
	if first, second := parse(t, vectorBody)[0], parse(t, again)[0]; first.ID != second.ID {
		t.Error("another delivery of a direct message has another id")
	}
	const post = `{"data":{"event_uuid":"1","filter":{"user_id":"2222"},"event_type":"%s","payload":{"id":"10",` +
		`"text":"@shop_demo hi","author_id":"3333","conversation_id":"9"}}}`
	mention, reply := parse(t, fmt.Sprintf(post, "post.mention.create"))[0],
		parse(t, fmt.Sprintf(post, "post.reply.create"))[0]
	if mention.ID != reply.ID {
		t.Error("a reply that mentions is two messages")
	}
}

// What everybody reads and what is private never share a conversation.
func TestPublicAndPrivateStayApart(t *testing.T) {
	private := parse(t, vectorBody)[0].Data.Conversation
	public := parse(t, `{"data":{"filter":{"user_id":"2222"},"event_type":"post.mention.create","payload":{"id":"10",`+
		`"text":"x","author_id":"3333","conversation_id":"3333"}}}`)[0].Data.Conversation
	if private.Kind != events.Direct || public.Kind != events.Public || private.ID == public.ID {
		t.Errorf("conversations are %+v and %+v", private, public)
	}
}

func TestIncompleteActivitiesAreKept(t *testing.T) {
	for _, data := range []string{
		`7`, `"x"`, `{}`, `{"event_type":7}`, `{"event_type":"dm.received"}`, `{"event_type":"dm.received","payload":{}}`,
		`{"event_type":"dm.received","payload":{"direct_message_events":[{}]}}`,
		`{"event_type":"dm.read","payload":{"direct_message_mark_read_events":[{}]}}`,
		`{"event_type":"dm.indicate_typing","payload":{"direct_message_indicate_typing_events":[7]}}`,
		`{"event_type":"chat.received","payload":{}}`,
		`{"event_type":"chat.received","payload":{"id":"1","conversation_id":":","sender_id":"3"}}`,
		`{"event_type":"post.mention.create","payload":{"id":"1"}}`, `{"event_type":"post.delete","payload":{}}`,
		`{"event_type":"oauth.revoke","payload":{}}`,
	} {
		evs := parse(t, `{"data":[`+data+`]}`)
		if len(evs) != 1 || evs[0].Type != events.IngestUnsupported {
			t.Errorf("%s gives %d events", data, len(evs))
		}
	}
	for _, body := range []string{``, `{}`, `[]`, `{"data":null}`, `{"for_user_id":""}`} {
		if _, err := x.Channel.Parse(account(vectorSecret), request(body)); err == nil {
			t.Errorf("%q is accepted", body)
		}
	}
}

// X counts code points, and we count UTF-16 units.
func TestEntities(t *testing.T) {
	e := parse(t, `{"data":{"event_type":"post.mention.create","payload":{"id":"1","author_id":"3","text":"😀😀 @a #b",
		"entities":{
		"hashtags":[{"start":6,"end":8,"tag":"b"},{"start":6,"end":9},{"start":-1,"end":2},{"start":4,"end":4},
			{"start":9223372036854775807,"end":-9223372036854775808}],
		"mentions":[{"start":3,"end":5,"id":"7"}]}}}}`)[0]
	want := []events.Entity{{Type: "mention", Offset: 5, Length: 2, Value: "7"}, {Type: "hashtag", Offset: 8, Length: 2}}
	if diff := cmp.Diff(want, e.Data.Message.Content[0].Text.Entities); diff != "" {
		t.Errorf("entities (-want +got):\n%s", diff)
	}
}
