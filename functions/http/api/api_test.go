package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/workers/sender"
	"github.com/relais-dev/relais/shared/access"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/cloud"
	"github.com/relais-dev/relais/shared/function"
	"github.com/relais-dev/relais/shared/lambdahttp"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/queue"
	"github.com/relais-dev/relais/shared/stage/awsfake"
	"github.com/relais-dev/relais/shared/store"
	"github.com/relais-dev/relais/shared/switchboard"
	"github.com/relais-dev/relais/shared/thread"
)

const (
	token  = "laptop-token" // may do everything
	origin = "https://relais.example"
)

var noon = time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)

// A rig is the API on the real store, an emulated AWS that allows it only what it
// may, and channels that exist nowhere.
type rig struct {
	t     testing.TB
	clock *awsfake.Clock
	aws   *awsfake.Server
	book  book
	env   map[string]string
	api   function.Handler
	store store.Place
	logs  bytes.Buffer
	pager *pager

	mu    sync.Mutex
	fault func(awsfake.Call) *awsfake.Fault
}

// allowed is what the topology grants the function.
var allowed = []string{
	"dynamodb:GetItem table/relais", "dynamodb:PutItem table/relais", "dynamodb:UpdateItem table/relais",
	"dynamodb:BatchGetItem table/relais", "dynamodb:ConditionCheckItem table/relais",
	"dynamodb:Query table/relais", "dynamodb:Query table/relais/index/history",
	"dynamodb:Query table/relais/index/lists",
	"dynamodb:Query table/relais/index/pending", "sqs:SendMessage queue/relais-outbound.fifo",
	"sqs:SendMessage queue/relais-bulk.fifo", "sqs:SendMessage queue/relais-ingress.fifo",
	"sqs:SendMessage queue/relais-clock", "secretsmanager:GetSecretValue secret/relais/local/link-key",
}

