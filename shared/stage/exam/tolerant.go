package exam

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/sample"
)

func tolerance() []check {
	return []check{
		{"parse/other-type", "A member of another JSON type than documented costs no more than a member that is absent: the message keeps its type and its words. Use channel.Decode.", otherTypes},
		{"parse/press", "An answer that is a message on its platform carries a Ref to itself: it can be read, quoted and reacted to.", presses},
	}
}

// named is the key of a message that has an id of the platform's; without one it is
// a digest of what the platform sent.
var named = regexp.MustCompile(`^message:([^0-9a-f]|.{0,31}$|.{33})`)

// presses finds answers that are known by a message's id and do not tell it.
func presses(c candidate, set sample.Set) error {
	return eachDelivery(set, func(s sample.Sample) error {
		evs, err := parse(c, set.Account, s.Request)
		for _, e := range evs {
			if in := e.Data.Interaction; in != nil && in.Message == nil && named.MatchString(e.Key) {
				return fmt.Errorf("the answer %q has no Ref to itself", e.Key)
			}
		}
		return err
	})
}

// otherTypes gives every leaf of a sample values of other JSON types, one at a time. A
// leaf is required when an event changes its type or words without it; what it may be
// then, other checks say.
func otherTypes(c candidate, set sample.Set) error {
	tried := map[string]bool{} // a place is read by the same code in every sample, which may be of another kind
	return eachDelivery(set, func(s sample.Sample) error {
		want, ok := gist(c, set, s.Request.Body, s)
		if !ok || !slices.ContainsFunc(want, func(t string) bool { return t != string(events.IngestUnsupported) }) {
			return nil
		}
		var errs []error
		for _, v := range values(s.Request.Body) {
			place := fmt.Sprint(want, v.path)
			if v.kind == '{' || v.kind == '[' || v.path == "" || tried[place] || strict(c.Channel, s, v) {
				continue
			}
			tried[place] = true
			errs = append(errs, otherType(c, set, s, v, want))
		}
		return few(errs)
	})
}

func otherType(c candidate, set sample.Set, s sample.Sample, v value, want []string) error {
	say := func(text string) ([]string, bool) { return gist(c, set, splice(s.Request.Body, v, text), s) }
	absent, ok := say("null")
	if !ok || !slices.Equal(absent, want) {
		return nil
	}
	for text, meant := range others(v, s.Request.Body) {
		got, ok := say(text)
		if !ok {
			return fmt.Errorf("%s is %s: the body is refused", v.path, text)
		}
		if read, _ := say(meant); !slices.Equal(got, want) && !slices.Equal(got, read) {
			return fmt.Errorf("%s is %s: %q, want %q", v.path, text, got, want)
		}
	}
	return nil
}

// strict says whether v is exempt from the rule.
func strict(c channel.Channel, s sample.Sample, v value) bool {
	switch {
	case c.Devices:
		return true // our own widget writes it, by a protocol of ours that refuses what is wrong
	case s.Request.Header.Get("X-Amz-Sns-Message-Type") != "":
		return !strings.Contains(v.path, ".") // SNS signs the texts of these members, and no others
	}
	return c.Name == "qq" && v.path == "d.target.type" // a number, or the name for it
}

// others are values of other JSON types than v's, and what they may be read as; none
// where v's type is not to be seen.
func others(v value, body []byte) map[string]string {
	list := map[string]string{`{"x":1}`: `null`, `["x",1]`: `null`, `[]`: `null`}
	switch text := string(v.text(body)); {
	case text == `null` || text == `""`:
		return nil
	case text == `true` || text == `false`:
		list[`7`], list[`"x"`], list[`"true"`] = `null`, `null`, `true`
	case v.kind == '"':
		list[`7`], list[`true`] = `"7"`, `"true"`
	default:
		list[`"7"`], list[`"x"`], list[`true`] = `7`, `null`, `null`
	}
	return list
}

// gist is what the events of a body are and say.
func gist(c candidate, set sample.Set, body []byte, s sample.Sample) ([]string, bool) {
	r := clone(s.Request)
	r.Body = body
	evs, err := parse(c, set.Account, r)
	if err != nil {
		return nil, false
	}
	var list []string
	for _, e := range evs {
		list = append(list, string(e.Type))
		if e.Data.Message != nil {
			list = append(list, words(e.Data.Message.Content)...)
		}
		if in := e.Data.Interaction; in != nil {
			list = append(list, in.Text)
		}
	}
	return list, true
}

func words(content []events.Content) []string {
	var list []string
	for _, c := range content {
		list = append(list, string(c.Kind))
		if c.Text != nil {
			list = append(list, c.Text.Body)
		}
	}
	return list
}
