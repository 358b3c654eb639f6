package whatsapp

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// double plays Meta's Graph API, or AWS before it: it refuses what they would refuse,
// and posts the statuses of a message that arrives and is read.
func double(a channel.Account, c channel.Call) channel.Answer {
	if c.Host == socialAPI(a).Host() {
		return doubleAWS(a, c)
	}
	if c.Header.Get("Authorization") != "Bearer "+a.Value(accessToken) || a.Value(accessToken) == "" {
		return refuse(http.StatusUnauthorized, 190, "Invalid OAuth access token data.")
	}
	switch {
	case c.Method == http.MethodGet && c.Host == mediaHost:
		return channel.Answer{Reply: channel.Reply{Status: http.StatusOK, Header: http.Header{"Content-Type": {"image/jpeg"}}, Body: []byte("a picture")}}
	case c.Host == graphHost && c.Method == http.MethodGet && strings.HasPrefix(c.Path, "/"+graphVersion+"/"):
		return channel.AnswerJSON(http.StatusOK, `{"messaging_product":"whatsapp","url":"https://`+mediaHost+`/whatsapp_business/attachments/?mid=1","mime_type":"image/jpeg"}`)
	case c.Host == graphHost && c.Method == http.MethodPost && c.Path == "/"+graphVersion+"/"+a.Value(phoneNumberID)+"/messages":
		return doubleGraph(a, c)
	}
	return refuse(http.StatusBadRequest, 100, "Unsupported request")
}

// doubleGraph is Graph's answer to a message or an action.
func doubleGraph(a channel.Account, c channel.Call) channel.Answer {
	if code, title := doubleRefusal(c.Body, c.Fault); code != 0 {
		return refuse(http.StatusBadRequest, code, title)
	}
	var m doubledMessage
	_ = json.Unmarshal(c.Body, &m) // doubleRefusal has read it
	if m.Status == "read" {
		return channel.AnswerJSON(http.StatusOK, `{"success":true}`)
	}
	id := "wamid." + channel.Digest(c.Body)
	answer := channel.AnswerJSON(http.StatusOK, fmt.Sprintf(`{"messaging_product":"whatsapp","contacts":[{"input":%q}],"messages":[{"id":%q,"message_status":"accepted"}]}`, m.To+m.Recipient, id))
	for _, entry := range m.entries(id, c.Received.Unix(), a.Value(phoneNumberID)) {
		answer.Webhooks = append(answer.Webhooks, posts(a, entry))
	}
	return answer
}

// doubleAWS is AWS' answer: an id of its own, and Meta's statuses in messages of SNS.
func doubleAWS(a channel.Account, c channel.Call) channel.Answer {
	var call socialRequest
	switch {
	case !socialAPI(a).Signed(c, "Content-Type"):
		return refuseAWS(http.StatusForbidden, "InvalidSignatureException", "The request signature we calculated does not match the signature you provided.")
	case c.Path != socialPath || json.Unmarshal(c.Body, &call) != nil || call.Number == "" || call.Version != graphVersion:
		return refuseAWS(http.StatusBadRequest, "ValidationException", "The request is not valid.")
	case c.Fault == channel.FaultThrottled:
		return refuseAWS(http.StatusTooManyRequests, "ThrottledRequestException", "Rate exceeded")
	case c.Fault == channel.FaultExpired:
		return refuseAWS(http.StatusForbidden, "AccessDeniedByMetaException", "Access denied")
	}
	if code, title := doubleRefusal(call.Message, c.Fault); code != 0 {
		return refuseAWS(http.StatusBadGateway, "DependencyException", fmt.Sprintf("(#%d) %s", code, title))
	}
	var m doubledMessage
	_ = json.Unmarshal(call.Message, &m) // doubleRefusal has read it
	digest := channel.Digest(c.Body)
	answer := channel.AnswerJSON(http.StatusOK, `{"messageId":"`+channel.UUID(digest)+`"}`)
	for i, entry := range m.entries("wamid."+digest, c.Received.Unix(), doubledNumber) {
		answer.Webhooks = append(answer.Webhooks, publishes(a, digest+strconv.Itoa(i), entry))
	}
	return answer
}

