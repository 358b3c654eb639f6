// Package system runs a whole Relais in one process: the same functions that
// Lambda runs, invoked with the bytes that API Gateway and SQS would send,
// against the embedded AWS endpoint, with the permissions of infra/topology.
package system

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go/middleware"

	"github.com/relais-dev/relais/functions"
	"github.com/relais-dev/relais/functions/plays"
	"github.com/relais-dev/relais/functions/work"
	"github.com/relais-dev/relais/functions/workers/router"
	"github.com/relais-dev/relais/infra/topology"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/cloud"
	"github.com/relais-dev/relais/shared/function"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/stage/awsfake"
	"github.com/relais-dev/relais/shared/stage/outside"
	"github.com/relais-dev/relais/shared/stage/sample"
)

// Options say how to run.
type Options struct {
	Config    topology.Config
	Root      string                                 // the project's root: the demo accounts are read below it
	Dir       string                                 // keep state here; "" keeps it in memory
	Clock     *awsfake.Clock                         // nil is the wall clock
	PublicURL string                                 // how channels reach the gateway
	AWSURL    string                                 // how integrators reach the AWS endpoint; queue URLs begin with it
	Out       io.Writer                              // the functions' logs
	Hasty     bool                                   // failed calls are tried again at once: for tests, whose time stands still
	Deliver   func(channel.Channel, channel.Request) // takes what platforms post; nil posts it to the gateway
	Record    func(outside.Call)                     // takes each call that a platform receives
	Observe   func(awsfake.Call)
	Intercept func(awsfake.Call) *awsfake.Fault
	Skew      func(function string) time.Duration // how far the clock of a function's instance is ahead; nil is not at all
	Weather   awsfake.Weather                     // what functions meet at the endpoint; where Strikes is nil, nobody else meets it
}

// A System is running resources and functions. Nothing moves by itself until Run.
type System struct {
	topology.System
	AWS      *awsfake.Server
	World    *outside.World // the platforms
	APIToken string         // with it the HTTP API does everything
	Tokens   []Token        // all that it knows, APIToken's first

	opts      Options
	functions map[string]function.Handler
	sqs       map[string]*sqs.Client // by function: what Lambda does in its name
	log       *slog.Logger
	sockets   socketAPI

	deliveries sync.WaitGroup // webhooks of doubles on their way
	mu         sync.Mutex
	accounts   map[string]channel.Account
	said       int // messages of demo customers
}

// Admin is the principal that sets the system up and may do everything.
const Admin = "admin"

// Start creates what does not exist yet and makes the functions ready.
func Start(ctx context.Context, o Options) (*System, error) {
	if o.Clock == nil {
		o.Clock = awsfake.Wall()
	}
	s := &System{System: topology.New(o.Config.Local(), names.Local, functions.Channels()), opts: o,
		functions: map[string]function.Handler{}, sqs: map[string]*sqs.Client{}, accounts: map[string]channel.Account{},
		log: slog.New(slog.NewTextHandler(o.Out, nil))}
	if o.Weather.Strikes == nil {
		o.Weather.Strikes = s.isFunction
	}
	var err error
	s.AWS, err = awsfake.New(awsfake.Options{Dir: o.Dir, Clock: o.Clock, Authorize: s.authorize,
		AuthorizeKey: s.authorizeKey,
		Observe:      observe(o.Observe), Intercept: intercept(o.Intercept), Weather: o.Weather})
	if err != nil {
		return nil, err
	}
	s.World = &outside.World{Channels: functions.Channels(), Platforms: plays.All(), Account: s.demoAccount,
		Now:     o.Clock.Now,
		Deliver: s.receiveLater, Record: o.Record}
	if o.Deliver != nil {
		s.World.Deliver = o.Deliver
	}
	if err := s.createResources(ctx); err != nil {
		return nil, err
	}
	for _, f := range s.Functions {
		if err := s.startFunction(f); err != nil {
			return nil, fmt.Errorf("start function %s: %w", f.Name, err)
		}
	}
	if o.Dir != "" {
		if err := s.resume(ctx); err != nil {
			return nil, fmt.Errorf("resume what an earlier run began: %w", err)
		}
	}
	return s, nil
}

// Close writes out what is kept.
func (s *System) Close() error {
	s.sockets.closeAll()
	s.deliveries.Wait()
	return s.AWS.Close()
}

// Now is the system's time.
func (s *System) Now() time.Time { return s.opts.Clock.Now() }

