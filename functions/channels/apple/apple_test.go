package apple_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/apple"
	"github.com/relais-dev/relais/functions/channels/apple/play"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/exam"
)

func Test(t *testing.T)             { exam.Run(t, apple.Channel, play.Platform) }
func FuzzChannel(f *testing.F)      { exam.Fuzz(f, apple.Channel, play.Platform) }
func BenchmarkChannel(b *testing.B) { exam.Bench(b, apple.Channel, play.Platform) }

// The vector of Apple's token: the secret is decoded before it is a key.
const (
	vectorMSP    = "7f1a9c52-5d0e-4b7e-9a61-0c6f3b2d8e41"
	vectorSecret = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	vectorToken  = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9." +
		"eyJhdWQiOiI3ZjFhOWM1Mi01ZDBlLTRiN2UtOWE2MS0wYzZmM2IyZDhlNDEiLCJpYXQiOjE3ODU2MDAwMDB9." +
		"Tox8UcrvIuKJsjq165Wr7uV5bvCqkK1Z8HYruXIMMRQ"
)

var received = time.Unix(1785600000, 0).UTC()

func account(msp, secret string) channel.Account {
	return channel.NewAccount("demo", "", map[string]string{"msp_id": msp, "api_secret": secret})
}

func request(body string) channel.Request {
	return channel.Request{Method: "POST", Header: http.Header{}, Body: []byte(body), Received: received}
}

