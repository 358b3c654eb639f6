// Command local runs all of Relais on a laptop, without an account.
//
//	go run ./infra/local demo    every channel's sample webhooks, really signed, through to the destinations; then exit
//	go run ./infra/local render  what each channel would make of a message
//	go run ./infra/local         stay up: webhooks on one port, the AWS API for integrators on another
package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"slices"
	"sync"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/relais-dev/relais/functions"
	"github.com/relais-dev/relais/functions/channels/inapp"
	"github.com/relais-dev/relais/infra/local/system"
	"github.com/relais-dev/relais/infra/topology"
	"github.com/relais-dev/relais/shared/stage/outside"
)

// A command is the command line.
type command struct {
	Serve   serveCommand     `cmd:"" default:"withargs" help:"Stay up until Ctrl-C (the default)."`
	Demo    demoCommand      `cmd:"" help:"Run the demo, then exit."`
	Render  renderCommand    `cmd:"" help:"Show what channels would make of an outbound message."`
	Version kong.VersionFlag `help:"Print the version, then exit."`
}

type serveCommand struct {
	Listen    string   `default:"127.0.0.1:8080" help:"Address of the webhooks."`
	AWSListen string   `name:"aws-listen" default:"127.0.0.1:4566" help:"Address of the AWS API for integrators."`
	Host      []string `placeholder:"NAME" help:"One more name that requests may be for: a tunnel's."`
	Data      string   `placeholder:"DIR" help:"Keep state here; in memory without it."`
	Config    string   `default:"cdk.json" help:"Configuration file."`
	Metrics   string   `placeholder:"FILE" help:"Add the functions' metrics to it; dropped without it."`
	Calls     string   `placeholder:"FILE" help:"Add each call that a platform receives to it, as a line of JSON."`
}

type demoCommand struct {
	Config  string `default:"cdk.json" help:"Configuration file."`
	Verbose bool   `help:"Write the functions' logs to standard error."`
	All     bool   `help:"Print every event that was received."`
}