// ConfigOf is the AWS configuration of a principal: a function's name, or Admin.
func (s *System) ConfigOf(principal string, b cloud.Budget) aws.Config {
	if s.opts.Hasty {
		b.Backoff = 0
	}
	cfg := b.Apply(aws.Config{Region: awsfake.Region, BaseEndpoint: &s.opts.AWSURL,
		Credentials: credentials.NewStaticCredentialsProvider(s.keyID(principal), "local", ""),
		HTTPClient:  fencedAWS{managing{s.AWS.HTTPClient(), s, principal}},
		APIOptions:  []func(*middleware.Stack) error{traceCalls}})
	if !s.isFunction(s.keyID(principal)) { // the SDK of anybody else says where it was called from
		cfg.APIOptions = []func(*middleware.Stack) error{traceCalls}
	}
	return cfg
}

// SetWeather changes what functions meet at the endpoint. Where w.Strikes is nil, nobody else meets it.
func (s *System) SetWeather(w awsfake.Weather) {
	if w.Strikes == nil {
		w.Strikes = s.isFunction
	}
	s.AWS.SetWeather(w)
}

// isFunction says whether an access key id is a function's.
func (s *System) isFunction(keyID string) bool { return strings.HasPrefix(keyID, role) }

// role begins the access key id of a function, and nobody else's: integrators may take any.
const role = "role:"

// keyID is a principal's access key id.
func (s *System) keyID(principal string) string {
	if slices.ContainsFunc(s.Functions, func(f topology.Function) bool { return f.Name == principal }) {
		return role + principal
	}
	return principal
}

// authorize asks what the topology grants, of functions.
func (s *System) authorize(keyID, action, resource string) bool {
	name, is := strings.CutPrefix(keyID, role)
	return !is || s.Allows(name, action, resource)
}

// authorizeKey asks the same with the partition of a table that is touched.
func (s *System) authorizeKey(keyID, action, resource, partition string) bool {
	name, is := strings.CutPrefix(keyID, role)
	return !is || s.AllowsKey(name, action, resource, partition)
}

// observe and intercept tell calls with the name of who makes them.
func observe(f func(awsfake.Call)) func(awsfake.Call) {
	if f == nil {
		return nil
	}
	return func(c awsfake.Call) { f(named(c)) }
}

func intercept(f func(awsfake.Call) *awsfake.Fault) func(awsfake.Call) *awsfake.Fault {
	if f == nil {
		return nil
	}
	return func(c awsfake.Call) *awsfake.Fault { return f(named(c)) }
}

func named(c awsfake.Call) awsfake.Call {
	c.Principal = strings.TrimPrefix(c.Principal, role)
	return c
}

// Restart makes all functions anew, as after a crash or a deployment.
func (s *System) Restart() error {
	for _, f := range s.Functions {
		if err := s.startFunction(f); err != nil {
			return err
		}
	}
	return nil
}

// programs are the executables of functions, linked in.
var programs = map[string]func(string, function.Env) (function.Handler, error){
	topology.Webhooks: functions.New,
	topology.Work:     work.New,
	topology.Router:   router.New,
}

func (s *System) startFunction(f topology.Function) error {
	env := map[string]string{}
	for _, v := range f.Env {
		env[v.Name] = s.value(v)
	}
	h, err := programs[f.Program](f.Name, function.Env{
		Nap:      s.nap(),
		Getenv:   func(name string) string { return env[name] },
		ReadFile: s.readFile,
		AWS:      func(b cloud.Budget) (aws.Config, error) { return s.ConfigOf(f.Name, b), nil },
		Out:      s.opts.Out,
		Now:      s.clockOf(f.Name),
		HTTP:     fencedWorld{s.World},
	})
	s.functions[f.Name] = h
	s.sqs[f.Name] = sqs.NewFromConfig(s.ConfigOf(f.Name, cloud.Work))
	return err
}

// clockOf is what a function takes for the time.
func (s *System) clockOf(function string) func() time.Time {
	if s.opts.Skew == nil {
		return s.opts.Clock.Now
	}
	return func() time.Time { return s.opts.Clock.Now().Add(s.opts.Skew(function)) }
}

// nap lets a test's clock run on instead of waiting.
func (s *System) nap() func(context.Context, time.Duration) {
	if !s.opts.Hasty {
		return nil
	}
	return func(_ context.Context, d time.Duration) { s.opts.Clock.Advance(d) }
}

// Names under which functions find what was decided for them.
const (
	routesFile  = "routes.json"
	callersFile = "callers.json"
)

