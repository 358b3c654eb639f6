package play

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"time"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/play"
)

// The pages of the two dealers.
const (
	nhnDocs  = "https://docs.nhncloud.com/ko/Notification/KakaoTalk%20Bizmessage/ko/alimtalk-api-guide/"
	sensDocs = "https://api.ncloud-docs.com/docs/en/ai-application-service-sens-alimtalkv2"
)

func refuseNHN(status int, code, text string) play.Refusal {
	return play.Refusal{Status: status, Code: code, Text: text}
}

// nhn takes a template for one number and reports the result to the webhook.
var nhn = play.API{
	Name: "NHN Cloud", Hosts: []string{"api-alimtalk.cloud.toast.com"},
	Missing: refuseNHN(400, "-1000", "invalid request"), Method: method,
	Knows:   func(t play.Taken) bool { return t.Header.Get("X-Secret-Key") == t.Account.Value("nhn_secret_key") },
	Unknown: refuseNHN(401, "-1007", "unauthorized"), Else: refuseNHN(400, "-1000", "invalid request"),
	Faults: map[play.Fault]play.Refusal{
		play.Throttled: throttled, play.Gone: refuseNHN(200, "3018", "no user"),
		play.Closed:  refuseNHN(200, "3016", "no matched template"),
		play.Invalid: refuseNHN(200, "3016", "no matched template"),
	},
	Write: func(r play.Refusal, _ []play.Broken) play.Answer {
		if r.Code == "" {
			return bare(r)
		}
		return play.Text(r.Status, `{"header":{"isSuccessful":false,"resultCode":%s,"resultMessage":%q}}`, r.Code, r.Text)
	},
	Endpoints: []play.Endpoint{{
		Method: "POST", Path: "/alimtalk/{version}/appkeys/{key}/messages", Docs: nhnDocs, Body: play.JSON,
		Answer: requested, Rules: []play.Rule{
			{At: "path:key", Must: play.Own("nhn_app_key")},
			{At: "header:X-NC-API-IDEMPOTENCY-KEY", Must: play.Given(play.Filled())},
			{At: "path:version", Must: play.Is("v2.0", "v2.1", "v2.2", "v2.3")},
			{At: "header:X-NC-API-IDEMPOTENCY-KEY", Must: play.Len(1, 100, play.UTF8)},
			{At: "", Must: play.Object()},
			{At: "senderKey", Must: play.Given(play.Len(40, 40, play.UTF8))},
			{At: "senderKey", Must: play.Own("sender_key"), Else: refuseNHN(200, "3016", "no matched template")},
			{At: "templateCode", Must: play.Given(play.Filled())},
			{At: "templateCode", Must: play.Len(1, 20, play.UTF8), Else: refuseNHN(200, "3016", "no matched template")},
			{At: "recipientList", Must: play.Given(play.List())},
			{At: "recipientList", Must: play.Count(1, 1000)},
			{At: "recipientList[].recipientNo", Must: play.Given(play.Filled()),
				Else: refuseNHN(200, "3008", "invalid phone number")},
			{At: "recipientList[].recipientNo", Must: play.All(play.Len(1, 15, play.UTF8), play.Matches(`^0[0-9]*$`)),
				Else: refuseNHN(200, "3008", "invalid phone number")},
			{At: "recipientList[].templateParameter", Must: play.Object()},
			{At: "recipientList[].templateParameter", Must: texts},
			{At: "requestDate", Must: play.Matches(`^\d{4}-\d\d-\d\d \d\d:\d\d$`)},
		},
	}},
}

// texts are members that are all texts.
var texts = play.That("texts alone", func(_ play.Taken, v any) bool {
	object, _ := v.(map[string]any)
	for _, member := range object {
		if _, ok := member.(string); !ok {
			return false
		}
	}
	return true
})

func requested(t play.Taken) play.Answer {
	id, number := channel.Digest([]byte(t.Header.Get("X-NC-API-IDEMPOTENCY-KEY"))), t.Get("recipientList[].recipientNo")
	a := play.Text(200, `{"header":{"isSuccessful":true,"resultCode":0,"resultMessage":"success"},`+
		`"message":{"requestId":%q,"sendResults":`+
		`[{"recipientSeq":1,"recipientNo":%q,"resultCode":0,"resultMessage":"success"}]}}`, id, number)
	a.Posts = []channel.Request{webhook(t.Account, t.Received, map[string]any{
		"hooksId": "h-" + id, "webhookConfigId": "w-demo", "productName": "KakaoTalk Bizmessage", "appKey": "demo",
		"event": "MESSAGE_RESULT_UPDATE",
		"hooks": []any{map[string]any{"hookId": id + "-1", "requestId": id, "recipientSeq": 1, "recipientNo": number,
			"messageStatus": "COMPLETED", "resultCode": "1000", "resultCodeName": "success"}},
	})}
	return a
}

