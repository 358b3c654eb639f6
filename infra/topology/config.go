package topology

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/relais-dev/relais/shared/access"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/route"
	"github.com/relais-dev/relais/shared/switchboard"
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
	Media         map[string]string      `json:"media"`         // by channel: "copy" (absent), or "link" to the platform
	API           API                    `json:"api"`
}

// API says who may use the HTTP API. The zero value is AWS_IAM: a role that may
// invoke it, and do what Callers gives it. With an Issuer it is a JWT, whose claims say
// what its bearer may do.
type API struct {
	Issuer   string       `json:"issuer"`   // https URL of an OpenID provider
	Audience []string     `json:"audience"` // whom its tokens must be for
	Callers  access.Roles `json:"callers"`  // without an issuer: what roles may do, by their ARN
}

// A Destination is a queue that a team consumes.
type Destination struct {
	Description      string   `json:"description"`
	Consumers        []string `json:"consumers"` // who may receive and delete: accounts, organisations, ARNs of roles
	Receipts         *bool    `json:"receipts"`  // whether it wants to hear of sent, delivered and read; absent is yes
	switchboard.Desk          // what it is in conversations
}

// minRetentionDays is store.MinRetention: a platform's retry must find its first try.
const minRetentionDays = 8

// Load reads cdk.json and checks everything in it. Errors name the file, the
// path and the remedy.
func Load(file string, channels []channel.Channel) (Config, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return Config{}, fmt.Errorf("%s: cannot be read: %w; run from the project's root or name the file with --config",
			file, err)
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
	if err := c.check(channels); err != nil {
		return Config{}, err
	}
	return c, nil
}

// stageName keeps every resource's name within its limit: the stage is a part of
// all of them, and a function's name may have 64 characters.
var stageName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,19}$`)

// consumer is an account's id, an organisation's id or the ARN of a role. Users
// and whole services are left out on purpose: a role is what a consumer runs as.
var consumer = regexp.MustCompile(
	`^([0-9]{12}|o-[a-z0-9]{10,32}|arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+)$`)

// maxConsumers is what one statement of a queue's policy takes.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-policies.html
const maxConsumers = 50

func (c Config) check(channels []channel.Channel) error {
	if !stageName.MatchString(c.Stage) {
		return &route.Error{Path: "relais.stage",
			Problem: fmt.Sprintf("%q is no stage; take up to 20 lower-case letters, digits and hyphens, "+
				"beginning with a letter", c.Stage)}
	}
	if c.RetentionDays < minRetentionDays {
		return &route.Error{Path: "relais.retentionDays",
			Problem: fmt.Sprintf("is %d; a platform retries for 7 days, so at least %d are needed to know a duplicate",
				c.RetentionDays, minRetentionDays)}
	}
	if c.PublicURL != "" && !isOrigin(c.PublicURL) {
		return &route.Error{Path: "relais.publicUrl",
			Problem: fmt.Sprintf("%q is no origin; write it as https://host, without a path or a slash at the end",
				c.PublicURL)}
	}
	for _, err := range []error{c.checkChannels(channels), c.API.check(), c.checkCallers(channels),
		c.checkConsumers(), c.checkDesks()} {
		if err != nil {
			return err
		}
	}
	_, err := route.Compile(c.Routes(channels), c.Stage)
	return err
}

func (c Config) checkChannels(channels []channel.Channel) error {
	known := channelNames(channels)
	for i, name := range c.Channels {
		if !slices.Contains(known, name) {
			return &route.Error{Path: fmt.Sprintf("relais.channels[%d]", i),
				Problem: fmt.Sprintf("%q is no channel; choose from %s", name, strings.Join(known, ", "))}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Media)) {
		if p := c.Media[name]; p != "copy" && p != "link" || !slices.Contains(known, name) {
			return &route.Error{Path: "relais.media." + name,
				Problem: fmt.Sprintf("is %q; give a channel's name the value copy or link", p)}
		}
	}
	return nil
}

func (a API) check() error {
	if a.Issuer == "" && len(a.Audience) == 0 || strings.HasPrefix(a.Issuer, "https://") && len(a.Audience) > 0 {
		return nil
	}
	return &route.Error{Path: "relais.api",
		Problem: "issuer and audience go together; give the https URL of the token's issuer and whom tokens must be for"}
}

func (c Config) checkConsumers() error {
	for _, d := range c.DestinationNames() {
		for i, text := range c.Destinations[d].Consumers {
			if !consumer.MatchString(text) {
				return &route.Error{Path: fmt.Sprintf("relais.destinations.%s.consumers[%d]", d, i),
					Problem: fmt.Sprintf("%q is no consumer; name an account (123456789012), an organisation "+
						"(o-a1b2c3d4e5) or a role (arn:aws:iam::123456789012:role/inbox)", text)}
			}
		}
	}
	if n := len(c.Consumers()); n > maxConsumers {
		return &route.Error{Path: "relais.destinations",
			Problem: fmt.Sprintf("name %d consumers; a queue's policy takes %d, so let teams share a role "+
				"or name their organisation", n, maxConsumers)}
	}
	return nil
}

func isOrigin(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Scheme == "https" && u.Host != "" && text == "https://"+u.Host
}

// Cloud is c for an account. A stage other than "" replaces the file's, and
// everything is checked again, because the stage is a part of every name.
func (c Config) Cloud(stage string, channels []channel.Channel) (Config, error) {
	if stage != "" {
		c.Stage = stage
	}
	if c.Stage == names.Local {
		return Config{}, &route.Error{Path: "relais.stage",
			Problem: `"local" is the laptop's stage; choose another name, such as dev or prod`}
	}
	return c, c.check(channels)
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

// on are those of the channels that are switched on.
func (c Config) on(channels []channel.Channel) []channel.Channel {
	return slices.DeleteFunc(slices.Clone(channels), func(ch channel.Channel) bool { return !c.Has(ch.Name) })
}

// DestinationNames are sorted.
func (c Config) DestinationNames() []string { return slices.Sorted(maps.Keys(c.Destinations)) }

// Consumers are those of all destinations, each once.
func (c Config) Consumers() []string {
	var all []string
	for _, d := range c.DestinationNames() {
		all = append(all, c.Destinations[d].Consumers...)
	}
	return Distinct(all)
}

// Distinct is a sorted list without repetitions.
func Distinct(list []string) []string { return slices.Compact(slices.Sorted(slices.Values(list))) }

// Routes is the part that the router reads.
func (c Config) Routes(channels []channel.Channel) route.Config {
	r := route.Config{Destinations: c.DestinationNames(), Default: c.Default, Rules: c.Rules}
	for _, d := range r.Destinations {
		if !c.wantsReceipts(d) {
			r.Silent = append(r.Silent, d)
		}
	}
	r.Desks = c.Desks()
	for _, name := range slices.Sorted(maps.Keys(c.Media)) {
		if c.Media[name] == "link" {
			r.Linked = append(r.Linked, name)
		}
	}
	for _, ch := range c.on(channels) {
		if ch.Devices {
			r.Devices = append(r.Devices, ch.Name)
		}
	}
	return r
}

func (c Config) wantsReceipts(destination string) bool {
	r := c.Destinations[destination].Receipts
	return r == nil || *r
}

// WantsReceipts says whether any destination wants to hear of sent, delivered and
// read.
func (c Config) WantsReceipts() bool {
	return slices.ContainsFunc(c.DestinationNames(), c.wantsReceipts)
}

// Local is c on a laptop.
func (c Config) Local() Config {
	c.Stage = names.Local
	return c
}
