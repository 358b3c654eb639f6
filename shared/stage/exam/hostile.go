package exam

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/sample"
)

func hostility() []check {
	return []check{
		{"parse/batch", "Every item of a batch comes out, in the platform's order: what is lost here is lost for good, for the platform was told 200.", nothingLost},
		{"parse/bad-item", "One bad item of a batch becomes ingest.unsupported with the reason malformed; the others are delivered.", badItemAlone},
		{"parse/unknown-field", "Platforms add fields without notice: an unknown field changes nothing but Raw.",
			unknownFieldsIgnored},
		{"parse/hostile-body", "What comes from outside never makes Parse panic: the result is valid events or an error.",
			hostileBodies},
		{"parse/hostile-value",
			"Any value of a body may be of another type, missing, huge or empty: the result is an error without content, or valid events whose ids are not empty (else they would all be one message).", hostileValues},
		{"parse/memory", "A small body must not become a large heap: decode into typed structs, entries as json.RawMessage.",
			memoryBounded},
	}
}

// canary is content that no error may hold.
const canary = "canary-5ecb0d2f"

// patience is how long one Parse may take before it counts as endless: more than
// a thousand times what a body of any size needs, for a busy machine.
const patience = 10 * time.Second

// outcome is nil when parsing r ends well and soon: in sound events, or in an error
// that tells no content.
func outcome(c candidate, a channel.Account, r channel.Request) ([]events.Event, error) {
	return outcomeWithin(patience, c, a, r)
}

func outcomeWithin(patience time.Duration, c candidate, a channel.Account, r channel.Request) ([]events.Event, error) {
	type result struct {
		evs []events.Event
		err error
	}
	done := make(chan result, 1)
	go func() {
		evs, err := outcomeOf(c, a, r)
		done <- result{evs, err}
	}()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	select {
	case got := <-done:
		return got.evs, got.err
	case <-limit.C:
		return nil, fmt.Errorf("its Parse takes longer than %s", patience)
	}
}

func outcomeOf(c candidate, a channel.Account, r channel.Request) (evs []events.Event, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &panicked{"Parse", p}
		}
	}()
	evs, err = c.Parse(a, r)
	if err != nil {
		if strings.Contains(fmt.Sprintf("%v %+v", err, err), canary) {
			return nil, errors.New("the error of Parse error holds content of the body; use channel.Malform")
		}
		return nil, nil
	}
	for i := range evs {
		channel.Complete(&evs[i], c.Name, a.ID, r.Received)
		if err := sound(&evs[i]); err != nil {
			return nil, fmt.Errorf("event %d (%s): %w", i, evs[i].Type, err)
		}
	}
	return evs, nil
}

// sound says whether e can be stored and told from others.
func sound(e *events.Event) error {
	if err := e.Validate(); err != nil {
		return err
	}
	if _, err := json.Marshal(e); err != nil {
		return fmt.Errorf("cannot be written as JSON: %w", err)
	}
	for name, id := range idsOf(e) {
		if id == "" {
			return fmt.Errorf("the id of %s is empty", name)
		}
	}
	return nil
}

// whole says whether no part of e's composed ids is empty. It is for values that
// hold no colon themselves: an id taken verbatim may begin with one.
func whole(e *events.Event) error {
	for name, id := range idsOf(e) {
		if strings.HasSuffix(id, ":") || strings.HasPrefix(id, ":") {
			return fmt.Errorf("the id of %s is %q: part of it is empty", name, id)
		}
	}
	return nil
}

func idsOf(e *events.Event) map[string]string {
	ids := map[string]string{"key": e.Key, "conversation": e.Data.Conversation.PlatformID}
	if e.Data.Contact != nil {
		ids["contact"] = e.Data.Contact.Identities[0].Value
	}
	if e.Data.Message != nil {
		ids["message"] = e.Data.Message.PlatformID
	}
	if e.Data.Status != nil {
		ids["status.message"] = e.Data.Status.Message.PlatformID
	}
	if e.Data.Reaction != nil {
		ids["reaction.target"] = e.Data.Reaction.Target.PlatformID
	}
	return ids
}

