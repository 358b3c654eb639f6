package meta

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/relais-dev/relais/shared/channel"
)

// A Double plays the Send API: it refuses what Meta would refuse, and posts what
// Meta would post.
type Double struct {
	SendAPI
	Object  string // of the webhooks
	Account string // the page's or account's id in them
	App     string // the app that echoes name; "" names none
	User    string // who writes to the account
	Channel string
	Text    int // longest text
	Unit    channel.Unit
	Closed  int  // subcode of a closed window
	Calls   bool // buttons may call
	Marks   bool // receipts are times, not messages, and there are some of delivery
}

// doubled is a call as the double reads it.
type doubled struct {
	Recipient map[string]string `json:"recipient"`
	Type      string            `json:"messaging_type"`
	Tag       string            `json:"tag"`
	Message   *struct {
		Text       string          `json:"text"`
		Metadata   string          `json:"metadata"`
		Attachment *Attachment     `json:"attachment"`
		Template   *sendTemplate   `json:"template"`
		Sticker    channel.Text    `json:"sticker_id"`
		Quick      []quickReply    `json:"quick_replies"`
		Many       json.RawMessage `json:"attachments"`
	} `json:"message"`
	Action  string        `json:"sender_action"`
	Payload *reactPayload `json:"payload"`
}

// Answer is what the platform says to call.
func (d Double) Answer(a channel.Account, call channel.Call) channel.Answer {
	if code, sub := d.refusal(call); code != 0 {
		return refuse(code, sub, "refused")
	}
	var in doubled
	if json.Unmarshal(call.Body, &in) != nil {
		return refuse(100, 0, "the body is no JSON object")
	}
	if code, sub, why := d.check(in); why != "" {
		return refuse(code, sub, why)
	}
	to := in.Recipient["id"]
	if in.Message == nil {
		return channel.AnswerJSON(http.StatusOK, `{"recipient_id":`+strconv.Quote(to)+`}`)
	}
	id := "m_" + channel.Digest(call.Body, call.Received.String())
	answer := channel.AnswerJSON(http.StatusOK, fmt.Sprintf(`{"recipient_id":%q,"message_id":%q}`, to, id))
	if to != "" {
		answer.Webhooks = d.webhooks(a, call, to, id)
	}
	return answer
}

// refusal is the code and subcode of what is wrong before the body is read.
// https://developers.facebook.com/docs/graph-api/guides/error-handling
func (d Double) refusal(call channel.Call) (code, sub int) {
	switch call.Fault {
	case channel.FaultThrottled:
		return 613, 2534040
	case channel.FaultExpired:
		return 190, 463
	case channel.FaultClosed:
		return 10, d.Closed
	case channel.FaultGone:
		return 551, 1545041
	case channel.FaultInvalid:
		return 100, 2534015
	}
	query := ""
	if d.Secret != "" {
		query = "appsecret_proof=" + proof(d.Secret, d.Token)
	}
	switch {
	case call.Header.Get("Authorization") != "Bearer "+d.Token || d.Token == "":
		return 190, 0
	case call.Method != http.MethodPost || call.Host != d.Host || call.Path != sendPath || call.RawQuery != query,
		call.Header.Get("Content-Type") != "application/json":
		return 100, 33
	}
	return 0, 0
}

// check says what is wrong with a call.
func (d Double) check(in doubled) (code, sub int, why string) {
	address := ""
	for _, key := range []string{"id", "user_ref", "notification_messages_token"} {
		address += in.Recipient[key]
	}
	m := in.Message
	switch {
	case len(in.Recipient) != 1 || address == "":
		return 100, 0, "one recipient is needed"
	case in.Recipient["id"] != "" && !channel.Digits(in.Recipient["id"]):
		return 100, 2018001, "no such user"
	case m == nil && in.Action == "" || m != nil && in.Action != "":
		return 100, 2018014, "a message or an action is needed"
	case m == nil:
		return 100, 0, in.checkAction()
	case d.Typed == (in.Type == ""):
		return 100, 0, "messaging_type is missing or not known here"
	case in.Tag != "" && in.Tag != "HUMAN_AGENT":
		return 100, 0, "the tag is no longer supported"
	case d.Unit.Len(m.Text) > d.Text:
		return 100, 0, "the text is too long"
	case m.Template != nil:
		return 100, 0, d.checkUtility(in)
	case m.Attachment != nil:
		return 100, 0, d.checkAttachment(m.Text, *m.Attachment)
	case m.Text == "" && m.Sticker == "" && m.Many == nil:
		return 100, 0, "the message is empty"
	}
	return 100, 0, checkQuick(m.Quick)
}

func (in doubled) checkAction() string {
	switch in.Action {
	case "typing_on", "typing_off", "mark_seen":
		return ""
	case "react", "unreact":
		if in.Payload == nil || in.Payload.ID == "" || in.Action == "react" && in.Payload.Reaction == "" {
			return "a reaction needs a message and a name"
		}
		return ""
	}
	return "unknown action"
}

func (d Double) checkUtility(in doubled) string {
	if t := in.Message.Template; !d.Typed || in.Type != "UTILITY" || t.Name == "" || t.Language.Code == "" {
		return "a template needs a name, a language and the type UTILITY"
	}
	return ""
}