func newRig(t testing.TB) *rig {
	t.Helper()
	r := &rig{t: t, clock: awsfake.NewClock(noon), book: readBook(t), pager: &pager{}}
	var err error
	r.aws, err = awsfake.New(awsfake.Options{Clock: r.clock, Intercept: r.intercept, Authorize: func(principal, action,
		resource string) bool {
		return principal != "api" || slices.Contains(allowed, action+" "+resource)
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.aws.Close() })
	r.env = map[string]string{names.EnvStage: names.Local, names.EnvTable: names.Table(names.Local),
		names.EnvLinkKey:   names.LinkKey(names.Local),
		names.EnvDesks:     `{"desks":{"support":{},"sales":{},"helper":{"role":"bot","lease":"45s"}},"default":"support"}`,
		names.EnvPublicURL: origin, names.EnvAPITokens: tokens(t)}
	r.create()
	r.api = r.function(func(e function.Env) (function.Handler, error) { return New("api", r.channels(), e) }, "api")
	r.store = store.Place{DB: dynamodb.NewFromConfig(r.config("admin")), Table: names.Table(names.Local)}
	return r
}

func (r *rig) intercept(c awsfake.Call) *awsfake.Fault {
	r.mu.Lock()
	f := r.fault
	r.mu.Unlock()
	if f == nil || c.Principal != "api" {
		return nil
	}
	return f(c)
}

// breaks makes the function's calls of an action fail; "" heals.
func (r *rig) breaks(action string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fault = func(c awsfake.Call) *awsfake.Fault {
		if c.Action == action {
			return &awsfake.Fault{Status: 500}
		}
		return nil
	}
}

func (r *rig) config(principal string) aws.Config {
	b := cloud.Work
	b.Backoff = 0
	return b.Apply(aws.Config{Region: "us-east-1", BaseEndpoint: aws.String("http://aws.local"),
		HTTPClient:  r.aws.HTTPClient(),
		Credentials: credentials.NewStaticCredentialsProvider(principal, "local", "")})
}

func (r *rig) function(make func(function.Env) (function.Handler, error), principal string) function.Handler {
	r.t.Helper()
	h, err := make(function.Env{Getenv: func(name string) string { return r.env[name] }, Out: &r.logs, Now: r.clock.Now,
		AWS: func(cloud.Budget) (aws.Config, error) { return r.config(principal), nil }})
	if err != nil {
		r.t.Fatal(err)
	}
	return h
}

// create makes the table, the queues and the secrets.
func (r *rig) create() {
	r.t.Helper()
	ctx, cfg := r.t.Context(), r.config("admin")
	key := func(hash, rng string) []types.KeySchemaElement {
		return []types.KeySchemaElement{{AttributeName: &hash, KeyType: types.KeyTypeHash}, {AttributeName: &rng,
			KeyType: types.KeyTypeRange}}
	}
	var attributes []types.AttributeDefinition
	for name, typ := range map[string]types.ScalarAttributeType{names.AttrPartition: "S", names.AttrSort: "S",
		names.AttrOrder: "S", names.AttrSequence: "N", names.AttrBucket: "S", names.AttrDue: "N",
		names.AttrList: "S", names.AttrPlace: "N"} {
		attributes = append(attributes, types.AttributeDefinition{AttributeName: &name, AttributeType: typ})
	}
	_, err := dynamodb.NewFromConfig(cfg).CreateTable(ctx,
		&dynamodb.CreateTableInput{TableName: aws.String(names.Table(names.Local)),
			BillingMode: types.BillingModePayPerRequest, AttributeDefinitions: attributes,
			KeySchema: key(names.AttrPartition, names.AttrSort),
			LocalSecondaryIndexes: []types.LocalSecondaryIndex{
				{IndexName: aws.String(names.PendingIndex), KeySchema: key(names.AttrPartition, names.AttrOrder),
					Projection: &types.Projection{ProjectionType: types.ProjectionTypeAll}},
				{IndexName: aws.String(names.HistoryIndex), KeySchema: key(names.AttrPartition, names.AttrSequence),
					Projection: &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly}}},
			GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{{IndexName: aws.String(names.DueIndex),
				KeySchema: key(names.AttrBucket, names.AttrDue),
				Projection: &types.Projection{ProjectionType: types.ProjectionTypeInclude,
					NonKeyAttributes: []string{names.AttrOrder}}},
				{IndexName: aws.String(names.ListsIndex), KeySchema: key(names.AttrList, names.AttrPlace),
					Projection: &types.Projection{ProjectionType: types.ProjectionTypeInclude,
						NonKeyAttributes: []string{names.AttrAssignee, names.AttrTags, names.AttrAccount}}}}})
	if err != nil {
		r.t.Fatal(err)
	}
	for variable, name := range map[string]string{names.EnvOutbound: names.Outbound, names.EnvBulk: names.Bulk,
		names.EnvIngress: names.Ingress, names.EnvClock: names.Clock} {
		out, err := sqs.NewFromConfig(cfg).CreateQueue(ctx,
			&sqs.CreateQueueInput{QueueName: aws.String(names.Queue(names.Local, name)), Attributes: kindOf(name)})
		if err != nil {
			r.t.Fatal(err)
		}
		r.env[variable] = aws.ToString(out.QueueUrl)
	}
	for name, value := range map[string]string{names.LinkKey(names.Local): "0123456789abcdef0123456789abcdef",
		names.SecretPrefix(names.Local, "pager") + "demo": "{}"} {
		if _, err := secretsmanager.NewFromConfig(cfg).CreateSecret(ctx, &secretsmanager.CreateSecretInput{Name: &name,
			SecretString: &value}); err != nil {
			r.t.Fatal(err)
		}
	}
}

// kindOf are the attributes of a queue: FIFO, but for the clock's.
func kindOf(queue string) map[string]string {
	if names.Standard(queue) {
		return nil
	}
	return map[string]string{"FifoQueue": "true"}
}

// A pager is a channel's platform: it takes calls until it is told what to answer.
type pager struct {
	calls int
	err   error
}