func hostileBodies(c candidate, set sample.Set) error {
	return eachDelivery(set, func(s sample.Sample) error {
		var errs []error
		try := func(what string, change func(*channel.Request)) {
			r := clone(s.Request)
			change(&r)
			if _, err := outcome(c, set.Account, r); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", what, err))
			}
		}
		for _, body := range []string{"", "{}", "[]", "null", "true", "0", `"x"`, "\x00", "\xff\xfe", "{", "<xml/>", "<xml>",
			"<!DOCTYPE x>", "a=b&a=c", "%zz=%"} {
			try(fmt.Sprintf("body %q", body), func(r *channel.Request) { r.Body = []byte(body) })
		}
		for _, unit := range []string{"[", `{"a":`, "<a>"} {
			try("100000 times "+unit, func(r *channel.Request) { r.Body = []byte(strings.Repeat(unit, 100_000)) })
		}
		for i := range 16 {
			try(fmt.Sprintf("the first %d/16", i), func(r *channel.Request) { r.Body = r.Body[:len(r.Body)*i/16] })
		}
		for _, t := range []string{"", "text/html", "application/x-www-form-urlencoded", "multipart/form-data",
			"multipart/form-data; boundary=x", "application/json; charset=utf-16"} {
			try("content type "+t, func(r *channel.Request) { r.Header.Set("Content-Type", t) })
		}
		try("no header", func(r *channel.Request) { r.Header = nil })
		try("no query", func(r *channel.Request) { r.RawQuery = "" })
		return few(errs)
	})
}

func hostileValues(c candidate, set sample.Set) error {
	texts := []string{`null`, `""`, `" "`, `"` + canary + `"`, `"\ud800"`, "\"\xff\"", `"` + strings.Repeat("9",
		40) + `"`, `"-1"`, `0`, `-1`, `1.5`, `1e400`, `9223372036854775807`,
		strings.Repeat("9", 40), `true`, `{}`, `[]`, `[null]`, `[{}]`, `{"` + canary + `":"` + canary + `"}`,
		strings.Repeat("[", 2000) + strings.Repeat("]", 2000)}
	tried := map[string]bool{} // a place is read by the same code in every sample
	return eachDelivery(set, func(s sample.Sample) error {
		var errs []error
		for _, v := range values(s.Request.Body) {
			if tried[v.path] {
				continue
			}
			tried[v.path] = true
			for _, text := range texts {
				r := clone(s.Request)
				r.Body = splice(s.Request.Body, v, text)
				evs, err := outcome(c, set.Account, r)
				for i := range evs {
					if err == nil {
						err = whole(&evs[i])
					}
				}
				if err != nil {
					errs = append(errs, fmt.Errorf("%s is %.40s: %w", v.path, text, err))
					break
				}
			}
		}
		return few(errs)
	})
}

// memoryBounded fills each array of a sample with 64 KiB of empty elements. An
// event of about 1 KiB for each of them is the contract's own price; 144 MiB is
// what that comes to with the copies of a growing list.
func memoryBounded(c candidate, set sample.Set) error {
	const size, limit = 64 << 10, 144 << 20
	tried := map[string]bool{} // as in hostileValues
	return eachDelivery(set, func(s sample.Sample) error {
		for _, v := range values(s.Request.Body) {
			if v.kind != '[' || tried[v.path] {
				continue
			}
			tried[v.path] = true
			for _, unit := range []string{"{}", "[]", "0"} {
				r := clone(s.Request)
				n := size / (len(unit) + 1)
				r.Body = splice(s.Request.Body, v, "["+strings.Repeat(unit+",", n)+unit+"]")
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				if _, err := c.Parse(set.Account, r); err != nil {
					continue
				}
				runtime.ReadMemStats(&after)
				if grown := after.TotalAlloc - before.TotalAlloc; grown > limit {
					return fmt.Errorf("%s with %d times %s (%d KiB) takes %d MiB", v.path, n, unit, size>>10, grown>>20)
				}
			}
		}
		return nil
	})
}
