package fit

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/relais-dev/relais/events"
)

// markdown reads what Relais means by Markdown: bold, italic, strikethrough, code,
// links and lists as CommonMark writes them, headings as bold lines. All else stays
// as it was written. https://spec.commonmark.org/0.31.2/
func markdown(s string) prose {
	var w writer
	source := strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	for len(source) > 0 {
		if n := fenced(source); n > 0 {
			w.code(source[1:n])
			source = source[min(n+1, len(source)):]
			continue
		}
		n := block(source)
		w.block(source[:n])
		source = source[n:]
	}
	slices.SortStableFunc(w.marks, func(a, b events.Entity) int {
		return cmp.Or(cmp.Compare(a.Offset, b.Offset), cmp.Compare(b.Length, a.Length), cmp.Compare(a.Type, b.Type))
	})
	return prose{strings.TrimRight(w.body.String(), "\n"), w.marks}
}

var (
	fencePattern   = regexp.MustCompile("^ {0,3}(```+|~~~+)[^`]*$")
	headingPattern = regexp.MustCompile(`^ {0,3}#{1,6}(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$`)
	bulletPattern  = regexp.MustCompile(`^([ \t]*)[-*+][ \t]+(\S.*)$`)
	numberPattern  = regexp.MustCompile(`^([ \t]*)(\d{1,9})[.)][ \t]+(\S.*)$`)
)

// fenced is how many lines a fenced code block at the start of source has without
// the fence that ends it, if one does; 0 when there is no block.
func fenced(source []string) int {
	open := fencePattern.FindStringSubmatch(source[0])
	if open == nil {
		return 0
	}
	for i, line := range source[1:] {
		end := strings.TrimSpace(line)
		if len(end) >= len(open[1]) && strings.Trim(end, open[1][:1]) == "" {
			return i + 1
		}
	}
	return len(source)
}

// block is how many lines from the start of source are read together, since
// emphasis goes on over the end of a line.
func block(source []string) int {
	if headingPattern.MatchString(source[0]) || strings.TrimSpace(source[0]) == "" {
		return 1
	}
	for i, line := range source[1:] {
		if strings.TrimSpace(line) == "" || headingPattern.MatchString(line) || bulletPattern.MatchString(line) ||
			numberPattern.MatchString(line) || fencePattern.MatchString(line) {
			return i + 1
		}
	}
	return len(source)
}

// A writer collects what Markdown says.
type writer struct {
	body  strings.Builder
	units int
	marks []events.Entity
}

func (w *writer) write(s string) {
	w.body.WriteString(s)
	w.units += units(s)
}

// mark marks what was written since the UTF-16 unit from.
func (w *writer) mark(typ string, from int, value string) {
	if w.units > from {
		w.marks = append(w.marks, events.Entity{Type: typ, Offset: from, Length: w.units - from, Value: value})
	}
}

func (w *writer) code(source []string) {
	from := w.units
	w.write(strings.Join(source, "\n"))
	w.mark("pre", from, "")
	w.write("\n")
}

// block writes one block: a heading, an item of a list or a paragraph.
func (w *writer) block(source []string) {
	text := strings.Join(source, "\n")
	if m := headingPattern.FindStringSubmatch(source[0]); m != nil {
		from := w.units
		w.inline(m[1])
		w.mark("bold", from, "")
		w.write("\n")
		return
	}
	if m := bulletPattern.FindStringSubmatch(source[0]); m != nil {
		w.write(m[1] + "- ")
		text = strings.Join(append([]string{m[2]}, source[1:]...), "\n")
	} else if m := numberPattern.FindStringSubmatch(source[0]); m != nil {
		w.write(m[1] + m[2] + ". ")
		text = strings.Join(append([]string{m[3]}, source[1:]...), "\n")
	}
	w.inline(text)
	w.write("\n")
}

// inline writes text with what is marked inside of it.
func (w *writer) inline(text string) {
	s := scanner{rest: text}
	s.scan()
	s.emphasise(0)
	starts := make([]int, len(s.nodes)+1)
	for i, n := range s.nodes {
		starts[i] = w.units
		w.write(n.text)
		if n.mark != "" {
			w.mark(n.mark, starts[i], "")
		}
	}
	starts[len(s.nodes)] = w.units
	for _, span := range s.spans {
		if from, to := starts[span.from], starts[span.to]; from < to {
			w.marks = append(w.marks, events.Entity{Type: span.typ, Offset: from, Length: to - from, Value: span.value})
		}
	}
}
