package fit

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A node is a stretch of inline Markdown: words, or a run of delimiters that is
// words as long as nothing answers it.
type node struct {
	text        string
	mark        string // of the whole node: "code"
	delimiter   byte   // '*', '_' or '~'
	length      int    // of the run as it was written
	opens, ends bool
}

// A span marks the nodes from up to, but without, to.
type span struct {
	typ      string
	from, to int
	value    string
}

// A scanner reads inline Markdown as CommonMark's appendix describes it.
// https://spec.commonmark.org/0.31.2/#phase-2-inline-structure
type scanner struct {
	rest  string
	prev  rune // the one before rest, 0 at the start
	nodes []node
	spans []span
	open  []int // nodes of the brackets that may begin a link
}

func (s *scanner) scan() {
	for s.rest != "" {
		switch c := s.rest[0]; c {
		case '\\':
			s.escape()
		case '`':
			s.code()
		case '*', '_', '~':
			s.run(c)
		case '!':
			s.image()
		case '[':
			s.bracket("[")
		case ']':
			s.link()
		case '<':
			s.autolink()
		default:
			s.words()
		}
	}
}

// add appends n, which takes size bytes of the source.
func (s *scanner) add(n node, size int) {
	s.prev, _ = utf8.DecodeLastRuneInString(s.rest[:size])
	s.rest = s.rest[size:]
	s.nodes = append(s.nodes, n)
}

var (
	wordPattern = regexp.MustCompile("^(?:https?://[^\\s<`\\]]+|[^\\\\`*_~!\\[\\]<h]+|.)")
	autoPattern = regexp.MustCompile(`^<((?:https?://|mailto:)[^\s<>]+|[\w.+-]+@[\w.-]+)>`)
)

// words adds text up to the next sign that means something. The signs in a URL
// mean nothing, those behind it do.
func (s *scanner) words() {
	text := wordPattern.FindString(s.rest)
	if strings.HasPrefix(text, "http") && strings.Contains(text, "://") {
		text = strings.TrimRight(text, "*_~.,;:!?)'\"")
	}
	s.add(node{text: text}, len(text))
}

func (s *scanner) escape() {
	if len(s.rest) > 1 && s.rest[1] < 0x80 && punctuation(rune(s.rest[1])) {
		s.add(node{text: s.rest[1:2]}, 2)
		return
	}
	if strings.HasPrefix(s.rest, "\\\n") { // a hard line break
		s.add(node{text: "\n"}, 2)
		return
	}
	s.add(node{text: "\\"}, 1)
}

// code adds a code span, or the backticks that begin none.
func (s *scanner) code() {
	n := len(s.rest) - len(strings.TrimLeft(s.rest, "`"))
	for at := n; at < len(s.rest); {
		i := strings.IndexByte(s.rest[at:], '`')
		if i < 0 {
			break
		}
		at += i
		m := len(s.rest[at:]) - len(strings.TrimLeft(s.rest[at:], "`"))
		if m == n {
			s.add(node{text: unpadded(strings.ReplaceAll(s.rest[n:at], "\n", " ")), mark: "code"}, at+n)
			return
		}
		at += m
	}
	s.add(node{text: s.rest[:n]}, n)
}

// unpadded takes the spaces away that keep backticks inside of code apart from those around it.
func unpadded(s string) string {
	if strings.HasPrefix(s, " ") && strings.HasSuffix(s, " ") && strings.Trim(s, " ") != "" {
		return s[1 : len(s)-1]
	}
	return s
}

// run adds a run of delimiters.
// https://spec.commonmark.org/0.31.2/#left-flanking-delimiter-run
func (s *scanner) run(c byte) {
	n := len(s.rest) - len(strings.TrimLeft(s.rest, string(c)))
	next, _ := utf8.DecodeRuneInString(s.rest[n:])
	blankBefore, blankAfter := s.prev == 0 || unicode.IsSpace(s.prev), n == len(s.rest) || unicode.IsSpace(next)
	left := !blankAfter && (!punctuation(next) || blankBefore || punctuation(s.prev))
	right := !blankBefore && (!punctuation(s.prev) || blankAfter || punctuation(next))
	d := node{text: s.rest[:n], delimiter: c, length: n, opens: left, ends: right}
	if c == '_' {
		d.opens = left && (!right || punctuation(s.prev))
		d.ends = right && (!left || punctuation(next))
	}
	if c == '~' && n != 2 {
		d.opens, d.ends = false, false
	}
	s.add(d, n)
}

