package channel

import (
	"testing"

	"github.com/relais-dev/relais/events"
)

// What a platform may have done nobody may repeat blindly.
func TestStatus(t *testing.T) {
	for _, c := range []struct {
		e    Error
		want bool
	}{
		{Error{Class: events.ClassPlatform}, true}, {Error{Class: events.ClassRate}, true},
		{Error{Class: events.ClassPlatform, Unknown: true}, false}, {Error{Class: events.ClassContent}, false},
	} {
		if got := c.e.Status().Retryable; got != c.want {
			t.Errorf("%+v is retryable: %t", c.e, got)
		}
	}
}
