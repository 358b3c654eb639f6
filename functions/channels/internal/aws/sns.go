// Package aws holds what the channels that AWS operates share: the message with
// which Amazon SNS posts to a subscribed URL, its signature, and what its
// subscription needs.
//
// https://docs.aws.amazon.com/sns/latest/dg/sns-http-https-endpoint-as-subscriber.html
package aws

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha1" // SignatureVersion 1
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"slices"
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/signature"
)

// A Delivery is what SNS posts. Message is what somebody published to the topic.
// https://docs.aws.amazon.com/sns/latest/dg/http-notification-json.html
type Delivery struct {
	Type             string // notification, or one of the two kinds of confirmation
	MessageID        string `json:"MessageId"`
	TopicARN         string `json:"TopicArn"`
	Subject          string
	Message          string
	Timestamp        string
	SignatureVersion string
	Signature        string
	SigningCertURL   string
	SubscribeURL     string
	Token            string
}

// Types of a Delivery.
const (
	notification = "Notification"
	subscription = "SubscriptionConfirmation"
	unsubscribed = "UnsubscribeConfirmation"
)

// Posted says whether r claims to come from SNS. It proves nothing, but a channel
// with another way in tells by it which proof to ask for.
func Posted(r channel.Request) bool { return r.Header.Get("X-Amz-Sns-Message-Type") != "" }

// Read reads a body. Of a member that is given twice nobody knows which is signed,
// so it is refused.
func Read(body []byte) (Delivery, error) {
	var d Delivery
	if repeats(body) || json.Unmarshal(body, &d) != nil {
		return Delivery{}, channel.Malform("body is no message of SNS")
	}
	switch d.Type {
	case notification, subscription, unsubscribed:
	default:
		return Delivery{}, channel.Malform("Type is unknown")
	}
	if d.MessageID == "" || d.TopicARN == "" {
		return Delivery{}, channel.Malform("MessageId or TopicArn is missing")
	}
	return d, nil
}

// repeats says whether body is an object of which a member is given twice, in
// whatever case, or is no object.
func repeats(body []byte) bool {
	d := json.NewDecoder(bytes.NewReader(body))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return true
	}
	var names []string
	for d.More() {
		name, err := d.Token()
		text, ok := name.(string)
		var value json.RawMessage
		if err != nil || !ok || d.Decode(&value) != nil || len(names) == maxMembers ||
			slices.ContainsFunc(names, func(s string) bool { return strings.EqualFold(s, text) }) {
			return true
		}
		names = append(names, text)
	}
	return false
}

// maxMembers bounds the work of comparing names; SNS sends a dozen.
const maxMembers = 64

// tolerance is how old a message may be: SNS repeats a delivery for up to an hour
// and signs it once; the rest is for slow clocks and the last attempt's own time.
// https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
const tolerance = 90 * time.Minute

// Verify checks that SNS posted r, and for one of topics: a signature proves no
// more than that some topic of somebody's sent it.
// https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
func Verify(topics []string, r channel.Request) error {
	d, err := Read(r.Body)
	switch {
	case err != nil:
		return channel.Refuse(channel.Malformed)
	case !known(topics):
		return channel.Refuse(channel.NoSecret)
	case !slices.Contains(topics, d.TopicARN):
		return channel.Refuse(channel.BadSignature)
	case d.Signature == "":
		return channel.Refuse(channel.NoSignature)
	case !ours(d.SigningCertURL, d.TopicARN):
		return channel.Refuse(channel.Malformed)
	}
	if err := d.check(r.Keys, r.Received); err != nil {
		return err
	}
	at, err := time.Parse(time.RFC3339, d.Timestamp)
	if err != nil {
		return channel.Refuse(channel.Malformed)
	}
	return signature.Fresh(r.Received, at, tolerance)
}

func known(topics []string) bool {
	return slices.ContainsFunc(topics, func(s string) bool { return strings.TrimSpace(s) != "" })
}

// Keys is the URL of the certificate with which r's signature is checked, "" when r
// is for none of topics: strangers do not make us fetch.
func Keys(topics []string, r channel.Request) string {
	d, err := Read(r.Body)
	if err != nil || !slices.Contains(topics, d.TopicARN) || !ours(d.SigningCertURL, d.TopicARN) {
		return ""
	}
	return d.SigningCertURL
}

// ours says whether a certificate at url can be that of topic's region: on the
// host that only SNS has there, under the name that it gives its certificates.
func ours(url, topic string) bool {
	host := Host(topic)
	name, found := strings.CutPrefix(url, "https://"+host+certificatePath)
	name, ends := strings.CutSuffix(name, ".pem")
	return host != "" && found && ends && 0 < len(name) && len(name) <= 64 && plain(name)
}

