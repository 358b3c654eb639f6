package telegram

import (
	"context"
	"slices"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// persist makes the call c and, where Telegram's refusal says what would do, that:
// a refused call has sent nothing. note tells what had to change.
func persist(ctx context.Context, e channel.Env, c call) (a answer, note string, err error) {
	var notes []string
	for {
		a, err = invoke(ctx, e, c)
		if err == nil {
			return a, strings.Join(notes, "; "), nil
		}
		next, note, ok := c.instead(a)
		if !ok || slices.Contains(notes, note) { // each once
			return a, "", err
		}
		c, notes = next, append(notes, note)
	}
}

// instead is what to call after the refusal a, and what changes with it.
func (c call) instead(a answer) (next call, note string, ok bool) {
	said := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(a.Description, w) })
	}
	switch {
	case a.Parameters.MigrateTo != 0:
		c.ChatID = a.Parameters.MigrateTo
		return c, "the group has become a supergroup", true
	case c.Thread != 0 && said("message thread not found", "TOPIC_DELETED", "TOPIC_ID_INVALID"):
		c.Thread = 0
		return c, "the topic is gone: sent to the group", true
	case c.file == nil:
		return c, "", false
	case c.file.Type == events.Image && said("PHOTO_", "IMAGE_PROCESS_FAILED"):
		return c.as(events.File, "Telegram takes no picture of this form: sent as a file")
	case c.file.Type == events.Voice && said("VOICE_MESSAGES_FORBIDDEN"):
		return c.as(events.File, "the customer takes no voice messages: sent as a file")
	case c.upload == nil && c.file.URL != "" &&
		said("failed to get HTTP URL content", "wrong type of the web page content", "wrong file identifier/HTTP URL"):
		m := *c.file
		c.mediaFields, c.upload = mediaFields{}, &upload{field: mediaMethods[m.Type].field, media: m}
		return c, "Telegram could not fetch the file: uploaded", true
	}
	return c, "", false
}

// as is c with its file as media of another type.
func (c call) as(typ, note string) (call, string, bool) {
	m := *c.file
	m.Type, m.PlatformID = typ, ""
	if m.URL == "" && m.SHA256 == "" { // the id of a picture is none of a file
		return c, "", false
	}
	c.mediaFields, c.upload = mediaFields{}, nil
	c, err := c.media(m)
	return c, note, err == nil
}
