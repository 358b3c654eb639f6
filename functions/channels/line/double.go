package line

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/relais-dev/relais/shared/channel"
)

// double plays LINE. It posts no webhooks: LINE tells nothing of what it delivered.
func double(a channel.Account, c channel.Call) channel.Answer {
	if c.Host == apiHost && c.Path == tokenPath {
		return doubleToken(a, c)
	}
	bearer := c.Header.Get("Authorization")
	if c.Fault == channel.FaultExpired || bearer != "Bearer "+doubledToken(a) {
		return refuse(http.StatusUnauthorized, "Authentication failed. Confirm that the access token in the authorization header is valid.")
	}
	switch {
	case c.Host == dataHost && c.Method == http.MethodGet && strings.HasSuffix(c.Path, "/content"):
		return channel.Answer{Reply: channel.Reply{Status: http.StatusOK, Header: http.Header{"Content-Type": {"image/jpeg"}}, Body: []byte("a picture")}}
	case c.Method != http.MethodPost || c.Host != apiHost:
		return refuse(http.StatusNotFound, "Not found")
	case !strings.HasPrefix(c.Header.Get("Content-Type"), "application/json"):
		return refuse(http.StatusUnsupportedMediaType, "The content type is not supported")
	case c.Fault == channel.FaultThrottled:
		return refuse(http.StatusTooManyRequests, "The API rate limit has been exceeded. Try again later.")
	case c.Path == loadingPath:
		return doubleLoading(c)
	case c.Path == pushPath || c.Path == replyPath:
		return doubleSend(c)
	}
	return refuse(http.StatusNotFound, "Not found")
}

func refuse(status int, message string, details ...problemDetail) channel.Answer {
	text, _ := channel.JSON(problem{Message: message, Details: details}) // texts
	return channel.AnswerJSON(status, string(text))
}

// doubledToken is the token that the double knows: the account's own, else the one
// it mints.
func doubledToken(a channel.Account) string {
	if t := a.Value(accessToken); t != "" {
		return t
	}
	return "stateless-" + channel.Digest([]byte(a.Value(secret)), a.Value(channelID))
}

// https://developers.line.biz/en/reference/messaging-api/#issue-stateless-channel-access-token
func doubleToken(a channel.Account, c channel.Call) channel.Answer {
	form, err := url.ParseQuery(string(c.Body))
	known := form.Get("client_id") == a.Value(channelID) && form.Get("client_secret") == a.Value(secret)
	switch {
	case err != nil || c.Method != http.MethodPost || form.Get("grant_type") != "client_credentials" || form.Get("client_id") == "":
		return channel.AnswerJSON(http.StatusBadRequest, `{"error":"invalid_request","error_description":"invalid request"}`)
	case !known:
		return channel.AnswerJSON(http.StatusBadRequest, `{"error":"invalid_client","error_description":"invalid client_secret"}`)
	}
	text, _ := channel.JSON(tokenAnswer{TokenType: "Bearer", AccessToken: doubledToken(a), ExpiresIn: 900})
	return channel.AnswerJSON(http.StatusOK, string(text))
}

// https://developers.line.biz/en/reference/messaging-api/#display-a-loading-indicator
func doubleLoading(c channel.Call) channel.Answer {
	var l loading
	if json.Unmarshal(c.Body, &l) != nil || !strings.HasPrefix(l.ChatID, "U") || l.Seconds < 5 || l.Seconds > 60 || l.Seconds%5 != 0 {
		return refuse(http.StatusBadRequest, "The request body has 1 error(s)")
	}
	return channel.AnswerJSON(http.StatusAccepted, "{}")
}

var (
	recipientForm = regexp.MustCompile(`^[UCR][0-9a-f]{32}$`)
	retryKeyForm  = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
)

func doubleSend(c channel.Call) channel.Answer {
	var s sendRequest
	if json.Unmarshal(c.Body, &s) != nil {
		return refuse(http.StatusBadRequest, "The request body could not be parsed as JSON (line: 1, column: 1)")
	}
	push, key := c.Path == pushPath, c.Header.Get(retryKey)
	switch {
	case !push && (c.Fault == channel.FaultClosed || s.ReplyToken == ""):
		return refuse(http.StatusBadRequest, invalidReplyToken)
	case push && !recipientForm.MatchString(s.To):
		return refuse(http.StatusBadRequest, "The property, 'to', in the request body is invalid (line: -, column: -)")
	case push != retryKeyForm.MatchString(key):
		return refuse(http.StatusBadRequest, "The retry key is invalid")
	case c.Fault == channel.FaultGone:
		return refuse(http.StatusBadRequest, sendFailed)
	}
	if wrong := wrongMessages(s.Messages); c.Fault == channel.FaultInvalid || wrong != nil {
		wrong = append(wrong, problemDetail{Message: "May not be empty", Property: "messages[0].text"})[:1]
		return refuse(http.StatusBadRequest, "The request body has 1 error(s)", wrong...)
	}
	return channel.AnswerJSON(http.StatusOK, doubledIDs(key+s.ReplyToken, len(s.Messages)))
}

// doubledIDs are the ids of n messages sent at once: numbers, the same for the same call.
func doubledIDs(call string, n int) string {
	var s sentMessages
	for i := range n {
		number, _ := strconv.ParseUint(channel.Digest([]byte(call), strconv.Itoa(i))[:14], 16, 64)
		s.SentMessages = append(s.SentMessages, sentMessage{ID: strconv.FormatUint(number+600_000_000_000_000_000, 10)})
	}
	text, _ := channel.JSON(s)
	return string(text)
}

