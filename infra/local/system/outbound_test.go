package system_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions"
	"github.com/relais-dev/relais/functions/plays"
	"github.com/relais-dev/relais/infra/local/system"
	"github.com/relais-dev/relais/infra/topology"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/cloud"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/stage/play"
)

// A desk is a rig with several channels, whose platforms' webhooks wait until
// they are posted.
type desk struct {
	*rig
	mu      sync.Mutex
	posts   []channel.Request
	written int
	onPost  func() // runs when a platform posts, while the call is under way
}

func newDesk(t testing.TB, settings string, options ...option) *desk {
	t.Helper()
	d := &desk{}
	c, err := topology.Parse([]byte(settings), functions.Channels())
	if err != nil {
		t.Fatal(err)
	}
	d.rig = newRig(t, append(options, func(o *system.Options) {
		o.Config = c
		o.Deliver = func(_ channel.Channel, r channel.Request) {
			d.mu.Lock()
			d.posts = append(d.posts, r)
			d.mu.Unlock()
			if d.onPost != nil {
				d.onPost()
			}
		}
	})...)
	return d
}

const deskConfig = `{"channels":["whatsapp","line","telegram"],"destinations":{"support":{}},"default":"support"}`

func channelNamed(t testing.TB, name string) channel.Channel {
	t.Helper()
	for _, ch := range functions.Channels() {
		if ch.Name == name {
			return ch
		}
	}
	t.Fatalf("no channel %s", name)
	return channel.Channel{}
}

// writes lets the customer of a channel write, and returns the event.
func (d *desk) writes(name, text string) events.Event {
	d.t.Helper()
	d.customer(name, text)
	d.drain()
	list := d.received("support")
	if len(list) != 1 {
		d.t.Fatalf("received %d events, want the customer's message", len(list))
	}
	return list[0]
}

// customer has the customer of a channel write; the webhook is taken.
func (d *desk) customer(name, text string) {
	d.t.Helper()
	ch := channelNamed(d.t, name)
	set, err := d.sys.Samples(name)
	if err != nil {
		d.t.Fatal(err)
	}
	account := set.Account
	account.URL = "https://relais.example/webhooks/" + name + "/demo"
	d.written++
	platform, _ := plays.Of(ch.Name)
	r := platform.Customer(account, text, d.written, d.clock.Now())
	r.Path, r.Received = "/webhooks/"+name+"/demo", d.clock.Now()
	d.sys.World.Sign(ch, account, &r)
	if status := d.sys.Receive(d.t.Context(), r); status/100 != 2 {
		d.t.Fatalf("the customer's webhook was answered %d", status)
	}
}

// receipts posts what platforms have sent since the last time.
func (d *desk) receipts() int {
	d.t.Helper()
	n := d.hear()
	d.drain()
	return n
}

// hear posts what platforms have sent, and has it routed.
func (d *desk) hear() int {
	d.t.Helper()
	d.mu.Lock()
	posts := d.posts
	d.posts = nil
	d.mu.Unlock()
	for _, r := range posts {
		if status := d.sys.Receive(d.t.Context(), r); status/100 != 2 {
			d.t.Errorf("a platform's webhook was answered %d: %s", status, r.Body)
		}
		d.sys.Poll(d.t.Context(), d.function("router"), 0)
	}
	return len(posts)
}

// ask puts a request on the outbound queue.
func (d *desk) ask(o events.Outbound) {
	d.t.Helper()
	doc, err := json.Marshal(o)
	if err != nil {
		d.t.Fatal(err)
	}
	d.askRaw(string(doc), o.IdempotencyKey)
}

func (d *desk) askRaw(body, dedup string) {
	d.t.Helper()
	c := sqs.NewFromConfig(d.sys.ConfigOf("integrator", cloud.Work))
	d.clock.Advance(time.Second)
	if _, err := c.SendMessage(d.t.Context(), &sqs.SendMessageInput{QueueUrl: aws.String(d.sys.QueueURL(names.Outbound)),
		MessageBody:    &body,
		MessageGroupId: aws.String("desk"), MessageDeduplicationId: &dedup}); err != nil {
		d.t.Fatal(err)
	}
}

func say(to events.Event, key, text string) events.Outbound {
	return events.Outbound{IdempotencyKey: key, To: events.To{Conversation: to.Subject},
		Content: []events.Content{events.NewText(text)}}
}

// said are the texts that a platform received in its calls that had an effect.
func (d *desk) said(name, marker string) int {
	n := 0
	for _, c := range d.sys.World.Calls(name) {
		if strings.Contains(string(c.Request.Body), marker) && c.Answer.OK() {
			n++
		}
	}
	return n
}

