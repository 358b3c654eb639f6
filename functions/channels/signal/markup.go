package signal

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/relais-dev/relais/events"
)

// marks are what the container's styled mode puts around a span.
// https://github.com/bbernhard/signal-cli-rest-api/blob/master/src/utils/textstyleparser.go
func marks(style string) string {
	switch style {
	case "bold":
		return "**"
	case "italic":
		return "*"
	case "strikethrough":
		return "~"
	case "code":
		return "`"
	case "spoiler":
		return "||"
	}
	return ""
}

// plain keeps signs from becoming marks. One backslash is right, whatever the
// documentation says (https://github.com/bbernhard/signal-cli-rest-api/issues/878).
var plain = strings.NewReplacer("*", `\*`, "~", `\~`, "`", "\\`", "|", `\|`)

// markup is t in the container's styled mode; false where t has no styles. Of
// styles that overlap the first stays: the container's marks do not cross.
func markup(t events.Text) (string, bool) {
	list := slices.Clone(t.Entities)
	slices.SortStableFunc(list, func(a, b events.Entity) int { return cmp.Compare(a.Offset, b.Offset) })
	units := utf16.Encode([]rune(t.Body))
	var b strings.Builder
	at := 0
	for _, e := range list {
		mark, end := marks(e.Type), e.Offset+e.Length
		if mark == "" || e.Offset < at || e.Length <= 0 || end > len(units) {
			continue
		}
		b.WriteString(plain.Replace(text(units[at:e.Offset])))
		b.WriteString(mark + plain.Replace(text(units[e.Offset:end])) + mark)
		at = end
	}
	if at == 0 {
		return "", false
	}
	b.WriteString(plain.Replace(text(units[at:])))
	return b.String(), true
}

func text(units []uint16) string { return string(utf16.Decode(units)) }
