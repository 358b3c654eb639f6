package apple

import (
	"bytes"
	"cmp"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// Files lie encrypted at Apple, each with a key of its own: AES-256 in counter mode
// from a counter of zero, which is safe because no key is used twice.
// https://register.apple.com/resources/messages/msp-rest-api/type-text

// stream is the cipher of a key as messages hold it: hexadecimal, after a byte 00.
func stream(key string) (cipher.Stream, error) {
	raw, err := hex.DecodeString(key)
	if err != nil || len(raw) < 32 {
		return nil, malformedKey()
	}
	block, err := aes.NewCipher(raw[len(raw)-32:])
	if err != nil {
		return nil, malformedKey()
	}
	return cipher.NewCTR(block, make([]byte, aes.BlockSize)), nil
}

func malformedKey() error {
	return &channel.Error{Class: events.ClassMedia, Title: "the key of the attachment is malformed"}
}

// media is a text that consists of the file's place, and of its caption.
func (s sender) media(ctx context.Context, m *events.Media) (any, error) {
	file, err := s.Open(ctx, *m)
	if err != nil {
		return nil, fmt.Errorf("%w: open the file: %w", channel.ErrNotSent, err)
	}
	defer file.Close()
	var b bytes.Buffer
	b.Grow(int(min(max(m.Bytes, 0), maxFile)) + bytes.MinRead)
	if n, err := b.ReadFrom(io.LimitReader(file, maxFile+1)); err != nil {
		return nil, fmt.Errorf("%w: read the file: %w", channel.ErrNotSent, err)
	} else if n > maxFile {
		return nil, &channel.Error{Class: events.ClassMedia, Title: "the file is larger than 100 MB"}
	}
	a, err := s.upload(ctx, cmp.Or(m.Name, nameOf(m)), cmp.Or(m.MIME, http.DetectContentType(b.Bytes())), b.Bytes())
	if err != nil {
		return nil, err
	}
	w := s.message("text")
	w.Body, w.Attachments = placeholder+m.Caption, []sentAttachment{a}
	return w, nil
}

// nameOf a file that has none: the last element of its URL, else its kind.
func nameOf(m *events.Media) string {
	if u, err := url.Parse(m.URL); err == nil {
		if name := u.Path[strings.LastIndexByte(u.Path, '/')+1:]; name != "" {
			return name
		}
	}
	return m.Type
}

// upload encrypts content, in place, and leaves it at Apple.
func (s sender) upload(ctx context.Context, name, mime string, content []byte) (sentAttachment, error) {
	a := sentAttachment{Name: name, MIMEType: mime, Size: strconv.Itoa(len(content)), Key: s.newKey(content)}
	c, err := stream(a.Key)
	if err != nil {
		return a, err
	}
	c.XORKeyStream(content, content)
	header := s.proof()
	header.Set("Size", a.Size)
	var place struct {
		UploadURL string `json:"upload-url"`
		URL       string `json:"mmcs-url"`
		Owner     string `json:"mmcs-owner"`
	}
	if err := s.before(ctx, http.MethodGet, gateway+"/preUpload", header, nil, &place); err != nil {
		return a, err
	}
	var stored struct {
		SingleFile struct {
			Checksum string `json:"fileChecksum"`
		} `json:"singleFile"`
	}
	if err := s.before(ctx, http.MethodPost, place.UploadURL, http.Header{"Content-Type": {"application/octet-stream"}},
		content, &stored); err != nil {
		return a, err
	}
	a.URL, a.Owner, a.SignatureBase64 = place.URL, place.Owner, stored.SingleFile.Checksum
	if a.URL == "" || a.Owner == "" || a.SignatureBase64 == "" {
		return a, nowhere()
	}
	return a, nil
}

// nowhere is the error of a gateway that answers without saying where a file is.
func nowhere() error {
	return &channel.Error{Class: events.ClassPlatform, Title: "the gateway named no place for the file"}
}

// newKey is a key for content in this message alone: another try has the same.
func (s sender) newKey(content []byte) string {
	sum := sha256.Sum256(content)
	keys := keysOf(s.Account)
	if len(keys) == 0 {
		return ""
	}
	secret, _ := keys[0].([]byte)
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("attachment\x00" + s.id + "\x00"))
	mac.Write(sum[:])
	return "00" + strings.ToUpper(hex.EncodeToString(mac.Sum(nil)))
}

