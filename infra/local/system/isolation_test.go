package system_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/plays"
	"github.com/relais-dev/relais/infra/local/system"
	"github.com/relais-dev/relais/shared/access"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/play"
)

// ids of the two accounts that each channel has.
const first, second = "demo", "other"

// theirs are the secrets of the second accounts; what else an account holds, both have.
var theirs = map[string]map[string]string{
	"line":     {"channel_secret": "fedcba9876543210fedcba9876543210", "channel_id": "1234567899"},
	"whatsapp": {"app_secret": "00112233445566778899aabbccddeeff", "access_token": "EAAG-other-token"},
	"telegram": {"secret_token": "tg_Other-9876543210", "bot_token": "600000002:BBF-sample_token_of_the_other_bot_0"},
	"inapp":    {"session_key": "inapp-other-session-key-of-36-letters"},
	"custom": {"inbound_secret": "whsec_GBkaGxwdHh8gISIjJCUmJygpKissLS4v",
		"outbound_secret": "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"},
}

// A pair is a desk whose channels have two accounts each, with the same customer.
type pair struct {
	*desk
	accounts map[string]map[string]channel.Account // by channel and id
	threads  map[string]map[string]string          // conversations, by the same
	tokens   map[string]string                     // that see one of them only, by id
	keys     map[string][]string                   // of what was asked to be said, by id
	told     []string                              // as they are on the queue
	n        int
}

func other(id string) string {
	if id == first {
		return second
	}
	return first
}

func marker(id string) string { return "marker-of-" + id }

func newPair(t *testing.T, rt *rapid.T) *pair {
	names := slices.Sorted(maps.Keys(theirs))
	p := &pair{desk: newDesk(tb{t, rt}, settingsFor(names...)), accounts: map[string]map[string]channel.Account{},
		threads: map[string]map[string]string{}, tokens: map[string]string{}, keys: map[string][]string{}}
	for _, name := range names {
		p.open(name)
	}
	p.sys.World.Further = func(name string) []channel.Account { return []channel.Account{p.accounts[name][second]} }
	for _, id := range []string{first, second} {
		p.tokens[id] = "token-of-one-account-" + id
		rights := access.All()
		rights.Accounts = nil
		for _, name := range names {
			rights.Accounts = append(rights.Accounts, name+"/"+id)
		}
		p.sys.Tokens = append(p.sys.Tokens, system.Token{Value: p.tokens[id],
			Caller: access.Caller{Principal: "of " + id, Rights: rights}})
	}
	p.restart()
	for _, name := range names {
		for _, id := range []string{first, second} {
			p.write(name, id, id)
		}
	}
	p.rest()
	return p
}

// open connects both accounts of a channel.
func (p *pair) open(name string) {
	set, err := p.sys.Samples(name)
	if err != nil {
		p.t.Fatal(err)
	}
	p.threads[name], p.accounts[name] = map[string]string{}, map[string]channel.Account{}
	for _, id := range []string{first, second} {
		doc := maps.Clone(set.Credentials)
		if id == second {
			for k, v := range theirs[name] {
				doc[k], _ = json.Marshal(v) // a text
			}
			text, _ := json.Marshal(doc) // of texts
			p.setSecretOf(name, second, string(text))
		}
		text, _ := json.Marshal(doc)
		a, err := channel.ParseAccount(id, "https://relais.example/webhooks/"+name+"/"+id, text, nil)
		if err != nil {
			p.t.Fatal(err)
		}
		p.accounts[name][id] = a
	}
}

// write has the customer write to an account, with a webhook that another may have
// signed, and returns what the webhook is answered.
func (p *pair) write(name, id, signer string) int {
	p.n++
	platform, _ := plays.Of(name)
	r := platform.Customer(p.accounts[name][id], fmt.Sprintf("%s %d", marker(id), p.n), p.n, p.clock.Now())
	return p.deliver(name, signer, "/webhooks/"+name+"/"+id, r)
}

func (p *pair) deliver(name, signer, path string, r channel.Request) int {
	r.Path, r.Received = path, p.clock.Now()
	p.sys.World.Sign(channelNamed(p.t, name), p.accounts[name][signer], &r)
	return p.sys.Receive(p.t.Context(), r)
}

// rest lets everything be done, with what platforms post to whom it is for.
func (p *pair) rest() {
	for range 3 {
		p.drain()
		p.desk.mu.Lock()
		posts := p.posts
		p.posts = nil
		p.desk.mu.Unlock()
		for _, r := range posts {
			parts := strings.Split(r.Path, "/") // "/webhooks/line/demo"
			if status := p.deliver(parts[2], parts[3], r.Path, r); status/100 != 2 {
				p.t.Errorf("%s: a receipt was answered %d", r.Path, status)
			}
		}
		p.sweeps(2)
	}
	for _, doc := range p.bodies("support") {
		var e events.Event
		if err := json.Unmarshal([]byte(doc), &e); err != nil {
			p.t.Fatal(err)
		}
		p.told = append(p.told, doc)
		if e.Type == events.MessageReceived {
			p.threads[e.Channel][e.Account] = e.Subject
		}
	}
}

