// Package route decides to which destinations an event goes. Rules are CEL
// expressions (https://cel.dev) over the event; they are compiled, checked and
// bounded in cost before any event is seen, and have no side effects.
package route

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/switchboard"
)

// Config is the routing part of the configuration.
type Config struct {
	Destinations []string                    `json:"destinations"`
	Default      string                      `json:"default"` // takes what no rule matches, so that nothing is unrouted
	Rules        []Rule                      `json:"rules"`
	Silent       []string                    `json:"silent,omitempty"`  // destinations that want no receipts
	Linked       []string                    `json:"linked,omitempty"`  // channels whose media is not copied
	Devices      []string                    `json:"devices,omitempty"` // channels whose customers' devices we reach
	Desks        map[string]switchboard.Desk `json:"desks,omitempty"`   // of those that are no plain team
}

// A Rule sends events for which When is true to To. Rules are tried in order;
// the first match ends it unless it says Continue.
type Rule struct {
	Name     string   `json:"name"`
	When     string   `json:"when"` // CEL over event: "event.channel == 'line' && has(event.data.order)"
	To       []string `json:"to"`
	Continue bool     `json:"continue,omitempty"`
}

// An Error says which place of the configuration is wrong, and what would be right.
type Error struct{ Path, Problem string }

func (e *Error) Error() string { return e.Path + ": " + e.Problem }

// costLimit bounds one evaluation, in CEL's cost units: some thousand field
// comparisons, about a millisecond.
const costLimit = 10_000

// maxQueueName is the longest name SQS takes, ".fifo" included.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html
const maxQueueName = 80

var destinationName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*$`)

// Rules are compiled.
type Rules struct {
	fallback string
	rules    []compiled
	version  string
}

type compiled struct {
	Rule
	program cel.Program
}

// Compile checks c for the given stage and compiles its rules. Errors are *Error,
// with paths below "relais".
func Compile(c Config, stage string) (*Rules, error) {
	if err := checkDestinations(c, stage); err != nil {
		return nil, err
	}
	env, err := cel.NewEnv(cel.Variable("event", cel.MapType(cel.StringType, cel.DynType)))
	if err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	r := &Rules{fallback: c.Default, version: version(c)}
	for i, rule := range c.Rules {
		program, err := compile(env, c, rule, fmt.Sprintf("relais.rules[%d]", i))
		if err != nil {
			return nil, err
		}
		r.rules = append(r.rules, compiled{rule, program})
	}
	return r, nil
}

func checkDestinations(c Config, stage string) error {
	if len(c.Destinations) == 0 {
		return &Error{"relais.destinations", "is empty; name at least one queue that a team consumes"}
	}
	for _, d := range c.Destinations {
		path := "relais.destinations." + d
		if !destinationName.MatchString(d) {
			return &Error{path, "a destination's name is lower-case letters, digits and hyphens"}
		}
		if names.Reserved(d) {
			return &Error{path, "this name is taken by a queue of Relais itself; choose another"}
		}
		if q := names.DeadLetters(stage, d); len(q) > maxQueueName {
			return &Error{path, fmt.Sprintf("queue name %q has %d characters, SQS takes %d; choose a shorter name",
				q, len(q), maxQueueName)}
		}
	}
	if !slices.Contains(c.Destinations, c.Default) {
		return &Error{"relais.default",
			fmt.Sprintf("%q is no destination; choose one of %s", c.Default, strings.Join(c.Destinations, ", "))}
	}
	return nil
}

func compile(env *cel.Env, c Config, rule Rule, path string) (cel.Program, error) {
	if len(rule.To) == 0 {
		return nil, &Error{path + ".to", "names no destination"}
	}
	for i, d := range rule.To {
		if !slices.Contains(c.Destinations, d) {
			return nil, &Error{fmt.Sprintf("%s.to[%d]", path, i),
				fmt.Sprintf("%q is no destination; choose one of %s", d, strings.Join(c.Destinations, ", "))}
		}
	}
	ast, issues := env.Compile(rule.When)
	if issues.Err() != nil {
		return nil, &Error{path + ".when", strings.TrimSpace(issues.Err().Error())}
	}
	if t := ast.OutputType(); t != cel.BoolType && t != cel.DynType {
		return nil, &Error{path + ".when", fmt.Sprintf("gives %s, want a bool", t)}
	}
	program, err := env.Program(ast, cel.CostLimit(costLimit), cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		return nil, &Error{path + ".when", err.Error()}
	}
	return program, nil
}

// version is a short hash of c: equal rules have equal versions.
func version(c Config) string {
	doc, err := json.Marshal(c)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(doc)
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:5]))
}

// Version identifies the rules in every decision they make.
func (r *Rules) Version() string { return r.version }

// Destinations are where e goes, never none. failed names the rules that could
// not be evaluated (a field that is not there, a cost over the limit); they count
// as no match.
func (r *Rules) Destinations(e *events.Event) (to, failed []string) {
	vars := map[string]any{}
	if len(r.rules) > 0 {
		vars["event"] = asMap(e)
	}
	for _, rule := range r.rules {
		value, _, err := rule.program.Eval(vars)
		if err != nil {
			failed = append(failed, rule.Name)
			continue
		}
		if match, ok := value.Value().(bool); !ok || !match {
			continue
		}
		for _, d := range rule.To {
			if !slices.Contains(to, d) {
				to = append(to, d)
			}
		}
		if !rule.Continue {
			break
		}
	}
	if len(to) == 0 {
		to = []string{r.fallback}
	}
	return to, failed
}

// asMap is e as rules see it: the JSON that destinations receive.
func asMap(e *events.Event) map[string]any {
	doc, err := json.Marshal(e)
	if err != nil {
		return nil
	}
	var m map[string]any
	if json.Unmarshal(doc, &m) != nil {
		return nil
	}
	return m
}
