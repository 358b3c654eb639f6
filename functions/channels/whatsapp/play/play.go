// Package play plays Meta's Graph API for WhatsApp, and AWS before it: they refuse what
// Meta's pages say they refuse, and post the statuses of a message that arrives and is
// read.
package play

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"maps"
	"strconv"
	"strings"
	"time"

	aws "github.com/relais-dev/relais/functions/channels/internal/aws/play"
	meta "github.com/relais-dev/relais/functions/channels/internal/meta/play"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/play"
)

// Platform is WhatsApp.
var Platform = play.Platform{
	Channel:  "whatsapp",
	Sign:     sign,
	Customer: customer,
	APIs:     []play.API{graph, files, social},
	Open:     open,
}

func sign(a channel.Account, r *channel.Request) {
	if aws.Posted(r) {
		aws.Sign(a.Values("topic_arn"), r)
		return
	}
	meta.Sign(a.Value("app_secret"), r)
}

func knows(t play.Taken) bool {
	token := t.Account.Value("access_token")
	return token != "" && t.Header.Get("Authorization") == "Bearer "+token
}

// unsupported is what an id hears that is none.
var unsupported = meta.Refuse("100", "33", "Unsupported request. Object does not exist, cannot be loaded due to "+
	"missing permissions, or does not support this operation.")

// faults are how Meta refuses a message.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
var faults = map[play.Fault]play.Refusal{
	play.Throttled: meta.Refuse("131056", "", "Business account to consumer account pair rate limit hit"),
	play.Expired:   meta.Refuse("190", "", "Error validating access token: Session has expired"),
	play.Closed:    meta.Refuse("131047", "", "Re-engagement message"),
	play.Gone:      meta.Refuse("131026", "", "Message undeliverable"),
	play.Invalid:   meta.Refuse("131009", "", "Parameter value is not valid"),
}

var graph = play.API{
	Name: "Graph API", Hosts: []string{"graph.facebook.com"}, Knows: knows, Write: write,
	Unknown: meta.Refuse("190", "", "Invalid OAuth access token data."), Missing: unsupported, Faults: faults,
	Else: wrong,
	Endpoints: []play.Endpoint{
		{Method: "POST", Path: "/v25.0/{number}/messages", Docs: messages + "send-messages", Body: play.JSON.Or(invalid),
			Rules:  play.Rules([]play.Rule{{At: "path:number", Must: play.Own("phone_number_id"), Else: unsupported}}, rules),
			Answer: accepted},
		{Method: "GET", Path: "/v25.0/{media}", Faults: none, Answer: found, Docs: mediaDocs, Else: unsupported,
			Rules: []play.Rule{
				{At: "path:media", Must: play.Digits()},
				{At: "query:phone_number_id", Must: play.Own("phone_number_id")},
			}},
	},
}

// none of the faults of a message are those of a file.
var none = map[play.Fault]play.Refusal{play.Closed: {}, play.Gone: {}, play.Invalid: {}}

const mediaDocs = platform + "business-phone-numbers/media"

// write is a refusal as WhatsApp writes it: Graph's, with what is wrong beside the
// title. https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
func write(r play.Refusal, broken []play.Broken) play.Answer {
	failure := map[string]any{"message": "(#" + r.Code + ") " + r.Text, "type": "OAuthException",
		"code": json.Number(r.Code), "fbtrace_id": "played"}
	if r.Sub != "" {
		failure["error_subcode"], failure["type"] = json.Number(r.Sub), "GraphMethodException"
	}
	if len(broken) > 0 {
		failure["error_data"] = map[string]string{"messaging_product": "whatsapp",
			"details": broken[0].Place + " must be " + broken[0].Must.Says}
	}
	return play.Value(r.Status, map[string]any{"error": failure})
}

// files is where Graph says that a file is.
var files = play.API{
	Name: "Media", Hosts: []string{"lookaside.fbsbx.com"}, Knows: knows, Write: meta.Write,
	Unknown: meta.Refuse("190", "", "Invalid OAuth access token data."), Missing: unsupported,
	Endpoints: []play.Endpoint{{Method: "GET", Path: "/{file...}", Answer: play.Picture, Docs: mediaDocs}},
}

