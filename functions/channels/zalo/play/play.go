// Package play plays Zalo's three hosts, as its pages describe them. What it takes it
// shows to the account as an echo, and says that it was received and seen.
package play

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/play"
)

// The pages of Zalo.
const (
	docs       = "https://developers.zalo.me/docs/"
	tokenDocs  = docs + "official-account/bat-dau/xac-thuc-va-uy-quyen-cho-ung-dung-new"
	sendDocs   = docs + "official-account/tin-nhan/tin-tu-van/gui-tin-tu-van-dang-van-ban"
	adviceDocs = docs + "official-account/tin-nhan/tin-tu-van/"
	imageDocs  = docs + "official-account/quan-ly/upload-hinh-anh"
	fileDocs   = docs + "official-account/quan-ly/upload-file"
	znsDocs    = docs + "zalo-notification-service/gui-tin-zns/gui-zns"
	errorDocs  = docs + "official-account/phu-luc/ma-loi"

	anonymousDocs = docs + "official-account/tin-nhan/tin-tu-van/gui-tin-nhan-den-nguoi-dung-an-danh"
	quoteDocs     = adviceDocs + "gui-tin-tu-van-trich-dan"
	reactionDocs  = docs + "official-account/tin-nhan/tin-tu-van/gui-tin-nhan-bieu-tuong-cam-xuc"
	elementsDocs  = "https://docs.zaloplatforms.com/docs/OA/phu-luc/cau-truc-cua-tham-so-elements"
	buttonsDocs   = "https://docs.zaloplatforms.com/docs/OA/phu-luc/cau-truc-cua-tham-so-buttons"
)

// Platform is Zalo.
var Platform = play.Platform{
	Channel:  "zalo",
	Sign:     sign,
	Customer: customer,
	APIs: []play.API{
		{Name: "Access tokens", Hosts: []string{"oauth.zaloapp.com"}, Missing: missing, Else: noGrant, Write: write,
			Endpoints: []play.Endpoint{{
				Method: "POST", Path: "/v4/oa/access_token", Docs: tokenDocs, Body: play.Form, Answer: granted, Rules: []play.Rule{
					{At: "header:Content-Type", Must: play.Given(play.MIME("application/x-www-form-urlencoded"))},
					{At: "secret_key", Must: play.Absent()},
					{At: "header:secret_key", Must: play.Given(play.Own("app_secret"))},
					{At: "app_id", Must: play.Given(play.Own("app_id"))},
					{At: "grant_type", Must: play.Given(play.Is("refresh_token"))},
					{At: "refresh_token", Must: play.Given(latest)},
				}}}},
		{Name: "Official Account API", Hosts: []string{"openapi.zalo.me"}, Knows: knows, Unknown: expired, Missing: missing,
			Else: invalid, Write: write, Faults: faults, Endpoints: account},
		{Name: "Notification Service", Hosts: []string{"business.openapi.zalo.me"}, Knows: knows,
			Unknown: refuse(-124, "Access token invalid"), Missing: missing,
			Else: refuse(-132, "Parameter is invalid"), Write: write, Faults: znsFaults, Endpoints: notification},
	},
	Open: open,
}

// open is what Zalo's pages leave open. They are drawn by a script, so that most of these
// rules come from what others copied out of them.
var open = []play.Open{
	{At: "names of pages", Source: docs,
		Question: "the addresses behind tin-tu-van are from memory; the facts are from copies of the pages"},
	{At: "template_type list", Source: elementsDocs,
		Question: "no page of v3.0 describes it, only an event's name; the rulebook takes it as it was in v2.0"},
	{At: "buttons, elements", Source: buttonsDocs,
		Question: "lengths (100, 500, 160, 1,000 characters) are from memory; five buttons and their types are copied"},
	{At: "tracking_id", Source: znsDocs, Question: "48 characters are from memory"},
	{At: "phone", Source: znsDocs, Question: "written as 84…; how many digits is not said: 8 to 10 after 84"},
	{At: "template_data", Source: znsDocs,
		Question: "each template has parameters and lengths of its own (-1121, -1122): a rulebook does not know them"},
	{At: "X-ZEvent-Signature", Source: docs + "official-account/webhook/tong-quan",
		Question: "app id or OA id as the first term: the page says the first, code in use has both"},
	{At: "message.text beside a file", Source: adviceDocs + "gui-tin-tu-van-dinh-kem-file",
		Question: "the sample has none; the rulebook takes none"},
	{At: "-32, -223", Source: errorDocs, Question: "each has two meanings, told apart by the message"},
}

var (
	missing = play.Refusal{Status: 404}
	expired = refuse(-216, "Access token is invalid")
	invalid = refuse(-201, "is invalid!")
	noGrant = play.Refusal{Status: 200, Code: "-14014", Sub: "Invalid refresh token."}
)

// faults are Zalo's codes. https://developers.zalo.me/docs/official-account/phu-luc/ma-loi
var faults = map[play.Fault]play.Refusal{
	play.Throttled: refuse(-32, "Your application reached limit call api"),
	play.Closed:    refuse(-230, "User has not interacted with the OA in the past 7 days"),
	play.Gone:      refuse(-213, "User has not followed OA"),
	play.Invalid:   invalid,
}

// znsFaults are the codes of the Notification Service, which has a list of its own.
var znsFaults = map[play.Fault]play.Refusal{
	play.Throttled: refuse(-144, "OA exceeded daily ZNS sending limit"),
	play.Gone:      refuse(-118, "Zalo account does not exist or is deactivated"),
	play.Invalid:   refuse(-132, "Parameter is invalid"),
}

