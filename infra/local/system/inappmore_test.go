package system_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/stage/awsfake"
)

// TestInAppRenewal: a visitor who comes back in time stays the same one for ever;
// whoever ends a session ends what it was renewed to.
func TestInAppRenewal(t *testing.T) {
	s := newShop(t)
	v := s.visit("laptop", "")
	v.says("Hello?")
	old := v.session
	s.clock.Advance(25 * 24 * time.Hour)
	status, a := v.ask("POST", "sessions", map[string]string{"device": "laptop"})
	if status != 201 || a["conversation"] != v.conversation || a["known"] != false {
		t.Fatalf("answered %d %v", status, a)
	}
	v.session = a["session"].(string)
	v.says("Still here")
	s.clock.Advance(25 * 24 * time.Hour)
	if diff := cmp.Diff([]string{"> Still here"}, v.history("")); diff != "" { // events are kept for 30 days
		t.Errorf("after 50 days (-want +got)\n%s", diff)
	}
	if status, a := s.call("POST", "sessions", old, map[string]string{"device": "laptop"}); status != 401 ||
		a["code"] != "expired_token" {
		t.Errorf("the first token was answered %d %v", status, a)
	}
	old = v.session
	if _, a = v.ask("POST", "sessions", map[string]string{"device": "laptop"}); a["session"] == nil {
		t.Fatalf("answered %v", a)
	}
	s.call("POST", "logout", old, nil)
	s.clock.Advance(6 * 24 * time.Hour)
	v.session = a["session"].(string)
	if status, a := v.ask("GET", "messages", nil); status != 401 || a["code"] != "expired_token" {
		t.Errorf("after logging out the renewed token was answered %d %v", status, a)
	}
}

// TestInAppSeveral: an answer names every option that was chosen.
func TestInAppSeveral(t *testing.T) {
	s := newShop(t)
	v := s.visit("laptop", "")
	e := v.says("Which colours are there?")
	o := say(e, "k1", "")
	o.Content = []events.Content{{Kind: events.KindChoice, Choice: &events.Choice{Text: "Which?",
		Style: events.StylePicker, Multiple: true,
		Options: []events.Option{{ID: "red", Label: "Red"}, {ID: "blue", Label: "Blue"}, {ID: "green", Label: "Green"}}}}}
	s.ask(o)
	s.drain()
	s.received("support")
	_, a := v.ask("GET", "messages", nil)
	items := a["items"].([]any)
	offer := items[len(items)-1].(map[string]any)
	choice := offer["content"].([]any)[0].(map[string]any)["choice"].(map[string]any)
	if choice["multiple"] != true {
		t.Fatalf("offered %v", offer)
	}
	answer := map[string]any{"v": 1, "action": "choose", "clientMsgId": "c1", "message": offer["id"], "option": "red",
		"text":   "Red, Blue",
		"values": []map[string]string{{"name": "red", "value": "Red"}, {"name": "blue", "value": "Blue"}}}
	if status, a := v.ask("POST", "events", answer); status != 202 || len(a["acks"].([]any)) != 1 {
		t.Fatalf("answered %d %v", status, a)
	}
	s.drain()
	list := s.received("support")
	want := []events.Field{{Name: "red", Value: "Red"}, {Name: "blue", Value: "Blue"}}
	if len(list) != 1 || cmp.Diff(want, list[0].Data.Interaction.Values) != "" {
		t.Errorf("received %v", list)
	}
}

