package fit

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// media shows m as its own type, else as the nearest one, else as a link.
func (f fitter) media(m events.Media) outcome {
	var why []string
	for _, typ := range substitutes(m) {
		out, problem := f.mediaAs(m, typ)
		if problem == "" {
			return out.noting(why...)
		}
		why = append(why, problem)
	}
	if m.URL == "" {
		return refused(append(why, "has no URL to send instead")...)
	}
	return f.mediaLink(m).noting(why...)
}

// substitutes are the types as which m can go, best first.
func substitutes(m events.Media) []string {
	switch {
	case m.Type == events.Sticker:
		return []string{events.Sticker, events.Image, events.File}
	case m.Type == events.Animation && strings.HasPrefix(m.MIME, "video/"):
		return []string{events.Animation, events.Video, events.File}
	case m.Type == events.Animation && strings.HasPrefix(m.MIME, "image/"):
		return []string{events.Animation, events.Image, events.File}
	case m.Type == events.Voice:
		return []string{events.Voice, events.Audio, events.File}
	case m.Type == events.File:
		return []string{events.File}
	}
	return []string{m.Type, events.File}
}

// mediaAs shows m as media of type typ, its caption behind it where it does not
// fit, or says why that is not possible.
func (f fitter) mediaAs(m events.Media, typ string) (outcome, string) {
	limit, known := f.limits.Media[typ]
	switch {
	case !known:
		return outcome{}, "the channel has no " + typ
	case typ != m.Type && m.URL == "" && m.SHA256 == "":
		return outcome{}, "a platform id of one type is none of another"
	}
	if problem := unfit(m, typ, limit); problem != "" {
		return outcome{}, problem
	}
	out := native()
	if typ != m.Type {
		out = out.fallback(events.LossStyle, m.Type+" sent as "+typ)
		m.Type, m.PlatformID = typ, ""
	}
	out, rest := f.caption(out, &m, limit.Caption)
	out.content = []events.Content{events.NewMedia(m)}
	if problem := f.takes(out.content[0]); problem != "" {
		return outcome{}, problem
	}
	if rest.body != "" {
		out = out.and(f.say(rest))
	}
	return out, ""
}

// caption makes m's caption one that the channel shows, or takes it away and
// returns it.
func (f fitter) caption(out outcome, m *events.Media, limit int) (outcome, prose) {
	text := marked(m.Caption, m.Entities)
	short, lost := f.styled(f.defused(text))
	if events.Blank(short.body) {
		m.Caption, m.Entities = "", nil
		return out, prose{}
	}
	if f.over(short.body, limit) {
		m.Caption, m.Entities = "", nil
		out.details = append(out.details, "the caption is a text of its own")
		return out, text
	}
	m.Caption, m.Entities = short.body, short.marks
	return out.losing(lost), prose{}
}

// unfit says why m is not within limit as media of type typ, or "".
func unfit(m events.Media, typ string, limit channel.MediaLimit) string {
	switch {
	case limit.Bytes > 0 && m.Bytes > limit.Bytes:
		return fmt.Sprintf("%d bytes are more than the %d of %s", m.Bytes, limit.Bytes, typ)
	case !accepts(limit.MIME, m.MIME):
		return fmt.Sprintf("%s is not taken as %s", m.MIME, typ)
	case limit.Pixels > 0 && m.Width+m.Height > limit.Pixels:
		return fmt.Sprintf("width and height are together more than %d", limit.Pixels)
	case limit.Ratio > 0 && m.Width > 0 && m.Height > 0 && max(m.Width, m.Height) > limit.Ratio*min(m.Width, m.Height):
		return fmt.Sprintf("one side has more than %d times the other", limit.Ratio)
	case limit.Duration > 0 && time.Duration(m.DurationMS)*time.Millisecond > limit.Duration:
		return fmt.Sprintf("%s takes at most %s", typ, limit.Duration)
	}
	return ""
}

// accepts says whether one of patterns is the MIME type, which may carry
// parameters that a pattern leaves open.
func accepts(patterns []string, mime string) bool {
	if patterns == nil || mime == "" {
		return true
	}
	mime = strings.ToLower(strings.ReplaceAll(mime, " ", ""))
	base, _, _ := strings.Cut(mime, ";")
	return slices.ContainsFunc(patterns, func(p string) bool {
		p = strings.ToLower(strings.ReplaceAll(p, " ", ""))
		family, any := strings.CutSuffix(p, "*")
		return p == mime || p == base || any && strings.HasPrefix(base, family)
	})
}

// mediaLink is m's name or description, its caption and its URL.
func (f fitter) mediaLink(m events.Media) outcome {
	text := lines(plain(cmp.Or(m.Name, m.Alt)), marked(m.Caption, m.Entities), plain(m.URL))
	return f.say(text).fallback(events.LossStyle, m.Type+" sent as a link")
}
