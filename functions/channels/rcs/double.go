package rcs

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/relais-dev/relais/functions/channels/internal/google"
	"github.com/relais-dev/relais/shared/channel"
)

var (
	doublePath = regexp.MustCompile(`^/v1/phones/(\+[1-9][0-9]{5,14})/(agentMessages|agentEvents)(/[0-9A-Za-z-]+)?$`)
	doubleUUID = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
)

// double plays Google: the token endpoint and the API of RCS for Business.
func double(a channel.Account, c channel.Call) channel.Answer {
	if c.Host == google.TokenHost {
		return google.DoubleToken(a, c, scope)
	}
	if answer, refused := google.Refuse(a, c, scope); refused {
		return answer
	}
	path, q := doublePath.FindStringSubmatch(c.Path), c.Query()
	if path == nil || q.Get("agentId") != a.Value(agentID) {
		return google.DoubleError(http.StatusNotFound, "NOT_FOUND", "Requested entity was not found.")
	}
	phone, kind, id := path[1], path[2], path[3]
	switch {
	case c.Method == http.MethodDelete && kind == "agentMessages" && id != "":
		return channel.AnswerJSON(http.StatusOK, "{}")
	case c.Method != http.MethodPost || id != "":
		return google.DoubleError(http.StatusNotFound, "NOT_FOUND", "Method not found.")
	case kind == "agentEvents":
		return doubleEvent(c, q.Get("eventId"))
	}
	if problem := doubleProblem(c.Body, q.Get("messageId")); problem != "" {
		return google.DoubleError(http.StatusBadRequest, "INVALID_ARGUMENT", problem)
	}
	message := q.Get("messageId")
	answer := channel.AnswerJSON(http.StatusOK, fmt.Sprintf(`{"name":"phones/%s/agentMessages/%s","sendTime":%q}`, phone, message, c.Received.Format(time.RFC3339Nano)))
	for i, kind := range []string{"DELIVERED", "READ"} {
		answer.Webhooks = append(answer.Webhooks, doubleReceipt(a, phone, kind, message, c.Received.Add(time.Duration(i+1)*time.Second)))
	}
	return answer
}

func doubleEvent(c channel.Call, id string) channel.Answer {
	var e agentEvent
	typing := json.Unmarshal(c.Body, &e) == nil && e.Type == "IS_TYPING" && e.MessageID == ""
	read := e.Type == "READ" && e.MessageID != ""
	if !doubleUUID.MatchString(id) || !typing && !read {
		return google.DoubleError(http.StatusBadRequest, "INVALID_ARGUMENT", "Request contains an invalid argument.")
	}
	return channel.AnswerJSON(http.StatusOK, "{}")
}

// doubleProblem is what Google would not take of a message, or "".
func doubleProblem(body []byte, id string) string {
	var m agentMessage
	if json.Unmarshal(body, &m) != nil {
		return "Invalid JSON payload received."
	}
	content := 0
	for _, has := range []bool{m.Content.Text != "", m.Content.ContentInfo != nil, m.Content.RichCard != nil} {
		if has {
			content++
		}
	}
	traffic := []string{transaction, promotion, "AUTHENTICATION", "SERVICEREQUEST", "ACKNOWLEDGEMENT"}
	switch {
	case !doubleUUID.MatchString(id):
		return "Invalid messageId."
	case len(body) > 250<<10:
		return "The message is larger than 250 KB."
	case content != 1:
		return "A message has one content."
	case !m.Content.ContentInfo.fetchable():
		return "Invalid fileUrl."
	case utf8.RuneCountInString(m.Content.Text) > limits.Text:
		return "The text is too long."
	case !slices.Contains(traffic, m.Traffic) || (m.TTL == "") == (m.ExpireTime == ""):
		return "Invalid messageTrafficType, ttl or expireTime."
	case len(m.Content.Suggestions) > 11 || !doubleSuggestions(m.Content.Suggestions):
		return "Invalid suggestions."
	}
	return doubleCards(m.Content.RichCard)
}

func doubleSuggestions(list []suggested) bool {
	return !slices.ContainsFunc(list, func(s suggested) bool { return !doubleSuggestion(s) })
}

func doubleSuggestion(s suggested) bool {
	text, postback := "", ""
	switch {
	case s.Reply != nil && s.Action == nil:
		text, postback = s.Reply.Text, s.Reply.Postback
	case s.Action != nil && s.Reply == nil:
		text, postback = s.Action.Text, s.Action.Postback
	}
	return text != "" && utf8.RuneCountInString(text) <= maxLabel && postback != "" && len(postback) <= 2048
}

func doubleCards(r *richCard) string {
	if r == nil {
		return ""
	}
	var list []cardContent
	switch {
	case r.Standalone != nil && r.Carousel == nil:
		list = append(list, r.Standalone.Content)
	case r.Carousel != nil && r.Standalone == nil && len(r.Carousel.Contents) >= 2 && len(r.Carousel.Contents) <= 10:
		list = r.Carousel.Contents
	default:
		return "Invalid richCard."
	}
	for _, c := range list {
		empty := c.Title == "" && c.Description == "" && c.Media == nil
		long := utf8.RuneCountInString(c.Title) > maxTitle || utf8.RuneCountInString(c.Description) > maxDescription
		if c.Media != nil && (c.Media.ContentInfo == nil || !c.Media.ContentInfo.fetchable()) {
			return "Invalid fileUrl."
		}
		if empty || long || len(c.Suggestions) > 4 || !doubleSuggestions(c.Suggestions) {
			return "Invalid cardContent."
		}
	}
	return ""
}

// fetchable says whether Google can get the file, where there is one.
func (i *contentInfo) fetchable() bool {
	return i == nil || strings.HasPrefix(i.FileURL, "https://") && (i.ThumbnailURL == "" || strings.HasPrefix(i.ThumbnailURL, "https://"))
}

// doubleReceipt is the webhook that tells what became of a message.
func doubleReceipt(a channel.Account, phone, kind, message string, at time.Time) channel.Request {
	return pushed(map[string]string{
		"senderPhoneNumber": phone, "eventType": kind, "eventId": channel.Digest([]byte(message), kind), "messageId": message,
		"sendTime": at.Format(time.RFC3339Nano), "agentId": a.Value(agentID),
	})
}

// customer writes to the agent of testdata.
func customer(a channel.Account, text string, n int, now time.Time) channel.Request {
	at := now.UTC().Format(time.RFC3339Nano)
	return pushed(map[string]string{
		"senderPhoneNumber": "+447700900123", "messageId": "Ms" + channel.Digest([]byte(text), at, strconv.Itoa(n)),
		"sendTime": at, "agentId": a.Value(agentID), "text": text,
	})
}

// pushed is an event as Pub/Sub pushes it.
func pushed(event map[string]string) channel.Request {
	data, _ := channel.JSON(event) // texts
	body := fmt.Sprintf(`{"message":{"data":%q,"messageId":"1"},"subscription":"s"}`, base64.StdEncoding.EncodeToString(data))
	return channel.Request{Method: http.MethodPost, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(body)}
}