func (s *System) readFile(name string) ([]byte, error) {
	switch name {
	case routesFile:
		return json.Marshal(s.System.Routes)
	case callersFile:
		return json.Marshal(s.System.Config.API.Callers)
	}
	return nil, os.ErrNotExist
}

// value is what a variable holds on a laptop.
func (s *System) value(v topology.Variable) string {
	switch v.Of {
	case topology.StageName:
		return s.Stage
	case topology.TableName:
		return names.Table(s.Stage)
	case topology.BucketName:
		return Bucket
	case topology.QueueURL:
		return s.QueueURL(v.Arg)
	case topology.DestinationURLs:
		urls := map[string]string{}
		for _, d := range s.System.Config.DestinationNames() {
			urls[d] = s.QueueURL(d)
		}
		doc, _ := json.Marshal(urls) // a map of texts
		return string(doc)
	case topology.SecretPrefix:
		return names.SecretPrefix(s.Stage, v.Arg)
	case topology.PublicURL:
		return s.opts.PublicURL
	case topology.RoutesFile:
		return routesFile
	case topology.LinkKey:
		return names.LinkKey(s.Stage)
	case topology.Desks:
		return s.Config.DesksJSON()
	case topology.Receipts:
		return "record"
	case topology.LocalTokens:
		return tokenTable(s.Tokens)
	case topology.CallersFile:
		return callersFile
	case topology.WidgetBucket:
		return widgetBucket
	case topology.SocketURL:
		return "ws" + strings.TrimPrefix(s.opts.PublicURL, "http") + socketPath
	case topology.ConnectionsURL:
		return s.opts.AWSURL
	case topology.RetentionDays:
		return fmt.Sprint(s.System.Config.RetentionDays)
	}
	return ""
}

// demoAccount is the demo account of a channel as its platform knows it: its
// webhooks are where this system's gateway is.
func (s *System) demoAccount(name string) (channel.Account, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a, ok := s.accounts[name]; ok {
		return a, nil
	}
	set, err := s.Samples(name)
	if err != nil {
		return channel.Account{}, err
	}
	a := set.Account
	a.URL = s.opts.PublicURL + sample.Path(name)
	s.accounts[name] = a
	return a, nil
}

// receiveLater posts what a platform sends to the gateway, as the platform would:
// after it has answered the call.
func (s *System) receiveLater(ch channel.Channel, r channel.Request) {
	s.deliveries.Go(func() {
		if status := s.Receive(context.Background(), r); status/100 != 2 {
			s.log.Error("a webhook of a double was refused", "channel", ch.Name, "status", status)
		}
	})
}

// Receive hands a webhook to the gateway, without a network, and returns the status.
func (s *System) Receive(ctx context.Context, r channel.Request) int {
	address := s.opts.PublicURL + r.Path
	if r.RawQuery != "" {
		address += "?" + r.RawQuery
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, address, bytes.NewReader(r.Body))
	if err != nil {
		return http.StatusBadRequest
	}
	req.Header = r.Header.Clone()
	w := httptest.NewRecorder()
	s.Gateway().ServeHTTP(w, req)
	return w.Code
}

// Say lets the demo customer of a channel write, through the gateway, and returns
// the status their platform hears.
func (s *System) Say(ctx context.Context, name, text string) (status int, err error) {
	i := slices.IndexFunc(functions.Channels(), func(ch channel.Channel) bool {
		return ch.Name == name &&
			s.System.Config.Has(name)
	})
	if i < 0 {
		return 0, fmt.Errorf("no channel is called %q", name)
	}
	ch := functions.Channels()[i]
	account, err := s.demoAccount(name)
	if err != nil {
		return 0, err
	}
	s.mu.Lock()
	s.said++
	// The time keeps numbers apart over restarts.
	n := s.said + int(s.Now().Unix()%1e8)
	s.mu.Unlock()
	platform, _ := plays.Of(name) // plays has one for each channel
	r := platform.Customer(account, text, n, s.Now())
	r.Received = s.Now()
	if r.Path == "" {
		r.Path = sample.Path(name)
	}
	s.World.Sign(ch, account, &r)
	return s.Receive(ctx, r), nil
}

// Bucket is the local bucket.
const Bucket = "relais"

// QueueURL is where integrators find a queue.
func (s *System) QueueURL(queue string) string {
	return s.opts.AWSURL + "/" + awsfake.Account + "/" + names.Queue(s.Stage, queue)
}

// Samples reads what a channel has recorded, with the demo account's credentials.
func (s *System) Samples(channel string) (sample.Set, error) {
	return sample.Read(filepath.Join(s.opts.Root, "functions", "channels", channel))
}
