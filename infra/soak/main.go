// Command soak runs local mode as a process, loads it and ill-treats it: many platforms
// post at once, the process is killed at random moments and started again, its disk is
// full, consumers die, platforms fail after they have acted, a destination's queue is
// deleted, integrators make mistakes. Then it lets everything come to rest and says
// whether the promise held: nothing acknowledged is lost, nothing is said twice or
// otherwise than it was told, nothing is out of order. It ends with 1 when it did not.
//
//	go run ./infra/soak --for 20m
//	go run ./infra/soak --for 2m --seed 7
//
// It needs a Unix: a shell with ulimit, and /dev/fd.
//
// The seed fixes what is drawn: the moments of kills, the faults, who says what when. The
// machine's own timing stays its own.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/relais-dev/relais/functions"
	"github.com/relais-dev/relais/functions/plays"
	"github.com/relais-dev/relais/infra/local/child"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/sample"
)

// A command is the command line.
type command struct {
	For      time.Duration `default:"20m" help:"How long it is loaded; coming to rest takes some minutes more."`
	Seed     uint64        `placeholder:"N" help:"What is drawn is drawn from it; another each time without it."`
	Posters  int           `default:"19" help:"Platforms' customers that write at once, 12 to 99."`
	Rate     float64       `default:"40" help:"Messages a second, of all customers."`
	Messages int64         `default:"60000" help:"Most messages that customers write."`
	Kills    time.Duration `default:"2s" help:"Time between a start and the next kill, on average."`
	Rest     time.Duration `default:"6m" help:"Most time to come to rest; a call without an answer takes three minutes."`
	Keep     string        `placeholder:"DIR" help:"Keep state and log here, a directory that is not there yet."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c command
	kong.Parse(&c, kong.Name("go run ./infra/soak"),
		kong.Description("Load and kill local mode, and judge whether it kept its promise."))
	if err := c.run(ctx, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

// A soak is a run.
type soak struct {
	options child.Options
	ledger  *ledger
	out     io.Writer
	web     *http.Client
	posters int
	between time.Duration // kills

	child   atomic.Pointer[child.Child] // nil while it is down
	reading sync.WaitGroup
	ticked  atomic.Int64
	moved   atomic.Int64  // when a consumer last received something
	calm    atomic.Bool   // nothing new is begun
	calling chan struct{} // a platform was called
	posting chan struct{} // a webhook is under way

	mu    sync.Mutex
	desks map[int]*desk

	count struct {
		starts, kills, full, deaths, deletions, rounds, played, broken, unanswered atomic.Int64
	}
}

// errBroken is the verdict.
var errBroken = errors.New("the promise is broken")

func (c command) run(ctx context.Context, out io.Writer) error {
	if c.Posters < 12 || c.Posters > 99 {
		return fmt.Errorf("--posters %d: want 12 to 99", c.Posters)
	}
	if c.Rate <= 0 || c.For <= 0 || c.Kills <= 0 {
		return errors.New("--rate, --for and --kills must be more than 0")
	}
	if c.Seed == 0 {
		c.Seed = rand.Uint64()>>12 | 1
	}
	began := time.Now()
	fmt.Fprintf(out, "seed %d, %s: %s of load by %d posters on %d channels\n",
		c.Seed, began.UTC().Format(time.DateTime), c.For, c.Posters, len(open)+1)
	dir, tidy, err := c.directory()
	if err != nil {
		return err
	}
	defer tidy()
	logs := &tail{}
	s, err := c.prepare(ctx, dir, logs)
	if err != nil {
		return err
	}
	s.out = out
	v, err := s.soak(ctx, c)
	if err != nil {
		return fmt.Errorf("%w\nits log ends:\n%s", err, logs)
	}
	if err := s.report(out, v, time.Since(began)); err != nil {
		return err
	}
	if len(v.faults) > 0 {
		fmt.Fprintf(out, "the log ends:\n%s\n", logs)
		return errBroken
	}
	return nil
}

// directory is where everything is kept, and what removes it.
func (c command) directory() (string, func(), error) {
	if c.Keep != "" {
		return c.Keep, func() {}, os.Mkdir(c.Keep, 0o700)
	}
	dir, err := os.MkdirTemp("", "relais-soak-")
	return dir, func() { os.RemoveAll(dir) }, err
}

// config has the channels of the posters, a team for everything and one whose queue is
// taken away now and then.
const config = `{"context":{"relais":{"stage":"dev","channels":%s,"retentionDays":30,"default":"support",
"destinations":{"support":{"description":"everything else"},"shop":{"description":"what the captive writes"}},
"rules":[{"name":"the captive","to":["shop"],
"when":"event.channel == 'kik' && event.type == 'message.received.v1'"}]}}}`

// prepare builds local mode.
func (c command) prepare(ctx context.Context, dir string, logs io.Writer) (*soak, error) {
	root, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(root, "functions", "functions.go")); err != nil {
		return nil, errors.New("run it from the project's root")
	}
	o := child.Options{Binary: filepath.Join(dir, "local"), Root: root, Data: filepath.Join(dir, "data"),
		Config: filepath.Join(dir, "cdk.json"), Logs: logs}
	if c.Keep != "" {
		file, err := os.Create(filepath.Join(dir, "log"))
		if err != nil {
			return nil, err
		}
		o.Logs = io.MultiWriter(logs, file)
	}
	channels, err := json.Marshal(slices.Concat(open, []string{captive}))
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(o.Config, fmt.Appendf(nil, config, channels), 0o600); err != nil {
		return nil, err
	}
	return &soak{options: o, ledger: newLedger(), posters: c.Posters, between: c.Kills, desks: map[int]*desk{},
		calling: make(chan struct{}), posting: make(chan struct{}),
		web: &http.Client{Timeout: 15 * time.Second}}, child.Build(ctx, root, o.Binary)
}

// soak runs the phases: load under trouble, rest, judgement.
func (s *soak) soak(ctx context.Context, c command) (verdict, error) {
	posters, err := c.platforms(s)
	if err != nil {
		return verdict{}, err
	}
	if err := s.start(0); err != nil {
		return verdict{}, err
	}
	defer s.kill()
	consuming, enough := context.WithCancel(ctx)
	defer enough()
	var consumers sync.WaitGroup
	for i, queue := range []string{"support", "support", "support", confined} {
		x := &consumer{queue: queue, random: c.random(1000 + i), soak: s}
		consumers.Go(func() { x.run(consuming) })
	}
	err = s.load(ctx, consuming, enough, c, posters)
	if err == nil {
		s.calm.Store(true)
		err = s.rest(ctx, c.Rest)
	}
	enough()
	consumers.Wait()
	if err != nil {
		return verdict{}, err
	}
	s.deadLetters(ctx)
	return s.ledger.judge(), nil
}

// random is a source of its own for everybody who draws.
func (c command) random(who int) *rand.Rand { return rand.New(rand.NewPCG(c.Seed, uint64(who))) }

// platforms are the posters; the last is the captive's.
func (c command) platforms(s *soak) ([]*poster, error) {
	var list []*poster
	for i := range c.Posters {
		name := open[i%len(open)]
		if i == c.Posters-1 {
			name = captive
		}
		at := slices.IndexFunc(functions.Channels(), func(ch channel.Channel) bool { return ch.Name == name })
		set, err := sample.Read(filepath.Join(s.options.Root, "functions", "channels", name))
		if err != nil {
			return nil, err
		}
		platform, _ := plays.Of(functions.Channels()[at].Name)
		list = append(list, &poster{number: i, channel: functions.Channels()[at], platform: platform, account: set.Account,
			random: c.random(i), soak: s})
	}
	return list, nil
}

// load lets everybody work until the time is over. What was begun is finished, unless
// local mode does not start any more.
func (s *soak) load(ctx, consuming context.Context, giveUp func(), c command, posters []*poster) error {
	loading, over := context.WithTimeout(ctx, c.For)
	defer over()
	var left atomic.Int64
	left.Store(c.Messages)
	pause := time.Duration(float64(len(posters)) / c.Rate * float64(time.Second))
	var work sync.WaitGroup
	last := len(posters) - 1
	for _, p := range posters[:last] {
		work.Go(func() { p.run(loading, pause, &left) })
	}
	work.Go(func() { s.captivity(loading, posters[last]) })
	work.Go(func() { s.initiate(loading, consuming, c.random(2000)) })
	work.Go(func() { s.failing(loading, c.random(2001)) })
	work.Go(func() { s.progress(loading) })
	err := s.killing(loading, c.random(2002))
	over()
	s.kill() // the queue that was deleted, and a full disk, end with it
	if err == nil {
		err = s.start(0)
	}
	if err != nil {
		giveUp()
	}
	work.Wait()
	return err
}

// progress says every minute how it goes.
func (s *soak) progress(ctx context.Context) {
	for began := time.Now(); ; {
		if sleep(ctx, time.Minute); ctx.Err() != nil {
			return
		}
		unheard, untold := s.ledger.open()
		fmt.Fprintf(s.out, "%s: %d kills, %d events, %d webhooks and %d answers open, %d faults so far\n",
			time.Since(began).Round(time.Second), s.count.kills.Load(), s.ledger.events(), unheard, untold, s.ledger.found())
	}
}

// quiet is how long nothing may have moved at the end.
const quiet = 10 * time.Second

// rest waits until all that was promised has come about and nothing moves any more.
func (s *soak) rest(ctx context.Context, most time.Duration) error {
	told := time.Now()
	for deadline := time.Now().Add(most); time.Now().Before(deadline); {
		sleep(ctx, time.Second)
		if err := ctx.Err(); err != nil {
			return err
		}
		unheard, untold := s.ledger.open()
		if time.Since(told) > 30*time.Second {
			told = time.Now()
			fmt.Fprintf(s.out, "coming to rest: %d webhooks and %d answers are open\n", unheard, untold)
		}
		if unheard == 0 && untold == 0 && time.Since(time.Unix(0, s.moved.Load())) > quiet {
			return nil
		}
	}
	fmt.Fprintf(s.out, "it did not come to rest within %s: what is open counts as lost\n", most)
	return nil
}

// report prints what was done and what came of it.
func (s *soak) report(out io.Writer, v verdict, took time.Duration) error {
	n := &s.count
	fmt.Fprintf(out, "%s: %d kills, %d full disks, %d posts without an answer, %d answered with an error\n",
		took.Round(time.Second), n.kills.Load(), n.full.Load(), n.unanswered.Load(), n.broken.Load())
	fmt.Fprintf(out, "%d dead consumers, a queue deleted %d times, %d rounds of mistakes, %d failures of platforms\n",
		n.deaths.Load(), n.deletions.Load(), n.rounds.Load(), n.played.Load())
	if err := v.print(out); err != nil {
		return err
	}
	if len(v.faults) > 0 {
		fmt.Fprintf(out, "BROKEN: %d faults\n", len(v.faults))
		return nil
	}
	fmt.Fprintln(out, "KEPT: nothing lost, nothing twice, nothing out of order, nothing untold")
	return nil
}

// A tail keeps the end of a log.
type tail struct {
	mu   sync.Mutex
	text []byte
}

// tailSize is how much of the log is kept, in bytes.
const tailSize = 16 << 10

// Write adds to the log.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b...)
	if len(t.text) > 2*tailSize {
		t.text = slices.Clone(t.text[len(t.text)-tailSize:])
	}
	return len(b), nil
}

// String is its last lines.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := t.text[max(0, len(t.text)-4096):]
	if _, rest, ok := bytes.Cut(text, []byte("\n")); ok && len(t.text) > 4096 {
		text = rest
	}
	return string(text)
}
