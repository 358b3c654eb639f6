package qq_test

import (
	"crypto/ed25519"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/qq"
	"github.com/relais-dev/relais/functions/channels/qq/play"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/exam"
)

func Test(t *testing.T)             { exam.Run(t, qq.Channel, play.Platform) }
func FuzzChannel(f *testing.F)      { exam.Fuzz(f, qq.Channel, play.Platform) }
func BenchmarkChannel(b *testing.B) { exam.Bench(b, qq.Channel, play.Platform) }

var received = time.Date(2026, 8, 1, 16, 0, 0, 0, time.UTC)

func account(secrets string) channel.Account {
	a, err := channel.ParseAccount("demo", "", []byte(`{"app_id":"102000042","app_secret":`+secrets+`}`), nil)
	if err != nil {
		panic(err)
	}
	return a
}

func request(body string) channel.Request {
	return channel.Request{Method: "POST", Header: http.Header{}, Body: []byte(body), Received: received}
}

// The vectors of QQ's signature and of its validation.
const (
	vectorSecret = `"demoBotSecret042"`
	vectorPublic = "26c020320f4fb95a20ab5121c7086f495c8137ce9db7eecc2a1395b4bce84cd0"
	vectorTime   = "1785600000"
	vectorBody   = `{"id":"C2C_MESSAGE_CREATE:demo-0001","op":0,"s":7,"t":"C2C_MESSAGE_CREATE",` +
		`"d":{"id":"ROBOT1.0_demo","content":"hi","timestamp":"2026-08-01T16:00:00+08:00",` +
		`"author":{"user_openid":"0F1E2D3C4B5A69788796A5B4C3D2E1F0"}}}`
	vectorSignature = "6d4916340237f45976bb81dfaa76927675286adb800cd1a8e4d3a5236aad2b248fe3f1fae5e181970f0f93f741bcd96e" +
		"f2b97a3efe91b00c79e4c3de8505230f"
	vectorProof = "8726a78d784851e690cf993c8d988cd0142657412ca18de5da552521c582b8f54f44793b67b7535c6dc26a72dbf5f11d75f3" +
		"050bdee00233435a64a63cbebe0e"
)

func TestVerify(t *testing.T) {
	high, _ := hex.DecodeString(vectorSignature)
	high[63] |= 0xE0
	for _, tc := range []struct{ name, secrets, at, body, signature, want string }{
		{"vector", vectorSecret, vectorTime, vectorBody, vectorSignature, ""},
		{"the previous secret", `["new", ` + vectorSecret + `]`, vectorTime, vectorBody, vectorSignature, ""},
		{"no signature", vectorSecret, vectorTime, vectorBody, "", channel.NoSignature},
		{"no time", vectorSecret, "", vectorBody, vectorSignature, channel.NoSignature},
		{"another secret", `"demoBotSecret043"`, vectorTime, vectorBody, vectorSignature, channel.BadSignature},
		{"another body", vectorSecret, vectorTime, vectorBody + " ", vectorSignature, channel.BadSignature},
		{"another time", vectorSecret, "1785600001", vectorBody, vectorSignature, channel.BadSignature},
		{"time of another length", vectorSecret, "1785600000000", vectorBody, vectorSignature, channel.Malformed},
		{"a digit moved into the body", vectorSecret, "178560000", "0" + vectorBody, vectorSignature, channel.Malformed},
		{"blank secret", `" "`, vectorTime, vectorBody, vectorSignature, channel.NoSecret},
		{"S out of range", vectorSecret, vectorTime, vectorBody, hex.EncodeToString(high), channel.BadSignature},
		{"doubled", vectorSecret, vectorTime, vectorBody, vectorSignature + "," + vectorSignature, channel.Malformed},
		{"short", vectorSecret, vectorTime, vectorBody, vectorSignature[:126], channel.Malformed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := request(tc.body)
			r.Header.Set("x-signature-timestamp", tc.at)
			if tc.signature != "" {
				r.Header.Set("x-signature-ed25519", tc.signature)
			}
			err := qq.Channel.Verify(account(tc.secrets), r)
			if tc.want == "" && err != nil {
				t.Fatalf("refused: %v", err)
			}
			if tc.want != "" && (err == nil || channel.RefusalReason(err) != tc.want) {
				t.Errorf("Verify gives %v, want the reason %q", err, tc.want)
			}
		})
	}
}

