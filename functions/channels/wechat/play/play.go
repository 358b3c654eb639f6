// Package play plays WeChat, and WeCom for an account of Customer Service, as their
// pages describe them. All they say, they say with the HTTP status 200.
package play

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	tencent "github.com/relais-dev/relais/functions/channels/internal/tencent/play"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/play"
)

// Platform is WeChat.
var Platform = play.Platform{
	Channel:  "wechat",
	Sign:     sign,
	Customer: customer,
	APIs:     []play.API{stableToken, official, kfToken, service},
	Open:     open,
}

// open is what the pages leave open.
var open = []play.Open{
	{At: "text.content of Official Accounts", Source: sendDocs,
		Question: "the page has no length; 45002 comes above 2,048 bytes, as the community and Customer Service's page say"},
	{At: "media of type image, Official Accounts", Source: uploadDocs,
		Question: "10 MB on one page, 2 MB on another; the rulebook takes 2 MB"},
	{At: "news.articles[].title, url", Source: sendDocs,
		Question: "not marked as required; an article without them shows nothing, and the rulebook wants them"},
	{At: "msgmenu of Official Accounts", Source: sendDocs,
		Question: "no number of lines and no lengths are published; the rulebook takes any"},
	{At: "msgmenu.list[].click.id", Source: kfSendDocs,
		Question: "64 bytes in older copies of the page, 128 in newer ones; the rulebook takes 64"},
	{At: "link, miniprogram, text lines of Customer Service", Source: kfSendDocs,
		Question: "128, 512, 64 and 256 bytes are from memory: the page could not be read again to its end"},
	{At: "data.*.value", Source: subscribeDocs,
		Question: "time, date, amount and name have forms too, in several locales; the rulebook takes any text"},
	{At: "header:Content-Type", Source: sendDocs,
		Question: "the pages do not ask for application/json; the rulebook reads nothing else"},
	{At: "quotas (5 messages in 48 hours, 3 in a minute)", Source: sendDocs,
		Question: "a rulebook keeps no calls: Closed plays 45015, and 45047 is the channel's own table's"},
}

// isKF says whether a is an account of Customer Service, which WeCom operates.
func isKF(a channel.Account) bool { return a.Value("corp_id") != "" }

func isMini(a channel.Account) bool { return a.Value("product") == "mini" }

// receiver is whom a push is for.
func receiver(a channel.Account) string { return cmp.Or(a.Value("corp_id"), a.Value("app_id")) }

// refuse is a code with its words.
func refuse(code int, text string) play.Refusal {
	return play.Refusal{Status: http.StatusOK, Code: strconv.Itoa(code), Text: text}
}

// write is how all of WeChat's APIs refuse.
func write(r play.Refusal, _ []play.Broken) play.Answer {
	if r.Status != http.StatusOK {
		return play.Reply(r.Status, "", nil)
	}
	return play.Value(200,
		map[string]any{"errcode": json.Number(r.Code), "errmsg": r.Text + " rid: 66b0c1d2-0a1b2c3d-4e5f6071"})
}

func done(play.Taken) play.Answer { return play.Text(200, `{"errcode":0,"errmsg":"ok"}`) }

// token is the access token that both mint.
func token(a channel.Account) string {
	return "played-" + channel.Digest([]byte(a.Value("app_secret")), a.Value("kf_secret"))
}

func knows(t play.Taken) bool { return t.Query.Get("access_token") == token(t.Account) }

// sign signs r at its time of receipt, and encrypts its body first if the account has a
// key and the body is not encrypted yet. What the platform draws at random is derived
// from the body, so that equal requests sign alike.
// https://developers.weixin.qq.com/doc/service/guide/dev/push/
func sign(a channel.Account, r *channel.Request) {
	q, sum := r.Query(), sha256.Sum256(r.Body)
	timestamp, nonce := strconv.FormatInt(r.Received.Unix(), 10),
		strconv.FormatUint(uint64(binary.BigEndian.Uint32(sum[:])), 10)
	q.Set("timestamp", timestamp)
	q.Set("nonce", nonce)
	for _, name := range []string{"signature", "encrypt_type", "msg_signature"} {
		q.Del(name)
	}
	secret, salt := a.Value("token"), [16]byte(sum[:16])
	switch {
	case isKF(a):
		q.Set("msg_signature", tencent.Signature(secret, timestamp, nonce, sealKF(a, salt, r, q)))
	case a.Value("encoding_aes_key") != "" && r.Method == http.MethodPost:
		q.Set("signature", tencent.Signature(secret, timestamp, nonce))
		q.Set("encrypt_type", "aes")
		q.Set("msg_signature", tencent.Signature(secret, timestamp, nonce, seal(a, salt, r)))
	default:
		q.Set("signature", tencent.Signature(secret, timestamp, nonce))
	}
	r.RawQuery = q.Encode()
}

