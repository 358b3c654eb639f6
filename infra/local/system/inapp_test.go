package system_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/stage/awsfake"
	"github.com/relais-dev/relais/shared/stage/outside"
)

// A shop is a rig with in-app messaging, on a real port for WebSockets.
type shop struct {
	*desk
	server *httptest.Server
}

const page = "http://127.0.0.1:8080" // an origin of the demo account

func newShop(t *testing.T) *shop {
	t.Helper()
	d := newDesk(t, `{"channels":["inapp"],"destinations":{"support":{}},"default":"support"}`)
	s := &shop{d, httptest.NewServer(d.sys.Gateway())}
	t.Cleanup(s.server.Close)
	return s
}

// call is a request to the app's API; body is put into JSON.
func (s *shop) call(method, path, session string, body any) (int, map[string]any) {
	s.t.Helper()
	doc, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	if text, ok := body.(string); ok {
		doc = []byte(text)
	}
	r := httptest.NewRequest(method, "/v1/inapp/demo/"+path, strings.NewReader(string(doc)))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Origin", page)
	if session != "" {
		r.Header.Set("Authorization", "Bearer "+session)
	}
	status, text := s.do(r)
	var answer map[string]any
	if text != "" {
		if err := json.Unmarshal([]byte(text), &answer); err != nil {
			s.t.Fatalf("%s %s was answered %d %q", method, path, status, text)
		}
	}
	return status, answer
}

// A visitor is one device of a customer.
type visitor struct {
	*shop
	session, conversation string
	sent                  int
}

func (s *shop) visit(device, userToken string) *visitor {
	s.t.Helper()
	status, a := s.call("POST", "sessions", "", map[string]string{"device": device, "userToken": userToken})
	if status != 201 {
		s.t.Fatalf("a session was answered %d %v", status, a)
	}
	return &visitor{shop: s, session: a["session"].(string), conversation: a["conversation"].(string)}
}

func (v *visitor) ask(method, path string, body any) (int, map[string]any) {
	v.t.Helper()
	return v.call(method, path, v.session, body)
}

func frame(id, text string) map[string]any {
	return map[string]any{"v": 1, "action": "send", "clientMsgId": id, "content": events.NewText(text)}
}

// says sends a text over HTTP and returns its event.
func (v *visitor) says(text string) events.Event {
	v.t.Helper()
	v.sent++
	status, a := v.ask("POST", "events", frame(fmt.Sprintf("m%d", v.sent), text))
	if status != 202 || len(a["acks"].([]any)) != 1 {
		v.t.Fatalf("answered %d %v", status, a)
	}
	v.clock.Advance(time.Second)
	v.drain()
	list := v.received("support")
	if len(list) != 1 || list[0].Type != events.MessageReceived {
		v.t.Fatalf("received %v\n%s", outcomes(list), v.logs)
	}
	return list[0]
}

// history are the texts of messages, oldest first; mine have a sign before them.
func (v *visitor) history(query string) []string {
	v.t.Helper()
	status, a := v.ask("GET", "messages?"+query, nil)
	if status != 200 {
		v.t.Fatalf("history was answered %d %v", status, a)
	}
	var list []string
	for _, x := range a["items"].([]any) {
		list = append(list, shown(x.(map[string]any)))
	}
	return list
}

// shown is a frame in a few words.
func shown(f map[string]any) string {
	switch f["type"] {
	case "message":
		text := ""
		for _, c := range f["content"].([]any) {
			switch c := c.(map[string]any); c["kind"] {
			case "text":
				text += c["text"].(map[string]any)["body"].(string)
			case "interaction":
				text += "[" + c["interaction"].(map[string]any)["option"].(string) + "]"
			default:
				text += "<" + c["kind"].(string) + ">"
			}
		}
		if f["mine"] == true {
			return "> " + text
		}
		return text
	case "error":
		return "error " + f["code"].(string)
	}
	return f["type"].(string)
}

// answers lets an agent answer.
func (s *shop) answers(to events.Event, key, text string) {
	s.t.Helper()
	o := say(to, key, text)
	o.Sender = &events.Sender{Role: events.Agent, Name: "Ana"}
	s.ask(o)
	s.drain()
	s.received("support")
}

// token vouches for a user as the host app does.
func (s *shop) token(user string) string {
	return s.signedToken(jwt.SigningMethodHS256, "app_demo_key_1", []byte("inapp-demo-secret-32-bytes-long!"),
		jwt.MapClaims{"external_id": user, "name": "Ana",
			"exp": s.clock.Now().Add(time.Hour).Unix()})
}

