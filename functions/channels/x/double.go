package x

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/relais-dev/relais/shared/channel"
)

// double plays X's API, and echoes what it took to our webhook.
func double(a channel.Account, c channel.Call) channel.Answer {
	switch {
	case c.Fault == channel.FaultExpired || !authorised(a, c):
		return refuse(http.StatusUnauthorized, "about:blank", "Unauthorized", "Unauthorized")
	case c.Method == http.MethodGet && (c.Host == tonHost || c.Host == videoHost):
		return channel.Answer{Reply: channel.Reply{Status: http.StatusOK, Header: http.Header{"Content-Type": {"image/jpeg"}}, Body: []byte("a picture")}}
	case c.Host != apiHost:
		return refuse(http.StatusNotFound, "about:blank", "Not Found", "")
	case c.Fault == channel.FaultThrottled:
		limited := refuse(http.StatusTooManyRequests, "about:blank", "Too Many Requests", "Too Many Requests")
		limited.Header.Set("X-Rate-Limit-Reset", strconv.FormatInt(c.Received.Add(15*time.Minute).Unix(), 10))
		return limited
	case c.Method == http.MethodDelete && deletePath.MatchString(c.Path):
		return channel.AnswerJSON(http.StatusOK, `{"data":{"deleted":true}}`)
	case c.Method == http.MethodPost && strings.HasPrefix(c.Path, uploadPath):
		return doubleUpload(c)
	case c.Method == http.MethodPost && c.Path == postPath:
		return doublePost(a, c)
	case c.Method == http.MethodPost && directForm.MatchString(c.Path):
		return doubleDirect(a, c)
	}
	return refuse(http.StatusNotFound, "about:blank", "Not Found", "")
}

var (
	directForm = regexp.MustCompile(`^/2/dm_conversations/with/([0-9]{1,19})/messages$`)
	deletePath = regexp.MustCompile(`^/2/(dm_events|tweets)/[0-9]{1,19}$`)
	uploadForm = regexp.MustCompile(`^/2/media/upload/([0-9]{1,19})/(append|finalize)$`)
	idForm     = regexp.MustCompile(`^[0-9]{1,19}$`)
	oauthField = regexp.MustCompile(`(oauth_[a-z_]+)="([^"]*)"`)
)

func refuse(status int, kind, title, detail string) channel.Answer {
	text, _ := channel.JSON(problem{Title: title, Detail: detail, Type: kind, Status: status}) // texts
	a := channel.AnswerJSON(status, string(text))
	a.Header.Set("Content-Type", "application/problem+json")
	return a
}

// authorised checks the signature of a call as X does.
func authorised(a channel.Account, c channel.Call) bool {
	header, ok := strings.CutPrefix(c.Header.Get("Authorization"), "OAuth ")
	u, err := url.Parse(c.URL() + "?" + c.RawQuery)
	if !ok || err != nil || a.Value(accessToken) == "" {
		return false
	}
	p := url.Values{}
	for _, m := range oauthField.FindAllStringSubmatch(header, -1) {
		v, err := url.PathUnescape(m[2])
		if err != nil || p.Has(m[1]) {
			return false
		}
		p.Set(m[1], v)
	}
	got := p.Get("oauth_signature")
	p.Del("oauth_signature")
	signed, err := strconv.ParseInt(p.Get("oauth_timestamp"), 10, 64)
	return err == nil && c.Received.Sub(time.Unix(signed, 0)).Abs() < 5*time.Minute && p.Get("oauth_nonce") != "" &&
		p.Get("oauth_consumer_key") == a.Value(consumerKey) && p.Get("oauth_token") == a.Value(accessToken) &&
		p.Get("oauth_signature_method") == "HMAC-SHA1" && got == oauthSignature(a, c.Method, u, p)
}

// doubledID is a snowflake for a call, the same for the same call.
func doubledID(c channel.Call) string {
	n, _ := strconv.ParseUint(channel.Digest(c.Body, c.Path, c.Header.Get("Authorization"))[:12], 16, 64) // hexadecimal digits
	return strconv.FormatUint(1_999_500_000_000_000_000+n, 10)
}

func doubleUpload(c channel.Call) channel.Answer {
	if c.Path == uploadPath+"initialize" {
		var s uploadStart
		if json.Unmarshal(c.Body, &s) != nil || !strings.HasSuffix(s.Category, "_image") || !strings.HasPrefix(s.Type, "image/") || s.Bytes <= 0 || s.Bytes > maxImage {
			return refuse(http.StatusBadRequest, "https://api.x.com/2/problems/invalid-request", "Invalid Request", "One or more parameters to your media request was invalid.")
		}
		return channel.AnswerJSON(http.StatusOK, fmt.Sprintf(`{"data":{"id":%q,"media_key":"3_1","expires_after_secs":86400}}`, doubledID(c)))
	}
	m := uploadForm.FindStringSubmatch(c.Path)
	var piece uploadPiece
	switch {
	case m == nil:
		return refuse(http.StatusNotFound, "about:blank", "Not Found", "")
	case m[2] == "append" && (json.Unmarshal(c.Body, &piece) != nil || len(piece.Media) == 0 || piece.Segment != 0):
		return refuse(http.StatusBadRequest, "https://api.x.com/2/problems/invalid-request", "Invalid Request", "The media segment is invalid.")
	}
	return channel.AnswerJSON(http.StatusOK, fmt.Sprintf(`{"data":{"id":%q,"expires_at":1785686400}}`, m[1]))
}