func (p *pair) drawn(rt *rapid.T) (name, id string) {
	return rapid.SampledFrom(slices.Sorted(maps.Keys(theirs))).Draw(rt, "channel"),
		rapid.SampledFrom([]string{first, second}).Draw(rt, "account")
}

func (p *pair) writes(rt *rapid.T) {
	name, id := p.drawn(rt)
	if status := p.write(name, id, id); status/100 != 2 {
		rt.Errorf("%s/%s: a webhook was answered %d", name, id, status)
	}
}

// forges signs a webhook to one account with the secret of the other.
func (p *pair) forges(rt *rapid.T) {
	name, id := p.drawn(rt)
	if status := p.write(name, id, other(id)); status/100 == 2 {
		rt.Errorf("%s: what %s signed was taken for %s", name, other(id), id)
	}
}

// says answers in a conversation, by the queue or by the API, with words or a file.
func (p *pair) says(rt *rapid.T) {
	name, id := p.drawn(rt)
	p.n++
	o := events.Outbound{IdempotencyKey: fmt.Sprintf("%s.%d", id, p.n), To: events.To{Conversation: p.threads[name][id]},
		Content: []events.Content{events.NewText(fmt.Sprintf("%s %d", marker(id), p.n))}}
	if rapid.Bool().Draw(rt, "a file") {
		o.Content = []events.Content{{Kind: events.KindMedia, Media: &events.Media{Type: events.Image, MIME: "image/png",
			URL: fmt.Sprintf("https://pictures.example/%s/%d.png", marker(id), p.n)}}}
	}
	p.keys[id] = append(p.keys[id], o.IdempotencyKey)
	if rapid.Bool().Draw(rt, "by the queue") {
		p.ask(o)
		return
	}
	doc, _ := json.Marshal(o) // of texts
	if status, body := p.with(p.tokens[id], "POST", "/v1/messages", string(doc)); status != http.StatusAccepted {
		rt.Errorf("%s says %s: %d %s", id, doc, status, body)
	}
}

// notes has a desk of one account leave a mark in its conversation.
func (p *pair) notes(rt *rapid.T) {
	name, id := p.drawn(rt)
	body := rapid.SampledFrom([]string{`{"do":"note","text":"MARKER"}`, `{"do":"tag","tags":["MARKER"]}`,
		`{"do":"assign","assignee":"MARKER"}`, `{"do":"close","reason":"MARKER"}`}).Draw(rt, "command")
	status, answer := p.with(p.tokens[id], "POST", "/v1/conversations/"+p.threads[name][id]+"/commands",
		strings.ReplaceAll(body, "MARKER", marker(id)))
	if status != http.StatusOK || strings.Contains(answer, marker(other(id))) {
		rt.Errorf("%s in %s/%s: %d %s", body, name, id, status, answer)
	}
}

// meddles asks for what is the other account's, by every endpoint that names it.
func (p *pair) meddles(rt *rapid.T) {
	name, id := p.drawn(rt)
	token, path := p.tokens[other(id)], "/v1/conversations/"+p.threads[name][id]
	asks := [][3]string{{"GET", path, ""}, {"GET", path + "/messages", ""},
		{"POST", path + "/messages", `{"idempotencyKey":"m","content":[{"kind":"text","text":{"body":"x"}}]}`},
		{"POST", path + "/actions", `{"verb":"typing"}`}, {"POST", path + "/commands", `{"do":"close"}`},
		{"POST", "/v1/messages", `{"idempotencyKey":"m","to":{"conversation":"` + p.threads[name][id] +
			`"},"content":[{"kind":"text","text":{"body":"x"}}]}`}}
	for _, key := range p.keys[id] {
		asks = append(asks, [3]string{"GET", "/v1/messages/" + events.OutboundID(key), ""})
	}
	for _, ask := range asks {
		if status, answer := p.with(token, ask[0], ask[1], ask[2]); status != http.StatusNotFound ||
			strings.Contains(answer, marker(id)) {
			rt.Errorf("%s asks %v of %s/%s: %d %s", other(id), ask, name, id, status, answer)
		}
	}
	p.lists(rt, other(id))
}

// lists looks at what an account's caller sees by the endpoints that name no conversation.
func (p *pair) lists(rt *rapid.T, id string) {
	asks := [][3]string{{"GET", "/v1/conversations?limit=100", ""},
		{"GET", "/v1/conversations?state=closed&limit=100", ""}, {"GET", "/v1/channels", ""},
		{"POST", "/v1/destinations/support/next", `{"assignee":"` + marker(id) + `"}`}}
	for name := range theirs {
		asks = append(asks, [3]string{"GET", "/v1/conversations?channel=" + name + "&account=" + other(id), ""},
			[3]string{"GET", "/v1/conversations/" + p.threads[name][id] + "/messages?limit=100", ""})
	}
	for _, ask := range asks {
		_, answer := p.with(p.tokens[id], ask[0], ask[1], ask[2])
		p.only(rt, id, strings.Join(ask[:], " "), answer)
	}
}