func punctuation(r rune) bool { return unicode.IsPunct(r) || unicode.IsSymbol(r) }

// image reads a picture as a link: text has no pictures in it.
func (s *scanner) image() {
	if strings.HasPrefix(s.rest, "![") {
		s.bracket("![")
		return
	}
	s.add(node{text: "!"}, 1)
}

func (s *scanner) autolink() {
	if m := autoPattern.FindStringSubmatch(s.rest); m != nil {
		s.add(node{text: m[1]}, len(m[0]))
		return
	}
	s.add(node{text: "<"}, 1)
}

var targetPattern = regexp.MustCompile(`^\]\([ \t\n]*(?:<([^<>\n]+)>|((?:[^\s()]|\([^\s()]*\))+))(?:[ \t\n]+(?:"[^"]*"|'[^']*'|\([^()]*\)))?[ \t\n]*\)`)

func (s *scanner) bracket(text string) {
	s.open = append(s.open, len(s.nodes))
	s.add(node{text: text}, len(text))
}

// link ends what the last open bracket began. What leads to no address that a
// customer can open stays as it is written.
func (s *scanner) link() {
	m := targetPattern.FindStringSubmatch(s.rest)
	last := len(s.open) - 1
	if last < 0 || m == nil || !opens(m[1]+m[2]) {
		s.open = s.open[:max(last, 0)]
		s.add(node{text: "]"}, 1)
		return
	}
	target, from := unescape(m[1]+m[2]), s.open[last]
	s.open = nil // no links in links
	s.emphasise(from + 1)
	s.nodes[from].text = ""
	if from == len(s.nodes)-1 {
		s.add(node{text: target}, len(m[0]))
		return
	}
	s.add(node{}, len(m[0]))
	s.spans = append(s.spans, span{"link", from, len(s.nodes) - 1, target})
}

func opens(target string) bool {
	for _, scheme := range []string{"https://", "http://", "mailto:", "tel:"} {
		if len(target) > len(scheme) && strings.EqualFold(target[:len(scheme)], scheme) {
			return true
		}
	}
	return false
}

func unescape(s string) string { return escaped.ReplaceAllString(s, "$1") }

var escaped = regexp.MustCompile("\\\\([!-/:-@\\[-`{-~])")

// A miss is a kind of run that found no opener.
type miss struct {
	delimiter byte
	opens     bool
	length    int
}

// emphasise pairs the delimiters from node first on, and is done with them. What
// one kind of run looked through in vain it does not look through again.
// https://spec.commonmark.org/0.31.2/#process-emphasis
func (s *scanner) emphasise(first int) {
	var openers []int
	missed := map[miss]int{}
	for i := first; i < len(s.nodes); i++ {
		n := &s.nodes[i]
		key := miss{n.delimiter, n.opens, n.length % 3}
		for n.ends && n.text != "" {
			at := s.opener(openers, missed[key], *n)
			if at < 0 {
				missed[key] = i
				break
			}
			s.pair(openers[at], i)
			if s.nodes[openers[at]].text != "" {
				at++
			}
			openers = openers[:at]
		}
		if n.opens && n.text != "" {
			openers = append(openers, i)
		}
	}
	for i := first; i < len(s.nodes); i++ {
		s.nodes[i].opens, s.nodes[i].ends = false, false
	}
}

// opener is where in openers the nearest is that end can close, from node bottom
// on, or -1.
func (s *scanner) opener(openers []int, bottom int, end node) int {
	for at := len(openers) - 1; at >= 0 && openers[at] >= bottom; at-- {
		o := s.nodes[openers[at]]
		thirds := (o.length+end.length)%3 == 0 && (o.length%3 != 0 || end.length%3 != 0)
		if o.delimiter == end.delimiter && !((o.ends || end.opens) && thirds) { // rules 9 and 10
			return at
		}
	}
	return -1
}

// pair turns one or two delimiters of open and end into a span.
func (s *scanner) pair(open, end int) {
	n, typ := 1, "italic"
	switch {
	case s.nodes[open].delimiter == '~':
		n, typ = 2, "strikethrough"
	case len(s.nodes[open].text) > 1 && len(s.nodes[end].text) > 1:
		n, typ = 2, "bold"
	}
	s.spans = append(s.spans, span{typ, open + 1, end, ""})
	s.nodes[open].text = s.nodes[open].text[n:]
	s.nodes[end].text = s.nodes[end].text[n:]
}
