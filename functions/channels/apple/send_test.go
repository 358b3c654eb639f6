package apple_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/apple"
	"github.com/relais-dev/relais/functions/channels/apple/play"
	"github.com/relais-dev/relais/shared/channel"
	stage "github.com/relais-dev/relais/shared/stage/play"
)

const platformID = "1a2b3c4d-0000-4000-8000-000000000001/urn:mbid:AQAAYdemo/Kx7+0w=="

// A gateway is Apple's as an HTTP client: the double, or what answer says instead.
type gateway struct {
	answer func(stage.Call) (channel.Reply, error)
	calls  []stage.Call
}

func (g *gateway) Do(r *http.Request) (*http.Response, error) {
	var body []byte
	var err error
	if r.Body != nil {
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	call := stage.Call{Host: r.URL.Host, Request: channel.Request{Method: r.Method, Path: r.URL.EscapedPath(),
		Header: r.Header, Body: body, Received: received}}
	g.calls = append(g.calls, call)
	reply := play.Platform.Answer(account(vectorMSP, vectorSecret), call).Reply
	if g.answer != nil {
		if reply, err = g.answer(call); err != nil {
			return nil, err
		}
	}
	return &http.Response{StatusCode: reply.Status, Header: reply.Header,
		Body: io.NopCloser(bytes.NewReader(reply.Body))}, nil
}

func (g *gateway) env(files map[string][]byte) channel.Env {
	return channel.Env{Account: account(vectorMSP, vectorSecret), HTTP: g, Now: received,
		Open: func(_ context.Context, m events.Media) (io.ReadCloser, error) {
			if files[m.URL] == nil {
				return nil, errors.New("no such file")
			}
			return io.NopCloser(bytes.NewReader(files[m.URL])), nil
		}}
}

// send sends c and gives the message that Apple got.
func send(t *testing.T, c events.Content, files map[string][]byte) map[string]any {
	t.Helper()
	var g gateway
	o := channel.Outgoing{ID: "msg_a.1", To: channel.Recipient{Conversation: events.Conversation{PlatformID: platformID}},
		Content: []events.Content{c}}
	if _, err := apple.Channel.Send(t.Context(), g.env(files), o); err != nil {
		t.Fatalf("%v\n%s", err, message(t, g.calls))
	}
	return message(t, g.calls)
}

// message is what the last of calls holds.
func message(t *testing.T, calls []stage.Call) map[string]any {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(calls[len(calls)-1].Body))
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.NewDecoder(z).Decode(&m); err != nil {
		t.Fatal(err)
	}
	return m
}

// at is the value at a path of names in m.
func at(m any, path ...string) any {
	for _, name := range path {
		object, ok := m.(map[string]any)
		if !ok {
			return nil
		}
		m = object[name]
	}
	return m
}

// The vector of an encrypted attachment.
const (
	vectorKey    = "00A1B2C3D4E5F60718293A4B5C6D7E8F900112233445566778899AABBCCDDEEFF0"
	vectorCipher = "f39b9ee4aedf54074de50f2e26f6b06f58b7e0aa9ce8"
	vectorPlain  = "hello from a customer\n"
)

func TestFetchDecryptsTheVector(t *testing.T) {
	sealed, err := hex.DecodeString(vectorCipher)
	if err != nil {
		t.Fatal(err)
	}
	evs := parse(t, `{"id":"1","type":"text","destinationId":"urn:biz:b1","attachments":[{"url":"https://a.example/1",`+
		`"owner":"o","signature":"0102","key":"`+vectorKey+`"}]}`)
	g := gateway{answer: func(c stage.Call) (channel.Reply, error) {
		if c.Path == "/v1/preDownload" {
			return channel.Reply{Status: 200, Body: []byte(`{"download-url":"https://content.example/x"}`)}, nil
		}
		return channel.Reply{Status: 200, Body: sealed}, nil
	}}
	file, err := apple.Channel.Fetch(t.Context(), g.env(nil), *evs[0].Data.Message.Content[0].Media)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if got, err := io.ReadAll(file); string(got) != vectorPlain || err != nil {
		t.Errorf("decrypted %q, %v", got, err)
	}
	asked := g.calls[0].Header
	for name, want := range map[string]string{"source-id": "b1", "url": "https://a.example/1", "owner": "o",
		"signature": "AQI="} {
		if asked.Get(name) != want {
			t.Errorf("header %s is %q, want %q", name, asked.Get(name), want)
		}
	}
	if g.calls[1].Header.Get("Authorization") != "" {
		t.Error("our token went to where files lie")
	}
}

