package api

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/events/samples"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/store"
)

func ringOf(lane store.Lane) string { return fmt.Sprintf(`{"ring":%q}`, lane) }

func TestReply(t *testing.T) {
	r := newRig(t)
	r.hear("pager", text(1, "Hello"))
	c, id := conversation("pager"), events.OutboundID("k1")
	path := "/v1/conversations/" + c + "/messages"
	got := r.call("POST", path, says("k1", "Your kettle is on its way."))
	a := read[events.Acceptance](t, got)
	want := events.Acceptance{ID: id, Conversation: c, Channel: "pager", Account: "demo", State: events.Queued,
		Rendering: a.Rendering}
	if diff := cmp.Diff(want, a); got.status != 202 || diff != "" || got.header["location"] != "/v1/messages/"+id ||
		len(a.Rendering) != 1 {
		t.Errorf("%d %v %s", got.status, got.header, diff)
	}
	if diff := cmp.Diff([]string{ringOf(store.ReplyLane(c))}, r.queued(names.EnvOutbound)); diff != "" {
		t.Error(diff)
	}
	again := r.call("POST", path, says("k1", "Your kettle is on its way."))
	if diff := cmp.Diff(got, again, cmp.AllowUnexported(reply{})); diff != "" {
		t.Errorf("the same request is answered otherwise: %s", diff)
	}
	withTo := strings.Replace(says("k1", "Your kettle is on its way."), `{`, `{"to":{"conversation":"`+c+`"},`, 1)
	for _, at := range []string{path, "/v1/messages"} {
		if got := r.call("POST", at, withTo); got.body != again.body {
			t.Errorf("the same message through %s: %s", at, got.body)
		}
	}
	other := `{"to":{"conversation":"` + conversation("beeper") + `"},`
	r.call("POST", path, strings.Replace(says("k2", "Elsewhere"), `{`, other, 1)).refused(t, invalid)
	p := r.call("POST", path, says("k1", "Something else")).refused(t, conflict)
	if p.Remedy == "" || p.Class != events.ClassContent {
		t.Errorf("a conflict without a remedy: %+v", p)
	}
	r.nothing() // repetitions within five minutes are dropped by the queue
	waiting, err := store.NewLanes(r.store).Waiting(t.Context(), store.ReplyLane(c), 10)
	if diff := cmp.Diff([]string{id}, waiting); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

// TestKeyInTheHeader: it may stand for the body's, and must not contradict it.
func TestKeyInTheHeader(t *testing.T) {
	r := newRig(t)
	r.hear("pager", text(1, "Hello"))
	path := "/v1/conversations/" + conversation("pager") + "/messages"
	for header, want := range map[string]string{"k1": "k1", `"k2"`: "k2", " k3 ": "k3"} {
		a := read[events.Acceptance](t, r.call("POST", path, `{"content":[{"kind":"text","text":{"body":"Hi"}}]}`,
			"Idempotency-Key", header))
		if a.ID != events.OutboundID(want) {
			t.Errorf("header %q: id %s is not that of %q", header, a.ID, want)
		}
	}
	if got := r.call("POST", path, says("k4", "Hi"), "Idempotency-Key", "k4"); got.status != 202 {
		t.Errorf("equal keys: %d", got.status)
	}
	r.queued(names.EnvOutbound)
	for _, x := range [][2]string{{says("k5", "Hi"), "k6"}, {says("", "Hi"), ""}, {says("", "Hi"), `""`}, {says("", "Hi"),
		strings.Repeat("k", 129)}} {
		p := r.call("POST", path, x[0], "Idempotency-Key", x[1]).refused(t, invalid)
		if len(p.Faults) != 1 || p.Faults[0].Path != "idempotencyKey" {
			t.Errorf("key %q: %+v", x[1], p.Faults)
		}
	}
	r.nothing()
}

func TestSendToAnybody(t *testing.T) {
	r := newRig(t)
	body := `{"idempotencyKey":"k1","to":{"channel":"pager","account":"demo","identity":{"scheme":"phone","value":"15550100"}},"content":[{"kind":"text","text":{"body":"Hi"}}]}`
	a := read[events.Acceptance](t, r.call("POST", "/v1/messages", body))
	if a.Conversation != conversation("pager") {
		t.Errorf("accepted as %+v", a)
	}
	known := read[events.ConversationState](t, r.call("GET", "/v1/conversations/"+a.Conversation, ""))
	if known.Conversation.PlatformID != phone || known.Conversation.Window != nil || !known.HeardAt.IsZero() {
		t.Errorf("the new conversation is %+v", known)
	}
	r.queued(names.EnvOutbound)
	for body, want := range map[string]kind{
		strings.NewReplacer("pager", "shutter", "k1", "k7").Replace(body): unreachable,
		strings.Replace(body, "k1", "k2", 1):                              {},
		says("k3", "Hi"):                                                  invalid,
		`{"idempotencyKey":"k4","to":{"person":"per_1"},"content":[{"kind":"text","text":{"body":"Hi"}}]}`:                                                       invalid,
		`{"idempotencyKey":"k5","to":{"conversation":"cnv_1"},"content":[{"kind":"text","text":{"body":"Hi"}}]}`:                                                 invalid,
		`{"idempotencyKey":"k6","to":{"channel":"pager","account":"demo","contact":"` + strangerContact + `"},"content":[{"kind":"text","text":{"body":"Hi"}}]}`: missing,
	} {
		if got := r.call("POST", "/v1/messages", body); want.name == "" {
			r.queued(names.EnvOutbound)
		} else {
			got.refused(t, want)
		}
	}
	r.nothing()
}

var strangerContact = events.ContactID("pager", "demo", events.Identity{Scheme: events.Phone, Value: "1"})

// TestLanes: campaigns ring elsewhere, and what has to wait rings for nobody.
func TestLanes(t *testing.T) {
	r := newRig(t)
	r.hear("pager", text(1, "Hello"))
	c := conversation("pager")
	path := "/v1/conversations/" + c + "/messages"
	with := func(key, more string) string { return strings.Replace(says(key, "Hi"), `{`, `{`+more+`,`, 1) }
	if got := r.call("POST", path, with("bulk", `"priority":"bulk"`)); got.status != 202 {
		t.Fatal(got)
	}
	if diff := cmp.Diff([]string{ringOf(store.BulkLane(c))}, r.queued(names.EnvBulk)); diff != "" {
		t.Error(diff)
	}
	if got := r.call("POST", path, with("later",
		`"constraints":{"notBefore":"2026-08-01T13:00:00Z"}`)); got.status != 202 {
		t.Fatal(got)
	}
	r.nothing()
	for _, lane := range []store.Lane{store.BulkLane(c), store.LaterLane(events.OutboundID("later"))} {
		if waiting, err := store.NewLanes(r.store).Waiting(t.Context(), lane, 10); len(waiting) != 1 || err != nil {
			t.Errorf("in %s wait %v %v", lane, waiting, err)
		}
	}
}

// TestRingIsNoPromise: a message is accepted although nobody could be told.
func TestRingIsNoPromise(t *testing.T) {
	r := newRig(t)
	r.hear("pager", text(1, "Hello"))
	path := "/v1/conversations/" + conversation("pager") + "/messages"
	r.breaks("sqs:SendMessage")
	if got := r.call("POST", path, says("k", "Hi")); got.status != 202 || !strings.Contains(r.logs.String(),
		"could not ring") {
		t.Errorf("got %d, log %s", got.status, r.logs.String())
	}
	r.breaks("")
	r.call("POST", path, says("k", "Hi")) // who repeats, rings again
	if n := len(r.queued(names.EnvOutbound)); n != 1 {
		t.Errorf("%d rings", n)
	}
}

func TestRefusals(t *testing.T) {
	r := newRig(t)
	r.hear("pager", text(1, "Hello"))
	r.hear("shutter", text(1, "Hello"))
	path := "/v1/conversations/" + conversation("pager") + "/messages"
	with := func(key, more string) string { return strings.Replace(says(key, "Hi"), `{`, `{`+more+`,`, 1) }
	bold := `"constraints":{"maxLoss":"none"},"overrides":[{"channel":"pager","content":[{"kind":"text","text":{"format":"markdown","body":"**Hi**"}}]}]`
	p := r.call("POST", path, with("k1", bold)).refused(t, lossy)
	if len(p.Rendering) != 1 || p.Remedy == "" {
		t.Errorf("a loss without its rendering: %+v", p)
	}
	for body, path := range map[string]string{
		with("k2", `"to":{"conversation":"`+conversation("shutter")+`"}`):                                                                                                  "to",
		with("k3", `"to":{"channel":"pager","account":"demo","contact":"`+strangerContact+`"}`):                                                                            "to",
		with("k4", `"fallback":[{"channel":"shutter"}]`):                                                                                                                   "fallback",
		`{"idempotencyKey":"k5","content":[]}`:                                                                                                                             "content",
		`{"idempotencyKey":"k6","content":[{"kind":"story"}]}`:                                                                                                             "content[0].kind",
		`{"idempotencyKey":"k7","content":[{"kind":"text","text":{"body":" "}}]}`:                                                                                          "content[0].text.body",
		`{"idempotencyKey":"k8","content":[{"kind":"media","media":{"type":"image","url":"http://a.b/c"}}]}`:                                                               "content[0].media.url",
		`{"idempotencyKey":"k8","content":[{"kind":"text","text":{"body":"\u200b"}}]}`:                                                                                     "content[0].text.body",
		`{"idempotencyKey":"k8","content":[{"kind":"text","text":{"body":"see","entities":[{"type":"link","offset":0,"length":3,"value":"javascript:x"}]}}]}`:              "content[0].text.entities[0].value",
		`{"idempotencyKey":"k8","content":[{"kind":"choice","choice":{"text":"?","options":[{"id":" a ","label":"A"}]}}]}`:                                                 "content[0].choice.options[0].id",
		`{"idempotencyKey":"k8","content":[{"kind":"choice","choice":{"text":"?","options":[{"id":"a","label":"A","action":"call","value":"0170 1234567"}]}}]}`:            "content[0].choice.options[0].value",
		`{"idempotencyKey":"k8","content":[{"kind":"template","template":{"name":"n","language":"en","parameters":[{"name":"1","value":" \u200b"}]}}]}`:                    "content[0].template.parameters[0].value",
		`{"idempotencyKey":"k8","content":[{"kind":"template","template":{"name":"n","language":"en","parameters":[{"name":"1","value":"a"},{"name":"1","value":"b"}]}}]}`: "content[0].template.parameters[1].name",
	} {
		p := r.call("POST", "/v1/conversations/"+conversation("pager")+"/messages", body).refused(t, invalid)
		if len(p.Faults) != 1 || p.Faults[0].Path != path {
			t.Errorf("%s: faults %+v, want one at %s", body, p.Faults, path)
		}
	}
	r.call("POST", path, with("k9", `"constraints":{"notAfter":"2026-08-01T11:00:00Z"}`)).refused(t, conflict)
	if p := r.call("POST", "/v1/conversations/"+conversation("shutter")+"/messages", says("k10", "Hi")).refused(t,
		closed); p.Class != events.ClassWindow {
		t.Errorf("%+v", p)
	}
	r.hear("pager", events.Event{Type: events.ConsentChanged, Key: "stop", Time: noon.Add(time.Minute),
		Data: events.Data{Consent: &events.Consent{State: events.ConsentWithdrawn}}})
	if p := r.call("POST", path, says("k11", "Hi")).refused(t, withdrawn); p.Class != events.ClassConsent {
		t.Errorf("%+v", p)
	}
	r.nothing()
	for i := range 12 {
		if _, found, _ := store.NewOutbox(r.store).Message(t.Context(), events.OutboundID(fmt.Sprintf("k%d", i))); found {
			t.Errorf("k%d was refused and is stored", i)
		}
	}
}

// TestBodies: what is no body of ours is told so, and does nothing.
func TestBodies(t *testing.T) {
	r := newRig(t)
	r.hear("pager", text(1, "Hello"))
	path, good := "/v1/conversations/"+conversation("pager")+"/messages", says("k", "Hi")
	for _, body := range []string{``, `{`, `nil`, good + good, good + `x`, "\xff", strings.Replace(good, "Hi", "\xff", 1),
		strings.Repeat("[", 20_000)} {
		r.call("POST", path, body, "Content-Type", "application/json").refused(t, malformed)
	}
	for _, contentType := range []string{"text/plain", "application/x-www-form-urlencoded", "application/jsonp",
		"application/cloudevents+json", ";", "json"} {
		r.call("POST", path, good, "Content-Type", contentType).refused(t, notJSON)
	}
	r.call("POST", path, says("k", strings.Repeat("a", maxBody))).refused(t, oversize)
	for _, x := range []struct{ body, path string }{
		{`[]`, ""}, {`5`, ""}, {`"a"`, ""},
		{strings.Replace(good, `{`, `{"sendAt":1,`, 1), "sendAt"},
		{strings.Replace(good, `{`, `{"idempotencyKey":"l",`, 1), "idempotencyKey"},
		{strings.Replace(good, `"body"`, `"body":"a","body"`, 1), "content[0].text.body"},
		{strings.Replace(good, `{`, `{"content":[],`, 1), "content"},
		{strings.Replace(good, `{`, `{"Content":[],`, 1), "Content"},
		{strings.Replace(good, `"body"`, `"bold":true,"body"`, 1), "content[0].text.bold"},
		{strings.Replace(good, `{`, `{"sender":{"role":"bot","ai":1},`, 1), "sender.ai"},
		{strings.Replace(good, `{`, `{"constraints":{"notAfter":"tomorrow"},`, 1), "constraints.notAfter"},
		{strings.Replace(good, `{`, `{"constraints":{"notAfter":5},`, 1), "constraints.notAfter"},
		{`{"idempotencyKey":"k","content":{}}`, "content"},
		{`{"idempotencyKey":"k","content":[5]}`, "content[0]"},
		{`{"idempotencyKey":5,"content":[{"kind":"text","text":{"body":"Hi"}}]}`, "idempotencyKey"},
		{`{"idempotencyKey":"k","content":[{"kind":"location","location":{"latitude":"1","longitude":2}}]}`,
			"content[0].location.latitude"},
		{`{"idempotencyKey":"k","content":[{"kind":"media","media":{"type":"image","url":"https://a.b/c","bytes":1.5}}]}`,
			"content[0].media.bytes"},
		{strings.Replace(good, `{`, `{"`+strings.Repeat("ü", 500)+`":1,`, 1), strings.Repeat("ü", 32) + "…"},
	} {
		p := r.call("POST", path, x.body).refused(t, invalid)
		if len(p.Faults) != 1 || p.Faults[0].Path != x.path {
			t.Errorf("%.200s: faults %+v, want one at %q", x.body, p.Faults, x.path)
		}
	}
	many := good
	for i := range 200 {
		many = strings.Replace(many, `{`, fmt.Sprintf(`{"u%d":1,`, i), 1)
	}
	if p := r.call("POST", path, many).refused(t, invalid); len(p.Faults) != events.MaxFaults {
		t.Errorf("%d faults", len(p.Faults))
	}
	r.nothing()
	if got := r.call("POST", path, good, "Content-Type", "Application/JSON; charset=utf-8"); got.status != 202 {
		t.Errorf("got %d", got.status)
	}
}

// TestMessageTooLargeToKeep: the table's limit is the caller's problem, not ours.
func TestMessageTooLargeToKeep(t *testing.T) {
	r := newRig(t)
	r.hear("pager", text(1, "Hello"))
	noise := make([]byte, 600_000)
	for i := range noise {
		noise[i] = byte(rand.Uint32())
	}
	native, err := json.Marshal(map[string]string{"data": base64.StdEncoding.EncodeToString(noise)})
	if err != nil {
		t.Fatal(err)
	}
	body := fmt.Sprintf(`{"idempotencyKey":"k","content":[{"kind":"native","native":{"channel":"pager","json":%q}}]}`,
		native)
	r.call("POST", "/v1/conversations/"+conversation("pager")+"/messages", body).refused(t, oversize)
	r.nothing()
}

func TestAct(t *testing.T) {
	r := newRig(t)
	r.hear("pager", text(1, "Hello"))
	c := conversation("pager")
	path := "/v1/conversations/" + c + "/actions"
	edit := `{"verb":"edit","message":{"platformId":"p-1"},"content":[{"kind":"text","text":{"body":"Hi <there>"}}]}`
	got := read[events.ActionAcceptance](t, r.call("POST", path, edit))
	if diff := cmp.Diff(events.ActionAcceptance{Conversation: c, Channel: "pager", Account: "demo", Verb: events.ActEdit},
		got); diff != "" {
		t.Error(diff)
	}
	sent := r.queued(names.EnvOutbound)
	if len(sent) != 1 {
		t.Fatalf("queued %q", sent)
	}
	var a events.Action
	if err := json.Unmarshal([]byte(sent[0]), &a); err != nil {
		t.Fatal(err)
	}
	want := events.Action{To: events.To{Conversation: c}, Verb: events.ActEdit, Message: &events.Ref{PlatformID: "p-1"},
		Content: []events.Content{events.NewText("Hi <there>")}}
	if diff := cmp.Diff(want, a); diff != "" {
		t.Error(diff)
	}
	typing := `{"verb":"typing","active":true,"to":{"conversation":"` + c + `"}}`
	for range 2 {
		r.call("POST", path, typing)
	}
	if n := len(r.queued(names.EnvOutbound)); n != 2 {
		t.Errorf("typing twice is queued %d times", n)
	}
	for range 2 {
		r.call("POST", path, typing, "Idempotency-Key", "k")
	}
	if n := len(r.queued(names.EnvOutbound)); n != 1 {
		t.Errorf("typing once, said twice, is queued %d times", n)
	}
	for body, path := range map[string]string{
		`{"verb":"react","message":{"platformId":"p-1"}}`: "verb",
		`{"verb":"wave"}`: "verb",
		`{"verb":"edit","message":{"platformId":"p-1"}}`: "content",
		`{"verb":"edit","message":{"platformId":"p-1"},"content":[{"kind":"text","text":{"body":"one two three four five six"}}]}`: "content[0]",
		`{"verb":"edit","message":{"platformId":"p-1"},"content":[{"kind":"text","text":{"body":"\u200b\u0000"}}]}`:                "content[0].text.body",
		`{"verb":"typing","to":{"conversation":"` + strangerContact + `"}}`:                                                        "to",
		`{"verb":"typing","loud":true}`: "loud",
		`{"verb":"edit","message":{"id":"x"},"content":` + `[{"kind":"text","text":{"body":"Hi"}}]}`: "message.platformId",
	} {
		p := r.call("POST", "/v1/conversations/"+c+"/actions", body).refused(t, invalid)
		if len(p.Faults) == 0 || p.Faults[0].Path != path {
			t.Errorf("%s: faults %+v, want one at %s", body, p.Faults, path)
		}
	}
	r.nothing()
}

// TestRender: what a message would become, of every canonical request.
func TestRender(t *testing.T) {
	r := newRig(t)
	r.hear("pager", text(1, "Hello"))
	files, err := samples.Files.ReadDir("out")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	for _, f := range files {
		doc, err := samples.Files.ReadFile("out/" + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		body := fmt.Sprintf(`{"channels":["pager","shutter"],"outbound":%s}`, doc)
		got := r.call("POST", "/v1/render", body)
		if list := read[events.Rendered](t, got).Channels; got.status != 200 || len(list) != 2 ||
			len(list[0].Rendering) == 0 || len(list[0].Calls) > 0 && list[0].Calls[0].ID != "1" {
			t.Errorf("%s: %d %.300s", f.Name(), got.status, got.body)
		}
	}
	r.nothing()
}

func TestRenderChoosesChannels(t *testing.T) {
	r := newRig(t)
	r.hear("pager", text(1, "Hello"))
	draft := `"content":[{"kind":"text","text":{"body":"Hi"}}]`
	for body, want := range map[string][]string{
		`{"outbound":{` + draft + `}}`:                                                                                 {"pager", "shutter"},
		`{"channels":[],"outbound":{` + draft + `}}`:                                                                   {"pager", "shutter"},
		`{"channels":["shutter"],"outbound":{` + draft + `}}`:                                                          {"shutter"},
		`{"outbound":{"to":{"conversation":"` + conversation("pager") + `"},` + draft + `}}`:                           {"pager"},
		`{"outbound":{"to":{"channel":"shutter","account":"demo","contact":"` + strangerContact + `"},` + draft + `}}`: {"shutter"},
		`{"channels":["shutter"],"outbound":{"to":{"conversation":"` + conversation("pager") + `"},` + draft + `}}`:    {"shutter"},
	} {
		var got []string
		for _, c := range read[events.Rendered](t, r.call("POST", "/v1/render", body)).Channels {
			got = append(got, c.Channel)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", body, diff)
		}
	}
	for body, want := range map[string]string{
		`{"channels":["ear"],"outbound":{` + draft + `}}`:                                                          "channels[0]",
		`{"channels":["pager","pager"],"outbound":{` + draft + `}}`:                                                "channels[1]",
		`{"outbound":{"to":{"person":"p"},` + draft + `}}`:                                                         "outbound.to.person",
		`{"outbound":{"content":[{"kind":"text","text":{}}]}}`:                                                     "outbound.content[0].text.body",
		`{"outbound":{` + draft + `,"x":1}}`:                                                                       "outbound.x",
		`{"outbound":{"to":{"channel":"ear","account":"demo","contact":"` + strangerContact + `"},` + draft + `}}`: "outbound.to",
	} {
		p := r.call("POST", "/v1/render", body).refused(t, invalid)
		if len(p.Faults) != 1 || p.Faults[0].Path != want {
			t.Errorf("%s: faults %+v, want one at %s", body, p.Faults, want)
		}
	}
	r.call("POST", "/v1/render",
		`{"outbound":{"to":{"conversation":"`+conversation("shutter")+`"},`+draft+`}}`).refused(t, missing)
}

// TestRenderIsWhatIsSent: the forecast is the plan, and in a group the plan of groups.
func TestRenderIsWhatIsSent(t *testing.T) {
	r := newRig(t)
	r.hear("pager", text(1, "Hello"))
	r.hear("pager", inGroup(text(2, "Hello all")))
	content := `"content":[{"kind":"text","text":{"body":"A text that does not fit into one page."}}]`
	calls := map[string]int{}
	for _, id := range []string{conversation("pager"), events.ConversationID("pager", "demo", groupThread)} {
		to := `"to":{"conversation":"` + id + `"},`
		rendered := read[events.Rendered](t, r.call("POST", "/v1/render", `{"outbound":{`+to+content+`}}`)).Channels[0]
		named := read[events.Rendered](t, r.call("POST", "/v1/render",
			`{"channels":["pager"],"outbound":{`+to+content+`}}`)).Channels[0]
		if diff := cmp.Diff(rendered, named); diff != "" {
			t.Errorf("a channel's name changes what is shown: %s", diff)
		}
		a := read[events.Acceptance](t, r.call("POST", "/v1/conversations/"+id+"/messages", `{`+content+`}`,
			"Idempotency-Key", id))
		if diff := cmp.Diff(rendered.Rendering, a.Rendering); diff != "" || len(rendered.Calls) < 2 {
			t.Errorf("%d calls %s", len(rendered.Calls), diff)
		}
		if n := len(read[events.Delivery](t, r.call("GET", "/v1/messages/"+a.ID, "")).Parts); n != len(rendered.Calls) {
			t.Errorf("%d parts, %d calls", n, len(rendered.Calls))
		}
		calls[id] = len(rendered.Calls)
	}
	usual := read[events.Rendered](t, r.call("POST", "/v1/render", `{"outbound":{`+content+`}}`)).Channels[0]
	if n := len(usual.Calls); n != calls[conversation("pager")] || len(calls) != 2 ||
		calls[events.ConversationID("pager", "demo", groupThread)] <= n {
		t.Errorf("calls %v, without a conversation %d", calls, n)
	}
}

// FuzzBodies: whatever is posted, the answer is in the document, and what is not
// accepted does nothing.
func FuzzBodies(f *testing.F) {
	r := newRig(f)
	r.hear("pager", text(1, "Hello"))
	paths := []string{"/v1/messages", "/v1/render", "/v1/conversations/" + conversation("pager") + "/messages",
		"/v1/conversations/" + conversation("pager") + "/actions"}
	files, err := samples.Files.ReadDir("out")
	if err != nil {
		f.Fatal(err)
	}
	for i, s := range files {
		doc, err := samples.Files.ReadFile("out/" + s.Name())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(i), string(doc))
	}
	for i, body := range []string{says("k", "Hi"), `{"outbound":{"content":[{"kind":"text","text":{"body":"Hi"}}]}}`,
		`{"verb":"typing","active":true}`, `{"a":{"a":[{"a":null}]}}`} {
		f.Add(uint8(i), body)
	}
	f.Fuzz(func(t *testing.T, at uint8, body string) {
		r.t = t
		got := r.call("POST", paths[int(at)%len(paths)], body)
		queued := len(r.queued(names.EnvOutbound)) + len(r.queued(names.EnvBulk))
		if got.status >= 500 || got.status >= 400 && queued > 0 {
			t.Errorf("%d %s, %d queued", got.status, got.body, queued)
		}
	})
}
