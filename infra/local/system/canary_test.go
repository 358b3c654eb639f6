package system_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/events/samples"
	"github.com/relais-dev/relais/functions"
	"github.com/relais-dev/relais/infra/local/system"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/cloud"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/stage/outside"
	"github.com/relais-dev/relais/shared/stage/play"
)

// canaryText begins every text that the canaries' customers and agents write.
const canaryText = "canary-text-"

// A flock is a desk with all channels on, and the values that must not be found
// where they do not belong.
type flock struct {
	*desk
	threads map[string]events.Event // a message of the customer, by channel
	called  []outside.Call          // all calls that platforms received
	secrets map[string]string       // by value: what it is
	private map[string]string       // what customers and agents said, and who they are
	public  map[string]bool         // what looks like one of them and may be told
	answers []string                // what webhooks and the API were answered
	told    []string                // the events of destinations, as they are on the queue
	dead    []string                // what queues gave up on
}

func newFlock(t testing.TB) *flock {
	var all []string
	for _, ch := range functions.Channels() {
		all = append(all, ch.Name)
	}
	f := &flock{threads: map[string]events.Event{}, secrets: map[string]string{}, private: map[string]string{},
		public: map[string]bool{}}
	f.desk = newDesk(t, settingsFor(all...), func(o *system.Options) {
		o.Record = func(c outside.Call) { f.called = append(f.called, c) }
	})
	for _, ch := range functions.Channels() {
		f.secretsOf(ch)
	}
	for _, x := range f.sys.Tokens {
		f.secrets[x.Value] = "a token of the API"
	}
	c := secretsmanager.NewFromConfig(f.sys.ConfigOf(system.Admin, cloud.Work))
	out, err := c.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{
		SecretId: aws.String(names.LinkKey(names.Local))})
	if err != nil {
		t.Fatal(err)
	}
	f.secrets[aws.ToString(out.SecretString)] = "the key of links"
	return f
}

// noSecrets are values that their channels keep like secrets, and that are none.
var noSecrets = map[string]string{
	"kakaotalk sender_key": "names the brand's channel: it stands in each webhook, and customers' ids hold within it",
}

// secretsOf are all values of the demo account that its channel does not call public.
func (f *flock) secretsOf(ch channel.Channel) {
	set, err := f.sys.Samples(ch.Name)
	if err != nil {
		f.t.Fatal(err)
	}
	for _, c := range ch.Credentials {
		for _, v := range set.Account.Values(c.Name) {
			for _, part := range partsOf(v) {
				if c.Public || noSecrets[ch.Name+" "+c.Name] != "" {
					f.public[part] = true
				} else {
					f.secrets[part] = ch.Name + "'s " + c.Name
				}
			}
		}
	}
}

// partsOf are a secret and what of it would be one by itself: the lines of a private
// key, the keys in a document of keys.
func partsOf(secret string) []string {
	list := []string{secret}
	var doc any
	if json.Unmarshal([]byte(secret), &doc) == nil {
		list = append(list, leaves(doc, isKeyMember)...)
	}
	for _, v := range slices.Clone(list) {
		if lines := strings.Split(strings.TrimSpace(v), "\n"); len(lines) > 2 {
			list = append(list, lines[1:len(lines)-1]...)
		}
	}
	return list
}

func isKeyMember(name string) bool { return name == "key" || name == "private_key" }

// leaves are the texts of a document that stand under a name.
func leaves(doc any, under func(name string) bool) (list []string) {
	switch x := doc.(type) {
	case map[string]any:
		for name, v := range x {
			if text, ok := v.(string); ok && under(name) {
				list = append(list, text)
			} else if !ok {
				list = append(list, leaves(v, under)...)
			}
		}
	case []any:
		for _, v := range x {
			list = append(list, leaves(v, under)...)
		}
	}
	return list
}

// isSaid says of a member's name that its text is a person's words, or says who one is.
func isSaid(name string) bool {
	return slices.Contains([]string{"body", "title", "subtitle", "description", "caption", "text", "name", "first", "last",
		"given", "family", "formatted", "value", "address", "street", "emoji", "fileName", "header", "footer", "label",
		"note", "preview", "phone", "email", "city"}, name)
}