type renderCommand struct {
	Channel string `placeholder:"NAME" help:"One channel; all without it."`
	File    string `arg:"" help:"A message, such as events/samples/out/choice.14.json; - reads it."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "relais:", err)
		os.Exit(1)
	}
}

// printed ends a run that had only to print: the help, the version.
type printed struct{}

func run(ctx context.Context, args []string, out, logs io.Writer) (err error) {
	defer func() {
		if r := recover(); r != nil && r != any(printed{}) {
			panic(r)
		}
	}()
	var c command
	parser, err := kong.New(&c, kong.Name("go run ./infra/local"),
		kong.Description("All of Relais on this machine, without an account."), kong.Vars{"version": version()},
		kong.Writers(out, logs), kong.Help(help), kong.Exit(func(int) { panic(printed{}) }))
	if err != nil {
		return err
	}
	selected, err := parser.Parse(args)
	if err != nil {
		return fmt.Errorf("%w; --help lists commands and flags", err)
	}
	switch selected.Selected().Name {
	case "demo":
		return c.Demo.run(ctx, out, logs)
	case "render":
		return render(c.Render, out)
	}
	return c.Serve.run(ctx, out, logs)
}

// help shows the default command's flags beside the list of commands.
func help(o kong.HelpOptions, c *kong.Context) error {
	if err := kong.DefaultHelpPrinter(o, c); err != nil || c.Selected() != nil {
		return err
	}
	serve, err := kong.Trace(c.Kong, []string{"serve"})
	if err != nil {
		return err
	}
	fmt.Fprintln(c.Stdout)
	return kong.DefaultHelpPrinter(o, serve)
}

// version is the one that this program was built from, as Go knows it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return cmp.Or(info.Main.Version, "(devel)") + " " + s.Value
		}
	}
	return cmp.Or(info.Main.Version, "(devel)")
}

// options are those that all commands have which run a system.
func options(file string) (system.Options, error) {
	config, err := topology.Load(file, functions.Channels())
	if err != nil {
		return system.Options{}, err
	}
	root, err := projectRoot()
	return system.Options{Config: config, Root: root}, err
}

// projectRoot is where the channels' folders are: here, or above.
func projectRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "functions", "functions.go")); err == nil {
			return at, nil
		}
		if at == filepath.Dir(at) {
			return "", fmt.Errorf("%s is not within the project: "+
				"the demo accounts are read from functions/<channel>/testdata; run from a clone", dir)
		}
	}
}

func (c demoCommand) run(ctx context.Context, out, logs io.Writer) error {
	o, err := options(c.Config)
	if err != nil {
		return err
	}
	if o.Out = logs; !c.Verbose {
		o.Out = io.Discard
	}
	return demo(ctx, o, c.All, out)
}

func (c serveCommand) run(ctx context.Context, out, logs io.Writer) error {
	o, err := options(c.Config)
	if err != nil {
		return err
	}
	metrics, err := additions(c.Metrics)
	if err != nil {
		return fmt.Errorf("--metrics: %w", err)
	}
	defer metrics.Close()
	calls, err := additions(c.Calls)
	if err != nil {
		return fmt.Errorf("--calls: %w", err)
	}
	defer calls.Close()
	o.Dir, o.Out = c.Data, sieve{logs, metrics}
	o.Record = func(call outside.Call) { json.NewEncoder(calls).Encode(call) } // in one write
	return serve(ctx, c, o, out)
}

// additions adds to a file; without a name, to none.
func additions(name string) (io.WriteCloser, error) {
	if name == "" {
		name = os.DevNull
	}
	return os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
}

// A sieve keeps metrics from the log, where in Lambda both go: they are for CloudWatch, not for people.
type sieve struct{ logs, metrics io.Writer }

// Write takes a line.
func (s sieve) Write(line []byte) (int, error) {
	if bytes.HasPrefix(line, []byte(`{"_aws":`)) {
		return s.metrics.Write(line)
	}
	return s.logs.Write(line)
}

// names are those that the gateway has beside its listener's.
func (c serveCommand) names(o system.Options) []string {
	if u, err := url.Parse(o.Config.PublicURL); err == nil && u.Host != "" {
		return append(slices.Clone(c.Host), u.Hostname())
	}
	return c.Host
}

// serve stays up until ctx is done, then finishes what was begun.
func serve(ctx context.Context, c serveCommand, o system.Options, out io.Writer) error {
	web, err := listen(c.Listen, "--listen")
	if err != nil {
		return err
	}
	defer web.Close()
	aws, err := listen(c.AWSListen, "--aws-listen")
	if err != nil {
		return err
	}
	defer aws.Close()
	o.PublicURL, o.AWSURL = "http://"+web.Addr().String(), "http://"+aws.Addr().String()
	bot := ""
	if o.Config.Has(inapp.Name) {
		o.Config, bot = withAgent(o.Config, "event.channel == 'inapp'")
	}
	fmt.Fprintln(out, "starting …")
	s, err := system.Start(ctx, o)
	if err != nil {
		return err
	}
	defer s.Close()
	page, err := newPage(s)
	if err != nil {
		return err
	}
	gateway := &http.Server{Handler: hostsOf(web, c.Listen, c.names(o)).only(home(s, o, bot, page))}
	endpoint := &http.Server{Handler: hostsOf(aws, c.AWSListen, c.Host).only(noPages(s.AWS))}
	failed := make(chan error, 2)
	go func() { failed <- gateway.Serve(web) }()
	go func() { failed <- endpoint.Serve(aws) }()
	if err := announce(s, o, bot, out); err != nil {
		return err
	}
	work, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case err := <-failed:
			fmt.Fprintln(out, "stopped serving:", err)
			cancel()
		case <-work.Done():
		}
	}()
	var agent sync.WaitGroup
	if bot != "" {
		agent.Go(func() { answer(work, s, bot) })
	}
	s.Run(work)
	agent.Wait()
	fmt.Fprintln(out, "\nfinishing what was begun …")
	rest := context.WithoutCancel(ctx)
	err = errors.Join(gateway.Shutdown(rest), endpoint.Close())
	fmt.Fprintln(out, "stopped")
	return err
}

func listen(address, name string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s is in use by another program; stop it, or choose another address with %s", address, name)
	}
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", name, address, err)
	}
	return l, nil
}
