package play

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/play"
)

const (
	ref       = "https://www.twilio.com/docs/messaging/api/message-resource"
	mediaDocs = "https://www.twilio.com/docs/messaging/api/media-resource"
	errors    = "https://www.twilio.com/docs/api/errors/"
)

func refuse(status, code int, text string) play.Refusal {
	return play.Refusal{Status: status, Code: strconv.Itoa(code), Text: text}
}

var notFound = refuse(404, 20404, "The requested resource was not found")

var twilio = play.API{
	Name: "Twilio", Hosts: []string{"api.twilio.com"},
	Knows: func(t play.Taken) bool {
		pair := t.Account.Value("account_sid") + ":" + t.Account.Value("auth_token")
		return t.Header.Get("Authorization") == "Basic "+base64.StdEncoding.EncodeToString([]byte(pair))
	},
	Unknown: refuse(401, 20003, "Authenticate"), Missing: notFound,
	Method: refuse(405, 20004, "Method not allowed"),
	Else:   refuse(400, 20001, "Unknown parameters"),
	Faults: map[play.Fault]play.Refusal{
		play.Throttled: refuse(429, 20429, "Too Many Requests"),
		play.Closed:    refuse(400, 63016, "Failed to send freeform message because you are outside the allowed window."),
		play.Gone:      refuse(400, 21610, "Attempt to send to unsubscribed recipient"),
		play.Invalid:   refuse(400, 21617, "The concatenated message body exceeds the 1600 character limit"),
	},
	Write: func(r play.Refusal, _ []play.Broken) play.Answer {
		return play.Text(r.Status,
			`{"code":%s,"message":%q,"more_info":"https://www.twilio.com/docs/errors/%s","status":%d}`,
			r.Code, r.Text, r.Code, r.Status)
	},
	Endpoints: []play.Endpoint{
		{Method: "POST", Path: "/2010-04-01/Accounts/{sid}/Messages.json", Docs: ref, Body: play.Form, Answer: queued,
			Rules: play.Rules(own, message, template, options)},
		{Method: "GET", Path: "/2010-04-01/Accounts/{sid}/Messages/{message}/Media/{media}", Answer: play.Picture,
			Docs: mediaDocs, Else: notFound,
			Rules: play.Rules(own, []play.Rule{
				{At: "path:message", Must: play.Matches(`^(SM|MM)[0-9a-fA-F]{32}$`)},
				{At: "path:media", Must: play.Matches(`^ME[0-9a-fA-F]{32}$`)},
			})},
	},
}

// own is whose messages they are.
var own = []play.Rule{{At: "path:sid", Must: play.Own("account_sid"), Else: notFound}}

// code is the rule at a place that the page of an error states.
func code(n int, text, at string, must play.Check) play.Rule {
	return play.Rule{At: at, Must: must, Source: errors + strconv.Itoa(n), Else: refuse(400, n, text)}
}

const (
	noSender = "The 'From' number is not a valid phone number, shortcode, or alphanumeric sender ID."
	noText   = "A text message body or media urls must be specified."
	tooLong  = "The concatenated message body exceeds the 1600 character limit"
)

var message = []play.Rule{
	{At: "header:Content-Type", Must: play.Given(play.MIME("application/x-www-form-urlencoded")),
		Source: errors + "21604", Else: refuse(400, 21604, "A 'To' phone number is required.")},
	code(21604, "A 'To' phone number is required.", "To", play.Given(play.Filled())),
	code(21211, "The 'To' number is not a valid phone number.", "To", play.Any(play.Is(""), phone, address, shortCode)),
	code(21265, "'To' number cannot be a Short Code", "To", play.Not(shortCode)),
	code(21266, "'To' and 'From' numbers cannot be the same", "To", play.That("not From", func(t play.Taken, _ any) bool {
		return t.Get("To") == "" || t.Get("To") != t.Get("From")
	})),
	code(21603, "A 'From' phone number is required.", "", play.Some("From", "MessagingServiceSid")),
	code(21212, noSender, "From", play.Any(phone, address, shortCode, senderID)),
	{At: "MessagingServiceSid", Must: play.Matches(`^MG[0-9a-fA-F]{32}$`), Source: errors + "21701",
		Else: refuse(404, 21701, "The Messaging Service does not exist")},
	code(21619, noText, "", play.Some("Body", "MediaUrl", "ContentSid")),
	code(21617, tooLong, "Body", play.Most(1600, play.UTF16)),
	code(21623, "Number of media files exceeds allowed limit", "MediaUrl", play.Count(1, 10)),
	code(21620, "Invalid media URL(s)", "MediaUrl[]", play.URL("https", "http")),
	code(21609, "Invalid 'StatusCallback' URL.", "StatusCallback", play.URL("https", "http")),
	{At: "StatusCallback", Must: play.That("a host without an underscore", hostNamed),
		Else: refuse(400, 21609, "Invalid 'StatusCallback' URL.")},
}

