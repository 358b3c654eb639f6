// Package functions is the table of contents: every channel, and every function
// by the name that Lambda's Handler setting has.
package functions

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/relais-dev/relais/functions/custom"
	"github.com/relais-dev/relais/functions/drainer"
	"github.com/relais-dev/relais/functions/line"
	"github.com/relais-dev/relais/functions/router"
	"github.com/relais-dev/relais/functions/sweeper"
	"github.com/relais-dev/relais/functions/telegram"
	"github.com/relais-dev/relais/functions/wechat"
	"github.com/relais-dev/relais/functions/whatsapp"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/cloud"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/observe"
	"github.com/relais-dev/relais/shared/queue"
	"github.com/relais-dev/relais/shared/route"
	"github.com/relais-dev/relais/shared/secret"
	"github.com/relais-dev/relais/shared/store"
	"github.com/relais-dev/relais/shared/webhook"
)

// Channels lists every channel: one line each.
func Channels() []channel.Channel {
	return []channel.Channel{
		custom.Channel,
		line.Channel,
		telegram.Channel,
		wechat.Channel,
		whatsapp.Channel,
	}
}

// A Handler is a Lambda function that takes and gives bytes.
type Handler interface {
	Invoke(ctx context.Context, payload []byte) ([]byte, error)
}

// Env is all that a function may know about where it runs.
type Env struct {
	Getenv   func(string) string
	ReadFile func(string) ([]byte, error)           // files beside the executable
	AWS      func(cloud.Budget) (aws.Config, error) // credentials are the function's own
	Out      io.Writer                              // logs and metrics
	Now      func() time.Time
}

// New is the function called name.
func New(name string, e Env) (Handler, error) {
	switch name {
	case "router":
		return newRouter(name, e)
	case "sweeper":
		return newSweeper(name, e)
	case "drainer":
		return newDrainer(name, e)
	}
	for _, ch := range Channels() {
		if ch.Name == name {
			return newWebhook(ch, e)
		}
	}
	return nil, fmt.Errorf("no function is called %q", name)
}

func newWebhook(ch channel.Channel, e Env) (Handler, error) {
	c, err := e.clients(cloud.Ingress)
	if err != nil {
		return nil, err
	}
	return &webhook.Handler{Channel: ch,
		Accounts: secret.NewAccounts(c.Secrets, e.Getenv(names.EnvSecrets), e.Getenv(names.EnvPublicURL)+"/webhooks/"+ch.Name+"/", e.Now),
		Table:    e.table(c), Ingress: e.queue(c, names.EnvIngress), Spill: e.queue(c, names.EnvSpill),
		Log: observe.NewLog(e.Out, ch.Name), Metrics: observe.NewMetrics(e.Out, ch.Name, e.Now), Now: e.Now}, nil
}

func newRouter(name string, e Env) (Handler, error) {
	c, err := e.clients(cloud.Work)
	if err != nil {
		return nil, err
	}
	rules, err := e.rules()
	if err != nil {
		return nil, err
	}
	urls := map[string]string{}
	if err := json.Unmarshal([]byte(e.Getenv(names.EnvDestinations)), &urls); err != nil {
		return nil, fmt.Errorf("%s: %w", names.EnvDestinations, err)
	}
	destinations := map[string]*queue.Queue{}
	for d, url := range urls {
		destinations[d] = queue.New(c.SQS, url)
	}
	return &router.Router{Table: e.table(c), Rules: rules, Destinations: destinations,
		Log: observe.NewLog(e.Out, name), Metrics: observe.NewMetrics(e.Out, name, e.Now), Now: e.Now}, nil
}

func newSweeper(name string, e Env) (Handler, error) {
	c, err := e.clients(cloud.Work)
	if err != nil {
		return nil, err
	}
	return &sweeper.Sweeper{Table: e.table(c), Ingress: e.queue(c, names.EnvIngress), Spill: e.queue(c, names.EnvSpill),
		Log: observe.NewLog(e.Out, name), Metrics: observe.NewMetrics(e.Out, name, e.Now), Now: e.Now}, nil
}

func newDrainer(name string, e Env) (Handler, error) {
	c, err := e.clients(cloud.Work)
	if err != nil {
		return nil, err
	}
	return &drainer.Drainer{Table: e.table(c), Ingress: e.queue(c, names.EnvIngress),
		Log: observe.NewLog(e.Out, name), Metrics: observe.NewMetrics(e.Out, name, e.Now)}, nil
}

func (e Env) clients(b cloud.Budget) (cloud.Clients, error) {
	cfg, err := e.AWS(b)
	if err != nil {
		return cloud.Clients{}, fmt.Errorf("aws configuration: %w", err)
	}
	return cloud.NewClients(cfg), nil
}

func (e Env) table(c cloud.Clients) *store.Table {
	days, _ := strconv.Atoi(e.Getenv(names.EnvRetention)) // absent: the store's least
	return store.New(c.DynamoDB, c.S3, e.Getenv(names.EnvTable), e.Getenv(names.EnvBucket), time.Duration(days)*24*time.Hour)
}

func (e Env) queue(c cloud.Clients, variable string) *queue.Queue {
	return queue.New(c.SQS, e.Getenv(variable))
}

func (e Env) rules() (*route.Rules, error) {
	text, err := e.ReadFile(e.Getenv(names.EnvRoutes))
	if err != nil {
		return nil, fmt.Errorf("read rules: %w", err)
	}
	var c route.Config
	if err := json.Unmarshal(text, &c); err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	return route.Compile(c, e.Getenv(names.EnvStage))
}
