package fit

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

func TestMedia(t *testing.T) {
	const url = "https://media.example.com/m"
	type limits = map[string]channel.MediaLimit
	for _, c := range []struct {
		name         string
		media        events.Media
		limits       limits
		want         []string // type and caption, or text
		as, loss     string
		keepPlatform bool
	}{
		{"native", events.Media{Type: events.Image, URL: url, Caption: "c"}, limits{events.Image: {Caption: 1}},
			[]string{"image c"}, events.AsNative, events.LossNone, false},
		{"caption too long", events.Media{Type: events.Image, URL: url, Caption: "cc"}, limits{events.Image: {Caption: 1}},
			[]string{"image ", "cc"}, events.AsNative, events.LossNone, false},
		{"no captions", events.Media{Type: events.Image, URL: url, Caption: "c"}, limits{events.Image: {}},
			[]string{"image ", "c"}, events.AsNative, events.LossNone, false},
		{"sticker as image", events.Media{Type: events.Sticker, URL: url, PlatformID: "7"}, limits{events.Image: {},
			events.File: {}}, []string{"image "}, events.AsFallback, events.LossStyle, false},
		{"sticker as file", events.Media{Type: events.Sticker, URL: url, MIME: "image/webp"},
			limits{events.Image: {MIME: []string{"image/png"}}, events.File: {}}, []string{"file "}, events.AsFallback,
			events.LossStyle, false},
		{"platform's sticker", events.Media{Type: events.Sticker, PlatformID: "7"}, limits{events.Sticker: {}},
			[]string{"sticker "}, events.AsNative, events.LossNone, true},
		{"another platform's sticker", events.Media{Type: events.Sticker, PlatformID: "7"}, limits{events.Image: {}}, nil,
			events.AsRefused, events.LossRefused, false},
		{"film as animation", events.Media{Type: events.Animation, MIME: "video/mp4", URL: url}, limits{events.Image: {},
			events.Video: {}}, []string{"video "}, events.AsFallback, events.LossStyle, false},
		{"picture as animation", events.Media{Type: events.Animation, MIME: "image/gif", URL: url}, limits{events.Image: {},
			events.Video: {}}, []string{"image "}, events.AsFallback, events.LossStyle, false},
		{"voice as audio", events.Media{Type: events.Voice, MIME: "audio/ogg; codecs=opus", URL: url},
			limits{events.Audio: {MIME: []string{"audio/*"}}}, []string{"audio "}, events.AsFallback, events.LossStyle, false},
		{"parameters that a pattern names", events.Media{Type: events.Voice, MIME: "audio/ogg;codecs=opus", URL: url},
			limits{events.Voice: {MIME: []string{"audio/ogg; codecs=opus"}}}, []string{"voice "}, events.AsNative,
			events.LossNone, false},
		{"parameters that are missing", events.Media{Type: events.Voice, MIME: "audio/ogg", URL: url},
			limits{events.Voice: {MIME: []string{"audio/ogg; codecs=opus"}}}, []string{url}, events.AsFallback,
			events.LossStyle, false},
		{"too large", events.Media{Type: events.Video, URL: url, Bytes: 3}, limits{events.Video: {Bytes: 2},
			events.File: {Bytes: 3}}, []string{"file "}, events.AsFallback, events.LossStyle, false},
		{"link", events.Media{Type: events.File, URL: url, Name: "n.pdf", Alt: "a", Caption: "c"}, nil,
			[]string{"n.pdf\nc\n" + url}, events.AsFallback, events.LossStyle, false},
		{"stored file, no files", events.Media{Type: events.File, SHA256: "00"}, nil, nil, events.AsRefused,
			events.LossRefused, false},
	} {
		p, r := one(events.NewMedia(c.media), channel.Limits{Text: 99, Media: c.limits})
		var got []string
		for _, content := range flat(p) {
			if m := content.Media; m != nil {
				got = append(got, m.Type+" "+m.Caption)
				if (m.PlatformID != "") != c.keepPlatform {
					t.Errorf("%s: platform id %q", c.name, m.PlatformID)
				}
				continue
			}
			got = append(got, content.Text.Body)
		}
		if diff := cmp.Diff(c.want, got); diff != "" || r.As != c.as || r.Loss != c.loss {
			t.Errorf("%s: %s %s, want %s %s (-want +got):\n%s", c.name, r.As, r.Loss, c.as, c.loss, diff)
		}
	}
}

// A problem of Takes sends the media as the next type and is told.
func TestTakesMedia(t *testing.T) {
	l := channel.Limits{Text: 99, Media: map[string]channel.MediaLimit{events.Image: {}, events.File: {}},
		Takes: func(c events.Content) string {
			if c.Kind == events.KindMedia && c.Media.Type == events.Image {
				return "no pictures today"
			}
			return ""
		}}
	p, r := one(events.NewMedia(events.Media{Type: events.Image, URL: "https://media.example.com/m"}), l)
	want := events.Rendering{Kind: events.KindMedia, As: events.AsFallback, Loss: events.LossStyle, Calls: []int{1},
		Details: []string{"no pictures today", "image sent as file"}}
	if diff := cmp.Diff(want, r); diff != "" || p.Calls[0].Content[0].Media.Type != events.File {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
