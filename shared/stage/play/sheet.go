package play

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/relais-dev/relais/shared/channel"
)

// Validate says what is missing in a platform: a rule without a source is an opinion,
// and one without an answer refuses in nobody's words.
func (p Platform) Validate() error {
	var errs []error
	need := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf("%s: "+format, append([]any{p.Channel}, args...)...))
		}
	}
	need(p.Channel != "" && p.Sign != nil && p.Customer != nil, "a platform has a channel, signs, and has a customer")
	for _, api := range p.APIs {
		api.validate(need)
	}
	for _, o := range p.Open {
		need(o.At != "" && o.Question != "" && page(o.Source), "an open question has a place, a question and a page")
	}
	return errors.Join(errs...)
}

func (api API) validate(need func(bool, string, ...any)) {
	named := api.Name != "" && (len(api.Hosts) > 0 || api.Origin != nil)
	need(named, "%q: an API has a name, and hosts or an origin", api.Name)
	need(api.Write != nil && !api.Missing.none(), "%s: an API says how it refuses, and what is not there", api.Name)
	need(api.Knows == nil || !api.Unknown.none(), "%s: what does it say to a stranger?", api.Name)
	need(len(api.Endpoints) > 0, "%s has no endpoint", api.Name)
	for _, e := range api.Endpoints {
		where := api.Name + " " + e.Method + " " + e.Path
		right := e.Answer != nil && strings.HasPrefix(e.Path, "/") && e.Method != ""
		need(right, "%s: an endpoint has a method, a path and an answer", where)
		need(page(e.Docs), "%s: Docs is no https address", where)
		need(e.Body.Read != nil || !e.readsBody(), "%s has rules about its body and does not read it", where)
		for _, r := range e.Rules {
			need(r.Must.Says != "", "%s: the rule at %q asks for nothing", where, r.At)
			need(r.Source == "" || page(r.Source), "%s: the source of the rule at %q is no https address", where, r.At)
			need(!first(r.Else, e.Else, api.Else).none(), "%s: nothing says how the rule at %q refuses", where, r.At)
		}
	}
}

func (e Endpoint) readsBody() bool {
	_, inner := e.split()
	return len(inner) > 0
}

func page(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "https" && u.Host != ""
}

// Sheet is the platform's rulebook for people, as Markdown.
func (p Platform) Sheet() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# What %s takes\n\nMade from play.Platform by `go test ./functions/plays -update`: ", p.Channel)
	b.WriteString(p.Summary() + "\n")
	for _, api := range p.APIs {
		fmt.Fprintf(&b, "\n## %s\n", api.Name)
		for _, e := range api.Endpoints {
			fmt.Fprintf(&b, "\n### %s %s\n\n%s\n", e.Method, e.Path, e.Docs)
			e.sheet(&b, api)
		}
	}
	if len(p.Open) > 0 {
		b.WriteString("\n## Open\n\n")
	}
	for _, o := range p.Open {
		fmt.Fprintf(&b, "- **%s**: %s (%s)\n", o.At, o.Question, o.Source)
	}
	return b.String()
}

// Summary says how much the rulebook has.
func (p Platform) Summary() string {
	rules, sources := p.count()
	return fmt.Sprintf("%d rules from %d pages, %d open questions.", rules, sources, len(p.Open))
}

func (e Endpoint) sheet(b *strings.Builder, api API) {
	if len(e.Rules) == 0 {
		return
	}
	b.WriteString("\n| at | must be | when | else | says |\n|---|---|---|---|---|\n")
	for _, r := range e.Rules {
		var when []string
		for _, c := range r.When {
			when = append(when, "`"+c.At+"` is "+c.Is.Says)
		}
		source := ""
		if r.Source != "" && r.Source != e.Docs {
			source = r.Source
		}
		no := first(r.Else, e.Else, api.Else)
		answer := strings.TrimSpace(fmt.Sprintf("%d %s %s", no.Status, no.Code, no.Sub))
		must, cond := cell(r.Must.Says), cell(strings.Join(when, ", "))
		fmt.Fprintf(b, "| `%s` | %s | %s | %s | %s |\n", r.At, must, cond, answer, source)
	}
}

// cell is a text without what ends a cell.
func cell(s string) string { return strings.ReplaceAll(strings.ReplaceAll(s, "|", `\|`), "\n", " ") }

// count is the number of rules and of pages they come from.
func (p Platform) count() (rules, sources int) {
	pages := map[string]bool{}
	for _, api := range p.APIs {
		for _, e := range api.Endpoints {
			outer, inner := e.split() // with the sources filled in
			for _, r := range append(outer, inner...) {
				rules++
				pages[r.Source] = true
			}
		}
	}
	return rules, len(pages)
}

// Address is the path of a's webhook as it is configured, which platforms call that
// were given another query or host.
func Address(a channel.Account) string {
	_, rest, _ := strings.Cut(a.URL, "://")
	_, path, _ := strings.Cut(rest, "/")
	return "/" + path
}
