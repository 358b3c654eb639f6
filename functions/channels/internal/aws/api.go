package aws

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// An API is a service of AWS in one region, called with an access key: what SDKs do
// with rights that the process has, a channel does with those of its account.
type API struct {
	Service string // as it signs and begins its host: "sms-voice"
	Region  string
	China   bool // hosts there end otherwise
	KeyID   string
	Secret  string
}

// In is the API of service in the region of an account's topic.
func In(service, topic, keyID, secret string) API {
	host := Host(topic)
	region, _, _ := strings.Cut(strings.TrimPrefix(host, "sns."), ".")
	return API{Service: service, Region: region, China: strings.HasSuffix(host, ".cn"), KeyID: keyID, Secret: secret}
}

// Host is where the API is; "" when its region is not known.
func (a API) Host() string {
	switch {
	case a.Region == "":
		return ""
	case a.China:
		return a.Service + "." + a.Region + ".amazonaws.com.cn"
	}
	return a.Service + "." + a.Region + ".amazonaws.com"
}

// Post calls the operation that path and header name, with body.
func (a API) Post(ctx context.Context, e channel.Env, path string, header http.Header,
	body []byte) (channel.Reply, error) {
	if a.Host() == "" || a.KeyID == "" || a.Secret == "" {
		return channel.Reply{}, &channel.Error{Class: events.ClassAuth, Title: "the account has no access key or no topic",
			Remedy: "store aws_access_key_id, aws_secret_access_key and topic_arn"}
	}
	signed, err := a.sign(ctx, path, header, body, e.Now)
	if err != nil {
		return channel.Reply{}, fmt.Errorf("%w: %w", channel.ErrNotSent, err)
	}
	r, err := e.Do(ctx, http.MethodPost, "https://"+a.Host()+path, signed, body)
	if err != nil {
		return channel.Reply{}, fmt.Errorf("call AWS: %w", err)
	}
	return r, nil
}

// sign is header with the signature of a request at the time.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
func (a API) sign(ctx context.Context, path string, header http.Header, body []byte,
	at time.Time) (http.Header, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+a.Host()+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	for name, values := range header {
		req.Header[name] = values
	}
	sum := sha256.Sum256(body)
	key := aws.Credentials{AccessKeyID: a.KeyID, SecretAccessKey: a.Secret}
	if err := v4.NewSigner().SignHTTP(ctx, key, req, hex.EncodeToString(sum[:]), a.Service, a.Region, at); err != nil {
		return nil, err
	}
	return req.Header, nil
}

// fault is why AWS refused a call.
// https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html#operation-error-serialization
type fault struct {
	Type    string `json:"__type"`
	Code    string `json:"code"`
	Reason  string `json:"Reason"` // of some codes
	Message string `json:"message"`
}

// faultOf reads r. Services name the code in a header, in the body or in both, with
// a namespace before it or a URL behind.
func faultOf(r channel.Reply) fault {
	var f fault
	_ = json.Unmarshal(r.Body, &f) // without a body the header and the status tell
	code, _, _ := strings.Cut(cmp.Or(r.Header.Get("X-Amzn-Errortype"), f.Type, f.Code), ":")
	f.Code = code[strings.LastIndex(code, "#")+1:]
	return f
}

// Failure is why AWS refused a call, as far as all its services mean the same.
// https://docs.aws.amazon.com/social-messaging/latest/APIReference/CommonErrors.html
func Failure(r channel.Reply) *channel.Error {
	e, f := r.Failure(), faultOf(r)
	if f.Code == "" {
		return e
	}
	e.Code, e.Subcode, e.Title = f.Code, f.Reason, f.Message
	switch f.Code {
	case "ThrottlingException", "ThrottledRequestException", "TooManyRequestsException", "LimitExceededException",
		"ServiceQuotaExceededException":
		e.Class, e.Unknown, e.Remedy = events.ClassRate, false, "send more slowly"
	case "AccessDeniedException", "AccessDeniedByMetaException", "UnrecognizedClientException", "InvalidClientTokenId",
		"InvalidSignatureException",
		"IncompleteSignature", "MissingAuthenticationToken", "ExpiredTokenException", "OptInRequired":
		e.Class, e.Remedy = events.ClassAuth, "check the access key, its user's policy and the region"
	case "ResourceNotFoundException":
		e.Class, e.Remedy = events.ClassAuth, "nothing of that name is in the topic's region"
	case "ValidationException", "InvalidParametersException", "InvalidParameterException":
		e.Class = events.ClassContent
	}
	return e
}