// warm sends a first message, for which tokens are minted, and lets LINE's reply
// token run out.
func (d *desk) warm(e events.Event) {
	d.t.Helper()
	d.clock.Advance(2 * time.Minute)
	d.ask(say(e, "warm", "warm"))
	d.drain()
	d.receipts()
	d.received("support")
}

func outcomes(list []events.Event) []string {
	var short []string
	for _, e := range list {
		switch {
		case e.Data.Status != nil:
			s := string(e.Data.Status.State)
			if e.Data.Status.Error != nil {
				s += " " + e.Data.Status.Error.Class
			}
			short = append(short, s)
		case e.Type == events.MessageEchoed:
			short = append(short, "echo "+text(e))
		case e.Data.Rejection != nil:
			short = append(short, "rejected "+e.Data.Rejection.Error.Class)
		case e.Data.Health != nil:
			short = append(short, "health "+e.Data.Health.State)
		default:
			short = append(short, string(e.Type))
		}
	}
	return short
}

// TestAnswerReachesTheCustomer: one request on the queue, one call on the
// platform, an echo for everybody, and receipts that name our message.
func TestAnswerReachesTheCustomer(t *testing.T) {
	for _, name := range []string{"whatsapp", "line", "telegram"} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, deskConfig)
			e := d.writes(name, "Hello?")
			d.ask(say(e, "k1", "Good morning 👋"))
			d.drain()
			if n := d.said(name, "Good morning"); n != 1 {
				t.Fatalf("the platform received it %d times\n%s", n, d.logs)
			}
			list := d.received("support")
			if diff := cmp.Diff([]string{"echo Good morning 👋"}, outcomes(list)); diff != "" {
				t.Fatalf("(-want +got)\n%s\n%s", diff, d.logs)
			}
			m := list[0].Data.Message
			if m.ID != events.OutboundID("k1") || m.Origin != "api" || m.IdempotencyKey != "k1" || len(m.Rendering) != 1 {
				t.Errorf("the echo is %+v", m)
			}
			d.receipts()
			for _, s := range d.received("support") {
				if s.Data.Status != nil && s.Data.Status.Correlation != m.ID {
					t.Errorf("a receipt is about %q, want %q", s.Data.Status.Correlation, m.ID)
				}
			}
		})
	}
}

// TestSameKeySameMessage: a repetition is the same message; the same key for
// another is refused, and nothing is sent.
func TestSameKeySameMessage(t *testing.T) {
	d := newDesk(t, deskConfig)
	e := d.writes("telegram", "Hello?")
	for i := range 3 {
		doc, _ := json.Marshal(say(e, "k1", "once"))
		d.askRaw(string(doc), fmt.Sprint("try", i))
	}
	d.drain()
	d.clock.Advance(time.Second)
	d.ask(say(e, "k1", "something else"))
	d.drain()
	if once, other := d.said("telegram", "once"), d.said("telegram", "something else"); once != 1 || other != 0 {
		t.Errorf("sent %d and %d times, want 1 and 0", once, other)
	}
	if diff := cmp.Diff([]string{"echo once", "rejected content"}, outcomes(d.received("support"))); diff != "" {
		t.Error(diff)
	}
}

// TestOrder: what was asked first is said first, also across failures of the platform.
func TestOrder(t *testing.T) {
	d := newDesk(t, deskConfig)
	e := d.writes("line", "Hello?")
	d.warm(e)
	d.sys.World.Fail("line", play.Down, play.Down, play.Throttled)
	for i := range 5 {
		d.ask(say(e, fmt.Sprint("k", i), fmt.Sprint("part ", i)))
	}
	d.settle()
	var order []string
	for _, c := range d.sys.World.Calls("line") {
		if c.Answer.OK() && strings.Contains(string(c.Request.Body), `"text":"part`) {
			_, rest, _ := strings.Cut(string(c.Request.Body), `"text":"`)
			order = append(order, rest[:6])
		}
	}
	if diff := cmp.Diff([]string{"part 0", "part 1", "part 2", "part 3", "part 4"}, order); diff != "" {
		t.Errorf("%s\n%s", diff, d.logs)
	}
}

