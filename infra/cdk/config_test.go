package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/functions"
	"github.com/relais-dev/relais/infra/topology"
	"github.com/relais-dev/relais/shared/names"
)

// TestConfigErrors says for each mistake the whole sentence that the operator
// sees: file, path and remedy. Nothing is synthesised: these calls need no CDK.
func TestConfigErrors(t *testing.T) {
	const desk = "arn:aws:iam::123456789012:role/teams/desk"
	long := strings.Repeat("a", 64)
	var all, crowd []string
	for _, ch := range functions.Channels() {
		all = append(all, ch.Name)
	}
	for i := range 51 {
		crowd = append(crowd, fmt.Sprintf(`"%012d"`, i))
	}
	for _, x := range []struct{ name, relais, stage, want string }{
		{"unknown channel", `"channels":["line","lime"]`, "",
			`context.relais.channels[1]: "lime" is no channel; choose from ` + strings.Join(all, ", ")},
		{"unknown destination", `"rules":[{"name":"a","when":"true","to":["desk"]}]`, "",
			`context.relais.rules[0].to[0]: "desk" is no destination; choose one of support`},
		{"unknown default", `"default":"desk"`, "",
			`context.relais.default: "desk" is no destination; choose one of support`},
		{"no destination", `"destinations":{}`, "",
			`context.relais.destinations: is empty; name at least one queue that a team consumes`},
		{"reserved destination", `"destinations":{"support":{},"spill":{}}`, "",
			`context.relais.destinations.spill: this name is taken by a queue of Relais itself; choose another`},
		{"bad CEL", `"rules":[{"name":"a","when":"event.channel = 'line'","to":["support"]}]`, "",
			`context.relais.rules[0].when: ERROR: <input>:1:15: Syntax error: token recognition error at: '= '`},
		{"CEL that is no bool", `"rules":[{"name":"a","when":"'x'","to":["support"]}]`, "",
			`context.relais.rules[0].when: gives string, want a bool`},
		{"queue name too long", `"destinations":{"support":{},"` + long + `":{}}`, "",
			`context.relais.destinations.` + long + `: queue name "relais-dev-` + long + `-dlq.fifo" has 84 characters, SQS takes 80; choose a shorter name`},
		{"queue name too long for the stage asked for", `"destinations":{"support":{},"` + long[:60] + `":{}}`, "production",
			`context.relais.destinations.` + long[:60] + `: queue name "relais-production-` + long[:60] + `-dlq.fifo" has 87 characters, SQS takes 80; choose a shorter name`},
		{"malformed consumer", `"destinations":{"support":{"consumers":["123456789012","arn:aws:iam::12:role/x"]}}`, "",
			`context.relais.destinations.support.consumers[1]: "arn:aws:iam::12:role/x" is no consumer; name an account (123456789012), an organisation (o-a1b2c3d4e5) or a role (arn:aws:iam::123456789012:role/inbox)`},
		{"everybody as consumer", `"destinations":{"support":{"consumers":["*"]}}`, "",
			`context.relais.destinations.support.consumers[0]: "*" is no consumer; name an account (123456789012), an organisation (o-a1b2c3d4e5) or a role (arn:aws:iam::123456789012:role/inbox)`},
		{"retention too short", `"retentionDays":7`, "",
			`context.relais.retentionDays: is 7; a platform retries for 7 days, so at least 8 are needed to know a duplicate`},
		{"stage with capitals", `"stage":"Prod"`, "",
			`context.relais.stage: "Prod" is no stage; take up to 20 lower-case letters, digits and hyphens, beginning with a letter`},
		{"the laptop's stage", `"stage":"local"`, "",
			`context.relais.stage: "local" is the laptop's stage; choose another name, such as dev or prod`},
		{"bad stage asked for", ``, "a b",
			`context.relais.stage: "a b" is no stage; take up to 20 lower-case letters, digits and hyphens, beginning with a letter`},
		{"public URL with a path", `"publicUrl":"https://brand.example/hooks"`, "",
			`context.relais.publicUrl: "https://brand.example/hooks" is no origin; write it as https://host, without a path or a slash at the end`},
		{"audience without issuer", `"api":{"audience":["relais"]}`, "",
			`context.relais.api: issuer and audience go together; give the https URL of the token's issuer and whom tokens must be for`},
		{"issuer without audience", `"api":{"issuer":"https://login.example.com"}`, "",
			`context.relais.api: issuer and audience go together; give the https URL of the token's issuer and whom tokens must be for`},
		{"issuer without TLS", `"api":{"issuer":"http://login.example.com","audience":["relais"]}`, "",
			`context.relais.api: issuer and audience go together; give the https URL of the token's issuer and whom tokens must be for`},
		{"callers beside an issuer",
			`"api":{"issuer":"https://login.example.com","audience":["relais"],"callers":{"` + desk + `":{"scopes":["read"]}}}`,
			"", `context.relais.api.callers: are roles, and with an issuer callers show tokens; put what they may do into the tokens' claims`},
		{"caller that is no role", `"api":{"callers":{"arn:aws:iam::123456789012:user/ada":{}}}`, "",
			`context.relais.api.callers: "arn:aws:iam::123456789012:user/ada" is no role; name it as arn:aws:iam::123456789012:role/support-desk`},
		{"unknown scope", `"api":{"callers":{"` + desk + `":{"scopes":["read","repli"]}}}`, "",
			`context.relais.api.callers.` + desk + `.scopes[1]: "repli" is no scope; choose from read, reply, manage, outreach, admin, pii`},
		{"unknown destination of a caller", `"api":{"callers":{"` + desk + `":{"destinations":["*","desk"]}}}`, "",
			`context.relais.api.callers.` + desk + `.destinations[1]: "desk" is no destination; choose from support, or * for all`},
		{"unknown account of a caller", `"api":{"callers":{"` + desk + `":{"accounts":["line/main","lime/main"]}}}`, "",
			`context.relais.api.callers.` + desk + `.accounts[1]: "lime/main" is no account; write it as channel/account, such as line/main, or * for all`},
		{"account without a name", `"api":{"callers":{"` + desk + `":{"accounts":["line/*"]}}}`, "",
			`context.relais.api.callers.` + desk + `.accounts[0]: "line/*" is no account; write it as channel/account, such as line/main, or * for all`},
		{"one role twice", `"api":{"callers":{"arn:aws:iam::123456789012:role/desk":{},"` + desk + `":{}}}`, "",
			`context.relais.api.callers: arn:aws:iam::123456789012:role/desk and ` + desk + ` can be but one role, since an account has no two of one name; keep one of them`},
		{"misspelt right", `"api":{"callers":{"` + desk + `":{"scope":"read"}}}`, "", `context.relais: unknown field "scope"`},
		{"media of an unknown channel", `"media":{"lime":"copy"}`, "",
			`context.relais.media.lime: is "copy"; give a channel's name the value copy or link`},
		{"unknown media policy", `"media":{"line":"keep"}`, "",
			`context.relais.media.line: is "keep"; give a channel's name the value copy or link`},
		{"more consumers than a policy takes", `"destinations":{"support":{"consumers":[` + strings.Join(crowd, ",") + `]}}`,
			"", `context.relais.destinations: name 51 consumers; a queue's policy takes 50, so let teams share a role or name their organisation`},
		{"unknown role", `"destinations":{"support":{"role":"robot"}}`, "",
			`context.relais.destinations.support.role: "robot" is no role; take bot, team or observer`},
		{"observer as default", `"destinations":{"support":{"role":"observer"}}`, "",
			`context.relais.default: "support" is an observer, which never holds a conversation; choose a team or a bot`},
		{"lease of a team", `"destinations":{"support":{"lease":"45s"}}`, "",
			`context.relais.destinations.support.lease: is for bots; leave it out, or give the destination the role bot`},
		{"lease without a unit", `"destinations":{"support":{},"helper":{"role":"bot","lease":"45"}}`, "",
			`context.relais.destinations.helper.lease: "45" is no duration from 5s to 15m; write it as "45s"`},
		{"lease too short", `"destinations":{"support":{},"helper":{"role":"bot","lease":"4999ms"}}`, "",
			`context.relais.destinations.helper.lease: "4999ms" is no duration from 5s to 15m; write it as "45s"`},
		{"lease longer than SQS can delay", `"destinations":{"support":{},"helper":{"role":"bot","lease":"15m1s"}}`, "",
			`context.relais.destinations.helper.lease: "15m1s" is no duration from 5s to 15m; write it as "45s"`},
		{"answer of a bot", `"destinations":{"support":{},"helper":{"role":"bot","answer":"30m"}}`, "",
			`context.relais.destinations.helper.answer: is for teams, whose people conversations are assigned to; leave it out`},
		{"answer at once", `"destinations":{"support":{"answer":"10s"}}`, "",
			`context.relais.destinations.support.answer: "10s" is no duration from 1m to 168h; write it as "30m"`},
		{"unknown else", `"destinations":{"support":{},"helper":{"role":"bot","else":"desk"}}`, "",
			`context.relais.destinations.helper.else: "desk" is no destination; choose one of helper, support`},
		{"else that never holds", `"destinations":{"support":{"else":"shop"},"shop":{"role":"observer"}}`, "",
			`context.relais.destinations.support.else: "shop" is an observer, which never holds a conversation; choose a team or a bot`},
		{"else of an observer", `"destinations":{"support":{},"shop":{"role":"observer","else":"support"}}`, "",
			`context.relais.destinations.shop.else: is for who holds conversations, which an observer never does; leave it out`},
		{"observer of nothing", `"destinations":{"support":{},"shop":{"role":"observer","standby":false}}`, "",
			`context.relais.destinations.shop.standby: is false, but an observer gets nothing but copies; leave it out`},
		{"circle", `"destinations":{"support":{"else":"helper"},"helper":{"role":"bot","else":"support"}}`, "",
			`context.relais.destinations.helper.else: leads in a circle: helper, support, helper (without else, a bot is followed by the default); let it end at a team`},
		{"bot as default with nobody after it", `"destinations":{"support":{"role":"bot","lease":"45s"}}`, "",
			`context.relais.destinations.support.else: leads in a circle: support, support (without else, a bot is followed by the default); let it end at a team`},
		{"roles that Lambda has no room for", `"destinations":{"support":{},` + bots(60) + `}`, "",
			`context.relais.destinations: their roles, leases and the like take 3524 bytes of the functions' environment, where 2800 are free; take shorter names, and leave out what is so anyway`},
		{"misspelt setting", `"destination":{}`, "", `context.relais: unknown field "destination"`},
	} {
		t.Run(x.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "cdk.json")
			if err := os.WriteFile(file, config(t, x.relais), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := load(file, x.stage)
			if err == nil {
				t.Fatal("no error")
			}
			first, _, _ := strings.Cut(err.Error(), "\n") // CEL shows the place on further lines
			if want := file + ": " + x.want; first != want {
				t.Errorf("got  %s\nwant %s", first, want)
			}
		})
	}
}

