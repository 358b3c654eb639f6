// Package play plays RCS for Business, as Google's reference describes it.
package play

import (
	"crypto/hmac"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	google "github.com/relais-dev/relais/functions/channels/internal/google/play"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/play"
)

const (
	scope = "https://www.googleapis.com/auth/rcsbusinessmessaging"
	host  = "rcsbusinessmessaging.googleapis.com"

	business  = "https://developers.google.com/business-communications/rcs-business-messaging/"
	ref       = business + "reference/rest/v1/phones.agentMessages"
	eventDocs = business + "reference/rest/v1/phones.agentEvents"
)

// Platform is RCS for Business.
var Platform = play.Platform{
	Channel:  "rcs",
	Sign:     sign,
	Customer: customer,
	APIs: []play.API{
		google.Tokens(scope),
		google.API("RCS for Business", scope, []string{host, "us-" + host, "europe-" + host, "asia-" + host}, endpoints...),
	},
	Open: open,
}

// sign signs what is in the envelope.
// https://developers.google.com/business-communications/rcs-business-messaging/guides/integrate/webhooks#verify_incoming_messages
func sign(a channel.Account, r *channel.Request) {
	var envelope struct {
		Message struct {
			Data string `json:"data"`
		} `json:"message"`
	}
	if json.Unmarshal(r.Body, &envelope) != nil || envelope.Message.Data == "" {
		return
	}
	data, err := base64.StdEncoding.DecodeString(envelope.Message.Data)
	if err != nil {
		return
	}
	mac := hmac.New(sha512.New, []byte(a.Value("client_token")))
	mac.Write(data)
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set("X-Goog-Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}

// sent is Google's answer to a message, and the events that tell what became of it.
func sent(t play.Taken) play.Answer {
	phone, id := t.Vars["phone"], t.Query.Get("messageId")
	a := play.Text(200, `{"name":"phones/%s/agentMessages/%s","sendTime":%q}`, phone, id,
		t.Received.Format(time.RFC3339Nano))
	for i, kind := range []string{"DELIVERED", "READ"} {
		at := t.Received.Add(time.Duration(i+1) * time.Second)
		a.Posts = append(a.Posts, pushed(map[string]string{"senderPhoneNumber": phone, "eventType": kind, "messageId": id,
			"eventId": channel.Digest([]byte(id), kind), "sendTime": at.Format(time.RFC3339Nano),
			"agentId": t.Account.Value("agent_id")}))
	}
	return a
}

// customer writes to the agent of testdata.
func customer(a channel.Account, text string, n int, now time.Time) channel.Request {
	at := now.UTC().Format(time.RFC3339Nano)
	return pushed(map[string]string{
		"senderPhoneNumber": "+447700900123", "messageId": "Ms" + channel.Digest([]byte(text), at, strconv.Itoa(n)),
		"sendTime": at, "agentId": a.Value("agent_id"), "text": text,
	})
}

// pushed is an event as Pub/Sub pushes it.
func pushed(event map[string]string) channel.Request {
	data, _ := channel.JSON(event) // texts
	body := fmt.Sprintf(`{"message":{"data":%q,"messageId":"1"},"subscription":"s"}`,
		base64.StdEncoding.EncodeToString(data))
	return channel.Request{Method: http.MethodPost, Header: http.Header{"Content-Type": {"application/json"}},
		Body: []byte(body)}
}
