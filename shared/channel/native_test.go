package channel_test

import (
	"errors"
	"testing"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

func TestNative(t *testing.T) {
	type to struct {
		To   string `json:"to"`
		Chat string `json:"chat,omitempty"`
	}
	for _, tc := range []struct {
		theirs string
		ours   any
		want   string
	}{
		{`{"n":600000000000000001,"to":"b"}`, nil, `{"n":600000000000000001,"to":"b"}`},
		{`{"n":1.50,"to":"b"}`, to{To: "a"}, `{"n":1.50,"to":"a"}`},
		{`{"chat":"theirs","x":{"to":"b"}}`, to{To: "a"}, `{"to":"a","x":{"to":"b"}}`},
		{`{"chat":"theirs"}`, to{To: "a", Chat: "c"}, `{"chat":"c","to":"a"}`},
	} {
		got, err := channel.Native(&events.Native{JSON: tc.theirs}, tc.ours, "chat")
		text, _ := channel.JSON(got)
		if err != nil || string(text) != tc.want {
			t.Errorf("%s with %+v is %s, %v; want %s", tc.theirs, tc.ours, text, err, tc.want)
		}
	}
	for _, theirs := range []string{``, `7`, `[]`, `null`, `{`, `"a"`} {
		_, err := channel.Native(&events.Native{JSON: theirs}, to{})
		var e *channel.Error
		if !errors.As(err, &e) || e.Class != events.ClassContent || e.Unknown {
			t.Errorf("%q gives %v", theirs, err)
		}
	}
	_, err := channel.Native(&events.Native{JSON: `{}`}, func() {})
	if !errors.Is(err, channel.ErrNotSent) {
		t.Errorf("what is no JSON of ours gives %v", err)
	}
}