func (d Double) checkAttachment(text string, a Attachment) string {
	p := a.Payload
	switch {
	case text != "":
		return "text and attachment together"
	case a.Type == "template" && p.Template == "button":
		if p.Text == "" || channel.UTF16.Len(p.Text) > buttonText || len(p.Buttons) == 0 {
			return "a button template needs a text and buttons"
		}
		return d.checkButtons(p.Buttons)
	case a.Type == "template" && p.Template == "generic":
		return d.checkElements(p.Elements)
	case a.Type == "image", a.Type == "video", a.Type == "audio", a.Type == "file":
		if !strings.HasPrefix(p.URL, "https://") {
			return "the file has no URL"
		}
		return ""
	}
	return "unknown attachment"
}

func (d Double) checkElements(elements []element) string {
	if len(elements) == 0 || len(elements) > maxCards {
		return "a carousel has 1 to 10 elements"
	}
	for _, x := range elements {
		if x.Title == "" || channel.UTF16.Len(x.Title) > cardText || channel.UTF16.Len(x.Subtitle) > cardText || x.Subtitle == "" && x.Image == "" && x.Buttons == nil {
			return "an element needs a title, something else, and no more than 80 characters each"
		}
		if why := d.checkButtons(x.Buttons); why != "" {
			return why
		}
	}
	return ""
}

func (d Double) checkButtons(buttons []button) string {
	if len(buttons) > maxButtons {
		return "too many buttons"
	}
	for _, b := range buttons {
		ok := false
		switch b.Type {
		case "web_url":
			ok = strings.HasPrefix(b.URL, "https://") || strings.HasPrefix(b.URL, "http://")
		case "postback":
			ok = b.Payload != "" && len(b.Payload) <= maxPayload
		case "phone_number":
			ok = d.Calls && strings.HasPrefix(b.Payload, "+")
		}
		if !ok || b.Title == "" || channel.UTF16.Len(b.Title) > buttonLabel {
			return "a button is not complete"
		}
	}
	return ""
}

func checkQuick(list []quickReply) string {
	if len(list) > maxQuick {
		return "too many quick replies"
	}
	for _, q := range list {
		if q.Type == "text" && (q.Title == "" || channel.UTF16.Len(q.Title) > buttonLabel || q.Payload == "" || len(q.Payload) > maxPayload) {
			return "a quick reply is not complete"
		}
	}
	return ""
}

func refuse(code, sub int, why string) channel.Answer {
	status := http.StatusBadRequest
	if code == 190 {
		status = http.StatusUnauthorized
	}
	return channel.AnswerJSON(status, fmt.Sprintf(
		`{"error":{"message":%q,"type":"OAuthException","code":%d,"error_subcode":%d,"fbtrace_id":"double"}}`, why, code, sub))
}

// webhooks are the echo and the receipts of a message.
func (d Double) webhooks(a channel.Account, call channel.Call, to, id string) []channel.Request {
	var body struct {
		Message map[string]json.RawMessage `json:"message"`
	}
	if json.Unmarshal(call.Body, &body) != nil {
		return nil
	}
	sent := map[string]json.RawMessage{"mid": quote(id), "is_echo": json.RawMessage("true")}
	if d.App != "" {
		sent["app_id"] = quote(d.App)
	}
	for _, key := range []string{"text", "metadata"} {
		if v, has := body.Message[key]; has {
			sent[key] = v
		}
	}
	if v, has := body.Message["attachment"]; has {
		sent["attachments"] = json.RawMessage("[" + string(v) + "]")
	}
	at := call.Received.UnixMilli()
	list := []channel.Request{d.webhook(a, at, d.Account, to, "message", sent)}
	if !d.Marks {
		return append(list, d.webhook(a, at+1, to, d.Account, "read", map[string]json.RawMessage{"mid": quote(id)}))
	}
	mark := json.RawMessage(strconv.FormatInt(at, 10))
	return append(list,
		d.webhook(a, at+1, to, d.Account, "delivery", map[string]json.RawMessage{"mids": json.RawMessage("[" + strconv.Quote(id) + "]"), "watermark": mark}),
		d.webhook(a, at+2, to, d.Account, "read", map[string]json.RawMessage{"watermark": mark}))
}

// Customer is the webhook of a text that the user writes.
func (d Double) Customer(a channel.Account, text string, n int, now time.Time) channel.Request {
	id := "m_" + channel.Digest([]byte(text), now.String(), strconv.Itoa(n))
	return d.webhook(a, now.UnixMilli(), d.User, d.Account, "message", map[string]json.RawMessage{"mid": quote(id), "text": quote(text)})
}

// webhook is one update, posted alone.
func (d Double) webhook(a channel.Account, at int64, from, to, fact string, value map[string]json.RawMessage) channel.Request {
	type party struct {
		ID string `json:"id"`
	}
	update := map[string]any{"sender": party{from}, "recipient": party{to}, "timestamp": at, fact: value}
	body, err := channel.JSON(map[string]any{"object": d.Object, "entry": []any{map[string]any{
		"id": d.Account, "time": at, "messaging": []any{update},
	}}})
	if err != nil { // value is JSON already
		return channel.Request{}
	}
	return channel.Request{
		Method: http.MethodPost, Path: "/webhooks/" + d.Channel + "/" + a.ID, Header: http.Header{"Content-Type": {"application/json"}}, Body: body,
	}
}

func quote(text string) json.RawMessage {
	b, _ := channel.JSON(text) // a text
	return b
}