func (p *pager) send(_ context.Context, _ channel.Env, o channel.Outgoing) (channel.Sent, error) {
	if p.calls++; p.err != nil {
		return channel.Sent{}, p.err
	}
	return channel.Sent{IDs: []string{"p-" + o.ID}}, nil
}

// channels are one with short texts, one with windows, and one that only receives.
func (r *rig) channels() []channel.Channel {
	limits := channel.Limits{Text: 20, Kinds: []events.Kind{events.KindLocation},
		Media:   map[string]channel.MediaLimit{events.Image: {Bytes: 1 << 20, MIME: []string{"image/png"}}},
		Choices: []channel.Choices{{Style: events.StyleButtons, Max: 3, Label: 20}}, Cards: &channel.Cards{Min: 1, Max: 10,
			Title: 40, Options: 3, Label: 20}}
	blind := channel.Always(channel.Blind)
	return []channel.Channel{
		{Name: "ear", Title: "Ear", Label: channel.Community, Docs: "https://ear.example/docs"},
		{Name: "pager", Title: "Pager", Label: channel.Stable, Docs: "https://pager.example/docs",
			Outbound: channel.Outbound{Limits: limits, In: inGroups(limits), Class: blind, Send: r.pager.send,
				Opens: []events.Scheme{events.Phone}, Acts: []events.Verb{events.ActTyping, events.ActEdit}}},
		{Name: "shutter", Title: "Shutter", Label: channel.Beta, Docs: "https://shutter.example/docs",
			Outbound: channel.Outbound{Limits: channel.Limits{Text: 1000, Unit: channel.UTF16},
				Class: blind, Send: r.pager.send, Outside: func(channel.Outgoing) bool { return false }}},
	}
}

// inGroups is a function of limits that in groups have shorter texts and no files.
func inGroups(l channel.Limits) func(events.Conversation) channel.Limits {
	return func(c events.Conversation) channel.Limits {
		l := l
		if c.Kind == events.Group {
			l.Text, l.Media = 10, nil
		}
		return l
	}
}

// tokens are what callers show: each is named after what it may do.
func tokens(t testing.TB) string {
	t.Helper()
	any := []string{access.Any}
	table := map[string]access.Caller{token: {Principal: "laptop", Rights: access.All()},
		"nothing": {Principal: "nobody", Rights: access.Rights{Destinations: any, Accounts: any}},
		"masked": {Principal: "desk", Rights: access.Rights{Scopes: []access.Scope{access.Read, access.Reply,
			access.Outreach}, Destinations: any, Accounts: any}},
		"foreign": {Principal: "others", Rights: access.Rights{Scopes: access.Scopes(), Destinations: any,
			Accounts: []string{"pager/other", "shutter/dem", "demo"}}},
		"elsewhere": {Principal: "shop", Rights: access.Rights{Scopes: access.Scopes(),
			Destinations: []string{"elsewhere"}, Accounts: any}}}
	for _, s := range access.Scopes() {
		table[string(s)] = access.Caller{Principal: "only " + string(s),
			Rights: access.Rights{Scopes: []access.Scope{s}, Destinations: any, Accounts: any}}
	}
	doc, err := json.Marshal(table)
	if err != nil {
		t.Fatal(err)
	}
	return string(doc)
}

// as asks with another token.
func (r *rig) as(token, method, path, body string, header ...string) reply {
	r.t.Helper()
	return r.ask(r.payload(method, path, body, append([]string{"Authorization", "Bearer " + token}, header...)...))
}

// A reply is what the API answered.
type reply struct {
	status int
	header map[string]string
	body   string
}

// call asks with the laptop's token.
func (r *rig) call(method, path, body string, header ...string) reply {
	r.t.Helper()
	return r.as(token, method, path, body, header...)
}

func (r *rig) payload(method, path, body string, header ...string) []byte {
	r.t.Helper()
	req := httptest.NewRequest(method, origin+path, nil)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	payload, err := lambdahttp.Event(req, []byte(body), "ANY /v1/{proxy+}", "1", r.clock.Now())
	if err != nil {
		r.t.Fatal(err)
	}
	return payload
}

