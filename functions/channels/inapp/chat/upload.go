package chat

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/inapp"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/store"
)

const (
	// maxUpload bounds a file of a customer, in bytes.
	maxUpload = 50 << 20
	// uploadLife is how long a form may be used.
	uploadLife = 10 * time.Minute
	// maxName bounds a file's name, in bytes.
	maxName = 255
)

// upload gives a form with which a browser can store one file of a type and size,
// straight in the bucket. It is looked at before anybody gets it.
func (h *Handler) upload(ctx context.Context, r request) (answer, error) {
	var q struct {
		Name string `json:"name"`
		MIME string `json:"mime"`
		Size int64  `json:"size"`
	}
	if err := decode(r, &q); err != nil {
		return answer{}, err
	}
	kind, ok := uploadType(q.MIME)
	switch {
	case q.Size > maxUpload:
		return answer{}, Refuse(inapp.TooLarge, "files have up to 50 MiB")
	case !ok || q.Size < 1 || len(q.Name) > maxName:
		return answer{}, Refuse(inapp.Malformed, "files of this type are not taken")
	}
	if err := h.Ask(ctx, r.account, r.session); err != nil {
		return answer{}, err
	}
	id := inapp.UploadPrefix(r.account.ID, r.session.Thread) + random()
	address, fields, err := h.Files.PresignUpload(ctx, id, q.MIME, q.Size, uploadLife)
	if err != nil {
		return answer{}, err
	}
	type form struct {
		URL    string            `json:"url"`
		Fields map[string]string `json:"fields"`
	}
	return answer{http.StatusCreated, struct {
		Media     events.Media `json:"media"`
		Upload    form         `json:"upload"`
		ExpiresIn int          `json:"expiresIn"`
	}{events.Media{Type: kind, PlatformID: id, MIME: q.MIME, Name: q.Name, Bytes: q.Size}, form{address, fields},
		int(uploadLife.Seconds())}}, nil
}

// documents that customers may send beside pictures, films and recordings. What a
// browser would run (HTML, SVG, scripts) is not among them.
var documents = []string{"application/pdf", "text/plain", "text/csv", "application/zip", "application/json",
	"application/rtf", "application/msword",
	"application/vnd.ms-excel", "application/vnd.ms-powerpoint",
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	"application/vnd.openxmlformats-officedocument.presentationml.presentation",
	"application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.spreadsheet"}

// uploadType is how a file of a MIME type is shown; false when it is not taken.
func uploadType(text string) (string, bool) {
	t, _, err := mime.ParseMediaType(text)
	if err != nil || strings.Contains(t, "svg") || strings.Contains(t, "xml") && !slices.Contains(documents, t) {
		return "", false
	}
	top, _, _ := strings.Cut(t, "/")
	switch top {
	case events.Image, events.Video, events.Audio:
		return top, true
	}
	return events.File, slices.Contains(documents, t)
}

// A Subscription is where a device takes notifications.
type Subscription struct {
	Device   string   `json:"device"`
	Kind     string   `json:"kind"`               // WebPush, APNs or FCM
	Endpoint string   `json:"endpoint,omitempty"` // of a browser's push service
	Keys     PushKeys `json:"keys,omitzero"`
	Token    string   `json:"token,omitempty"`   // of an app
	Sandbox  bool     `json:"sandbox,omitempty"` // of APNs: the app was built for development
}

// PushKeys encrypt what only the browser shall read. https://www.rfc-editor.org/rfc/rfc8291
type PushKeys struct {
	P256DH string `json:"p256dh"`
	Auth   string `json:"auth"`
}

// Kinds of push services.
const (
	WebPush = "web"
	APNs    = "apns"
	FCM     = "fcm"
)

const (
	pushLife   = 60 * 24 * time.Hour // clients subscribe anew with each session
	maxPushes  = 20
	maxAddress = 2048
)

// subscribe keeps where a device takes notifications.
func (h *Handler) subscribe(ctx context.Context, r request) (answer, error) {
	var s Subscription
	if err := decode(r, &s); err != nil {
		return answer{}, err
	}
	if s.Kind == "" {
		s.Kind = WebPush
	}
	s.Device = r.session.Device
	if !s.valid() {
		return answer{}, Refuse(inapp.Malformed, "the subscription is none")
	}
	if err := h.Ask(ctx, r.account, r.session); err != nil {
		return answer{}, err
	}
	conversation := r.session.Conversation(r.account.ID)
	known, err := h.Devices.Pushes(ctx, conversation)
	if err != nil {
		return answer{}, err
	}
	id := channel.Digest([]byte(s.Endpoint + s.Token))
	if len(known) >= maxPushes && !slices.ContainsFunc(known, func(k store.Record) bool { return k.ID == id }) {
		return answer{}, &Refusal{Code: inapp.RateLimited, Title: "too many subscriptions", RetryAfter: time.Hour}
	}
	doc, err := json.Marshal(s)
	if err != nil {
		return answer{}, err
	}
	err = h.Devices.AddPush(ctx, conversation, id, doc, h.Now().Add(pushLife))
	return answer{http.StatusCreated, struct{}{}}, err
}

// Tokens as the services write them, in lengths that they may still grow to.
var (
	apnsToken = regexp.MustCompile(`^[0-9a-fA-F]{64,200}$`)
	fcmToken  = regexp.MustCompile(`^[A-Za-z0-9:_-]{20,1000}$`)
)

func (s Subscription) valid() bool {
	switch s.Kind {
	case WebPush:
		u, err := url.Parse(s.Endpoint)
		return err == nil && u.Scheme == "https" && u.Host != "" && len(s.Endpoint) <= maxAddress &&
			decodes(s.Keys.P256DH, 65) && decodes(s.Keys.Auth, 16)
	case APNs:
		return apnsToken.MatchString(s.Token)
	case FCM:
		return fcmToken.MatchString(s.Token)
	}
	return false
}

// decodes says whether text is size bytes in base64url, padded or not.
func decodes(text string, size int) bool {
	b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
	return err == nil && len(b) == size
}

// unsubscribe forgets where the session's device took notifications.
func (h *Handler) unsubscribe(ctx context.Context, r request) (answer, error) {
	conversation := r.session.Conversation(r.account.ID)
	known, err := h.Devices.Pushes(ctx, conversation)
	if err != nil {
		return answer{}, err
	}
	for _, k := range known {
		var s Subscription
		if json.Unmarshal(k.Doc, &s) == nil && s.Device == r.session.Device {
			if err := h.Devices.DropPush(ctx, conversation, k.ID); err != nil {
				return answer{}, err
			}
		}
	}
	return answer{status: http.StatusNoContent}, nil
}
