package zalo

import (
	"bytes"
	"encoding/json"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/relais-dev/relais/shared/channel"
)

// double plays Zalo's three hosts. What it takes it shows to the account as an echo
// and says that it was received and seen.
func double(a channel.Account, c channel.Call) channel.Answer {
	if c.Method != http.MethodPost {
		return channel.AnswerJSON(http.StatusNotFound, `{}`)
	}
	if c.Host == oauthHost {
		return doubleToken(a, c)
	}
	if c.Header.Get("access_token") != doubledToken(a) || c.Fault == channel.FaultExpired {
		return refusal(-216, "Access token has expired")
	}
	switch {
	case c.Fault != "":
		return faulty(c.Fault)
	case c.URL() == "https://"+apiHost+"/v3.0/oa/message/cs":
		return doubleMessage(a, c)
	case c.URL() == "https://"+znsHost+"/message/template":
		return doubleZNS(a, c)
	case c.URL() == "https://"+apiHost+"/v2.0/oa/upload/image":
		return doubleUpload(c, "attachment_id", 1<<20)
	case c.URL() == "https://"+apiHost+"/v2.0/oa/upload/file":
		return doubleUpload(c, "token", 5<<20)
	}
	return channel.AnswerJSON(http.StatusNotFound, `{}`)
}

func refusal(code int, message string) channel.Answer {
	return channel.AnswerJSON(http.StatusOK, `{"error":`+strconv.Itoa(code)+`,"message":"`+message+`"}`)
}

func faulty(f channel.Fault) channel.Answer {
	switch f {
	case channel.FaultThrottled:
		return refusal(-32, "Your application reached limit call api")
	case channel.FaultClosed:
		return refusal(-230, "User has not interacted with the OA in the past 7 days")
	case channel.FaultGone:
		return refusal(-213, "User has not followed OA")
	}
	return refusal(-203, "Parameter is invalid")
}

// doubledToken is the access token for all of the account's refresh tokens.
func doubledToken(a channel.Account) string {
	return "access-" + channel.Digest([]byte(a.Value(refreshToken)), a.Value(appID))
}

func doubleToken(a channel.Account, c channel.Call) channel.Answer {
	q, err := url.ParseQuery(string(c.Body))
	next := "refresh-" + channel.Digest([]byte(a.Value(refreshToken)))
	known := q.Get("refresh_token") == a.Value(refreshToken) || q.Get("refresh_token") == next
	right := c.Path == "/v4/oa/access_token" && c.Header.Get("secret_key") == a.Value(appSecret) && q.Get("app_id") == a.Value(appID)
	if err != nil || !right || !known || q.Get("grant_type") != "refresh_token" {
		return channel.AnswerJSON(http.StatusOK, `{"error_name":"Invalid refresh token.","error_reason":"","ref_docs":"","error_description":"","error":-14014}`)
	}
	return channel.AnswerJSON(http.StatusOK, `{"access_token":"`+doubledToken(a)+`","refresh_token":"`+next+`","expires_in":"90000"}`)
}

func doubleUpload(c channel.Call, name string, limit int64) channel.Answer {
	_, parameters, err := mime.ParseMediaType(c.Header.Get("Content-Type"))
	if err != nil {
		return refusal(-203, "content type")
	}
	form, err := multipart.NewReader(bytes.NewReader(c.Body), parameters["boundary"]).ReadForm(limit)
	if err != nil || len(form.File["file"]) != 1 || form.File["file"][0].Size == 0 || form.File["file"][0].Size > limit {
		return refusal(-203, "file")
	}
	return channel.AnswerJSON(http.StatusOK, `{"error":0,"message":"Success","data":{"`+name+`":"`+channel.Digest(c.Body)+`"}}`)
}

