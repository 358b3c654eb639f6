package aws_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/internal/aws"
	"github.com/relais-dev/relais/functions/channels/internal/aws/play"
	"github.com/relais-dev/relais/shared/channel"
)

const topic = "arn:aws:sns:eu-west-1:111122223333:sms-in"

// The published vector: a version 2 signature under an RSA key of which the public
// part alone is known.
const (
	vectorModulus = "z3HIxWH3SUMh_r5ufw_gixZHsHHrC8rgv3rGOfURJIGRnQ3wPjMvVW_Yzm6UODF79TjdSBkYY328nB19L-" +
		"KNPB913iAhjCvpjMgneDh_gyoSw3iySEI_nGnGlSJNx-p4rog53s4p7z4daoI8LbcY-vxf1npvQ-SJu_ZZz-GFfg_Z8piz_NzhAM5yo8wo_" +
		"k4kdGSSkNNQZ4GArAkdz4qgZ6hHpfqpoSmpQPxkrIDli4rKHTKrR7bVRYQUNPbwuJv3TlAx6dsUnMHDEO-9SYKu-DqO2o-" +
		"wPzwQN6C3D0UpjRSbXAQZKDRGMfzfAsOsmBlu_GPnmCFN_U_SO5uKJjBjnQ"
	vectorSignature = "ErUgP3DTC9PRBJVZFEjY+r0mF8rkzfkXg9lBnBiewW7NTljGfzomIxZ+BHD1PhqhxteHFUk1wJaHH3PQ7adrPTf+AhtMiNKU" +
		"67yl890Afca/4NKuQbsanYQzfg1IghcRaLCif7hurLBjXkJDzfJvQId8tDmr+Qy05qTcykhceFixQJCgf9jwBLAaWewr7mBTfenFJWz/" +
		"7usDlQyti8QmveE8VgS5SiriXwkSLOzWMOHkHlbrSSecgmJWzGFhshrF98hXkKMp4IUTl62TLSSAEQRJ7OX/" +
		"6b0Zm6zq8jpzBw8G8MzF13U4AmAfwC2iFNpTuj2iQNoWlsmdj55ZGXqpTQ=="
	certURL = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"
)

var received = time.Date(2026, 8, 1, 12, 0, 30, 0, time.UTC)

