package meta_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/internal/meta"
	"github.com/relais-dev/relais/functions/channels/internal/meta/play"
	"github.com/relais-dev/relais/shared/channel"
)

func TestVerifyRefusesTwoHeaders(t *testing.T) {
	r := channel.Request{Body: []byte("{}")}
	play.Sign("secret", &r)
	if err := meta.Verify([]string{"secret"}, r); err != nil {
		t.Fatalf("refused: %v", err)
	}
	r.Header[meta.SignatureHeader] = append(r.Header[meta.SignatureHeader], "sha256=00")
	if err := meta.Verify([]string{"secret"}, r); channel.RefusalReason(err) != channel.Malformed || err == nil {
		t.Errorf("Verify gives %v, want the reason malformed", err)
	}
}

func TestHandshake(t *testing.T) {
	const good = "hub.mode=subscribe&hub.challenge=11_A-z&hub.verify_token=tok"
	forbidden := channel.Response{Status: http.StatusForbidden}
	for _, tc := range []struct {
		name, method, query string
		want                channel.Response
		handshake           bool
	}{
		{"good", "GET", good, channel.Response{Status: 200, ContentType: "text/plain", Body: "11_A-z"}, true},
		{"the other token", "GET", strings.Replace(good, "=tok", "=old", 1),
			channel.Response{Status: 200, ContentType: "text/plain", Body: "11_A-z"}, true},
		{"wrong token", "GET", good + "x", forbidden, true},
		{"no token", "GET", "hub.mode=subscribe&hub.challenge=1", forbidden, true},
		{"empty token", "GET", "hub.mode=subscribe&hub.challenge=1&hub.verify_token=", forbidden, true},
		{"two tokens", "GET", good + "&hub.verify_token=x", forbidden, true},
		{"two challenges", "GET", good + "&hub.challenge=2", forbidden, true},
		{"another mode", "GET", strings.Replace(good, "subscribe", "unsubscribe", 1), forbidden, true},
		{"script", "GET", "hub.mode=subscribe&hub.verify_token=tok&hub.challenge=" + url.QueryEscape("<script>"), forbidden,
			true},
		{"no challenge", "GET", "hub.mode=subscribe&hub.verify_token=tok&hub.challenge=", forbidden, true},
		{"long challenge", "GET", "hub.mode=subscribe&hub.verify_token=tok&hub.challenge=" + strings.Repeat("1", 257),
			forbidden, true},
		{"a delivery", "POST", good, channel.Response{}, false},
		{"a visitor", "GET", "", channel.Response{}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, ok := meta.Handshake([]string{"tok", "old", ""}, channel.Request{Method: tc.method, RawQuery: tc.query})
			if diff := cmp.Diff(tc.want, got); diff != "" || ok != tc.handshake {
				t.Errorf("is a handshake: %v; (-want +got):\n%s", ok, diff)
			}
		})
	}
}

func TestPrice(t *testing.T) {
	for _, tc := range []struct {
		number, currency string
		want             *events.Money
	}{
		{"7.5", "EUR", &events.Money{Amount: 750, Currency: "EUR"}},
		{"7", "EUR", &events.Money{Amount: 700, Currency: "EUR"}},
		{"0.07", "USD", &events.Money{Amount: 7, Currency: "USD"}},
		{"7.500", "EUR", &events.Money{Amount: 750, Currency: "EUR"}},
		{"900", "JPY", &events.Money{Amount: 900, Currency: "JPY"}},
		{"900.0", "JPY", &events.Money{Amount: 900, Currency: "JPY"}},
		{"1.234", "KWD", &events.Money{Amount: 1234, Currency: "KWD"}},
		{"-0.5", "EUR", &events.Money{Amount: -50, Currency: "EUR"}},
		{"1.5e3", "EUR", &events.Money{Amount: 150000, Currency: "EUR"}},
		{"23.990000000000002", "USD", &events.Money{Amount: 2399, Currency: "USD"}},
		{"0.28999999999999998", "USD", &events.Money{Amount: 29, Currency: "USD"}},
		{"7.505", "EUR", nil}, {"0.5", "JPY", nil}, {"1e999999999", "EUR", nil}, {"0x10", "EUR", nil}, {"NaN", "EUR", nil},
		{"Inf", "EUR", nil},
		{"92233720368547758.08", "EUR", nil}, {"", "EUR", nil}, {"1", "", nil}, {"1.+5", "EUR", nil},
	} {
		if diff := cmp.Diff(tc.want, meta.Price(tc.number, tc.currency)); diff != "" {
			t.Errorf("Price(%q, %q) (-want +got):\n%s", tc.number, tc.currency, diff)
		}
	}
}

func TestScaled(t *testing.T) {
	for _, tc := range []struct {
		value, offset channel.Text
		currency      string
		want          *events.Money
	}{
		{"21000", "100", "INR", &events.Money{Amount: 21000, Currency: "INR"}},
		{"2100", "10", "INR", &events.Money{Amount: 21000, Currency: "INR"}},
		{"900", "1", "JPY", &events.Money{Amount: 900, Currency: "JPY"}},
		{"90000", "100", "JPY", &events.Money{Amount: 900, Currency: "JPY"}},
		{"1", "1000", "INR", nil}, {"1", "0", "INR", nil}, {"1", "-100", "INR", nil},
		{"4611686018427387904", "100", "INR", nil}, {"1", "100", "", nil},
		{"", "100", "INR", nil}, {"1", "", "INR", nil}, {"1.5", "100", "INR", nil},
	} {
		if diff := cmp.Diff(tc.want, meta.Scaled(tc.value, tc.offset, tc.currency)); diff != "" {
			t.Errorf("Scaled(%q, %q, %q) (-want +got):\n%s", tc.value, tc.offset, tc.currency, diff)
		}
	}
}

func TestErrorText(t *testing.T) {
	e := meta.Error{Title: "Title", Message: "Message"}
	if got := e.Text(); got != "Title" {
		t.Errorf("Text is %q", got)
	}
	e.Details = "more"
	if got := e.Text(); got != "Title: more" {
		t.Errorf("Text is %q", got)
	}
	if got := (meta.Error{Message: "Message"}).Text(); got != "Message" {
		t.Errorf("Text is %q", got)
	}
}

// An error is told whatever its code is written as and whatever its details are.
func TestErrorRead(t *testing.T) {
	for body, want := range map[string]meta.Error{
		`{"code":131047,"error_subcode":33}`:                {Code: "131047", Subcode: "33"},
		`{"code":"131047","error_data":{"details":"more"}}`: {Code: "131047", Details: "more"},
		`{"code":1,"error_data":"more"}`:                    {Code: "1", Details: "more"},
		`{"code":1,"error_data":{"details":{}}}`:            {Code: "1"},
		`{"code":"","error_data":null}`:                     {},
	} {
		var got meta.Error
		if err := json.Unmarshal([]byte(body), &got); err != nil || got != want {
			t.Errorf("%s is read as %+v, %v", body, got, err)
		}
	}
}
