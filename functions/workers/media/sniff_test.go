package media

import (
	"os"
	"path/filepath"
	"testing"
)

// TestSniff: no file is given out under a type that a browser would run, whatever it
// is said to be and whatever it begins with, and good ones keep theirs.
func TestSniff(t *testing.T) {
	const (
		html  = `<!DOCTYPE html><script>alert(1)</script>`
		svg   = `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`
		xml   = `<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><script>alert(1)</script></html>`
		late  = "hello, this is a note\n" + html
		gif   = "GIF89a/*" + "\x00\x00*/=1;alert(1)//"
		png   = "\x89PNG\r\n\x1a\n" + html
		pdf   = "%PDF-1.7\n" + html
		jpeg  = "\xff\xd8\xff\xe0" + svg
		plain = "just text"
		blob  = "application/octet-stream"
	)
	for _, c := range []struct{ content, claim, want string }{
		{html, "text/html", blob}, {html, "image/png", blob}, {html, "", blob}, {html, "application/pdf", blob},
		{"\xef\xbb\xbf\n" + html, "text/html", blob},
		{svg, "image/svg+xml", blob}, {xml, "application/xml", blob}, {xml, "text/plain", blob}, {svg,
			"application/xml", blob}, {plain, "application/xhtml+xml", blob},
		{late, "text/html", blob}, {late, "text/html; charset=utf-8", blob}, {late, "TEXT/HTML", blob}, {late,
			"text/javascript", blob}, {late, "application/ecmascript", blob},
		{plain, "text/xsl", blob}, {plain, "multipart/related", blob}, {plain, "message/rfc822", blob}, {late,
			"text/plain", "text/plain"},
		{gif, "text/javascript", "image/gif"}, {gif, "image/svg+xml", "image/gif"}, {gif, "image/gif", "image/gif"},
		{png, "text/html", "image/png"},
		{png, "image/svg+xml", "image/png"}, {pdf, "text/html", "application/pdf"}, {jpeg, "image/svg+xml",
			"image/jpeg"}, {jpeg, "image/png", "image/png"},
		{"PK\x03\x04", "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
			"application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
		{plain, "text/csv", "text/csv"}, {"OggS\x00", "audio/ogg", "audio/ogg"}, {plain, "no type at all", "text/plain"},
	} {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, []byte(c.content), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		got, err := sniff(f, c.claim)
		f.Close()
		if err != nil || got != c.want {
			t.Errorf("%.20q said to be %q: %q, %v, want %q", c.content, c.claim, got, err, c.want)
		}
	}
}
