// Package play plays the fake channel's platform.
package play

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/play"
)

// Platform is the fake platform, as its documentation would describe it.
var Platform = play.Platform{
	Channel: "fake", Sign: sign, Customer: customer,
	APIs: []play.API{{
		Name: "Fake", Hosts: []string{"api.fake.example"}, Missing: play.Refusal{Status: 404, Code: "path"},
		Else: play.Refusal{Status: 400, Code: "content"},
		Faults: map[play.Fault]play.Refusal{
			play.Throttled: {Status: 429, Code: "slow"}, play.Expired: noToken, play.Closed: {Status: 403, Code: "window"},
			play.Gone: {Status: 404, Code: "blocked"}, play.Invalid: {Status: 400, Code: "content"},
		},
		Write: func(r play.Refusal, _ []play.Broken) play.Answer { return play.Text(r.Status, `{"error":%q}`, r.Code) },
		Endpoints: []play.Endpoint{
			{Method: "POST", Path: "/token", Docs: docs, Faults: never, Answer: play.Says(200,
				`{"token":"`+goodToken+`","seconds":3600}`)},
			{Method: "POST", Path: "/typing", Docs: docs, Rules: known, Answer: play.Says(200, "{}")},
			{Method: "POST", Path: "/messages", Docs: docs, Body: play.JSON, Answer: taken, Rules: append([]play.Rule{
				{At: "to", Must: play.Given(play.Filled())},
				{At: "id", Must: play.Given(play.Filled())},
				{At: "", Must: play.Some("text", "image")},
				{At: "image", Must: play.Begins("https://")},
			}, known...)},
		},
	}},
}

const (
	docs      = "https://fake.example/docs"
	goodToken = "token-of-the-fake-platform"
)

var noToken = play.Refusal{Status: 401, Code: "token"}

var known = []play.Rule{{At: "header:Authorization", Must: play.Given(play.Is("Bearer " + goodToken)), Else: noToken}}

var never = map[play.Fault]play.Refusal{play.Throttled: {}, play.Expired: {}, play.Closed: {}, play.Gone: {},
	play.Invalid: {}}

func taken(t play.Taken) play.Answer {
	return play.Text(200, `{"id":%q}`, channel.Digest([]byte(t.Get("id"))))
}

func sign(a channel.Account, r *channel.Request) {
	at := strconv.FormatInt(r.Received.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(a.Value("secret")))
	mac.Write([]byte(at + "." + string(r.Body)))
	r.Header.Set("X-Fake-Time", at)
	r.Header.Set("X-Fake-Signature", hex.EncodeToString(mac.Sum(nil)))
}

func customer(_ channel.Account, text string, n int, now time.Time) channel.Request {
	said, _ := channel.JSON(text) // a text
	item := fmt.Sprintf(`{"id":"c%d","type":"text","user":"U1","time":%d,"text":%s}`, n, now.UnixMilli(), said)
	return channel.Request{Method: http.MethodPost, Header: http.Header{}, Body: fmt.Appendf(nil, `{"events":[%s]}`,
		item)}
}