// ask invokes the function and holds its answer to the document.
func (r *rig) ask(payload []byte) reply {
	r.t.Helper()
	out, err := r.api.Invoke(r.t.Context(), payload)
	if err != nil {
		r.t.Fatal(err)
	}
	var a struct {
		StatusCode int
		Headers    map[string]string
		Body       string
	}
	if err := json.Unmarshal(out, &a); err != nil {
		r.t.Fatal(err)
	}
	got := reply{a.StatusCode, a.Headers, a.Body}
	r.check(payload, got)
	return got
}

// check holds an answer, and the request that was taken, to the document.
func (r *rig) check(payload []byte, got reply) {
	r.t.Helper()
	req, err := lambdahttp.Request(payload, maxBody, noon)
	e, _, missed := find(req.Method, req.Path)
	if got.header["cache-control"] != "no-store" {
		r.t.Errorf("an answer may be stored: %v", got.header)
	}
	if got.status >= 400 {
		r.checkProblem(got)
	}
	if err != nil || missed != nil {
		return
	}
	path := fmt.Sprintf("paths/%s/%s/", strings.ReplaceAll(e.path, "/", "~1"), strings.ToLower(e.method))
	documented := r.book.at(r.t, path+"responses").(node)[fmt.Sprint(got.status)]
	if documented == nil {
		r.t.Errorf("%s %s answers %d, which is not in the document: %s", e.method, e.path, got.status, got.body)
		return
	}
	if got.status >= 400 {
		return
	}
	if e.answer != "" {
		r.valid(r.book.schemaOf(r.t, path+fmt.Sprintf("responses/%d/content/application~1json/schema", got.status)),
			got.body)
	}
	if e.body != "" {
		r.valid(r.book.schemaOf(r.t, path+"requestBody/content/application~1json/schema"), string(req.Body))
	}
}

func (r *rig) valid(s *jsonschema.Schema, doc string) {
	r.t.Helper()
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(doc))
	if err != nil {
		r.t.Fatal(err)
	}
	if err := s.Validate(v); err != nil {
		r.t.Errorf("%s is not what the document says: %v", doc, err)
	}
}

func (r *rig) checkProblem(got reply) {
	r.t.Helper()
	r.valid(r.book.schemas["Problem"], got.body)
	p := got.problem(r.t)
	if got.header["content-type"] != "application/problem+json" || p.Status != got.status {
		r.t.Errorf("%d is no problem: %v %s", got.status, got.header, got.body)
	}
	if !slices.ContainsFunc(kinds, func(k kind) bool {
		return problems+k.name == p.Type && k.status == p.Status &&
			k.title == p.Title
	}) {
		r.t.Errorf("unknown kind of problem: %s", got.body)
	}
}

func (g reply) problem(t testing.TB) events.Problem { return read[events.Problem](t, g) }

// read is an answer's body.
func read[T any](t testing.TB, g reply) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(g.body), &v); err != nil {
		t.Fatalf("%s: %v", g.body, err)
	}
	return v
}

// refused holds an answer to a status and a kind of problem.
func (g reply) refused(t testing.TB, k kind) events.Problem {
	t.Helper()
	p := g.problem(t)
	if p.Type != problems+k.name {
		t.Errorf("got %d %s, want a problem %s", g.status, g.body, k.name)
	}
	return p
}

// queued takes all messages from a queue.
func (r *rig) queued(variable string) []string {
	r.t.Helper()
	c, address := sqs.NewFromConfig(r.config("admin")), r.env[variable]
	var list []string
	for {
		out, err := c.ReceiveMessage(r.t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &address, MaxNumberOfMessages: 10})
		if err != nil {
			r.t.Fatal(err)
		}
		if len(out.Messages) == 0 {
			return list
		}
		for _, m := range out.Messages {
			list = append(list, aws.ToString(m.Body))
			if _, err := c.DeleteMessage(r.t.Context(), &sqs.DeleteMessageInput{QueueUrl: &address,
				ReceiptHandle: m.ReceiptHandle}); err != nil {
				r.t.Fatal(err)
			}
		}
	}
}

