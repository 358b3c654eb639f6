package apple

import (
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"

	"github.com/relais-dev/relais/shared/channel"
)

// double plays Apple's gateway and the place where files lie, which in truth is on
// hosts of its own. It posts nothing: Apple sends no receipts.
func double(a channel.Account, call channel.Call) channel.Answer {
	if strings.HasPrefix(call.Path, "/files/") {
		return doubleFile(call)
	}
	switch call.Fault {
	case channel.FaultThrottled:
		answer := status(http.StatusTooManyRequests)
		answer.Header = http.Header{"Retry-After": {"5"}}
		return answer
	case channel.FaultExpired:
		return status(http.StatusUnauthorized)
	case channel.FaultClosed, channel.FaultGone:
		return status(http.StatusNotFound)
	case channel.FaultInvalid:
		return status(http.StatusBadRequest)
	}
	if !ours(a, call) {
		return status(http.StatusForbidden)
	}
	if call.Header.Get("Source-Id") == "" {
		return status(http.StatusBadRequest)
	}
	switch call.Method + " " + call.Path {
	case "POST /v1/message":
		return doubleMessage(call)
	case "GET /v1/preUpload":
		return doublePreUpload(call)
	case "GET /v1/preDownload":
		return doublePreDownload(call)
	case "POST /v1/decodePayload":
		if call.Header.Get("Bid") == "" || len(call.Body) == 0 {
			return status(http.StatusBadRequest)
		}
		return channel.AnswerJSON(http.StatusOK, doubleAnswer)
	}
	return status(http.StatusNotFound)
}

// doubleAnswer is what every large answer says.
const doubleAnswer = `{"bid":"` + businessExtension + `","data":{"version":"1.0","requestIdentifier":"c1a0c1a0-0000-4000-8000-000000000001",` +
	`"listPicker":{"sections":[{"items":[{"identifier":"p1","title":"Basic"}]}]},"replyMessage":{"title":"Chosen","subtitle":"Basic"}}}`

// status is an answer without a body, as all of Apple's.
func status(code int) channel.Answer { return channel.Answer{Reply: channel.Reply{Status: code}} }

// ours says whether the call's token is the MSP's, and new.
func ours(a channel.Account, call channel.Call) bool {
	token, ok := strings.CutPrefix(call.Joined(header), scheme)
	if !ok {
		return false
	}
	p := jwt.NewParser(jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithStrictDecoding(),
		jwt.WithIssuer(a.Value(mspID)), jwt.WithTimeFunc(func() time.Time { return call.Received }))
	var claims jwt.RegisteredClaims
	_, err := p.ParseWithClaims(token, &claims, func(*jwt.Token) (any, error) { return jwt.VerificationKeySet{Keys: keysOf(a)}, nil })
	return err == nil && claims.IssuedAt != nil && call.Received.Sub(claims.IssuedAt.Time).Abs() < tolerance
}

// doublePreUpload says where to leave a file of a size.
func doublePreUpload(call channel.Call) channel.Answer {
	n, err := strconv.Atoi(call.Header.Get("Size"))
	if err != nil || n <= 0 || n > maxFile {
		return status(http.StatusBadRequest)
	}
	id := channel.Digest([]byte(call.Header.Get("Source-Id")), call.Header.Get("Size"))
	return channel.AnswerJSON(http.StatusOK, `{"upload-url":"https://`+host+`/files/`+id+`","mmcs-url":"https://`+host+`/files/`+id+`","mmcs-owner":"M`+id[:8]+`.double"}`)
}

// doublePreDownload says where a file can be had, once.
func doublePreDownload(call channel.Call) channel.Answer {
	u, err := url.Parse(call.Header.Get("Url"))
	if err != nil || u.Scheme != "https" || call.Header.Get("Owner") == "" || call.Header.Get("Signature") == "" {
		return status(http.StatusBadRequest)
	}
	return channel.AnswerJSON(http.StatusOK, `{"download-url":"https://`+host+`/files/`+channel.Digest([]byte(u.String()))+`"}`)
}

// doubleFile takes any file, and has one for every address.
func doubleFile(call channel.Call) channel.Answer {
	if call.Method == http.MethodPost {
		return channel.AnswerJSON(http.StatusOK, `{"singleFile":{"fileChecksum":"`+channel.Digest(call.Body)+`"}}`)
	}
	return channel.Answer{Reply: channel.Reply{Status: http.StatusOK, Body: []byte("ciphertext")}}
}

// doubleMessage takes a message that follows Apple's rules.
func doubleMessage(call channel.Call) channel.Answer {
	if call.Header.Get("Content-Encoding") != "gzip" || call.Header.Get("Content-Type") != "application/json" {
		return status(http.StatusBadRequest)
	}
	body, err := unpacked(call.Body)
	var m sentMessage
	if err != nil || json.Unmarshal(body, &m) != nil {
		return status(http.StatusBadRequest)
	}
	if !strings.HasPrefix(m.DestinationID, person) {
		return status(http.StatusNotFound)
	}
	if m.V != 1 || !uuid.MatchString(m.ID) || m.ID != call.Header.Get("Id") || m.SourceID != call.Header.Get("Source-Id") ||
		m.DestinationID != call.Header.Get("Destination-Id") || !m.wellFormed() {
		return status(http.StatusBadRequest)
	}
	return status(http.StatusOK)
}

