package telegram

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/url"
	"path"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// An upload is a file that Telegram does not fetch by itself.
type upload struct {
	field string
	media events.Media
}

// fileName is the last part of a URL's path where it is a name with an extension.
func fileName(address string) string {
	u, err := url.Parse(address)
	if err != nil || path.Ext(u.Path) == "" {
		return ""
	}
	return path.Base(u.Path)
}

// multipartOf is c as a form with its file. The boundary follows from the message's
// id, so that a repeated call has the same bytes.
// https://core.telegram.org/bots/api#making-requests
func multipartOf(ctx context.Context, e channel.Env, c call) (body []byte, contentType string, err error) {
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	if err := form.SetBoundary("relais-" + channel.Digest([]byte(c.id))); err != nil {
		return nil, "", err
	}
	if err := writeFields(form, c); err != nil {
		return nil, "", err
	}
	if err := writeFile(ctx, e, form, *c.upload); err != nil {
		return nil, "", err
	}
	if err := form.Close(); err != nil {
		return nil, "", err
	}
	return b.Bytes(), form.FormDataContentType(), nil
}

// writeFields writes c's parameters: texts as they are, the rest as JSON.
func writeFields(form *multipart.Writer, c call) error {
	text, err := channel.JSON(c)
	if err != nil {
		return err
	}
	var fields map[string]raw
	if err := json.Unmarshal(text, &fields); err != nil {
		return err
	}
	for _, name := range sortedKeys(fields) {
		value := string(fields[name])
		if strings.HasPrefix(value, `"`) {
			_ = json.Unmarshal(fields[name], &value) // it was made above
		}
		if err := form.WriteField(name, value); err != nil {
			return err
		}
	}
	return nil
}

func writeFile(ctx context.Context, e channel.Env, form *multipart.Writer, u upload) error {
	file, err := e.Open(ctx, u.media)
	if err != nil {
		return fmt.Errorf("%w: open the file: %w", channel.ErrNotSent, err)
	}
	defer file.Close()
	part, err := form.CreateFormFile(u.field, cmp.Or(u.media.Name, fileName(u.media.URL), u.field))
	if err != nil {
		return err
	}
	n, err := io.Copy(part, io.LimitReader(file, maxUpload+1))
	if err != nil {
		return fmt.Errorf("%w: read the file: %w", channel.ErrNotSent, err)
	}
	if n > maxUpload {
		return &channel.Error{Class: events.ClassMedia, Title: "the file has more than 50 MB"}
	}
	return nil
}
