package googlechat

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/relais-dev/relais/functions/channels/internal/google"
	"github.com/relais-dev/relais/shared/channel"
)

var (
	doubleMessages = regexp.MustCompile(`^/v1/(spaces/[0-9A-Za-z_-]+)/messages(?:/([0-9A-Za-z._-]+))?$`)
	doubleOwnID    = regexp.MustCompile(`^client-[0-9a-z-]{1,56}$`)
	doubleUUID     = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
)

// double plays Google: the token endpoint and the Chat API. It posts nothing to us,
// for an app does not hear itself.
func double(a channel.Account, c channel.Call) channel.Answer {
	if c.Host == google.TokenHost {
		return google.DoubleToken(a, c, scope)
	}
	if answer, refused := google.Refuse(a, c, scope); refused {
		return answer
	}
	if strings.HasPrefix(c.Path, "/v1/media/") && c.Method == http.MethodGet && c.RawQuery == "alt=media" {
		return channel.Answer{Reply: channel.Reply{Status: http.StatusOK, Body: []byte("a file of " + c.Path)}}
	}
	place := doubleMessages.FindStringSubmatch(c.Path)
	if place == nil {
		return google.DoubleError(http.StatusNotFound, "NOT_FOUND", "Requested entity was not found.")
	}
	space, id := place[1], place[2]
	switch {
	case c.Method == http.MethodPost && id == "":
		return doubleCreate(c, space)
	case c.Method == http.MethodPatch && id != "" && c.Query().Get("updateMask") == "text,cardsV2":
		if problem := doubleProblem(c.Body, space); problem != "" {
			return google.DoubleError(http.StatusBadRequest, "INVALID_ARGUMENT", problem)
		}
		return doubleMessage(space, id)
	case c.Method == http.MethodGet && id != "":
		return doubleMessage(space, id)
	case c.Method == http.MethodDelete && id != "":
		return channel.AnswerJSON(http.StatusOK, "{}")
	}
	return google.DoubleError(http.StatusBadRequest, "INVALID_ARGUMENT", "Request contains an invalid argument.")
}

func doubleCreate(c channel.Call, space string) channel.Answer {
	q := c.Query()
	options := []string{"REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD", "REPLY_MESSAGE_OR_FAIL"}
	problem := doubleProblem(c.Body, space)
	switch {
	case !slices.Contains(options, q.Get("messageReplyOption")) || !doubleUUID.MatchString(q.Get("requestId")):
		problem = "Invalid messageReplyOption or requestId."
	case !doubleOwnID.MatchString(q.Get("messageId")):
		problem = "Invalid messageId."
	}
	if problem != "" {
		return google.DoubleError(http.StatusBadRequest, "INVALID_ARGUMENT", problem)
	}
	id := channel.Digest([]byte(q.Get("requestId")))[:11]
	return doubleMessage(space, id+"."+id)
}

func doubleMessage(space, id string) channel.Answer {
	return channel.AnswerJSON(http.StatusOK, fmt.Sprintf(`{"name":"%s/messages/%s","sender":{"name":%q,"type":"BOT"},"space":{"name":%q}}`, space, id, self, space))
}

// doubleProblem is what Google would not take of a message in a space, or "".
func doubleProblem(body []byte, space string) string {
	var m outMessage
	switch {
	case json.Unmarshal(body, &m) != nil:
		return "Invalid JSON payload received."
	case len(body) > maxMessage:
		return "The message is larger than 32,000 bytes."
	case m.Text == "" && len(m.Cards) == 0:
		return "Message cannot be empty."
	case m.Thread != nil && !strings.HasPrefix(m.Thread.Name, space+"/threads/"):
		return "Invalid thread."
	}
	var ids []string
	for _, c := range m.Cards {
		if c.ID == "" || slices.Contains(ids, c.ID) || c.Card.Header == nil && len(c.Card.Sections) == 0 {
			return "Invalid cardsV2."
		}
		ids = append(ids, c.ID)
		if problem := doubleWidgets(c.Card.Sections); problem != "" {
			return problem
		}
	}
	return ""
}

func doubleWidgets(sections []section) string {
	count := 0
	for _, s := range sections {
		count += len(s.Widgets)
		if len(s.Widgets) == 0 || slices.ContainsFunc(s.Widgets, doubleBroken) {
			return "Invalid widgets."
		}
	}
	if count > 100 {
		return "A card has at most 100 widgets."
	}
	return ""
}

// doubleBroken says whether w lacks what it must have.
func doubleBroken(w widget) bool {
	switch {
	case w.Paragraph != nil:
		return w.Paragraph.Text == ""
	case w.Image != nil:
		return !strings.HasPrefix(w.Image.URL, "https://") || w.Image.OnClick.broken()
	case w.Decorated != nil:
		d := w.Decorated
		return d.Text == "" || d.OnClick.broken() || d.Icon != nil && d.Icon.Known == "" && !strings.HasPrefix(d.Icon.URL, "https://")
	case w.Buttons != nil:
		return len(w.Buttons.Buttons) == 0 || slices.ContainsFunc(w.Buttons.Buttons, func(b button) bool {
			return b.Text == "" || b.OnClick == nil || b.OnClick.broken()
		})
	case w.Input != nil:
		return w.Input.Name == ""
	case w.Selection != nil:
		return w.Selection.Name == "" || len(w.Selection.Items) == 0
	case w.Date != nil:
		return w.Date.Name == "" || w.Date.Type != "DATE_ONLY"
	}
	return true
}

// broken says whether a click does not do one thing, or opens nothing.
func (c *onClick) broken() bool {
	if c == nil {
		return false
	}
	return (c.Action == nil) == (c.OpenLink == nil) || c.OpenLink != nil && c.OpenLink.URL == ""
}

// customer writes in the direct message of testdata, as to a classic app.
func customer(_ channel.Account, text string, n int, now time.Time) channel.Request {
	at := now.UTC().Format(time.RFC3339Nano)
	id := channel.Digest([]byte(text), at, strconv.Itoa(n))[:11]
	place := map[string]any{"name": "spaces/AAAAdemo", "type": "DM", "spaceType": "DIRECT_MESSAGE", "singleUserBotDm": true, "spaceThreadingState": "UNTHREADED_MESSAGES"}
	person := map[string]string{"name": "users/100000000000000000077", "displayName": "Ana", "type": "HUMAN"}
	body, _ := channel.JSON(map[string]any{ // texts
		"type": "MESSAGE", "eventTime": at, "space": place, "user": person,
		"message": map[string]any{
			"name": "spaces/AAAAdemo/messages/" + id + "." + id, "sender": person, "createTime": at, "text": text, "argumentText": text,
			"thread": map[string]string{"name": "spaces/AAAAdemo/threads/" + id}, "space": place,
		},
		"common": map[string]string{"hostApp": "CHAT", "userLocale": "en"},
	})
	return channel.Request{Method: http.MethodPost, Header: http.Header{"Content-Type": {"application/json; charset=utf-8"}}, Body: body, Received: now}
}