// TestUnknownOutcome: the platform took the call and its answer never came.
func TestUnknownOutcome(t *testing.T) {
	for _, x := range []struct {
		channel string
		policy  events.Policy
		said    int
		want    []string
	}{
		{"line", "", 2, []string{"echo hi"}},                // idempotent: the repetition has the same key
		{"telegram", "", 1, []string{"uncertain platform"}}, // blind
		{"telegram", events.AtLeastOnce, 2, []string{"echo hi"}},
		{"whatsapp", "", 1, []string{"uncertain platform"}},      // correlated: a receipt will tell
		{"whatsapp", events.AtLeastOnce, 1, []string{"echo hi"}}, // it told before the repetition
	} {
		t.Run(x.channel+" "+string(x.policy), func(t *testing.T) {
			d := newDesk(t, deskConfig)
			e := d.writes(x.channel, "Hello?")
			d.warm(e)
			if err := d.sys.World.Fail(x.channel, play.Lost); err != nil {
				t.Fatal(err)
			}
			o := say(e, "k1", "hi")
			o.Policy = x.policy
			d.ask(o)
			d.drain()
			d.receipts()
			d.settle()
			if n := d.said(x.channel, `hi`); n != x.said {
				t.Errorf("the platform received it %d times, want %d", n, x.said)
			}
			var ends []string
			for _, s := range outcomes(d.received("support")) {
				if s != "sent" && s != "delivered" && s != "read" {
					ends = append(ends, s)
				}
			}
			if diff := cmp.Diff(x.want, ends); diff != "" {
				t.Errorf("(-want +got)\n%s\n%s", diff, d.logs)
			}
		})
	}
}

// TestClosedWindow: nothing is sent, and the event has the remedy.
func TestClosedWindow(t *testing.T) {
	d := newDesk(t, deskConfig)
	e := d.writes("whatsapp", "Hello?")
	d.clock.Advance(25 * time.Hour)
	d.ask(say(e, "k1", "too late"))
	d.drain()
	template := events.Outbound{IdempotencyKey: "k2", To: events.To{Conversation: e.Subject},
		Content: []events.Content{{Kind: events.KindTemplate,
			Template: &events.Template{Name: "order_shipped", Language: "en"}}}}
	d.ask(template)
	d.drain()
	if d.said("whatsapp", "too late") != 0 || d.said("whatsapp", "order_shipped") != 1 {
		t.Errorf("calls: %v", d.sys.World.Calls("whatsapp"))
	}
	list := d.received("support")
	if diff := cmp.Diff([]string{"rejected window", "echo message.echoed.v1"}, outcomes(list)); diff != "" {
		t.Fatal(diff)
	}
	if !strings.Contains(list[0].Data.Rejection.Error.Remedy, "template") {
		t.Errorf("remedy %q", list[0].Data.Rejection.Error.Remedy)
	}
}

// TestExpiredToken: the account is paused, its queue kept, operators hear of it,
// and all is sent once the platform takes the token again.
func TestExpiredToken(t *testing.T) {
	d := newDesk(t, deskConfig)
	e := d.writes("telegram", "Hello?")
	expired := play.Expired
	d.sys.World.Fail("telegram", expired, expired)
	d.ask(say(e, "k1", "first"))
	d.ask(say(e, "k2", "second"))
	d.drain()
	if d.said("telegram", "first") != 0 {
		t.Error("sent with an expired token")
	}
	if diff := cmp.Diff([]string{"health failing"}, outcomes(d.received("support"))); diff != "" {
		t.Fatal(diff)
	}
	d.settle()
	got := outcomes(d.received("support"))
	want := "[health ok] echo first echo second"
	if s := fmt.Sprint(got); !strings.Contains(s, "health ok") || !strings.Contains(s, "echo first echo second") &&
		!strings.Contains(s, "echo first health ok echo second") {
		t.Errorf("got %v, want %s\n%s", got, want, d.logs)
	}
}

// TestNumberedChoice: what a channel cannot offer becomes numbers, and the number
// comes back as the option.
func TestNumberedChoice(t *testing.T) {
	d := newDesk(t, deskConfig)
	e := d.writes("whatsapp", "Hello?")
	choice := &events.Choice{Text: "Which colour?"}
	for i := range 14 {
		choice.Options = append(choice.Options, events.Option{ID: fmt.Sprint("c", i+1), Label: fmt.Sprint("Colour ", i+1)})
	}
	d.ask(events.Outbound{IdempotencyKey: "k1", To: events.To{Conversation: e.Subject},
		Content: []events.Content{{Kind: events.KindChoice, Choice: choice}}})
	d.drain()
	d.received("support")
	answer := d.writes("whatsapp", "12")
	content := answer.Data.Message.Content
	if len(content) != 2 || content[1].Interaction == nil || content[1].Interaction.Option != "c12" ||
		content[1].Interaction.Of.ID != events.OutboundID("k1") {
		t.Errorf("the answer is %+v", content)
	}
	if err := answer.Validate(); err != nil {
		t.Error(err)
	}
	if again := d.writes("whatsapp", "99"); len(again.Data.Message.Content) != 1 {
		t.Errorf("99 became %+v", again.Data.Message.Content)
	}
}

