package play

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/play"
)

// TestRefusedByTwilio tries each rule that has a code of its own.
func TestRefusedByTwilio(t *testing.T) {
	const sid, mg, hx = "AC1", "MG00000000000000000000000000000001", "HX00000000000000000000000000000001"
	for _, tc := range []struct{ code, form string }{
		{"", "To=%2B15550100099&From=%2B15550100001&Body=a"},
		{"", "To=%2B15550100099&From=Brand+Ltd&Body=a"},
		{"", "To=%2B15550100099&From=12345&MessagingServiceSid=" + mg + "&Body=a"},
		{"", "To=whatsapp%3A%2B15550100099&From=whatsapp%3A%2B15550100001&Body=a"},
		{"", "To=%2B15550100099&MessagingServiceSid=" + mg + "&ContentSid=" + hx +
			"&ContentVariables=%7B%221%22%3A%22a%22%7D"},
		{"21604", "From=12345&Body=a"}, {"21211", "To=%2B0555&From=x1&Body=a"}, {"21211", "To=Brand&From=12345&Body=a"},
		{"21265", "To=72975&From=12345&Body=a"}, {"21266", "To=%2B15550100099&From=%2B15550100099&Body=a"},
		{"21603", "To=%2B15550100099&Body=a"}, {"21212", "To=%2B15550100099&From=A+much+too+long+one&Body=a"},
		{"21212", "To=%2B15550100099&From=123456789&Body=a"},
		{"21701", "To=%2B15550100099&MessagingServiceSid=MG1&Body=a"}, {"21619", "To=%2B15550100099&From=12345"},
		{"21617", "To=%2B15550100099&From=12345&Body=" + strings.Repeat("a", 1601)},
		{"21623", "To=%2B15550100099&From=12345" + strings.Repeat("&MediaUrl=https%3A%2F%2Fa.example%2Fa", 11)},
		{"21620", "To=%2B15550100099&From=12345&MediaUrl=ftp%3A%2F%2Fa.example%2Fa"},
		{"21609", "To=%2B15550100099&From=12345&Body=a&StatusCallback=https%3A%2F%2Fa_b.example%2Fa"},
		{"21655", "To=%2B15550100099&From=12345&ContentSid=HX1"},
		{"21654", "To=%2B15550100099&From=12345&Body=a&ContentVariables=%7B%221%22%3A%22a%22%7D"},
		{"21656", "To=%2B15550100099&From=12345&ContentSid=" + hx + "&ContentVariables=%7B%221%22%3A%22%22%7D"},
		{"21624", "To=%2B15550100099&From=12345&Body=a&ValidityPeriod=36001"},
	} {
		if _, err := url.ParseQuery(tc.form); err != nil {
			t.Fatal(err)
		}
		a := channel.NewAccount("demo", "", map[string]string{"account_sid": sid, "auth_token": "t"})
		got := Platform.Answer(a, play.Call{Host: "api.twilio.com", Request: channel.Request{Method: http.MethodPost,
			Path: "/2010-04-01/Accounts/AC1/Messages.json", Body: []byte(tc.form), Header: http.Header{
				"Authorization": {"Basic QUMxOnQ="}, "Content-Type": {"application/x-www-form-urlencoded"}}}})
		if ok := got.Status == http.StatusCreated; ok != (tc.code == "") ||
			!ok && !strings.Contains(string(got.Body), `"code":`+tc.code) {
			t.Errorf("%.200s: %d %s, want %q", tc.form, got.Status, got.Body, tc.code)
		}
	}
}