// certify is a certificate of pub, valid for a day around received.
func certify(t *testing.T, pub *rsa.PublicKey) []byte {
	t.Helper()
	issuer, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"},
		NotBefore: received.Add(-12 * time.Hour), NotAfter: received.Add(12 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, pub, issuer)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// vector is the vector's request with its members changed; nil takes one away.
func vector(t *testing.T, keys []byte, changes map[string]any) channel.Request {
	t.Helper()
	body := map[string]any{
		"Type": "Notification", "MessageId": "11111111-2222-3333-4444-555555555555", "TopicArn": topic,
		"Message": `{"inboundMessageId":"im-1","messageBody":"Hi"}`, "Timestamp": "2026-08-01T12:00:00.000Z",
		"SignatureVersion": "2", "Signature": vectorSignature, "SigningCertURL": certURL,
		"UnsubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe",
	}
	for name, v := range changes {
		body[name] = v
		if v == nil {
			delete(body, name)
		}
	}
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return channel.Request{Method: "POST", Header: http.Header{}, Body: text, Received: received, Keys: keys}
}

func TestVerifyVector(t *testing.T) {
	n, err := base64.RawURLEncoding.DecodeString(vectorModulus)
	if err != nil {
		t.Fatal(err)
	}
	keys := certify(t, &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: 65537})
	const bad, malformed = channel.BadSignature, channel.Malformed
	for name, tc := range map[string]struct {
		want    string
		topics  []string
		changes map[string]any
	}{
		"vector":                 {"", []string{topic}, nil},
		"second of two topics":   {"", []string{"arn:aws:sns:eu-west-1:111122223333:other", topic}, nil},
		"another UnsubscribeURL": {"", []string{topic}, map[string]any{"UnsubscribeURL": "x"}},
		"another topic":          {bad, []string{topic + "x"}, nil},
		"no topic":               {channel.NoSecret, []string{" "}, nil},
		"nothing":                {channel.NoSecret, nil, nil},
		"another text":           {bad, []string{topic}, map[string]any{"Message": "{}"}},
		"a subject that is not":  {bad, []string{topic}, map[string]any{"Subject": "x"}},
		"another kind":           {bad, []string{topic}, map[string]any{"Type": "UnsubscribeConfirmation"}},
		"unknown kind":           {malformed, []string{topic}, map[string]any{"Type": "Notice"}},
		"another time":           {bad, []string{topic}, map[string]any{"Timestamp": "2026-08-01T12:00:01.000Z"}},
		"SHA-1":                  {bad, []string{topic}, map[string]any{"SignatureVersion": "1"}},
		"unknown version":        {malformed, []string{topic}, map[string]any{"SignatureVersion": "3"}},
		"version as a number":    {malformed, []string{topic}, map[string]any{"SignatureVersion": 2}},
		"unsigned":               {channel.NoSignature, []string{topic}, map[string]any{"Signature": nil}},
		"signature in URL alphabet": {malformed, []string{topic},
			map[string]any{"Signature": strings.ReplaceAll(vectorSignature, "+", "-")}},
		"another host": {malformed, []string{topic},
			map[string]any{"SigningCertURL": "https://sns.eu-west-1.amazonaws.com.example/SimpleNotificationService-0.pem"}},
		"another region": {malformed, []string{topic},
			map[string]any{"SigningCertURL": strings.Replace(certURL, "eu-west-1", "us-east-1", 1)}},
		"user in the URL": {malformed, []string{topic},
			map[string]any{"SigningCertURL": strings.Replace(certURL, "sns.", "sns@sns.", 1)}},
		"port in the URL": {malformed, []string{topic},
			map[string]any{"SigningCertURL": strings.Replace(certURL, ".com", ".com:443", 1)}},
		"http": {malformed, []string{topic},
			map[string]any{"SigningCertURL": strings.Replace(certURL, "https", "http", 1)}},
		"an API call of SNS": {malformed, []string{topic},
			map[string]any{"SigningCertURL": "https://sns.eu-west-1.amazonaws.com/?Action=GetTopic&x=.pem"}},
		"path out of the folder": {malformed, []string{topic},
			map[string]any{"SigningCertURL": strings.Replace(certURL, "-0", "-/../0", 1)}},
		"certificate of no name": {malformed, []string{topic},
			map[string]any{"SigningCertURL": "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-.pem"}},
		"text and signature swapped": {bad, []string{topic}, map[string]any{"MessageId": vectorSignature}},
	} {
		t.Run(name, func(t *testing.T) {
			r := vector(t, keys, tc.changes)
			got := ""
			if err := aws.Verify(tc.topics, r); err != nil {
				got = channel.RefusalReason(err)
			}
			if got != tc.want {
				t.Errorf("reason is %q, want %q", got, tc.want)
			}
		})
	}
}

// The text that is signed has the published digest, and a version 1 signature is
// made from the same text: Sign's own is accepted.
func TestSign(t *testing.T) {
	const signed = "Message\n{\"inboundMessageId\":\"im-1\"," +
		"\"messageBody\":\"Hi\"}\nMessageId\n11111111-2222-3333-4444-555555555555\nTimestamp\n2026-08-01T12:00:00.000Z\n" +
		"TopicArn\n" + topic + "\nType\nNotification\n"
	if sum := sha256.Sum256([]byte(signed)); hex.EncodeToString(sum[:]) !=
		"1c182c5f69580341a87337639d6f6a9c446b9f437af3cd5ffafdb1674af22bd6" {
		t.Error("the vector's text has another digest")
	}
	for _, version := range []string{"1", "2"} {
		r := vector(t, nil, map[string]any{"Subject": "a <b> & c", "SignatureVersion": version, "Signature": nil,
			"TopicArn": nil})
		play.Sign([]string{topic}, &r)
		if err := aws.Verify([]string{topic}, r); err != nil {
			t.Errorf("version %s: %v", version, err)
		}
		for name, keys := range map[string][]byte{"no certificate": nil, "another certificate": certify(t, newKey(t, 2048)),
			"no PEM": []byte("-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n")} {
			other := r
			other.Keys = keys
			if aws.Verify([]string{topic}, other) == nil {
				t.Errorf("version %s: accepted with %s", version, name)
			}
		}
		for _, d := range []time.Duration{-2 * time.Hour, 2 * time.Hour} {
			late := r
			late.Received = received.Add(d)
			if err := aws.Verify([]string{topic}, late); channel.RefusalReason(err) != channel.Stale {
				t.Errorf("version %s, received %s later: %v", version, d, err)
			}
		}
	}
}