// sealKF encrypts a callback, or the text of the check of a URL.
func sealKF(a channel.Account, salt [16]byte, r *channel.Request, q url.Values) string {
	if r.Method == http.MethodPost {
		return seal(a, salt, r)
	}
	echo := q.Get("echostr")
	if key, ok := tencent.ParseKey(a.Value("encoding_aes_key")); ok && !key.Opens(echo) {
		echo = key.Seal(salt, echo, receiver(a))
		q.Set("echostr", echo)
	}
	return echo
}

// seal puts r's body into an envelope, if it is in none yet.
func seal(a channel.Account, salt [16]byte, r *channel.Request) string {
	object := strings.HasPrefix(strings.TrimSpace(string(r.Body)), "{")
	doc := fields(r.Body, object)
	if e := strings.TrimSpace(doc.Get("Encrypt")); e != "" {
		return e
	}
	key, ok := tencent.ParseKey(a.Value("encoding_aes_key"))
	if !ok {
		return ""
	}
	to, sealed := doc.Get("ToUserName"), key.Seal(salt, string(r.Body), receiver(a))
	if object {
		r.Body, _ = json.Marshal(struct{ ToUserName, Encrypt string }{to, sealed}) // texts
		return sealed
	}
	r.Body = []byte("<xml><ToUserName>" + html.EscapeString(to) + "</ToUserName><Encrypt>" + sealed + "</Encrypt></xml>")
	return sealed
}

// fields reads a push, of XML or JSON.
func fields(body []byte, object bool) play.Taken {
	c, read := play.Call{Request: channel.Request{Header: http.Header{"Content-Type": {"application/json"}}, Body: body}},
		play.XML.Read
	if object {
		read = play.JSON.Read
	}
	tree, _ := read(c) // what is neither has no fields
	return play.Taken{Call: c, Tree: tree}
}

// push is a push about a person, unsigned and not encrypted yet.
func push(a channel.Account, person string, at time.Time, fields string) channel.Request {
	return posted(a, at, "<xml><ToUserName>gh_0a1b2c3d4e5f</ToUserName><FromUserName>"+html.EscapeString(person)+
		"</FromUserName><CreateTime>"+
		strconv.FormatInt(at.Unix(), 10)+"</CreateTime>"+fields+"</xml>")
}

func posted(a channel.Account, at time.Time, body string) channel.Request {
	return channel.Request{Method: http.MethodPost, Path: play.Address(a),
		Header: http.Header{"Content-Type": {"text/xml"}},
		Body:   []byte(body), Received: at}
}

// Callback announces list, a JSON array, for an account of Customer Service. Nothing
// here remembers, so that the messages are in the callback's token.
func Callback(a channel.Account, at time.Time, account, list string) channel.Request {
	return posted(a, at, "<xml><ToUserName>"+receiver(a)+"</ToUserName><CreateTime>"+strconv.FormatInt(at.Unix(), 10)+
		"</CreateTime><MsgType>event</MsgType><Event>kf_msg_or_event</Event><Token>"+
		base64.RawURLEncoding.EncodeToString([]byte(list))+"</Token><OpenKfId>"+account+"</OpenKfId></xml>")
}

// customer is the person of text.http, who writes text.
func customer(a channel.Account, text string, n int, now time.Time) channel.Request {
	if isKF(a) {
		list, _ := channel.JSON([]any{map[string]any{ // texts and numbers
			"msgid": "double_" + strconv.FormatInt(now.UnixMilli(), 10) + "_" + strconv.Itoa(n), "open_kfid": "wkDemo",
			"external_userid": "wmDemo", "send_time": now.Unix(), "origin": 3, "msgtype": "text",
			"text": map[string]string{"content": text},
		}})
		return Callback(a, now, "wkDemo", string(list))
	}
	return push(a, "oDemoOpenid0001", now, "<MsgType>text</MsgType><Content>"+html.EscapeString(text)+"</Content><MsgId>"+
		strconv.FormatInt(now.UnixMilli()*1000+int64(n), 10)+"</MsgId>")
}
