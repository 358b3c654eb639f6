package system_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions"
	"github.com/relais-dev/relais/infra/topology"
	"github.com/relais-dev/relais/shared/switchboard"
)

// floorConfig has a bot that answers first, two teams, and somebody who looks on.
const floorConfig = `{"channels":["whatsapp"],"default":"support","destinations":{
	"helper":{"role":"bot","lease":"45s","else":"support"},"support":{"answer":"30m"},"sales":{"standby":false},
	"quality":{"role":"observer"}},
	"rules":[{"name":"all","when":"true","to":["helper","support","sales","quality"]}]}`

// A floor is where a brand's people and its bot work together on one customer's conversation.
type floor struct {
	*desk
	customerID   string // a phone number
	conversation string
	written      int
}

func newFloor(t testing.TB, settings string) *floor {
	t.Helper()
	const ana = "15550100042"
	return &floor{desk: newDesk(t, settings), customerID: ana,
		conversation: events.ConversationID("whatsapp", "demo", ana)}
}

// writes has the customer write.
func (f *floor) writes(text string) {
	f.t.Helper()
	f.written++
	if status := f.post(message{f.customerID, fmt.Sprint("wamid.story", f.written), text, f.clock.Now()}); status != 200 {
		f.t.Fatalf("the webhook was answered %d", status)
	}
	f.drain()
}

// answersInTheApp has a person answer with the platform's own app.
func (f *floor) answersInTheApp(text string) {
	f.t.Helper()
	f.written++
	doc := fmt.Sprintf(`{"object":"whatsapp_business_account","entry":[{"id":"410000000000011","changes":[{"value":{`+
		`"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550100001",`+
		`"phone_number_id":"220000000000022"},"message_echoes":[{"from":"15550100001","to":%q,"id":"wamid.story%d",`+
		`"timestamp":"%d","type":"text","text":{"body":%q}}]},"field":"smb_message_echoes"}]}]}`, f.customerID, f.written,
		f.clock.Now().Unix(), text)
	if status, _ := f.do(f.signed([]byte(doc))); status != 200 {
		f.t.Fatalf("the webhook was answered %d", status)
	}
	f.drain()
}

// api asks the API as a destination's desk, or as who may do everything: "".
func (r *rig) api(desk, method, path string, body any) (status int, answer string) {
	r.t.Helper()
	doc, err := json.Marshal(body)
	if err != nil {
		r.t.Fatal(err)
	}
	req := httptest.NewRequest(method, path, bytes.NewReader(doc))
	token := r.sys.APIToken
	for _, t := range r.sys.Tokens {
		if t.Principal == "desk:"+desk {
			token = t.Value
		}
	}
	req.Header = http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + token}}
	return r.do(req)
}

// command asks the API for a command in a conversation.
func (r *rig) command(desk, conversation string, c events.Command) (status int, out events.Outcome,
	why events.Problem) {
	r.t.Helper()
	status, answer := r.api(desk, http.MethodPost, "/v1/conversations/"+conversation+"/commands", c)
	into := any(&out)
	if status != http.StatusOK {
		into = &why
	}
	if err := json.Unmarshal([]byte(answer), into); err != nil {
		r.t.Fatalf("answered %d %s: %v", status, answer, err)
	}
	return status, out, why
}

// does commands something that changes the conversation, and lets all who hear of it hear.
func (f *floor) does(desk string, c events.Command) {
	f.t.Helper()
	status, out, why := f.command(desk, f.conversation, c)
	if status != http.StatusOK || out.Event == nil {
		f.t.Fatalf("%s by %s was answered %d: %+v", c.Do, desk, status, why)
	}
	f.drain()
}

// mayNot: the command is refused, and the caller hears what holds.
func (f *floor) mayNot(desk string, c events.Command, says string) {
	f.t.Helper()
	status, _, why := f.command(desk, f.conversation, c)
	if status != http.StatusConflict || !strings.Contains(why.Detail, says) || why.Conversation == nil {
		f.t.Errorf("%s by %s was answered %d %+v, want a conflict that says %q", c.Do, desk, status, why, says)
	}
}

// says has a destination answer the customer. The API's answer comes before it is said.
func (f *floor) says(o events.Outbound) (status int, why events.Problem) {
	f.t.Helper()
	f.written++
	o.IdempotencyKey = cmp.Or(o.IdempotencyKey, fmt.Sprint("story-", f.written))
	status, answer := f.api(o.From, http.MethodPost, "/v1/conversations/"+f.conversation+"/messages", o)
	if err := json.Unmarshal([]byte(answer), &why); status/100 != 2 && err != nil {
		f.t.Fatalf("answered %d %s", status, answer)
	}
	return status, why
}