// TestInAppLarge: what no socket takes is told of on the socket, and read by HTTP in
// pages that Lambda can answer with.
func TestInAppLarge(t *testing.T) {
	s := newShop(t)
	v := s.visit("laptop", "")
	e := v.says("Tell me everything")
	l := v.connect(t)
	const messages, parts = 8, 16
	for i := range messages {
		o := say(e, fmt.Sprint("k", i), "")
		o.Content = nil
		for p := range parts {
			o.Content = append(o.Content, events.NewText(fmt.Sprintf("%d/%d %s", i, p, strings.Repeat("é", 9_900))))
		}
		s.ask(o)
		s.drain()
		s.received("support")
	}
	first := l.next()
	if first["type"] != "fetch" || first["seq"] != 2.0 {
		t.Fatalf("told %v", first)
	}
	for range messages - 1 {
		l.want("fetch")
	}
	l.write(map[string]any{"v": 1, "action": "resume", "after": 7})
	l.want("fetch", "fetch", "resumed")
	after, seen, pages := 1.0, 0, 0
	for more := true; more; pages++ {
		_, a := v.ask("GET", fmt.Sprintf("messages?limit=100&after=%d", int(after)), nil)
		for _, x := range a["items"].([]any) {
			if text := shown(x.(map[string]any)); !strings.HasPrefix(text, fmt.Sprint(seen, "/0")) ||
				len(text) < parts*2*9_900 {
				t.Errorf("message %d is %.20s… of %d bytes", seen, text, len(text))
			}
			seen++
		}
		after, more = a["last"].(float64), a["more"].(bool)
	}
	if seen != messages || pages < 2 {
		t.Errorf("%d messages on %d pages", seen, pages)
	}
}

