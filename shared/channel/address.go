package channel

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"github.com/relais-dev/relais/events"
)

// URL is an address as every client reads it: encoded once, whatever of it was encoded
// before, and its host in ASCII. False for what can be made none.
// https://www.rfc-editor.org/rfc/rfc3986#section-2, https://url.spec.whatwg.org/#url-parsing
func URL(s string) (string, bool) {
	s = strings.TrimFunc(s, func(r rune) bool { return events.Blank(string(r)) })
	scheme, rest, ok := strings.Cut(s, ":")
	if !ok || scheme == "" {
		return "", false
	}
	if authority, found := strings.CutPrefix(rest, "//"); found {
		end := strings.IndexAny(authority, "/?#")
		if end < 0 {
			end = len(authority)
		}
		host, ok := hostOf(authority[:end])
		if !ok {
			return "", false
		}
		rest = "//" + host + encoded(authority[end:])
	} else {
		rest = encoded(rest)
	}
	s = strings.ToLower(scheme) + ":" + rest
	_, err := url.Parse(s)
	return s, err == nil
}

// hostOf is an authority with its host in lower-case ASCII.
func hostOf(authority string) (string, bool) {
	if isASCII(authority) {
		at := strings.LastIndexByte(authority, '@') + 1
		return authority[:at] + strings.ToLower(authority[at:]), true
	}
	host, port, _ := strings.Cut(authority, ":")
	host, err := idna.Lookup.ToASCII(host)
	if port != "" {
		host += ":" + port
	}
	return host, err == nil
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// encoded is a path, query and fragment with everything encoded that must be.
func encoded(s string) string {
	const digits = "0123456789ABCDEF"
	var b []byte // nil as long as s is right as it is
	fragment := false
	for i := range len(s) {
		c := s[i]
		wrong := c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>\\^`{|}", c) >= 0 || c == '#' && fragment ||
			c == '%' && !(i+2 < len(s) && hexadecimal(s[i+1]) && hexadecimal(s[i+2]))
		if wrong && b == nil {
			b = append(make([]byte, 0, len(s)+16), s[:i]...)
		}
		switch {
		case c == '\t' || c == '\n' || c == '\r': // no address has them
		case wrong:
			b = append(b, '%', digits[c>>4], digits[c&15])
		case b != nil:
			b = append(b, c)
		}
		fragment = fragment || c == '#'
	}
	if b == nil {
		return s
	}
	return string(b)
}

func hexadecimal(c byte) bool { return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f' }

// Links are the addresses that a platform opens, from a button or behind words: https
// and http at a host with a dot, unless they say more. One address that it does not
// open costs the whole message on most platforms.
type Links struct {
	Schemes []string // those besides https and http: "mailto", "tel", "tg"
	Local   bool     // hosts without a dot too, and addresses of the brand's own network
}

// Opens says whether a platform opens address.
func (l Links) Opens(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.User != nil {
		return false
	}
	if u.Scheme != "https" && u.Scheme != "http" {
		return slices.Contains(l.Schemes, u.Scheme)
	}
	return l.Local && u.Hostname() != "" || public(u.Hostname())
}

// public says whether a host can be one that customers reach.
func public(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.IsGlobalUnicast() && !ip.IsPrivate()
	}
	name := strings.TrimSuffix(host, ".")
	dot := strings.LastIndexByte(name, '.')
	return dot > 0 && dot < len(name)-1 &&
		!slices.Contains([]string{"localhost", "local", "internal", "localdomain"}, name[dot+1:])
}

// FileName is what media is called where a platform wants a name: its own, else that
// at the end of its address, else its type, with an extension that fits.
func FileName(m events.Media) string {
	name := events.Trim(m.Name)
	if u, err := url.Parse(m.URL); name == "" && err == nil {
		if last := u.Path[strings.LastIndexByte(u.Path, '/')+1:]; strings.Contains(last, ".") {
			name = last
		}
	}
	name = strings.Map(func(r rune) rune {
		if r == '/' || r == '\\' || events.Unsayable(r) || r == '\t' || r == '\n' || r == '\r' {
			return -1
		}
		return r
	}, name)
	if strings.Trim(name, ". ") == "" {
		name = m.Type
	}
	if !strings.Contains(name, ".") {
		name += Extension(m)
	}
	return name
}
