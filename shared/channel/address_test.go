package channel

import (
	"testing"

	"github.com/relais-dev/relais/events"
)

func TestURL(t *testing.T) {
	for s, want := range map[string]string{
		"https://cdn.example.com/fotos/büro plan 1.jpg": "https://cdn.example.com/fotos/b%C3%BCro%20plan%201.jpg",
		"https://cdn.example.com/b%C3%BCro%20plan.jpg":  "https://cdn.example.com/b%C3%BCro%20plan.jpg",
		"https://müller.example/ü?q=a b&r=100%#t#u":     "https://xn--mller-kva.example/%C3%BC?q=a%20b&r=100%25#t%23u",
		"HTTPS://Shop.Example.COM/A":                    "https://shop.example.com/A",
		" https://example.com/a\u200b\n":                "https://example.com/a",
		"https://例え。テスト:8443/x":                         "https://xn--r8jz45g.xn--zckzah:8443/x",
		"https://example.com/a?b[]=1&c={d}|e":           "https://example.com/a?b[]=1&c=%7Bd%7D%7Ce",
		"https://my_bucket.s3.amazonaws.com/k":          "https://my_bucket.s3.amazonaws.com/k",
		"mailto:a@example.com?subject=Grüße an alle":    "mailto:a@example.com?subject=Gr%C3%BC%C3%9Fe%20an%20alle",
		"tel:+49 30": "tel:+49%2030", "example.com": "", "https://a b.example/": "", "": "", "://x": "",
	} {
		got, ok := URL(s)
		if ok != (want != "") || ok && got != want {
			t.Errorf("URL(%q) = %q, %t, want %q", s, got, ok, want)
		}
		if again, _ := URL(got); ok && again != got {
			t.Errorf("%q becomes %q when encoded again", got, again)
		}
	}
}

func TestLinks(t *testing.T) {
	none, some := Links{}, Links{Schemes: []string{"tg", "mailto"}, Local: true}
	for s, want := range map[string][2]bool{
		"https://example.com/": {true, true}, "http://example.com:8080": {true, true}, "https://intranet/path": {false,
			true}, "https://localhost": {false, true},
		"https://printer.local/": {false, true}, "https://10.0.0.1/": {false, true}, "https://203.0.113.7/": {true, true},
		"https://[::1]/":            {false, true},
		"https://user@example.com/": {false, false}, "tg://user?id=1": {false, true}, "mailto:a@b.example": {false, true},
		"javascript:alert(1)": {false, false}, "https://": {false, false},
	} {
		if got := [2]bool{none.Opens(s), some.Opens(s)}; got != want {
			t.Errorf("%s opens %v, want %v", s, got, want)
		}
	}
}

func TestMIME(t *testing.T) {
	for _, c := range []struct {
		mime, name, url, want string
	}{
		{"image/jpg", "", "", "image/jpeg"}, {"IMAGE/PJPEG", "", "", "image/jpeg"}, {"audio/mp3", "", "", "audio/mpeg"},
		{"audio/x-m4a", "", "", "audio/mp4"},
		{"application/octet-stream", "a.PDF", "", "application/pdf"}, {"application/octet-stream", "a", "",
			"application/octet-stream"},
		{"", "", "https://a.example/b%20c.PNG?x=y.gif", "image/png"}, {"", "", "https://a.example/b", ""}, {"", "a.mp4",
			"https://a.example/b.gif", "video/mp4"},
		{"audio/ogg;codecs=opus", "", "", "audio/ogg; codecs=opus"}, {"image/jpeg; ", "", "", "image/jpeg"}, {"jpeg",
			"a.jpg", "", "image/jpeg"}, {"audio/opus", "", "", "audio/ogg; codecs=opus"},
	} {
		if got := MIME(events.Media{MIME: c.mime, Name: c.name, URL: c.url}); got != c.want {
			t.Errorf("%+v is %q", c, got)
		}
	}
}

func TestFileName(t *testing.T) {
	for _, c := range []struct {
		media events.Media
		want  string
	}{
		{events.Media{Type: events.File, Name: " a/b\\c\x00.pdf "}, "abc.pdf"}, {events.Media{Type: events.File,
			URL: "https://a.example/b%C3%BC%20c.pdf?x=1"}, "bü c.pdf"},
		{events.Media{Type: events.File, URL: "https://a.example/media/0a0b", MIME: "application/pdf"}, "file.pdf"},
		{events.Media{Type: events.File, Name: "Rechnung", MIME: "application/pdf"}, "Rechnung.pdf"},
		{events.Media{Type: events.Image, URL: "https://a.example/"}, "image"}, {events.Media{Type: events.File, Name: ".."},
			"file"},
	} {
		if got := FileName(c.media); got != c.want {
			t.Errorf("%+v is called %q, want %q", c.media, got, c.want)
		}
	}
}

func TestLanguage(t *testing.T) {
	for s, want := range map[string]string{"pt-BR": "pt_BR", "pt_BR": "pt_BR", "PT-br": "pt_BR", "en": "en",
		"zh-hant-tw": "zh_Hant_TW", "es-419": "es_419"} {
		if got := Language(s, "_"); got != want {
			t.Errorf("%s is %s, want %s", s, got, want)
		}
	}
}
