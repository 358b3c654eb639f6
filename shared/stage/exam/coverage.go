package exam

import (
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/sample"
)

func coverage() []check {
	return []check{
		{"coverage/text", "text.http is the message everybody sends: it gives message.received.v1 with text.", textReceived},
		{"coverage/unknown", "unknown.http is a kind of message or event that Relais has no words for: it comes out as unsupported, with the platform's own bytes, never as nothing.", unknownKept},
		{"coverage/unicode", "People write emoji: one sample holds text with a character above U+FFFF, and it arrives whole.", unicodeKept},
		{"coverage/batch", "Where deliveries carry lists of events, batch.http holds several: only a batch shows that none is lost.", batchRecorded},
		{"coverage/events", "Every event of a sample is valid, with ids, and with the platform's own time, within a year of the account's now (a wrong unit shows as 1970 or the year 58000).", eventsSound},
		{"coverage/schema", "Every event of a sample matches the published JSON Schema of its type: integrators generate code from it.", eventsMatchSchema},
		{"coverage/ack", "When a delivery's events are committed, new or known, the platform hears success: after anything else it would send them again.", acknowledged},
	}
}

// eventsOf are the events of the sample called name.
func eventsOf(c candidate, set sample.Set, name string) ([]events.Event, error) {
	s, found := set.Find(name)
	if !found {
		return nil, fmt.Errorf("testdata/in/%s.http is missing", name)
	}
	evs, err := parse(c, set.Account, s.Request)
	if err == nil && len(evs) == 0 {
		err = fmt.Errorf("%s.http gives no event", name)
	}
	return evs, err
}

func textReceived(c candidate, set sample.Set) error {
	evs, err := eventsOf(c, set, "text")
	if err != nil {
		return err
	}
	for _, e := range evs {
		if e.Type != events.MessageReceived {
			continue
		}
		for _, part := range e.Data.Message.Content {
			if part.Text != nil && part.Text.Body != "" {
				return nil
			}
		}
	}
	return errors.New("text.http gives no message.received.v1 with text")
}

func unknownKept(c candidate, set sample.Set) error {
	evs, err := eventsOf(c, set, "unknown")
	if err != nil {
		return err
	}
	for _, e := range evs {
		found := []*events.Unsupported{e.Data.Unsupported}
		if e.Data.Message != nil {
			for _, part := range e.Data.Message.Content {
				found = append(found, part.Unsupported)
			}
		}
		if slices.ContainsFunc(found, func(u *events.Unsupported) bool { return u != nil && u.Kind != "" && u.Raw != "" }) {
			return nil
		}
	}
	return errors.New("unknown.http gives neither unsupported content nor ingest.unsupported.v1 with kind and raw")
}

func unicodeKept(c candidate, set sample.Set) error {
	for _, s := range deliveries(set) {
		evs, err := parse(c, set.Account, s.Request)
		if err != nil {
			return err
		}
		for _, e := range evs {
			if e.Data.Message != nil && slices.ContainsFunc(e.Data.Message.Content, hasAstral) {
				return nil
			}
		}
	}
	return errors.New("no sample gives a message whose text holds a character above U+FFFF")
}

func hasAstral(part events.Content) bool {
	if part.Text == nil || !utf8.ValidString(part.Text.Body) {
		return false
	}
	return slices.ContainsFunc([]rune(part.Text.Body), func(r rune) bool { return r > 0xFFFF })
}

// batchRecorded doubles each array of text.http: when that doubles the events,
// the platform has batches.
func batchRecorded(c candidate, set sample.Set) error {
	if evs, err := eventsOf(c, set, "batch"); err == nil {
		if len(evs) < 2 {
			return fmt.Errorf("batch.http gives %d event, want several", len(evs))
		}
		return nil
	}
	text, found := set.Find("text")
	if !found {
		return errors.New("testdata/in/text.http is missing")
	}
	for _, v := range values(text.Request.Body) {
		if v.kind != '[' || len(v.children) != 1 {
			continue
		}
		item := string(v.children[0].text(text.Request.Body))
		r := clone(text.Request)
		r.Body = splice(r.Body, v, "["+item+","+item+"]")
		once, err := parse(c, set.Account, text.Request)
		if err != nil {
			return err
		}
		if twice, _ := parse(c, set.Account, r); len(twice) > len(once) {
			return fmt.Errorf("testdata/in/batch.http is missing, and %s can hold several", v.path)
		}
	}
	return nil
}

func eventsSound(c candidate, set sample.Set) error {
	const year = 366 * 24 * time.Hour
	return eachDelivery(set, func(s sample.Sample) error {
		evs, err := outcome(c, set.Account, s.Request)
		for _, e := range evs {
			if e.Time.Sub(set.Now).Abs() > year {
				return fmt.Errorf("%s happened %s, and was received %s", e.Type, e.Time.Format(time.DateTime),
					set.Now.Format(time.DateTime))
			}
		}
		return err
	})
}

func acknowledged(c candidate, set sample.Set) error {
	if c.Ack == nil {
		return nil // the core answers 200
	}
	return eachDelivery(set, func(s sample.Sample) error {
		for _, receipt := range []channel.Receipt{{}, {New: 1}, {Duplicates: 1}} {
			if answer := c.Ack(set.Account, s.Request, receipt); !isOK(answer) {
				return fmt.Errorf("answered %d after %+v", answer.Status, receipt)
			}
		}
		return nil
	})
}
