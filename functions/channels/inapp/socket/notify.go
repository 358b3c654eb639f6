package socket

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	webpush "github.com/SherClockHolmes/webpush-go"
	"github.com/golang-jwt/jwt/v5"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/inapp"
	"github.com/relais-dev/relais/functions/channels/inapp/chat"
	"github.com/relais-dev/relais/functions/channels/internal/google"
	"github.com/relais-dev/relais/shared/channel"
)

// A Service brings a notification to a device. Its error is ErrGone when the
// device does not take them any more.
type Service interface {
	Notify(context.Context, channel.Account, chat.Subscription, Notification) error
}

// A Notification is what a device shows while nobody looks at the conversation. It
// holds ids and a glimpse: what was said is in the history.
type Notification struct {
	Title        string `json:"title,omitempty"` // who speaks
	Body         string `json:"body,omitempty"`
	Tag          string `json:"tag"` // the same for repetitions, which replace each other
	App          string `json:"app"`
	Conversation string `json:"conversation"`
	Seq          int64  `json:"seq"`
}

// glimpse is how much of a message a notification shows, in characters. All services
// take 4 KB. https://developer.apple.com/documentation/usernotifications/generating-a-remote-notification
const glimpse = 160

// wordless stands for what has no words or must not be shown, in any language:
// devices show no notification that is empty.
const wordless = "💬"

// notificationLife is how long a service keeps one for a device that is off.
const notificationLife = 24 * time.Hour

func notificationOf(a channel.Account, e *events.Event, f chat.Frame) Notification {
	n := Notification{Tag: channel.Digest([]byte(f.ID)), App: a.ID, Conversation: e.Subject, Seq: *f.Seq,
		Title: e.Data.Message.Actor.Name}
	if strings.EqualFold(a.Value(inapp.PushPreview), "no") {
		n.Title, n.Body = "", wordless
		return n
	}
	for _, c := range f.Content {
		if n.Body = words(c); n.Body != "" {
			break
		}
	}
	n.Body = cmp.Or(n.Body, wordless)
	if runes := []rune(n.Body); len(runes) > glimpse {
		n.Body = string(runes[:glimpse-1]) + "…"
	}
	return n
}

// words are what a content says in plain text, or "".
func words(c events.Content) string {
	switch {
	case c.Text != nil:
		return c.Text.Body
	case c.Choice != nil:
		return c.Choice.Text
	case c.Media != nil:
		return c.Media.Caption
	case c.Form != nil:
		return c.Form.Title
	case c.Schedule != nil:
		return c.Schedule.Title
	}
	return ""
}

// client is the way out.
type client interface {
	Do(*http.Request) (*http.Response, error)
}

// maxAnswer bounds what is read of a service's answer.
const maxAnswer = 64 << 10

// outcome reads a service's answer. gone are statuses, or words of the answer, of a
// device that is no more.
func outcome(resp *http.Response, err error, gone ...string) error {
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return err
	}
	if resp.StatusCode/100 == 2 {
		return nil
	}
	for _, sign := range gone {
		if sign == strconv.Itoa(resp.StatusCode) || bytes.Contains(body, []byte(sign)) {
			return ErrGone
		}
	}
	return fmt.Errorf("the service answered %d", resp.StatusCode)
}

// webPush speaks to the push service of any browser.
// https://www.rfc-editor.org/rfc/rfc8030, https://www.rfc-editor.org/rfc/rfc8291
type webPush struct{ out client }

// Notify encrypts n for the browser alone.
func (w webPush) Notify(ctx context.Context, a channel.Account, s chat.Subscription, n Notification) error {
	public := inapp.VAPIDPublic(a)
	if public == "" {
		return errors.New("the account has no usable " + inapp.VAPIDPrivate)
	}
	body, err := channel.JSON(n)
	if err != nil {
		return err
	}
	resp, err := webpush.SendNotificationWithContext(ctx, body,
		&webpush.Subscription{Endpoint: s.Endpoint, Keys: webpush.Keys{Auth: s.Keys.Auth, P256dh: s.Keys.P256DH}},
		&webpush.Options{HTTPClient: w.out, Subscriber: strings.TrimPrefix(a.Value(inapp.VAPIDSubject), "mailto:"),
			TTL:     int(notificationLife.Seconds()),
			Urgency: webpush.UrgencyHigh, VAPIDPublicKey: public, VAPIDPrivateKey: a.Value(inapp.VAPIDPrivate)})
	return outcome(resp, err, "404", "410")
}

// A tokens keeps access tokens of services: Apple refuses who makes one each time.
// https://developer.apple.com/documentation/usernotifications/establishing-a-token-based-connection-to-apns
type tokens struct {
	now func() time.Time

	mu   sync.Mutex
	kept map[string]channel.Token
}