func (f *floor) answers(o events.Outbound) {
	f.t.Helper()
	if status, why := f.says(o); status != http.StatusAccepted {
		f.t.Fatalf("answered %d: %+v", status, why)
	}
	f.drain()
}

// refuses: the message is not accepted, and its author hears why.
func (f *floor) refuses(o events.Outbound, says string) {
	f.t.Helper()
	if status, why := f.says(o); status != http.StatusConflict || !strings.Contains(why.Detail, says) {
		f.t.Errorf("%q was answered %d %+v, want a conflict that says %q", o.Content[0].Text.Body, status, why, says)
	}
}

func (f *floor) state() (s events.ConversationState) {
	f.t.Helper()
	status, answer := f.api("", http.MethodGet, "/v1/conversations/"+f.conversation, nil)
	if err := json.Unmarshal([]byte(answer), &s); err != nil || status != http.StatusOK {
		f.t.Fatalf("answered %d %s", status, answer)
	}
	return s
}

// then is the end of a step: which events have come in it, and who has received them, "~" being
// copies, and "+3" a history of three. All that is always so is looked at, too.
func (f *floor) then(what string, want ...string) {
	f.t.Helper()
	list, to := map[string]string{}, map[string][]string{}
	for _, name := range f.sys.Config.DestinationNames() {
		last := ""
		for _, e := range f.received(name) {
			if err := e.Validate(); err != nil {
				f.t.Errorf("%s: #%s to %s is not valid: %v", what, e.Sequence, name, err)
			}
			if e.Standby != (e.Holder != name) || e.Sequence <= last {
				f.t.Errorf("%s: #%s to %s, held by %q, has standby=%v, after #%s", what, e.Sequence, name, e.Holder, e.Standby,
					last)
			}
			last = e.Sequence
			line := inWords(e)
			if other, ok := list[e.Sequence]; ok && other != line {
				f.t.Errorf("%s: #%s is %q to %s, and %q to others", what, e.Sequence, line, name, other)
			}
			list[e.Sequence] = line
			to[e.Sequence] = append(to[e.Sequence], receiver(name, e))
		}
	}
	var got []string
	for _, n := range slices.Sorted(maps.Keys(list)) {
		got = append(got, list[n]+" > "+strings.Join(to[n], " "))
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		f.t.Errorf("%s (-want +got):\n%s", what, diff)
	}
	f.refold()
	f.nothingOverdue()
	x := f.record(f.conversation)
	// The API speaks of folded events, and of nothing else.
	fold := switchboard.State(folded(x.history), uint64(len(x.history)), f.clock.Now())
	if diff := gocmp.Diff(fold, f.state()); diff != "" {
		f.t.Errorf("%s: the API says something else than the events (-events +API):\n%s", what, diff)
	}
}

func receiver(name string, e events.Event) string {
	if e.Standby {
		name = "~" + name
	}
	if c := e.Data.Control; c != nil && len(c.History) > 0 {
		name += fmt.Sprintf("+%d", len(c.History))
	}
	return name
}

// inWords is an event in a line: "4 control.passed helper to support: asks for a person".
func inWords(e events.Event) string {
	line := fmt.Sprint(sequenceOf(e), " ", strings.TrimSuffix(string(e.Type), ".v1"))
	switch d := e.Data; {
	case d.Message != nil:
		line += " " + text(e)
	case d.Control != nil:
		line += " " + d.Control.From + " to " + d.Control.To
		if d.Control.Reason != "" {
			line += ": " + d.Control.Reason
		}
	case d.Handling != nil:
		h := d.Handling
		line += " " + strings.Join(slices.DeleteFunc([]string{h.Reason, h.Assignee, strings.Join(h.Tags, ","),
			episode(h.Episode), h.Destination}, func(s string) bool { return s == "" }), ", ")
	case d.Note != nil:
		line += " " + d.Note.Text
	case d.Status != nil:
		line += " " + string(d.Status.State)
	}
	return line
}

func episode(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint("episode ", n)
}

func sequenceOf(e events.Event) (n int) {
	fmt.Sscanf(e.Sequence, "%d", &n)
	return n
}

func words(text string) []events.Content { return []events.Content{events.NewText(text)} }

// wait lets time pass in seconds, as the clock and the sweeper see it.
func (f *floor) wait(d time.Duration) {
	f.t.Helper()
	for end := f.clock.Now().Add(d); f.clock.Now().Before(end); {
		f.clock.Advance(min(end.Sub(f.clock.Now()), 20*time.Second))
		f.drain()
	}
}