func (s *shop) signedToken(m jwt.SigningMethod, kid string, key any, claims jwt.MapClaims) string {
	s.t.Helper()
	t := jwt.NewWithClaims(m, claims)
	t.Header["kid"] = kid
	text, err := t.SignedString(key)
	if err != nil {
		s.t.Fatal(err)
	}
	return text
}

// A line is an open WebSocket.
type line struct {
	t *testing.T
	c *websocket.Conn
}

func (v *visitor) ticket() string {
	v.t.Helper()
	status, a := v.ask("POST", "tickets", nil)
	if status != 201 {
		v.t.Fatalf("a ticket was answered %d %v", status, a)
	}
	return a["ticket"].(string)
}

func (s *shop) dial(ticket, origin string) (*websocket.Conn, int, error) {
	c, resp, err := websocket.Dial(s.t.Context(), "ws"+strings.TrimPrefix(s.server.URL, "http")+"/socket?ticket="+ticket,
		&websocket.DialOptions{HTTPHeader: http.Header{"Origin": {origin}}})
	status := 0
	if resp != nil {
		status = resp.StatusCode
	}
	return c, status, err
}

func (v *visitor) connect(t *testing.T) line {
	t.Helper()
	c, status, err := v.dial(v.ticket(), page)
	if err != nil {
		t.Fatalf("connecting was answered %d, %v\n%s", status, err, v.logs)
	}
	t.Cleanup(func() { c.CloseNow() })
	return line{t, c}
}

func (l line) write(body any) {
	l.t.Helper()
	doc, err := json.Marshal(body)
	if text, ok := body.(string); ok {
		doc = []byte(text)
	}
	if err == nil {
		err = l.c.Write(l.t.Context(), websocket.MessageText, doc)
	}
	if err != nil {
		l.t.Fatal(err)
	}
}

// next is the next frame.
func (l line) next() map[string]any {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), 10*time.Second)
	defer cancel()
	_, doc, err := l.c.Read(ctx)
	var f map[string]any
	if err == nil {
		err = json.Unmarshal(doc, &f)
	}
	if err != nil {
		l.t.Fatal(err)
	}
	return f
}

// want reads frames and compares them, in a few words each.
func (l line) want(frames ...string) {
	l.t.Helper()
	var got []string
	for range frames {
		got = append(got, shown(l.next()))
	}
	if diff := cmp.Diff(frames, got); diff != "" {
		l.t.Errorf("frames (-want +got)\n%s", diff)
	}
}

// TestInAppChat: what a visitor says reaches the destination, and the answer all their
// devices.
func TestInAppChat(t *testing.T) {
	s := newShop(t)
	v := s.visit("laptop", "")
	phone, laptop := v.connect(t), v.connect(t)
	e := v.says("Hello?")
	if e.Data.Contact.Identities[0].Scheme != events.WebAnonymous || e.Subject != v.conversation {
		t.Errorf("the message is of %+v", e.Data.Contact)
	}
	phone.want("> Hello?")
	laptop.want("> Hello?")
	laptop.write(frame("x1", "Is anybody there?"))
	if f := laptop.next(); f["type"] != "ack" || f["clientMsgId"] != "x1" || !strings.HasSuffix(f["messageId"].(string),
		":x1") {
		t.Fatalf("answered %v", f)
	}
	laptop.write(frame("x1", "Is anybody there?"))
	laptop.want("ack")
	s.drain()
	phone.want("> Is anybody there?")
	laptop.want("> Is anybody there?")
	if list := s.received("support"); len(list) != 1 {
		t.Errorf("received %v, want the message once", outcomes(list))
	}
	s.answers(e, "k1", "Good morning 👋")
	for _, l := range []line{phone, laptop} {
		f := l.next()
		if shown(f) != "Good morning 👋" || f["author"].(map[string]any)["name"] != "Ana" || f["mine"] != false {
			t.Errorf("shown %v", f)
		}
	}
	if diff := cmp.Diff([]string{"> Hello?", "> Is anybody there?", "Good morning 👋"}, v.history("")); diff != "" {
		t.Error(diff)
	}
}

