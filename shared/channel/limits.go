package channel

import (
	"regexp"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/relais-dev/relais/events"
)

// Limits says what one call of a platform carries. Package fit rewrites what does
// not fit (splits, links, numbered choices) before Send sees it. A zero value means
// "cannot", so the zero Limits with a Text is a channel of plain text.
type Limits struct {
	Text   int      // longest text, counted by Unit; every channel has one
	Unit   Unit     // how the platform counts text, captions and labels
	Styles []string // types of events.Entity that are shown (bold, code, link …); of others the words stay
	Links  Links    // addresses that a button, a preview or words may lead to; of others the address is written out
	Quote  bool     // a message can quote another (Outgoing.ReplyTo)
	Batch  int      // contents that one call carries; 0 is 1

	Kinds    []events.Kind         // shown natively as they are: location, contacts, link, form, payment, template …
	Contacts int                   // cards in one message of contacts; 0 with KindContacts is any number
	Media    map[string]MediaLimit // by events.Image …; what is absent goes as another type, or as a link
	Choices  []Choices             // ways to offer options, the most usual first
	Cards    *Cards                // a carousel; nil sends each card on its own

	// Markup is what the platform would take for a mention, a link or a picture within
	// text and captions. Fit puts a word joiner behind its first character, which nobody
	// sees: what somebody wrote as plain text stays plain text. Optional.
	Markup *regexp.Regexp

	// Takes says why the platform does not take a content that these numbers allow,
	// or "": a currency it cannot charge, a form without a flow's id. Optional.
	Takes func(events.Content) (problem string)

	Folds bool // a template's parameters are of one line: their white space becomes single spaces

	// Refuses says what is wrong with a content that must not go as something else, or
	// "": a template's parameter that the platform does not know. Optional.
	Refuses func(events.Content) (problem string)
}

// MediaLimit bounds media of one type.
type MediaLimit struct {
	Bytes   int64    // largest; a media without a size passes
	MIME    []string // what the platform accepts: "image/jpeg", "audio/*"; nil is anything
	Caption int      // longest caption, in Unit; 0 sends it as a text of its own

	// Of measures that the media says; 0 is any.
	Pixels   int           // width plus height
	Ratio    int           // how many times the longer side may have the shorter one
	Duration time.Duration // longest
}

// Choices is one way to offer options. Lengths count Unit; where a zero means
// "cannot" the text moves into the prompt.
type Choices struct {
	Style    string   // the hint it answers best: events.StyleButtons …
	Min, Max int      // options
	Actions  []string // what an option may do; nil is reply and postback
	Text     int      // longest prompt; 0 is Limits.Text
	Label    int      // longest label; 0 is any
	ID       int      // longest option id in bytes; 0 is any
	Title    int      // of the prompt; 0 cannot
	Footer   int      // 0 cannot
	Describe int      // longest description of an option; 0 cannot
	Section  int      // longest name of a section; 0 cannot
	Header   bool     // a picture or film above the prompt
	Multiple bool     // more than one may be chosen
}

// Cards bounds a carousel.
type Cards struct {
	Min, Max int
	Title    int      // longest, in Unit
	Text     int      // longest; 0 cannot
	Options  int      // most options of one card
	Actions  []string // what an option may do; nil is reply and postback
	Label    int
	Media    bool // every card must have one
	Uniform  bool // all cards have as many options as each other
}

// LimitsIn are the limits in c; without one, those that stand for the channel.
func (o Outbound) LimitsIn(c *events.Conversation) Limits {
	if c == nil || o.In == nil {
		return o.Limits
	}
	return o.In(*c)
}

// Has says whether l shows contents of kind k natively in some form.
func (l Limits) Has(k events.Kind) bool {
	switch k {
	case events.KindText, events.KindNative:
		return true
	case events.KindMedia:
		return len(l.Media) > 0
	case events.KindChoice:
		return len(l.Choices) > 0
	case events.KindCards:
		return l.Cards != nil
	}
	for _, has := range l.Kinds {
		if has == k {
			return true
		}
	}
	return false
}

// A Unit counts text as a platform does.
type Unit string

// The units. The zero Unit counts characters (code points).
const (
	Runes Unit = ""
	UTF16 Unit = "utf16"
	Bytes Unit = "bytes" // of UTF-8
	GSM   Unit = "gsm"   // septets while all of the text is in GSM 7-bit, else UTF-16 units; see Septets
	Posts Unit = "posts" // as X counts a post; see posted
)

// Len is the length of s in u.
func (u Unit) Len(s string) int {
	switch u {
	case UTF16:
		return utf16Len(s)
	case Bytes:
		return len(s)
	case GSM:
		if n, ok := Septets(s); ok {
			return n
		}
		return utf16Len(s)
	case Posts:
		return posted(s)
	}
	return utf8.RuneCountInString(s)
}

// address is what X may take for one: with its scheme, or a bare host and what follows.
var address = regexp.MustCompile(`(?i)https?://[!-~]+|[a-z0-9-]+(?:\.[a-z0-9-]+)+[!-~]*`)

// posted is the length of a post: the letters of most alphabets and usual punctuation
// count one, all other signs two, an address 23 however long it is. Where it is not sure
// that X sees an address, the greater of both counts.
// https://docs.x.com/fundamentals/counting-characters
func posted(s string) int {
	const addressed = 23
	n, at := 0, 0
	if !strings.ContainsAny(s, ".:") {
		return weighed(s)
	}
	for _, span := range address.FindAllStringIndex(s, -1) {
		n += weighed(s[at:span[0]])
		at = span[1]
		found := s[span[0]:at]
		_, rest, complete := strings.Cut(found, "://")
		host, _, _ := strings.Cut(rest, "/")
		if complete && strings.Contains(strings.Trim(host, "."), ".") {
			n += addressed
			continue
		}
		n += max(addressed, weighed(found))
	}
	return n + weighed(s[at:])
}

func weighed(s string) int {
	n := 0
	for _, r := range s {
		if n++; r > 4351 && (r < 8192 || r > 8205) && (r < 8208 || r > 8223) && (r < 8242 || r > 8247) {
			n++
		}
	}
	return n
}

func utf16Len(s string) int {
	n := 0
	for _, r := range s {
		n += max(utf16.RuneLen(r), 1) // invalid UTF-8 becomes one replacement character
	}
	return n
}

// gsmBasic and gsmExtended are the GSM 7-bit default alphabet and its extension,
// whose characters take two septets.
// https://www.etsi.org/deliver/etsi_ts/123000_123099/123038/
const (
	gsmBasic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmExtended = "\f^{}\\[~]|€"
)

// Septets counts s in the GSM 7-bit alphabet; false means that s has a character
// outside of it and must go as UCS-2.
func Septets(s string) (int, bool) {
	n := 0
	for _, r := range s {
		switch {
		case containsRune(gsmBasic, r):
			n++
		case containsRune(gsmExtended, r):
			n += 2
		default:
			return 0, false
		}
	}
	return n, true
}

func containsRune(s string, want rune) bool {
	for _, r := range s {
		if r == want {
			return true
		}
	}
	return false
}
