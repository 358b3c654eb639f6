package socket

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/inapp/chat"
	"github.com/relais-dev/relais/shared/channel"
)

// A service answers as status says, and keeps what it was asked.
type service struct {
	status int
	answer string
	asked  []*http.Request
	bodies []string
}

func (s *service) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	s.asked, s.bodies = append(s.asked, r), append(s.bodies, string(body))
	status, answer := s.status, s.answer
	if r.URL.Host == "oauth2.googleapis.com" {
		status, answer = http.StatusOK, `{"access_token":"ya29.demo","expires_in":3599,"token_type":"Bearer"}`
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(answer)),
		Request: r}, err
}

var now = time.Date(2026, 8, 1, 16, 0, 0, 0, time.UTC)

func file(t *testing.T, key any) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

var note = Notification{Title: "Ana", Body: "Hi", Tag: "t1", App: "demo", Conversation: "cnv_x", Seq: 7}

// TestAPNs holds the request to Apple's form; the token is made once.
func TestAPNs(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a := channel.NewAccount("demo", "", map[string]string{"apns_key": file(t, key), "apns_key_id": "K1",
		"apns_team": "T1", "apns_topic": "com.example.shop"})
	s := &service{status: 200}
	p := apns{s, &tokens{now: func() time.Time { return now }}}
	for range 2 {
		if err := p.Notify(t.Context(), a, chat.Subscription{Kind: chat.APNs, Token: "00ff"}, note); err != nil {
			t.Fatal(err)
		}
	}
	r := s.asked[0]
	if r.URL.String() != "https://api.push.apple.com/3/device/00ff" || r.Header.Get("apns-topic") != "com.example.shop" ||
		r.Header.Get("apns-collapse-id") != "t1" {
		t.Errorf("asked %s with %v", r.URL, r.Header)
	}
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "bearer ")
	parsed, err := jwt.NewParser(jwt.WithTimeFunc(func() time.Time { return now })).Parse(token,
		func(*jwt.Token) (any, error) { return &key.PublicKey, nil })
	if err != nil || parsed.Header["kid"] != "K1" || parsed.Claims.(jwt.MapClaims)["iss"] != "T1" {
		t.Errorf("token %v, %v", parsed, err)
	}
	if s.asked[1].Header.Get("Authorization") != r.Header.Get("Authorization") {
		t.Error("another token was made")
	}
	var body struct {
		APS struct{ Alert map[string]string } `json:"aps"`
	}
	if err := json.Unmarshal([]byte(s.bodies[0]), &body); err != nil || body.APS.Alert["body"] != "Hi" {
		t.Errorf("%v in %s", err, s.bodies[0])
	}
	if err := p.Notify(t.Context(), a, chat.Subscription{Token: "00ff", Sandbox: true}, note); err != nil ||
		s.asked[2].URL.Host != "api.sandbox.push.apple.com" {
		t.Errorf("for an app in development: %v at %s", err, s.asked[2].URL)
	}
	for answer, gone := range map[string]bool{`410 {"reason":"Unregistered"}`: true,
		`400 {"reason":"BadDeviceToken"}`: true, `403 {"reason":"ExpiredProviderToken"}`: false} {
		fmt.Sscanf(answer, "%d %s", &s.status, &s.answer)
		if err := p.Notify(t.Context(), a, chat.Subscription{Token: "00ff"}, note); err == nil ||
			errors.Is(err, ErrGone) != gone {
			t.Errorf("%s: %v", answer, err)
		}
	}
}

// TestFCM holds the requests to Google's form.
func TestFCM(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := json.Marshal(map[string]string{"project_id": "shop-1", "private_key_id": "k", "private_key": file(t, key),
		"client_email": "push@shop-1.example"})
	if err != nil {
		t.Fatal(err)
	}
	a := channel.NewAccount("demo", "", map[string]string{"fcm_account": string(doc)})
	s := &service{status: 200}
	f := fcm{s, &tokens{now: func() time.Time { return now }}}
	for range 2 {
		if err := f.Notify(t.Context(), a, chat.Subscription{Kind: chat.FCM, Token: "device-1"}, note); err != nil {
			t.Fatal(err)
		}
	}
	var hosts []string
	for _, r := range s.asked {
		hosts = append(hosts, r.URL.Host+r.URL.Path)
	}
	if diff := cmp.Diff([]string{"oauth2.googleapis.com/token", "fcm.googleapis.com/v1/projects/shop-1/messages:send",
		"fcm.googleapis.com/v1/projects/shop-1/messages:send"}, hosts); diff != "" {
		t.Error(diff)
	}
	if s.asked[1].Header.Get("Authorization") != "Bearer ya29.demo" ||
		!strings.Contains(s.bodies[1], `"token":"device-1"`) || !strings.Contains(s.bodies[1], `"seq":"7"`) {
		t.Errorf("asked %v %s", s.asked[1].Header, s.bodies[1])
	}
	for status, want := range map[int]error{404: ErrGone, 503: nil} {
		s.status = status
		err := f.Notify(t.Context(), a, chat.Subscription{Token: "device-1"}, note)
		if err == nil || want != nil && !errors.Is(err, want) || want == nil && errors.Is(err, ErrGone) {
			t.Errorf("%d: %v", status, err)
		}
	}
}

// TestNotificationOf: a glimpse, unless the brand wants none.
func TestNotificationOf(t *testing.T) {
	seq := int64(7)
	e := &events.Event{Subject: "cnv_x", Data: events.Data{Message: &events.Message{Actor: events.Actor{Name: "Ana"}}}}
	f := chat.Frame{ID: "m1", Seq: &seq,
		Content: []events.Content{{Kind: events.KindLocation}, events.NewText(strings.Repeat("ä", 200))}}
	n := notificationOf(channel.NewAccount("demo", "", nil), e, f)
	if n.Title != "Ana" || len([]rune(n.Body)) != glimpse || !strings.HasSuffix(n.Body, "…") || n.Seq != 7 ||
		n.App != "demo" {
		t.Errorf("%+v", n)
	}
	n = notificationOf(channel.NewAccount("demo", "", map[string]string{"push_preview": "no"}), e, f)
	if n.Title != "" || n.Body != wordless || n.Tag == "" {
		t.Errorf("without a preview: %+v", n)
	}
	if doc, err := channel.JSON(n); err != nil || bytes.Contains(doc, []byte("ä")) {
		t.Errorf("%s %v", doc, err)
	}
}
