// Package play plays X's API, as its pages describe it, and echoes what it took.
package play

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"hash"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/play"
)

const (
	docs      = "https://docs.x.com/x-api/"
	countDocs = "https://docs.x.com/fundamentals/counting-characters"
	mediaDocs = docs + "media/quickstart/best-practices"
)

// Platform is X.
var Platform = play.Platform{
	Channel:  "x",
	Sign:     sign,
	Customer: customer,
	APIs: []play.API{
		{
			Name: "X API v2", Hosts: []string{"api.x.com"}, Knows: knows, Unknown: unauthorized,
			Missing: refuse(404, about, "Not Found", ""),
			Else:    invalid, Write: write, Endpoints: endpoints,
			Faults: map[play.Fault]play.Refusal{play.Throttled: refuse(429, about, "Too Many Requests", "Too Many Requests"),
				play.Invalid: invalid},
		},
		{
			Name: "Media of direct messages", Hosts: []string{"ton.twitter.com", "video.twimg.com"}, Knows: knows,
			Unknown: unauthorized,
			Missing: refuse(404, about, "Not Found", ""), Write: write,
			Endpoints: []play.Endpoint{{Method: "GET", Path: "/{file...}", Docs: docs + "direct-messages/manage/introduction",
				Answer: play.Picture}},
		},
	},
	Open: open,
}

const about = "about:blank"

var (
	unauthorized = refuse(401, about, "Unauthorized", "Unauthorized")
	invalid      = refuse(400, "https://api.x.com/2/problems/invalid-request", "Invalid Request",
		"One or more parameters to your request was invalid.")
)

// refuse is a problem. https://docs.x.com/x-api/fundamentals/response-codes-and-errors
func refuse(status int, kind, title, detail string) play.Refusal {
	return play.Refusal{Status: status, Code: kind, Sub: title, Text: detail}
}

func write(r play.Refusal, broken []play.Broken) play.Answer {
	if len(broken) > 0 && r.Code != about {
		r.Text += " " + broken[0].Place + ": " + broken[0].Must.Says
	}
	problem := map[string]any{"title": r.Sub, "detail": r.Text, "type": r.Code, "status": r.Status}
	if len(broken) > 0 {
		problem["errors"] = []any{map[string]any{"message": broken[0].Place + ": " + broken[0].Must.Says}}
	}
	a := play.Value(r.Status, problem)
	a.Header.Set("Content-Type", "application/problem+json")
	return a
}

// sign signs a webhook. https://docs.x.com/x-api/webhooks/introduction
func sign(a channel.Account, r *channel.Request) {
	r.Header.Set("X-Twitter-Webhooks-Signature", "sha256="+mac(sha256.New, a.Value("consumer_secret"), string(r.Body)))
}

func mac(h func() hash.Hash, key, text string) string {
	m := hmac.New(h, []byte(key))
	m.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(m.Sum(nil))
}

var oauthField = regexp.MustCompile(`(oauth_[a-z_]+)="([^"]*)"`)

// knows checks the signature of a call.
// https://docs.x.com/fundamentals/authentication/oauth-1-0a/creating-a-signature
func knows(t play.Taken) bool {
	header, ok := strings.CutPrefix(t.Header.Get("Authorization"), "OAuth ")
	a, p := t.Account, url.Values{}
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
	return ok && err == nil && a.Value("access_token") != "" &&
		t.Received.Sub(time.Unix(signed, 0)).Abs() < 5*time.Minute &&
		p.Get("oauth_nonce") != "" && p.Get("oauth_consumer_key") == a.Value("consumer_key") &&
		p.Get("oauth_token") == a.Value("access_token") && p.Get("oauth_signature_method") == "HMAC-SHA1" &&
		got == oauth(t, p)
}

// oauth is the signature of a call with parameters.
func oauth(t play.Taken, p url.Values) string {
	var pairs []string
	for _, values := range []url.Values{p, t.Query} {
		for name, list := range values {
			for _, v := range list {
				pairs = append(pairs, escape(name)+"="+escape(v))
			}
		}
	}
	slices.Sort(pairs)
	base := t.Method + "&" + escape(t.URL()) + "&" + escape(strings.Join(pairs, "&"))
	return mac(sha1.New, escape(t.Account.Value("consumer_secret"))+"&"+escape(t.Account.Value("access_token_secret")),
		base)
}

