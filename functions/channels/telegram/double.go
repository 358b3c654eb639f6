package telegram

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/relais-dev/relais/shared/channel"
)

// double plays the Bot API. Telegram tells nothing of what it delivered; in the
// chats of a business account the bot hears what it sent.
func double(a channel.Account, c channel.Call) channel.Answer {
	token := a.Value(botToken)
	if strings.HasPrefix(c.Path, "/file/bot"+token+"/") && c.Method == http.MethodGet {
		return channel.Answer{Reply: channel.Reply{Status: http.StatusOK, Header: http.Header{"Content-Type": {"image/jpeg"}}, Body: []byte("a picture")}}
	}
	method, ours := strings.CutPrefix(c.Path, "/bot"+token+"/")
	if !ours || token == "" || c.Fault == channel.FaultExpired {
		return refuse(http.StatusUnauthorized, "Unauthorized")
	}
	switch c.Fault {
	case channel.FaultThrottled:
		return answerOf(answer{Code: http.StatusTooManyRequests, Description: "Too Many Requests: retry after 7", Parameters: parameters{RetryAfter: 7}})
	case channel.FaultClosed:
		return refuse(http.StatusBadRequest, "Bad Request: BUSINESS_PEER_USAGE_MISSING")
	case channel.FaultGone:
		return refuse(http.StatusForbidden, "Forbidden: bot was blocked by the user")
	case channel.FaultInvalid:
		return refuse(http.StatusBadRequest, "Bad Request: message is too long")
	}
	asked, wrong := readCall(c, method)
	if wrong == "" {
		wrong = asked.wrong()
	}
	if wrong != "" {
		return refuse(http.StatusBadRequest, "Bad Request: "+wrong)
	}
	return asked.done(a, c)
}

func answerOf(v answer) channel.Answer {
	text, _ := channel.JSON(v) // texts and numbers
	status := http.StatusOK
	if !v.OK {
		status = v.Code
	}
	return channel.AnswerJSON(status, string(text))
}

func refuse(code int, description string) channel.Answer {
	return answerOf(answer{Code: code, Description: description})
}

// readCall reads the parameters, of JSON or of a form with a file.
func readCall(c channel.Call, method string) (asked call, wrong string) {
	if c.Method != http.MethodPost {
		return asked, "the double takes POST only"
	}
	typ, params, _ := mime.ParseMediaType(c.Header.Get("Content-Type"))
	body := c.Body
	if typ == "multipart/form-data" {
		body = formJSON(c.Body, params["boundary"])
	} else if typ != "application/json" {
		return asked, "the content type is neither JSON nor a form"
	}
	if json.Unmarshal(body, &asked) != nil {
		return asked, "can't parse the parameters"
	}
	asked.method = method
	return asked, ""
}

// formJSON is a form as the JSON that says the same; a file is known by its name.
func formJSON(body []byte, boundary string) []byte {
	fields := map[string]json.RawMessage{}
	form := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		part, err := form.NextPart()
		if err != nil {
			break
		}
		text, _ := io.ReadAll(part) // of memory
		if part.FileName() != "" && len(text) > 0 {
			text = []byte("attach://" + part.FileName())
		}
		fields[part.FormName()] = formValue(part.FormName(), text)
	}
	text, _ := channel.JSON(fields)
	return text
}

// formValue is a parameter of a form as JSON: a number, list or object where the
// parameter is one, else a text as it stands.
func formValue(name string, text []byte) json.RawMessage {
	if json.Valid(text) && !bytes.HasPrefix(text, []byte(`"`)) {
		alone, _ := channel.JSON(map[string]json.RawMessage{name: text})
		if json.Unmarshal(alone, new(call)) == nil {
			return text
		}
	}
	quoted, _ := channel.JSON(string(text))
	return quoted
}

// wrong is what Telegram would say against c, or "".
func (c call) wrong() string {
	needsChat := !strings.HasPrefix(c.method, "answer") && c.method != "getFile" && c.method != "deleteBusinessMessages"
	switch {
	case needsChat && c.ChatID == 0:
		return "chat_id is empty"
	case channel.UTF16.Len(c.Caption) > maxCaption:
		return "message caption is too long"
	case channel.UTF16.Len(c.Text) > maxText:
		return "message is too long"
	case c.Markup != nil && c.Markup.wrong():
		return "BUTTON_DATA_INVALID"
	case slices.Contains(c.given(), false):
		return "a parameter of " + c.method + " is empty"
	}
	return ""
}

