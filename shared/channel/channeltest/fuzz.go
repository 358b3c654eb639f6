package channeltest

import (
	"errors"
	"testing"

	"github.com/relais-dev/relais/shared/channel"
)

// Fuzz feeds c bodies grown from its samples: Parse must give valid events or an
// error, the same twice, and no function may panic.
func Fuzz(f *testing.F, c channel.Channel) {
	set := read(f, c)
	for i, s := range set.Samples {
		f.Add(uint8(i), s.Request.Body)
	}
	f.Fuzz(func(t *testing.T, which uint8, body []byte) {
		r := clone(set.Samples[int(which)%len(set.Samples)].Request)
		r.Body = body
		var p *panicked
		if err := verify(c, set.Account, r); errors.As(err, &p) {
			t.Fatal(err)
		}
		first, err := parse(c, set.Account, r)
		if errors.As(err, &p) {
			t.Fatal(err)
		}
		second, again := parse(c, set.Account, r)
		if (err == nil) != (again == nil) || len(first) != len(second) {
			t.Fatalf("Parse gives %d events and %v, then %d and %v", len(first), err, len(second), again)
		}
		for i := range first {
			if first[i].ID != second[i].ID {
				t.Fatalf("event %d has the id %s, then %s", i, first[i].ID, second[i].ID)
			}
		}
	})
}
