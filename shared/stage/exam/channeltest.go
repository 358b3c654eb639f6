// Package exam is what every channel must pass. A channel's whole test file is
//
//	func Test(t *testing.T)             { exam.Run(t, line.Channel, play.Platform) }
//	func FuzzChannel(f *testing.F)      { exam.Fuzz(f, line.Channel, play.Platform) }
//	func BenchmarkChannel(b *testing.B) { exam.Bench(b, line.Channel, play.Platform) }
//
// It works on the channel's folder (the test's working directory) and on the
// samples in its testdata, offline. What applies to a channel is found from its
// behaviour – whether a signature covers the body or a time, whether there is a
// handshake, what a batch looks like – so nothing is configured and nothing skipped.
//
//	go test ./functions/channels/line -update
//
// signs every sample that does not verify at the account's "now" and rewrites the
// goldens: in/NAME.json, the completed events, in/handshake*.reply, the answer, and
// out/NAME.http, the calls that a message of the contract becomes.
// Read the diff.
package exam

import (
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/play"
	"github.com/relais-dev/relais/shared/stage/sample"
)

var update = flag.Bool("update", false, "sign the samples in testdata/in and rewrite their goldens")

// A check looks at a channel and its samples. why is the rule it guards.
type check struct {
	name, why string
	find      func(candidate, sample.Set) error
}

func checks() []check {
	var all []check
	for _, group := range [][]check{declaration(), source(), verification(), parsing(), hostility(), tolerance(),
		handshakes(), coverage(), outbound()} {
		all = append(all, group...)
	}
	return all
}

// A candidate is a channel with the platform that it talks to on the stage.
type candidate struct {
	channel.Channel
	play.Platform
}

// Run checks c, which talks to p, against every rule of the contract, one subtest per
// rule.
func Run(t *testing.T, ch channel.Channel, p play.Platform) {
	t.Helper()
	c := candidate{ch, p}
	set := read(t, c)
	c = withKeys(c, set)
	if *update {
		if err := rewrite(c, set); err != nil {
			t.Fatalf("-update: %v", err)
		}
		set = read(t, c)
	}
	for _, k := range checks() {
		t.Run(k.name, func(t *testing.T) {
			if err := k.run(c, set); err != nil {
				t.Errorf("%v\n\nThe rule: %s", err, k.why)
			}
		})
	}
}

func read(t testing.TB, c candidate) sample.Set {
	t.Helper()
	set, err := sample.Read(".")
	if err != nil {
		t.Fatal(err)
	}
	if c.Verify == nil || c.Parse == nil || c.Sign == nil {
		t.Fatal("the channel needs Verify, Parse and Sign")
	}
	return set
}

// withKeys is c for tests, where nobody fetches a document of public keys: Verify
// finds the one at the URL that a request names, if Sign uses it for a sample.
func withKeys(c candidate, set sample.Set) candidate {
	if c.Keys == nil {
		return c
	}
	served := map[string][]byte{}
	for _, s := range set.Samples {
		own := clone(s.Request)
		c.Sign(set.Account, &own)
		served[c.Keys(set.Account, own)] = own.Keys
	}
	delete(served, "")
	verify := c.Verify
	c.Verify = func(a channel.Account, r channel.Request) error {
		if r.Keys == nil {
			r.Keys = served[c.Keys(a, r)]
		}
		return verify(a, r)
	}
	return c
}

// run is find, with a panic as a finding.
func (k check) run(c candidate, set sample.Set) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic outside of Verify, Parse and Handshake: %v", p)
		}
	}()
	return k.find(c, set)
}

const handshakePrefix = "handshake"

// deliveries are the samples that carry events; the others are handshakes.
func deliveries(set sample.Set) []sample.Sample {
	var list []sample.Sample
	for _, s := range set.Samples {
		if !strings.HasPrefix(s.Name, handshakePrefix) {
			list = append(list, s)
		}
	}
	return list
}

// eachDelivery collects what find says about each delivery, under its name.
func eachDelivery(set sample.Set, find func(sample.Sample) error) error {
	var errs []error
	for _, s := range deliveries(set) {
		if err := find(s); err != nil {
			errs = append(errs, fmt.Errorf("%s.http: %w", s.Name, err))
		}
	}
	return few(errs)
}

// few joins the first errors: one cause shows in many places, and a person reads them.
func few(errs []error) error {
	const enough = 5
	errs = slices.DeleteFunc(errs, func(err error) bool { return err == nil })
	if len(errs) > enough {
		errs = append(errs[:enough:enough], fmt.Errorf("and %d more", len(errs)-enough))
	}
	return errors.Join(errs...)
}

// clone copies r, so that a check can change it.
func clone(r channel.Request) channel.Request {
	r.Header = r.Header.Clone()
	r.Body = append([]byte(nil), r.Body...)
	return r
}