const certificatePath = "/SimpleNotificationService-"

// Host is the host of SNS in the region of an ARN; "" when it is no ARN of SNS.
// https://docs.aws.amazon.com/general/latest/gr/sns.html
func Host(topic string) string {
	part := strings.SplitN(topic, ":", 6) // arn:partition:sns:region:account:name
	if len(part) != 6 || part[0] != "arn" || part[2] != "sns" || !plain(part[3]) {
		return ""
	}
	switch part[1] {
	case "aws", "aws-us-gov":
		return "sns." + part[3] + ".amazonaws.com"
	case "aws-cn":
		return "sns." + part[3] + ".amazonaws.com.cn"
	}
	return ""
}

// plain says whether s is letters, digits and hyphens, which mean nothing in a URL.
func plain(s string) bool {
	for _, c := range []byte(s) {
		if letter := 'a' <= c|0x20 && c|0x20 <= 'z'; !letter && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return s != ""
}

// check checks d's signature with the certificate in doc. The certificate's chain
// is not: that doc came over TLS from the host that ours pins is what it would show.
func (d *Delivery) check(doc []byte, at time.Time) error {
	sum, err := signature.Base64(d.Signature)
	hash, digest := d.digest()
	if err != nil || hash == 0 {
		return channel.Refuse(channel.Malformed)
	}
	key := publicKey(doc, at)
	if key == nil || rsa.VerifyPKCS1v15(key, hash, digest, sum) != nil {
		return channel.Refuse(channel.BadSignature)
	}
	return nil
}

// publicKey is the key of the certificate in doc; nil when there is none that is
// valid at the time.
func publicKey(doc []byte, at time.Time) *rsa.PublicKey {
	const bits = 2048
	block, _ := pem.Decode(doc)
	if block == nil || block.Type != "CERTIFICATE" {
		return nil
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil || at.Before(c.NotBefore) || at.After(c.NotAfter) {
		return nil
	}
	if key, ok := c.PublicKey.(*rsa.PublicKey); ok && key.N.BitLen() >= bits {
		return key
	}
	return nil
}

// digest is the hash of what is signed, by the method that d names; 0 for another.
func (d *Delivery) digest() (crypto.Hash, []byte) {
	switch d.SignatureVersion {
	case "1":
		sum := sha1.Sum(d.signed())
		return crypto.SHA1, sum[:]
	case "2":
		sum := sha256.Sum256(d.signed())
		return crypto.SHA256, sum[:]
	}
	return 0, nil
}

// signed is the text that SNS signs. Nothing parts its lines from those within a
// message, but TopicArn and Type stand last and are compared whole: who publishes
// to a topic of their own cannot write another topic's message.
func (d *Delivery) signed() []byte {
	var b bytes.Buffer
	line := func(name, value string) { b.WriteString(name + "\n" + value + "\n") }
	line("Message", d.Message)
	line("MessageId", d.MessageID)
	if d.Type == notification {
		if d.Subject != "" {
			line("Subject", d.Subject)
		}
		line("Timestamp", d.Timestamp)
	} else {
		line("SubscribeURL", d.SubscribeURL)
		line("Timestamp", d.Timestamp)
		line("Token", d.Token)
	}
	line("TopicArn", d.TopicARN)
	line("Type", d.Type)
	return b.Bytes()
}

// Time is when d was published; zero when it does not say.
func (d *Delivery) Time() time.Time {
	at, err := time.Parse(time.RFC3339, d.Timestamp)
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}

// Subscription is the event of a delivery that is about the subscription itself;
// false when d carries a message. Whoever opens SubscribeURL confirms, so it is the
// operator's to decide and not a webhook's.
func (d *Delivery) Subscription() (events.Event, bool) {
	if d.Type == notification {
		return events.Event{}, false
	}
	h := &events.Health{
		Aspect: "subscription", State: events.HealthWarning,
		Detail: "open SubscribeURL within two days, then SNS begins to deliver the topic's messages",
		Fields: []events.Field{{Name: "TopicArn", Value: d.TopicARN}},
	}
	if d.Type == unsubscribed {
		h.State, h.Detail = events.HealthFailing,
			"the subscription was ended and nothing more arrives; open SubscribeURL to renew it"
	}
	if host := Host(d.TopicARN); host != "" && strings.HasPrefix(d.SubscribeURL, "https://"+host+"/") {
		h.Fields = append(h.Fields, events.Field{Name: "SubscribeURL", Value: d.SubscribeURL})
	}
	return events.Event{
		Type: events.ChannelHealth, Time: d.Time(), Key: "subscription:" + d.MessageID, Data: events.Data{Health: h},
	}, true
}
