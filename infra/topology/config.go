package topology

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/route"
)

// Config is what an operator decides: the context "relais" of cdk.json.
type Config struct {
	Stage         string                 `json:"stage"`
	Channels      []string               `json:"channels"` // switched on; absent means all
	Destinations  map[string]Destination `json:"destinations"`
	Default       string                 `json:"default"`
	Rules         []route.Rule           `json:"rules"`
	RetentionDays int                    `json:"retentionDays"` // how long messages are kept; at least 8
	PublicURL     string                 `json:"publicUrl"`     // custom domain of the webhooks, when there is one
}

// A Destination is a queue that a team consumes.
type Destination struct {
	Description string   `json:"description"`
	Consumers   []string `json:"consumers"` // ARNs of accounts or roles that may receive and delete
}

// minRetentionDays is store.MinRetention: a platform's retry must find its first try.
const minRetentionDays = 8

// Load reads cdk.json and checks everything in it. Errors name the file, the
// path and the remedy.
func Load(file string, channels []channel.Channel) (Config, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return Config{}, fmt.Errorf("%s: cannot be read: %w; run from the project's root or name the file with --config", file, err)
	}
	var doc struct {
		Context struct {
			Relais json.RawMessage `json:"relais"`
		} `json:"context"`
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		return Config{}, fmt.Errorf("%s: is not JSON: %w", file, err)
	}
	if doc.Context.Relais == nil {
		return Config{}, fmt.Errorf("%s: context.relais is missing; see infra/README.md for an example", file)
	}
	c, err := Parse(doc.Context.Relais, channels)
	if err != nil {
		return Config{}, fmt.Errorf("%s: context.%w", file, err)
	}
	return c, nil
}

// Parse reads and checks the configuration. Errors are *route.Error.
func Parse(text []byte, channels []channel.Channel) (Config, error) {
	c := Config{Stage: "dev", RetentionDays: 30}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		return Config{}, &route.Error{Path: "relais", Problem: strings.TrimPrefix(err.Error(), "json: ")}
	}
	if c.RetentionDays < minRetentionDays {
		return Config{}, &route.Error{Path: "relais.retentionDays", Problem: fmt.Sprintf("is %d; a platform retries for 7 days, so at least %d are needed to know a duplicate", c.RetentionDays, minRetentionDays)}
	}
	for i, name := range c.Channels {
		if !slices.ContainsFunc(channels, func(ch channel.Channel) bool { return ch.Name == name }) {
			return Config{}, &route.Error{Path: fmt.Sprintf("relais.channels[%d]", i), Problem: fmt.Sprintf("%q is no channel; choose from %s", name, strings.Join(channelNames(channels), ", "))}
		}
	}
	if _, err := route.Compile(c.Routes(), c.Stage); err != nil {
		return Config{}, err
	}
	return c, nil
}

func channelNames(channels []channel.Channel) []string {
	list := make([]string, len(channels))
	for i, ch := range channels {
		list[i] = ch.Name
	}
	return list
}

// Has says whether the channel is switched on.
func (c Config) Has(name string) bool { return c.Channels == nil || slices.Contains(c.Channels, name) }

// DestinationNames are sorted.
func (c Config) DestinationNames() []string { return slices.Sorted(maps.Keys(c.Destinations)) }

// Routes is the part that the router reads.
func (c Config) Routes() route.Config {
	return route.Config{Destinations: c.DestinationNames(), Default: c.Default, Rules: c.Rules}
}

// Local is c on a laptop.
func (c Config) Local() Config {
	c.Stage = names.Local
	return c
}
