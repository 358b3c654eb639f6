package wechat

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// medium is a picture, a recording, a film or a file by its media id.
func medium(ctx context.Context, e channel.Env, id string, m events.Media) (message, error) {
	kind := mediaKind(e.Account, m)
	if kind == "" {
		return linked(e.Account, m, "a Mini Program sends pictures only")
	}
	var out outMedia
	var err error
	if kind == "video" && !isKF(e.Account) { // sendPath's page wants a picture with each film
		if out.ThumbMediaID, err = thumbnail(ctx, e, id, m.Thumbnail); err != nil {
			return nil, err
		}
		if out.ThumbMediaID == "" {
			return linked(e.Account, m, "a film needs a picture of at most 64 KB, as JPEG")
		}
	}
	if out.MediaID, err = mediaID(ctx, e, id, kind, m); err != nil {
		return nil, err
	}
	return newMessage(kind, out), nil
}

// linked is a medium as a text with its address, or why it has none.
func linked(a channel.Account, m events.Media, why string) (message, error) {
	if m.URL == "" {
		return nil, unsendable(why)
	}
	return text(a, lines(cmp.Or(m.Name, m.Alt), m.URL)), nil
}

// mediaKind is as what m goes, "" where it goes as a link. Customer Service takes
// recordings as AMR and no GIF; others arrive there as the files they are.
// https://developer.work.weixin.qq.com/document/path/90253
func mediaKind(a channel.Account, m events.Media) string {
	kind := "image"
	switch m.Type {
	case events.Voice, events.Audio:
		kind = "voice"
	case events.Video:
		kind = "video"
	case events.File:
		kind = "file"
	}
	switch {
	case isMini(a) && kind != "image":
		return ""
	case isKF(a) && (kind == "voice" && m.MIME != "audio/amr" || m.MIME == "image/gif"):
		return "file"
	}
	return kind
}

func mediaID(ctx context.Context, e channel.Env, id, kind string, m events.Media) (string, error) {
	if m.PlatformID != "" {
		return m.PlatformID, nil
	}
	return upload(ctx, e, id, kind, m)
}

// thumbnail is a film's picture by its media id; none when it is too large for one.
func thumbnail(ctx context.Context, e channel.Env, id, picture string) (string, error) {
	if !strings.HasPrefix(picture, "https://") { // an id of WeChat's, or none
		return picture, nil
	}
	media, err := upload(ctx, e, id, "thumb", events.Media{Type: events.Image, URL: picture})
	var refused *channel.Error
	if errors.As(err, &refused) && refused.Class == events.ClassMedia {
		return "", nil
	}
	return media, err
}

// maxUpload is the largest file of each kind, in bytes.
// https://developers.weixin.qq.com/doc/service/api/material/temporary/api_uploadtempmedia
// https://developer.work.weixin.qq.com/document/path/90253
var maxUpload = map[string]int64{"image": 2 << 20, "voice": 2 << 20, "video": 10 << 20, "thumb": 64 << 10,
	"file": 20 << 20}

// upload stores a file for three days and returns its media id. Nothing has been said
// yet when it fails, so that whatever went wrong the message can be tried again.
func upload(ctx context.Context, e channel.Env, id, kind string, m events.Media) (string, error) {
	contentType, body, err := e.Form(ctx, id+kind, nil, channel.File{Field: "media", Name: fileName(kind, m), Media: m,
		Max: maxUpload[kind]})
	if err != nil {
		return "", err
	}
	host := apiHost
	if isKF(e.Account) {
		host = kfHost
	}
	r, err := e.Do(ctx, http.MethodPost, address(e, host, uploadPath)+"&type="+kind,
		http.Header{"Content-Type": {contentType}}, body)
	if err != nil {
		return "", fmt.Errorf("%w: upload: %w", channel.ErrNotSent, err)
	}
	var w uploaded
	if err := succeeded(e.Account, r, &w); err != nil {
		return "", unsaid(err)
	}
	media := cmp.Or(w.MediaID, w.ThumbMediaID)
	if media == "" {
		return "", &channel.Error{Class: events.ClassPlatform, Title: "an upload without a media id"}
	}
	return media, nil
}