// TestInAppActions: what the brand does shows at once.
func TestInAppActions(t *testing.T) {
	s := newShop(t)
	v := s.visit("laptop", "")
	e := v.says("Hello?")
	l := v.connect(t)
	s.answers(e, "k1", "Hi")
	answer := l.next()["id"].(string)
	act := func(a events.Action) {
		t.Helper()
		a.To = events.To{Conversation: e.Subject}
		doc, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		s.askRaw(string(doc), string(a.Verb))
		s.drain()
	}
	act(events.Action{Verb: events.ActTyping, Active: true})
	act(events.Action{Verb: events.ActRead, Message: &events.Ref{PlatformID: e.Data.Message.PlatformID}})
	act(events.Action{Verb: events.ActReact, Message: &events.Ref{PlatformID: e.Data.Message.PlatformID}, Emoji: "👍"})
	act(events.Action{Verb: events.ActEdit, Message: &events.Ref{PlatformID: answer},
		Content: []events.Content{events.NewText("Hi there")}})
	act(events.Action{Verb: events.ActDelete, Message: &events.Ref{PlatformID: answer}})
	typing, read, reaction, edit, deletion := l.next(), l.next(), l.next(), l.next(), l.next()
	if typing["type"] != "typing" || typing["active"] != true || typing["seq"] != nil {
		t.Errorf("typing %v", typing)
	}
	if read["type"] != "read" || read["upTo"] != 1.0 {
		t.Errorf("read %v", read)
	}
	if reaction["type"] != "reaction" || reaction["emoji"] != "👍" || reaction["id"] != e.Data.Message.PlatformID ||
		reaction["mine"] != false {
		t.Errorf("reaction %v", reaction)
	}
	if shown(edit) != "Hi there" || edit["id"] != answer || edit["revision"].(float64) <= 0 {
		t.Errorf("edit %v", edit)
	}
	if deletion["type"] != "deleted" || deletion["id"] != answer {
		t.Errorf("deletion %v", deletion)
	}
}

// TestInAppAnswers: choices, forms, times, reactions and signs of presence.
func TestInAppAnswers(t *testing.T) {
	s := newShop(t)
	v := s.visit("laptop", "")
	e := v.says("Hello?")
	s.answers(e, "k1", "Which one?")
	of := "msg_x.1"
	status, a := v.ask("POST", "events", map[string]any{"v": 1, "frames": []map[string]any{
		{"v": 1, "action": "choose", "clientMsgId": "a1", "message": of, "option": "blue", "text": "Blue"},
		{"v": 1, "action": "submit", "clientMsgId": "a2", "message": of, "form": "address",
			"values": []events.Field{{Name: "city", Value: "Berlin"}}},
		{"v": 1, "action": "pick", "clientMsgId": "a3", "message": of, "slot": "s1"},
		{"v": 1, "action": "react", "clientMsgId": "a4", "message": of, "emoji": "❤️"},
		{"v": 1, "action": "typing", "active": true},
		{"v": 1, "action": "read", "upTo": 2},
		{"v": 1, "action": "received", "upTo": 2},
	}})
	if status != 202 || len(a["acks"].([]any)) != 4 || len(a["errors"].([]any)) != 0 {
		t.Fatalf("answered %d %v", status, a)
	}
	s.drain()
	var types []events.Type
	for _, x := range s.received("support") {
		types = append(types, x.Type)
		if r := x.Data.Receipt; r != nil && !strings.HasPrefix(r.UpTo.PlatformID, "msg_") {
			t.Errorf("the receipt is of %+v, want the answer", r.UpTo)
		}
	}
	want := []events.Type{events.InteractionReceived, events.InteractionReceived, events.InteractionReceived,
		events.ReactionAdded, events.PresenceTyping, events.ReceiptRead, events.ReceiptDelivered}
	if diff := cmp.Diff(want, types); diff != "" {
		t.Errorf("%s\n%s", diff, s.logs)
	}
	if diff := cmp.Diff([]string{"> Hello?", "Which one?", "> [blue]", "> [address]", "> [s1]", "reaction"},
		v.history("")); diff != "" {
		t.Error(diff)
	}
	req := httptest.NewRequest("GET", "/v1/messages/"+events.OutboundID("k1"), nil)
	req.Header.Set("Authorization", "Bearer "+s.sys.APIToken)
	if status, body := s.do(req); status != 200 || !strings.Contains(body, `"state":"read"`) {
		t.Errorf("the API says %d %s, want read", status, body)
	}
}

