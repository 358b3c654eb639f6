package telegram

import (
	"strings"
	"unicode/utf16"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// maxDepth bounds how deep a rich message may nest: each level is read again by
// the one above it.
const maxDepth = 32

// https://core.telegram.org/bots/api#richmessage
type richMessage struct {
	Blocks []raw `json:"blocks"`
}

// A richBlock is any of the blocks of a rich message.
// https://core.telegram.org/bots/api#richblock
type richBlock struct {
	Type       string       `json:"type"`
	Text       raw          `json:"text"`
	Summary    raw          `json:"summary"`
	Expression string       `json:"expression"`
	Blocks     []raw        `json:"blocks"`
	Items      []richItem   `json:"items"`
	Cells      [][]richCell `json:"cells"`
	Buttons    []richCell   `json:"buttons"`
	Credit     raw          `json:"credit"`
	Caption    raw          `json:"caption"`
	Location   *location    `json:"location"`
	Photo      []photoSize  `json:"photo"`
	Video      *file        `json:"video"`
	Animation  *file        `json:"animation"`
	Audio      *file        `json:"audio"`
	Document   *file        `json:"document"`
	VoiceNote  *file        `json:"voice_note"`
}

// https://core.telegram.org/bots/api#richblocklistitem
type richItem struct {
	Label  string `json:"label"`
	Blocks []raw  `json:"blocks"`
}

// https://core.telegram.org/bots/api#richblocktablecell
// https://core.telegram.org/bots/api#richmessagebutton
type richCell struct {
	Text raw `json:"text"`
}

// richText is a marked piece of text; a plain one is a string, a sequence a list.
// https://core.telegram.org/bots/api#richtext
type richText struct {
	Type        string `json:"type"`
	Text        raw    `json:"text"`
	Credit      raw    `json:"credit"` // of a caption
	URL         string `json:"url"`
	User        *user  `json:"user"`
	Emoji       string `json:"custom_emoji_id"`
	Alternative string `json:"alternative_text"`
	Expression  string `json:"expression"`
	Unix        int64  `json:"unix_time"`
}

// A richReader turns blocks into parts: text as far as it goes, media between.
type richReader struct {
	parts []events.Content
	text  strings.Builder
	units int // UTF-16 units in text
	marks []events.Entity
	bad   bool // something could not be read
	next  bool // what is written next starts a line
}

// richContent is what a rich message shows. Where a part of it cannot be read the
// whole of it is kept beside what could.
func richContent(rich raw) []events.Content {
	var m richMessage
	var r richReader
	if channel.Decode(rich, &m) != nil {
		r.bad = true
	}
	r.blocks(m.Blocks, 0)
	r.flush()
	if r.bad || len(r.parts) == 0 {
		r.parts = append(r.parts, events.NewUnsupported("rich_message", "not read completely", rich))
	}
	return r.parts
}

func (r *richReader) blocks(list []raw, depth int) {
	for _, b := range list {
		r.block(b, depth)
	}
}

func (r *richReader) block(b raw, depth int) {
	var x richBlock
	if depth > maxDepth || channel.Decode(b, &x) != nil {
		r.bad = true
		return
	}
	r.bad = r.bad || !x.known()
	r.line()
	r.read(x.Summary, depth)
	r.read(x.Text, depth)
	r.write(x.Expression)
	r.blocks(x.Blocks, depth+1)
	for _, i := range x.Items {
		r.line()
		r.write(i.Label)
		if i.Label != "" && len(i.Blocks) > 0 {
			r.write(" ")
		}
		r.item(i.Blocks, depth+1)
	}
	for _, row := range append(x.Cells, x.Buttons) {
		r.row(row, depth)
	}
	r.media(&x)
	r.captions(x, depth)
}

// known says whether everything that a block of x's type shows is read.
// https://core.telegram.org/bots/api#richblock
func (x *richBlock) known() bool {
	switch x.Type {
	case "paragraph", "heading", "pre", "footer", "divider", "mathematical_expression", "anchor", "list", "blockquote",
		"expandable_blockquote", "pullquote", "collage", "slideshow", "table", "details", "map", "buttons", "animation",
		"audio", "document", "photo", "video", "voice_note", "thinking":
		return true
	}
	return false
}

// item is the blocks of a list item, the first of which stands beside its label.
func (r *richReader) item(list []raw, depth int) {
	for i, b := range list {
		var x richBlock
		if i == 0 && channel.Decode(b, &x) == nil && x.Type == "paragraph" {
			r.read(x.Text, depth)
			continue
		}
		r.block(b, depth)
	}
}

func (r *richReader) row(cells []richCell, depth int) {
	if len(cells) > 0 {
		r.line()
	}
	for i, c := range cells {
		if i > 0 {
			r.write("\t")
		}
		r.read(c.Text, depth)
	}
}

func (r *richReader) captions(x richBlock, depth int) {
	for _, c := range []raw{x.Caption, x.Credit} {
		if len(c) > 0 {
			r.line()
			r.read(c, depth)
		}
	}
}

func (r *richReader) media(x *richBlock) {
	add := func(c events.Content) {
		r.flush()
		r.parts = append(r.parts, c)
	}
	if len(x.Photo) > 0 {
		add(photo(x.Photo))
	}
	for _, f := range []struct {
		kind string
		file *file
	}{
		{events.Video, x.Video}, {events.Animation, x.Animation}, {events.Audio, x.Audio},
		{events.File, x.Document}, {events.Voice, x.VoiceNote},
	} {
		if f.file != nil {
			add(f.file.content(f.kind))
		}
	}
	if x.Location != nil {
		add(events.Content{Kind: events.KindLocation, Location: x.Location.location(0)})
	}
}

// read writes a rich text: a string, a list, or an object with a mark.
func (r *richReader) read(t raw, depth int) {
	switch {
	case len(t) == 0 || string(t) == "null":
	case depth > maxDepth:
		r.bad = true
	case t[0] == '"':
		var s string
		_ = channel.Decode(t, &s) // valid JSON that starts so is a string
		r.write(s)
	case t[0] == '[':
		var list []raw
		_ = channel.Decode(t, &list)
		for _, x := range list {
			r.read(x, depth+1)
		}
	default:
		r.marked(t, depth+1)
	}
}

func (r *richReader) marked(t raw, depth int) {
	var x richText
	if channel.Decode(t, &x) != nil {
		r.bad = true
		return
	}
	r.startLine() // the mark begins after it
	start, at := r.units, len(r.marks)
	r.read(x.Text, depth)
	r.write(x.Alternative)
	r.write(x.Expression)
	if n := r.units - start; n > 0 && x.Type != "" {
		e := entity{URL: x.URL, User: x.User, Emoji: x.Emoji, Unix: x.Unix}
		mark := events.Entity{Type: richType(x.Type), Offset: start, Length: n, Value: e.value()}
		r.marks = append(r.marks[:at], append([]events.Entity{mark}, r.marks[at:]...)...)
	}
	if len(x.Credit) > 0 {
		r.line()
		r.read(x.Credit, depth)
	}
}

// richType is our word for a rich text's mark; most are those of entities.
func richType(t string) string {
	if t == "email_address" {
		return "email"
	}
	return entityType(t)
}

func (r *richReader) write(s string) {
	if s == "" {
		return
	}
	r.startLine()
	r.text.WriteString(s)
	for _, c := range s {
		r.units += utf16.RuneLen(c)
	}
}

// line makes what is written next start a line.
func (r *richReader) line() { r.next = true }

func (r *richReader) startLine() {
	if r.next && r.units > 0 {
		r.text.WriteByte('\n')
		r.units++
	}
	r.next = false
}

// flush ends a part of text.
func (r *richReader) flush() {
	if body := r.text.String(); body != "" {
		r.parts = append(r.parts, events.Content{Kind: events.KindText, Text: &events.Text{Body: body, Entities: r.marks}})
	}
	r.text.Reset()
	r.units, r.marks, r.next = 0, nil, false
}
