// Package play plays Google Chat, as Google's reference describes it. It posts nothing
// of what an app says, for an app does not hear itself.
package play

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	google "github.com/relais-dev/relais/functions/channels/internal/google/play"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/play"
)

const (
	scope = "https://www.googleapis.com/auth/chat.bot"

	chat      = "https://developers.google.com/workspace/chat/"
	ref       = chat + "api/reference/rest/v1/"
	cards     = ref + "cards"
	limitDocs = chat + "limits"
)

// Platform is Google Chat.
var Platform = play.Platform{
	Channel:  "googlechat",
	Sign:     sign,
	Customer: customer,
	APIs: []play.API{google.Tokens(scope), google.API("Google Chat", scope, []string{"chat.googleapis.com"},
		endpoints...)},
	Open: open,
}

// sign signs as Chat does for a project number, and as its service account, or that of
// an add-on's project, does for a URL.
// https://developers.google.com/workspace/chat/verify-requests-from-chat
func sign(a channel.Account, r *channel.Request) {
	audience, email := a.Value("audience"), google.Chat
	if strings.Trim(audience, "0123456789") == "" {
		google.Sign(r, google.Claim{Issuer: google.Chat, Audience: audience})
		return
	}
	if n := a.Value("project_number"); n != "" {
		email = "service-" + n + "@gcp-sa-gsuiteaddons.iam.gserviceaccount.com"
	}
	google.Sign(r, google.Claim{Issuer: google.Accounts, Audience: audience, Email: email})
}

func shown(space, id string) play.Answer {
	return play.Text(200, `{"name":"%s/messages/%s","sender":{"name":"users/app","type":"BOT"},"space":{"name":%q}}`,
		space, id, space)
}

// made is a new message: the same for the same request.
func made(t play.Taken) play.Answer {
	id := channel.Digest([]byte(t.Query.Get("requestId")))[:11]
	return shown("spaces/"+t.Vars["space"], id+"."+id)
}

func found(t play.Taken) play.Answer { return shown("spaces/"+t.Vars["space"], t.Vars["id"]) }

func downloaded(t play.Taken) play.Answer { return play.Reply(200, "", []byte("a file of "+t.Path)) }

// customer writes in the direct message of testdata, as to a classic app.
func customer(_ channel.Account, text string, n int, now time.Time) channel.Request {
	at := now.UTC().Format(time.RFC3339Nano)
	id := channel.Digest([]byte(text), at, strconv.Itoa(n))[:11]
	place := map[string]any{"name": "spaces/AAAAdemo", "type": "DM", "spaceType": "DIRECT_MESSAGE",
		"singleUserBotDm":     true,
		"spaceThreadingState": "UNTHREADED_MESSAGES"}
	person := map[string]string{"name": "users/100000000000000000077", "displayName": "Ana", "type": "HUMAN"}
	body, _ := channel.JSON(map[string]any{ // texts
		"type": "MESSAGE", "eventTime": at, "space": place, "user": person,
		"message": map[string]any{
			"name": "spaces/AAAAdemo/messages/" + id + "." + id, "sender": person, "createTime": at, "text": text,
			"argumentText": text,
			"thread":       map[string]string{"name": "spaces/AAAAdemo/threads/" + id}, "space": place,
		},
		"common": map[string]string{"hostApp": "CHAT", "userLocale": "en"},
	})
	header := http.Header{"Content-Type": {"application/json; charset=utf-8"}}
	return channel.Request{Method: http.MethodPost, Header: header, Body: body, Received: now}
}
