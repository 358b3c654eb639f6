package kakaotalk

import (
	"crypto/hmac"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/relais-dev/relais/shared/channel"
)

// doubleNHN takes a template for one number and reports the result to the webhook.
func doubleNHN(a channel.Account, c channel.Call) channel.Answer {
	if c.Header.Get("X-Secret-Key") != a.Value(nhnSecretKey) || c.Fault == channel.FaultExpired {
		return channel.AnswerJSON(http.StatusUnauthorized, nhnFailure("-1007", "unauthorized"))
	}
	if !strings.HasSuffix(c.Path, "/appkeys/"+a.Value(nhnAppKey)+"/messages") || c.Header.Get("X-NC-API-IDEMPOTENCY-KEY") == "" || !isJSON(c) {
		return channel.AnswerJSON(http.StatusBadRequest, nhnFailure("-1000", "invalid request"))
	}
	var w nhnRequest
	err := json.Unmarshal(c.Body, &w)
	switch {
	case c.Fault == channel.FaultGone:
		return channel.AnswerJSON(http.StatusOK, nhnFailure("3018", "no user"))
	case c.Fault != "" || err != nil || w.SenderKey != a.Value(senderKey) || w.TemplateCode == "" || len(w.TemplateCode) > 20:
		return channel.AnswerJSON(http.StatusOK, nhnFailure("3016", "no matched template"))
	case len(w.Recipients) != 1 || !strings.HasPrefix(w.Recipients[0].Number, "0") || !channel.Digits(w.Recipients[0].Number):
		return channel.AnswerJSON(http.StatusOK, nhnFailure("3008", "invalid phone number"))
	}
	id := channel.Digest([]byte(c.Header.Get("X-NC-API-IDEMPOTENCY-KEY")))
	answer := channel.AnswerJSON(http.StatusOK, `{"header":{"isSuccessful":true,"resultCode":0,"resultMessage":"success"},"message":{"requestId":"`+id+
		`","sendResults":[{"recipientSeq":1,"recipientNo":"`+w.Recipients[0].Number+`","resultCode":0,"resultMessage":"success"}]}}`)
	answer.Webhooks = []channel.Request{webhook(a, c, `{"hooksId":"h-`+id+`","webhookConfigId":"w-demo","productName":"KakaoTalk Bizmessage","appKey":"demo","event":"MESSAGE_RESULT_UPDATE","hooks":[{"hookId":"`+
		id+`-1","requestId":"`+id+`","recipientSeq":1,"recipientNo":"`+w.Recipients[0].Number+`","messageStatus":"COMPLETED","resultCode":"1000","resultCodeName":"success"}]}`)}
	return answer
}

func nhnFailure(code, message string) string {
	return `{"header":{"isSuccessful":false,"resultCode":` + code + `,"resultMessage":"` + message + `"}}`
}

// doubleSENS checks the signature, whose time may be five minutes off.
func doubleSENS(a channel.Account, c channel.Call) channel.Answer {
	timestamp, key := c.Header.Get("x-ncp-apigw-timestamp"), c.Header.Get("x-ncp-iam-access-key")
	good := sensSignature(a.Value(sensSecretKey), c.Method, c.Path, timestamp, a.Value(sensAccessKey))
	off := c.Received.Sub(time.UnixMilli(millis(timestamp))).Abs()
	if !hmac.Equal([]byte(good), []byte(c.Header.Get("x-ncp-apigw-signature-v2"))) || key != a.Value(sensAccessKey) || off > 5*time.Minute || c.Fault == channel.FaultExpired {
		return channel.AnswerJSON(http.StatusUnauthorized, `{"error":{"errorCode":"200","message":"Authentication Failed"}}`)
	}
	var w sensRequest
	err := json.Unmarshal(c.Body, &w)
	code, text := "A000", "success"
	switch {
	case c.Path != "/alimtalk/v2/services/"+a.Value(sensServiceID)+"/messages" || !isJSON(c) || err != nil || len(w.Messages) != 1:
		return channel.AnswerJSON(http.StatusBadRequest, `{"error":{"errorCode":"400","message":"Bad Request"}}`)
	case c.Fault == channel.FaultGone || w.Messages[0].CountryCode != korea || !channel.Digits(w.Messages[0].To):
		code, text = "3018", "no user"
	case c.Fault != "" || w.PlusFriendID != a.Value(plusFriendID) || w.TemplateCode == "" || w.Messages[0].Content == "":
		code, text = "3016", "no matched template"
	}
	id := channel.Digest(c.Body, timestamp)
	return channel.AnswerJSON(http.StatusAccepted, `{"requestId":"r-`+id+`","messages":[{"messageId":"`+id+`","requestStatusCode":"`+code+`","requestStatusDesc":"`+text+`"}]}`)
}