// Large answers come as Apple decodes them, whole or only what is chosen, without a
// payment token.
func TestPull(t *testing.T) {
	const chosen = `{"requestIdentifier":"msg","listPicker":{"sections":[{"items":[{"identifier":"a","title":"A"}]}]},` +
		`"token":{"paymentData":"secret"}}`
	want := &events.Interaction{Kind: events.ListAnswer,
		Message: &events.Ref{PlatformID: "1", ID: events.MessageID("apple", "demo", "1")},
		Option:  "a", Text: "A", Values: []events.Field{{Name: "a", Value: "A"}},
		Of: &events.Ref{ID: events.MessageID("apple", "demo", "msg"), PlatformID: "msg"}}
	for _, payload := range []string{chosen, `{"bid":"app","data":` + chosen + `}`} {
		g := gateway{answer: decodes(payload)}
		e, done, err := pull(t, &g, received)
		if err != nil || !done {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, e.Data.Interaction); diff != "" {
			t.Errorf("interaction (-want +got):\n%s", diff)
		}
		if e.Key != "interaction:1" || e.Data.Conversation.PlatformID != "b1/urn:mbid:A" || !e.Time.Equal(received) ||
			bytes.Contains(e.Raw, []byte("secret")) {
			t.Errorf("%s in %s at %s: %s", e.Key, e.Data.Conversation.PlatformID, e.Time, e.Raw)
		}
		if last := g.calls[2]; last.Header.Get("bid") != "app" || last.Header.Get("source-id") != "b1" ||
			len(last.Body) != len("sealed") {
			t.Errorf("asked to decode %q of %q", last.Body, last.Header.Get("bid"))
		}
	}
}

// An answer that is gone is told of; one that may still come is tried again.
func TestPullFailures(t *testing.T) {
	status := func(code int) func(stage.Call) (channel.Reply, error) {
		return func(stage.Call) (channel.Reply, error) { return channel.Reply{Status: code}, nil }
	}
	for name, tc := range map[string]struct {
		answer func(stage.Call) (channel.Reply, error)
		after  time.Duration
		again  bool
	}{
		"gone":            {status(404), 0, false},
		"busy":            {status(429), 0, true},
		"down":            {status(503), 0, true},
		"down for long":   {status(503), 2 * time.Hour, false},
		"what is no JSON": {decodes("bplist00"), 0, false},
		"says nothing":    {decodes("{}"), 0, false},
	} {
		e, done, err := pull(t, &gateway{answer: tc.answer}, received.Add(tc.after))
		if (err != nil) != tc.again || done == tc.again {
			t.Errorf("%s: done %t, %v", name, done, err)
		}
		if tc.again {
			continue
		}
		if m := e.Data.Message; m == nil || m.PlatformID != "1" || m.Content[0].Unsupported == nil {
			t.Errorf("%s gives %s", name, e.Type)
		}
	}
}

// decodes is a gateway that decodes anything to payload.
func decodes(payload string) func(stage.Call) (channel.Reply, error) {
	return func(c stage.Call) (channel.Reply, error) {
		switch c.Path {
		case "/v1/preDownload":
			return channel.Reply{Status: 200, Body: []byte(`{"download-url":"https://content.example/x"}`)}, nil
		case "/v1/decodePayload":
			return channel.Reply{Status: 200, Body: []byte(payload)}, nil
		}
		return channel.Reply{Status: 200, Body: []byte("sealed")}, nil
	}
}

// pull pulls an announced answer at now, and completes it as the mailbox does.
func pull(t *testing.T, g *gateway, now time.Time) (events.Event, bool, error) {
	t.Helper()
	announced := parse(t, `{"id":"1","type":"interactive","sourceId":"urn:mbid:A","destinationId":"b1",`+
		`"interactiveDataRef":{"bid":"app","url":"https://a.example/1","owner":"o","signature":"0102","key":"`+vectorKey+
		`"}}`)
	if u := announced[0].Data.Unsupported; u == nil || u.Reason != channel.Announced {
		t.Fatalf("the delivery gives %s", announced[0].Type)
	}
	e := g.env(nil)
	e.Now = now
	list, _, done, err := apple.Channel.Pull(t.Context(), e, announced[0], "")
	if err != nil {
		return events.Event{}, done, err
	}
	if len(list) != 1 {
		t.Fatalf("%d events", len(list))
	}
	channel.Complete(&list[0], "apple", "demo", now)
	if err := list[0].Validate(); err != nil {
		t.Error(err)
	}
	return list[0], done, nil
}