// reconfigured is the same system after a deployment with other settings.
func (f *floor) reconfigured(settings string) {
	f.t.Helper()
	c, err := topology.Parse([]byte(settings), functions.Channels())
	if err != nil {
		f.t.Fatal(err)
	}
	s := topology.New(c.Local(), "local", functions.Channels())
	f.sys.System.Config, f.sys.System.Routes, f.sys.System.Functions = s.Config, s.Routes, s.Functions
	f.restart()
}

var bot = &events.Sender{Role: events.Bot, Name: "Robot"}

// TestStory is a customer's way through a brand: what the product is for. At every step each queue
// has its events in order, the API's state is that of the events, and the lists agree.
func TestStory(t *testing.T) {
	f := newFloor(t, floorConfig)

	f.writes("Where is my parcel?")
	f.then("a customer writes, and the bot is to answer",
		"1 message.received Where is my parcel? > helper ~quality ~support")

	bots := f.state().Hold
	f.answers(events.Outbound{From: "helper", Hold: bots, Sender: bot, Content: words("Which one?")})
	f.then("the bot answers",
		"2 message.echoed Which one? > helper ~quality ~support")
	f.wait(2 * time.Minute)
	f.then("who has answered loses nothing by waiting")

	f.writes("I want a person!")
	f.answers(events.Outbound{From: "helper", Hold: bots, Sender: bot, Content: words("I will call one."),
		Then: &events.Command{Do: events.DoPass, Target: "support", Reason: "asks for a person", History: 10,
			Metadata: []events.Field{{Name: "mood", Value: "angry"}}}})
	f.then("the bot says its last words and hands over, in one call",
		"3 message.received I want a person! > helper ~quality ~support",
		"4 control.passed helper to support: asks for a person > ~helper ~quality support+3",
		"5 message.echoed I will call one. > ~quality support")

	f.refuses(events.Outbound{From: "helper", Hold: bots, Sender: bot, Content: words("And another thing")},
		"support holds")
	f.mayNot("helper", events.Command{Do: events.DoPass, Target: "sales"}, "support holds")
	f.then("the bot's late words are refused, and so is what only the holder may do")

	nobody := ""
	f.does("", events.Command{Do: events.DoAssign, Assignee: "ben", Was: &nobody, From: "support"})
	f.mayNot("", events.Command{Do: events.DoAssign, Assignee: "eve", Was: &nobody, From: "support"}, `"ben" has`)
	f.then("ben takes it; eve, who was slower, is told who has it",
		"6 conversation.assigned ben > ~helper ~quality support")

	calls := len(f.sys.World.Calls(""))
	f.does("", events.Command{Do: events.DoNote, From: "support", Text: "VIP, be nice", Mentions: []string{"eve"}})
	f.does("", events.Command{Do: events.DoTag, From: "support", Tags: []string{"vip", "parcel"}})
	if n := len(f.sys.World.Calls("")); n != calls {
		t.Errorf("a note and a tag made %d calls of a platform", n-calls)
	}
	f.then("what colleagues tell each other reaches no bot and no channel",
		"7 note.added VIP, be nice > ~quality support",
		"8 conversation.tagged vip,parcel > ~helper ~quality support")

	seen := f.state().Sequence
	ben, eve := &events.Sender{Role: events.Agent, ID: "ben"}, &events.Sender{Role: events.Agent, ID: "eve"}
	f.answers(events.Outbound{From: "support", Sender: ben, IfSequence: seen, Content: words("It left today.")})
	f.refuses(events.Outbound{From: "support", Sender: eve, IfSequence: seen, Content: words("It is lost.")},
		"spoken since")
	f.does("support", events.Command{Do: events.DoRead, From: "support", Seen: f.state().Sequence})
	f.then("of two colleagues who answer at once, one does",
		"9 message.echoed It left today. > ~helper ~quality support",
		"10 conversation.read support > support")

	f.does("", events.Command{Do: events.DoSnooze, Until: f.clock.Now().Add(10 * time.Minute)})
	f.wait(time.Minute)
	f.writes("It is here!")
	f.then("snoozed, and woken by the customer",
		"11 conversation.snoozed episode 1 > ~helper ~quality support",
		"12 message.received It is here! > ~helper ~quality support")

	f.does("", events.Command{Do: events.DoSnooze, Until: f.clock.Now().Add(10 * time.Minute), Wake: events.WakeTime})
	f.writes("But it is broken!")
	f.then("snoozed until a time, whatever the customer says",
		"13 conversation.snoozed episode 1 > ~helper ~quality support",
		"14 message.received But it is broken! > ~helper ~quality support")
	f.wait(10*time.Minute + 2*time.Second)
	f.then("woken by time",
		"15 conversation.opened the snooze ended, episode 1 > ~helper ~quality support")

	f.does("", events.Command{Do: events.DoClose, QuietMS: time.Hour.Milliseconds(), Reason: "replaced"})
	f.wait(time.Minute)
	f.writes("Thanks!")
	if s := f.state(); s.State != events.StateClosed || !s.WaitingAt.IsZero() || s.Unread[0].Messages != 3 {
		t.Errorf("after thanks in the quiet time it is %s, waiting since %v, unread %+v", s.State, s.WaitingAt, s.Unread)
	}
	f.then("closed; thanks open nothing",
		"16 conversation.closed replaced, episode 1 > ~helper ~quality support",
		"17 message.received Thanks! > ~helper ~quality support")
	f.wait(time.Hour)
	f.writes("It is broken again.")
	if s := f.state(); s.State != events.StateOpen || s.Episode != 2 || s.WaitingAt.IsZero() {
		t.Errorf("reopened, it is %s, episode %d, waiting since %v", s.State, s.Episode, s.WaitingAt)
	}
	f.then("reopened: a new episode in the same thread",
		"18 message.received It is broken again. > ~helper ~quality support")

	f.does("support", events.Command{Do: events.DoPass, Target: "helper"})
	bots = f.state().Hold
	if status, why := f.says(events.Outbound{From: "helper", Hold: bots, Sender: bot, IdempotencyKey: "too-late",
		Content: words("Have you tried turning it off?")}); status != http.StatusAccepted {
		t.Fatalf("answered %d %+v", status, why)
	}
	if status, _, why := f.command("", f.conversation, events.Command{Do: events.DoTake, From: "support",
		Takeover: true}); status != http.StatusOK {
		t.Fatalf("answered %d %+v", status, why)
	}
	f.drain()
	if n := f.said("whatsapp", "turning it off"); n != 0 {
		t.Errorf("the bot talked over a person")
	}
	f.then("a person takes over before the bot's words are said",
		"19 control.passed support to helper > helper ~quality ~support",
		"20 control.passed helper to support: taken > ~helper ~quality support",
		"21 message.status failed > ~helper ~quality support")

	f.does("support", events.Command{Do: events.DoPass, Target: "helper"})
	f.writes("Hello?")
	f.then("the bot again",
		"22 control.passed support to helper > helper ~quality ~support",
		"23 message.received Hello? > helper ~quality ~support")
	f.wait(48 * time.Second)
	f.then("it is dead: the next one holds, and gets what was said",
		"24 control.expired helper to support: no answer in time > ~helper ~quality support+20")

	f.does("support", events.Command{Do: events.DoOffer, Target: "sales", Until: f.clock.Now().Add(time.Minute)})
	f.mayNot("sales", events.Command{Do: events.DoTake, From: "sales"}, "support holds")
	f.does("sales", events.Command{Do: events.DoAccept, From: "sales"})
	f.then("an offer is accepted",
		"25 control.offered support to sales > ~helper ~quality ~sales support",
		"26 control.accepted support to sales > ~helper ~quality sales ~support")
	f.does("sales", events.Command{Do: events.DoOffer, Target: "support", Until: f.clock.Now().Add(time.Minute)})
	f.wait(62 * time.Second)
	f.mayNot("support", events.Command{Do: events.DoAccept, From: "support"}, "nothing is offered")
	f.then("an offer is not accepted in time",
		"27 control.offered sales to support > ~helper ~quality sales ~support",
		"28 control.failed sales to support: not accepted in time > ~helper ~quality sales ~support")

	f.does("sales", events.Command{Do: events.DoPass, Target: "helper"})
	f.answersInTheApp("Ben here, I will look into it.")
	f.then("a person answers in the platform's own app while a bot holds",
		"29 control.passed sales to helper > helper ~quality ~sales ~support",
		"30 message.echoed Ben here, I will look into it. > helper ~quality ~support",
		"31 control.passed helper to support: somebody answered in the platform's own app > ~helper ~quality support+20")

	f.does("support", events.Command{Do: events.DoPass, Target: "sales"})
	f.then("sales has it",
		"32 control.passed support to sales > ~helper ~quality sales ~support")
	f.reconfigured(strings.NewReplacer(`"sales":{"standby":false},`, "", `"sales",`, "").Replace(floorConfig))
	f.writes("Still there?")
	f.then("who held is removed from the configuration",
		"33 control.passed sales to support: the destination does not exist any more > ~helper ~quality support+20",
		"34 message.received Still there? > ~helper ~quality support")
}
