// Package play plays Apple's gateway, as its MSP API describes it, and the place where
// files lie, which in truth is on hosts of its own. Apple sends no receipts.
package play

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/play"
)

// The pages of the MSP API.
const (
	msp             = "https://register.apple.com/resources/messages/msp-rest-api/"
	commonDocs      = msp + "common-specs"
	sentDocs        = msp + "messages-sent"
	textDocs        = msp + "type-text"
	linkDocs        = msp + "type-richlink"
	interactiveDocs = msp + "type-interactive"
)

const host = "mspgw.push.apple.com"

// Platform is Apple Messages for Business.
var Platform = play.Platform{
	Channel:  "apple",
	Sign:     func(a channel.Account, r *channel.Request) { sign(a, r) },
	Customer: customer,
	Open:     open,
	APIs: []play.API{
		{Name: "Files", Hosts: []string{host}, Missing: status(404), Write: write, Endpoints: []play.Endpoint{
			{Method: "POST", Path: "/files/{id}", Docs: textDocs, Answer: stored},
			{Method: "GET", Path: "/files/{id}", Docs: textDocs,
				Answer: func(play.Taken) play.Answer { return play.Reply(200, "", []byte("ciphertext")) }},
		}},
		{Name: "MSP API", Hosts: []string{host}, Knows: knows, Unknown: status(403), Missing: status(404), Else: status(400),
			Write: write,
			Faults: map[play.Fault]play.Refusal{
				play.Throttled: {Status: 429, Header: http.Header{"Retry-After": {"5"}}}, play.Expired: status(401),
				play.Closed: status(404), play.Gone: status(404), play.Invalid: status(400),
			},
			Endpoints: []play.Endpoint{
				{Method: "POST", Path: "/v1/message", Docs: sentDocs, Body: play.ZippedIn, Rules: message,
					Answer: func(play.Taken) play.Answer { return play.Reply(200, "", nil) }},
				{Method: "GET", Path: "/v1/preUpload", Docs: textDocs, Answer: upload, Rules: []play.Rule{
					source, {At: "header:Size", Must: play.Given(play.Whole(), play.Between(1, 100<<20))},
				}},
				{Method: "GET", Path: "/v1/preDownload", Docs: textDocs, Answer: download, Rules: []play.Rule{
					source, {At: "header:Url", Must: play.Given(play.HTTPS())}, {At: "header:Owner", Must: play.Given(play.Filled())},
					{At: "header:Signature", Must: play.Given(play.Filled())},
				}},
				{Method: "POST", Path: "/v1/decodePayload", Docs: interactiveDocs, Answer: play.Says(200, decoded),
					Rules: []play.Rule{
						source, {At: "header:Bid", Must: play.Given(play.Filled())},
						{At: "header:Source-Id", Must: play.That("a body", func(t play.Taken, _ any) bool { return len(t.Body) > 0 })},
					}},
			}},
	},
}

var source = play.Rule{At: "header:Source-Id", Must: play.Given(play.Filled()), Source: commonDocs}

// decoded is what every large answer says.
const decoded = `{"bid":"` + extension +
	`","data":{"version":"1.0","requestIdentifier":"c1a0c1a0-0000-4000-8000-000000000001",` +
	`"listPicker":{"sections":[{"items":[{"identifier":"p1","title":"Basic"}]}]},"replyMessage":{"title":"Chosen",` +
	`"subtitle":"Basic"}}}`

const extension = "com.apple.messages.MSMessageExtensionBalloonPlugin:0000000000:com.apple.icloud.apps.messages." +
	"business.extension"

func status(code int) play.Refusal { return play.Refusal{Status: code} }

// write is a refusal without a body, as all of Apple's.
func write(r play.Refusal, _ []play.Broken) play.Answer {
	a := play.Reply(r.Status, "", nil)
	for name, values := range r.Header {
		a.Header[name] = values
	}
	return a
}

// keys are the secrets of the MSP.
func keys(a channel.Account) [][]byte {
	var list [][]byte
	for _, v := range a.Values("api_secret") {
		if key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(v)); err == nil && len(key) > 0 {
			list = append(list, key)
		}
	}
	return list
}

// sign gives r a token for our MSP. https://register.apple.com/resources/messages/msp-rest-api/common-specs
func sign(a channel.Account, r *channel.Request) {
	r.Header.Del("Authorization")
	list := keys(a)
	if len(list) == 0 {
		return
	}
	t := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"aud": a.Value("msp_id"), "iat": r.Received.Unix()})
	if signed, err := t.SignedString(list[0]); err == nil {
		r.Header.Set("Authorization", "Bearer "+signed)
	}
}

// knows says whether the call's token is the MSP's, and new.
func knows(t play.Taken) bool {
	token, ok := strings.CutPrefix(t.Joined("Authorization"), "Bearer ")
	if !ok {
		return false
	}
	p := jwt.NewParser(jwt.WithValidMethods([]string{"HS256"}), jwt.WithStrictDecoding(),
		jwt.WithIssuer(t.Account.Value("msp_id")),
		jwt.WithTimeFunc(func() time.Time { return t.Received }))
	var set jwt.VerificationKeySet
	for _, k := range keys(t.Account) {
		set.Keys = append(set.Keys, k)
	}
	var claims jwt.RegisteredClaims
	_, err := p.ParseWithClaims(token, &claims, func(*jwt.Token) (any, error) { return set, nil })
	return err == nil && claims.IssuedAt != nil && t.Received.Sub(claims.IssuedAt.Time).Abs() < time.Hour
}

// upload says where to leave a file of a size.
func upload(t play.Taken) play.Answer {
	id := channel.Digest([]byte(t.Header.Get("Source-Id")), t.Header.Get("Size"))
	return play.Text(200,
		`{"upload-url":"https://%[1]s/files/%[2]s","mmcs-url":"https://%[1]s/files/%[2]s","mmcs-owner":"M%[3]s.double"}`,
		host, id, id[:8])
}

// download says where a file can be had, once.
func download(t play.Taken) play.Answer {
	return play.Text(200, `{"download-url":"https://%s/files/%s"}`, host, channel.Digest([]byte(t.Header.Get("Url"))))
}

func stored(t play.Taken) play.Answer {
	return play.Text(200, `{"singleFile":{"fileChecksum":%q}}`, channel.Digest(t.Body))
}

// customer is a text of the person of testdata to the business there.
func customer(_ channel.Account, text string, n int, now time.Time) channel.Request {
	const user, business = "urn:mbid:AQAAYdemo/Kx7+0w==", "urn:biz:1a2b3c4d-0000-4000-8000-000000000001"
	id := channel.UUID("customer " + now.String() + " " + strconv.Itoa(n))
	body, _ := channel.JSON(map[string]any{ // texts and a number
		"v": 1, "id": id, "type": "text", "body": text, "sourceId": user, "destinationId": business, "locale": "en_US",
	})
	h := http.Header{"Content-Type": {"application/json"}}
	for name, value := range map[string]string{
		"Id": id, "Source-Id": user, "Destination-Id": business, "Capability-List": "AUTH,LIST,TIME,FORM,QUICK,AUTH2",
		"Device-Agent": "iPhone",
	} {
		h.Set(name, value)
	}
	return channel.Request{Method: http.MethodPost, Header: h, Body: body, Received: now}
}