func TestFetchFailures(t *testing.T) {
	const good = "url=https%3A%2F%2Fa.example&key=" + vectorKey
	for name, tc := range map[string]struct {
		handle string
		status int
	}{
		"no handle": {"52002738", 200}, "no key": {"url=https%3A%2F%2Fa.example", 200}, "short key": {"url=u&key=00AB", 200},
		"gone": {good, 404}, "broken gateway": {good, 200},
	} {
		g := gateway{answer: func(stage.Call) (channel.Reply, error) {
			return channel.Reply{Status: tc.status, Body: []byte("<html>")}, nil
		}}
		if _, err := apple.Channel.Fetch(t.Context(), g.env(nil), events.Media{PlatformID: tc.handle}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// What is left at Apple is what the key in the message opens; no two messages share it.
func TestUploadedFilesOpenWithTheirKey(t *testing.T) {
	files := map[string][]byte{"https://b.example/a.pdf": []byte("%PDF-1.7 an invoice")}
	keys := map[string]bool{}
	for _, id := range []string{"msg_a.1", "msg_a.2", "msg_a.1"} {
		var g gateway
		o := channel.Outgoing{ID: id, To: channel.Recipient{Conversation: events.Conversation{PlatformID: platformID}},
			Content: []events.Content{
				events.NewMedia(events.Media{Type: events.File, URL: "https://b.example/a.pdf", Caption: "Invoice"})}}
		if _, err := apple.Channel.Send(t.Context(), g.env(files), o); err != nil {
			t.Fatal(err)
		}
		m := message(t, g.calls)
		a := m["attachments"].([]any)[0]
		if m["body"] != "\ufffcInvoice" || at(a, "name") != "a.pdf" || at(a, "mimeType") != "application/pdf" ||
			at(a, "size") != "19" {
			t.Errorf("the message is %v", m)
		}
		keys[at(a, "key").(string)] = true
		raw, err := hex.DecodeString(at(a, "key").(string)[2:])
		if err != nil {
			t.Fatal(err)
		}
		block, err := aes.NewCipher(raw)
		if err != nil {
			t.Fatal(err)
		}
		plain := bytes.Clone(g.calls[1].Body)
		cipher.NewCTR(block, make([]byte, 16)).XORKeyStream(plain, plain)
		if string(plain) != "%PDF-1.7 an invoice" {
			t.Errorf("opens as %q", plain)
		}
	}
	if len(keys) != 2 {
		t.Errorf("%d keys, want one for each of two messages", len(keys))
	}
}

// What fails before the message is sent says so: the sender may try again.
func TestNothingWasSentBefore(t *testing.T) {
	c := events.NewMedia(events.Media{Type: events.File, URL: "u"})
	o := channel.Outgoing{ID: "msg_a.1", To: channel.Recipient{Conversation: events.Conversation{PlatformID: platformID}},
		Content: []events.Content{c}}
	for name, answer := range map[string]func(stage.Call) (channel.Reply, error){
		"lost":     func(stage.Call) (channel.Reply, error) { return channel.Reply{}, io.ErrUnexpectedEOF },
		"500":      func(stage.Call) (channel.Reply, error) { return channel.Reply{Status: 500}, nil },
		"not JSON": func(stage.Call) (channel.Reply, error) { return channel.Reply{Status: 200, Body: []byte("<")}, nil },
		"no such URL": func(stage.Call) (channel.Reply, error) {
			return channel.Reply{Status: 200, Body: []byte("{}")}, nil
		},
	} {
		g := gateway{answer: answer}
		_, err := apple.Channel.Send(t.Context(), g.env(map[string][]byte{"u": []byte("x")}), o)
		var e *channel.Error
		if err == nil || errors.As(err, &e) && e.Unknown || !errors.As(err, &e) && !errors.Is(err, channel.ErrNotSent) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var g gateway
	if _, err := apple.Channel.Send(t.Context(), g.env(nil), o); !errors.Is(err, channel.ErrNotSent) ||
		len(g.calls) != 0 {
		t.Errorf("without the file: %v after %d calls", err, len(g.calls))
	}
}

func TestRecipients(t *testing.T) {
	c := events.NewText("hello")
	var g gateway
	to := channel.Recipient{Conversation: events.Conversation{PlatformID: "urn:mbid:A/b"},
		Contact: &events.Contact{Identities: []events.Identity{{Value: "urn:mbid:A/b", Scope: "b1"}}}}
	if _, err := apple.Channel.Send(t.Context(), g.env(nil),
		channel.Outgoing{ID: "m", To: to, Content: []events.Content{c}}); err != nil {
		t.Fatal(err)
	}
	if m := message(t, g.calls); m["sourceId"] != "b1" || m["destinationId"] != "urn:mbid:A/b" {
		t.Errorf("sent %v", m)
	}
	to.Contact = nil
	_, err := apple.Channel.Send(t.Context(), g.env(nil), channel.Outgoing{ID: "m", To: to, Content: []events.Content{c}})
	var e *channel.Error
	if !errors.As(err, &e) || e.Class != events.ClassRecipient || len(g.calls) != 1 {
		t.Errorf("without a business: %v after %d calls", err, len(g.calls))
	}
}

func TestNative(t *testing.T) {
	m := send(t, events.Content{Kind: events.KindNative, Native: &events.Native{Channel: "apple",
		JSON: `{"type":"interactive","id":"mine","destinationId":"urn:mbid:another",` +
			`"interactiveData":{"bid":"com.apple.messages.MSMessageExtensionBalloonPlugin:A1B2C3D4E5:app","URL":"?a=1",` +
			`"appName":"App","appId":7}}`}},
		nil)
	if m["id"] != channel.UUID("msg_a.1") || m["destinationId"] != "urn:mbid:AQAAYdemo/Kx7+0w==" || m["v"] != 1.0 ||
		at(m, "interactiveData", "URL") != "?a=1" {
		t.Errorf("sent %v", m)
	}
	var g gateway
	for _, text := range []string{`[]`, `null`, `"x"`} {
		o := channel.Outgoing{ID: "m", To: channel.Recipient{Conversation: events.Conversation{PlatformID: platformID}},
			Content: []events.Content{{Kind: events.KindNative, Native: &events.Native{Channel: "apple", JSON: text}}}}
		var e *channel.Error
		if _, err := apple.Channel.Send(t.Context(), g.env(nil), o); !errors.As(err, &e) || e.Class != events.ClassContent {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// jpegOf is a picture of a size, red on the left and blue on the right.
func jpegOf(t *testing.T, w, h int) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.Set(x, y, map[bool]color.Color{true: color.RGBA{R: 255, A: 255}, false: color.RGBA{B: 255, A: 255}}[x < w/2])
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestPicturesBecomeSmallPNG(t *testing.T) {
	files := map[string][]byte{"wide": jpegOf(t, 960, 480), "small": jpegOf(t, 30, 40),
		"broken": []byte("\x89PNG\r\n\x1a\n"), "webp": []byte("RIFF....WEBPVP8 ")}
	for name, want := range map[string]image.Point{"wide": {240, 120}, "small": {30, 40}, "broken": {}, "webp": {},
		"absent": {}} {
		m := send(t, events.Content{Kind: events.KindLink,
			Link: &events.Link{URL: "https://b.example", Title: "A", Image: name}}, files)
		data, _ := at(m, "richLinkData", "assets", "image", "data").(string)
		if want == (image.Point{}) {
			if data != "" {
				t.Errorf("%s is shown", name)
			}
			continue
		}
		raw, err := base64.StdEncoding.DecodeString(data)
		if err != nil {
			t.Fatal(err)
		}
		picture, err := png.Decode(bytes.NewReader(raw))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		left, _, _, _ := picture.At(2, 2).RGBA()
		_, _, right, _ := picture.At(picture.Bounds().Dx()-2, 2).RGBA()
		if picture.Bounds().Size() != want || left < 0xf000 || right < 0xf000 {
			t.Errorf("%s is %v, left %x, right %x", name, picture.Bounds(), left, right)
		}
	}
}

func TestPicturesOfAList(t *testing.T) {
	files := map[string][]byte{"a": jpegOf(t, 10, 10), "b": jpegOf(t, 20, 10)}
	m := send(t, events.Content{Kind: events.KindChoice, Choice: &events.Choice{Text: "Which?", Style: events.StyleList,
		Header: &events.Media{Type: events.Image, URL: "a"}, Options: []events.Option{
			{ID: "1", Label: "One", Image: "a"}, {ID: "2", Label: "Two", Image: "b"}, {ID: "3", Label: "Three", Image: "gone"},
		}}}, files)
	if images, _ := at(m, "interactiveData", "data", "images").([]any); len(images) != 2 {
		t.Errorf("%d images, want each once", len(images))
	}
	if at(m, "interactiveData", "receivedMessage", "imageIdentifier") != "image1" ||
		at(m, "interactiveData", "receivedMessage", "style") != "large" {
		t.Errorf("the bubble is %v", at(m, "interactiveData", "receivedMessage"))
	}
}

func TestCards(t *testing.T) {
	cards := []events.Panel{
		{Title: "Kettle 1", Text: "41.90 €", Media: &events.Media{Type: events.Image, URL: "a"},
			Options: []events.Option{{ID: "more-1", Label: "More"}, {ID: "buy-1", Label: "Buy"}}},
		{Title: "Kettle 2", Options: []events.Option{{ID: "more-2", Label: "More", Description: "new"}}},
	}
	m := send(t, events.Content{Kind: events.KindCards, Cards: cards}, map[string][]byte{"a": jpegOf(t, 10, 10)})
	var got []string
	for _, s := range at(m, "interactiveData", "data", "listPicker", "sections").([]any) {
		for _, i := range at(s, "items").([]any) {
			subtitle, _ := at(i, "subtitle").(string)
			picture, _ := at(i, "imageIdentifier").(string)
			got = append(got, strings.Join([]string{at(s, "title").(string), at(i, "identifier").(string), subtitle, picture},
				"|"))
		}
	}
	want := []string{"Kettle 1|more-1|41.90 €|image1", "Kettle 1|buy-1|41.90 €|image1", "Kettle 2|more-2|new|"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if apple.Channel.Limits.Takes(events.Content{Kind: events.KindCards, Cards: []events.Panel{{Title: "bare"}}}) == "" {
		t.Error("takes a card that nobody could choose")
	}
}

func TestSchedule(t *testing.T) {
	s := &events.Schedule{ID: "e1", Title: "Visit",
		Slots: []events.Slot{{ID: "t1", Start: time.Date(2026, 8, 3, 10, 30, 0, 0, time.FixedZone("", 7200)),
			DurationMS: 1800_000}}}
	for zone, want := range map[string]any{"": nil, "Europe/Berlin": 120.0, "Asia/Kolkata": 330.0, "Nowhere/Land": nil} {
		s.Zone = zone
		e := at(send(t, events.Content{Kind: events.KindSchedule, Schedule: s}, nil), "interactiveData", "data", "event")
		if at(e, "timezoneOffset") != want {
			t.Errorf("%q: offset %v, want %v", zone, at(e, "timezoneOffset"), want)
		}
		if diff := cmp.Diff([]any{map[string]any{"identifier": "t1", "startTime": "2026-08-03T08:30+0000",
			"duration": 1800.0}},
			at(e, "timeslots")); diff != "" {
			t.Errorf("timeslots (-want +got):\n%s", diff)
		}
	}
}

func payment() *events.Payment {
	return &events.Payment{
		Reference: "pay-1", Title: "Demo Shop", Amount: &events.Money{Amount: 1250, Currency: "EUR"},
		URL: "https://shop.example/pay",
		Lines: []events.PaymentLine{{Label: "Lid", Amount: events.Money{Amount: 1350, Currency: "EUR"}},
			{Label: "Coupon", Amount: events.Money{Amount: -100, Currency: "EUR"}}},
		Fields: []events.Field{{Name: "merchantSession", Value: `{"nonce":"n","expiresAt":1785600300000}`},
			{Name: "merchantIdentifier", Value: "merchant.com.example"},
			{Name: "paymentGatewayUrl", Value: "https://pay.example.com/amb"}, {Name: "countryCode", Value: "DE"},
			{Name: "requiredShippingContactFields", Value: "postalAddress, name"}},
	}
}

func TestPayment(t *testing.T) {
	c := events.Content{Kind: events.KindPayment, Payment: payment()}
	if problem := apple.Channel.Limits.Takes(c); problem != "" {
		t.Fatal(problem)
	}
	data := at(send(t, c, nil), "interactiveData", "data")
	want := map[string]any{
		"merchantSession": map[string]any{"nonce": "n", "expiresAt": 1785600300000.0},
		"paymentRequest": map[string]any{
			"applePay": map[string]any{"merchantIdentifier": "merchant.com.example",
				"supportedNetworks":    []any{"amex", "discover", "masterCard", "visa"},
				"merchantCapabilities": []any{"supports3DS"}},
			"lineItems": []any{map[string]any{"label": "Lid", "amount": "13.50", "type": "final"},
				map[string]any{"label": "Coupon", "amount": "-1.00", "type": "final"}},
			"total": map[string]any{"label": "Demo Shop", "amount": "12.50", "type": "final"}, "countryCode": "DE",
			"currencyCode":                  "EUR",
			"requiredShippingContactFields": []any{"postalAddress", "name"},
		},
		"endpoints": map[string]any{"paymentGatewayUrl": "https://pay.example.com/amb",
			"fallbackUrl": "https://shop.example/pay"},
	}
	if diff := cmp.Diff(want, at(data, "payment")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if at(data, "requestIdentifier") != "pay-1" {
		t.Errorf("the request is called %v: who takes the payment knows the reference alone", at(data, "requestIdentifier"))
	}
	for i := range 4 {
		p := payment()
		p.Fields[i].Value = ""
		if apple.Channel.Limits.Takes(events.Content{Kind: events.KindPayment, Payment: p}) == "" {
			t.Errorf("takes a payment without %s", p.Fields[i].Name)
		}
	}
	p := payment()
	p.Fields[0].Value = `"session"`
	if apple.Channel.Limits.Takes(events.Content{Kind: events.KindPayment, Payment: p}) == "" {
		t.Error("takes a session that is no object")
	}
}

func TestDecimals(t *testing.T) {
	for want, m := range map[string]events.Money{
		"12.50": {Amount: 1250, Currency: "EUR"}, "0.05": {Amount: 5, Currency: "EUR"},
		"500": {Amount: 500, Currency: "JPY"}, "1.234": {Amount: 1234, Currency: "KWD"},
		"0.0001": {Amount: 1, Currency: "CLF"}, "1000000.00": {Amount: 100000000, Currency: "USD"},
	} {
		p := payment()
		p.Amount = &m
		if got := at(send(t, events.Content{Kind: events.KindPayment, Payment: p}, nil), "interactiveData", "data",
			"payment", "paymentRequest", "total", "amount"); got != want {
			t.Errorf("%+v is %v, want %s", m, got, want)
		}
	}
}

func TestForms(t *testing.T) {
	form := func(fields ...events.FormField) events.Content {
		return events.Content{Kind: events.KindForm, Form: &events.Form{ID: "f", Title: "T", Fields: fields}}
	}
	for name, c := range map[string]events.Content{
		"no fields":    form(),
		"a long id":    form(events.FormField{ID: strings.Repeat("x", 20), Label: "L", Type: events.InputText}),
		"a long label": form(events.FormField{ID: "x", Label: strings.Repeat("x", 201), Type: events.InputText}),
	} {
		if apple.Channel.Limits.Takes(c) == "" {
			t.Errorf("takes a form with %s", name)
		}
	}
	m := send(t, form(events.FormField{ID: "mail", Label: "E-mail", Type: events.InputEmail, Required: true},
		events.FormField{ID: "size", Label: "Size", Type: events.InputSelect,
			Options: []events.Option{{ID: "m", Label: "Medium"}}},
		events.FormField{ID: "n", Label: "How many", Type: events.InputNumber}), nil)
	want := []any{
		map[string]any{"pageIdentifier": "mail", "type": "input", "title": "E-mail", "nextPageIdentifier": "size",
			"options": map[string]any{"inputType": "singleline", "keyboardType": "emailAddress",
				"textContentType": "emailAddress", "required": true}},
		map[string]any{"pageIdentifier": "size", "type": "select", "title": "Size",
			"items": []any{map[string]any{"identifier": "m", "title": "Medium", "value": "m", "nextPageIdentifier": "n"}}},
		map[string]any{"pageIdentifier": "n", "type": "input", "title": "How many", "submitForm": true,
			"options": map[string]any{"inputType": "singleline", "keyboardType": "numberPad"}},
	}
	if diff := cmp.Diff(want, at(m, "interactiveData", "data", "dynamic", "data", "pages")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestVCards(t *testing.T) {
	var g gateway
	o := channel.Outgoing{ID: "m", To: channel.Recipient{Conversation: events.Conversation{PlatformID: platformID}},
		Content: []events.Content{{Kind: events.KindContacts, Contacts: []events.Card{
			{Name: "Depot; London", Company: "Brand, Ltd",
				Phones: []events.LabeledValue{{Label: "work", Value: "+44 20 7946 0000"}},
				URLs:   []events.LabeledValue{{Label: "x", Value: "https://b.example"}}},
			{Name: "Ada", VCard: "BEGIN:VCARD\nEND:VCARD\n"},
		}}}}
	if _, err := apple.Channel.Send(t.Context(), g.env(nil), o); err != nil {
		t.Fatal(err)
	}
	a := message(t, g.calls)["attachments"].([]any)[0]
	raw, _ := hex.DecodeString(at(a, "key").(string)[2:])
	block, err := aes.NewCipher(raw)
	if err != nil {
		t.Fatal(err)
	}
	plain := bytes.Clone(g.calls[1].Body)
	cipher.NewCTR(block, make([]byte, 16)).XORKeyStream(plain, plain)
	want := "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Depot\\; London;;;;\r\nFN:Depot\\; London\r\nORG:Brand\\, " +
		"Ltd\r\nTEL;TYPE=WORK:+44 20 7946 0000\r\nURL:https://b.example\r\nEND:VCARD\r\nBEGIN:VCARD\nEND:VCARD\r\n"
	if diff := cmp.Diff(want, string(plain)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// The vector of our own token, and what the gateway does not take.
func TestDoubleIsStrict(t *testing.T) {
	const token = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9." +
		"eyJpc3MiOiI3ZjFhOWM1Mi01ZDBlLTRiN2UtOWE2MS0wYzZmM2IyZDhlNDEiLCJpYXQiOjE3ODU2MDAwMDB9." +
		"dA2TxaQDIemMelOrcBIjGTQR7BvquD6YpupR1PJQO9I"
	const id, user = "9b1c0f0e-0000-4000-8000-000000000010", "urn:mbid:AQAAYdemo"
	const head = `"v":1,"id":"` + id + `","sourceId":"b1","destinationId":"` + user + `",`
	const bid = `"bid":"com.apple.messages.MSMessageExtensionBalloonPlugin:0000000000:com.apple.icloud.apps.messages.` +
		`business.extension"`
	inter := func(data string) string {
		return `{` + head + `"type":"interactive","interactiveData":{` + bid +
			`,"data":{"version":"1.0","requestIdentifier":"r",` + data + `}}}`
	}
	full := func(data, more string) string {
		return strings.TrimSuffix(inter(data), `}}`) + `,"receivedMessage":{"title":"t"` + more +
			`},"replyMessage":{"title":"t"}}}`
	}
	const item = `{"identifier":"a","title":"A"}`
	const list = `"listPicker":{"sections":[{"items":[` + item + `]}]}`
	const dot = `"images":[{"identifier":"i","data":"iVBORw0KGgo="}],`
	page := func(more string) string {
		return `"dynamic":{"version":"1.2","template":"messageForms","data":{"version":"1.1","startPageIdentifier":"p",` +
			`"splash":{"header":"h"},"pages":[{"pageIdentifier":"p","type":"input","submitForm":true` + more + `}]}}`
	}
	for name, tc := range map[string]struct {
		body   string
		status int
	}{
		"a list":                  {full(list, ""), 200},
		"a list, twice one id":    {full(`"listPicker":{"sections":[{"items":[`+item+`,`+item+`]}]}`, ""), 400},
		"a picture":               {full(dot+list, `,"imageIdentifier":"i"`), 200},
		"no picture of that name": {full(dot+list, `,"imageIdentifier":"j"`), 400},
		"a picture that is no PNG": {full(strings.Replace(dot, "iVBORw0KGgo=", "/9j/", 1)+
			list, ""), 400},
		"a style":                {full(list, `,"style":"huge"`), 400},
		"two lines":              {full(list, `,"subtitle":"a\nb"`), 400},
		"a form":                 {full(page(""), ""), 200},
		"an older keyboard":      {full(page(`,"options":{"keyboardType":"UIKeyboardTypeDefault"}`), ""), 400},
		"a page to nowhere":      {full(page(`,"nextPageIdentifier":"q"`), ""), 400},
		"text":                   {`{` + head + `"type":"text","body":"hi"}`, 200},
		"text without words":     {`{` + head + `"type":"text","body":""}`, 400},
		"a placeholder too many": {`{` + head + `"type":"text","body":"\ufffc"}`, 400},
		"another version": {`{"v":2,"id":"` + id + `","sourceId":"b1","destinationId":"` + user +
			`","type":"text","body":"hi"}`, 400},
		"another id than the header's": {
			`{"v":1,"id":"9b1c0f0e-0000-4000-8000-000000000011","sourceId":"b1","destinationId":"` + user +
				`","type":"text","body":"hi"}`, 400},
		"nobody": {`{"v":1,"id":"` + id +
			`","sourceId":"b1","destinationId":"alice","type":"text","body":"hi"}`, 404},
		"unknown type":    {`{` + head + `"type":"close"}`, 400},
		"one quick reply": {inter(`"quick-reply":{"summaryText":"?","items":[{"identifier":"a","title":"A"}]}`), 400},
		"two quick replies": {
			inter(`"quick-reply":{"summaryText":"?","items":[{"identifier":"a","title":"A"},{"identifier":"b","title":"B"}]}`),
			200},
		"a label of 201": {inter(`"quick-reply":{"summaryText":"?","items":[{"identifier":"a","title":"` +
			strings.Repeat("x", 201) + `"},{"identifier":"b","title":"B"}]}`), 400},
		"a list of nothing": {inter(`"listPicker":{"sections":[{"title":"s","items":[]}]}`), 400},
		"a time with seconds": {
			inter(`"event":{"identifier":"e","title":"t","timeslots":[{"identifier":"t1","startTime":"2026-08-03T08:30:00Z",` +
				`"duration":1800}]}`), 400},
		"nothing to show":        {inter(`"x":1`), 400},
		"data for another's app": {strings.Replace(inter(`"x":1`), "0000000000:", "TEAM:", 1), 400},
	} {
		call := stage.Call{Host: "mspgw.push.apple.com", Request: request(zipped(t, tc.body))}
		call.Method, call.Path = "POST", "/v1/message"
		for k, v := range map[string]string{"Authorization": "Bearer " + token, "Id": id, "Source-Id": "b1",
			"Destination-Id": user, "Content-Type": "application/json", "Content-Encoding": "gzip"} {
			call.Header.Set(k, v)
		}
		if got := play.Platform.Answer(account(vectorMSP, vectorSecret), call).Status; got != tc.status {
			t.Errorf("%s: %d, want %d", name, got, tc.status)
		}
		call.Header.Set("Authorization", "Bearer "+vectorToken) // Apple's own
		if got := play.Platform.Answer(account(vectorMSP, vectorSecret), call).Status; got != 403 {
			t.Errorf("%s with another's token: %d, want 403", name, got)
		}
	}
}

// TestWhatIsShownIsPrintable: Apple refuses a label with a line end.
// https://help.webexconnect.io/changelog/apple-messages-for-business-compliance-updates
func TestWhatIsShownIsPrintable(t *testing.T) {
	m := send(t, events.Content{Kind: events.KindChoice, Choice: &events.Choice{Style: events.StyleQuick,
		Text:    "Which\nday?",
		Options: []events.Option{{ID: "1", Label: "Mon\nday"}, {ID: "2", Label: "Tuesday"}}}}, nil)
	if got := at(m, "interactiveData", "data", "quick-reply", "summaryText"); got != "Which day?" {
		t.Errorf("summary %q", got)
	}
}

// TestPicturesFitInOneMessage: those of a message have less than 5 MB; the rest of a
// long list goes without.
func TestPicturesFitInOneMessage(t *testing.T) {
	files, options := map[string][]byte{}, []events.Option(nil)
	for i := range 60 {
		noise := image.NewNRGBA(image.Rect(0, 0, 200, 150))
		drawn := uint32(i)
		for p := range noise.Pix {
			drawn = drawn*1664525 + 1013904223
			noise.Pix[p] = byte(drawn>>24) | 1
		}
		var b bytes.Buffer
		if err := png.Encode(&b, noise); err != nil {
			t.Fatal(err)
		}
		id := strconv.Itoa(i)
		files[id], options = b.Bytes(), append(options, events.Option{ID: id, Label: "Option " + id, Image: id})
	}
	m := send(t, events.Content{Kind: events.KindChoice, Choice: &events.Choice{Text: "Which?", Style: events.StyleList,
		Options: options}}, files)
	images, _ := at(m, "interactiveData", "data", "images").([]any)
	if len(images) == 0 || len(images) >= 60 {
		t.Errorf("%d images, want some and not all", len(images))
	}
}

func TestOffersThatAppleRefuses(t *testing.T) {
	slot := events.Slot{ID: "1", Start: received}
	for name, c := range map[string]events.Content{
		"no duration": {Kind: events.KindSchedule, Schedule: &events.Schedule{Title: "T", Slots: []events.Slot{slot}}},
		"no title":    {Kind: events.KindForm, Form: &events.Form{Fields: []events.FormField{{ID: "a", Label: "A"}}}},
		"long button": {Kind: events.KindForm, Form: &events.Form{Title: "T", Submit: strings.Repeat("s", 201),
			Fields: []events.FormField{{ID: "a", Label: "A"}}}},
		"http": {Kind: events.KindPayment, Payment: &events.Payment{Title: "T", Fields: []events.Field{
			{Name: "merchantSession", Value: "{}"}, {Name: "merchantIdentifier", Value: "m"},
			{Name: "countryCode", Value: "DE"}, {Name: "paymentGatewayUrl", Value: "http://b.example"}}}},
	} {
		if why := apple.Channel.Limits.Takes(c); why == "" {
			t.Errorf("%s is taken", name)
		}
	}
}
