package qq

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// Types of a message.
// https://bot.q.qq.com/wiki/develop/api-v2/server-inter/message/send-receive/send.html
const (
	typeText     = 0
	typeMarkdown = 2
	typeTyping   = 6
	typeMedia    = 7
)

// compose fills m with a content.
func compose(ctx context.Context, e channel.Env, o channel.Outgoing, m outgoing, c events.Content) (any, error) {
	switch c.Kind {
	case events.KindText:
		m.Content = c.Text.Body
		return m, nil
	case events.KindMedia:
		return medium(ctx, e, o.To.Conversation, m, *c.Media)
	case events.KindChoice:
		m.of(typeMarkdown)
		m.Markdown, m.Keyboard = &markdown{Content: escaped(c.Choice.Text)}, keyboardOf(c.Choice.Options)
		return m, nil
	case events.KindTemplate:
		m.of(typeMarkdown)
		m.Markdown = templateOf(*c.Template)
		return m, nil
	case events.KindNative:
		return native(m, c.Native)
	}
	return nil, refusal(fmt.Sprintf("QQ shows no %s", c.Kind))
}

// of sets m's type where it has one: not in guilds.
func (m *outgoing) of(kind int) {
	if m.Type != nil {
		m.Type = &kind
	}
}

// medium uploads f by its address, which QQ fetches, and shows it. Guilds show the
// picture at an address, and nothing else.
// https://bot.q.qq.com/wiki/develop/api-v2/server-inter/message/send-receive/rich-media.html
func medium(ctx context.Context, e channel.Env, place events.Conversation, m outgoing, f events.Media) (any, error) {
	if inGuild(place) {
		if f.Type != events.Image {
			return nil, &channel.Error{Class: events.ClassMedia, Title: "guilds show pictures only"}
		}
		m.Content, m.Image = f.Caption, f.URL
		return m, nil
	}
	w := upload{Type: fileType(f.Type), URL: f.URL}
	if w.Type == fileOther {
		w.Name = f.Name
	}
	r, err := post(ctx, e, pathOf(place)+"/files", w)
	if err != nil {
		return nil, before(err)
	}
	var file fileInfo
	if err := r.Decode(&file); err != nil {
		return nil, before(err)
	}
	m.of(typeMedia)
	m.Content, m.Media = cmp.Or(f.Caption, " "), &file // without any content some paths refuse it
	return m, nil
}

// Types of an uploaded file.
const (
	fileImage = 1
	fileVideo = 2
	fileVoice = 3
	fileOther = 4
)

func fileType(kind string) int {
	switch kind {
	case events.Image:
		return fileImage
	case events.Video:
		return fileVideo
	case events.Voice:
		return fileVoice
	}
	return fileOther
}

// Size of a keyboard.
// https://bot.q.qq.com/wiki/develop/api-v2/server-inter/message/trans/msg-btn.html
const (
	rows    = 5
	columns = 5
)

// keyboardOf shows one option to a row while there are rows, else as few as possible.
func keyboardOf(options []events.Option) *keyboard {
	width := (len(options) + rows - 1) / rows
	k := &keyboard{}
	for i, o := range options {
		if i%width == 0 {
			k.Content.Rows = append(k.Content.Rows, row{})
		}
		last := &k.Content.Rows[len(k.Content.Rows)-1]
		last.Buttons = append(last.Buttons, buttonOf(o))
	}
	return k
}

// Actions of a button, and who may press it.
const (
	actionLink     = 0
	actionCallback = 1
	everybody      = 2
)

// buttonOf is an option. Its id comes back as the pressed button's data.
func buttonOf(o events.Option) button {
	b := button{ID: o.ID, Render: render{Label: o.Label, Visited: o.Label, Style: 1},
		Action: action{Type: actionCallback, Permission: permission{everybody}, Data: o.ID, Unsupported: o.Label}}
	if o.Action == events.ActionURL {
		b.Action.Type, b.Action.Data = actionLink, o.Value
	}
	return b
}

// templateForm is the form of a custom_template_id.
var templateForm = regexp.MustCompile(`^[0-9]+_[0-9]+$`)

// templateOf is a markdown template that QQ approved.
// https://bot.q.qq.com/wiki/develop/api-v2/server-inter/message/type/markdown.html
func templateOf(t events.Template) *markdown {
	m := &markdown{Template: t.Name}
	for _, p := range t.Parameters {
		m.Parameters = append(m.Parameters, parameter{p.Name, []string{p.Value}})
	}
	return m
}

// signs are what Markdown gives a meaning.
var signs = strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "~", `\~`, "`", "\\`", "[", `\[`, "<", `\<`, "#",
	`\#`)

var link = regexp.MustCompile(`https?://\S+`)

// escaped keeps plain text plain where a keyboard needs Markdown above it.
// Addresses work as they are.
func escaped(s string) string {
	var b strings.Builder
	at := 0
	for _, m := range link.FindAllStringIndex(s, -1) {
		b.WriteString(signs.Replace(s[at:m[0]]) + s[m[0]:m[1]])
		at = m[1]
	}
	return b.String() + signs.Replace(s[at:])
}
