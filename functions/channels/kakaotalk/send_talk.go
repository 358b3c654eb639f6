package kakaotalk

import (
	"context"
	"net/http"
	"path"
	"strconv"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// hubHost is Happytalk's hub. https://developer-center.happytalk.io/KakaoWebhook/
const hubHost = "kakao-api.happytalk.io"

const hub = "https://" + hubHost + "/kakaoWebhook/v3/bzc/"

// sendTalk says each content in the open talk, in order, with a serial number of its
// own: whatever was said already is dropped when the call is repeated.
func sendTalk(ctx context.Context, e channel.Env, o channel.Outgoing, userKey string) (channel.Sent, error) {
	a := e.Account
	if a.Value(hubID) == "" || a.Value(hubSecret) == "" || a.Value(senderKey) == "" {
		return channel.Sent{}, notConfigured("the consultation talk")
	}
	var sent channel.Sent
	for i, c := range o.Content {
		serial := serialNumber(o.ID, i)
		b := bubble{UserKey: userKey, SenderKey: a.Value(senderKey), SerialNumber: serial}
		call, body, err := b.of(ctx, e, o.ID, c)
		if err != nil {
			return channel.Sent{}, err
		}
		r, err := e.PostJSON(ctx, hub+call, hubHeader(a), body)
		if err != nil {
			return channel.Sent{}, err
		}
		if err := hubResult(r, nil); err != nil {
			return channel.Sent{}, err
		}
		sent.IDs = append(sent.IDs, serial)
	}
	return sent, nil
}

// maxSerial is the longest serial number.
// https://developer-center.happytalk.io/KakaoWebhook/MessageSend/plain
const maxSerial = 30

// serialNumber names the content at i of the message id, the same at every try.
func serialNumber(id string, i int) string {
	return channel.Digest([]byte(id), strconv.Itoa(i))[:maxSerial]
}

func hubHeader(a channel.Account) http.Header {
	return http.Header{"Ht-Client-Id": {a.Value(hubID)}, "Ht-Client-Secret": {a.Value(hubSecret)}}
}

// of is the call and the body that say c.
func (b bubble) of(ctx context.Context, e channel.Env, id string,
	c events.Content) (call string, body any, err error) {
	switch c.Kind {
	case events.KindText:
		b.Type, b.Message = "TEXT", c.Text.Body
		return "chat/send/plain", b, nil
	case events.KindMedia:
		b.Type = "IMAGE"
		b.Attachment, err = attachImage(ctx, e, id, c.Media, "")
		return "chat/send/plain", b, err
	case events.KindChoice:
		return b.choice(ctx, e, id, c.Choice)
	case events.KindNative:
		body, err := channel.Native(c.Native,
			bubble{UserKey: b.UserKey, SenderKey: b.SenderKey, SerialNumber: b.SerialNumber})
		return "chat/send/rich", body, err
	}
	return "", nil, unfit(c)
}

func (b bubble) choice(ctx context.Context, e channel.Env, id string, c *events.Choice) (string, any, error) {
	b.Type, b.Message, b.Attachment = "TEXT", c.Text, &attachment{}
	if c.Header != nil {
		a, err := attachImage(ctx, e, id, c.Header, "rich")
		if err != nil {
			return "", nil, err
		}
		b.Type, b.Attachment = "IMAGE", a
	}
	for _, o := range c.Options {
		b.Attachment.Buttons = append(b.Attachment.Buttons, newTalkButton(o))
	}
	return "chat/send/rich", b, nil
}

// newTalkButton opens a page, or says its name for the person and brings back the
// option's id as extra.
func newTalkButton(o events.Option) talkButton {
	if o.Action == events.ActionURL || o.Action == events.ActionWebView {
		return talkButton{Name: o.Label, Type: "WL", URLMobile: o.Value, URLPC: o.Value}
	}
	return talkButton{Name: o.Label, Type: "BK", Extra: o.ID}
}

// attachImage puts a picture into Kakao's store, which shows no other.
func attachImage(ctx context.Context, e channel.Env, id string, m *events.Media,
	imageType string) (*attachment, error) {
	form, err := newUpload(ctx, e, id, m, imageType)
	if err != nil {
		return nil, err
	}
	h := hubHeader(e.Account)
	h.Set("Content-Type", form.contentType)
	r, err := e.Do(ctx, http.MethodPost, hub+"image/upload", h, form.body)
	if err != nil {
		return nil, err
	}
	var w uploadReply
	if err := hubResult(r, &w); err != nil {
		return nil, err
	}
	if w.Image == "" {
		return nil, &channel.Error{Class: events.ClassPlatform, Title: "an upload without an address"}
	}
	return &attachment{Image: &talkImage{URL: w.Image}}, nil
}

type upload struct {
	contentType string
	body        []byte
}

// newUpload is the form of an upload. https://developer-center.happytalk.io/KakaoWebhook/Upload/image
func newUpload(ctx context.Context, e channel.Env, id string, m *events.Media,
	imageType string) (u upload, err error) {
	fields := []events.Field{{Name: "sender_key", Value: e.Account.Value(senderKey)}}
	if imageType != "" {
		fields = append(fields, events.Field{Name: "image_type", Value: imageType})
	}
	u.contentType, u.body, err = e.Form(ctx, id, fields, channel.File{Field: "image", Name: fileName(m), Media: *m})
	return u, err
}

// fileName is a name with the extension of the picture's type.
func fileName(m *events.Media) string {
	if m.MIME == "image/png" || path.Ext(m.URL) == ".png" {
		return "image.png"
	}
	return "image.jpg"
}
