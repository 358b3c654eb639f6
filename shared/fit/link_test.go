package fit

import (
	"testing"

	"github.com/relais-dev/relais/events"
)

// An address ends as the file's type does: some platforms tell the type by it.
func TestLinkedEndsAsItsType(t *testing.T) {
	for _, v := range []struct {
		media events.Media
		want  string
	}{
		{events.Media{Type: events.Image, SHA256: "d", MIME: "image/png"}, "d.png"},
		{events.Media{Type: events.File, SHA256: "d", Name: "Offer.DOCX"}, "d.docx"},
		{events.Media{Type: events.File, SHA256: "d", Name: "a.b/../c?x"}, "d"},
		{events.Media{Type: events.File, SHA256: "d"}, "d"},
		{events.Media{Type: events.File, SHA256: "d", URL: "https://e.example/x"}, "https://e.example/x"},
	} {
		got := Linked([]events.Content{events.NewMedia(v.media)}, func(name string) string { return name })
		if got[0].Media.URL != v.want {
			t.Errorf("%+v is at %s, want %s", v.media, got[0].Media.URL, v.want)
		}
	}
}
