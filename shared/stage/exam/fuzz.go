package exam

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/play"
	"github.com/relais-dev/relais/shared/stage/sample"
)

// Fuzz feeds c bodies and signatures grown from its samples: Parse gives sound
// events or an error, the same twice; Verify accepts no other meaning under a
// sample's signature and no other signature for its body; nothing panics.
func Fuzz(f *testing.F, ch channel.Channel, p play.Platform) {
	c := candidate{ch, p}
	set := read(f, c)
	c = withKeys(c, set)
	for i, s := range set.Samples {
		proof := ""
		if all := proofs(c, set.Account, s.Request); len(all) > 0 {
			proof = all[len(all)-1].value(s.Request)
		}
		f.Add(uint8(i), s.Request.Body, proof)
	}
	f.Fuzz(func(t *testing.T, which uint8, body []byte, proof string) {
		s := set.Samples[int(which)%len(set.Samples)]
		if err := errors.Join(fuzzBody(c, set, s, body), fuzzProof(c, set, s, proof)); err != nil {
			t.Errorf("%s.http: %v", s.Name, err)
		}
	})
}

func fuzzBody(c candidate, set sample.Set, s sample.Sample, body []byte) error {
	r := clone(s.Request)
	r.Body = body
	if _, _, err := shake(c, set.Account, r); err != nil {
		return err
	}
	first, err := outcome(c, set.Account, r)
	if err != nil {
		return err
	}
	second, err := outcome(c, set.Account, clone(r))
	if err != nil {
		return err
	}
	if diff := cmp.Diff(first, second); diff != "" {
		return fmt.Errorf("a second Parse differs (-first +second):\n%s", diff)
	}
	var p *panicked
	err = verify(c, set.Account, r)
	if errors.As(err, &p) {
		return err
	}
	if err != nil || isHandshake(s) || bytes.Equal(body, s.Request.Body) || !signsBody(c, set.Account, s.Request) {
		return nil
	}
	original, err := outcome(c, set.Account, prover(c, set, s, r).Request)
	if diff := cmp.Diff(original, first); diff != "" || err != nil {
		return fmt.Errorf("its Verify accepts another body under its signature: %s", diff)
	}
	return nil
}

// prover is the sample whose proofs r shows: s, unless they stand in the body and the
// body is grown from another one.
func prover(c candidate, set sample.Set, s sample.Sample, r channel.Request) sample.Sample {
	for _, other := range append([]sample.Sample{s}, set.Samples...) {
		if all := proofs(c, set.Account, other.Request); len(all) > 0 && !slices.ContainsFunc(all,
			func(p proof) bool { return p.value(r) != p.value(other.Request) }) {
			return other
		}
	}
	return s
}

// fuzzProof puts text in the place of each proof. Where case does not matter, as
// in hexadecimal digits, nor does it here.
func fuzzProof(c candidate, set sample.Set, s sample.Sample, text string) error {
	if isHandshake(s) {
		return nil
	}
	for _, p := range proofs(c, set.Account, s.Request) {
		if strings.EqualFold(strings.TrimSpace(text), p.value(s.Request)) {
			continue
		}
		if err := refused(c, set.Account, forgery{fmt.Sprintf("%s %q", p, text), p.set(s.Request,
			[]string{text})}); err != nil {
			return err
		}
	}
	return nil
}