// nothing holds the queues to be empty.
func (r *rig) nothing() {
	r.t.Helper()
	for _, q := range []string{names.EnvOutbound, names.EnvBulk} {
		if got := r.queued(q); got != nil {
			r.t.Errorf("%s has %q, want nothing", q, got)
		}
	}
}

const phone = "15550100"

// conversation is that of a customer on a channel.
func conversation(name string) string { return events.ConversationID(name, "demo", phone) }

// hear puts an event of the customer through mailbox and router.
func (r *rig) hear(name string, e events.Event) events.Event {
	r.t.Helper()
	if e.Data.Conversation == nil {
		e.Data.Conversation = &events.Conversation{PlatformID: phone}
		e.Data.Contact = &events.Contact{Identities: []events.Identity{{Scheme: events.Phone, Value: phone}}}
	}
	channel.Complete(&e, name, "demo", r.clock.Now())
	if err := e.Validate(); err != nil {
		r.t.Fatal(err)
	}
	it, err := store.NewItem(&e, nil, 0)
	if err != nil {
		r.t.Fatal(err)
	}
	ctx := r.t.Context()
	if _, err := store.NewInbox(r.store).Commit(ctx, it); err != nil {
		r.t.Fatal(err)
	}
	r.route(it, &e)
	return e
}

func (r *rig) board() switchboard.Board {
	r.t.Helper()
	b, err := switchboard.Parse(r.env[names.EnvDesks])
	if err != nil {
		r.t.Fatal(err)
	}
	return b
}

// rules send what begins with "bot" to the bot.
func (r *rig) rules(e *events.Event) []string {
	if m := e.Data.Message; m != nil && len(m.Content) > 0 && m.Content[0].Text != nil &&
		strings.HasPrefix(m.Content[0].Text.Body, "bot") {
		return []string{"helper"}
	}
	return nil
}

func (r *rig) route(it store.Item, e *events.Event) {
	r.t.Helper()
	ctx := r.t.Context()
	s, err := store.NewConversations(r.store).State(ctx, it.Conversation)
	if err != nil {
		r.t.Fatal(err)
	}
	known, err := thread.Decode(s.Thread)
	if err != nil {
		r.t.Fatal(err)
	}
	e.Sequence = events.FormatSequence(s.Sequence + 1)
	hold := r.board().Admit(known.Desk, e, r.rules(e), s.Sequence+1)
	hold.Stamp(e)
	next, _ := r.board().Next(s, known, e)
	decision := store.Decision{Destinations: r.board().Receivers(e, nil), Hold: hold}
	if it, _, err = store.NewConversations(r.store).Sequence(ctx, it, s, next, decision); err != nil {
		r.t.Fatal(err)
	}
	if err := store.NewInbox(r.store).Served(ctx, it, it.Destinations); err != nil {
		r.t.Fatal(err)
	}
}

// text is what a customer wrote.
func text(n int, body string) events.Event {
	return events.Event{Type: events.MessageReceived, Key: fmt.Sprintf("message:%d", n),
		Time: noon.Add(time.Duration(n) * time.Second),
		Data: events.Data{Message: &events.Message{PlatformID: fmt.Sprintf("in-%d", n),
			Actor: events.Actor{Role: events.Customer}, Content: []events.Content{events.NewText(body)}}}}
}

// says is a request to say text.
func says(key, body string) string {
	return fmt.Sprintf(`{"idempotencyKey":%q,"content":[{"kind":"text","text":{"body":%q}}]}`, key, body)
}

// sendAll lets the sender work off a lane.
func (r *rig) sendAll(lane store.Lane) {
	r.t.Helper()
	h := r.function(func(e function.Env) (function.Handler, error) {
		return sender.New("sender", names.Outbound, r.channels(), e)
	}, "sender")
	if err := h.(*sender.Sender).Drain(r.t.Context(), queue.Group{Name: string(lane)}, lane); err != nil {
		r.t.Fatal(err)
	}
}