// TestInAppTokens: each token that proves nothing is refused with its code.
func TestInAppTokens(t *testing.T) {
	s := newShop(t)
	v := s.visit("laptop", "")
	key := []byte("inapp-demo-secret-32-bytes-long!")
	soon := s.clock.Now().Add(time.Hour).Unix()
	none := s.signedToken(jwt.SigningMethodNone, "app_demo_key_1", jwt.UnsafeAllowNoneSignatureType,
		jwt.MapClaims{"external_id": "u", "exp": soon})
	for _, x := range []struct{ name, token, code string }{
		{"expired", s.signedToken(jwt.SigningMethodHS256, "app_demo_key_1", key, jwt.MapClaims{"external_id": "u",
			"exp": s.clock.Now().Add(-2 * time.Minute).Unix()}), "expired_token"},
		{"foreign key", s.signedToken(jwt.SigningMethodHS256, "app_demo_key_1", []byte("another-secret-of-32-bytes-long!!"),
			jwt.MapClaims{"external_id": "u", "exp": soon}), "bad_token"},
		{"unknown key", s.signedToken(jwt.SigningMethodHS256, "nobody", key, jwt.MapClaims{"external_id": "u", "exp": soon}),
			"bad_token"},
		{"none", none, "bad_token"},
		{"another algorithm", s.signedToken(jwt.SigningMethodHS512, "app_demo_key_1", key, jwt.MapClaims{"external_id": "u",
			"exp": soon}), "bad_token"},
		{"without an end", s.signedToken(jwt.SigningMethodHS256, "app_demo_key_1", key, jwt.MapClaims{"external_id": "u"}),
			"bad_token"},
		{"an end too far ahead", s.signedToken(jwt.SigningMethodHS256, "app_demo_key_1", key,
			jwt.MapClaims{"external_id": "u", "exp": s.clock.Now().Add(48 * time.Hour).Unix()}), "bad_token"},
		{"nobody", s.signedToken(jwt.SigningMethodHS256, "app_demo_key_1", key, jwt.MapClaims{"exp": soon}), "bad_token"},
		{"a session's", v.session, "bad_token"},
		{"no token", "x", "bad_token"},
	} {
		status, a := v.ask("POST", "login", map[string]string{"userToken": x.token})
		if a["code"] != x.code || status != 401 {
			t.Errorf("%s: answered %d %v, want %s", x.name, status, a, x.code)
		}
	}
	for name, session := range map[string]string{"a user's token": s.token("u"), "none": none, "nothing": "",
		"a changed one": v.session[:len(v.session)-2] + "xx"} {
		if status, a := s.call("GET", "messages", session, nil); status != 401 || a["code"] != "bad_token" {
			t.Errorf("a session with %s: answered %d %v", name, status, a)
		}
	}
	s.clock.Advance(31 * 24 * time.Hour)
	if status, a := v.ask("GET", "messages", nil); status != 401 || a["code"] != "expired_token" {
		t.Errorf("an old session: answered %d %v", status, a)
	}
}

// TestInAppOrigins: a page that is not the brand's is refused, before and on the socket.
func TestInAppOrigins(t *testing.T) {
	s := newShop(t)
	v := s.visit("laptop", "")
	r := httptest.NewRequest("POST", "/v1/inapp/demo/sessions", strings.NewReader(`{"device":"d"}`))
	r.Header.Set("Origin", "https://evil.example")
	if status, text := s.do(r); status != 403 || !strings.Contains(text, "bad_origin") {
		t.Errorf("answered %d %s", status, text)
	}
	if _, status, err := s.dial(v.ticket(), "https://evil.example"); err == nil || status != 403 {
		t.Errorf("the socket was answered %d, %v", status, err)
	}
	r = httptest.NewRequest("OPTIONS", "/v1/inapp/demo/events", nil)
	r.Header.Set("Origin", page)
	w := httptest.NewRecorder()
	s.sys.Gateway().ServeHTTP(w, r)
	if w.Code != 204 || w.Header().Get("Access-Control-Allow-Origin") != page {
		t.Errorf("preflight: %d %v", w.Code, w.Header())
	}
}

// TestInAppTickets are good once, for half a minute.
func TestInAppTickets(t *testing.T) {
	s := newShop(t)
	v := s.visit("laptop", "")
	used := v.ticket()
	c, _, err := s.dial(used, page)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	if _, status, err := s.dial(used, page); err == nil || status != 401 {
		t.Errorf("used, a moment ago: answered %d, %v", status, err)
	}
	late := v.ticket()
	s.clock.Advance(31 * time.Second)
	for name, ticket := range map[string]string{"used": used, "late": late, "none": "", "guessed": strings.Repeat("a",
		52)} {
		if _, status, err := s.dial(ticket, page); err == nil || status != 401 {
			t.Errorf("%s: answered %d, %v", name, status, err)
		}
	}
}