// dateForm is a day, which stands in every log.
var dateForm = regexp.MustCompile(`^\d{4}-\d\d-\d\d$`)

// keepPrivate takes what people said out of a document. Short texts stand everywhere.
func (f *flock) keepPrivate(of string, v any) {
	f.t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		f.t.Fatal(err)
	}
	var doc any
	if err := json.Unmarshal(text, &doc); err != nil {
		f.t.Fatal(err)
	}
	for _, said := range leaves(doc, isSaid) {
		if said = strings.TrimSpace(said); len(said) >= 8 && !f.public[said] && !dateForm.MatchString(said) {
			f.private[said] = of
		}
	}
}

// customersWrite a text on every channel, and post what the channel has recorded,
// each once more with a byte that is not the platform's.
func (f *flock) customersWrite() {
	for _, ch := range functions.Channels() {
		text := canaryText + ch.Name
		f.private[text] = "a customer's text"
		f.customer(ch.Name, text)
		set, err := f.sys.Samples(ch.Name)
		if err != nil {
			f.t.Fatal(err)
		}
		for _, x := range set.Samples {
			r := x.Request
			r.Received = f.clock.Now()
			r.Header = r.Header.Clone()
			f.sys.World.Sign(ch, set.Account, &r)
			f.webhook(r)
			r.Body = append([]byte(" "), r.Body...)
			f.webhook(r) // forged
			r.Body = r.Body[:len(r.Body)/2]
			f.sys.World.Sign(ch, set.Account, &r)
			f.webhook(r) // half of it
		}
		f.drain()
		for _, e := range f.hearAll() {
			if text == textOf(e) {
				f.threads[ch.Name] = e
			}
		}
		if f.threads[ch.Name].ID == "" {
			f.t.Errorf("%s: the customer's message did not arrive", ch.Name)
		}
	}
}

func textOf(e events.Event) string {
	if e.Data.Message == nil || len(e.Data.Message.Content) == 0 {
		return ""
	}
	return text(e)
}

// webhook has the gateway answer a webhook, and keeps the answer.
func (f *flock) webhook(r channel.Request) {
	target := r.Path
	if r.RawQuery != "" {
		target += "?" + r.RawQuery
	}
	hr := asHTTP(r)
	hr.URL.RawQuery = r.RawQuery
	hr.RequestURI = target
	status, body := f.do(hr)
	if status/100 != 2 {
		f.answers = append(f.answers, fmt.Sprint(status, " ", body))
	}
}

// hearAll takes what arrived for the destination, and keeps what people said in it.
func (f *flock) hearAll() []events.Event {
	var list []events.Event
	for _, doc := range f.bodies("support") {
		var e events.Event
		if err := json.Unmarshal([]byte(doc), &e); err != nil {
			f.t.Fatal(err)
		}
		f.told = append(f.told, doc)
		d := e.Data
		d.Status, d.Rejection, d.Health, d.Change, d.MediaUpdate = nil, nil, nil, nil, nil // our words, and platforms'
		f.keepPrivate("said on "+e.Channel, d)
		list = append(list, e)
	}
	return list
}

// agentsWrite one message of every sample to every customer, by the queue and by the
// API, and what is wrong to the API.
func (f *flock) agentsWrite(t testing.TB) {
	all, err := samples.Outbound()
	if err != nil {
		t.Fatal(err)
	}
	for _, ch := range functions.Channels() {
		to := events.To{Conversation: f.threads[ch.Name].Subject}
		for i, s := range all {
			o := s.Outbound
			o.IdempotencyKey = fmt.Sprintf("%s.%s", ch.Name, s.Name)
			o.To, o.Constraints, o.ReplyTo = to, nil, nil
			f.keepPrivate("an agent's", o.Content)
			doc, err := channel.JSON(o)
			if err != nil {
				t.Fatal(err)
			}
			if i%2 == 0 && !strings.ContainsAny(string(doc), "\uFFFE\uFFFF") { // which SQS does not take
				f.askRaw(string(doc), o.IdempotencyKey)
				continue
			}
			f.api(f.sys.APIToken, http.MethodPost, "/v1/messages", string(doc))
		}
		f.rest()
	}
}