// TestCallersMustBeKnown: without its authoriser the function lets nobody in.
func TestCallersMustBeKnown(t *testing.T) {
	r := newRig(t)
	for _, authorization := range []string{"", "Bearer", "Bearer ", "Bearer wrong", "Basic " + token, token,
		"Bearer " + token + " ", "Bearer " + token + ",Bearer " + token} {
		got := r.ask(r.payload("GET", "/v1/channels", "", "Authorization", authorization))
		got.refused(t, unauthorised)
		if got.header["www-authenticate"] != "Bearer" {
			t.Errorf("no challenge: %v", got.header)
		}
	}
	if got := r.ask(r.payload("GET", "/v1/channels", "", "Authorization", "bearer "+token)); got.status != 200 {
		t.Errorf("got %d for the token", got.status)
	}
	r.ask(r.payload("GET", "/v1/nowhere", "")).refused(t, unauthorised)
}

// behindAuthoriser is the function where an authoriser lets callers in, and a role has
// rights.
func (r *rig) behindAuthoriser() {
	r.t.Helper()
	delete(r.env, names.EnvAPITokens)
	r.env[names.EnvCallers] = "callers.json"
	r.api = r.function(func(e function.Env) (function.Handler, error) {
		e.ReadFile = func(name string) ([]byte, error) {
			if name != "callers.json" {
				return nil, os.ErrNotExist
			}
			return []byte(`{"arn:aws:iam::123456789012:role/teams/desk":{"scopes":["read"],"accounts":["pager/demo"]}}`), nil
		}
		return New("api", r.channels(), e)
	}, "api")
}

// authorised is a payload with what an authoriser said; "" is nothing.
func (r *rig) authorised(authorizer, method, path, body string) []byte {
	r.t.Helper()
	var p map[string]any
	if err := json.Unmarshal(r.payload(method, path, body, "Authorization", "Bearer "+token), &p); err != nil {
		r.t.Fatal(err)
	}
	if authorizer != "" {
		p["requestContext"].(map[string]any)["authorizer"] = json.RawMessage(authorizer)
	}
	payload, err := json.Marshal(p)
	if err != nil {
		r.t.Fatal(err)
	}
	return payload
}

// TestAuthoriserMustHaveSpoken: whom it names may read the document, and nobody else.
func TestAuthoriserMustHaveSpoken(t *testing.T) {
	r := newRig(t)
	r.behindAuthoriser()
	for authorizer, want := range map[string]int{
		``: 401, `null`: 401, `{}`: 401, `[]`: 401, `"iam"`: 401, `{"iam":null}`: 401, `{"iam":{}}`: 401,
		`{"iam":{"userArn":""}}`: 401, `{"iam":{"userArn":["x"]}}`: 401,
		`{"jwt":{}}`: 401, `{"jwt":{"claims":{}}}`: 401, `{"lambda":{"userArn":"x"}}`: 401,
		`{"jwt":{"claims":{"scope":"read"}}}`: 401, `{"jwt":{"claims":{"sub":""}}}`: 401,
		`{"iam":{"userArn":"arn:aws:sts::1:assumed-role/desk/a"}}`: 200,
		`{"jwt":{"claims":{"sub":"desk"},"scopes":null}}`:          200,
	} {
		if got := r.ask(r.authorised(authorizer, "GET", "/v1/openapi.json", "")); got.status != want {
			t.Errorf("authorizer %s: got %d, want %d", authorizer, got.status, want)
		}
	}
}

