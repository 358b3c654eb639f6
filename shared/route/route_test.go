package route_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/route"
)

func config(rules ...route.Rule) route.Config {
	return route.Config{Destinations: []string{"shop", "support"}, Default: "support", Rules: rules}
}

func event(channel, body string) *events.Event {
	return &events.Event{ID: "evt_1", Type: events.MessageReceived, Channel: channel, Time: time.Unix(1785600000, 0),
		Data: events.Data{Message: &events.Message{Content: []events.Content{events.NewText(body)}}}}
}

func TestDestinations(t *testing.T) {
	isLine := route.Rule{Name: "line", When: "event.channel == 'line'", To: []string{"shop"}}
	says := route.Rule{Name: "says", When: "event.data.message.content.exists(c, c.text.body.contains('buy'))",
		To: []string{"shop"}}
	first, every := says, says
	every.Continue = true
	all := route.Rule{Name: "all", When: "true", To: []string{"support"}}
	for _, x := range []struct {
		name   string
		rules  []route.Rule
		event  *events.Event
		to     []string
		failed []string
	}{
		{"no rule", nil, event("line", "hi"), []string{"support"}, nil},
		{"match", []route.Rule{isLine}, event("line", "hi"), []string{"shop"}, nil},
		{"no match goes to the default", []route.Rule{isLine}, event("wechat", "hi"), []string{"support"}, nil},
		{"first match ends it", []route.Rule{first, all}, event("line", "buy"), []string{"shop"}, nil},
		{"continue goes on", []route.Rule{every, all}, event("line", "buy"), []string{"shop", "support"}, nil},
		{"a missing field is no match", []route.Rule{{Name: "broken", When: "event.data.order.id == '1'",
			To: []string{"shop"}}, all}, event("line", "x"), []string{"support"}, []string{"broken"}},
		{"not a bool is no match", []route.Rule{{Name: "text", When: "event.channel", To: []string{"shop"}}}, event("line",
			"x"), []string{"support"}, nil},
	} {
		t.Run(x.name, func(t *testing.T) {
			r, err := route.Compile(config(x.rules...), "dev")
			if err != nil {
				t.Fatal(err)
			}
			to, failed := r.Destinations(x.event)
			if diff := cmp.Diff(x.to, to); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(x.failed, failed); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCostIsBounded(t *testing.T) {
	text := strings.Repeat("a", 3000)
	loop := "event.data.message.content[0].text.body"
	expensive := route.Rule{Name: "expensive",
		When: "[1,2,3,4,5,6,7,8,9,0].all(a, [1,2,3,4,5,6,7,8,9,0].all(b, [1,2,3,4,5,6,7,8,9,0].all(c, [1,2,3,4,5,6,7,8,9,0].all(d, " + loop + ".contains('b') || a+b+c+d >= 0))))", To: []string{"shop"}}
	r, err := route.Compile(config(expensive), "dev")
	if err != nil {
		t.Fatal(err)
	}
	to, failed := r.Destinations(event("line", text))
	if !cmp.Equal(to, []string{"support"}) || !cmp.Equal(failed, []string{"expensive"}) {
		t.Errorf("to %v, failed %v; a rule over its cost must count as no match", to, failed)
	}
}

func TestErrorsNameThePlace(t *testing.T) {
	for _, x := range []struct {
		name, path, says string
		config           route.Config
	}{
		{"no destinations", "relais.destinations", "at least one", route.Config{}},
		{"bad name", "relais.destinations.Shop!", "lower-case", route.Config{Destinations: []string{"Shop!"},
			Default: "Shop!"}},
		{"reserved", "relais.destinations.ingress", "Relais itself", route.Config{Destinations: []string{"ingress"},
			Default: "ingress"}},
		{"too long", "relais.destinations." + strings.Repeat("x", 70), "shorter",
			route.Config{Destinations: []string{strings.Repeat("x", 70)}}},
		{"default", "relais.default", "choose one of shop, support", route.Config{Destinations: []string{"shop", "support"},
			Default: "desk"}},
		{"unknown destination", "relais.rules[0].to[1]", `"desk" is no destination`, config(route.Rule{When: "true",
			To: []string{"shop", "desk"}})},
		{"nowhere", "relais.rules[0].to", "no destination", config(route.Rule{When: "true"})},
		{"bad CEL", "relais.rules[1].when", "Syntax error", config(route.Rule{When: "true", To: []string{"shop"}},
			route.Rule{When: "event.channel = 1", To: []string{"shop"}})},
		{"unknown variable", "relais.rules[0].when", "undeclared reference", config(route.Rule{When: "evnt.channel == 'x'",
			To: []string{"shop"}})},
		{"not a bool", "relais.rules[0].when", "want a bool", config(route.Rule{When: "1 + 1", To: []string{"shop"}})},
	} {
		t.Run(x.name, func(t *testing.T) {
			_, err := route.Compile(x.config, "dev")
			var e *route.Error
			if !errors.As(err, &e) || e.Path != x.path || !strings.Contains(e.Problem, x.says) {
				t.Errorf("got %v, want path %s and %q", err, x.path, x.says)
			}
		})
	}
}

func TestVersionFollowsTheRules(t *testing.T) {
	a, _ := route.Compile(config(), "dev")
	b, _ := route.Compile(config(route.Rule{When: "true", To: []string{"shop"}}), "dev")
	again, _ := route.Compile(config(), "prod")
	if a.Version() == b.Version() || a.Version() != again.Version() {
		t.Errorf("versions %s, %s, %s: equal rules and only they have equal versions", a.Version(), b.Version(),
			again.Version())
	}
}

func BenchmarkDestinations(b *testing.B) {
	r, err := route.Compile(config(route.Rule{When: "event.channel == 'wechat' && has(event.data.order)",
		To: []string{"shop"}}), "dev")
	if err != nil {
		b.Fatal(err)
	}
	e := event("line", "hi")
	b.ReportAllocs()
	for b.Loop() {
		r.Destinations(e)
	}
}