// A secret is repeated and cut to 32 bytes, whatever its length.
func TestKeyOfASecret(t *testing.T) {
	for secret, seed := range map[string]string{
		"demoBotSecret042": "demoBotSecret042demoBotSecret042", "abcDEF123": "abcDEF123abcDEF123abcDEF123abcDE",
		strings.Repeat("x", 40): strings.Repeat("x", 32), "z": strings.Repeat("z", 32),
	} {
		r := request(vectorBody)
		play.Platform.Sign(account(`"`+secret+`"`), &r)
		sig, _ := hex.DecodeString(r.Header.Get("X-Signature-Ed25519"))
		public := ed25519.NewKeyFromSeed([]byte(seed)).Public().(ed25519.PublicKey)
		if !ed25519.Verify(public, []byte(vectorTime+vectorBody), sig) {
			t.Errorf("%q does not sign with the seed %q", secret, seed)
		}
		if secret == "demoBotSecret042" && hex.EncodeToString(public) != vectorPublic {
			t.Errorf("public key is %x, want %s", public, vectorPublic)
		}
	}
}

// validate is the answer to a validation, signed by QQ with secret.
func validate(secret, token, at string) channel.Response {
	r := request(`{"op":13,"d":{"plain_token":"` + token + `","event_ts":"` + at + `"}}`)
	play.Platform.Sign(account(secret), &r)
	answer, _ := qq.Channel.Handshake(account(secret), r)
	return answer
}

func TestValidation(t *testing.T) {
	for _, v := range []struct{ secret, token, at, want string }{
		{vectorSecret, "pLaInT0ken42", "1785600000", vectorProof},
		{`"DG5g3B4j9X2KOErG"`, "Arq0D5A61EgUu4OxUvOp", "1725442341", // printed in QQ's documentation
			"87befc99c42c651b3aac0278e71ada338433ae26fcb24307bdc5ad38c1adc2d01bcfcadc0842edac85e85205028a1132afe09280305f13aa" +
				"6909ffc2d652c706"},
	} {
		want := `{"plain_token":"` + v.token + `","signature":"` + v.want + `"}`
		if got := validate(v.secret, v.token, v.at); got.Status != 200 || got.Body != want {
			t.Errorf("answered %+v, want %s", got, want)
		}
	}
}

// During a rotation the answer is signed with the secret that QQ itself signed with.
func TestValidationWithTheSecretInUse(t *testing.T) {
	r := request(`{"op":13,"d":{"plain_token":"pLaInT0ken42","event_ts":"1785600000"}}`)
	play.Platform.Sign(account(vectorSecret), &r)
	answer, ok := qq.Channel.Handshake(account(`["new",`+vectorSecret+`]`), r)
	if !ok || !strings.Contains(answer.Body, vectorProof) {
		t.Errorf("answered %+v", answer)
	}
}