// TestInAppTicketTwiceAtOnce: of many who hold the same ticket one enters.
func TestInAppTicketTwiceAtOnce(t *testing.T) {
	s := newShop(t)
	v := s.visit("laptop", "")
	for range 5 {
		ticket := v.ticket()
		var in atomic.Int32
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				c, status, err := s.dial(ticket, page)
				if err == nil {
					in.Add(1)
					c.CloseNow()
				} else if status != 401 {
					t.Errorf("answered %d, %v", status, err)
				}
			})
		}
		all.Wait()
		if in.Load() != 1 {
			t.Errorf("%d entered with one ticket", in.Load())
		}
	}
}

// TestInAppBadFrames: each has its code, and no other socket notices.
func TestInAppBadFrames(t *testing.T) {
	s := newShop(t)
	other := s.visit("phone", "").connect(t)
	l := s.visit("laptop", "").connect(t)
	for body, want := range map[string]string{
		`{`:                        "error malformed",
		`{"v":2,"action":"ping"}`:  "error malformed",
		`{"v":1,"action":"dance"}`: "error unsupported_action",
		`{"v":1,"action":"read"}`:  "error malformed",
		`{"v":1,"action":"send","clientMsgId":"a:b","content":{"kind":"text","text":{"body":"x"}}}`:                                         "error malformed",
		`{"v":1,"action":"send","clientMsgId":"a","content":{"kind":"choice","choice":{"text":"x","options":[]}}}`:                          "error malformed",
		`{"v":1,"action":"send","clientMsgId":"a","content":{"kind":"media","media":{"type":"file","platformId":"uploads/cnv_other/abc"}}}`: "error malformed",
		`{"v":1,"action":"ping"}`: "pong",
	} {
		l.write(body)
		if got := shown(l.next()); got != want {
			t.Errorf("%.80s: %s, want %s", body, got, want)
		}
	}
	s.drain()
	if list := s.received("support"); len(list) != 0 {
		t.Errorf("received %v", outcomes(list))
	}
	l.write(strings.Repeat("x", 32<<10))
	l.want("error malformed")
	l.write(strings.Repeat("x", 32<<10+1))
	if _, _, err := l.c.Read(t.Context()); websocket.CloseStatus(err) != websocket.StatusMessageTooBig {
		t.Errorf("closed with %v, want 1009", err)
	}
	other.write(`{"v":1,"action":"ping"}`)
	other.want("pong")
}

// TestInAppAtTheSameTime: frames of a connection overtake each other, and one that is repeated before its
// first is acknowledged is one message.
func TestInAppAtTheSameTime(t *testing.T) {
	s := newShop(t)
	l := s.visit("laptop", "").connect(t)
	slow, begun := make(chan struct{}), make(chan struct{}, 10)
	s.breaks(func(c awsfake.Call) *awsfake.Fault {
		if c.Principal == "socket" && c.Action == "dynamodb:PutItem" {
			begun <- struct{}{}
			<-slow
		}
		return nil
	})
	l.write(frame("x1", "Hello?"))
	<-begun
	l.write(map[string]any{"v": 1, "action": "ping"})
	l.want("pong")
	l.write(frame("x1", "Hello?"))
	<-begun
	close(slow)
	first, again := l.next(), l.next()
	if first["type"] != "ack" || cmp.Diff(first, again) != "" {
		t.Errorf("answered %v and %v", first, again)
	}
	s.breaks(nil)
	s.drain()
	if list := s.received("support"); len(list) != 1 {
		t.Errorf("received %v, want one message", outcomes(list))
	}
}

// TestInAppFrameSize: what API Gateway would close the connection for is told of, and
// everything below it comes as it is.
func TestInAppFrameSize(t *testing.T) {
	s := newShop(t)
	v := s.visit("laptop", "")
	e := v.says("How long is it?")
	l := v.connect(t)
	for i, x := range []struct {
		bytes int
		want  string
	}{{30_000, "message"}, {40_000, "fetch"}, {120_000, "fetch"}, {100, "message"}} {
		o := say(e, fmt.Sprint("k", i), "")
		o.Content = nil
		for left := x.bytes; left > 0; left -= 8000 {
			o.Content = append(o.Content, events.NewText(strings.Repeat("x", min(left, 8000))))
		}
		s.ask(o)
		s.drain()
		if got := l.next(); got["type"] != x.want {
			t.Errorf("%d bytes came as %v, want %s", x.bytes, got["type"], x.want)
		}
	}
}