// before makes a call that comes before the message: whatever fails, the message
// was not sent.
func (s sender) before(ctx context.Context, method, url string, header http.Header, body []byte, answer any) error {
	reply, err := s.Do(ctx, method, url, header, body)
	if err != nil {
		return fmt.Errorf("%w: %w", channel.ErrNotSent, err)
	}
	if reply.OK() && reply.Decode(answer) == nil {
		return nil
	}
	e := failure(reply)
	e.Unknown = false
	return e
}

// contacts is a text with a file of vCards.
func (s sender) contacts(ctx context.Context, cards []events.Card) (any, error) {
	var b strings.Builder
	for i := range cards {
		b.WriteString(vCard(&cards[i]))
	}
	name := "contacts.vcf"
	if len(cards) == 1 {
		name = cards[0].Name + ".vcf"
	}
	a, err := s.upload(ctx, name, "text/vcard", []byte(b.String()))
	if err != nil {
		return nil, err
	}
	w := s.message("text")
	w.Body, w.Attachments = placeholder, []sentAttachment{a}
	return w, nil
}

// vCard is c in version 3.0, which every device reads.
// https://www.rfc-editor.org/rfc/rfc2426
func vCard(c *events.Card) string {
	if c.VCard != "" {
		return strings.TrimRight(c.VCard, "\r\n") + "\r\n"
	}
	var b strings.Builder
	add := func(name, value string) {
		if value != "" {
			b.WriteString(name + ":" + value + "\r\n")
		}
	}
	add("BEGIN", "VCARD")
	add("VERSION", "3.0")
	add("N", escaped(cmp.Or(c.LastName, c.Name))+";"+escaped(c.FirstName)+";;;")
	add("FN", escaped(c.Name))
	add("ORG", escaped(c.Company))
	add("BDAY", escaped(c.Birthday))
	for _, list := range []struct {
		name   string
		values []events.LabeledValue
	}{{"TEL", c.Phones}, {"EMAIL", c.Emails}, {"URL", c.URLs}, {"LABEL", c.Addresses}} {
		for _, v := range list.values {
			add(list.name+typeOf(v.Label), escaped(v.Value))
		}
	}
	add("END", "VCARD")
	return b.String()
}

// typeOf a value is known for the two labels that all understand.
func typeOf(label string) string {
	switch l := strings.ToUpper(label); l {
	case "HOME", "WORK":
		return ";TYPE=" + l
	}
	return ""
}

func escaped(text string) string {
	return strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\r\n", `\n`, "\n", `\n`, "\r", `\n`).Replace(text)
}

// fetch opens a file that a customer sent.
func fetch(ctx context.Context, e channel.Env, m events.Media) (io.ReadCloser, error) {
	h, err := handleOf(m.PlatformID)
	if err != nil {
		return nil, err
	}
	return sender{Env: e, to: address{business: h.business}}.download(ctx, h)
}

// download opens what a customer's device left at Apple, decrypted.
// https://register.apple.com/resources/messages/msp-rest-api/type-text
func (s sender) download(ctx context.Context, h handle) (io.ReadCloser, error) {
	c, err := stream(h.key)
	if err != nil {
		return nil, err
	}
	header := s.proof()
	header.Set("Url", h.url)
	header.Set("Owner", h.owner)
	header.Set("Signature", h.signature)
	var place struct {
		URL string `json:"download-url"`
	}
	if err := s.before(ctx, http.MethodGet, gateway+"/preDownload", header, nil, &place); err != nil {
		return nil, err
	}
	if place.URL == "" {
		return nil, nowhere()
	}
	file, reply, err := s.Stream(ctx, place.URL, nil)
	if err != nil {
		return nil, err
	}
	if file == nil {
		return nil, failure(reply)
	}
	return decrypted{cipher.StreamReader{S: c, R: file}, file}, nil
}

// decrypted reads a file in clear and closes what it lies in.
type decrypted struct {
	io.Reader
	io.Closer
}