// given says of the parameters that c's method needs whether they are there.
func (c call) given() []bool {
	switch c.method {
	case "sendMessage":
		return []bool{c.Text != ""}
	case "editMessageText":
		return []bool{c.Text != "", c.MessageID != 0}
	case "editMessageMedia":
		return []bool{c.Media != nil, c.MessageID != 0}
	case "sendLocation":
		return []bool{c.Latitude != nil, c.Longitude != nil}
	case "sendVenue":
		return []bool{c.Latitude != nil, c.Longitude != nil, c.Title != "", c.Address != ""}
	case "sendContact":
		return []bool{c.Phone != "", c.FirstName != ""}
	case "sendInvoice":
		return []bool{c.Title != "", c.Description != "", c.Payload != "", len(c.Currency) == 3, len(c.Prices) > 0}
	case "sendChatAction":
		return []bool{c.Action == "typing"}
	case "setMessageReaction":
		return []bool{c.MessageID != 0, c.Reaction != nil}
	case "deleteMessage", "readBusinessMessage":
		return []bool{c.MessageID != 0}
	case "deleteBusinessMessages":
		return []bool{c.Connection != "", len(c.MessageIDs) > 0}
	case "getFile":
		return []bool{c.FileID != ""}
	case "answerCallbackQuery":
		return []bool{c.CallbackQuery != ""}
	}
	return []bool{c.mediaFields.taken(c.method)}
}

// taken says whether a file is there where the method sends one.
func (f mediaFields) taken(method string) bool {
	for _, how := range mediaMethods {
		if how.method != method {
			continue
		}
		var want mediaFields
		given := f.Photo + f.Video + f.Animation + f.Audio + f.Voice + f.Document + f.Sticker
		want.attach(how.field, given)
		known := strings.HasPrefix(given, "https://") || strings.HasPrefix(given, "attach://") || fileID.MatchString(given)
		return known && f == want
	}
	return strings.HasPrefix(method, "send") || strings.HasPrefix(method, "answer") // of native content
}

func (k keyboard) wrong() bool {
	for _, row := range slices.Concat(k.Inline, k.Reply) {
		for _, b := range row {
			does := 0
			for _, set := range []bool{b.Data != "", b.URL != "", b.WebApp != nil, b.Copy != nil && b.Copy.Text != ""} {
				if set {
					does++
				}
			}
			if b.Text == "" || len(b.Data) > maxData || (does == 1) != (k.Inline != nil) {
				return true
			}
		}
	}
	return len(k.Inline)+len(k.Reply) == 0 || len(k.Inline) > maxButtons
}

// done is Telegram's answer to a call that it took.
func (c call) done(a channel.Account, asked channel.Call) channel.Answer {
	switch {
	case c.method == "getFile":
		return answerOf(answer{OK: true, Result: raw(`{"file_id":"` + channel.Digest(asked.Body) + `","file_path":"photos/file_1.jpg"}`)})
	case c.method == "sendChatAction" || !strings.HasPrefix(c.method, "send") && !strings.HasPrefix(c.method, "editMessage"):
		return answerOf(answer{OK: true, Result: raw("true")})
	}
	m := c.doubled(a, asked)
	if c.MessageID != 0 { // edited: the same message
		m.ID = c.MessageID
	}
	result, _ := channel.JSON(m)
	done := answerOf(answer{OK: true, Result: result})
	if m.Connection != "" && c.MessageID == 0 {
		done.Webhooks = []channel.Request{echoed(a, m)}
	}
	return done
}

// doubled is the message that c makes. Equal words at another time are another one.
func (c call) doubled(a channel.Account, asked channel.Call) sentMessage {
	number, _ := strconv.ParseInt(channel.Digest(asked.Body, id(asked.Received.UnixNano()))[:7], 16, 64)
	owner, _, _ := strings.Cut(a.Value(botToken), ":")
	bot := &botUser{IsBot: true, FirstName: "Bot"}
	bot.ID, _ = strconv.ParseInt(owner, 10, 64)
	m := sentMessage{ID: number + 1, Connection: c.Connection, Date: asked.Received.Unix(), Chat: chatOut{ID: c.ChatID, Type: "private"}, From: bot, Text: c.Text}
	if c.ChatID < 0 {
		m.Chat.Type = "supergroup"
	}
	if m.Connection != "" {
		m.Bot = bot
	}
	return m
}

// echoed is the update that tells a bot what it wrote for a business account.
func echoed(a channel.Account, m sentMessage) channel.Request {
	return posted(a, map[string]any{"update_id": m.ID, "business_message": m})
}

// customer is the update of a text that the customer of our samples wrote.
func customer(a channel.Account, text string, n int, now time.Time) channel.Request {
	number := now.UnixMilli() + int64(n)
	return posted(a, map[string]any{"update_id": number, "message": map[string]any{
		"message_id": number, "date": now.Unix(), "text": text,
		"from": map[string]any{"id": 7000000001, "is_bot": false, "first_name": "Ana", "username": "ana_demo", "language_code": "pt"},
		"chat": map[string]any{"id": 7000000001, "type": "private", "first_name": "Ana", "username": "ana_demo"},
	}})
}

// posted is an update as Telegram posts it.
func posted(a channel.Account, update any) channel.Request {
	body, _ := channel.JSON(update) // texts and numbers
	return channel.Request{
		Method: http.MethodPost, Path: "/webhooks/telegram/" + a.ID, Header: http.Header{"Content-Type": {"application/json"}}, Body: body,
	}
}
