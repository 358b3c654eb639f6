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
var Platform = play.Platform{Channel: "qq", Sign: sign, Customer: customer, APIs: []play.API{tokens, api}}

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
	Name: "Access token", Hosts: []string{"bots.qq.com"}, Missing: refuse(404, 11281, "api not found"), Else: stranger,
	Write: write,
	Endpoints: []play.Endpoint{{
		Method: "POST", Path: "/app/getAppAccessToken", Docs: wiki + "dev-prepare/interface-framework/api-use.html",
		Body: play.JSON,
		Rules: []play.Rule{
			{At: "appId", Must: play.Given(play.Own("app_id"))},
			{At: "clientSecret", Must: play.Given(play.Own("app_secret"))},
		},
		Answer: func(t play.Taken) play.Answer {
			return play.Text(200, `{"access_token":%q,"expires_in":"7200"}`, token(t.Account))
		},
	}},
}

var api = play.API{
	Name: "Bot API", Hosts: []string{"api.sgroup.qq.com", "sandbox.api.sgroup.qq.com"},
	Knows:   func(t play.Taken) bool { return t.Header.Get("Authorization") == "QQBot "+token(t.Account) },
	Unknown: refuse(401, 11243, "token not exist or expire"), Missing: refuse(404, 11281, "api not found"),
	Method: refuse(405, 11281, "method not allowed"), Else: refuse(400, 40034001, "invalid message"), Write: write,
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
