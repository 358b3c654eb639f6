package lambdahttp_test

import (
	"encoding/json"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/lambdahttp"
)

var now = time.Date(2026, 8, 1, 16, 0, 0, 0, time.UTC)

// TestRoundTrip: what Event makes of a request, Request reads back byte for byte, but for
// the path, which API Gateway decodes, and cuts at a question mark.
func TestRoundTrip(t *testing.T) {
	for _, x := range []struct {
		name, contentType, body string
		base64                  bool
	}{
		{"JSON", "application/json; charset=utf-8", `{"text":"Grüße 🎉","escaped":"\u00fc\n"}`, false},
		{"another type's JSON", "application/problem+json", `{}`, true},
		{"XML", "application/xml", "<xml><![CDATA[ä]]></xml>", false},
		{"XML as text", "text/xml", "<xml/>", false},
		{"a script", "application/javascript", "x", false},
		{"form", "application/x-www-form-urlencoded", "Body=a%20b&From=%2B1", true},
		{"bytes", "application/octet-stream", "\x00\xff\xfe binary", true},
		{"text that is not UTF-8", "text/plain", "caf\xe9", true},
		{"no type", "", "x", true},
		{"empty", "application/json", "", false},
	} {
		t.Run(x.name, func(t *testing.T) {
			hr := httptest.NewRequest("POST", "/webhooks/line/a%3Ab%3Fc?x=%20&x=2", strings.NewReader(x.body))
			hr.Header.Set("Content-Type", x.contentType)
			hr.Header["X-Twice"] = []string{"a", "b"}
			payload, err := lambdahttp.Event(hr, []byte(x.body), "ANY /webhooks/line/{account}", "id", now)
			if err != nil {
				t.Fatal(err)
			}
			var flags struct{ IsBase64Encoded bool }
			if err := json.Unmarshal(payload, &flags); err != nil || flags.IsBase64Encoded != x.base64 {
				t.Errorf("base64 %t, %v", flags.IsBase64Encoded, err)
			}
			r, err := lambdahttp.Request(payload, 100, now)
			if err != nil {
				t.Fatal(err)
			}
			if string(r.Body) != x.body {
				t.Errorf("body %q, want %q", r.Body, x.body)
			}
			got := []string{r.Method, r.Path, r.RawQuery, r.Header.Get("x-twice"), r.Header.Get("Content-Type"),
				r.Received.String()}
			if diff := cmp.Diff([]string{"POST", "/webhooks/line/a:b", "x=%20&x=2", "a,b", x.contentType, now.String()},
				got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestEventIsPayload2 compares with AWS's own example of the format:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
func TestEventIsPayload2(t *testing.T) {
	hr := httptest.NewRequest("POST", "http://relais.example/webhooks/line/demo?a=b", nil)
	hr.Header.Set("User-Agent", "agent")
	hr.Header.Set("Content-Type", "text/plain")
	hr.RemoteAddr = "[2001:db8::1]:4711"
	payload, err := lambdahttp.Event(hr, []byte("hi"), "ANY /webhooks/line/{account}", "id", now)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"version":"2.0","routeKey":"ANY /webhooks/line/{account}","rawPath":"/webhooks/line/demo","rawQueryString":"a=b",
		"headers":{"host":"relais.example","user-agent":"agent","content-type":"text/plain"},"isBase64Encoded":false,"body":"hi",
		"requestContext":{"accountId":"000000000000","apiId":"local","domainName":"relais.example","requestId":"id","routeKey":"ANY /webhooks/line/{account}",
		"stage":"$default","time":"01/Aug/2026:16:00:00 +0000","timeEpoch":1785600000000,
		"http":{"method":"POST","path":"/webhooks/line/demo","protocol":"HTTP/1.1","sourceIp":"2001:db8::1","userAgent":"agent"}}}`
	if diff := cmp.Diff(decode(t, []byte(want)), decode(t, payload)); diff != "" {
		t.Error(diff)
	}
}

func decode(t *testing.T, b []byte) (v any) {
	t.Helper()
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestRequestLimits(t *testing.T) {
	for _, x := range []struct {
		name, payload string
		limit         int
		tooLarge, bad bool
	}{
		{"text at the limit", `{"body":"1234"}`, 4, false, false},
		{"text over it", `{"body":"12345"}`, 4, true, false},
		{"base64 at the limit", `{"body":"MTIzNA==","isBase64Encoded":true}`, 4, false, false},
		{"base64 just over it", `{"body":"MTIzNDU=","isBase64Encoded":true}`, 4, true, false},
		{"base64 far over it", `{"body":"` + strings.Repeat("MTIz", 9) + `","isBase64Encoded":true}`, 4, true, false},
		{"no base64", `{"body":"***","isBase64Encoded":true}`, 4, false, true},
		{"no JSON", `{`, 4, false, true},
		{"another shape", `{"headers":[]}`, 4, false, true},
	} {
		r, err := lambdahttp.Request([]byte(x.payload), x.limit, now)
		if errors.Is(err, lambdahttp.ErrTooLarge) != x.tooLarge || (err != nil) != (x.tooLarge || x.bad) {
			t.Errorf("%s: error %v", x.name, err)
		}
		if err != nil && r.Body != nil {
			t.Errorf("%s: a refused body was handed on", x.name)
		}
	}
}

func TestResponse(t *testing.T) {
	for _, x := range []struct {
		name string
		in   channel.Response
		want string
	}{
		{"zero", channel.Response{}, `{"statusCode":200,"headers":{"retry-after":"5"},"body":""}`},
		{"typed", channel.Response{Status: 401, ContentType: "application/json", Body: "{}"},
			`{"statusCode":401,"headers":{"content-type":"application/json","retry-after":"5","x-content-type-options":"nosniff"},"body":"{}"}`},
		{"untyped text is no page", channel.Response{Body: "<b>42"},
			`{"statusCode":200,"headers":{"content-type":"text/plain; charset=utf-8","retry-after":"5","x-content-type-options":"nosniff"},"body":"\u003cb\u003e42"}`},
	} {
		got, err := lambdahttp.Response(x.in, map[string]string{"retry-after": "5"})
		if err != nil || string(got) != x.want {
			t.Errorf("%s: %s %v, want %s", x.name, got, err, x.want)
		}
	}
}

func TestAccount(t *testing.T) {
	for path, want := range map[string]string{"/webhooks/line/demo": "demo", "/webhooks/line/": "", "demo": "demo",
		"": ""} {
		if got := lambdahttp.Account(path); got != want {
			t.Errorf("Account(%q) is %q, want %q", path, got, want)
		}
	}
}