func doubleMessage(a channel.Account, c channel.Call) channel.Answer {
	var w struct {
		Recipient recipient `json:"recipient"`
		Message   struct {
			Text       string `json:"text"`
			Attachment *struct {
				Type    string          `json:"type"`
				Payload json.RawMessage `json:"payload"`
			} `json:"attachment"`
		} `json:"message"`
	}
	if json.Unmarshal(c.Body, &w) != nil || c.Header.Get("Content-Type") != "application/json" || utf8.RuneCountInString(w.Message.Text) > textLength {
		return refusal(-203, "message")
	}
	person := w.Recipient.UserID
	if !channel.Digits(person) && (w.Recipient.AnonymousID == "" || w.Recipient.ConversationID == "") {
		return refusal(-203, "recipient")
	}
	if w.Message.Attachment == nil && w.Message.Text == "" {
		return refusal(-203, "nothing is said")
	}
	if at := w.Message.Attachment; at != nil && !soundAttachment(at.Type, at.Payload) {
		return refusal(-203, "attachment")
	}
	id := channel.Digest(c.Body)
	answer := channel.AnswerJSON(http.StatusOK, `{"error":0,"message":"Success","data":{"message_id":"`+id+`","user_id":"`+person+`"}}`)
	if person != "" {
		echo := map[string]any{"msg_id": id, "text": w.Message.Text}
		answer.Webhooks = []channel.Request{
			webhookOf(a, c, "oa_send_text", person, echo, 0),
			webhookOf(a, c, "user_received_message", person, map[string]any{"msg_id": id}, 1000),
			webhookOf(a, c, "user_seen_message", person, map[string]any{"msg_ids": []string{id}}, 2000),
		}
		if w.Message.Text == "" || w.Message.Attachment != nil {
			answer.Webhooks = answer.Webhooks[1:] // echoes of other kinds differ
		}
	}
	return answer
}

// soundAttachment says whether an attachment holds what its type must.
func soundAttachment(kind string, payload json.RawMessage) bool {
	var f filePayload
	var t templatePayload
	if kind == "file" {
		return json.Unmarshal(payload, &f) == nil && f.Token != ""
	}
	if kind != "template" || json.Unmarshal(payload, &t) != nil || len(t.Elements) == 0 || len(t.Buttons) > buttonCount {
		return false
	}
	for _, b := range t.Buttons {
		if b.Title == "" || utf8.RuneCountInString(b.Title) > titleLength || !strings.HasPrefix(b.Type, "oa.") || b.Payload == nil {
			return false
		}
	}
	first := t.Elements[0]
	if t.Type == "media" {
		return first.MediaType != "" && first.AttachmentID != ""
	}
	return t.Type != "" && first.Title != "" && utf8.RuneCountInString(first.Title) <= titleLength
}

func doubleZNS(a channel.Account, c channel.Call) channel.Answer {
	var w notification
	if json.Unmarshal(c.Body, &w) != nil || !channel.Digits(w.Phone) || w.TemplateID == "" || w.Data == nil || w.TrackingID == "" {
		return refusal(-203, "Parameter is invalid")
	}
	id := channel.Digest([]byte(w.TrackingID))
	answer := channel.AnswerJSON(http.StatusOK, `{"error":0,"message":"Success","data":{"msg_id":"`+id+`"}}`)
	answer.Webhooks = []channel.Request{webhookOf(a, c, "user_received_message", w.Phone, map[string]any{"msg_id": id, "tracking_id": w.TrackingID}, 1000)}
	return answer
}

// account is the OA's own id in what the double posts.
const account = "3662000000000000001"

// webhookOf is what Zalo posts about a message of the account, unsigned.
func webhookOf(a channel.Account, c channel.Call, event, person string, message map[string]any, after int64) channel.Request {
	return posted(map[string]any{
		"app_id": a.Value(appID), "event_name": event, "timestamp": strconv.FormatInt(c.Received.UnixMilli()+after, 10),
		"sender": map[string]string{"id": account}, "recipient": map[string]string{"id": person}, "message": message,
	}, c.Received)
}

func posted(v any, at time.Time) channel.Request {
	body, _ := channel.JSON(v) // texts
	return channel.Request{
		Method: http.MethodPost, Header: http.Header{"Content-Type": {"application/json"}}, Body: body, Received: at,
	}
}

// customer is the person of text.http, who writes text.
func customer(a channel.Account, text string, n int, now time.Time) channel.Request {
	return posted(map[string]any{
		"app_id": a.Value(appID), "event_name": "user_send_text", "timestamp": strconv.FormatInt(now.UnixMilli(), 10),
		"sender": map[string]string{"id": "6142000000000000001"}, "recipient": map[string]string{"id": account}, "user_id_by_app": "979000000000000001",
		"message": map[string]string{"msg_id": "customer-" + strconv.Itoa(n), "text": text},
	}, now)
}