// Who can have a text of their choice signed could forge events. A validation is
// answered only when it is signed itself, and never signs what could be an event.
func TestValidationIsNoSigningOracle(t *testing.T) {
	event := strings.ReplaceAll(vectorBody, `"`, `\"`)
	for name, answer := range map[string]channel.Response{
		"an event as token":       validate(vectorSecret, event, vectorTime),
		"an event split in two":   validate(vectorSecret, event[1:], vectorTime+"{"),
		"no time":                 validate(vectorSecret, "pLaInT0ken42", ""),
		"a time with a sign":      validate(vectorSecret, "pLaInT0ken42", "+1785600000"),
		"an empty token":          validate(vectorSecret, "", vectorTime),
		"a token of 65 letters":   validate(vectorSecret, strings.Repeat("a", 65), vectorTime),
		"a token with a newline":  validate(vectorSecret, `a\n`, vectorTime),
		"a time with a line feed": validate(vectorSecret, "a", vectorTime+`\n`),
	} {
		if answer.Status != http.StatusBadRequest || strings.Contains(answer.Body, "signature") {
			t.Errorf("%s: answered %+v", name, answer)
		}
	}
	unsigned := request(`{"op":13,"d":{"plain_token":"pLaInT0ken42","event_ts":"1785600000"}}`)
	if answer, ok := qq.Channel.Handshake(account(vectorSecret), unsigned); !ok ||
		answer.Status != http.StatusUnauthorized {
		t.Errorf("without a signature answered %+v", answer)
	}
	forged := request(vectorTime[:0] + "pLaInT0ken42")
	forged.Header.Set("X-Signature-Timestamp", vectorTime)
	forged.Header.Set("X-Signature-Ed25519", vectorProof)
	if err := qq.Channel.Verify(account(vectorSecret), forged); err == nil {
		t.Error("the proof of a validation is accepted as the signature of a delivery")
	}
}

func TestHeartbeat(t *testing.T) {
	r := request(`{"op":1,"d":42}`)
	if answer, _ := qq.Channel.Handshake(account(vectorSecret), r); answer.Status != http.StatusUnauthorized {
		t.Errorf("unsigned, answered %+v", answer)
	}
	play.Platform.Sign(account(vectorSecret), &r)
	if answer, _ := qq.Channel.Handshake(account(vectorSecret), r); answer.Body != `{"op":11,"d":42}` {
		t.Errorf("answered %+v", answer)
	}
}

func parse(t *testing.T, kind, data string) events.Event {
	t.Helper()
	evs, err := qq.Channel.Events(account(vectorSecret),
		request(`{"id":"`+kind+`:1","op":0,"s":1,"t":"`+kind+`","d":`+data+`}`))
	if err != nil || len(evs) != 1 {
		t.Fatalf("%d events and %v", len(evs), err)
	}
	return evs[0]
}

// Windows differ by where it was written, and an answer names the message's own id,
// or the envelope's where there is no message.
func TestWindows(t *testing.T) {
	const at = `"timestamp":"2026-08-01T23:59:00+08:00","content":"hi"`
	for _, tc := range []struct {
		kind, data string
		minutes    float64
		messages   int
		token      string
	}{
		{"C2C_MESSAGE_CREATE", `{"id":"m","author":{"user_openid":"U"},` + at + `}`, 60, 5, "msg:m"},
		{"GROUP_AT_MESSAGE_CREATE", `{"id":"m","group_openid":"G","author":{"member_openid":"M"},` + at + `}`, 5, 5,
			"msg:m"},
		{"AT_MESSAGE_CREATE", `{"id":"m","guild_id":"1","channel_id":"2","author":{"id":"3"},` + at + `}`, 5, 0, "msg:m"},
		{"DIRECT_MESSAGE_CREATE", `{"id":"m","guild_id":"1","channel_id":"2","author":{"id":"3"},` + at + `}`, 5, 0,
			"msg:m"},
		{"INTERACTION_CREATE", `{"id":"i","type":11,"user_openid":"U",` + at + `}`, 60, 5, "event:INTERACTION_CREATE:1"},
	} {
		d := parse(t, tc.kind, tc.data).Data
		w := d.Conversation.Window
		if w == nil || w.ClosesAt.Sub(received.Add(-time.Minute)).Minutes() != tc.minutes || w.Messages != tc.messages {
			t.Errorf("%s: window is %+v", tc.kind, w)
		}
		var h *events.Handle
		if d.Message != nil {
			h = d.Message.Answer
		} else if d.Interaction != nil {
			h = d.Interaction.Answer
		}
		if h == nil || h.Token != tc.token || w == nil || !h.ExpiresAt.Equal(w.ClosesAt) {
			t.Errorf("%s: answer is %+v", tc.kind, h)
		}
	}
}

