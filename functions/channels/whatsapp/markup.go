package whatsapp

import (
	"cmp"
	"slices"
	"unicode"
	"unicode/utf16"

	"github.com/relais-dev/relais/events"
)

// markup writes styles as WhatsApp reads them: *bold*, _italic_, ~struck~, `code` and
// ```a block```. It has no way to escape a sign, so plain signs stay as they are, and
// a span that WhatsApp would not read as marked stays plain too.
// https://faq.whatsapp.com/539178204879377
func markup(body string, entities []events.Entity) string {
	if len(entities) == 0 {
		return body
	}
	units := utf16.Encode([]rune(body))
	var marks []mark
	for i, e := range entities {
		if e.Offset >= 0 && e.Length > 0 && e.Offset <= len(units)-e.Length {
			marks = append(marks, marksOf(units, e, i)...)
		}
	}
	slices.SortStableFunc(marks, mark.compare)
	var out []uint16
	at := 0
	for _, m := range marks {
		out = append(append(out, units[at:m.at]...), utf16.Encode([]rune(m.sign))...)
		at = m.at
	}
	return string(utf16.Decode(append(out, units[at:]...)))
}

// A mark is a sign that opens or closes a span which reaches to other.
type mark struct {
	at, other int
	sign      string
	span      int
}

// compare orders marks so that spans nest: at one place the inner span is closed
// first, then the outer one is opened. Of two alike the first is the outer one.
func (m mark) compare(n mark) int {
	closes, nCloses := m.other < m.at, n.other < n.at
	switch {
	case m.at != n.at:
		return cmp.Compare(m.at, n.at)
	case closes && !nCloses:
		return -1
	case !closes && nCloses:
		return 1
	case closes:
		return cmp.Or(cmp.Compare(n.other, m.other), cmp.Compare(n.span, m.span))
	}
	return cmp.Or(cmp.Compare(n.other, m.other), cmp.Compare(m.span, n.span))
}

// marksOf are the signs of a style, around each line of what it spans: only a block
// may have several.
func marksOf(units []uint16, e events.Entity, span int) []mark {
	sign, from, to := signOf(e.Type), e.Offset, e.Offset+e.Length
	switch sign {
	case "":
		return nil
	case "```":
		return around(units, from, to, sign, span)
	}
	var list []mark
	for from < to {
		end := from
		for end < to && units[end] != '\n' {
			end++
		}
		list = append(list, around(units, from, end, sign, span)...)
		from = end + 1
	}
	return list
}

func signOf(style string) string {
	switch style {
	case "bold":
		return "*"
	case "italic":
		return "_"
	case "strikethrough":
		return "~"
	case "code":
		return "`"
	case "pre":
		return "```"
	}
	return ""
}

// around are the signs that open and close a span without the space at its edges;
// none when a letter stands beside it, for then WhatsApp shows them.
func around(units []uint16, from, to int, sign string, span int) []mark {
	for from < to && space(units[from]) {
		from++
	}
	for from < to && space(units[to-1]) {
		to--
	}
	if from >= to || from > 0 && letter(units[from-1]) || to < len(units) && letter(units[to]) {
		return nil
	}
	return []mark{{from, to, sign, span}, {to, from, sign, span}}
}

func space(u uint16) bool { return unicode.IsSpace(rune(u)) }

// letter says whether u is of a word. Half a character of two units is none.
func letter(u uint16) bool {
	return !utf16.IsSurrogate(rune(u)) && (unicode.IsLetter(rune(u)) || unicode.IsDigit(rune(u)) || u == '_')
}