// token is one of these claims, signed with the vector's key.
func token(t *testing.T, method jwt.SigningMethod, key any, claims jwt.MapClaims) string {
	t.Helper()
	text, err := jwt.NewWithClaims(method, claims).SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestVerify(t *testing.T) {
	key := make([]byte, 32)
	for i := range key {
		key[i] = byte(i)
	}
	sign := func(c jwt.MapClaims) string { return "Bearer " + token(t, jwt.SigningMethodHS256, key, c) }
	iat := received.Unix()
	for _, tc := range []struct{ name, msp, secret, header, want string }{
		{"vector", vectorMSP, vectorSecret, "Bearer " + vectorToken, ""},
		{"audience in a list", vectorMSP, vectorSecret, sign(jwt.MapClaims{"aud": []string{"x", vectorMSP}, "iat": iat}),
			""},
		{"a little early", vectorMSP, vectorSecret, sign(jwt.MapClaims{"aud": vectorMSP, "iat": iat + 240}), ""},
		{"with an expiry to come", vectorMSP, vectorSecret,
			sign(jwt.MapClaims{"aud": vectorMSP, "iat": iat, "exp": iat + 5}), ""},
		{"expired", vectorMSP, vectorSecret, sign(jwt.MapClaims{"aud": vectorMSP, "iat": iat - 60, "exp": iat - 5}),
			channel.BadSignature},
		{"old", vectorMSP, vectorSecret, sign(jwt.MapClaims{"aud": vectorMSP, "iat": iat - 3700}), channel.Stale},
		{"milliseconds", vectorMSP, vectorSecret, sign(jwt.MapClaims{"aud": vectorMSP, "iat": iat * 1000}), channel.Stale},
		{"no time", vectorMSP, vectorSecret, sign(jwt.MapClaims{"aud": vectorMSP}), channel.Malformed},
		{"another MSP's", vectorMSP, vectorSecret, sign(jwt.MapClaims{"aud": "7f1a9c52", "iat": iat}), channel.BadSignature},
		{"one of ours, as we send it", vectorMSP, vectorSecret, sign(jwt.MapClaims{"iss": vectorMSP, "iat": iat}),
			channel.BadSignature},
		{"the secret not decoded", vectorMSP, vectorSecret,
			"Bearer " + token(t, jwt.SigningMethodHS256, []byte(vectorSecret), jwt.MapClaims{"aud": vectorMSP, "iat": iat}),
			channel.BadSignature},
		{"another algorithm", vectorMSP, vectorSecret,
			"Bearer " + token(t, jwt.SigningMethodHS512, key, jwt.MapClaims{"aud": vectorMSP, "iat": iat}),
			channel.BadSignature},
		{"no algorithm", vectorMSP, vectorSecret,
			"Bearer " + token(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType,
				jwt.MapClaims{"aud": vectorMSP, "iat": iat}), channel.BadSignature},
		{"no header", vectorMSP, vectorSecret, "", channel.NoSignature},
		{"another scheme", vectorMSP, vectorSecret, "Basic " + vectorToken, channel.Malformed},
		{"no token", vectorMSP, vectorSecret, "Bearer x", channel.Malformed},
		{"twice", vectorMSP, vectorSecret, "Bearer " + vectorToken + ",Bearer " + vectorToken, channel.Malformed},
		{"endless", vectorMSP, vectorSecret, "Bearer " + vectorToken + strings.Repeat("A", 5000), channel.Malformed},
		{"no MSP ID", " ", vectorSecret, "Bearer " + vectorToken, channel.NoSecret},
		{"secret that is no base64", vectorMSP, "secret!", "Bearer " + vectorToken, channel.NoSecret},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := request("{}")
			if tc.header != "" {
				r.Header.Set("Authorization", tc.header)
			}
			err := apple.Channel.Verify(account(tc.msp, tc.secret), r)
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
	r := request("{}")
	play.Platform.Sign(account(vectorMSP, vectorSecret), &r)
	if got := r.Header.Get("Authorization"); got != "Bearer "+vectorToken {
		t.Errorf("signed with %q", got)
	}
}

// zipped is text as Apple packs it.
func zipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func parse(t *testing.T, body string) []events.Event {
	t.Helper()
	evs, err := apple.Channel.Events(account(vectorMSP, vectorSecret), request(body))
	if err != nil {
		t.Fatal(err)
	}
	return evs
}

const hello = `{"v":1,"id":"m1","type":"text","sourceId":"urn:mbid:A/b","destinationId":"urn:biz:b1","body":"hello"}`

func TestPackedAndPlainAreTheSame(t *testing.T) {
	plain, packed := parse(t, hello), parse(t, zipped(t, hello))
	if diff := cmp.Diff(plain, packed); diff != "" {
		t.Errorf("-plain +packed:\n%s", diff)
	}
}

func TestBodies(t *testing.T) {
	packed := zipped(t, hello)
	for name, body := range map[string]string{
		"empty": "", "an array": "[]", "null": "null", "an object of something else": "{}", "truncated": hello[:40],
		"gzip, truncated": packed[:len(packed)-9], "gzip of nothing": zipped(t, ""), "gzip's first bytes alone": "\x1f\x8b",
		"gzip that swells": zipped(t, `{"type":"text","body":"`+strings.Repeat("a", 1<<20)+`"}`),
		"gzip in gzip":     zipped(t, packed),
		"far too many":     `{"type":"text","attachments":[` + strings.Repeat("0,", 1000) + `0]}`,
	} {
		if evs, err := apple.Channel.Parse(account(vectorMSP, vectorSecret), request(body)); err == nil {
			t.Errorf("%s gives %d events and no error", name, len(evs))
		}
	}
}

func TestHeadersHold(t *testing.T) {
	r := request(hello)
	r.Header.Set("id", "m2")
	r.Header.Set("source-id", "urn:mbid:C")
	r.Header.Set("destination-id", "b2")
	evs, err := apple.Channel.Events(account(vectorMSP, vectorSecret), r)
	if err != nil {
		t.Fatal(err)
	}
	d := evs[0].Data
	if d.Message.PlatformID != "m2" || d.Conversation.PlatformID != "b2/urn:mbid:C" ||
		d.Contact.Identities[0].Scope != "b2" {
		t.Errorf("message %q in %q of %+v", d.Message.PlatformID, d.Conversation.PlatformID, d.Contact)
	}
	if diff := cmp.Diff([]events.Field{{Name: "sourceIdInBody", Value: "urn:mbid:A/b"}}, d.Message.Metadata); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
}

// A business is one, with the prefix and without it.
func TestBusinessIDs(t *testing.T) {
	one := parse(t, hello)[0]
	two := parse(t, strings.Replace(hello, "urn:biz:b1", "b1", 1))[0]
	if one.ID != two.ID || one.Subject != two.Subject || one.Data.Conversation.PlatformID != "b1/urn:mbid:A/b" {
		t.Errorf("%s and %s", one.Data.Conversation.PlatformID, two.Data.Conversation.PlatformID)
	}
}

func TestAttachmentHandle(t *testing.T) {
	const hexSignature, base64Signature = "0102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F20",
		"AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="
	for name, how := range map[string]string{
		"documented": `"url":"https://a.example/1","owner":"o","key":"00AB","signature":"` + hexSignature + `"`,
		"base64":     `"url":"https://a.example/1","owner":"o","key":"00AB","signature-base64":"` + base64Signature + `"`,
		"newer": `"mmcs-url":"https://a.example/1","mmcs-owner":"o","key":"00AB","mmcs-signature":"` + hexSignature +
			`"`,
	} {
		m := parse(t, `{"id":"m1","type":"text","destinationId":"urn:biz:b1","attachments":[{`+how+
			`}]}`)[0].Data.Message.Content[0].Media
		if m == nil {
			t.Errorf("%s: no media", name)
			continue
		}
		got, err := url.ParseQuery(m.PlatformID)
		want := url.Values{"url": {"https://a.example/1"}, "owner": {"o"}, "key": {"00AB"}, "signature": {base64Signature},
			"business": {"b1"}}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
}

func TestNothingIsLostBetweenPlaceholders(t *testing.T) {
	const a = `{"url":"https://a.example/1","mimeType":"image/png"}`
	for body, want := range map[string]string{
		`"\ufffc"`: "M", `"a\ufffcb"`: "aMb", `"\ufffc\ufffc"`: "M?", `"\ufffca\ufffc"`: "Ma?", `""`: "M", `"x"`: "xM",
		`" \ufffc "`: "M",
	} {
		got := ""
		for _, c := range parse(t, `{"id":"1","type":"text","body":`+body+`,"attachments":[`+a+
			`]}`)[0].Data.Message.Content {
			switch c.Kind {
			case events.KindMedia:
				got += "M"
			case events.KindText:
				got += c.Text.Body
			default:
				got += "?"
			}
		}
		if got != want {
			t.Errorf("%s is shown as %q, want %q", body, got, want)
		}
	}
}

func TestPaymentStates(t *testing.T) {
	for status, want := range map[string]string{
		`"STATUS_SUCCESS"`: events.PayAuthorised, `0`: events.PayAuthorised, `"0"`: events.PayAuthorised,
		`"STATUS_FAILURE"`: events.PayFailed, `1`: events.PayFailed, `"canceled"`: events.PayCancelled,
		`"STATUS_WHATEVER"`: events.PayPending, `null`: events.PayPending, `{}`: events.PayPending,
	} {
		got := parse(t, `{"id":"1","type":"interactive","interactiveData":{"data":{"payment":{"status":`+status+
			`}}}}`)[0].Data.Payment
		if got == nil || got.State != want {
			t.Errorf("status %s is %+v, want %s", status, got, want)
		}
	}
}

func TestMoney(t *testing.T) {
	for in, want := range map[[2]string]int64{
		{"13.50", "EUR"}: 1350, {"500", "JPY"}: 500, {"1.234", "KWD"}: 1234, {"-2.5", "USD"}: -250,
		{"12.5000", "CLF"}: 125000,
		{"13.50", ""}:      0, {"a lot", "USD"}: 0, {"1e300", "USD"}: 0, {"NaN", "USD"}: 0,
	} {
		got := parse(t, `{"id":"1","type":"interactive","interactiveData":{"data":{"payment":{"paymentRequest":{"total":`+
			`{"amount":"`+in[0]+
			`"},"currencyCode":"`+in[1]+`"}}}}}`)[0].Data.Payment.Amount
		if want == 0 && got != nil || want != 0 && (got == nil || got.Amount != want || got.Currency != in[1]) {
			t.Errorf("%v is %+v, want %d", in, got, want)
		}
	}
}

// What a card is charged with is in no event and in no raw part of one.
func TestPaymentTokensGoNoFurther(t *testing.T) {
	const secret = "c2VjcmV0"
	for _, body := range []string{
		`{"id":"1","type":"interactive","interactiveData":{"data":{"payment":{"payment":{"token":{"paymentData":{"data":"` +
			secret + `"}}}}}}}`,
		`{"id":"1","type":"hologram","list":[[{"paymentData":"` + secret + `"}]]}`,
		`{"id":"1","type":"text","body":5,"paymentData":"` + secret + `"}`,
	} {
		for _, packed := range []string{body, zipped(t, body)} {
			evs := parse(t, packed)
			text, err := json.Marshal(evs)
			if err != nil {
				t.Fatal(err)
			}
			if len(evs) == 0 || strings.Contains(string(text), secret) || strings.Contains(string(evs[0].Raw), secret) ||
				len(evs[0].Raw) == 0 {
				t.Errorf("%s becomes %s with raw %s", body, text, evs[0].Raw)
			}
		}
	}
}
