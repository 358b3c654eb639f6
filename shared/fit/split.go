package fit

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/rivo/uniseg"
)

// A piece of a text, in bytes.
type piece struct{ from, to int }

// split cuts p into pieces of at most limit: between paragraphs, else lines, else
// sentences, else words, else characters. White space at a cut goes, nothing else.
func (f fitter) split(p prose, limit int) []prose {
	if !f.over(p.body, limit) {
		return []prose{p}
	}
	var all []prose
	start, at := 0, 0 // of the piece, in UTF-16 units and in bytes
	for _, c := range f.pieces(p.body, limit) {
		start += units(p.body[at:c.from])
		at = c.from
		all = append(all, p.cut(c, start))
	}
	return all
}

// cut is the piece c of p, which begins at the UTF-16 unit start.
func (p prose) cut(c piece, start int) prose {
	body := p.body[c.from:c.to]
	length := units(body)
	var marks []events.Entity
	for _, m := range p.marks {
		from, to := max(m.Offset-start, 0), min(m.Offset+m.Length-start, length)
		if from < to {
			m.Offset, m.Length = from, to-from
			marks = append(marks, m)
		}
	}
	return prose{body, marks}
}

// pieces cuts s, which is longer than limit.
func (f fitter) pieces(s string, limit int) []piece {
	var all []piece
	urls := f.urls(s, limit)
	for at := 0; at < len(s); {
		c := cutter{rest: s[at:], at: at, limit: limit, urls: urls, meter: meter{unit: f.limits.Unit}}
		end, next := c.cut()
		if !events.Blank(s[at:end]) {
			all = append(all, piece{at, end})
		}
		at = next
	}
	return all
}

// urls are the URLs of s that fit into one piece.
func (f fitter) urls(s string, limit int) []piece {
	var all []piece
	for _, span := range urlPattern.FindAllStringIndex(s, -1) {
		if !f.over(s[span[0]:span[1]], limit) {
			all = append(all, piece{span[0], span[1]})
		}
	}
	return all
}

// urlPattern ends at what is not ASCII: ideographs follow a URL without a space.
var urlPattern = regexp.MustCompile(`(?i)https?://[!-~]+`)

// Places to cut, from worst to best.
const (
	atCharacter = iota + 1
	atBreak     // where a line may be broken (UAX 14): between ideographs, after a hyphen
	atWord
	atSentence
	atLine
	atParagraph
)

// A cutter looks for the place to cut rest, which begins at byte at of the text.
type cutter struct {
	rest  string
	at    int
	limit int
	urls  []piece
	meter meter

	solid, newlines int // end of the last character that is no space, newlines since then
	level           int // how good the best place is
	end, next       int // the best place: where this piece ends and the next one begins
	lastEnd, last   int // the last place between characters, be it inside of a URL
}

// cut is where the piece ends and where the next one begins.
func (c *cutter) cut() (end, next int) {
	pos, flags, state := 0, 0, -1
	for rest := c.rest; rest != ""; {
		var cluster string
		before := flags // at pos
		cluster, rest, flags, state = uniseg.StepString(rest, state)
		if spaces(cluster) {
			c.newlines += strings.Count(cluster, "\n")
			c.meter.add(cluster)
			pos += len(cluster)
			continue
		}
		c.place(pos, before)
		c.meter.add(cluster)
		if c.meter.length() > c.limit {
			return c.best(pos, cluster)
		}
		pos += len(cluster)
		c.solid, c.newlines = pos, 0
	}
	return c.at + c.solid, c.at + len(c.rest)
}

// place notes pos, where a character begins, as a place to cut.
func (c *cutter) place(pos, flags int) {
	if c.solid == 0 {
		return
	}
	c.lastEnd, c.last = c.solid, pos
	if level := c.levelAt(pos, flags); level >= c.level && !c.insideURL(c.at+pos) {
		c.level, c.end, c.next = level, c.solid, pos
	}
}

func (c *cutter) levelAt(pos, flags int) int {
	gap := pos > c.solid
	switch {
	case c.newlines > 1:
		return atParagraph
	case c.newlines == 1:
		return atLine
	case flags&uniseg.MaskSentence != 0 && (gap ||
		c.rest[pos-1] >= 0x80): // "。" needs no space, "?" in an address is no end
		return atSentence
	case gap:
		return atWord
	case flags&uniseg.MaskLine == uniseg.LineCanBreak:
		return atBreak
	}
	return atCharacter
}

func (c *cutter) insideURL(at int) bool {
	for len(c.urls) > 0 && c.urls[0].to <= at {
		c.urls = c.urls[1:]
	}
	return len(c.urls) > 0 && c.urls[0].from < at
}

// best is the best place seen before the cluster at pos, which is too much.
func (c *cutter) best(pos int, cluster string) (end, next int) {
	switch {
	case c.level > 0:
		return c.at + c.end, c.at + c.next
	case c.last > 0:
		return c.at + c.lastEnd, c.at + c.last
	case pos > 0: // nothing but spaces before it
		return c.at, c.at + pos
	}
	n := c.at + c.runes(cluster)
	return n, n
}

// runes is how many bytes of a character that is too long for a piece of its own
// go into this one.
func (c *cutter) runes(cluster string) int {
	m := meter{unit: c.meter.unit}
	for i, r := range cluster {
		m.add(string(r))
		if i > 0 && m.length() > c.limit {
			return i
		}
	}
	return len(cluster)
}

// spaces says whether cluster is white space at which text may be cut.
func spaces(cluster string) bool {
	for _, r := range cluster {
		if !unicode.IsSpace(r) || r == '\u00a0' || r == '\u2007' || r == '\u202f' {
			return false
		}
	}
	return true
}

// A meter counts text as it grows.
type meter struct {
	unit      channel.Unit
	n, septet int
	ucs2      bool
	word      string // of a post, where an address counts otherwise than its parts
	words     int    // before it
}

func (m *meter) add(s string) {
	switch m.unit {
	case channel.GSM:
	case channel.Posts:
		m.post(s)
		return
	default:
		m.n += m.unit.Len(s)
		return
	}
	n, ok := channel.Septets(s)
	m.septet += n
	m.ucs2 = m.ucs2 || !ok
	m.n += units(s)
}

// post adds s to a post. No address goes on behind a space or what is not ASCII.
func (m *meter) post(s string) {
	m.word += s
	m.n = m.words + m.unit.Len(m.word)
	if strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) >= 0 {
		m.word, m.words = "", m.n
	}
}

func (m *meter) length() int {
	if m.unit == channel.GSM && !m.ucs2 {
		return m.septet
	}
	return m.n
}
