package play

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha1" // SignatureVersion 1
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"slices"
	"strings"

	"github.com/relais-dev/relais/shared/channel"
)

// Sign makes r what SNS would post for one of topics at its time of receipt, with
// a key that anybody can read here: no host of SNS serves its certificate.
// https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
func Sign(topics []string, r *channel.Request) {
	r.Keys = []byte(certificate)
	var body map[string]any
	if json.Unmarshal(r.Body, &body) != nil || body == nil {
		return
	}
	if own, _ := body["TopicArn"].(string); !slices.Contains(topics, own) && len(topics) > 0 {
		body["TopicArn"] = topics[0]
	}
	topic, _ := body["TopicArn"].(string)
	body["Timestamp"] = r.Received.UTC().Format("2006-01-02T15:04:05.000Z")
	host := strings.TrimPrefix(Service{Name: "sns", Topic: topic}.Origin(), "https://")
	body["SigningCertURL"] = "https://" + host + "/SimpleNotificationService-0000000000000000000000000000cafe.pem"
	if body["SignatureVersion"] != "1" {
		body["SignatureVersion"] = "2"
	}
	body["Signature"] = signature(body)
	r.Body = encode(body)
}

// signature is that of a document.
func signature(body map[string]any) string {
	names := []string{"Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"}
	if body["Type"] == "Notification" {
		names = []string{"Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"}
	}
	var text strings.Builder
	for _, name := range names {
		if v, _ := body[name].(string); v != "" || name != "Subject" {
			text.WriteString(name + "\n" + v + "\n")
		}
	}
	hash, sum := crypto.SHA256, sha256Of(text.String())
	if body["SignatureVersion"] == "1" {
		hash, sum = crypto.SHA1, sha1Of(text.String())
	}
	block, _ := pem.Decode([]byte(privateKey))
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	own, ok := key.(*rsa.PrivateKey)
	if err != nil || !ok {
		return ""
	}
	signed, err := rsa.SignPKCS1v15(nil, own, hash, sum)
	if err != nil {
		return ""
	}
	return base64.StdEncoding.EncodeToString(signed)
}

func sha256Of(s string) []byte { sum := sha256.Sum256([]byte(s)); return sum[:] }

func sha1Of(s string) []byte { sum := sha1.Sum([]byte(s)); return sum[:] }

// encode writes body as SNS does, on lines of its own.
func encode(body map[string]any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	_ = e.Encode(body) // what JSON gave it can take
	return bytes.TrimSpace(b.Bytes())
}