func newKey(t *testing.T, bits int) *rsa.PublicKey {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return &k.PublicKey
}

// A certificate counts only while it is valid.
func TestExpiredCertificate(t *testing.T) {
	r := vector(t, certify(t, newKey(t, 2048)), nil)
	r.Received = received.Add(13 * time.Hour)
	if err := aws.Verify([]string{topic}, r); channel.RefusalReason(err) != channel.BadSignature {
		t.Errorf("Verify gives %v", err)
	}
}

func TestRepeatedMembersAreRefused(t *testing.T) {
	for _, body := range []string{`{"Type":"Notification","type":"x"}`, `{"a":1,"a":1}`, `[]`, `"x"`, ``, `{"a"`,
		`{"a":}`, `null`, "{" + strings.Repeat(`"x":1,`, 80) + `"y":1}`} {
		if _, err := aws.Read([]byte(body)); err == nil {
			t.Errorf("%s is read", body)
		}
	}
}

func TestKeys(t *testing.T) {
	if got := aws.Keys([]string{topic}, vector(t, nil, nil)); got != certURL {
		t.Errorf("Keys gives %q", got)
	}
	for name, r := range map[string]channel.Request{
		"a stranger's topic": vector(t, nil, map[string]any{"TopicArn": "arn:aws:sns:eu-west-1:999999999999:sms-in"}),
		"a stranger's URL": vector(t, nil,
			map[string]any{"SigningCertURL": "https://sns.example/SimpleNotificationService-0.pem"}),
		"no message": {Body: []byte("x")},
	} {
		if got := aws.Keys([]string{topic}, r); got != "" {
			t.Errorf("%s makes us fetch %s", name, got)
		}
	}
}

func TestHost(t *testing.T) {
	for arn, want := range map[string]string{
		topic: "sns.eu-west-1.amazonaws.com",
		"arn:aws-cn:sns:cn-north-1:111122223333:x":        "sns.cn-north-1.amazonaws.com.cn",
		"arn:aws-us-gov:sns:us-gov-west-1:111122223333:x": "sns.us-gov-west-1.amazonaws.com",
		"arn:aws:sqs:eu-west-1:111122223333:x":            "",
		"arn:aws:sns:evil.example/:111122223333:x":        "",
		"arn:aws:sns::111122223333:x":                     "",
		"arn:other:sns:eu-west-1:111122223333:x":          "",
		"":                                                "",
	} {
		if got := aws.Host(arn); got != want {
			t.Errorf("Host(%q) is %q, want %q", arn, got, want)
		}
	}
}

func TestSubscription(t *testing.T) {
	for kind, state := range map[string]string{"SubscriptionConfirmation": events.HealthWarning,
		"UnsubscribeConfirmation": events.HealthFailing} {
		const url = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=t"
		r := vector(t, nil, map[string]any{"Type": kind, "Token": "t", "SubscribeURL": url})
		play.Sign([]string{topic}, &r)
		if err := aws.Verify([]string{topic}, r); err != nil {
			t.Fatal(err)
		}
		d, err := aws.Read(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		e, ok := d.Subscription()
		if h := e.Data.Health; !ok || h.State != state || h.Fields[1].Value != url || !e.Time.Equal(received) {
			t.Errorf("%s gives %+v", kind, e)
		}
		d.SubscribeURL = "https://evil.example/?Action=ConfirmSubscription"
		if e, _ := d.Subscription(); len(e.Data.Health.Fields) != 1 {
			t.Errorf("%s tells to open %s", kind, e.Data.Health.Fields[1].Value)
		}
	}
	d, err := aws.Read(vector(t, nil, nil).Body)
	if _, ok := d.Subscription(); ok || err != nil {
		t.Errorf("a notification is a subscription (%v)", err)
	}
}