// TestPathsAndMethods: every route with ids that are none, and every wrong method.
func TestPathsAndMethods(t *testing.T) {
	r := newRig(t)
	id := strings.Repeat("a", 26)
	for _, e := range endpoints() {
		for _, foreign := range []string{"", "1", "cnv_", "cnv_" + id[1:], "cnv_" + id + "a", "msg_" + strings.ToUpper(id),
			"evt_" + id, "cnv_" + id[:25] + "1", "..", "cnv_%2f" + id[1:], "msg_" + id + ".1"} {
			path := strings.NewReplacer("{conversation}", foreign, "{message}", foreign,
				"{destination}", "_"+foreign).Replace(e.path)
			if path != e.path {
				r.call(e.method, path, "").refused(t, missing)
			}
		}
		path := strings.NewReplacer("{conversation}", "cnv_"+id, "{message}", "msg_"+id,
			"{destination}", "nowhere").Replace(e.path)
		r.call(e.method, path+"/", "").refused(t, missing)
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"} {
			if _, _, err := find(method, path); err == nil {
				continue
			}
			got := r.call(method, path, "")
			got.refused(t, notAllowed)
			if !strings.Contains(got.header["allow"], e.method) {
				t.Errorf("%s %s: Allow %q lacks %s", method, path, got.header["allow"], e.method)
			}
		}
		if strings.Contains(e.path, "{") && e.method == "GET" {
			r.call(e.method, path, "").refused(t, missing)
		}
	}
	for _, path := range []string{"/", "/v1/", "/v2/messages", "/v1//messages", "/v1/messages/../channels",
		"/v1/%2fmessages"} {
		r.call("GET", path, "").refused(t, missing)
	}
	r.call("GET", "/v1/%6dessages", "").refused(t, notAllowed) // API Gateway decodes paths
	r.call("POST", "/v1/conversations/cnv_"+id+"/messages", says("k", "Hi")).refused(t, missing)
	r.call("POST", "/v1/conversations/cnv_"+id+"/actions", `{"verb":"typing","active":true}`).refused(t, missing)
	r.nothing()
}

// TestPayloadsOfTheGateway: what is no payload 2.0 is answered too.
func TestPayloadsOfTheGateway(t *testing.T) {
	r := newRig(t)
	for _, payload := range []string{``, `{`, `[]`, `null`, `{"body":5}`, `{"isBase64Encoded":true,"body":"%"}`} {
		got := r.ask([]byte(payload))
		if got.status != 400 && got.status != 401 {
			t.Errorf("%q: got %d", payload, got.status)
		}
	}
}

// TestFailuresOfAWS: callers hear to try again, and nothing of what broke.
func TestFailuresOfAWS(t *testing.T) {
	r := newRig(t)
	r.hear("pager", text(1, "Hello"))
	c := conversation("pager")
	for _, x := range []struct{ action, method, path, body string }{
		{"dynamodb:GetItem", "GET", "/v1/conversations/" + c, ""},
		{"dynamodb:GetItem", "GET", "/v1/messages/" + events.OutboundID("k"), ""},
		{"dynamodb:Query", "GET", "/v1/conversations/" + c + "/messages", ""},
		{"dynamodb:TransactWriteItems", "POST", "/v1/conversations/" + c + "/messages", says("k", "Hi")},
		{"sqs:SendMessage", "POST", "/v1/conversations/" + c + "/actions", `{"verb":"typing"}`},
		{"secretsmanager:GetSecretValue", "POST", "/v1/render", `{"outbound":` + says("", "Hi") + `}`},
	} {
		r.api = r.function(func(e function.Env) (function.Handler, error) { return New("api", r.channels(), e) }, "api")
		r.breaks(x.action)
		got := r.call(x.method, x.path, x.body)
		got.refused(t, unavailable)
		if got.header["retry-after"] == "" || strings.Contains(got.body, "operation error") {
			t.Errorf("%s: %v %s", x.action, got.header, got.body)
		}
		r.breaks("")
	}
	r.nothing()
	if !strings.Contains(r.logs.String(), "operation error") {
		t.Error("the operators hear nothing")
	}
}