// wrongMessages is what LINE would not accept.
func wrongMessages(raws []json.RawMessage) []problemDetail {
	if len(raws) == 0 || len(raws) > maxMessages {
		return []problemDetail{{"Size must be between 1 and 5", "messages"}}
	}
	var list []problemDetail
	for i, raw := range raws {
		var m outMessage
		at := "messages[" + strconv.Itoa(i) + "]"
		if json.Unmarshal(raw, &m) != nil {
			list = append(list, problemDetail{"Must be an object", at})
			continue
		}
		if property := m.wrong(); property != "" {
			list = append(list, problemDetail{"Must be specified and within its limits", at + "." + property})
		}
	}
	return list
}

// wrong is the property of m that is missing or too long, or "".
func (m outMessage) wrong() string {
	if q := m.QuickReply; q != nil {
		if len(q.Items) == 0 || len(q.Items) > maxQuick {
			return "quickReply.items"
		}
		for _, item := range q.Items {
			if item.Type != "action" || item.Action == nil || item.Action.wrong(quickLabel) {
				return "quickReply.items[].action"
			}
		}
	}
	if m.Sender != nil && !within(m.Sender.Name, maxSender) {
		return "sender.name"
	}
	return m.wrongType()
}

func (m outMessage) wrongType() string {
	switch m.Type {
	case "text":
		return unless(within(m.Text, maxText), "text")
	case "image", "video":
		return unless(isHTTPS(m.OriginalContentURL) && isHTTPS(m.PreviewImageURL), "previewImageUrl")
	case "audio":
		return unless(isHTTPS(m.OriginalContentURL) && m.Duration > 0, "duration")
	case "sticker":
		return unless(channel.Digits(m.PackageID) && channel.Digits(m.StickerID), "stickerId")
	case "location":
		return unless(within(m.Title, maxPlace) && within(m.Address, maxPlace) && m.Latitude != nil && m.Longitude != nil, "title")
	case "flex":
		return unless(within(m.AltText, maxAlt) && flexAccepted(m.Contents), "contents")
	case "template", "imagemap", "textV2", "coupon": // native content only
		return ""
	}
	return "type"
}

func unless(ok bool, property string) string {
	if ok {
		return ""
	}
	return property
}

func within(s string, limit int) bool { return s != "" && channel.UTF16.Len(s) <= limit }

// flexAccepted checks a container's type, size and buttons.
func flexAccepted(contents any) bool {
	text, _ := channel.JSON(contents)
	var c struct {
		Type     string       `json:"type"`
		Contents []flexBubble `json:"contents"`
	}
	if json.Unmarshal(text, &c) != nil {
		return false
	}
	if c.Type == "carousel" {
		ok := len(c.Contents) > 0 && len(c.Contents) <= maxCards && len(text) <= maxCarousel
		for _, b := range c.Contents {
			ok = ok && b.accepted()
		}
		return ok
	}
	var b flexBubble
	return json.Unmarshal(text, &b) == nil && len(text) <= maxBubble && b.accepted()
}

func (b flexBubble) accepted() bool {
	return b.Type == "bubble" && b.Hero.accepted() && b.Body.accepted() && b.Footer.accepted()
}

func (p *flexPart) accepted() bool {
	if p == nil {
		return true
	}
	ok := p.AltContent.accepted()
	switch p.Type {
	case "button":
		ok = ok && p.Action != nil && !p.Action.wrong(buttonLabel)
	case "image":
		ok = ok && isHTTPS(p.URL)
	case "video":
		ok = ok && isHTTPS(p.URL) && isHTTPS(p.PreviewURL) && p.AltContent != nil
	case "text":
		ok = ok && p.Text != ""
	}
	for i := range p.Contents {
		ok = ok && p.Contents[i].accepted()
	}
	return ok
}

// wrong says whether a is not what LINE takes, where labels have at most label characters.
func (a *action) wrong(label int) bool {
	if !within(a.Label, label) {
		return true
	}
	switch a.Type {
	case "postback":
		return !within(a.Data, maxData) || channel.UTF16.Len(a.DisplayText) > maxData
	case "uri":
		scheme, _, _ := strings.Cut(a.URI, ":")
		return !within(a.URI, maxValue) || scheme != "https" && scheme != "http" && scheme != "tel" && scheme != "line"
	case "clipboard":
		return !within(a.ClipboardText, maxValue)
	case "location", "message", "camera", "cameraRoll", "datetimepicker":
		return false
	}
	return true
}

// customer is the webhook of a text that the customer of our samples wrote.
func customer(a channel.Account, text string, n int, now time.Time) channel.Request {
	number := strconv.FormatInt(now.UnixMilli()+int64(n), 10)
	body, _ := channel.JSON(map[string]any{"destination": "Uaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "events": []any{map[string]any{
		"type": "message", "mode": "active", "timestamp": now.UnixMilli(), "webhookEventId": "01K1JLINE" + number,
		"source":          map[string]any{"type": "user", "userId": "U1111111111111111111111111111111a"},
		"deliveryContext": map[string]any{"isRedelivery": false},
		"replyToken":      "rt" + number,
		"message":         map[string]any{"id": "60000" + number, "type": "text", "text": text, "quoteToken": "qt" + number},
	}}})
	return channel.Request{Method: http.MethodPost, Path: "/webhooks/line/" + a.ID, Header: http.Header{"Content-Type": {"application/json; charset=utf-8"}}, Body: body}
}
