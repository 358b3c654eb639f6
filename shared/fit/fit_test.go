package fit

import (
	"encoding/json"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/events/samples"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/rivo/uniseg"
	"pgregory.net/rapid"
)

// failer is what *testing.T and *rapid.T have in common here.
type failer interface {
	Helper()
	Errorf(string, ...any)
	Logf(string, ...any)
}

// Whatever is asked of whatever channel, these hold.
func TestProperties(t *testing.T) {
	t.Run("any", rapid.MakeCheck(func(t *rapid.T) { holds(t, drawParts(t), drawLimits(t)) }))
	for _, s := range shapes() {
		t.Run(s.name, rapid.MakeCheck(func(t *rapid.T) { holds(t, drawParts(t), s.limits) }))
	}
}

func TestSamples(t *testing.T) {
	for name, o := range outbounds(t) {
		for _, s := range shapes() {
			t.Run(s.name+"/"+name, func(t *testing.T) { holds(t, o.Content, s.limits) })
		}
	}
}

func outbounds(t testing.TB) map[string]events.Outbound {
	t.Helper()
	files, err := fs.Glob(samples.Files, "out/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d samples, %v", len(files), err)
	}
	all := map[string]events.Outbound{}
	for _, name := range files {
		text, err := fs.ReadFile(samples.Files, name)
		var o events.Outbound
		if err == nil {
			err = json.Unmarshal(text, &o)
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all[strings.TrimSuffix(strings.TrimPrefix(name, "out/"), ".json")] = o
	}
	return all
}

// holds checks every promise that does not depend on what is asked.
func holds(t failer, content []events.Content, l channel.Limits) {
	t.Helper()
	asked, _ := json.Marshal(content)
	t.Logf("asked: %s", asked)
	p := Message("here", content, l)
	if after, _ := json.Marshal(content); string(after) != string(asked) {
		t.Errorf("the content asked for was changed")
	}
	shown := flat(p)
	for i, c := range shown {
		if why := check(l, c); why != "" {
			text, _ := json.Marshal(c)
			t.Errorf("content %d does not fit: %s\n%s", i, why, text)
		}
	}
	again := Message("here", shown, l)
	if diff := cmp.Diff(p.Calls, again.Calls); diff != "" {
		t.Errorf("fitting again changes the calls (-once +twice):\n%s", diff)
	}
	reported(t, p, content, l)
	wordsKept(t, p, content)
	charactersKept(t, shown, content, l)
	if len(l.Choices)+len(l.Media)+len(l.Kinds) == 0 && l.Cards == nil {
		onlyText(t, shown)
	}
}

func flat(p Plan) []events.Content {
	var all []events.Content
	for _, call := range p.Calls {
		all = append(all, call.Content...)
	}
	return all
}

// reported checks that the report has every part, and every call belongs to one.
func reported(t failer, p Plan, content []events.Content, l channel.Limits) {
	t.Helper()
	if len(p.Report) != len(content) {
		t.Errorf("%d parts, %d reported", len(content), len(p.Report))
	}
	last := 1
	for i, r := range p.Report {
		if r.Part != i || r.Kind != content[i].Kind || rank(r.Loss) < 0 || !slices.Contains([]string{events.AsNative,
			events.AsFallback, events.AsRefused}, r.As) {
			t.Errorf("part %d is reported as %+v", i, r)
		}
		if (r.As == events.AsRefused) != (len(r.Calls) == 0) ||
			(r.As == events.AsRefused) != (r.Loss == events.LossRefused) {
			t.Errorf("part %d: %s with calls %d and loss %s", i, r.As, r.Calls, r.Loss)
		}
		for _, n := range r.Calls {
			if n < last || n > last+1 {
				t.Errorf("part %d: call %d after %d", i, n, last)
			}
			last = n
		}
	}
	if len(p.Calls) > 0 && last != len(p.Calls) {
		t.Errorf("%d calls, the last reported is %d", len(p.Calls), last)
	}
	for i, c := range p.Calls {
		if len(c.Content) < 1 || len(c.Content) > max(l.Batch, 1) {
			t.Errorf("call %d has %d contents", i+1, len(c.Content))
		}
	}
}

func onlyText(t failer, shown []events.Content) {
	t.Helper()
	for _, c := range shown {
		if c.Kind != events.KindText && c.Kind != events.KindNative {
			t.Errorf("%s on a channel of plain text", c.Kind)
		}
	}
}