// only checks that a text is an account's, or nobody's.
func (p *pair) only(rt *rapid.T, id, what, text string) {
	for name := range theirs {
		if thread := p.threads[name][other(id)]; thread != "" && strings.Contains(text, thread) {
			rt.Errorf("%s of %s holds the conversation of %s/%s: %s", what, id, name, other(id), text)
		}
	}
	if strings.Contains(text, marker(other(id))) {
		rt.Errorf("%s of %s holds the marker of %s: %s", what, id, other(id), text)
	}
}

// idForm is an id of ours.
var idForm = regexp.MustCompile(`(cnv|evt|msg|con)_[a-z2-7]{26}`)

// ids says of ids whose they are.
func (p *pair) ids(rt *rapid.T) map[string]string {
	of := map[string]string{}
	for _, doc := range p.told {
		var e events.Event
		if err := json.Unmarshal([]byte(doc), &e); err != nil {
			rt.Fatal(err)
		}
		for _, id := range idForm.FindAllString(doc, -1) {
			if is := of[id]; is != "" && is != e.Account {
				rt.Errorf("%s is in events of both accounts", id)
			}
			of[id] = e.Account
		}
	}
	for id, keys := range p.keys {
		for _, key := range keys {
			of[events.OutboundID(key)] = id
		}
	}
	return of
}

// fails has a platform refuse what is said next.
func (p *pair) fails(rt *rapid.T) {
	name, _ := p.drawn(rt)
	p.fail(name, rapid.SampledFrom(play.Faults()).Draw(rt, "fault"))
}

// finish checks what was told, what platforms were called with, and the logs.
func (p *pair) finish(rt *rapid.T) {
	p.rest()
	seen := map[string]int{}
	for _, doc := range p.told {
		var e events.Event
		if err := json.Unmarshal([]byte(doc), &e); err != nil {
			rt.Fatal(err)
		}
		p.only(rt, e.Account, "an event", doc)
		seen[e.Account]++
	}
	for _, c := range p.sys.World.Calls("") {
		for _, id := range []string{first, second} {
			asked := c.Request.Path + string(c.Request.Body)
			if strings.Contains(asked, marker(id)) {
				p.only(rt, id, "a call of "+c.Channel, asked)
				p.knows(rt, c.Channel, id, c.Request)
				seen["calls of "+id]++
			}
		}
	}
	p.rig.mu.Lock()
	logs := p.logs.String()
	p.rig.mu.Unlock()
	ids := p.ids(rt)
	for line := range strings.Lines(logs) {
		of := map[string]bool{}
		for _, id := range idForm.FindAllString(line, -1) {
			of[ids[id]] = ids[id] != ""
		}
		var doc struct{ Account string }
		if json.Unmarshal([]byte(line), &doc) == nil && p.tokens[doc.Account] != "" {
			of[doc.Account] = true
		}
		if of[first] && of[second] {
			rt.Errorf("a log line is of both accounts: %s", line)
		}
		for _, id := range []string{first, second} {
			if of[id] {
				p.only(rt, id, "a log line", line)
				seen["lines of "+id]++
			}
		}
	}
	for _, what := range []string{first, second} {
		p.lists(rt, what)
		if seen[what] == 0 {
			rt.Errorf("%s was told nothing", what)
		}
	}
	rt.Logf("seen %v", seen)
	if rt.Failed() {
		rt.Logf("%s", logs)
	}
}

// knows says of a call that its platform takes it for the account whose words it brings,
// and not for the other one.
func (p *pair) knows(rt *rapid.T, name, id string, c play.Call) {
	platform, played := plays.Of(name)
	if !played || !platform.Answers(p.accounts[name][id], c.Host) {
		return
	}
	if platform.Answer(p.accounts[name][other(id)], c).OK() {
		rt.Errorf("%s takes what %s says for a call of %s: %s %s", name, id, other(id), c.Method, c.Path)
	}
}

// TestAccountsAreIsolated: two accounts of a channel, with the same customer, whose
// desks see one of them each. Whatever happens to both, no event, call, answer, list or
// log line of one holds what belongs to the other, and what one signs is not believed
// for the other.
func TestAccountsAreIsolated(t *testing.T) {
	histories(t)
	rapid.Check(t, func(rt *rapid.T) {
		p := newPair(t, rt)
		defer p.sys.Close()
		rt.Repeat(map[string]func(*rapid.T){"writes": p.writes, "forges": p.forges, "says": p.says, "says more": p.says,
			"notes": p.notes, "fails": p.fails, "meddles": p.meddles, "rest": func(*rapid.T) { p.rest() },
			"advance": func(*rapid.T) { p.clock.Advance(time.Minute) }})
		p.finish(rt)
	})
}