var uuid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

func (m *sentMessage) wellFormed() bool {
	switch m.Type {
	case "typing_start", "typing_end":
		return true
	case "text":
		return m.Body != "" && strings.Count(m.Body, placeholder) == len(m.Attachments) && all(m.Attachments, sentAttachment.wellFormed)
	case "richLink":
		return m.RichLink != nil && strings.HasPrefix(m.RichLink.URL, "http") && shown(m.RichLink.Title)
	case "interactive":
		return m.Interactive != nil && m.Interactive.wellFormed()
	}
	return false
}

// all says whether every element is ok.
func all[T any](list []T, ok func(T) bool) bool {
	for _, v := range list {
		if !ok(v) {
			return false
		}
	}
	return true
}

// shown says whether an interactive message can show text.
func shown(text string) bool { return text != "" && utf8.RuneCountInString(text) <= maxLabel }

func (a sentAttachment) wellFormed() bool {
	key, err := hex.DecodeString(a.Key)
	return err == nil && len(key) == 33 && key[0] == 0 && a.Name != "" && strings.Contains(a.MIMEType, "/") && a.Size != "" &&
		a.URL != "" && a.Owner != "" && a.SignatureBase64 != ""
}

// wellFormed: apps of others hold no data, and what businesses offer holds one thing.
func (w *sentInteractive) wellFormed() bool {
	d := &w.Data
	if w.BID != businessExtension {
		return strings.HasPrefix(w.BID, "com.apple.messages.MSMessageExtensionBalloonPlugin:") && d.RequestIdentifier == ""
	}
	for _, s := range []*sentSummary{w.Received, w.Reply} {
		if s != nil && !shown(s.Title) {
			return false
		}
	}
	ok := []bool{
		d.QuickReply != nil && d.QuickReply.wellFormed(), d.ListPicker != nil && d.ListPicker.wellFormed(),
		d.Event != nil && d.Event.wellFormed(), d.Dynamic != nil && d.Dynamic.wellFormed(), d.Payment != nil && d.Payment.wellFormed(),
	}
	n := 0
	for _, one := range ok {
		if one {
			n++
		}
	}
	return d.Version == "1.0" && d.RequestIdentifier != "" && n == 1
}

func (q *sentQuickReply) wellFormed() bool {
	return shown(q.SummaryText) && len(q.Items) >= 2 && len(q.Items) <= 5 &&
		all(q.Items, func(i item) bool { return i.Identifier != "" && shown(i.Title) })
}

func (l *sentListPicker) wellFormed() bool {
	return len(l.Sections) > 0 && all(l.Sections, func(s sentSection) bool {
		return len(s.Items) > 0 && all(s.Items, func(i sentListItem) bool {
			return i.Identifier != "" && shown(i.Title) && (i.Style == "icon" || i.Style == "small" || i.Style == "large")
		})
	})
}

func (e *sentEvent) wellFormed() bool {
	return e.Identifier != "" && shown(e.Title) && len(e.Timeslots) > 0 && all(e.Timeslots, func(t sentTimeslot) bool {
		_, err := time.Parse(slotTime, t.StartTime)
		return err == nil && t.Identifier != "" && t.Duration > 0
	})
}

func (f *sentDynamic) wellFormed() bool {
	pages := f.Data.Pages
	return f.Template == "messageForms" && len(pages) > 0 && pages[len(pages)-1].SubmitForm && pages[0].PageIdentifier == f.Data.StartPageIdentifier &&
		shown(f.Data.Splash.Header) && all(pages, func(p sentPage) bool {
		return p.PageIdentifier != "" && len(p.PageIdentifier) < maxPage && shown(p.Title) && (p.Type != "select" || len(p.Items) > 0)
	})
}

var amount = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)

func (p *sentPayment) wellFormed() bool {
	return len(p.MerchantSession) > 2 && p.Request.ApplePay.MerchantIdentifier != "" && len(p.Request.ApplePay.SupportedNetworks) > 0 &&
		p.Endpoints[paymentGatewayURL] != "" && p.Request.CountryCode != "" && p.Request.CurrencyCode != "" && shown(p.Request.Total.Label) &&
		all(append(p.Request.LineItems, p.Request.Total), func(l sentLine) bool { return amount.MatchString(l.Amount) })
}

// customerWrites is a text of the person of testdata to the business there.
func customerWrites(_ channel.Account, text string, n int, now time.Time) channel.Request {
	const user, business = "urn:mbid:AQAAYdemo/Kx7+0w==", "urn:biz:1a2b3c4d-0000-4000-8000-000000000001"
	id := channel.UUID("customer " + now.String() + " " + strconv.Itoa(n))
	body, _ := channel.JSON(map[string]any{ // texts and a number
		"v": 1, "id": id, "type": "text", "body": text, "sourceId": user, "destinationId": business, "locale": "en_US",
	})
	h := http.Header{"Content-Type": {"application/json"}}
	for name, value := range map[string]string{
		"Id": id, "Source-Id": user, "Destination-Id": business, "Capability-List": "AUTH,LIST,TIME,FORM,QUICK,AUTH2", "Device-Agent": "iPhone",
	} {
		h.Set(name, value)
	}
	return channel.Request{Method: http.MethodPost, Header: h, Body: body, Received: now}
}