// privateKey and certificate belong together and to nobody: they were made for
// tests, local mode and the demo.
const privateKey = `
-----BEGIN PRIVATE KEY-----
MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDOMB8K59bvInhj
Q7N5Lqg13hNCDPLWm7JixZjkTqpwCnbYZXi/ttuk+MUzfpHEkyOSOwP/o2bvRUL/
wIxg0c7cebDswsURIvv35qiKrucQLU//6AntmVn5IXrDFgRlvWnYOHiGM9Nefgwc
BAHiXxv9USFK5g1RxH7AtHU4Y2uvHx3apOFvbYez+Rz2jw/1tTzAbnBHb+8YndV+
diByzWKryn+7/FREEMlSf+Q1xNQtpkv4y/XnWTrLLZ38ZAHJxyCXV1FmmSTEOLdA
CJ/MUZXEQkKTJUWErcd6sZTluWsoKcHkqpFDid9Ds56vvddImAqTfiZ5R2LtKxI4
+m/MuDYBAgMBAAECggEAHecDsYCy/qZYoEjCwAngskM9NsCK/U3CPqnahQ3VkP8r
gjGhI+igjRnY+6FZAZG3QG9XopzvgjbgwxeJJEd5QSdS3dtXWidhNHAatFYuQ33W
0s2zluY9ErDkzWMlix2/unBiJlBg0JzmI6//F/XkKMY51lNrzhZ5rXfeYimlBdXx
+ob5x3ijMtSbt/tBmOS2p/J2Rcmua/moDKvEKNTORjZkLzeWhOmZ4e2EhC9y1nZW
M5q8FNExuZ2k+Z8altKmjEz3hWuSc6L5fOc5PCxDP+MLOPj5RVI9UaEF7W3wmqws
dux52ThOz88Z1NUx9FDp6dp7TkbDlJvqJKKgkQCB2QKBgQDQlTQdndh95ZwCmWwQ
DA2Nb7gp0S4xRYtlWJPcLGbIoj15hMsR2cQ4FCA/NjkhDH6VXff6jKwExpxYldyv
a5nbKl2w8Olm+zKkReLx02psU5voAravuwrsnGb4V+iyJZvNmNv36/PJ85p7wyjy
fBDeTJoHsALYKARSL91svtF+dQKBgQD9D4uqEhRQL+YsAOnNSPtQwcs2AvpYfgYd
ZWMc68DX4PFHFa2tcJytKRyGZSFqRhdcDV6D2Ay/NuKEU3hhfl7m1Shj3CE4ZkGp
4a9TPu7akkv1UQk8sYeGqSrM3MqKUNiPOKvtQ92sshokh06IZkLHoOjNdrKkIeoP
Rp/sE1p/3QKBgFa9lZyzZbKFZ+mUz+GkgYZN7XJGcUVAPIX63hJzzJKnFZWRabmU
rAr+I6Ll88AQqBuJpnRlR6v8xEv6lnnE74i7B5druESBNkAmaAhU+S7vXiiP6FUQ
HazkJdYlCLn89dv8M43Ya9uSGK5bLI4alhE8HdoQkj499f4Pta9hc1F5AoGBAKGV
5pFPAAd/vlJEtwWs30Reqhov5pjQx6jHj3TtGHMAIDBKqF6B9JkhEiTCuIZ6gPn3
U22Oa/1A13y1K73dCk4Mt8Cj09aGfNEz2Vanba7FEZlwCBzoIuiaZkjvhqixHMa+
4hEbb5WRF95RQ5UW7vc3SM/BRipFuYXNi9obNYNFAoGAHyy0XUQPvHeGR8WXlEB+
ph02s3M1Zb3pT2i8w8/Lo9LCsGNNRJuvbxib7MIlKp3HuivBJwPlxW8nhYcdXqKD
1mbTuXDu7ugAKQ75yuJT4bi/U0RVmCZy4kVcADxeX0Hc1KsrfhwBR0nk7RdRFgBw
JwcdqhoovOLKrAxx7u4K/w4=
-----END PRIVATE KEY-----
`

const certificate = `
-----BEGIN CERTIFICATE-----
MIICpzCCAY+gAwIBAgIBATANBgkqhkiG9w0BAQsFADAWMRQwEgYDVQQDEwtzbnMu
ZXhhbXBsZTAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowFjEUMBIG
A1UEAxMLc25zLmV4YW1wbGUwggEiMA0GCSqGSIb3DQEBAQUAA4IBDwAwggEKAoIB
AQDOMB8K59bvInhjQ7N5Lqg13hNCDPLWm7JixZjkTqpwCnbYZXi/ttuk+MUzfpHE
kyOSOwP/o2bvRUL/wIxg0c7cebDswsURIvv35qiKrucQLU//6AntmVn5IXrDFgRl
vWnYOHiGM9NefgwcBAHiXxv9USFK5g1RxH7AtHU4Y2uvHx3apOFvbYez+Rz2jw/1
tTzAbnBHb+8YndV+diByzWKryn+7/FREEMlSf+Q1xNQtpkv4y/XnWTrLLZ38ZAHJ
xyCXV1FmmSTEOLdACJ/MUZXEQkKTJUWErcd6sZTluWsoKcHkqpFDid9Ds56vvddI
mAqTfiZ5R2LtKxI4+m/MuDYBAgMBAAEwDQYJKoZIhvcNAQELBQADggEBACEEXyfk
N1wYs5PdMg/p8/iqRqUxi0HVzBavFWSDArwa27V9md9BHQSDVr+RbN4Pzj0lgYHO
9+0JN1gzwOYSLrABibYiOdkaqKP5725MZtDYIdSSIlL7qdDPnFOyffV4/j02nqMF
CsH+E/Gm0lbAPgpToPSk8yufzSe9kVPCcSy/9feeaOS2G2j83iy8xSZiZm0+2Osu
Lfgheu3z4FIyhKBs+k4cgBeIy7dITbT56RbCf4eFwaaNZ194YT8fR9rpD/7N9NRk
L2M6aspfQEtLvIsguufXU9qaetAa56kT5e/agxxjNy++qXoOFBojN1uStroZOWhr
bN7nTTmyUQF8A8A=
-----END CERTIFICATE-----
`