// bots are n destinations with all that a bot can have.
func bots(n int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf(`"helper-%02d":{"role":"bot","lease":"45s","else":"support"}`, i))
	}
	return strings.Join(list, ",")
}

// config is a sound configuration with one setting replaced.
func config(t *testing.T, setting string) []byte {
	t.Helper()
	relais := map[string]json.RawMessage{}
	for _, doc := range []string{`{"destinations":{"support":{}},"default":"support"}`, "{" + setting + "}"} {
		if err := json.Unmarshal([]byte(doc), &relais); err != nil {
			t.Fatal(err)
		}
	}
	out, err := json.Marshal(map[string]any{"context": map[string]any{"relais": relais}})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestMissingConfig(t *testing.T) {
	dir := t.TempDir()
	_, err := load(filepath.Join(dir, "cdk.json"), "")
	if err == nil || !strings.Contains(err.Error(), "run from the project's root") {
		t.Errorf("got %v", err)
	}
}

// TestReceipts: silence is each destination's choice, and where all choose it the
// webhooks note receipts instead of making events of them.
func TestReceipts(t *testing.T) {
	for _, x := range []struct {
		destinations string
		silent       []string
		wanted       bool
	}{
		{`{"support":{}}`, nil, true},
		{`{"support":{"receipts":true},"shop":{"receipts":false}}`, []string{"shop"}, true},
		{`{"support":{"receipts":false},"shop":{"receipts":false}}`, []string{"shop", "support"}, false},
	} {
		c, err := topology.Parse([]byte(`{"default":"support","media":{"line":"link","telegram":"copy"},"destinations":`+x.destinations+`}`), functions.Channels())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(x.silent, c.Routes(functions.Channels()).Silent); diff != "" || c.WantsReceipts() != x.wanted {
			t.Errorf("%s: receipts wanted: %v, silent: %s", x.destinations, c.WantsReceipts(), diff)
		}
		if diff := cmp.Diff([]string{"line"}, c.Routes(functions.Channels()).Linked); diff != "" {
			t.Error(diff)
		}
	}
}

// TestSwitchedOff: prod's configuration switches most channels off. Nothing in its
// templates is theirs.
func TestSwitchedOff(t *testing.T) {
	d := prod()
	for _, stack := range []string{statefulName(d.Stage), statelessName(d.Stage)} {
		text, err := os.ReadFile(filepath.Join(d.out, stack+".template.json"))
		if err != nil {
			t.Fatal(err)
		}
		for _, ch := range functions.Channels() {
			if d.Config.Has(ch.Name) {
				continue
			}
			for _, trace := range []string{names.Function(d.Stage, ch.Name) + `"`, names.SecretPrefix(d.Stage, ch.Name),
				"/webhooks/" + ch.Name, `"Function` + ch.Name} {
				if strings.Contains(string(text), trace) {
					t.Errorf("%s mentions %s of %s, which is switched off", stack, trace, ch.Name)
				}
			}
		}
	}
	var on []string
	d.stateless.each(t, "AWS::Lambda::Function", func(_ string, p map[string]any, _ resource) {
		on = append(on,
			p["Handler"].(string))
	})
	var want []string
	for _, f := range d.Functions {
		if f.Channel == "" || d.Config.Has(f.Channel) {
			want = append(want, f.Name)
		}
	}
	slices.Sort(on)
	slices.Sort(want)
	if diff := cmp.Diff(want, on); diff != "" {
		t.Errorf("functions (-want +got):\n%s", diff)
	}
}