func found(t play.Taken) play.Answer {
	return play.Text(200, `{"messaging_product":"whatsapp","id":%q,"mime_type":"image/jpeg",`+
		`"url":"https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1"}`, t.Vars["media"])
}

// accepted is Graph's answer to a message or an action.
func accepted(t play.Taken) play.Answer {
	if t.Get("status") == "read" {
		return play.Text(200, `{"success":true}`)
	}
	id := "wamid." + channel.Digest(t.Body)
	a := play.Text(200, `{"messaging_product":"whatsapp","contacts":[{"input":%q}],"messages":[{"id":%q,`+
		`"message_status":"accepted"}]}`,
		t.Get("to")+t.Get("recipient"), id)
	for _, entry := range statuses(t, "", id, t.Account.Value("phone_number_id")) {
		a.Posts = append(a.Posts, posts(t.Account, entry))
	}
	return a
}

// service is AWS End User Messaging Social for an account.
func service(a channel.Account) aws.Service {
	return aws.Service{Name: "social-messaging", Topic: a.Value("topic_arn"), KeyID: a.Value("aws_access_key_id"),
		Secret: a.Value("aws_secret_access_key")}
}

// viaAWS is where an account's region is called that has a key of AWS.
func viaAWS(a channel.Account) string {
	if a.Value("aws_access_key_id") == "" {
		return ""
	}
	return service(a).Origin()
}

const socialDocs = "https://docs.aws.amazon.com/social-messaging/latest/APIReference/"

var social = play.API{
	Name: "AWS End User Messaging Social", Origin: viaAWS,
	Knows: func(t play.Taken) bool { return service(t.Account).Knows(t.Call) },
	Unknown: play.Refusal{Status: 403, Code: "InvalidSignatureException",
		Text: "The request signature we calculated does not match the signature you provided."},
	Missing: play.Refusal{Status: 400, Code: "ValidationException", Text: "The request is not valid."},
	Else:    wrong,
	Faults: map[play.Fault]play.Refusal{
		play.Throttled: {Status: 429, Code: "ThrottledRequestException", Text: "Rate exceeded"},
		play.Expired:   {Status: 403, Code: "AccessDeniedByMetaException", Text: "Access denied"},
		play.Closed:    faults[play.Closed], play.Gone: faults[play.Gone], play.Invalid: faults[play.Invalid],
	},
	Write: func(r play.Refusal, broken []play.Broken) play.Answer {
		if strings.Trim(r.Code, "0123456789") == "" { // Meta's own
			r = play.Refusal{Status: 502, Code: "DependencyException", Text: "(#" + r.Code + ") " + r.Text}
		}
		return aws.Write(r, broken)
	},
	Endpoints: []play.Endpoint{{
		Method: "POST", Path: "/v1/whatsapp/send", Docs: socialDocs + "API_SendWhatsAppMessage.html",
		Body: play.Body{Says: "JSON, with Meta's in base64", Read: wrapped, Else: badSocial},
		Rules: play.Rules([]play.Rule{
			{At: "", Must: play.Only("message", "metaApiVersion", "originationPhoneNumberId"), Else: badSocial},
			{At: "message", Must: play.Given(play.Bytes(1, 2_048_000)), Else: badSocial},
			{At: "originationPhoneNumberId", Must: play.Given(play.Len(1, 100, play.UTF8)), Else: badSocial},
			{At: "originationPhoneNumberId",
				Must: play.Matches(`^phone-number-id-.*$|^arn:.*:phone-number-id/[0-9a-zA-Z]+$`), Else: badSocial},
			{At: "originationPhoneNumberId", Must: play.Own("phone_number_id"), Else: noNumber},
			{At: "metaApiVersion", Must: play.Given(play.Matches(`^v[0-9]+\.[0-9]+$`)), Else: badSocial},
		}, play.In("message", rules...)),
		Answer: published,
	}},
}

var badSocial = play.Refusal{Status: 400, Code: "ValidationException", Text: "The request is not valid."}