// TestInAppTooFast: a burst is taken, what is behind it is told when to come again, and
// keeps its order.
func TestInAppTooFast(t *testing.T) {
	s := newShop(t)
	v, other := s.visit("laptop", ""), s.visit("phone", "")
	refused := 0
	for i := range 30 {
		_, a := v.ask("POST", "events", frame(fmt.Sprint("f", i), "x"))
		for _, x := range a["errors"].([]any) {
			refused++
			if x := x.(map[string]any); x["code"] != "rate_limited" || x["retryAfter"].(float64) < 1 {
				t.Errorf("refused with %v", x)
			}
		}
	}
	if refused != 10 {
		t.Errorf("%d of 30 were refused, want 10", refused)
	}
	if _, a := other.ask("POST", "events", frame("f", "x")); len(a["acks"].([]any)) != 1 {
		t.Errorf("another session was answered %v", a)
	}
	s.clock.Advance(2 * time.Second)
	var batch []map[string]any
	for i := range 5 {
		batch = append(batch, frame(fmt.Sprint("g", i), "x"))
	}
	_, a := v.ask("POST", "events", map[string]any{"v": 1, "frames": batch})
	if len(a["acks"].([]any)) != 2 || a["acks"].([]any)[1].(map[string]any)["clientMsgId"] != "g1" ||
		len(a["errors"].([]any)) != 3 {
		t.Errorf("after two seconds: %v", a)
	}
	for range 40 {
		if status, a := s.call("POST", "sessions", "", map[string]string{"device": "d"}); status == 429 {
			if a["code"] != "rate_limited" {
				t.Errorf("answered %v", a)
			}
			return
		}
	}
	t.Error("40 sessions of one address at once were opened")
}

