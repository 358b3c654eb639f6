package kakaotalk

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// The dealers of AlimTalk.
const (
	nhnHost = "api-alimtalk.cloud.toast.com" // https://docs.nhncloud.com/ko/Notification/KakaoTalk%20Bizmessage/ko/
	// https://api.ncloud-docs.com/docs/en/ai-application-service-sens-alimtalkv2
	sensHost = "sens.apigw.ntruss.com"
)

// sendAlimTalk sends a template to a phone number, by the dealer the account has.
func sendAlimTalk(ctx context.Context, e channel.Env, o channel.Outgoing) (channel.Sent, error) {
	number := dialled(o.To.Conversation.PlatformID)
	if !channel.Digits(number) {
		number = dialled(o.To.Identity(events.Phone))
	}
	a, t := e.Account, template(o)
	switch {
	case !channel.Digits(number) || !strings.HasPrefix(number, korea):
		return channel.Sent{},
			&channel.Error{Class: events.ClassRecipient, Title: "AlimTalk is sent to Korean phone numbers",
				Remedy: "address the person by phone number"}
	case a.Value(nhnAppKey) != "" && a.Value(nhnSecretKey) != "" && a.Value(senderKey) != "":
		return sendNHN(ctx, e, o.ID, number, t)
	case a.Value(sensServiceID) != "" && a.Value(sensAccessKey) != "" && a.Value(sensSecretKey) != "" &&
		a.Value(plusFriendID) != "":
		return sendSENS(ctx, e, number, t)
	}
	return channel.Sent{}, notConfigured("a dealer of AlimTalk")
}

// sendNHN sends by NHN Cloud, which fills in the template itself.
func sendNHN(ctx context.Context, e channel.Env, id, number string, t *events.Template) (channel.Sent, error) {
	parameters := map[string]string{}
	for _, p := range t.Parameters {
		parameters[p.Name] = p.Value
	}
	w := nhnRequest{SenderKey: e.Account.Value(senderKey), TemplateCode: t.Name,
		Recipients: []nhnRecipient{{Number: national(number), Parameters: parameters}}}
	h := http.Header{"X-Secret-Key": {e.Account.Value(nhnSecretKey)}, "X-Nc-Api-Idempotency-Key": {channel.UUID(id)}}
	r, err := e.PostJSON(ctx, "https://"+nhnHost+"/alimtalk/v2.3/appkeys/"+url.PathEscape(e.Account.Value(nhnAppKey))+
		"/messages", h, w)
	if err != nil {
		return channel.Sent{}, err
	}
	return nhnResult(r)
}

func nhnResult(r channel.Reply) (channel.Sent, error) {
	if !r.OK() {
		return channel.Sent{}, r.Failure()
	}
	var w nhnReply
	if err := r.Decode(&w); err != nil {
		return channel.Sent{}, err
	}
	if w.Header == nil {
		return channel.Sent{}, unknownReply()
	}
	if !w.Header.Successful {
		return channel.Sent{}, alimtalkError(string(w.Header.Code), w.Header.Message)
	}
	if len(w.Message.Results) != 1 || w.Message.RequestID == "" {
		return channel.Sent{}, unknownReply()
	}
	one := w.Message.Results[0]
	if one.Code != "0" {
		return channel.Sent{}, alimtalkError(string(one.Code), one.Message)
	}
	return channel.Sent{IDs: []string{requestID(w.Message.RequestID, string(one.Seq))}}, nil
}

// unknownReply is the error of an answer that is JSON and not the documented one.
func unknownReply() *channel.Error {
	return &channel.Error{Class: events.ClassPlatform, Title: "answered something that is not documented", Unknown: true}
}

// sendSENS sends by NAVER, which compares the text with the approved one: it is that
// of the template's fallback, to the byte.
func sendSENS(ctx context.Context, e channel.Env, number string, t *events.Template) (channel.Sent, error) {
	text := approved(t)
	if text == "" {
		return channel.Sent{}, &channel.Error{
			Class: events.ClassTemplate, Title: "the template has no text",
			Remedy: "put the approved text, its variables filled in, into the template's fallback",
		}
	}
	w := sensRequest{PlusFriendID: e.Account.Value(plusFriendID), TemplateCode: t.Name,
		Messages: []sensMessage{{CountryCode: korea, To: national(number), Content: text}}}
	path := "/alimtalk/v2/services/" + e.Account.Value(sensServiceID) + "/messages"
	r, err := e.PostJSON(ctx, "https://"+sensHost+path, sensHeader(e, http.MethodPost, path), w)
	if err != nil {
		return channel.Sent{}, err
	}
	return sensResult(r)
}

func approved(t *events.Template) string {
	for _, c := range t.Fallback {
		if c.Text != nil {
			return c.Text.Body
		}
	}
	return ""
}

// sensHeader signs method, path and time; the body is not signed.
// https://api.ncloud-docs.com/docs/en/common-ncpapi
func sensHeader(e channel.Env, method, path string) http.Header {
	timestamp, key := strconv.FormatInt(e.Now.UnixMilli(), 10), e.Account.Value(sensAccessKey)
	return http.Header{
		"X-Ncp-Apigw-Timestamp": {timestamp}, "X-Ncp-Iam-Access-Key": {key},
		"X-Ncp-Apigw-Signature-V2": {sensSignature(e.Account.Value(sensSecretKey), method, path, timestamp, key)},
	}
}

func sensSignature(secret, method, path, timestamp, key string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(method + " " + path + "\n" + timestamp + "\n" + key))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func sensResult(r channel.Reply) (channel.Sent, error) {
	var w sensReply
	if !r.OK() {
		return channel.Sent{}, r.Failure()
	}
	if err := r.Decode(&w); err != nil {
		return channel.Sent{}, err
	}
	if len(w.Messages) != 1 || w.Messages[0].ID == "" {
		return channel.Sent{}, unknownReply()
	}
	one := w.Messages[0]
	if one.Code != "A000" {
		return channel.Sent{}, alimtalkError(one.Code, one.Description)
	}
	return channel.Sent{IDs: []string{one.ID}}, nil
}

// korea is the country code of all numbers that AlimTalk reaches.
const korea = "82"

// national is a number as it is dialled in Korea.
func national(number string) string { return "0" + strings.TrimPrefix(number, korea) }
