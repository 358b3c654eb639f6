package telegram

import (
	"context"
	"encoding/json"
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

// multipartOf is c as a form with its file.
// https://core.telegram.org/bots/api#making-requests
func multipartOf(ctx context.Context, e channel.Env, c call) (body []byte, contentType string, err error) {
	fields, err := fieldsOf(c)
	if err != nil {
		return nil, "", err
	}
	u := *c.upload
	contentType, body, err = e.Form(ctx, c.id, fields, channel.File{Field: u.field, Name: channel.FileName(u.media),
		Media: u.media, Max: maxUpload})
	return body, contentType, err
}

// fieldsOf are c's parameters: texts as they are, the rest as JSON.
func fieldsOf(c call) ([]events.Field, error) {
	text, err := channel.JSON(c)
	if err != nil {
		return nil, err
	}
	var parameters map[string]raw
	if err := json.Unmarshal(text, &parameters); err != nil {
		return nil, err
	}
	var fields []events.Field
	for _, name := range sortedKeys(parameters) {
		value := string(parameters[name])
		if strings.HasPrefix(value, `"`) {
			_ = json.Unmarshal(parameters[name], &value) // it was made above
		}
		fields = append(fields, events.Field{Name: name, Value: value})
	}
	return fields, nil
}
