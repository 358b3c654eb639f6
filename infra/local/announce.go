package main

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/relais-dev/relais/functions"
	"github.com/relais-dev/relais/functions/plays"
	"github.com/relais-dev/relais/infra/local/system"
	"github.com/relais-dev/relais/shared/access"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/names"
)

// announce prints where everything is, and a line to try that works as it stands.
func announce(s *system.System, o system.Options, bot string, out io.Writer) error {
	text, err := welcome(s, o, bot)
	fmt.Fprint(out, text)
	return err
}

// welcome is that text; bot is the demo agent's destination, or "".
func welcome(s *system.System, o system.Options, bot string) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "Relais is up. Each channel has a demo account; its credentials are in functions/<channel>/testdata/account.json.\n\nWebhooks\n")
	for _, f := range s.Functions {
		if f.Channel != "" {
			fmt.Fprintf(&b, "  %-10s %s/webhooks/%s/demo\n", f.Channel, o.PublicURL, f.Channel)
		}
	}
	fmt.Fprintf(&b, "\nQueues, for any AWS SDK or the aws CLI (any credentials, region us-east-1)\n")
	for _, d := range s.System.Config.DestinationNames() {
		if d == bot { // its agent is here
			continue
		}
		fmt.Fprintf(&b, "  %-10s %s\n", d, s.QueueURL(d))
	}
	fmt.Fprintf(&b, "  %-10s %s\n", "(answers)", s.QueueURL(names.Outbound))
	fmt.Fprintf(&b, "\nHTTP API\n  %s/v1/openapi.json with  Authorization: Bearer %s\n", o.PublicURL, s.APIToken)
	for _, t := range s.Tokens[1:] {
		fmt.Fprintf(&b, "  %s  %s: may %s, and sees no identities\n", t.Value, t.Principal,
			strings.Join(access.Names(t.Scopes...), " and "))
	}
	fmt.Fprintf(&b, "\nPlatforms: write as a customer, see what each platform received, make it fail\n  %s/platforms\n",
		o.PublicURL)
	if bot != "" {
		fmt.Fprintf(&b, "\nChat: open %s/ in a browser, a demo agent answers: the bot %s, which passes to %s who writes %q\n",
			o.PublicURL, bot, s.System.Config.Default, person)
	}
	fmt.Fprintf(&b, "\nA demo team that answers every customer\n  go run ./infra/examples/integrator --endpoint %s --queue %s --outbound %s\n",
		o.AWSURL, s.QueueURL(s.System.Config.Default), s.QueueURL(names.Outbound))
	try, err := tryLines(s, o)
	fmt.Fprintf(&b, "%s\nCtrl-C stops.\n", try)
	return b.String(), err
}

// tryLines are commands that work as they stand: a customer writes, a queue receives, and an
// agent looks at the list of conversations and closes the one that began. It is whatsapp's
// where that is switched on, because people know it.
func tryLines(s *system.System, o system.Options) (string, error) {
	ch, ok := pick(s)
	if !ok {
		return "", nil
	}
	set, err := s.Samples(ch.Name)
	if err != nil {
		return "", err
	}
	text, ok := set.Find("text")
	if !ok {
		return "", fmt.Errorf("functions/channels/%s/testdata/in/text.http is missing", ch.Name)
	}
	r := text.Request
	r.Received = s.Now()
	platform, _ := plays.Of(ch.Name) // plays has one for each channel
	platform.Sign(set.Account, &r)
	evs, err := ch.Events(set.Account, r)
	if err != nil {
		return "", fmt.Errorf("functions/channels/%s/testdata/in/text.http: %w", ch.Name, err)
	}
	url := o.PublicURL + r.Path
	if r.RawQuery != "" {
		url += "?" + r.RawQuery
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\nTry it: a customer writes, the %s queue receives\n%s\n", s.System.Config.Default,
		curlLine(url, r.Header, string(r.Body)))
	fmt.Fprintf(&b, "  AWS_ACCESS_KEY_ID=me AWS_SECRET_ACCESS_KEY=me AWS_DEFAULT_REGION=us-east-1 aws --endpoint-url %s \\\n    sqs receive-message --queue-url %s --wait-time-seconds 5 --query 'Messages[].Body' --output text\n",
		o.AWSURL, s.QueueURL(s.System.Config.Default))
	bearer := channel.Bearer(s.APIToken)
	fmt.Fprintf(&b, "\nThen an agent lists who waits, and closes that conversation\n%s\n", curlLine(o.PublicURL+
		"/v1/conversations?state=waiting", bearer, ""))
	bearer.Set("Content-Type", "application/json")
	fmt.Fprintf(&b, "%s\n", curlLine(o.PublicURL+"/v1/conversations/"+evs[0].Subject+"/commands", bearer,
		`{"do":"close","reason":"answered"}`))
	return b.String(), nil
}

// curlLine is a command that asks for a URL; with a body it posts.
func curlLine(url string, header http.Header, body string) string {
	words := []string{"  curl -sS -i " + quote(url)}
	for _, name := range slices.Sorted(maps.Keys(header)) {
		if !strings.EqualFold(name, "content-length") && !strings.EqualFold(name, "host") {
			words = append(words, "-H "+quote(name+": "+header[name][0]))
		}
	}
	if body != "" {
		words = append(words, "--data-binary "+quote(body))
	}
	return strings.Join(words, " \\\n    ")
}

func pick(s *system.System) (channel.Channel, bool) {
	var first channel.Channel
	for _, ch := range functions.Channels() {
		if !s.System.Config.Has(ch.Name) {
			continue
		}
		if ch.Name == "whatsapp" {
			return ch, true
		}
		if first.Name == "" {
			first = ch
		}
	}
	return first, first.Name != ""
}

// quote makes s one word for a POSIX shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// home adds this machine's own pages to the gateway.
func home(s *system.System, o system.Options, bot string, page *pageHandler) http.Handler {
	gateway, own := s.Gateway(), http.NewServeMux()
	own.Handle(platformsPath, platformPages(s))
	own.Handle(platformsPath+"/", platformPages(s))
	own.Handle("GET "+pagePath, page)
	own.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { tell(w, r, s, o, bot, page) })
	guarded := ownPages(own)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, pattern := own.Handler(r); pattern == "" { // taken as it is, and nothing cleaned
			gateway.ServeHTTP(w, r)
			return
		}
		guarded.ServeHTTP(w, r)
	})
}

// tell shows where everything is, to browsers beside a chat.
func tell(w http.ResponseWriter, r *http.Request, s *system.System, o system.Options, bot string,
	page *pageHandler) {
	text, err := welcome(s, o, bot)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if strings.Contains(r.Header.Get("Accept"), "text/html") {
		page.home(w, r, text)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	io.WriteString(w, text)
}