// TestRefusedRequests: what is wrong is told by an event, and nothing is sent.
func TestRefusedRequests(t *testing.T) {
	d := newDesk(t, deskConfig)
	e := d.writes("telegram", "Hello?")
	d.askRaw("{", "1")
	d.askRaw(`{"idempotencyKey":"a","to":{"conversation":"`+e.Subject+`"},"content":[]}`, "2")
	d.ask(events.Outbound{IdempotencyKey: "b", To: events.To{Conversation: events.ConversationID("x", "y", "z")},
		Content: []events.Content{events.NewText("hi")}})
	d.drain()
	if n := len(d.sys.World.Calls("telegram")); n != 0 {
		t.Errorf("%d calls", n)
	}
	var got []string
	for _, x := range d.received("support") {
		got = append(got, x.Data.Rejection.Error.Class)
		if err := x.Validate(); err != nil {
			t.Error(err)
		}
	}
	if len(got) != 3 {
		t.Errorf("rejections %v, want three\n%s", got, d.logs)
	}
}

// TestMediaIsCopied: what a customer sends is stored, and its link works.
func TestMediaIsCopied(t *testing.T) {
	d := newDesk(t, deskConfig)
	set, err := d.sys.Samples("telegram")
	if err != nil {
		t.Fatal(err)
	}
	s, found := set.Find("photo")
	if !found {
		t.Fatal("no sample")
	}
	r := s.Request
	r.Received = d.clock.Now()
	d.sys.World.Sign(channelNamed(t, "telegram"), set.Account, &r)
	d.sys.Receive(t.Context(), r)
	d.drain()
	var stored *events.MediaUpdate
	for _, e := range d.received("support") {
		if e.Type == events.MediaStored {
			stored = e.Data.MediaUpdate
		}
	}
	if stored == nil {
		t.Fatalf("no media.stored\n%s", d.logs)
	}
	path := strings.TrimPrefix(stored.Media.URL, "https://relais.example")
	w := httptest.NewRecorder()
	d.sys.Gateway().ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	if w.Code != 302 {
		t.Fatalf("the link is answered %d, want 302", w.Code)
	}
	file := httptest.NewRecorder()
	d.sys.AWS.ServeHTTP(file, httptest.NewRequest("GET", w.Header().Get("Location"), nil))
	if file.Code != 200 || file.Body.Len() != int(stored.Media.Bytes) ||
		file.Header().Get("Content-Disposition") != "attachment" {
		t.Errorf("the file is answered %d with %d bytes, disposition %q", file.Code, file.Body.Len(),
			file.Header().Get("Content-Disposition"))
	}
	if status, _ := d.do(httptest.NewRequest("GET", strings.Replace(path, "signature=", "signature=x", 1),
		nil)); status != 403 {
		t.Errorf("a forged link is answered %d, want 403", status)
	}
}

// TestReceiptsNobodyWants: they cost one update and no queue, and the message's
// state is known all the same.
func TestReceiptsNobodyWants(t *testing.T) {
	d := newDesk(t, strings.Replace(deskConfig, `"support":{}`, `"support":{"receipts":false}`, 1))
	e := d.writes("whatsapp", "Hello?")
	d.ask(say(e, "k1", "hi"))
	d.drain()
	d.received("support")
	d.callsOf("whatsapp")
	posts := d.receipts()
	if diff := cmp.Diff(posts, len(d.callsOf("whatsapp"))); diff != "" || posts == 0 {
		t.Errorf("calls per receipt differ from one (-receipts +calls): %s", diff)
	}
	if list := d.received("support"); len(list) != 0 {
		t.Errorf("received %v", outcomes(list))
	}
	req := httptest.NewRequest("GET", "/v1/messages/"+events.OutboundID("k1"), nil)
	req.Header.Set("Authorization", "Bearer "+d.sys.APIToken)
	status, body := d.do(req)
	if status != 200 || !strings.Contains(body, `"state":"read"`) && !strings.Contains(body, `"state":"delivered"`) {
		t.Errorf("the API says %d %s", status, body)
	}
}