// signed is the signature of a call to NAVER, whose time may be five minutes off.
// https://api.ncloud-docs.com/docs/en/common-ncpapi
func signed(t play.Taken) bool {
	timestamp, key := t.Header.Get("x-ncp-apigw-timestamp"), t.Account.Value("sens_access_key")
	mac := hmac.New(sha256.New, []byte(t.Account.Value("sens_secret_key")))
	mac.Write([]byte(t.Method + " " + t.Path + "\n" + timestamp + "\n" + key))
	good := base64.StdEncoding.EncodeToString(mac.Sum(nil))
	ms, err := strconv.ParseInt(timestamp, 10, 64)
	return err == nil && t.Header.Get("x-ncp-apigw-signature-v2") == good &&
		t.Header.Get("x-ncp-iam-access-key") == key &&
		t.Received.Sub(time.UnixMilli(ms)).Abs() <= 5*time.Minute
}

func refuseSENS(status int, code, text string) play.Refusal {
	return play.Refusal{Status: status, Code: code, Text: text}
}

// noUser and noTemplate are told of one message within an answer that is a success.
var (
	noUser     = refuseSENS(202, "3018", "no user")
	noTemplate = refuseSENS(202, "3016", "no matched template")
	badSENS    = refuseSENS(400, "400", "Bad Request")
)

var sens = play.API{
	Name: "NAVER Cloud SENS", Hosts: []string{"sens.apigw.ntruss.com"}, Missing: badSENS, Method: method, Else: badSENS,
	Knows: signed, Unknown: refuseSENS(401, "200", "Authentication Failed"),
	Faults: map[play.Fault]play.Refusal{play.Throttled: throttled, play.Gone: noUser, play.Closed: noTemplate,
		play.Invalid: noTemplate},
	Write: func(r play.Refusal, _ []play.Broken) play.Answer {
		switch {
		case r.Code == "":
			return bare(r)
		case r.Status == 202:
			return taken("refused", r.Code, r.Text)
		}
		return play.Text(r.Status, `{"error":{"errorCode":%q,"message":%q}}`, r.Code, r.Text)
	},
	Endpoints: []play.Endpoint{{
		Method: "POST", Path: "/alimtalk/v2/services/{service}/messages", Docs: sensDocs, Body: play.JSON,
		Rules: []play.Rule{
			{At: "path:service", Must: play.Own("sens_service_id")},
			{At: "header:Content-Type", Must: play.Given(play.MIME("application/json"))},
			{At: "", Must: play.Object()},
			{At: "plusFriendId", Must: play.Given(play.Filled())},
			{At: "plusFriendId", Must: play.Own("plus_friend_id"), Else: noTemplate},
			{At: "templateCode", Must: play.Given(play.Filled())},
			{At: "messages", Must: play.Given(play.List())},
			{At: "messages", Must: play.Count(1, 100)},
			{At: "messages[].countryCode", Must: play.Is("82"), Else: noUser},
			{At: "messages[].to", Must: play.Given(play.Digits()), Else: noUser},
			{At: "messages[].content", Must: play.Given(play.Filled()), Else: noTemplate},
			{At: "messages[].content", Must: play.Most(1000, play.Runes), Else: noTemplate},
			{At: "messages[].buttons", Must: play.Count(0, 5)},
			{At: "messages[].buttons[].type", Must: play.Given(play.Is("DS", "WL", "AL", "BK", "MD", "AC"))},
			{At: "messages[].buttons[].name", Must: play.Given(play.Len(1, 14, play.Runes))},
			{At: "messages[].useSmsFailover", Must: play.Truth()},
			{At: "reserveTime", Must: play.Matches(`^\d{4}-\d\d-\d\d \d\d:\d\d$`)},
		},
		Answer: func(t play.Taken) play.Answer {
			return taken(channel.Digest(t.Body, t.Header.Get("x-ncp-apigw-timestamp")), "A000", "success")
		},
	}},
}

func taken(id, code, text string) play.Answer {
	return play.Text(202,
		`{"requestId":"r-%[1]s","messages":[{"messageId":%[1]q,"requestStatusCode":%[2]q,"requestStatusDesc":%[3]q}]}`,
		id, code, text)
}