// noNumber is said of a number that is not the caller's.
var noNumber = play.Refusal{Status: 404, Code: "ResourceNotFoundException", Text: "The resource was not found."}

// wrapped reads a call of AWS, whose message is Meta's in base64.
func wrapped(c play.Call) (any, error) {
	v, err := play.JSON.Read(c)
	call, _ := v.(map[string]any)
	text, _ := call["message"].(string)
	if err != nil || call == nil {
		return nil, err
	}
	if c.Body, err = base64.StdEncoding.DecodeString(text); err != nil {
		return nil, err
	}
	call["message"], err = play.JSON.Read(c)
	return call, err
}

// published is AWS' answer: an id of its own, and Meta's statuses in messages of SNS.
func published(t play.Taken) play.Answer {
	digest := channel.Digest(t.Body)
	a := play.Text(200, `{"messageId":%q}`, channel.UUID(digest))
	for i, entry := range statuses(t, "message.", "wamid."+digest, number) {
		a.Posts = append(a.Posts, publishes(t.Account, digest+strconv.Itoa(i), entry))
	}
	return a
}

// posts is an entry as Meta posts it.
func posts(a channel.Account, entry string) channel.Request {
	return play.Post("whatsapp", a,
		map[string]any{"object": "whatsapp_business_account", "entry": []any{json.RawMessage(entry)}})
}

// publishes is an entry as AWS publishes it. id is of the delivery.
func publishes(a channel.Account, id, entry string) channel.Request {
	return aws.Published("whatsapp", a, a.Value("topic_arn"), id, map[string]string{"whatsAppWebhookEntry": entry})
}

// number is the id of the brand's number at Meta.
const number = "220000000000022"

// customer is Ana's n-th message, the way that the account's messages come.
func customer(a channel.Account, text string, n int, now time.Time) channel.Request {
	const phone, user = "15550100099", "US.500000000000000000077"
	id := "wamid." + channel.Digest([]byte(text), strconv.Itoa(n), now.String())
	entry := entryOf(cmp.Or(a.Value("phone_number_id"), number), map[string]any{
		"contacts": []any{map[string]any{"profile": map[string]string{"name": "Ana", "username": "ana.demo"}, "wa_id": phone,
			"user_id": user}},
		"messages": []any{map[string]any{
			"from": phone, "from_user_id": user, "id": id, "timestamp": strconv.FormatInt(now.Unix(), 10), "type": "text",
			"text": map[string]string{"body": text},
		}},
	})
	if a.Value("app_secret") == "" && a.Value("topic_arn") != "" {
		return publishes(a, id, entry)
	}
	return posts(a, entry)
}

// entryOf is an entry of a webhook with the facts of a value.
func entryOf(number string, facts map[string]any) string {
	value := map[string]any{"messaging_product": "whatsapp",
		"metadata": map[string]string{"display_phone_number": "15550100001", "phone_number_id": number}}
	maps.Copy(value, facts)
	text, _ := channel.JSON(map[string]any{"id": "410000000000011",
		"changes": []any{map[string]any{"field": "messages", "value": value}}})
	return string(text)
}

// statuses are those of the message at a place, each an entry of a webhook.
func statuses(t play.Taken, at, id, number string) []string {
	var list []string
	for i, state := range []string{"sent", "delivered", "read"} {
		s := map[string]any{"id": id, "status": state, "timestamp": strconv.FormatInt(t.Received.Unix()+int64(i), 10)}
		if c := t.Get(at + "biz_opaque_callback_data"); c != "" {
			s["biz_opaque_callback_data"] = c
		}
		switch to := t.Get(at + "to"); {
		case t.Get(at+"recipient_type") == "group":
			s["recipient_id"], s["recipient_type"] = to, "group"
		case t.Get(at+"recipient") != "":
			s["recipient_user_id"] = t.Get(at + "recipient")
		default:
			s["recipient_id"] = strings.TrimPrefix(to, "+")
		}
		list = append(list, entryOf(number, map[string]any{"statuses": []any{s}}))
	}
	return list
}
