package fit

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/rivo/uniseg"
)

// prose is text with marks on it, whose offsets count UTF-16 units.
type prose struct {
	body  string
	marks []events.Entity
}

func plain(body string) prose { return prose{body: body} }

// marked is body with those of its entities that lie inside of it.
func marked(body string, entities []events.Entity) prose {
	return prose{body, channel.Within(body, slices.Clone(entities))}
}

func units(s string) int { return channel.UTF16.Len(s) }

// lines puts parts below each other; what says nothing takes no line.
func lines(parts ...prose) prose {
	var all prose
	for _, p := range parts {
		if p.body == "" {
			continue
		}
		if all.body != "" {
			all.body += "\n"
		}
		for _, m := range p.marks {
			m.Offset += units(all.body)
			all.marks = append(all.marks, m)
		}
		all.body += p.body
	}
	return all
}

// joined is lines of plain text.
func joined(parts ...string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(parts), func(s string) bool { return s == "" }), "\n")
}

func (p prose) content() events.Content {
	return events.Content{Kind: events.KindText, Text: &events.Text{Body: p.body, Entities: p.marks}}
}

func (f fitter) text(t events.Text) outcome {
	if t.Format == events.Markdown {
		return f.say(markdown(t.Body))
	}
	return f.say(marked(t.Body, t.Entities))
}

// say is p as text, in as many messages as it needs.
func (f fitter) say(p prose) outcome {
	if strings.TrimSpace(p.body) == "" {
		return refused("there is nothing to say")
	}
	p, lost := f.styled(p)
	out := native()
	for _, piece := range f.split(p, f.limit()) {
		out.content = append(out.content, piece.content())
	}
	out = out.losing(lost)
	if n := len(out.content); n > 1 {
		out.details = append(out.details, fmt.Sprintf("split into %d", n))
	}
	return out
}

// losing tells of the styles that were lost.
func (o outcome) losing(styles []string) outcome {
	if len(styles) == 0 {
		return o
	}
	o.loss = worse(o.loss, events.LossStyle)
	o.details = append(o.details, "not shown as "+strings.Join(styles, ", "))
	return o
}

// styled drops the marks that the channel does not show and names those whose loss
// is seen. The words stay; a link's URL is written behind them.
func (f fitter) styled(p prose) (prose, []string) {
	var lost []string
	var links []events.Entity
	all := p.marks
	p.marks = nil
	for _, m := range all {
		switch {
		case slices.Contains(f.limits.Styles, m.Type):
			p.marks = append(p.marks, m)
		case m.Type == "link" && bare(p.span(m), m.Value), silent(m.Type):
		case m.Type == "link":
			links, lost = append(links, m), append(lost, m.Type)
		default:
			lost = append(lost, m.Type)
		}
	}
	slices.SortStableFunc(links, func(a, b events.Entity) int { return cmp.Compare(b.Offset+b.Length, a.Offset+a.Length) })
	for _, m := range links {
		p = p.insert(m.Offset+m.Length, " ("+m.Value+")")
	}
	slices.Sort(lost)
	return p, slices.Compact(lost)
}

// silent says whether marks of that type only point at words that say the same
// without them: every app finds an @name or a phone number by itself.
func silent(typ string) bool {
	switch typ {
	case "mention", "command", "hashtag", "cashtag", "email", "phone", "url":
		return true
	}
	return false
}

// bare says whether words already are the URL, or there is none.
func bare(words, url string) bool {
	return url == "" || address(words) == address(url)
}

func address(s string) string {
	for _, scheme := range []string{"https://", "http://", "mailto:", "tel:"} {
		if rest, ok := strings.CutPrefix(s, scheme); ok {
			s = rest
			break
		}
	}
	return strings.TrimSuffix(s, "/")
}

// span is the words under m.
func (p prose) span(m events.Entity) string {
	return p.body[offset(p.body, m.Offset):offset(p.body, m.Offset+m.Length)]
}

// offset is the byte at which the UTF-16 unit n of s begins.
func offset(s string, n int) int {
	for i, r := range s {
		if n <= 0 {
			return i
		}
		n -= units(string(r))
	}
	return len(s)
}

// insert writes s at the UTF-16 unit at, or behind the character in which it lies.
func (p prose) insert(at int, s string) prose {
	byteAt := boundary(p.body, offset(p.body, at))
	at = units(p.body[:byteAt])
	p.body = p.body[:byteAt] + s + p.body[byteAt:]
	p.marks = slices.Clone(p.marks)
	for i, m := range p.marks {
		switch {
		case m.Offset >= at:
			p.marks[i].Offset += units(s)
		case m.Offset+m.Length > at:
			p.marks[i].Length += units(s)
		}
	}
	return p
}

// boundary is the first boundary between characters of s at or after byte i.
func boundary(s string, i int) int {
	at, state := 0, -1
	for rest := s; at < i; {
		var cluster string
		cluster, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		at += len(cluster)
	}
	return at
}
