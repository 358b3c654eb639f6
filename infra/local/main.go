// Command local runs all of Relais on a laptop, without an account.
//
//	go run ./infra/local demo    every channel's sample webhooks, really signed, through to the destinations; then exit
//	go run ./infra/local render  what each channel would make of a message
//	go run ./infra/local         stay up: webhooks on one port, the AWS API for integrators on another
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"sync"
	"syscall"

	"github.com/relais-dev/relais/functions"
	"github.com/relais-dev/relais/infra/local/system"
	"github.com/relais-dev/relais/infra/topology"
)

type flags struct {
	listen, awsListen, data, config string
	hosts                           []string
	all, verbose                    bool
}

// names are those that the gateway has beside its listener's.
func (f flags) names(o system.Options) []string {
	if u, err := url.Parse(o.Config.PublicURL); err == nil && u.Host != "" {
		return append(slices.Clone(f.hosts), u.Hostname())
	}
	return f.hosts
}

const usage = `Usage: go run ./infra/local [flags]         stay up until Ctrl-C
       go run ./infra/local demo [flags]    run the demo, then exit
       go run ./infra/local render [--channel line] FILE
                                            show what each channel would make of an outbound message, and send nothing

Flags:
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "relais:", err)
		}
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out, logs io.Writer) error {
	if len(args) > 0 && args[0] == "render" {
		return render(args[1:], out, logs)
	}
	isDemo := len(args) > 0 && args[0] == "demo"
	if isDemo {
		args = args[1:]
	}
	f, err := parseFlags(args, logs)
	if err != nil {
		return err
	}
	config, err := topology.Load(f.config, functions.Channels())
	if err != nil {
		return err
	}
	root, err := projectRoot()
	if err != nil {
		return err
	}
	o := system.Options{Config: config, Root: root, Dir: f.data, Out: logs}
	if isDemo {
		if !f.verbose {
			o.Out = io.Discard
		}
		return demo(ctx, o, f.all, out)
	}
	return serve(ctx, f, o, out)
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
			return "", fmt.Errorf("%s is not within the project: the demo accounts are read from functions/<channel>/testdata; run from a clone", dir)
		}
	}
}

func parseFlags(args []string, out io.Writer) (flags, error) {
	var f flags
	set := flag.NewFlagSet("local", flag.ContinueOnError)
	set.SetOutput(out)
	set.Usage = func() {
		fmt.Fprint(out, usage)
		set.PrintDefaults()
	}
	set.StringVar(&f.listen, "listen", "127.0.0.1:8080", "address of the webhooks")
	set.StringVar(&f.awsListen, "aws-listen", "127.0.0.1:4566", "address of the AWS API for integrators")
	set.StringVar(&f.data, "data", "", "keep state in this directory (default: in memory)")
	set.StringVar(&f.config, "config", "cdk.json", "configuration")
	set.Func("host", "another `name` that requests may be for, as a container's or a tunnel's; can be repeated", func(name string) error {
		f.hosts = append(f.hosts, name)
		return nil
	})
	set.BoolVar(&f.verbose, "verbose", false, "demo: write the functions' logs to standard error")
	set.BoolVar(&f.all, "all", false, "demo: print every event that was received")
	if err := set.Parse(args); err != nil {
		return f, err
	}
	if set.NArg() > 0 {
		set.Usage()
		return f, fmt.Errorf("unknown command %q; the commands are demo and render, and they come before the flags", set.Arg(0))
	}
	return f, nil
}

// serve stays up until ctx is done, then finishes what was begun.
func serve(ctx context.Context, f flags, o system.Options, out io.Writer) error {
	web, err := listen(f.listen, "--listen")
	if err != nil {
		return err
	}
	defer web.Close()
	aws, err := listen(f.awsListen, "--aws-listen")
	if err != nil {
		return err
	}
	defer aws.Close()
	o.PublicURL, o.AWSURL = "http://"+web.Addr().String(), "http://"+aws.Addr().String()
	o.Config = withAgent(o.Config)
	s, err := system.Start(ctx, o)
	if err != nil {
		return err
	}
	defer s.Close()
	page, err := newPage(s)
	if err != nil {
		return err
	}
	gateway := &http.Server{Handler: hostsOf(web, f.listen, f.names(o)).only(home(s, o, page))}
	endpoint := &http.Server{Handler: hostsOf(aws, f.awsListen, f.hosts).only(noPages(s.AWS))}
	failed := make(chan error, 2)
	go func() { failed <- gateway.Serve(web) }()
	go func() { failed <- endpoint.Serve(aws) }()
	if err := announce(s, o, out); err != nil {
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
	agent.Go(func() { answer(work, s) })
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
