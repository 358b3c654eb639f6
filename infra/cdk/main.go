// Command cdk turns infra/topology into CloudFormation: a stateful stack, which
// holds what must survive (table, queues, bucket, key), a stateless one that can be
// deleted and deployed again, one of alarms, and with in-app messaging one that serves
// the widget. It is run by the CDK's command line:
//
//	npx aws-cdk@2.1148.1 synth              the stage that cdk.json names
//	npx aws-cdk@2.1148.1 deploy --all -c stage=prod
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdklabs/cdk-nag-go/cdknag/v2"

	"github.com/relais-dev/relais/functions"
	"github.com/relais-dev/relais/infra/topology"
)

// configFile is read from the working directory, where the CDK's command line
// runs this program: the project's root.
const configFile = "cdk.json"

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "relais:", err)
		os.Exit(1)
	}
}

func run() error {
	if err := checkNode(); err != nil {
		return err
	}
	// The file is judged before the CDK is started, whose child process adds lines
	// of its own to an error's; only then is it known which stage is asked for.
	s, err := load(configFile, "")
	if err != nil {
		return err
	}
	defer jsii.Close()
	app := awscdk.NewApp(&awscdk.AppProps{AnalyticsReporting: jsii.Bool(false)})
	if stage, ok := app.Node().TryGetContext(jsii.String("stage")).(string); ok {
		if s, err = load(configFile, stage); err != nil {
			return err
		}
	}
	if err := buildAssets(".", assetDir, s); err != nil {
		return err
	}
	synthesise(app, s, assetDir)
	return nil
}

// load gives the system that the configuration asks for. Nothing is synthesised when it is
// wrong.
func load(file, stage string) (topology.System, error) {
	channels := functions.Channels()
	c, err := topology.Load(file, channels)
	if err != nil {
		return topology.System{}, err
	}
	c, err = c.Cloud(stage, channels)
	if err != nil {
		return topology.System{}, fmt.Errorf("%s: context.%w", file, err)
	}
	return topology.New(c, c.Stage, channels), nil
}

// synthesise writes all stacks to the app's output directory. assets is the
// directory of the executables.
func synthesise(app awscdk.App, s topology.System, assets string) {
	stateful := newStateful(app, s)
	stateless := newStateless(app, s, assets)
	stateless.AddStackDependency(stateful, jsii.String("functions poll queues that must exist"))
	newWatch(app, s).AddStackDependency(stateless, jsii.String("it watches what must exist"))
	if i := slices.IndexFunc(s.Functions, topology.Function.Publishes); i >= 0 {
		newWidget(app, s, s.Functions[i], assets).AddStackDependency(stateful,
			jsii.String("logs are encrypted with its key"))
	}
	awscdk.Aspects_Of(app).Add(cdknag.NewAwsSolutionsChecks(&cdknag.NagPackProps{Verbose: jsii.Bool(true)}), nil)
	app.Synth(nil)
}

// disposable says whether deleting the stacks may delete data. Only the stage
// called dev is; a name that nobody thought of keeps its data.
func disposable(stage string) bool { return stage == "dev" }

func removal(stage string) awscdk.RemovalPolicy {
	if disposable(stage) {
		return awscdk.RemovalPolicy_DESTROY
	}
	return awscdk.RemovalPolicy_RETAIN
}

// errNoNode is one sentence: it is all that a missing Node should print.
var errNoNode = errors.New("infra/cdk runs the CDK, which needs Node: install Node 20 or later from https://nodejs.org and put it on the PATH")

// checkNode finds the Node that the CDK's runtime starts: https://aws.github.io/jsii.
func checkNode() error {
	name := os.Getenv("JSII_NODE")
	if name == "" {
		name = "node"
	}
	out, err := exec.Command(name, "--version").Output()
	if err != nil {
		return errNoNode
	}
	major, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(string(out)), "v"), ".")
	if n, err := strconv.Atoi(major); err != nil || n < 20 {
		return errNoNode
	}
	return nil
}