func doubleDirect(a channel.Account, c channel.Call) channel.Answer {
	var w outgoingDirect
	to := directForm.FindStringSubmatch(c.Path)[1]
	bad := json.Unmarshal(c.Body, &w) != nil || w.Text == "" && len(w.Attachments) == 0 || len([]rune(w.Text)) > 10_000 || len(w.Attachments) > 1
	for _, m := range w.Attachments {
		bad = bad || !idForm.MatchString(m.ID)
	}
	switch {
	case c.Fault == channel.FaultGone:
		return refuse(http.StatusForbidden, "about:blank", "Forbidden", "You cannot send messages to this user.")
	case c.Fault == channel.FaultInvalid || bad:
		return refuse(http.StatusBadRequest, "https://api.x.com/2/problems/invalid-request", "Invalid Request", "One or more parameters to your request was invalid.")
	}
	id, own := doubledID(c), ownID(a)
	sent, _ := channel.JSON(w.Text) // a text
	echo := fmt.Sprintf(`{"data":{"event_uuid":%[1]q,"filter":{"user_id":%[2]q},"event_type":"dm.sent","payload":{"direct_message_events":[{"type":"message_create","id":%[1]q,`+
		`"created_timestamp":"%[3]d","message_create":{"target":{"recipient_id":%[4]q},"sender_id":%[2]q,"message_data":{"text":%[5]s}}}]}}}`, id, own, c.Received.UnixMilli(), to, sent)
	answer := channel.AnswerJSON(http.StatusCreated, fmt.Sprintf(`{"data":{"dm_conversation_id":"%s-%s","dm_event_id":%q}}`, own, to, id))
	answer.Webhooks = []channel.Request{webhook(echo, c.Received)}
	return answer
}

func doublePost(a channel.Account, c channel.Call) channel.Answer {
	var w outgoingPost
	bad := json.Unmarshal(c.Body, &w) != nil || w.Text == "" && w.Media == nil || w.Reply == nil || !idForm.MatchString(w.Reply.ID) || len([]rune(w.Text)) > 280
	switch {
	case c.Fault == channel.FaultGone:
		return refuse(http.StatusForbidden, "about:blank", "Forbidden", "You have been blocked from replying.")
	case c.Fault == channel.FaultInvalid || bad:
		return refuse(http.StatusBadRequest, "https://api.x.com/2/problems/invalid-request", "Invalid Request", "One or more parameters to your request was invalid.")
	}
	id, own := doubledID(c), ownID(a)
	sent, _ := channel.JSON(w.Text) // a text
	echo := fmt.Sprintf(`{"data":{"event_uuid":%[1]q,"filter":{"user_id":%[2]q},"event_type":"post.create","payload":{"id":%[1]q,"text":%[3]s,"author_id":%[2]q,`+
		`"created_at":%[4]q,"conversation_id":%[5]q,"referenced_tweets":[{"type":"replied_to","id":%[5]q}]}}}`, id, own, sent, c.Received.Format(time.RFC3339), w.Reply.ID)
	answer := channel.AnswerJSON(http.StatusCreated, fmt.Sprintf(`{"data":{"id":%q,"text":%s}}`, id, sent))
	answer.Webhooks = []channel.Request{webhook(echo, c.Received)}
	return answer
}

// ownID is the account's user id, with which an access token begins.
func ownID(a channel.Account) string {
	id, _, _ := strings.Cut(a.Value(accessToken), "-")
	return id
}

func webhook(body string, at time.Time) channel.Request {
	return channel.Request{Method: http.MethodPost, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(body), Received: at}
}

// customer is a direct message of the person in the samples.
func customer(a channel.Account, text string, n int, now time.Time) channel.Request {
	said, _ := channel.JSON(text) // a text
	body := fmt.Sprintf(`{"data":{"event_uuid":"%[1]d","filter":{"user_id":%[2]q},"event_type":"dm.received","payload":{"direct_message_events":[{"type":"message_create","id":"%[1]d",`+
		`"created_timestamp":"%[3]d","message_create":{"target":{"recipient_id":%[2]q},"sender_id":"3333","message_data":{"text":%[4]s}}}]}}}`,
		1_999_600_000_000_000_000+int64(n), ownID(a), now.UnixMilli(), said)
	return webhook(body, now)
}