// unsaid is err without doubt about what the platform has done.
func unsaid(err error) error {
	var e *channel.Error
	if errors.As(err, &e) {
		e.Unknown = false
	}
	return err
}

// told are the extensions from which WeChat sees that a file is of a kind, the usual one
// first. A file of any other kind needs one too, whichever it is.
// https://developers.weixin.qq.com/doc/service/api/material/temporary/api_uploadtempmedia
// https://developer.work.weixin.qq.com/document/path/90253
var told = map[string][]string{"image": {".jpg", ".jpeg", ".png", ".gif"}, "thumb": {".jpg", ".jpeg"},
	"voice": {".amr", ".mp3"}, "video": {".mp4"}, "file": {".bin"}}

// fileName is m's name, else the end of its address, with an extension that tells its type.
func fileName(kind string, m events.Media) string {
	name := m.Name
	if u, err := url.Parse(m.URL); name == "" && err == nil && u.Path != "" {
		name = path.Base(u.Path)
	}
	name = strings.TrimRight(strings.Trim(name, "/"), ".")
	tells := func(extension string) bool {
		return extension != "" && (kind == "file" || slices.Contains(told[kind], extension))
	}
	if tells(strings.ToLower(path.Ext(name))) {
		return name
	}
	if usual := channel.Extension(m); tells(usual) {
		return cmp.Or(name, kind) + usual
	}
	return cmp.Or(name, kind) + told[kind][0]
}

// fetch opens what a customer sent: by its media id, for three days, or where it is.
// A film comes as the address of the film.
// https://developers.weixin.qq.com/doc/service/api/material/temporary/api_getmedia.html
func fetch(ctx context.Context, e channel.Env, m events.Media) (io.ReadCloser, error) {
	if m.PlatformID == "" {
		return stream(ctx, e, m.URL)
	}
	host := apiHost
	if isKF(e.Account) {
		host = kfHost
	}
	body, r, err := e.Stream(ctx, address(e, host, mediaPath)+"&media_id="+url.QueryEscape(m.PlatformID), nil)
	if err != nil {
		return nil, err
	}
	if !r.OK() {
		return nil, lost(r)
	}
	if kind := r.Header.Get("Content-Type"); r.Header.Get("Content-Disposition") != "" ||
		!strings.Contains(kind, "json") && !strings.HasPrefix(kind, "text/plain") {
		return body, nil
	}
	return said(ctx, e, body)
}

// said reads what came instead of a file: an error, or the address of a film. What is
// neither is a file of text.
func said(ctx context.Context, e channel.Env, body io.ReadCloser) (io.ReadCloser, error) {
	defer body.Close()
	words, err := io.ReadAll(io.LimitReader(body, channel.MaxReply))
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	var w struct {
		result
		film
	}
	switch err := json.Unmarshal(words, &w); {
	case err == nil && w.Code != nil && *w.Code != 0:
		return nil, refused(e.Account, *w.Code, w.Message)
	case err == nil && w.VideoURL != "":
		return stream(ctx, e, w.VideoURL)
	}
	return io.NopCloser(bytes.NewReader(words)), nil
}

// stream opens a public address. WeChat writes some with http, and serves them all by https.
func stream(ctx context.Context, e channel.Env, address string) (io.ReadCloser, error) {
	if rest, ok := strings.CutPrefix(address, "http://"); ok {
		address = "https://" + rest
	}
	body, r, err := e.Stream(ctx, address, nil)
	switch {
	case err != nil:
		return nil, err
	case !r.OK():
		return nil, lost(r)
	}
	return body, nil
}

// lost says of a file that is not there that it is the media that fails.
func lost(r channel.Reply) *channel.Error {
	e := r.Failure()
	if e.Class == events.ClassRecipient {
		e.Class = events.ClassMedia
	}
	return e
}
