package system_test

import (
	"testing"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/stage/awsfake"
)

// TestFilesAreCopiedOnce: of a message with two files both are copied, and the work on it stays in its lane. Who
// comes back to it copies neither again.
func TestFilesAreCopiedOnce(t *testing.T) {
	d := deskFor(t, "telegram")
	copies, lose := 0, true
	d.breaks(func(c awsfake.Call) *awsfake.Fault {
		switch {
		case c.Principal != "media":
		case c.Action == "s3:PutObject":
			copies++
		case c.Action == "dynamodb:DeleteItem" && lose:
			return &awsfake.Fault{}
		}
		return nil
	})
	d.posted("telegram", "live_photo")
	lose = false
	before := copies
	d.settle()
	stored := 0
	for _, e := range d.received("support") {
		if e.Type == events.MediaStored {
			stored++
		}
	}
	if before != 2 || copies != before || stored != 2 {
		t.Errorf("%d copies, then %d, told %d times, want 2 each\n%s", before, copies, stored, d.logs)
	}
}