// misfortune has every platform fail in every way while something is said.
func (f *flock) misfortune() {
	for _, fault := range play.Faults() {
		for _, ch := range functions.Channels() {
			f.fail(ch.Name, fault)
			f.ask(say(f.threads[ch.Name], ch.Name+string(fault), canaryText+"of an agent"))
		}
		f.rest()
		f.clock.Advance(time.Hour)
	}
	f.private[canaryText+"of an agent"] = "an agent's text"
}

// strangers ask the API and the app's door what they may not, and what cannot be.
func (f *flock) strangers() {
	e := f.threads["line"]
	path := "/v1/conversations/" + e.Subject + "/messages"
	f.private["canary-key-0001"] = "an idempotency key"
	for _, token := range f.sys.Tokens {
		for _, body := range []string{`{"idempotencyKey":"canary-key-0001","content":[{"kind":"text","text":{"body":"` +
			canaryText + `api"}}]}`, `{"content":"` + canaryText + `api"}`, canaryText + "api"} {
			f.api(token.Value, http.MethodPost, path, body)
			f.api(token.Value+"x", http.MethodPost, path, body)
		}
		f.api(token.Value, http.MethodGet, "/v1/audit?cursor="+token.Value, "")
	}
	f.private[canaryText+"api"] = "an agent's text"
	f.rest()
}

func (f *flock) api(token, method, path, body string) {
	status, answer := f.with(token, method, path, body)
	if status/100 != 2 {
		f.answers = append(f.answers, fmt.Sprint(status, " ", answer))
	}
}

// rest lets everything be done, with what platforms post.
func (f *flock) rest() {
	f.drain()
	f.receipts()
	f.sweeps(2)
	f.receipts()
	f.hearAll()
}

// minted are the tokens that platforms gave to senders, as the table keeps them and as
// calls showed them.
func (f *flock) minted() {
	db := dynamodb.NewFromConfig(f.sys.ConfigOf(system.Admin, cloud.Work))
	p := dynamodb.NewScanPaginator(db, &dynamodb.ScanInput{TableName: aws.String(names.Table(names.Local))})
	found := 0
	for p.HasMorePages() {
		out, err := p.NextPage(f.t.Context())
		if err != nil {
			f.t.Fatal(err)
		}
		for _, it := range out.Items {
			for _, name := range []string{"tk", "rt"} {
				if token := attribute(it[name]); token != "" {
					f.secrets[token] = attribute(it["c"]) + "'s token"
					found++
				}
			}
		}
	}
	for _, c := range f.called {
		for _, name := range []string{"Authorization", "X-Viber-Auth-Token", "Access_token"} {
			if _, token, ok := strings.Cut(c.Request.Header.Get(name), " "); ok && len(token) >= 8 {
				f.secrets[token] = "what " + c.Channel + " is shown"
			}
		}
	}
	if found == 0 {
		f.t.Error("no token was minted")
	}
}

// A leak is where something was found that does not belong there.
type leak struct{ place, what, value, around string }

// leaksIn are the values that stand in texts, one leak for each.
func leaksIn(place string, texts []string, of map[string]string) (list []leak) {
	all := strings.Join(texts, "\n")
	for value, what := range of {
		inJSON, _ := json.Marshal(value) // of a text
		at := max(strings.Index(all, value), strings.Index(all, string(inJSON[1:len(inJSON)-1])))
		if at >= 0 {
			list = append(list, leak{place, what, value, all[max(0, at-80):min(len(all), at+len(value)+80)]})
		}
	}
	return list
}

// qqTrace is the id by which the played QQ would find a call again.
const qqTrace = "0123456789abcdef0123456789abcdef"

