package googlechat

import (
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/relais-dev/relais/events"
)

// marks are what Chat writes around words.
// https://developers.google.com/workspace/chat/format-messages#format-texts
var marks = map[string][2]string{
	"bold": {"*", "*"}, "italic": {"_", "_"}, "strikethrough": {"~", "~"}, "code": {"`", "`"}, "pre": {"```\n", "\n```"},
}

// markup writes body with its entities as Chat marks them. Chat has no way to write
// a plain sign that could be a mark, so the words stay as they are.
func markup(body string, entities []events.Entity) string {
	if len(entities) == 0 {
		return body
	}
	list := slices.Clone(entities)
	slices.SortStableFunc(list, func(a, b events.Entity) int {
		if a.Offset != b.Offset {
			return a.Offset - b.Offset
		}
		return b.Length - a.Length // the outer one first
	})
	w := writer{units: utf16.Encode([]rune(body))}
	w.span(0, len(w.units), list)
	return w.out.String()
}

// A writer writes a text whose offsets count UTF-16 units.
type writer struct {
	units []uint16
	out   strings.Builder
}

// span writes the units from begin to end. Of entities that cross the border of
// another, the first one is shown.
func (w *writer) span(begin, end int, list []events.Entity) {
	for i, e := range list {
		from, to := w.trim(e.Offset, e.Offset+e.Length)
		if from < begin || to > end || from >= to {
			continue
		}
		w.plain(begin, from)
		w.entity(e, from, to, list[i+1:])
		begin = to
	}
	w.plain(begin, end)
}

func (w *writer) entity(e events.Entity, from, to int, inner []events.Entity) {
	mark, known := marks[e.Type]
	switch {
	case e.Type == "link" && e.Value != "":
		w.link(e.Value, w.text(from, to))
	case !known:
		w.span(from, to, inner)
	case e.Type == "code" || e.Type == "pre":
		w.out.WriteString(mark[0] + w.text(from, to) + mark[1])
	default:
		w.out.WriteString(mark[0])
		w.span(from, to, inner)
		w.out.WriteString(mark[1])
	}
}

// link writes words that open a page; words that would end the mark stand before
// the address.
func (w *writer) link(address, words string) {
	switch {
	case words == address:
		w.out.WriteString(words)
	case strings.ContainsAny(words+address, "<>|\n"):
		w.out.WriteString(words + " " + address)
	default:
		w.out.WriteString("<" + address + "|" + words + ">")
	}
}

// trim leaves out spaces at the borders: next to them Chat sees no mark.
func (w *writer) trim(from, to int) (begin, end int) {
	from, to = max(from, 0), min(to, len(w.units))
	for from < to && isSpace(w.units[from]) {
		from++
	}
	for to > from && isSpace(w.units[to-1]) {
		to--
	}
	return from, to
}

func isSpace(u uint16) bool { return u == ' ' || u == '\n' || u == '\t' || u == '\r' || u == 0xa0 }

func (w *writer) plain(from, to int) {
	if from < to {
		w.out.WriteString(w.text(from, to))
	}
}

func (w *writer) text(from, to int) string { return string(utf16.Decode(w.units[from:to])) }
