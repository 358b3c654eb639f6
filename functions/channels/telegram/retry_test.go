package telegram_test

import (
	"strings"
	"testing"

	"github.com/relais-dev/relais/events"
)

// TestNextForm: a refusal that says what would do is followed, once, and told.
func TestNextForm(t *testing.T) {
	const sent = `{"ok":true,"result":{"message_id":7,"chat":{"id":42}}}`
	refused := func(words string) string {
		return `{"ok":false,"error_code":400,"description":"Bad Request: ` + words + `"}`
	}
	picture := events.NewMedia(events.Media{Type: events.Image, URL: "https://a.example/a.jpg", MIME: "image/jpeg",
		Caption: "c"})
	voice := events.NewMedia(events.Media{Type: events.Voice, URL: "https://a.example/a.ogg", MIME: "audio/ogg"})
	for _, c := range []struct {
		words   string
		topic   string
		content events.Content
		method  string // of the second call
		body    string // that it has
		note    string
	}{
		{"message thread not found", "5", events.NewText("Hi"), "sendMessage", `{"chat_id":42,"text":"Hi"}`, "topic"},
		{"PHOTO_INVALID_DIMENSIONS", "", picture, "sendDocument", "a.jpg", "file"},
		{"IMAGE_PROCESS_FAILED", "", picture, "sendDocument", "a.jpg", "file"},
		{"VOICE_MESSAGES_FORBIDDEN", "", voice, "sendDocument", "a.ogg", "file"},
		{"failed to get HTTP URL content", "", picture, "sendPhoto", "bytes", "uploaded"},
	} {
		p := answering(200, refused(c.words), sent)
		p.replies[0].Status = 400
		o := outgoing(events.Conversation{PlatformID: "42", Kind: events.Group, Topic: c.topic}, c.content)
		got, err := p.send(o)
		if err != nil || len(p.asked) != 2 {
			t.Errorf("%s: %d calls, %v", c.words, len(p.asked), err)
			continue
		}
		if !strings.HasSuffix(p.asked[1].URL.Path, "/"+c.method) || !strings.Contains(p.bodies[1], c.body) ||
			!strings.Contains(got.Note, c.note) {
			t.Errorf("%s: %s %s, note %q", c.words, p.asked[1].URL.Path, p.bodies[1], got.Note)
		}
	}
	p := answering(400, refused("message thread not found"))
	if _, err := p.send(outgoing(events.Conversation{PlatformID: "42", Topic: "5"}, events.NewText("Hi"))); err == nil ||
		len(p.asked) != 2 {
		t.Errorf("%d calls, %v", len(p.asked), err)
	}
}
