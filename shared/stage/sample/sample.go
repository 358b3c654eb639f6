// Package sample reads the recorded requests of a channel: testdata/account.json
// with an account's fake credentials, and testdata/in/NAME.http, each one request
// as the platform sends it. Tests compare them with goldens; the local demo signs
// them again and posts them.
//
// A .http file is a request line, headers, a blank line, and the body's exact
// bytes up to the end of the file (an editor's final line break is part of it):
//
//	POST /webhooks/line/demo HTTP/1.1
//	Content-Type: application/json
//	X-Line-Signature: …
//
//	{"destination":"U…","events":[]}
package sample

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/relais-dev/relais/shared/channel"
)

// AccountID is the account that every sample belongs to.
const AccountID = "demo"

// Host is where the samples' webhooks are, unless account.json says another URL.
const Host = "https://relais.example"

// A Sample is one recorded request. Name is its file's, without the extension.
type Sample struct {
	Name    string
	Request channel.Request
}

// A Set is all that a channel has recorded.
type Set struct {
	Dir         string // the channel's folder
	Channel     string // the folder's name
	Account     channel.Account
	Credentials map[string]json.RawMessage // a text or a list of texts per name
	Now         time.Time                  // when every sample was received, UTC
	Samples     []Sample                   // in the order of their names
}

// Path is where the webhooks of the sample account of a channel arrive.
func Path(name string) string { return "/webhooks/" + name + "/" + AccountID }

// In is the file of a sample, or of its golden: set.In("text", ".json").
func (s Set) In(name, extension string) string {
	return filepath.Join(s.Dir, "testdata", "in", name+extension)
}

// Find is the sample of that name.
func (s Set) Find(name string) (Sample, bool) {
	i := slices.IndexFunc(s.Samples, func(x Sample) bool { return x.Name == name })
	if i < 0 {
		return Sample{}, false
	}
	return s.Samples[i], true
}

// Read reads the samples of the channel whose folder is dir. Its errors name the
// file and what it should hold.
func Read(dir string) (Set, error) {
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return Set{}, err
	}
	s := Set{Dir: absolute, Channel: filepath.Base(absolute)}
	if err := s.readAccount(); err != nil {
		return Set{}, fmt.Errorf("testdata/account.json: %w", err)
	}
	files, err := filepath.Glob(s.In("*", ".http"))
	if err != nil {
		return Set{}, err
	}
	if len(files) == 0 {
		return Set{}, errors.New("testdata/in: no *.http file; record at least text.http and unknown.http")
	}
	for _, f := range files {
		if err := s.readSample(f); err != nil {
			return Set{}, fmt.Errorf("testdata/in/%s: %w", filepath.Base(f), err)
		}
	}
	return s, nil
}

// account is account.json.
type account struct {
	Now         time.Time                  `json:"now"` // RFC 3339
	URL         string                     `json:"url"` // of the webhook; default Host + Path
	Credentials map[string]json.RawMessage `json:"credentials"`
}

func (s *Set) readAccount() error {
	text, err := os.ReadFile(filepath.Join(s.Dir, "testdata", "account.json"))
	if err != nil {
		return err
	}
	a := account{URL: Host + Path(s.Channel)}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&a); err != nil {
		return fmt.Errorf(`want {"now": RFC 3339, "credentials": {name: text}}, and "url" if it is not the usual one: %w`,
			err)
	}
	if a.Now.IsZero() || len(a.Credentials) == 0 {
		return errors.New(`"now" and "credentials" must be set`)
	}
	credentials, err := json.Marshal(a.Credentials)
	if err != nil {
		return err
	}
	s.Now, s.Credentials = a.Now.UTC(), a.Credentials
	s.Account, err = channel.ParseAccount(AccountID, a.URL, credentials, nil)
	return err
}

func (s *Set) readSample(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	r, err := Parse(text)
	if err != nil {
		return err
	}
	if want := Path(s.Channel); r.Path != want {
		return fmt.Errorf("path is %q, want %q", r.Path, want)
	}
	r.Received = s.Now
	s.Samples = append(s.Samples, Sample{Name: strings.TrimSuffix(filepath.Base(file), ".http"), Request: r})
	return nil
}

// Parse reads a .http file's text. Received stays zero.
func Parse(text []byte) (channel.Request, error) {
	head, body, found := bytes.Cut(text, []byte("\n\n"))
	if !found {
		return channel.Request{}, errors.New("no blank line between headers and body (line breaks are LF)")
	}
	lines := strings.Split(string(head), "\n")
	fields := strings.Fields(lines[0])
	if len(fields) < 2 || len(fields) > 3 || !strings.HasPrefix(fields[1], "/") {
		return channel.Request{}, fmt.Errorf("line 1 is %q, want METHOD /path?query HTTP/1.1", lines[0])
	}
	r := channel.Request{Method: fields[0], Header: http.Header{}, Body: body}
	r.Path, r.RawQuery, _ = strings.Cut(fields[1], "?")
	for i, line := range lines[1:] {
		name, value, ok := strings.Cut(line, ":")
		if !ok || name == "" || strings.ContainsAny(name, " \t\r") || strings.HasSuffix(line, "\r") {
			return channel.Request{}, fmt.Errorf("line %d is %q, want Name: value (line breaks are LF)", i+2, line)
		}
		addHeader(r.Header, name, strings.TrimSpace(value))
	}
	return r, nil
}

// addHeader joins repeated headers by commas, as API Gateway does.
func addHeader(h http.Header, name, value string) {
	if earlier := h.Get(name); earlier != "" {
		value = earlier + "," + value
	}
	h.Set(name, value)
}

// Format writes r as a .http file, headers sorted by name: the inverse of Parse.
func Format(r channel.Request) []byte {
	var b bytes.Buffer
	target := r.Path
	if r.RawQuery != "" {
		target += "?" + r.RawQuery
	}
	fmt.Fprintf(&b, "%s %s HTTP/1.1\n", r.Method, target)
	var names []string
	for name := range r.Header {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(&b, "%s: %s\n", name, strings.Join(r.Header[name], ","))
	}
	b.WriteByte('\n')
	b.Write(r.Body)
	return b.Bytes()
}
