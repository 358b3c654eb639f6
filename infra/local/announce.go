package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/relais-dev/relais/functions"
	"github.com/relais-dev/relais/functions/channels/inapp"
	"github.com/relais-dev/relais/functions/plays"
	"github.com/relais-dev/relais/infra/local/system"
	"github.com/relais-dev/relais/shared/access"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/names"
)

// announce prints where everything is, and a line to try that works as it stands.
func announce(s *system.System, o system.Options, out io.Writer) error {
	text, err := welcome(s, o)
	fmt.Fprint(out, text)
	return err
}

func welcome(s *system.System, o system.Options) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "Relais is up. Each channel has a demo account; its credentials are in functions/<channel>/testdata/account.json.\n\nWebhooks\n")
	for _, f := range s.Functions {
		if f.Channel != "" {
			fmt.Fprintf(&b, "  %-10s %s/webhooks/%s/demo\n", f.Channel, o.PublicURL, f.Channel)
		}
	}
	fmt.Fprintf(&b, "\nQueues, for any AWS SDK or the aws CLI (any credentials, region us-east-1)\n")
	for _, d := range s.System.Config.DestinationNames() {
		if d == agentQueue { // its agent is here
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
	if s.System.Config.Has(inapp.Name) {
		fmt.Fprintf(&b, "\nChat: open %s/ in a browser, a demo agent answers\n", o.PublicURL)
	}
	fmt.Fprintf(&b, "\nA demo team that answers every customer\n  go run ./infra/examples/integrator --endpoint %s --queue %s --outbound %s\n",
		o.AWSURL, s.QueueURL(s.System.Config.Default), s.QueueURL(names.Outbound))
	line, err := tryLine(s, o)
	if err != nil {
		return b.String(), err
	}
	fmt.Fprintf(&b, "\nTry it: a customer writes, the %s queue receives\n%s\n  AWS_ACCESS_KEY_ID=me AWS_SECRET_ACCESS_KEY=me AWS_DEFAULT_REGION=us-east-1 aws --endpoint-url %s \\\n    sqs receive-message --queue-url %s --wait-time-seconds 5 --query 'Messages[].Body' --output text\n\nCtrl-C stops.\n",
		s.System.Config.Default, line, o.AWSURL, s.QueueURL(s.System.Config.Default))
	return b.String(), nil
}

// tryLine is a curl command that posts a channel's recorded text message with a
// signature made now. It is whatsapp's where that is switched on, because people
// know it.
func tryLine(s *system.System, o system.Options) (string, error) {
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
	url := o.PublicURL + r.Path
	if r.RawQuery != "" {
		url += "?" + r.RawQuery
	}
	var b strings.Builder
	fmt.Fprintf(&b, "  curl -sS -i %s \\\n", quote(url))
	for name, values := range r.Header {
		if !strings.EqualFold(name, "content-length") && !strings.EqualFold(name, "host") {
			fmt.Fprintf(&b, "    -H %s \\\n", quote(name+": "+values[0]))
		}
	}
	fmt.Fprintf(&b, "    --data-binary %s", quote(string(r.Body)))
	return b.String(), nil
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
func home(s *system.System, o system.Options, page *pageHandler) http.Handler {
	gateway, own := s.Gateway(), http.NewServeMux()
	own.Handle(platformsPath, platformPages(s))
	own.Handle(platformsPath+"/", platformPages(s))
	own.Handle("GET "+pagePath, page)
	own.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { tell(w, r, s, o, page) })
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
func tell(w http.ResponseWriter, r *http.Request, s *system.System, o system.Options, page *pageHandler) {
	text, err := welcome(s, o)
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