// wordsKept looks for every word asked for, by its letters: a word longer than a
// message goes on in the next one.
func wordsKept(t failer, p Plan, content []events.Content) {
	t.Helper()
	var said strings.Builder
	for _, c := range flat(p) {
		for _, s := range texts(c) {
			said.WriteString(letters(s))
		}
	}
	all := strings.ReplaceAll(said.String(), letters("("+linked+")"), "")
	for i, c := range content {
		if p.Report[i].Loss == events.LossRefused || p.Report[i].Loss == events.LossContent &&
			p.Report[i].Kind != events.KindProduct {
			continue
		}
		for _, s := range texts(c) {
			for word := range strings.FieldsSeq(s) {
				if c.Text != nil && c.Text.Format == events.Markdown {
					break
				}
				if !strings.Contains(all, letters(word)) {
					t.Errorf("part %d: %q is lost", i, word)
				}
			}
		}
	}
}

func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if events.Blank(string(r)) { // a message of joiners alone is none
			return -1
		}
		return r
	}, s)
}

// texts are what people read of c.
func texts(c events.Content) []string {
	var all []string
	switch c.Kind {
	case events.KindText:
		all = []string{c.Text.Body}
	case events.KindMedia:
		all = []string{c.Media.Caption}
	case events.KindChoice:
		all = []string{c.Choice.Text, c.Choice.Title, c.Choice.Footer}
		if c.Choice.Header != nil {
			all = append(all, c.Choice.Header.Caption)
		}
		all = append(all, optionTexts(c.Choice.Options)...)
	case events.KindCards:
		for _, p := range c.Cards {
			all = append(all, p.Title, p.Text)
			if p.Media != nil {
				all = append(all, p.Media.Caption)
			}
			all = append(all, optionTexts(p.Options)...)
		}
	default:
		all = specialTexts(c)
	}
	return all
}

func optionTexts(options []events.Option) []string {
	var all []string
	for _, o := range options {
		all = append(all, o.Label, o.Description, o.Section)
	}
	return all
}

func specialTexts(c events.Content) []string {
	switch c.Kind {
	case events.KindLocation:
		return []string{c.Location.Name, c.Location.Address}
	case events.KindContacts:
		return []string{c.Contacts[0].Name}
	case events.KindForm:
		return []string{c.Form.Title, c.Form.Text}
	case events.KindSchedule:
		return []string{c.Schedule.Title, c.Schedule.Text}
	case events.KindPayment:
		return []string{c.Payment.Title}
	case events.KindProduct:
		return []string{c.Product.Title, c.Product.Text}
	case events.KindOrder:
		return []string{c.Order.Text}
	case events.KindLink:
		return []string{c.Link.Title, c.Link.Text}
	}
	var all []string
	if c.Template != nil {
		for _, f := range c.Template.Fallback {
			all = append(all, texts(f)...)
		}
	}
	return all
}

// charactersKept checks that every character shown was asked for as it is: a piece
// of a family, a flag or an accented letter was not. Where a text is shorter than
// the longest of them, they must be cut.
func charactersKept(t failer, shown, content []events.Content, l channel.Limits) {
	t.Helper()
	shortest := max(l.Text, 4)
	for _, form := range l.Choices {
		if form.Text > 0 {
			shortest = min(shortest, form.Text)
		}
	}
	if shortest < 30 {
		return
	}
	known := map[string]bool{"…": true, "–": true, "×": true}
	asked, _ := json.Marshal(content)
	var again any
	_ = json.Unmarshal(asked, &again)
	each(again, func(s string) {
		for g := uniseg.NewGraphemes(s); g.Next(); {
			known[g.Str()] = true
		}
	})
	for _, c := range shown {
		for _, s := range texts(c) {
			for g := uniseg.NewGraphemes(s); g.Next(); {
				if r := g.Runes(); !known[g.Str()] && (len(r) > 1 || r[0] >= 0x80) {
					t.Errorf("%q is a cut character in %q", g.Str(), s)
				}
			}
		}
	}
}

// each calls f with every string in decoded JSON.
func each(v any, f func(string)) {
	switch v := v.(type) {
	case string:
		f(v)
	case []any:
		for _, x := range v {
			each(x, f)
		}
	case map[string]any:
		for _, x := range v {
			each(x, f)
		}
	}
}
