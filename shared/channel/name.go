package channel

import (
	"strings"
	"unicode"

	"github.com/relais-dev/relais/events"
)

// completeNames makes what people and files are called safe to show beside other text:
// a name goes into lists, titles and bots' prompts, where it must not turn the text
// around it or say what nobody sees. What people wrote as content stays as it is.
func completeNames(d *events.Data) {
	if d.Contact != nil {
		d.Contact.Name, d.Contact.Username = shown(d.Contact.Name), shown(d.Contact.Username)
	}
	if d.Message == nil {
		return
	}
	d.Message.Actor.Name = shown(d.Message.Actor.Name)
	for _, c := range d.Message.Content {
		if c.Media != nil {
			c.Media.Name = shown(c.Media.Name)
		}
	}
}

// Parts of the flags of England, Scotland and Wales: a black flag, the letters of a
// region as tags, and the tag that ends them.
// https://www.unicode.org/reports/tr51/#def_emoji_tag_sequence
const (
	blackFlag         = '\U0001F3F4'
	firstTag, lastTag = '\U000E0000', '\U000E007F'
)

// shown is s without control characters, without those that turn the direction of
// text or isolate it, and without tags outside of a flag.
// https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing
func shown(s string) string {
	if strings.IndexFunc(s, hides) < 0 {
		return s
	}
	var b strings.Builder
	rest := []rune(s)
	for i := 0; i < len(rest); i++ {
		if n := flag(rest[i:]); n > 0 {
			b.WriteString(string(rest[i : i+n]))
			i += n - 1
		} else if !hides(rest[i]) {
			b.WriteRune(rest[i])
		}
	}
	return b.String()
}

func hides(r rune) bool {
	return unicode.IsControl(r) || r >= '\u202A' && r <= '\u202E' || r >= '\u2066' && r <= '\u2069' ||
		r >= firstTag && r <= lastTag
}

// flag is how many runes of text are a flag with tags at its begin, or 0.
func flag(text []rune) int {
	if text[0] != blackFlag {
		return 0
	}
	for i, r := range text[1:] {
		switch {
		case r == lastTag && i >= 3: // a country and a region
			return i + 2
		case i >= 6, !(r >= '\U000E0030' && r <= '\U000E0039') && !(r >= '\U000E0061' && r <= '\U000E007A'):
			return 0
		}
	}
	return 0
}
