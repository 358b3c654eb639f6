package system_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/relais-dev/relais/events"
)

// TestAnswerOnItsWay: a bot that answered in time keeps its hold, though its lease ends before the platform
// has taken the answer.
func TestAnswerOnItsWay(t *testing.T) {
	f := newFloor(t, floorConfig)
	f.writes("Where is my parcel?")
	if status, why := f.says(events.Outbound{From: "helper", Hold: f.state().Hold, Sender: bot,
		Content: words("At your door.")}); status != http.StatusAccepted {
		t.Fatalf("answered %d %+v", status, why)
	}
	f.clock.Advance(50 * time.Second)
	f.work("clock", "router")
	if got := f.state().Holder; got != "helper" {
		t.Errorf("%s holds while the answer waits to be sent", got)
	}
	f.holds("helper")
	if n := f.said("whatsapp", "At your door."); n != 1 {
		t.Errorf("said %d times", n)
	}
	f.wait(2 * time.Minute)
	f.holds("helper")
}