// withoutPublic takes ids out of texts in which a secret of the demo accounts stands, as
// it happens: both count their digits up.
func (f *flock) withoutPublic(texts []string) []string {
	pairs := []string{`"subcode":"` + qqTrace + `"`, ""}
	for value := range f.public {
		if len(value) >= 32 {
			pairs = append(pairs, value, "")
		}
	}
	return []string{strings.NewReplacer(pairs...).Replace(strings.Join(texts, "\n"))}
}

// leaks are all that there are.
func (f *flock) leaks() (list []leak) {
	f.rig.mu.Lock()
	logs := strings.Split(f.logs.String(), "\n")
	f.rig.mu.Unlock()
	for _, q := range f.sys.Queues {
		f.dead = append(f.dead, f.bodies(q.Name+names.DeadSuffix)...)
	}
	_, page := f.with(f.sys.APIToken, http.MethodGet, "/v1/audit?day="+f.clock.Now().Format(time.DateOnly), "")
	for _, x := range []struct {
		place   string
		texts   []string
		private bool
	}{{"the logs and metrics", logs, true}, {"the audit", []string{page}, true}, {"dead letters", f.dead, false},
		{"what destinations are told", f.told, false}, {"answers of problems", f.answers, true}} {
		list = append(list, leaksIn(x.place, f.withoutPublic(x.texts), f.secrets)...)
		if x.private {
			list = append(list, leaksIn(x.place, x.texts, f.private)...)
		}
	}
	return list
}

// TestCanaries: with all channels on, and after one message of every kind in both
// directions, every way in which platforms fail, forgeries and strangers, no secret stands
// in a log, a metric, a dead letter, an event, the answer to a problem or the audit, and
// nothing that anybody said in a log, a metric, such an answer or the audit.
func TestCanaries(t *testing.T) {
	f := newFlock(t)
	f.customersWrite()
	f.agentsWrite(t)
	f.misfortune()
	f.strangers()
	f.minted()
	t.Logf("%d secrets and %d texts; %d calls, %d events, %d problems, %d bytes of logs", len(f.secrets), len(f.private),
		len(f.called), len(f.told), len(f.answers), f.logs.Len())
	for _, l := range f.leaks() {
		t.Errorf("%s: %s is in %s, …%s", l.value, l.what, l.place, l.around)
	}
	f.enough(t)
	f.planted(t)
}

func attribute(v types.AttributeValue) string {
	text, _ := v.(*types.AttributeValueMemberS)
	if text == nil {
		return ""
	}
	return text.Value
}

// enough: each channel was heard, was sent to and failed.
func (f *flock) enough(t testing.TB) {
	for _, ch := range functions.Channels() {
		if len(ch.Outbound.Hosts) > 0 && !slices.ContainsFunc(f.called, func(c outside.Call) bool { return c.Channel == ch.Name }) {
			t.Errorf("%s was never called", ch.Name)
		}
	}
	if len(f.told) < 500 || len(f.answers) < 100 || !regexp.MustCompile(`"level":"(ERROR|WARN)"`).Match(f.logs.Bytes()) {
		t.Errorf("%d events, %d problems: there was too little to leak", len(f.told), len(f.answers))
	}
}

// planted: what is in a log line is found, whatever it is.
func (f *flock) planted(t testing.TB) {
	for _, all := range []map[string]string{f.secrets, f.private} {
		for value := range all {
			line, err := json.Marshal(map[string]string{"level": "INFO", "msg": "sent", "text": "it says " + value})
			if err != nil {
				t.Fatal(err)
			}
			if len(leaksIn("a line", []string{string(line)}, all)) == 0 {
				t.Errorf("%q is not found in %s", value, line)
			}
		}
	}
	before := len(f.leaks())
	fmt.Fprintf(lockedWriter{f.rig}, "{\"level\":\"INFO\",\"msg\":%q}\n", canaryText+"line")
	if after := len(f.leaks()); after <= before {
		t.Errorf("%d leaks, and with a planted one %d", before, after)
	}
}
