package double

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/relais-dev/relais/shared/channel"
)

// TestRecord: each call is recorded before anybody sees an effect of it, a call whose
// answer is lost as well.
func TestRecord(t *testing.T) {
	ch := channel.Channel{Name: "x", Sign: func(channel.Account, *channel.Request) {}, Outbound: channel.Outbound{
		Hosts: []string{"x.test"}, Double: func(channel.Account, channel.Call) channel.Answer {
			a := channel.AnswerJSON(http.StatusOK, "{}")
			a.Webhooks = []channel.Request{{Method: http.MethodPost}}
			return a
		}}}
	var seen []string
	d := &Doubles{Channels: []channel.Channel{ch}, Now: time.Now,
		Account: func(string) (channel.Account, error) { return channel.Account{}, nil },
		Deliver: func(channel.Channel, channel.Request) { seen = append(seen, "receipt") },
		Record:  func(c Call) { seen = append(seen, "call "+string(c.Fault)) }}
	if err := d.Fail("x", Lost, Broken); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://x.test/send", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		if answer, err := d.RoundTrip(r); err == nil {
			answer.Body.Close()
		}
	}
	if want := []string{"call lost", "receipt", "call broken", "call ", "receipt"}; !slices.Equal(seen, want) {
		t.Errorf("saw %q, want %q", seen, want)
	}
}
