package topology

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/names"
)

// TestDesks: the router and those who send are told the same, and nothing that goes
// without saying.
func TestDesks(t *testing.T) {
	c, err := Parse([]byte(`{"default":"support","destinations":{
		"support":{"role":"team","standby":true,"answer":"30m"},"plain":{"role":"team"},
		"helper":{"role":"bot","lease":"45s","else":"plain"},
		"shop":{"role":"observer"},"quiet":{"standby":false}}}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"desks":{"helper":{"role":"bot","lease":"45s","else":"plain"},"plain":{},"quiet":{"standby":false},` +
		`"shop":{"role":"observer"},"support":{"answer":"30m"}},"default":"support"}`
	if got := c.DesksJSON(); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	s := New(c, names.Local, []channel.Channel{{Name: "plain"}})
	if diff := cmp.Diff(c.Desks(), s.Routes.Desks); diff != "" {
		t.Errorf("the router is told something else (-sender +router):\n%s", diff)
	}
}
