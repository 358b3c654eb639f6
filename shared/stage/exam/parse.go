package exam

import (
	"bytes"
	"errors"
	"fmt"
	"sync"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/sample"
)

func parsing() []check {
	return []check{
		{"parse/golden", "A sample's golden is its meaning: the events must be exactly those a person has read and committed, byte for byte. Run with -update and read the diff.", goldens},
		{"parse/orphan", "A golden that no sample produces proves nothing.", orphans},
		{"parse/deterministic",
			"Parse is pure: the same bytes give the same events and ids, however often and wherever they are parsed. Deduplication of redeliveries rests on it.", deterministic},
		{"parse/concurrent", "A channel holds no state: one value serves all requests at once.", concurrent},
		{"parse/keys", "Two events of one delivery with the same Key are one event to Relais: the second would be dropped as a duplicate.", distinctKeys},
		{"parse/raw", "When a delivery holds several events each keeps its own part of the body as Raw, else every event would be stored with all the others'.", ownRaw},
	}
}

// parse is c.Events with a panic as an error.
func parse(c candidate, a channel.Account, r channel.Request) (evs []events.Event, err error) {
	defer func() {
		if p := recover(); p != nil {
			evs, err = nil, &panicked{"Parse", p}
		}
	}()
	return c.Events(a, r)
}

// panicked is the error of a function that must not panic.
type panicked struct {
	function string
	value    any
}

func (p *panicked) Error() string { return fmt.Sprintf("%s panics: %v", p.function, p.value) }

func goldens(c candidate, set sample.Set) error {
	return eachDelivery(set, func(s sample.Sample) error { return matchGolden(c, set, s) })
}

func deterministic(c candidate, set sample.Set) error {
	return eachDelivery(set, func(s sample.Sample) error {
		first, err := parse(c, set.Account, s.Request)
		if err != nil {
			return err
		}
		second, err := parse(c, set.Account, clone(s.Request))
		if err != nil {
			return err
		}
		if diff := cmp.Diff(first, second); diff != "" {
			return fmt.Errorf("a second Parse differs (-first +second):\n%s", diff)
		}
		return nil
	})
}

func concurrent(c candidate, set sample.Set) error {
	errs := make([]error, 8)
	var wait sync.WaitGroup
	for i := range errs {
		wait.Go(func() {
			errs[i] = eachDelivery(set, func(s sample.Sample) error {
				if err := verify(c, set.Account, s.Request); err != nil {
					return err
				}
				_, got, err := goldenOf(c, set, s)
				if err != nil {
					return err
				}
				if _, again, _ := goldenOf(c, set, s); !bytes.Equal(got, again) {
					return errors.New("events differ between goroutines")
				}
				return nil
			})
		})
	}
	wait.Wait()
	return errors.Join(errs...)
}

func distinctKeys(c candidate, set sample.Set) error {
	return eachDelivery(set, func(s sample.Sample) error {
		evs, err := parse(c, set.Account, s.Request)
		if err != nil {
			return err
		}
		seen := map[string]bool{}
		for _, e := range evs {
			if seen[e.Key] {
				return fmt.Errorf("two events have the key %q", e.Key)
			}
			seen[e.Key] = true
		}
		return nil
	})
}

func ownRaw(c candidate, set sample.Set) error {
	return eachDelivery(set, func(s sample.Sample) error {
		evs, err := parse(c, set.Account, s.Request)
		if err != nil || len(evs) < 2 {
			return err
		}
		for i, e := range evs {
			if len(e.Raw) == 0 {
				return fmt.Errorf("event %d of %d (%s) has no Raw", i, len(evs), e.Type)
			}
		}
		return nil
	})
}
