package zalo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// newMedia is a picture or a file, uploaded first, or a sticker by its id.
func newMedia(ctx context.Context, e channel.Env, id string, m *events.Media) (reply, error) {
	if m.Type == events.Sticker {
		return ofMedia("", element{MediaType: "sticker", AttachmentID: m.PlatformID}), nil
	}
	kind := "image"
	if m.Type == events.File {
		kind = "file"
	}
	w, err := upload(ctx, e, id, kind, m)
	if err != nil {
		return reply{}, err
	}
	if kind == "file" {
		return reply{Attachment: &attached{Type: "file", Payload: filePayload{w.Token}}}, nil
	}
	return ofMedia(m.Caption, element{MediaType: "image", AttachmentID: w.AttachmentID}), nil
}

// ofMedia is one medium.
// https://developers.zalo.me/docs/official-account/tin-nhan/tin-tu-van/gui-tin-tu-van-dinh-kem-anh
func ofMedia(text string, m element) reply {
	return templated(text, templatePayload{Type: "media", Elements: []element{m}})
}

func templated(text string, p templatePayload) reply {
	return reply{Text: text, Attachment: &attached{Type: "template", Payload: p}}
}

// upload stores a file at Zalo for about a week.
// https://developers.zalo.me/docs/official-account/quan-ly/upload-hinh-anh
func upload(ctx context.Context, e channel.Env, id, kind string, m *events.Media) (uploaded, error) {
	contentType, body, err := e.Form(ctx, id, nil, channel.File{Field: "file", Name: fileName(kind, *m), Media: *m})
	if err != nil {
		return uploaded{}, err
	}
	h := access(e)
	h.Set("Content-Type", contentType)
	r, err := e.Do(ctx, http.MethodPost, "https://"+apiHost+"/v2.0/oa/upload/"+kind, h, body)
	if err != nil {
		return uploaded{}, fmt.Errorf("%w: upload: %w", channel.ErrNotSent, err)
	}
	var w uploaded
	if err := succeeded(r, &w); err != nil {
		return uploaded{}, unsaid(err)
	}
	if w.AttachmentID == "" && w.Token == "" {
		return uploaded{}, &channel.Error{Class: events.ClassPlatform, Title: "an upload without an id"}
	}
	return w, nil
}

// Extensions of what Zalo takes.
// https://developers.zalo.me/docs/official-account/quan-ly/upload-hinh-anh
// https://developers.zalo.me/docs/official-account/quan-ly/upload-file
var (
	pictures  = []string{".jpg", ".jpeg", ".png"}
	documents = []string{".pdf", ".doc", ".docx", ".csv"}
)

// fileName is m's name, with the extension of its type where it does not end in one that
// Zalo takes.
func fileName(kind string, m events.Media) string {
	name, known, usual := channel.FileName(m), documents, channel.Extension(m)
	if kind == "image" {
		known, usual = pictures, cmp.Or(usual, ".jpg")
	}
	if slices.Contains(known, strings.ToLower(path.Ext(name))) {
		return name
	}
	return name + usual
}

// unsaid is err, of an upload: whatever became of it, nobody has read anything yet.
func unsaid(err error) error {
	var e *channel.Error
	if errors.As(err, &e) {
		known := *e
		known.Unknown = false
		return &known
	}
	return err
}
