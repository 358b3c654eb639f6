// Package play plays what the channels share that AWS operates: a service that checks
// signatures, and SNS.
package play

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/play"
)

// A Service is one of AWS in the region of an account's topic, with the account's key.
type Service struct {
	Name   string // "sms-voice"
	Topic  string
	KeyID  string
	Secret string
}

// Origin is where the service is; "" where the topic names no region.
// https://docs.aws.amazon.com/general/latest/gr/rande.html
func (s Service) Origin() string {
	switch partition, region := regionOf(s.Topic); {
	case region == "":
		return ""
	case partition == "aws-cn":
		return "https://" + s.Name + "." + region + ".amazonaws.com.cn"
	default:
		return "https://" + s.Name + "." + region + ".amazonaws.com"
	}
}

// regionOf reads arn:partition:sns:region:account:name.
func regionOf(topic string) (partition, region string) {
	part := strings.Split(topic, ":")
	if len(part) != 6 || part[0] != "arn" || part[2] != "sns" {
		return "", ""
	}
	return part[1], part[3]
}

// Knows says whether the signature of c is made with the account's key.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
func (s Service) Knows(c play.Call) bool {
	const algorithm = "AWS4-HMAC-SHA256"
	fields, ok := strings.CutPrefix(c.Header.Get("Authorization"), algorithm+" ")
	credential, names, got := field(fields, "Credential"), field(fields, "SignedHeaders"), field(fields, "Signature")
	scope, found := strings.CutPrefix(credential, s.KeyID+"/")
	date := c.Header.Get("X-Amz-Date")
	_, region := regionOf(s.Topic)
	part := strings.Split(scope, "/") // date/region/service/aws4_request
	if !ok || !found || s.KeyID == "" || len(part) != 4 || !strings.HasPrefix(date, part[0]+"T") {
		return false
	}
	if part[1] != region || part[2] != s.Name || part[3] != "aws4_request" ||
		!slices.Contains(strings.Split(names, ";"), "host") {
		return false
	}
	key := []byte("AWS4" + s.Secret)
	for _, p := range part {
		key = mac(key, p)
	}
	want := mac(key, strings.Join([]string{algorithm, date, scope, digest([]byte(canonical(c, names)))}, "\n"))
	return hmac.Equal([]byte(hex.EncodeToString(want)), []byte(got))
}

// field is one of Authorization.
func field(fields, name string) string {
	for _, f := range strings.Split(fields, ",") {
		if v, ok := strings.CutPrefix(strings.TrimSpace(f), name+"="); ok {
			return v
		}
	}
	return ""
}

// canonical is the request as it is signed.
func canonical(c play.Call, names string) string {
	var headers strings.Builder
	for _, name := range strings.Split(names, ";") {
		v := c.Joined(name)
		switch name {
		case "host":
			v = c.Host
		case "content-length":
			v = strconv.Itoa(len(c.Body))
		}
		headers.WriteString(name + ":" + strings.TrimSpace(v) + "\n")
	}
	path := (&url.URL{Path: c.Path}).EscapedPath() // once more than it is sent
	return strings.Join([]string{c.Method, path, c.Query().Encode(), headers.String(), names, digest(c.Body)}, "\n")
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Write is a refusal as services of AWS write it: Code is the exception, Sub its reason.
// https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html#operation-error-serialization
func Write(r play.Refusal, broken []play.Broken) play.Answer {
	body := map[string]string{"__type": r.Code, "message": r.Text}
	if r.Sub != "" {
		body["Reason"] = r.Sub
	}
	if len(broken) > 0 {
		body["message"] = strings.TrimSpace(r.Text + " " + broken[0].Place + ": " + broken[0].Must.Says)
	}
	a := play.Value(r.Status, body)
	a.Header.Set("X-Amzn-Errortype", r.Code)
	return a
}

// Published is a message of the account's topic as SNS posts it. id is of the delivery.
// https://docs.aws.amazon.com/sns/latest/dg/http-notification-json.html
func Published(platform string, a channel.Account, topic, id string, message any) channel.Request {
	text, _ := channel.JSON(message) // texts and numbers
	r := play.Post(platform, a, map[string]string{
		"Type": "Notification", "MessageId": channel.UUID(id), "TopicArn": topic, "Message": string(text),
	})
	r.Header = http.Header{"Content-Type": {"text/plain; charset=UTF-8"}, "X-Amz-Sns-Message-Type": {"Notification"}}
	return r
}

// Posted says whether r comes from SNS.
func Posted(r *channel.Request) bool { return r.Header.Get("X-Amz-Sns-Message-Type") != "" }
