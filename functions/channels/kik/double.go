package kik

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/relais-dev/relais/shared/channel"
)

// double plays Kik: it takes messages as the Python library makes them, and says
// that each was delivered and read.
func double(a channel.Account, call channel.Call) channel.Answer {
	switch call.Fault {
	case channel.FaultThrottled:
		answer := refusal(http.StatusTooManyRequests, "RateLimited")
		answer.Header.Set("Retry-After", "5")
		return answer
	case channel.FaultExpired:
		return refusal(http.StatusUnauthorized, "Unauthorized")
	case channel.FaultClosed, channel.FaultGone:
		return refusal(http.StatusNotFound, "NotFound")
	case channel.FaultInvalid:
		return refusal(http.StatusBadRequest, "BadRequest")
	}
	var body struct {
		Messages []sentMessage `json:"messages"`
	}
	switch {
	case call.Header.Get("Authorization") != basic(a):
		return refusal(http.StatusUnauthorized, "Unauthorized")
	case call.Method != http.MethodPost || call.Path != "/v1/message" && call.Path != "/v1/broadcast":
		return refusal(http.StatusNotFound, "NotFound")
	case json.Unmarshal(call.Body, &body) != nil || len(body.Messages) == 0 || len(body.Messages) > maxBatch:
		return refusal(http.StatusBadRequest, "BadRequest")
	case slices.ContainsFunc(body.Messages, func(m sentMessage) bool { return !m.wellFormed() }):
		return refusal(http.StatusBadRequest, "BadRequest")
	}
	answer := channel.AnswerJSON(http.StatusOK, "{}")
	for _, m := range body.Messages {
		if m.ID != "" {
			answer.Webhooks = append(answer.Webhooks, receipt(a, call, m, "delivery-receipt"), receipt(a, call, m, "read-receipt"))
		}
	}
	return answer
}

func refusal(status int, code string) channel.Answer {
	return channel.AnswerJSON(status, `{"error":"`+code+`"}`)
}

func (m *sentMessage) wellFormed() bool {
	if m.To == "" && m.ChatID == "" || len(m.Body) > 4*maxText {
		return false
	}
	for _, k := range m.Keyboards {
		if k.Type != "suggested" || len(k.Responses) == 0 || len(k.Responses) > maxResponses {
			return false
		}
	}
	switch m.Type {
	case "text":
		return m.Body != ""
	case "picture":
		return strings.HasPrefix(m.PicURL, "https://")
	case "video":
		return strings.HasPrefix(m.VideoURL, "https://")
	case "link":
		return m.URL != ""
	case "is-typing":
		return m.IsTyping != nil
	case "read-receipt":
		return len(m.MessageIDs) > 0
	}
	return false
}

// receipt is the webhook that tells what became of m.
func receipt(a channel.Account, call channel.Call, m sentMessage, kind string) channel.Request {
	return posted(a, call.Received, map[string]any{
		"type": kind, "id": channel.UUID(kind + m.ID), "chatId": m.ChatID, "from": m.To, "timestamp": call.Received.UnixMilli(), "messageIds": []string{m.ID},
	})
}

// customer writes to the bot of testdata.
func customer(a channel.Account, text string, n int, now time.Time) channel.Request {
	at := now.UnixMilli()
	return posted(a, now, map[string]any{
		"type": "text", "id": channel.UUID("customer " + strconv.FormatInt(at, 10) + " " + strconv.Itoa(n)), "chatId": "c0ffee", "chatType": "direct",
		"from": "alice.demo", "participants": []string{"alice.demo"}, "timestamp": at, "readReceiptRequested": true, "body": text,
	})
}

// posted is a webhook with one message.
func posted(a channel.Account, at time.Time, message map[string]any) channel.Request {
	body, _ := channel.JSON(map[string]any{"messages": []any{message}}) // texts and numbers
	return channel.Request{
		Method: http.MethodPost, Path: "/webhooks/kik/" + a.ID, Body: body, Received: at,
		Header: http.Header{"Content-Type": {"application/json"}, "X-Kik-Username": {a.Value(username)}},
	}
}
