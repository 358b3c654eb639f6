// Package play plays Twilio's API and AWS': they refuse what their pages say they
// refuse, and post the statuses of a message that arrives.
package play

import (
	"crypto/hmac"
	"crypto/sha1" // Twilio's choice
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	aws "github.com/relais-dev/relais/functions/channels/internal/aws/play"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/play"
)

// Platform is Twilio, or AWS End User Messaging SMS.
var Platform = play.Platform{
	Channel:  "sms",
	Sign:     sign,
	Customer: customer,
	APIs:     []play.API{twilio, service},
	Open:     open,
}

var open = []play.Open{
	{At: "Twilio: Body", Source: ref, Question: "The unit of \"1,600 characters\" is not said. Here: UTF-16 units, " +
		"which is what UCS-2 counts; whoever counts otherwise keeps to it too."},
	{At: "Twilio: options", Source: ref, Question: "No page of an error names the answer to a wrong SendAt, " +
		"SendAsMms and the like. Here: 20001."},
	{At: "Twilio: MediaUrl", Source: mediaDocs, Question: "Whether 5 MB and 500 KB are binary is not said, and size " +
		"and type are checked when Twilio fetches, after the answer. Here: not at all."},
	{At: "Twilio: unknown parameters", Source: ref, Question: "Whether they are refused is not said. Here: they are " +
		"not."},
	{At: "AWS: Reason", Source: awsNo, Question: "Which reason a broken length or pattern has is not said. Here: " +
		"INVALID_PARAMETER, and MISSING_PARAMETER where nothing is given."},
	{At: "AWS: MessageBody", Source: awsDocs + "API_SendTextMessage.html", Question: "It is optional in the model, " +
		"and what a message without one is is not said. Here: refused."},
	{At: "AWS: unknown members", Source: protocol, Question: "Services ignore them, says Smithy; this one says " +
		"nothing. Here: ignored."},
}

func sign(a channel.Account, r *channel.Request) {
	if aws.Posted(r) {
		aws.Sign(a.Values("topic_arn"), r)
		return
	}
	signTwilio(a, r)
}

// signTwilio signs the address and the form, or the digest of what is no form.
// https://www.twilio.com/docs/usage/security#validating-requests
func signTwilio(a channel.Account, r *channel.Request) {
	text := ""
	if body := strings.TrimSpace(string(r.Body)); strings.HasPrefix(body, "{") || strings.HasPrefix(body, "[") {
		sum, q := sha256.Sum256(r.Body), r.Query()
		q.Set("bodySHA256", hex.EncodeToString(sum[:]))
		r.RawQuery = q.Encode()
	} else if form, err := url.ParseQuery(string(r.Body)); err == nil {
		for _, name := range slices.Sorted(maps.Keys(form)) {
			values := slices.Clone(form[name])
			slices.Sort(values)
			for _, v := range slices.Compact(values) {
				text += name + v
			}
		}
	}
	address := a.URL
	if r.RawQuery != "" {
		address += "?" + r.RawQuery
	}
	mac := hmac.New(sha1.New, []byte(a.Value("auth_token")))
	mac.Write([]byte(address + text))
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set("X-Twilio-Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}

// customer is the n-th text of the customer, the way that the account's texts come.
func customer(a channel.Account, text string, n int, now time.Time) channel.Request {
	const number, brand = "+447700900123", "+447700900456"
	if viaAWS(a) || a.Value("auth_token") == "" {
		id := channel.UUID(channel.Digest([]byte(text), strconv.Itoa(n), now.String()))
		return publishes(a, id, map[string]any{"originationNumber": number, "destinationNumber": brand, "messageBody": text,
			"inboundMessageId": id})
	}
	sid := "SM" + channel.Digest([]byte(text), strconv.Itoa(n), now.String())
	return postsForm(a, url.Values{
		"MessageSid": {sid}, "SmsSid": {sid}, "AccountSid": {a.Value("account_sid")}, "From": {number}, "To": {brand},
		"Body":     {text},
		"NumMedia": {"0"}, "NumSegments": {"1"}, "SmsStatus": {"received"}, "ApiVersion": {"2010-04-01"},
	})
}
