package system_test

import (
	"testing"

	"github.com/relais-dev/relais/shared/stage/outside"
)

// TestLeftConversationIsSilent: an answer to a conversation whose customer went on in another one is said there,
// and only there: who subscribed to the one that was left is not woken for what it will not show.
func TestLeftConversationIsSilent(t *testing.T) {
	s := newShop(t)
	s.visit("phone", s.token("user-42")).says("from my phone")
	v := s.visit("laptop", "")
	e := v.says("as a visitor")
	b := newBrowser(t)
	if status, a := v.ask("POST", "push", b.subscription("/p/1")); status != 201 {
		t.Fatalf("answered %d %v", status, a)
	}
	if status, a := v.ask("POST", "login", map[string]string{"userToken": s.token("user-42")}); status != 200 ||
		a["merged"] != true {
		t.Fatalf("answered %d %v", status, a)
	}
	s.drain()
	s.sys.World.Forget()
	s.answers(e, "k1", "late")
	notified := map[any]int{}
	for _, c := range s.sys.World.Calls(outside.PushName) {
		notified[b.read(c.Request.Body)["conversation"]]++
	}
	if notified[e.Subject] != 0 {
		t.Errorf("notified %v: %s is the conversation that the customer left", notified, e.Subject)
	}
}