// TestBrokenRecord: what we stored and cannot read is our fault, and only logged.
func TestBrokenRecord(t *testing.T) {
	r := newRig(t)
	id := events.OutboundID("k")
	_, err := store.NewOutbox(r.store).Add(t.Context(), store.Message{ID: id, Lane: store.ReplyLane(conversation("pager")),
		Order: store.LaneOrder("", noon), Body: []byte("rot")}, noon, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.call("GET", "/v1/messages/"+id, "").refused(t, broken)
	if !strings.Contains(r.logs.String(), "cannot answer") {
		t.Error("the operators hear nothing")
	}
}

func TestChannels(t *testing.T) {
	r := newRig(t)
	list := read[events.ChannelList](t, r.call("GET", "/v1/channels", "")).Channels
	byName := map[string]events.ChannelAbility{}
	for _, c := range list {
		byName[c.Name] = c
	}
	if got := slices.Sorted(maps.Keys(byName)); !slices.Equal(got, []string{"ear", "pager", "shutter"}) {
		t.Fatalf("channels %v", got)
	}
	p := byName["pager"]
	if !p.Sends || p.Windows || !slices.Contains(p.Kinds, events.KindLocation) || slices.Contains(p.Kinds,
		events.KindTemplate) || !slices.Equal(p.Acts, []events.Verb{events.ActTyping, events.ActEdit}) {
		t.Errorf("pager can %+v", p)
	}
	if l := p.Limits; l.Text != 20 || l.Unit != "characters" || l.Batch != 1 || l.Choices[0].Max != 3 ||
		l.Cards.Max != 10 || l.Media[0].Type != events.Image || l.Media[0].Bytes != 1<<20 {
		t.Errorf("pager's limits are %+v", l)
	}
	if e := byName["ear"]; e.Sends || len(e.Kinds) > 0 {
		t.Errorf("ear can %+v", e)
	}
	if s := byName["shutter"]; !s.Windows || s.Limits.Unit != "utf16" || s.Limits.Cards != nil {
		t.Errorf("shutter can %+v", s)
	}
}

// TestChannelOfConversation: in a group are the limits of groups, and who may not see the
// conversation does not see them.
func TestChannelOfConversation(t *testing.T) {
	r := newRig(t)
	r.hear("pager", text(1, "Hello"))
	r.hear("pager", inGroup(text(2, "Hello all")))
	group := events.ConversationID("pager", "demo", groupThread)
	for id, want := range map[string]int{conversation("pager"): 20, group: 10} {
		list := read[events.ChannelList](t, r.call("GET", "/v1/channels?conversation="+id, "")).Channels
		if len(list) != 1 || list[0].Name != "pager" || list[0].Limits.Text != want {
			t.Errorf("%s: %+v", id, list)
			continue
		}
		if media := slices.Contains(list[0].Kinds, events.KindMedia); media != (want == 20) {
			t.Errorf("%s: kinds %v", id, list[0].Kinds)
		}
	}
	r.as("foreign", "GET", "/v1/channels?conversation="+group, "").refused(t, missing)
	r.call("GET", "/v1/channels?conversation="+conversation("shutter"), "").refused(t, missing)
	if p := r.call("GET", "/v1/channels?conversation=x", "").refused(t, invalid); p.Faults[0].Path != "conversation" {
		t.Errorf("faults %+v", p.Faults)
	}
}

const groupThread = "group:1"

// inGroup is e in a group.
func inGroup(e events.Event) events.Event {
	e.Data.Conversation = &events.Conversation{PlatformID: groupThread, Kind: events.Group}
	e.Data.Contact = &events.Contact{Identities: []events.Identity{{Scheme: events.Phone, Value: phone}}}
	return e
}

func TestDocumentIsServed(t *testing.T) {
	r := newRig(t)
	got := r.call("GET", "/v1/openapi.json", "")
	if v := read[node](t, got)["openapi"]; got.status != http.StatusOK || v != "3.1.1" {
		t.Errorf("got %d, openapi %v", got.status, v)
	}
}

func query(pairs ...string) string {
	q := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	return "?" + q.Encode()
}