// Groups, guilds and people have ids of the same form.
func TestConversationsStayApart(t *testing.T) {
	seen := map[string]string{}
	for kind, data := range map[string]string{
		"C2C_MESSAGE_CREATE":      `{"id":"m","author":{"user_openid":"1"}}`,
		"GROUP_AT_MESSAGE_CREATE": `{"id":"m","group_openid":"1","author":{"member_openid":"1"}}`,
		"AT_MESSAGE_CREATE":       `{"id":"m","guild_id":"1","channel_id":"1","author":{"id":"1"}}`,
		"DIRECT_MESSAGE_CREATE":   `{"id":"m","guild_id":"1","channel_id":"1","author":{"id":"1"}}`,
	} {
		id := parse(t, kind, data).Data.Conversation.ID
		if other, taken := seen[id]; taken {
			t.Errorf("%s and %s share a conversation", kind, other)
		}
		seen[id] = kind
	}
}

func TestTwoPushesOneMessage(t *testing.T) {
	const data = `{"id":"m","group_openid":"G","author":{"member_openid":"M"},"content":" hi"}`
	if a, b := parse(t, "GROUP_AT_MESSAGE_CREATE", data), parse(t, "GROUP_MESSAGE_CREATE", data); a.ID != b.ID {
		t.Error("a mention and the group's message of it are two events")
	}
}

func TestIncompleteEventsAreKept(t *testing.T) {
	for kind, data := range map[string]string{
		"C2C_MESSAGE_CREATE": `{"id":"m"}`, "GROUP_MESSAGE_CREATE": `{"id":"m","group_openid":"G"}`, "MESSAGE_CREATE": `{}`,
		"AT_MESSAGE_CREATE":  `7`,
		"INTERACTION_CREATE": `{"id":"i","type":11}`, "FRIEND_ADD": `{}`, "FRIEND_DEL": `"x"`,
		"GROUP_ADD_ROBOT":  `{"group_openid":"G"}`,
		"GROUP_MEMBER_ADD": `{"group_openid":"G","op_member_openid":"M"}`, "GROUP_MEMBER_REMOVE": `{"openid":"U"}`,
		"MESSAGE_AUDIT_PASS":   `{}`,
		"MESSAGE_REACTION_ADD": `{"target":{"id":"m"},"user_id":"3"}`, "PUBLIC_MESSAGE_DELETE": `{"message":{}}`,
		"DIRECT_MESSAGE_DELETE": `{"message":{"id":"m"}}`,
	} {
		if e := parse(t, kind, data); e.Type != events.IngestUnsupported || e.Data.Unsupported.Kind != kind ||
			e.Data.Unsupported.Raw == "" {
			t.Errorf("%s %s gives %s", kind, data, e.Type)
		}
	}
}

func TestMarks(t *testing.T) {
	e := parse(t, "AT_MESSAGE_CREATE",
		`{"id":"m","guild_id":"1","channel_id":"2","author":{"id":"3"},"content":"😀 <@!42> <emoji:4> <@> <faceType=1,`+
			`faceId=\"277\",ext=\"汪\">"}`)
	want := []events.Entity{{Type: "mention", Offset: 3, Length: 6, Value: "42"},
		{Type: "emoji", Offset: 10, Length: 9, Value: "4"},
		{Type: "emoji", Offset: 24, Length: 33, Value: "277"}}
	if diff := cmp.Diff(want, e.Data.Message.Content[0].Text.Entities); diff != "" {
		t.Errorf("entities (-want +got):\n%s", diff)
	}
}
