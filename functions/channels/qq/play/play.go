// Package play plays QQ, as its wiki describes it. It posts nothing of its own: QQ tells
// nothing of what it delivered.
package play

import (
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/play"
)

const wiki = "https://bot.q.qq.com/wiki/develop/api-v2/"

// Platform is QQ.
var Platform = play.Platform{Channel: "qq", Sign: sign, Customer: customer, APIs: []play.API{tokens, api}, Open: open}

// open is what the wiki leaves open.
var open = []play.Open{
	{At: "content", Source: sendDocs, Question: "how long a text may be; the rulebook takes any length"},
	{At: "content in groups", Source: sendDocs,
		Question: "marked as required, and refused beside Markdown (50037): the rulebook wants it of texts and media"},
	{At: "file_type 4", Source: fileDocs,
		Question: "files are not open yet in the wiki, and are sent by QQ's SDK of 2026: the rulebook takes them"},
	{At: "url", Source: fileDocs, Question: "sizes and types are told when QQ fetches a file; none are published"},
	{At: "is_wakeup, input_notify", Source: sendDocs,
		Question: "not in the wiki (input_notify in a comment): taken from QQ's SDK"},
	{At: "event_id in guilds", Source: guildDocs, Question: "the page has msg_id alone; the rulebook takes both"},
	{At: "keyboard in guilds", Source: guildDocs, Question: "the page has none, that of buttons no restriction"},
	{At: "render_data.label, action.data", Source: buttonDocs, Question: "no lengths are published"},
	{At: "markdown.params[].values", Source: markdownDocs, Question: "how many (50042 says that there is a limit)"},
	{At: "addresses within texts", Source: sendDocs,
		Question: "of domains not registered at q.qq.com are 304003: a rulebook does not know which are"},
	{At: "hosts", Source: wiki + "dev-prepare/interface-framework/api-use.html",
		Question: "since 2026 the wiki is said to name api.bot.qq.com; both hosts answer, and the copy we read names ours"},
	{At: "404, 405 and 12002", Source: errorDocs, Question: "which code stands in the body is not said"},
}

// sign signs with the key that is made of the secret.
// https://bot.q.qq.com/wiki/develop/api-v2/dev-prepare/interface-framework/sign.html
func sign(a channel.Account, r *channel.Request) {
	secret := a.Value("app_secret")
	if strings.TrimSpace(secret) == "" {
		return
	}
	seed := secret
	for len(seed) < ed25519.SeedSize {
		seed += seed
	}
	at := strconv.FormatInt(r.Received.Unix(), 10)
	key := ed25519.NewKeyFromSeed([]byte(seed[:ed25519.SeedSize]))
	r.Header.Set("X-Signature-Timestamp", at)
	r.Header.Set("X-Signature-Ed25519", hex.EncodeToString(ed25519.Sign(key, append([]byte(at), r.Body...))))
}

// customer is a message of the person in the samples.
func customer(_ channel.Account, text string, n int, now time.Time) channel.Request {
	said, _ := channel.JSON(text) // a text
	body := fmt.Appendf(nil, `{"id":"C2C_MESSAGE_CREATE:double-%[1]d","op":0,"s":%[1]d,"t":"C2C_MESSAGE_CREATE",`+
		`"d":{"id":"ROBOT1.0_double-%[1]d","content":%[2]s,"timestamp":%[3]q,`+
		`"author":{"user_openid":"0F1E2D3C4B5A69788796A5B4C3D2E1F0"}}}`,
		n, said, now.Format(time.RFC3339))
	return channel.Request{Method: http.MethodPost, Header: http.Header{"Content-Type": {"application/json"}}, Body: body,
		Received: now}
}

func refuse(status, code int, text string) play.Refusal {
	return play.Refusal{Status: status, Code: strconv.Itoa(code), Text: text}
}

func write(r play.Refusal, _ []play.Broken) play.Answer {
	return play.Text(r.Status, `{"code":%s,"message":%q,"trace_id":"0123456789abcdef0123456789abcdef"}`, r.Code, r.Text)
}

// token is the access token that QQ mints and knows.
func token(a channel.Account) string {
	return "token-" + channel.Digest([]byte(a.Value("app_secret")), a.Value("app_id"))
}

var stranger = refuse(200, 100016, "invalid appid or secret")

var tokens = play.API{
	Name: "Access token", Hosts: []string{"bots.qq.com"}, Missing: refuse(404, 404, "not found"), Else: stranger,
	Write: write,
	Endpoints: []play.Endpoint{{
		Method: "POST", Path: "/app/getAppAccessToken", Docs: wiki + "dev-prepare/interface-framework/api-use.html",
		Body: play.JSON,
		Rules: []play.Rule{
			{At: "header:Content-Type", Must: play.Given(play.MIME("application/json"))},
			{At: "", Must: play.Object()},
			{At: "appId", Must: play.Given(play.String())},
			{At: "appId", Must: play.Own("app_id")},
			{At: "clientSecret", Must: play.Given(play.String())},
			{At: "clientSecret", Must: play.Own("app_secret")},
		},
		Answer: func(t play.Taken) play.Answer {
			return play.Text(200, `{"access_token":%q,"expires_in":"7200"}`, token(t.Account))
		},
	}},
}

var api = play.API{
	Name: "Bot API", Hosts: []string{"api.sgroup.qq.com", "sandbox.api.sgroup.qq.com"},
	Knows:   func(t play.Taken) bool { return t.Header.Get("Authorization") == "QQBot "+token(t.Account) },
	Unknown: refuse(401, 11243, "token not exist or expire"), Missing: refuse(404, 404, "not found"),
	Method: refuse(405, 405, "method not allowed"), Else: refuse(400, 40034001, "invalid message"), Write: write,
	Faults: map[play.Fault]play.Refusal{
		play.Throttled: refuse(429, 22009, "message send rate limit"), play.Closed: refuse(400, 304027, "msg_id expired"),
		play.Gone: refuse(400, 40054004, "not a friend of the user"), play.Invalid: refuse(400, 40034001, "invalid message"),
	},
	Endpoints: endpoints(),
}

// sent is what QQ says of a message.
func sent(t play.Taken) play.Answer {
	id := "ROBOT1.0_" + channel.Digest(t.Body, t.Path)
	return play.Text(200, `{"id":%q,"timestamp":%q}`, id, t.Received.Format(time.RFC3339))
}

func stored(t play.Taken) play.Answer {
	id := channel.Digest(t.Body, t.Path)
	return play.Text(200, `{"file_uuid":%[1]q,"file_info":"fi_%[1]s","ttl":0}`, id)
}
