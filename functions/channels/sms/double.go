package sms

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/relais-dev/relais/shared/channel"
)

// double plays Twilio's API and AWS': they refuse what the real ones would refuse, and
// post the statuses of a message that arrives.
func double(a channel.Account, c channel.Call) channel.Answer {
	if host := awsAPI(a).Host(); host != "" && c.Host == host {
		return doubleAWS(a, c)
	}
	if c.Header.Get("Authorization") != basic(a).Get("Authorization") || c.Fault == channel.FaultExpired {
		return refuse(http.StatusUnauthorized, 20003, "Authenticate")
	}
	if c.Method == http.MethodGet && strings.Contains(c.Path, "/Media/") {
		return channel.Answer{Reply: channel.Reply{Status: http.StatusOK, Header: http.Header{"Content-Type": {"image/jpeg"}}, Body: []byte("a picture")}}
	}
	f, err := url.ParseQuery(string(c.Body))
	switch {
	case c.Method != http.MethodPost || c.Host != twilioHost || c.Path != twilioPath+a.Value(accountSID)+messages:
		return refuse(http.StatusNotFound, 20404, "The requested resource was not found")
	case err != nil || c.Header.Get("Content-Type") != "application/x-www-form-urlencoded":
		return refuse(http.StatusBadRequest, 20001, "Invalid request")
	}
	if status, code, text := twilioRefusalOf(f, c.Fault); code != 0 {
		return refuse(status, code, text)
	}
	sid := "SM" + channel.Digest(c.Body)
	n, _ := parts(f.Get("Body"))
	answer := channel.AnswerJSON(http.StatusCreated, fmt.Sprintf(`{"sid":%q,"status":"queued","num_segments":"%d","error_code":null}`, sid, n))
	for _, state := range []string{"sent", "delivered"} {
		answer.Webhooks = append(answer.Webhooks, callback(a, f, sid, state))
	}
	return answer
}

// twilioRefusalOf is what Twilio has against a message; a code of 0 is nothing.
func twilioRefusalOf(f url.Values, fault channel.Fault) (status, code int, text string) {
	const bad = http.StatusBadRequest
	switch fault {
	case channel.FaultThrottled:
		return http.StatusTooManyRequests, 20429, "Too Many Requests"
	case channel.FaultClosed:
		return bad, 63016, "Failed to send freeform message because you are outside the allowed window."
	case channel.FaultGone:
		return bad, 21610, "Attempt to send to unsubscribed recipient"
	case channel.FaultInvalid:
		return bad, 21617, "The concatenated message body exceeds the 1600 character limit"
	}
	_, number, prefixed := strings.Cut(f.Get("To"), ":")
	if !prefixed {
		number = f.Get("To")
	}
	callback, err := url.Parse(f.Get("StatusCallback"))
	switch {
	case !isNumber(number) && !prefixed:
		return bad, 21211, "The 'To' number is not a valid phone number."
	case (f.Get("From") == "") == (f.Get("MessagingServiceSid") == ""):
		return bad, 21603, "A 'From' phone number is required."
	case f.Get("Body") == "" && f.Get("MediaUrl") == "" && f.Get("ContentSid") == "":
		return bad, 21619, "A text message body or media urls must be specified."
	case channel.UTF16.Len(f.Get("Body")) > maxText:
		return bad, 21617, "The concatenated message body exceeds the 1600 character limit"
	case f.Get("MediaUrl") != "" && !strings.HasPrefix(f.Get("MediaUrl"), "https://"):
		return bad, 21620, "Invalid media URL(s)"
	case err != nil || callback.Scheme != "https" && callback.Scheme != "http" || callback.Host == "":
		return bad, 21609, "Invalid 'StatusCallback' parameter"
	}
	return 0, 0, ""
}

func refuse(status, code int, text string) channel.Answer {
	return channel.AnswerJSON(status, fmt.Sprintf(`{"code":%d,"message":%q,"more_info":"https://www.twilio.com/docs/errors/%d","status":%d}`, code, text, code, status))
}

// callback is a status as Twilio posts it to the address that came with the message.
func callback(a channel.Account, sent url.Values, sid, state string) channel.Request {
	_, query, _ := strings.Cut(sent.Get("StatusCallback"), "?")
	r := postsForm(a, url.Values{
		"MessageSid": {sid}, "SmsSid": {sid}, "MessageStatus": {state}, "SmsStatus": {state}, "AccountSid": {a.Value(accountSID)},
		"To": {sent.Get("To")}, "From": {sent.Get("From")}, "ApiVersion": {"2010-04-01"},
	})
	r.RawQuery = query
	return r
}