// TestInAppHistory: pages in both directions hold every message once, in order.
func TestInAppHistory(t *testing.T) {
	s := newShop(t)
	v := s.visit("laptop", "")
	var want []string
	for i := range 12 {
		text := fmt.Sprint("message ", i)
		v.says(text)
		want = append(want, "> "+text)
	}
	if diff := cmp.Diff(want, v.walk("after", 0)); diff != "" {
		t.Errorf("forward (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(want, v.walk("before", 1<<40)); diff != "" {
		t.Errorf("backward (-want +got)\n%s", diff)
	}
	for _, query := range []string{"limit=0", "limit=101", "after=x", "before=x", "after=1&before=2"} {
		if status, a := v.ask("GET", "messages?"+query, nil); status != 400 || a["code"] != "malformed" {
			t.Errorf("%s: answered %d %v", query, status, a)
		}
	}
}

// walk reads all pages of five in one direction.
func (v *visitor) walk(direction string, from int64) []string {
	v.t.Helper()
	var all []string
	for range 20 {
		v.clock.Advance(time.Second)
		status, a := v.ask("GET", fmt.Sprintf("messages?limit=5&%s=%d", direction, from), nil)
		if status != 200 {
			v.t.Fatalf("answered %d %v", status, a)
		}
		var page []string
		for _, x := range a["items"].([]any) {
			page = append(page, shown(x.(map[string]any)))
		}
		if direction == "after" {
			all, from = append(all, page...), int64(a["last"].(float64))
		} else {
			all, from = append(page, all...), int64(a["first"].(float64))
		}
		if a["more"] != true {
			return all
		}
	}
	v.t.Fatal("the history has no end")
	return nil
}

// TestInAppResume: a client that was away gets what it missed, once and in order.
func TestInAppResume(t *testing.T) {
	s := newShop(t)
	v := s.visit("laptop", "")
	e := v.says("Hello?")
	l := v.connect(t)
	s.answers(e, "k0", "seen")
	last := l.next()["seq"].(float64)
	l.c.CloseNow()
	var want []string
	for i := range 5 {
		text := fmt.Sprint("missed ", i)
		s.answers(e, fmt.Sprint("k", i+1), text)
		want = append(want, text)
	}
	l = v.connect(t)
	l.write(map[string]any{"v": 1, "action": "resume", "after": last})
	l.want(want...)
	f := l.next()
	if f["type"] != "resumed" || f["more"] == true {
		t.Fatalf("got %v", f)
	}
	l.write(map[string]any{"v": 1, "action": "resume", "after": f["last"]})
	l.want("resumed")
}

// TestInAppLogin: a visitor's conversation stays their own.
func TestInAppLogin(t *testing.T) {
	s := newShop(t)
	v := s.visit("laptop", "")
	v.says("Hello?")
	old := v.session
	status, a := v.ask("POST", "login", map[string]string{"userToken": s.token("user-42")})
	if status != 200 || a["known"] != true || a["merged"] != false || a["conversation"] != v.conversation ||
		a["user"] != "user-42" {
		t.Fatalf("answered %d %v", status, a)
	}
	v.session = a["session"].(string)
	s.drain()
	list := s.received("support")
	if len(list) != 1 || list[0].Type != events.IdentityLinked || list[0].Data.IdentityChange.Current.Value != "user-42" {
		t.Fatalf("received %v", outcomes(list))
	}
	if status, a := s.call("GET", "messages", old, nil); status != 401 || a["code"] != "expired_token" {
		t.Errorf("the old session is answered %d %v", status, a)
	}
	if e := v.says("It is me"); e.Data.Contact.Identities[0].Scheme != events.WebVerified ||
		e.Data.Contact.Name != "Ana" {
		t.Errorf("the message is of %+v", e.Data.Contact)
	}
	phone := s.visit("phone", s.token("user-42"))
	if diff := cmp.Diff([]string{"> Hello?", "> It is me"}, phone.history("")); diff != "" {
		t.Errorf("on another device (-want +got)\n%s", diff)
	}
}

// TestInAppMerge: a known user's second visit goes on in their conversation, with what
// they said as a visitor before it. Two known users are never joined.
func TestInAppMerge(t *testing.T) {
	s := newShop(t)
	phone := s.visit("phone", s.token("user-42"))
	phone.says("from my phone")
	v := s.visit("laptop", "")
	for i := range 3 {
		v.says(fmt.Sprint("as a visitor ", i))
	}
	tab := v.connect(t)
	visitors := v.conversation
	status, a := v.ask("POST", "login", map[string]string{"userToken": s.token("user-42")})
	if status != 200 || a["merged"] != true || a["conversation"] != phone.conversation {
		t.Fatalf("answered %d %v", status, a)
	}
	old := *v
	v.session, v.conversation = a["session"].(string), a["conversation"].(string)
	s.drain()
	if f := tab.next(); f["type"] != "merged" || f["conversation"] != phone.conversation {
		t.Errorf("the other tab was told %v", f)
	}
	var types []string
	for _, e := range s.received("support") {
		types = append(types, string(e.Type)+" "+map[string]string{visitors: "visitor",
			phone.conversation: "user"}[e.Subject])
	}
	slices.Sort(types)
	if diff := cmp.Diff([]string{"conversation.updated.v1 visitor", "person.merged.v1 user"}, types); diff != "" {
		t.Error(diff)
	}
	if status, a := old.ask("GET", "messages", nil); status != 401 || a["code"] != "expired_token" {
		t.Errorf("the visitor's session is answered %d %v", status, a)
	}
	v.sent = 100
	v.says("after it")
	want := []string{"> as a visitor 0", "> as a visitor 1", "> as a visitor 2", "> from my phone", "> after it"}
	for _, direction := range []struct {
		name string
		from int64
	}{{"before", 1 << 40}, {"after", -1 << 50}} {
		if diff := cmp.Diff(want, v.walk(direction.name, direction.from)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", direction.name, diff)
		}
	}
	status, a = v.ask("POST", "login", map[string]string{"userToken": s.token("user-43")})
	if status != 200 || a["merged"] != false || a["conversation"] == phone.conversation {
		t.Errorf("another user: %d %v", status, a)
	}
}

// TestInAppLogout ends the session, its sockets and its notifications.
func TestInAppLogout(t *testing.T) {
	s := newShop(t)
	v := s.visit("laptop", "")
	e := v.says("Hello?")
	browser := newBrowser(t)
	v.ask("POST", "push", browser.subscription("/p/1"))
	l := v.connect(t)
	if status, _ := v.ask("POST", "logout", nil); status != 204 {
		t.Fatalf("answered %d", status)
	}
	l.write(`{"v":1,"action":"ping"}`)
	l.want("error bad_ticket")
	if status, a := v.ask("GET", "messages", nil); status != 401 || a["code"] != "expired_token" {
		t.Errorf("answered %d %v", status, a)
	}
	s.answers(e, "k1", "too late")
	if n := len(s.sys.World.Calls(outside.PushName)); n != 0 {
		t.Errorf("%d notifications", n)
	}
}

// TestInAppStaleConnection: one that ended unnoticed is forgotten at the first post.
func TestInAppStaleConnection(t *testing.T) {
	s := newShop(t)
	v := s.visit("laptop", "")
	e := v.says("Hello?")
	l := v.connect(t)
	s.breaks(func(c awsfake.Call) *awsfake.Fault {
		if c.Principal == "socket" && c.Action == "dynamodb:DeleteItem" {
			return &awsfake.Fault{Status: 400, Code: "AccessDeniedException"}
		}
		return nil
	})
	l.c.Close(websocket.StatusNormalClosure, "")
	for deadline := time.Now().Add(10 * time.Second); s.sys.OpenSockets() > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the socket stays open")
		}
	}
	s.breaks(nil)
	s.clock.Advance(time.Minute)
	browser := newBrowser(t)
	v.ask("POST", "push", browser.subscription("/p/1"))
	s.answers(e, "k1", "one")
	s.callsOf("pusher")
	if n := len(s.sys.World.Calls(outside.PushName)); n != 1 {
		t.Errorf("%d notifications, want one: nobody was connected", n)
	}
	s.answers(e, "k2", "two")
	if calls := s.callsOf("pusher"); slices.Contains(calls, "dynamodb:DeleteItem") {
		t.Errorf("the connection was not forgotten: %v", calls)
	}
}

