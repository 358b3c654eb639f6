// Package play plays the side-car and the container behind it.
package play

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	standard "github.com/relais-dev/relais/functions/channels/internal/standard/play"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/play"
)

const (
	// ref is the container's own description.
	ref = "https://bbernhard.github.io/signal-cli-rest-api/"
	// source is the container's code, for what the description does not say.
	source = "https://github.com/bbernhard/signal-cli-rest-api/blob/master/src/"
	// man is signal-cli's, which the container calls.
	man = "https://github.com/AsamK/signal-cli/blob/master/man/signal-cli.1.adoc"
)

// Platform is Signal, through signal-cli-rest-api.
var Platform = play.Platform{
	Channel:  "signal",
	Sign:     func(a channel.Account, r *channel.Request) { standard.Sign(a, "inbound_secret", r) },
	Customer: customer,
	APIs: []play.API{{
		Name: "signal-cli REST API", Origin: func(a channel.Account) string { return a.Value("outbound_url") }, Write: write,
		Knows: func(t play.Taken) bool {
			token := t.Account.Value("outbound_token")
			return token != "" && t.Header.Get("Authorization") == "Bearer "+token
		},
		Unknown: refuse(401, "unknown token"), Missing: refuse(404, "404 page not found"),
		Else: invalid,
		Faults: map[play.Fault]play.Refusal{
			play.Throttled: {Status: 429, Sub: "challenge-1", Text: "Rate limit exceeded: CAPTCHA proof required. Use the " +
				"attached challenge tokens to lift the rate limit restrictions via the " +
				"'/v1/accounts/{number}/rate-limit-challenge' endpoint."},
			play.Gone:    refuse(400, `Failed to send message due to: Unregistered user "+15550001111"`),
			play.Invalid: refuse(400, "Failed to send message"),
		},
		Endpoints: endpoints,
	}},
	Open: open,
}

func refuse(status int, text string) play.Refusal { return play.Refusal{Status: status, Text: text} }

func write(r play.Refusal, _ []play.Broken) play.Answer {
	body := map[string]any{"error": r.Text}
	if r.Sub != "" {
		body["challenge_tokens"] = []string{r.Sub}
	}
	return play.Value(r.Status, body)
}

// sent names the message by a time that is never the same twice; here the call decides it.
func sent(t play.Taken) play.Answer {
	n, _ := strconv.ParseUint(channel.Digest(t.Body)[:8], 16, 64) // hexadecimal digits
	at := t.Received.UnixMilli() + int64(n%1000)
	a := play.Text(http.StatusCreated, `{"timestamp":"%d"}`, at)
	for i, kind := range []string{"isDelivery", "isRead"} {
		a.Posts = append(a.Posts, receipt(t, kind, at, at+int64(i+1)))
	}
	return a
}

// receipt is what the recipient's phone sends back.
func receipt(t play.Taken, kind string, at, when int64) channel.Request {
	body := fmt.Appendf(nil,
		`{"jsonrpc":"2.0","method":"receive","params":{"envelope":{"source":%[1]q,"sourceUuid":%[1]q,"timestamp":%[2]d,`+
			`"receiptMessage":{"when":%[2]d,%[3]q:true,"timestamps":[%[4]d]}},"account":%[5]q}}`,
		t.Get("recipients[]"), when, kind, at, t.Account.Value("number"))
	return posted(body, time.UnixMilli(when).UTC())
}

func posted(body []byte, at time.Time) channel.Request {
	return channel.Request{Method: http.MethodPost, Header: http.Header{"Content-Type": {"application/json"}}, Body: body,
		Received: at}
}

// customer is a message of the person in the samples. Its time names it, so two of
// one moment are n milliseconds apart.
func customer(a channel.Account, text string, n int, now time.Time) channel.Request {
	said, _ := channel.JSON(text) // a text
	return posted(fmt.Appendf(nil, `{"jsonrpc":"2.0","method":"receive","params":{"envelope":{"source":"+15550001111",`+
		`"sourceNumber":"+15550001111","sourceUuid":"0f0e0d0c-0000-4000-8000-000000000001","sourceName":"Alice",`+
		`"sourceDevice":1,`+
		`"timestamp":%[1]d,"dataMessage":{"timestamp":%[1]d,"message":%[2]s,"expiresInSeconds":0,"viewOnce":false}},`+
		`"account":%[3]q}}`,
		now.UnixMilli()+int64(n), said, a.Value("number")), now)
}