func postsForm(a channel.Account, f url.Values) channel.Request {
	return channel.Request{
		Method: http.MethodPost, Path: "/webhooks/sms/" + a.ID, Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=utf-8"}},
		Body: []byte(f.Encode()),
	}
}

// doubleAWS is AWS' answer to SendTextMessage.
func doubleAWS(a channel.Account, c channel.Call) channel.Answer {
	var m struct {
		DestinationPhoneNumber, OriginationIdentity, MessageBody, MessageType, ConfigurationSetName string
		Context                                                                                     map[string]string
	}
	switch {
	case !awsAPI(a).Signed(c, "Content-Type", "X-Amz-Target") || c.Fault == channel.FaultExpired:
		return refuseAWS(http.StatusBadRequest, "UnrecognizedClientException", "")
	case c.Fault == channel.FaultThrottled:
		return refuseAWS(http.StatusBadRequest, "ThrottlingException", "")
	case c.Fault == channel.FaultGone:
		return refuseAWS(http.StatusBadRequest, "ConflictException", "DESTINATION_PHONE_NUMBER_OPTED_OUT")
	case c.Path != "/" || c.Header.Get("X-Amz-Target") != textTarget || json.Unmarshal(c.Body, &m) != nil || c.Fault == channel.FaultInvalid:
		return refuseAWS(http.StatusBadRequest, "ValidationException", "INVALID_REQUEST")
	case !isNumber(m.DestinationPhoneNumber) || m.OriginationIdentity == "" || m.MessageBody == "" || channel.UTF16.Len(m.MessageBody) > maxText,
		m.MessageType != "TRANSACTIONAL" && m.MessageType != "PROMOTIONAL":
		return refuseAWS(http.StatusBadRequest, "ValidationException", "INVALID_PARAMETER")
	}
	id := channel.UUID(channel.Digest(c.Body))
	answer := channel.AnswerJSON(http.StatusOK, fmt.Sprintf(`{"MessageId":%q}`, id))
	for i, outcome := range []string{"SUCCESSFUL", "DELIVERED"} {
		n, _ := parts(m.MessageBody)
		answer.Webhooks = append(answer.Webhooks, publishes(a, id+outcome, map[string]any{
			"eventType": "TEXT_" + outcome, "eventTimestamp": c.Received.UnixMilli() + int64(i), "destinationPhoneNumber": m.DestinationPhoneNumber,
			"messageId": id, "messageStatus": outcome, "messageType": m.MessageType, "context": m.Context, "totalMessageParts": n, "totalMessagePrice": 0.0075,
		}))
	}
	return answer
}

func refuseAWS(status int, code, reason string) channel.Answer {
	answer := channel.AnswerJSON(status, fmt.Sprintf(`{"__type":%q,"Message":"refused","Reason":%q}`, code, reason))
	answer.Header.Set("X-Amzn-Errortype", code)
	return answer
}

// publishes is what AWS tells the account's topic, as SNS posts it.
func publishes(a channel.Account, id string, message map[string]any) channel.Request {
	text, _ := channel.JSON(message) // texts and numbers
	body, _ := channel.JSON(map[string]string{"Type": "Notification", "MessageId": channel.UUID(id), "TopicArn": a.Value(topicARN), "Message": string(text)})
	return channel.Request{
		Method: http.MethodPost, Path: "/webhooks/sms/" + a.ID,
		Header: http.Header{"Content-Type": {"text/plain; charset=UTF-8"}, "X-Amz-Sns-Message-Type": {"Notification"}}, Body: body,
	}
}

// customer is the n-th text of the customer, the way that the account's texts come.
func customer(a channel.Account, text string, n int, now time.Time) channel.Request {
	const number, brand = "+447700900123", "+447700900456"
	if viaAWS(a) || a.Value(authToken) == "" {
		id := channel.UUID(channel.Digest([]byte(text), strconv.Itoa(n), now.String()))
		return publishes(a, id, map[string]any{"originationNumber": number, "destinationNumber": brand, "messageBody": text, "inboundMessageId": id})
	}
	sid := "SM" + channel.Digest([]byte(text), strconv.Itoa(n), now.String())
	return postsForm(a, url.Values{
		"MessageSid": {sid}, "SmsSid": {sid}, "AccountSid": {a.Value(accountSID)}, "From": {number}, "To": {brand}, "Body": {text},
		"NumMedia": {"0"}, "NumSegments": {"1"}, "SmsStatus": {"received"}, "ApiVersion": {"2010-04-01"},
	})
}