// get is the token of that name, made anew when it ends soon.
func (t *tokens) get(name string, mint func(now time.Time) (channel.Token, error)) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if k, ok := t.kept[name]; ok && t.now().Add(time.Minute).Before(k.ExpiresAt) {
		return k.Value, nil
	}
	made, err := mint(t.now())
	if err != nil {
		return "", err
	}
	if t.kept == nil {
		t.kept = map[string]channel.Token{}
	}
	t.kept[name] = made
	return made.Value, nil
}

// apns is Apple's service.
// https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns
type apns struct {
	out    client
	tokens *tokens
}

// apnsTokenLife is within what Apple takes: no older than an hour, no newer than 20 minutes.
const apnsTokenLife = 40 * time.Minute

// Notify sends an alert.
func (p apns) Notify(ctx context.Context, a channel.Account, s chat.Subscription, n Notification) error {
	token, err := p.tokens.get("apns/"+a.ID, func(now time.Time) (channel.Token, error) { return apnsToken(a, now) })
	if err != nil {
		return err
	}
	body, err := channel.JSON(
		map[string]any{"aps": map[string]any{"alert": map[string]string{"title": n.Title, "body": n.Body},
			"mutable-content": 1, "thread-id": n.Conversation},
			"relais": n})
	if err != nil {
		return err
	}
	host := "api.push.apple.com"
	if s.Sandbox {
		host = "api.sandbox.push.apple.com"
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+host+"/3/device/"+s.Token,
		strings.NewReader(string(body)))
	if err != nil {
		return err
	}
	r.Header = http.Header{"Authorization": {"bearer " + token}, "Apns-Topic": {a.Value(inapp.APNsTopic)},
		"Apns-Push-Type": {"alert"}, "Apns-Priority": {"10"},
		"Apns-Collapse-Id": {n.Tag}, "Apns-Expiration": {strconv.FormatInt(p.tokens.now().Add(notificationLife).Unix(), 10)}}
	resp, err := p.out.Do(r)
	return outcome(resp, err, "410", "BadDeviceToken", "DeviceTokenNotForTopic")
}

func apnsToken(a channel.Account, now time.Time) (channel.Token, error) {
	key, err := jwt.ParseECPrivateKeyFromPEM([]byte(a.Value(inapp.APNsKey)))
	if err != nil {
		return channel.Token{}, errors.New("the account has no usable " + inapp.APNsKey)
	}
	t := jwt.NewWithClaims(jwt.SigningMethodES256, jwt.MapClaims{"iss": a.Value(inapp.APNsTeam), "iat": now.Unix()})
	t.Header["kid"] = a.Value(inapp.APNsKeyID)
	signed, err := t.SignedString(key)
	return channel.Token{Value: signed, ExpiresAt: now.Add(apnsTokenLife)}, err
}

// fcm is Google's service.
// https://firebase.google.com/docs/cloud-messaging/send/v1-api
type fcm struct {
	out    client
	tokens *tokens
}

const fcmScope = "https://www.googleapis.com/auth/firebase.messaging"

// Notify sends data and a notification.
func (f fcm) Notify(ctx context.Context, a channel.Account, s chat.Subscription, n Notification) error {
	var file struct {
		Project string `json:"project_id"`
	}
	if json.Unmarshal([]byte(a.Value(inapp.FCMAccount)), &file) != nil || file.Project == "" {
		return errors.New("the account has no usable " + inapp.FCMAccount)
	}
	token, err := f.tokens.get("fcm/"+a.ID, func(now time.Time) (channel.Token, error) {
		service := channel.NewAccount(a.ID, "", map[string]string{google.ServiceAccount: a.Value(inapp.FCMAccount)})
		return google.Token(ctx, channel.Env{Account: service, HTTP: f.out, Now: now}, fcmScope)
	})
	if err != nil {
		return err
	}
	body, err := channel.JSON(map[string]any{"message": map[string]any{"token": s.Token,
		"notification": map[string]string{"title": n.Title, "body": n.Body},
		"data": map[string]string{"app": n.App, "conversation": n.Conversation,
			"seq": strconv.FormatInt(n.Seq, 10)},
		"android": map[string]any{"priority": "HIGH", "collapse_key": n.Tag,
			"ttl": strconv.Itoa(int(notificationLife.Seconds())) + "s"}}})
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://fcm.googleapis.com/v1/projects/"+file.Project+
		"/messages:send", strings.NewReader(string(body)))
	if err != nil {
		return err
	}
	r.Header = channel.Bearer(token)
	r.Header.Set("Content-Type", "application/json")
	resp, err := f.out.Do(r)
	return outcome(resp, err, "404", "UNREGISTERED")
}
