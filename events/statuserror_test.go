package events

import "testing"

// What a platform may have done nobody may repeat blindly.
func TestStatus(t *testing.T) {
	for _, c := range []struct {
		e    StatusError
		want bool
	}{
		{StatusError{Class: ClassPlatform}, true}, {StatusError{Class: ClassRate}, true},
		{StatusError{Class: ClassPlatform, Unknown: true}, false}, {StatusError{Class: ClassContent}, false},
	} {
		if got := c.e.Status().Retryable; got != c.want {
			t.Errorf("%+v is retryable: %t", c.e, got)
		}
	}
}