// TestInAppLateAnswer: an answer to a conversation that its customer has left by
// logging in reaches them where they went on, once, and every consumer sees it there.
func TestInAppLateAnswer(t *testing.T) {
	s := newShop(t)
	phone := s.visit("phone", s.token("user-42"))
	phone.says("from my phone")
	v := s.visit("laptop", "")
	e := v.says("as a visitor")
	s.answers(e, "k1", "in time")
	if status, a := v.ask("POST", "login", map[string]string{"userToken": s.token("user-42")}); status != 200 ||
		a["merged"] != true {
		t.Fatalf("answered %d %v", status, a)
	}
	s.drain()
	s.received("support")
	l := phone.connect(t)
	o := say(e, "k2", "late")
	s.ask(o)
	s.drain()
	l.want("late")
	echoes := map[string]int{}
	for _, x := range s.received("support") {
		if x.Type == events.MessageEchoed {
			echoes[x.Subject]++
		}
	}
	if want := map[string]int{e.Subject: 1, phone.conversation: 1}; cmp.Diff(want, echoes) != "" {
		t.Errorf("consumers saw %v", echoes)
	}
	want := []string{"> as a visitor", "in time", "> from my phone", "late"}
	if diff := cmp.Diff(want, phone.history("")); diff != "" {
		t.Errorf("history (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(want, phone.walk("after", -1<<50)); diff != "" {
		t.Errorf("history from its beginning (-want +got)\n%s", diff)
	}
}

// TestInAppLoginStops: a login that dies on its way loses nothing, whatever the brand
// says meanwhile.
func TestInAppLoginStops(t *testing.T) {
	for stop := range 8 {
		t.Run(fmt.Sprint(stop), func(t *testing.T) {
			s := newShop(t)
			phone := s.visit("phone", s.token("user-42"))
			phone.says("from my phone")
			v := s.visit("laptop", "")
			e := v.says("as a visitor")
			writes := 0
			s.breaks(func(c awsfake.Call) *awsfake.Fault {
				if c.Principal != "chat" || c.Action != "dynamodb:PutItem" {
					return nil
				}
				if writes++; writes <= stop {
					return nil
				}
				return &awsfake.Fault{Status: 400, Code: "AccessDeniedException"}
			})
			status, a := v.ask("POST", "login", map[string]string{"userToken": s.token("user-42")})
			s.breaks(nil)
			s.clock.Advance(time.Minute)
			s.answers(e, "k1", "late")
			if status != 200 {
				if status, a = v.ask("POST", "login", map[string]string{"userToken": s.token("user-42")}); status == 401 {
					status, a = s.call("POST", "sessions", "", map[string]string{"device": "laptop", "userToken": s.token("user-42")})
				}
			}
			if status/100 != 2 {
				t.Fatalf("answered %d %v", status, a)
			}
			v.session = a["session"].(string)
			s.drain()
			got := v.history("")
			slices.Sort(got)
			if diff := cmp.Diff([]string{"> as a visitor", "> from my phone", "late"}, got); diff != "" {
				t.Errorf("history (-want +got)\n%s", diff)
			}
		})
	}
}

// TestInAppBrandBegins: a known user finds what the brand said before they ever wrote,
// with what they said as a visitor before it.
func TestInAppBrandBegins(t *testing.T) {
	s := newShop(t)
	to := events.To{Channel: "inapp", Account: "demo", Identity: &events.Identity{Scheme: events.WebVerified,
		Value: "user-7"}}
	greet := func(key, text string) {
		t.Helper()
		s.ask(events.Outbound{IdempotencyKey: key, To: to, Content: []events.Content{events.NewText(text)}})
		s.drain()
		if got := outcomes(s.received("support")); len(got) != 1 || got[0] != "echo "+text {
			t.Fatalf("told %v\n%s", got, s.logs)
		}
	}
	greet("k1", "Your order is ready")
	v := s.visit("laptop", "")
	v.says("Is it ready?")
	status, a := v.ask("POST", "login", map[string]string{"userToken": s.token("user-7")})
	if status != 200 || a["merged"] != true {
		t.Fatalf("answered %d %v", status, a)
	}
	v.session, v.conversation = a["session"].(string), a["conversation"].(string)
	s.drain()
	s.received("support")
	if diff := cmp.Diff([]string{"> Is it ready?", "Your order is ready"}, v.history("")); diff != "" {
		t.Error(diff)
	}
	// Who began as a visitor is reached in that conversation.
	w := s.visit("laptop", "")
	w.says("Hello?")
	if _, a = w.ask("POST", "login", map[string]string{"userToken": s.token("user-8")}); a["merged"] != false {
		t.Fatalf("answered %v", a)
	}
	w.session = a["session"].(string)
	s.drain()
	s.received("support")
	to.Identity.Value = "user-8"
	greet("k2", "Hello Ana")
	if diff := cmp.Diff([]string{"> Hello?", "Hello Ana"}, w.history("")); diff != "" {
		t.Error(diff)
	}
	to.Identity.Value = strings.Repeat("x", 129)
	s.ask(events.Outbound{IdempotencyKey: "k3", To: to, Content: []events.Content{events.NewText("x")}})
	s.drain()
	if got := outcomes(s.received("support")); cmp.Diff([]string{"rejected recipient"}, got) != "" {
		t.Errorf("told %v of an id that nobody can have", got)
	}
}

// TestInAppReadElsewhere: what a customer reads on one device is read on all of them,
// and stays so for those who come later or say less.
func TestInAppReadElsewhere(t *testing.T) {
	s := newShop(t)
	laptop, phone := s.visit("laptop", s.token("user-42")), s.visit("phone", s.token("user-42"))
	e := laptop.says("Hello?")
	s.answers(e, "k1", "Good morning")
	s.answers(e, "k2", "Are you there?")
	l := laptop.connect(t)
	read := func(upTo int) {
		t.Helper()
		if status, a := phone.ask("POST", "events", map[string]any{"v": 1, "action": "read", "upTo": upTo}); status != 202 {
			t.Fatalf("answered %d %v", status, a)
		}
		s.clock.Advance(time.Second)
		s.drain()
	}
	read(3)
	if f := l.next(); f["type"] != "seen" || f["upTo"] != 3.0 {
		t.Errorf("the other device was told %v", f)
	}
	for name, upTo := range map[string]int{"less": 2, "what there is not": 1 << 40} {
		read(upTo)
		if _, a := laptop.ask("GET", "messages", nil); a["read"] != 3.0 {
			t.Errorf("after reading %s: %v", name, a["read"])
		}
	}
	if list := s.received("support"); len(list) != 3 || list[0].Type != events.ReceiptRead {
		t.Errorf("received %v", outcomes(list))
	}
}