// escape is RFC 3986's percent-encoding, in which a space is no plus sign.
func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// idOf is a snowflake for a call, the same for the same call.
func idOf(t play.Taken) string {
	// What is hexadecimal cannot fail.
	n, _ := strconv.ParseUint(channel.Digest(t.Body, t.Path, t.Header.Get("Authorization"))[:12], 16, 64)
	return strconv.FormatUint(1_999_500_000_000_000_000+n, 10)
}

// ownID is the account's user id, with which an access token begins.
func ownID(a channel.Account) string {
	id, _, _ := strings.Cut(a.Value("access_token"), "-")
	return id
}

func started(t play.Taken) play.Answer {
	return play.Text(200, `{"data":{"id":%q,"media_key":"3_1","expires_after_secs":86400}}`, idOf(t))
}

func uploaded(t play.Taken) play.Answer {
	return play.Text(200, `{"data":{"id":%q,"expires_at":1785686400}}`, t.Vars["id"])
}

// said is the answer to a direct message, and its echo.
func said(t play.Taken) play.Answer {
	id, own, to := idOf(t), ownID(t.Account), t.Vars["user"]
	text, _ := channel.JSON(t.Get("text")) // a text
	echo := fmt.Sprintf(`{"data":{"event_uuid":%[1]q,"filter":{"user_id":%[2]q},"event_type":"dm.sent",`+
		`"payload":{"direct_message_events":`+
		`[{"type":"message_create","id":%[1]q,"created_timestamp":"%[3]d",`+
		`"message_create":{"target":{"recipient_id":%[4]q},`+
		`"sender_id":%[2]q,"message_data":{"text":%[5]s}}}]}}}`, id, own, t.Received.UnixMilli(), to, text)
	a := play.Text(http.StatusCreated, `{"data":{"dm_conversation_id":"%s-%s","dm_event_id":%q}}`, own, to, id)
	a.Posts = []channel.Request{webhook(echo, t.Received)}
	return a
}

// posted is the answer to a post, and its echo.
func posted(t play.Taken) play.Answer {
	id, own := idOf(t), ownID(t.Account)
	text, _ := channel.JSON(t.Get("text")) // a text
	echo := fmt.Sprintf(`{"data":{"event_uuid":%[1]q,"filter":{"user_id":%[2]q},"event_type":"post.create",`+
		`"payload":{"id":%[1]q,`+
		`"text":%[3]s,"author_id":%[2]q,"created_at":%[4]q,"conversation_id":%[5]q,`+
		`"referenced_tweets":[{"type":"replied_to","id":%[5]q}]}}}`,
		id, own, text, t.Received.Format(time.RFC3339), t.Get("reply.in_reply_to_tweet_id"))
	a := play.Text(http.StatusCreated, `{"data":{"id":%q,"text":%s}}`, id, text)
	a.Posts = []channel.Request{webhook(echo, t.Received)}
	return a
}

func webhook(body string, at time.Time) channel.Request {
	return channel.Request{Method: http.MethodPost, Header: http.Header{"Content-Type": {"application/json"}},
		Body: []byte(body), Received: at}
}

// customer is a direct message of the person in the samples.
func customer(a channel.Account, text string, n int, now time.Time) channel.Request {
	said, _ := channel.JSON(text) // a text
	body := fmt.Sprintf(`{"data":{"event_uuid":"%[1]d","filter":{"user_id":%[2]q},"event_type":"dm.received","payload":`+
		`{"direct_message_events":[{"type":"message_create","id":"%[1]d","created_timestamp":"%[3]d","message_create":`+
		`{"target":{"recipient_id":%[2]q},"sender_id":"3333","message_data":{"text":%[4]s}}}]}}}`,
		1_999_600_000_000_000_000+int64(n), ownID(a), now.UnixMilli(), said)
	return webhook(body, now)
}