var template = []play.Rule{
	code(21655, "The ContentSid is Invalid", "ContentSid", play.Matches(`^HX[0-9a-fA-F]{32}$`)),
	{At: "ContentSid", When: play.If("ContentVariables", play.Filled()), Must: play.Given(play.Filled()),
		Source: errors + "21654", Else: refuse(400, 21654, "ContentSid Required")},
	code(21656, "The ContentVariables Parameter is invalid", "ContentVariables",
		play.That("an object of JSON whose values are texts with something in them", variables)),
}

// options are the parameters with which a message is sent otherwise.
var options = []play.Rule{
	code(21624, "Invalid validity period value", "ValidityPeriod", play.All(play.Whole(), play.Between(1, 36000))),
	{At: "ScheduleType", Must: play.Is("fixed")},
	{At: "SendAt", Must: play.Matches(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)$`)},
	{At: "SmartEncoded", Must: play.Is("true", "false")},
	{At: "SendAsMms", Must: play.Is("true", "false")},
	{At: "ShortenUrls", Must: play.Is("true", "false")},
	{At: "MessagingServiceSid", When: play.If("ShortenUrls", play.Is("true")), Must: play.Given(play.Filled())},
	{At: "ProvideFeedback", Must: play.Is("true", "false")},
	{At: "Attempt", Must: play.Whole()},
	{At: "ContentRetention", Must: play.Is("retain", "discard")},
	{At: "AddressRetention", Must: play.Is("retain", "obfuscate")},
	{At: "RiskCheck", Must: play.Is("enable", "disable")},
	{At: "ApplicationSid", Must: play.Matches(`^AP[0-9a-fA-F]{32}$`)},
}

// The ways to name who is to get a message or who sends it.
var (
	// https://www.twilio.com/docs/glossary/what-e164
	phone = play.Matches(`^\+[1-9][0-9]{1,14}$`)
	// https://www.twilio.com/docs/messaging/channels
	address = play.Matches(`^(whatsapp:\+[1-9][0-9]{1,14}|rcs:[^\s]+|messenger:[^\s]+)$`)
	// https://www.twilio.com/docs/glossary/what-is-a-short-code
	shortCode = play.Matches(`^[0-9]{3,8}$`)
	// https://www.twilio.com/docs/messaging/api/alphasender-resource
	senderID = play.All(play.Matches(`^[A-Za-z0-9 +_&-]{1,11}$`), play.Matches(`[A-Za-z]`))
)

func hostNamed(t play.Taken, _ any) bool {
	u, err := url.Parse(t.Get("StatusCallback"))
	return err == nil && !strings.Contains(u.Hostname(), "_")
}

// placeholder is one that was not filled: {{1}} is, {1} and {{}} are not.
var placeholder = regexp.MustCompile(`\{\{\s*\}\}`)

// variables says whether the values of a template can be put in.
func variables(t play.Taken, _ any) bool {
	values := map[string]string{}
	if json.Unmarshal([]byte(t.Get("ContentVariables")), &values) != nil {
		return false
	}
	for _, v := range values {
		if v == "" || placeholder.MatchString(v) {
			return false
		}
	}
	return true
}

func queued(t play.Taken) play.Answer {
	sid := "SM" + channel.Digest(t.Body)
	a := play.Text(http.StatusCreated, `{"sid":%q,"status":"queued","num_segments":"%d","error_code":null}`, sid,
		segments(t.Get("Body")))
	if t.Get("StatusCallback") == "" {
		return a
	}
	for _, state := range []string{"sent", "delivered"} {
		a.Posts = append(a.Posts, callback(t, sid, state))
	}
	return a
}

// segments are the messages that a text takes: 160 septets, or 153 each of several; 70
// UTF-16 units, or 67. https://www.twilio.com/docs/glossary/what-sms-character-limit
func segments(text string) int {
	alone, each := 160, 153
	if !play.InGSM(text) {
		alone, each = 70, 67
	}
	n := play.GSM.Of(text)
	if n <= alone {
		return 1
	}
	return (n + each - 1) / each
}

// callback is a status as Twilio posts it to the address that came with the message.
func callback(t play.Taken, sid, state string) channel.Request {
	_, query, _ := strings.Cut(t.Get("StatusCallback"), "?")
	r := postsForm(t.Account, url.Values{
		"MessageSid": {sid}, "SmsSid": {sid}, "MessageStatus": {state}, "SmsStatus": {state},
		"AccountSid": {t.Account.Value("account_sid")},
		"To":         {t.Get("To")}, "From": {t.Get("From")}, "ApiVersion": {"2010-04-01"},
	})
	r.RawQuery = query
	return r
}

func postsForm(a channel.Account, f url.Values) channel.Request {
	return channel.Request{
		Method: http.MethodPost, Path: "/webhooks/sms/" + a.ID, Body: []byte(f.Encode()),
		Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=utf-8"}},
	}
}
