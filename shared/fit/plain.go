package fit

import (
	"strings"

	"github.com/relais-dev/relais/events"
)

// joiner keeps two characters together and shows nothing.
const joiner = "\u2060"

// defused is p with a joiner within each piece of in-band syntax: a customer's name is
// no mention of everybody, a quoted address no disguised link.
func (f fitter) defused(p prose) prose {
	if f.limits.Markup == nil {
		return p
	}
	found := f.limits.Markup.FindAllStringIndex(p.body, -1)
	if len(found) == 0 {
		return p
	}
	var body strings.Builder
	var ats, sums []int // as ruler.insert keeps them
	from, unit := 0, 0
	for i, span := range found {
		cut := span[0] + 1 // syntax begins with a sign of ASCII
		unit += units(p.body[from:cut])
		body.WriteString(p.body[from:cut] + joiner)
		from = cut
		ats, sums = append(ats, unit), append(sums, i+1)
	}
	body.WriteString(p.body[from:])
	marks := append([]events.Entity(nil), p.marks...)
	for i := range marks {
		m := &marks[i]
		start := moved(ats, sums, m.Offset+1)
		end := moved(ats, sums, m.Offset+m.Length)
		m.Offset, m.Length = m.Offset+start, m.Length+end-start
	}
	return prose{body.String(), marks}
}