// uploads posts a file as a browser does, with the form that it was given.
func (s *shop) uploads(form map[string]any, mime, content string) int {
	s.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, value := range form["fields"].(map[string]any) {
		if name == "Content-Type" {
			value = mime
		}
		if err := w.WriteField(name, value.(string)); err != nil {
			s.t.Fatal(err)
		}
	}
	part, err := w.CreateFormFile("file", "damage.png")
	if err == nil {
		_, err = io.WriteString(part, content)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	r := httptest.NewRequest("POST", form["url"].(string), &body)
	r.Header.Set("Content-Type", w.FormDataContentType())
	answer := httptest.NewRecorder()
	s.sys.AWS.ServeHTTP(answer, r)
	return answer.Code
}

// TestInAppUpload: a file goes straight into the bucket if it is what was announced,
// and everybody gets it once it was looked at.
func TestInAppUpload(t *testing.T) {
	s := newShop(t)
	v := s.visit("laptop", "")
	const png = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
	for _, x := range []struct{ name, mime, code string }{{"page.html", "text/html", "malformed"}, {"logo.svg",
		"image/svg+xml", "malformed"}, {"run.js", "text/javascript", "malformed"}} {
		if status, a := v.ask("POST", "uploads", map[string]any{"name": x.name, "mime": x.mime,
			"size": 10}); status != 400 || a["code"] != x.code {
			t.Errorf("%s: answered %d %v", x.name, status, a)
		}
	}
	if status, a := v.ask("POST", "uploads", map[string]any{"name": "film.mp4", "mime": "video/mp4",
		"size": 51 << 20}); status != 413 || a["code"] != "too_large" {
		t.Errorf("answered %d %v", status, a)
	}
	status, a := v.ask("POST", "uploads", map[string]any{"name": "damage.png", "mime": "image/png", "size": len(png)})
	if status != 201 {
		t.Fatalf("answered %d %v", status, a)
	}
	form, media := a["upload"].(map[string]any), a["media"].(map[string]any)
	for what, status := range map[string]int{"a larger file": s.uploads(form, "image/png", png+"x"),
		"another type": s.uploads(form, "text/html", png)} {
		if status != 403 {
			t.Errorf("%s was answered %d", what, status)
		}
	}
	if status := s.uploads(form, "image/png", png); status/100 != 2 {
		t.Fatalf("the upload was answered %d", status)
	}
	l := v.connect(t)
	media["caption"] = "the corner"
	sent := map[string]any{"v": 1, "action": "send", "clientMsgId": "p1", "content": map[string]any{"kind": "media",
		"media": media}}
	if _, a := s.visit("phone", "").ask("POST", "events", sent); len(a["errors"].([]any)) != 1 {
		t.Errorf("somebody else's file: %v", a)
	}
	if _, a := v.ask("POST", "events", sent); len(a["acks"].([]any)) != 1 {
		t.Fatalf("answered %v", a)
	}
	s.drain()
	message, stored := l.next(), l.next()
	if shown(message) != "> <media>" || stored["type"] != "media" || stored["id"] != message["id"] {
		t.Fatalf("shown %v and %v\n%s", message, stored, s.logs)
	}
	file := stored["media"].(map[string]any)
	if file["state"] != "stored" || file["platformId"] != media["platformId"] || file["mime"] != "image/png" {
		t.Errorf("stored %v", file)
	}
	if status, _ := s.do(httptest.NewRequest("GET", strings.TrimPrefix(file["url"].(string), "https://relais.example"),
		nil)); status != 302 {
		t.Errorf("the link is answered %d", status)
	}
	list := s.received("support")
	if len(list) != 2 || list[1].Type != events.MediaStored || list[1].Data.MediaUpdate.Media.SHA256 == "" {
		t.Errorf("received %v", outcomes(list))
	}
}