func refuse(code int, text string) play.Refusal {
	return play.Refusal{Status: http.StatusOK, Code: strconv.Itoa(code), Text: text}
}

func write(r play.Refusal, broken []play.Broken) play.Answer {
	switch {
	case r.Status != http.StatusOK:
		return play.Text(r.Status, "{}")
	case r.Sub != "":
		return play.Text(200, `{"error_name":%q,"error_reason":"","ref_docs":"","error_description":"","error":%s}`, r.Sub,
			r.Code)
	case len(broken) > 0 && r.Code == invalid.Code:
		r.Text = broken[0].Place + " " + r.Text
	}
	return play.Text(200, `{"error":%s,"message":%q}`, r.Code, r.Text)
}

// sign signs app, body, time and secret, and makes an old body new.
// https://developers.zalo.me/docs/official-account/webhook/tin-nhan/su-kien-nguoi-dung-gui-tin-nhan
func sign(a channel.Account, r *channel.Request) {
	at := timestamp(r.Body)
	if ms, err := strconv.ParseInt(at, 10, 64); err == nil && r.Received.Sub(time.UnixMilli(ms)).Abs() > 13*time.Hour {
		now := strconv.FormatInt(r.Received.UnixMilli(), 10)
		r.Body, at = bytes.Replace(r.Body, []byte(at), []byte(now), 1), now
	}
	sum := sha256.Sum256([]byte(a.Value("app_id") + string(r.Body) + at + a.Value("oa_secret_key")))
	r.Header.Set("X-ZEvent-Signature", "mac="+hex.EncodeToString(sum[:]))
}

// timestamp is the time in body as it is written there; "" when there is none.
func timestamp(body []byte) string {
	var w struct {
		Timestamp json.RawMessage `json:"timestamp"`
	}
	_ = json.Unmarshal(body, &w) // without a time nothing is signed
	return strings.Trim(string(w.Timestamp), `"`)
}

func knows(t play.Taken) bool { return t.Header.Get("access_token") == token(t.Account) }

// token is the access token for all of the account's refresh tokens.
func token(a channel.Account) string {
	return "access-" + channel.Digest([]byte(a.Value("refresh_token")), a.Value("app_id"))
}

// next is the refresh token that follows the account's own.
func next(a channel.Account) string {
	return "refresh-" + channel.Digest([]byte(a.Value("refresh_token")))
}

var latest = play.That("the latest refresh token", func(t play.Taken, _ any) bool {
	got := t.Get("refresh_token")
	return got == t.Account.Value("refresh_token") || got == next(t.Account)
})

func granted(t play.Taken) play.Answer {
	return play.Text(200, `{"access_token":%q,"refresh_token":%q,"expires_in":"90000"}`, token(t.Account),
		next(t.Account))
}

func stored(name string) func(play.Taken) play.Answer {
	return func(t play.Taken) play.Answer {
		return play.Text(200, `{"error":0,"message":"Success","data":{%q:%q}}`, name, channel.Digest(t.Body))
	}
}

// sent is the answer to a message, its echo and its receipts.
func sent(t play.Taken) play.Answer {
	id, person, text := channel.Digest(t.Body), t.Get("recipient.user_id"), t.Get("message.text")
	a := play.Text(200, `{"error":0,"message":"Success","data":{"message_id":%q,"user_id":%q}}`, id, person)
	if person == "" {
		return a
	}
	if text != "" && t.Size("message.attachment") == 0 { // echoes of other kinds differ
		a.Posts = append(a.Posts, posts(t, "oa_send_text", person, map[string]any{"msg_id": id, "text": text}, 0))
	}
	a.Posts = append(a.Posts, posts(t, "user_received_message", person, map[string]any{"msg_id": id}, 1000),
		posts(t, "user_seen_message", person, map[string]any{"msg_ids": []string{id}}, 2000))
	return a
}

// notified is the answer to a notification, and its receipt.
func notified(t play.Taken) play.Answer {
	tracking := t.Get("tracking_id")
	id := channel.Digest([]byte(tracking))
	a := play.Text(200, `{"error":0,"message":"Success","data":{"msg_id":%q}}`, id)
	fact := map[string]any{"msg_id": id, "tracking_id": tracking}
	a.Posts = []channel.Request{posts(t, "user_received_message", t.Get("phone"), fact, 1000)}
	return a
}

// brand is the OA's own id in what Zalo posts.
const brand = "3662000000000000001"

// posts is what Zalo posts about a message of the account, unsigned.
func posts(t play.Taken, event, person string, message map[string]any, after int64) channel.Request {
	return posted(map[string]any{
		"app_id": t.Account.Value("app_id"), "event_name": event,
		"timestamp": strconv.FormatInt(t.Received.UnixMilli()+after, 10),
		"sender":    map[string]string{"id": brand}, "recipient": map[string]string{"id": person}, "message": message,
	}, t.Received)
}

func posted(v any, at time.Time) channel.Request {
	body, _ := channel.JSON(v) // texts
	return channel.Request{Method: http.MethodPost, Header: http.Header{"Content-Type": {"application/json"}}, Body: body,
		Received: at}
}

// customer is the person of text.http, who writes text.
func customer(a channel.Account, text string, n int, now time.Time) channel.Request {
	return posted(map[string]any{
		"app_id": a.Value("app_id"), "event_name": "user_send_text", "timestamp": strconv.FormatInt(now.UnixMilli(), 10),
		"sender": map[string]string{"id": "6142000000000000001"}, "recipient": map[string]string{"id": brand},
		"user_id_by_app": "979000000000000001", "message": map[string]string{"msg_id": "customer-" + strconv.Itoa(n),
			"text": text},
	}, now)
}