// posts is an entry as Meta posts it.
func posts(a channel.Account, entry string) channel.Request {
	return channel.Request{
		Method: http.MethodPost, Path: "/webhooks/whatsapp/" + a.ID, Header: http.Header{"Content-Type": {"application/json"}},
		Body: []byte(`{"object":"` + object + `","entry":[` + entry + `]}`),
	}
}

// publishes is an entry as AWS publishes it and SNS posts it. id is of the delivery.
func publishes(a channel.Account, id, entry string) channel.Request {
	text, _ := channel.JSON(map[string]string{"whatsAppWebhookEntry": entry}) // texts
	body, _ := channel.JSON(map[string]string{
		"Type": "Notification", "MessageId": channel.UUID(id), "TopicArn": a.Value(topicARN), "Message": string(text),
	})
	return channel.Request{
		Method: http.MethodPost, Path: "/webhooks/whatsapp/" + a.ID,
		Header: http.Header{"Content-Type": {"text/plain; charset=UTF-8"}, "X-Amz-Sns-Message-Type": {"Notification"}}, Body: body,
	}
}

// doubledNumber is the id of the brand's number at Meta.
const doubledNumber = "220000000000022"

// customer is Ana's n-th message, the way that the account's messages come.
func customer(a channel.Account, text string, n int, now time.Time) channel.Request {
	const number, user = "15550100099", "US.500000000000000000077"
	id := "wamid." + channel.Digest([]byte(text), strconv.Itoa(n), now.String())
	entry := entryOf(cmp.Or(a.Value(phoneNumberID), doubledNumber), map[string]any{
		"contacts": []any{map[string]any{"profile": map[string]string{"name": "Ana", "username": "ana.demo"}, "wa_id": number, "user_id": user}},
		"messages": []any{map[string]any{
			"from": number, "from_user_id": user, "id": id, "timestamp": strconv.FormatInt(now.Unix(), 10), "type": "text", "text": map[string]string{"body": text},
		}},
	})
	if a.Value(appSecret) == "" && a.Value(topicARN) != "" {
		return publishes(a, id, entry)
	}
	return posts(a, entry)
}

// entryOf is an entry of a webhook with the facts of a value.
func entryOf(number string, facts map[string]any) string {
	value := map[string]any{"messaging_product": product, "metadata": map[string]string{"display_phone_number": "15550100001", "phone_number_id": number}}
	maps.Copy(value, facts)
	text, _ := channel.JSON(map[string]any{"id": "410000000000011", "changes": []any{map[string]any{"field": "messages", "value": value}}}) // texts
	return string(text)
}

// refuse is a refusal as Graph writes it.
func refuse(status, code int, title string) channel.Answer {
	return channel.AnswerJSON(status, fmt.Sprintf(`{"error":{"message":"(#%d) %s","type":"OAuthException","code":%d,"fbtrace_id":"double"}}`, code, title, code))
}

func refuseAWS(status int, code, message string) channel.Answer {
	answer := channel.AnswerJSON(status, fmt.Sprintf(`{"__type":%q,"message":%q}`, code, message))
	answer.Header.Set("X-Amzn-Errortype", code)
	return answer
}

// entries are the statuses of a message, each an entry of a webhook.
func (m *doubledMessage) entries(id string, at int64, number string) []string {
	var list []string
	for i, state := range []events.State{events.Sent, events.Delivered, events.Read} {
		s := map[string]any{"id": id, "status": state, "timestamp": strconv.FormatInt(at+int64(i), 10)}
		if m.Correlation != "" {
			s["biz_opaque_callback_data"] = m.Correlation
		}
		switch {
		case m.Kind == "group":
			s["recipient_id"], s["recipient_type"] = m.To, "group"
		case m.Recipient != "":
			s["recipient_user_id"] = m.Recipient
		default:
			s["recipient_id"] = strings.TrimPrefix(m.To, "+")
		}
		list = append(list, entryOf(number, map[string]any{"statuses": []any{s}}))
	}
	return list
}
