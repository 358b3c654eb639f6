package exam

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/sample"
)

func verification() []check {
	return []check{
		{"verify/samples", "Every sample verifies as recorded, at the account's now: else it does not show what the platform sends. Run with -update to sign it.", samplesVerify},
		{"verify/forged", "A request that was changed in one place after it was signed is forged: Verify compares all of the signature with all that it covers, refuses a part that is missing, empty, doubled (API Gateway joins repeated headers by commas) or not in its one exact form (use strict base64), and Sign sets only what Verify looks at.", forgedRefused},
		{"verify/unsigned", "A request without any proof is refused, whatever its method.", unsignedRefused},
		{"verify/secrets", "Only the account's own secret proves anything; an empty, blank or absent one proves nothing, even to somebody who signs with it. Empty means refuse, never skip the check.", secretsMatter},
		{"verify/rotation", "While a secret is rotated the previous value is accepted too: use Account.Values, not Value.",
			rotationAccepted},
		{"verify/time", "Where the platform signs the time, a recorded request must not be good for ever: hours later or earlier it is refused; half a minute of delay is normal.", timeChecked},
		{"verify/errors", "Verify's errors are made by channel.Refuse with one of its reasons: they reach logs and metrics, so they hold no secret, no expected signature and no content.", refusalsAreDiscreet},
	}
}

// verify is c.Verify with a panic as an error.
func verify(c candidate, a channel.Account, r channel.Request) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &panicked{"Verify", p}
		}
	}()
	return c.Verify(a, r)
}

// refused is nil when Verify refuses r without a panic.
func refused(c candidate, a channel.Account, f forgery) error {
	err := verify(c, a, f.request)
	var p *panicked
	switch {
	case err == nil:
		return fmt.Errorf("accepted with %s", f.what)
	case errors.As(err, &p):
		return fmt.Errorf("with %s: %w", f.what, err)
	}
	return nil
}

func samplesVerify(c candidate, set sample.Set) error {
	return eachDelivery(set, func(s sample.Sample) error { return verify(c, set.Account, s.Request) })
}

func forgedRefused(c candidate, set sample.Set) error {
	return eachDelivery(set, func(s sample.Sample) error {
		if len(proofs(c, set.Account, s.Request)) == 0 {
			return errors.New("its Sign sets no header, no query parameter and no member of the body: nothing in the request proves its origin")
		}
		var errs []error
		for _, f := range forgeries(c, set.Account, s.Request) {
			errs = append(errs, refused(c, set.Account, f))
		}
		return few(errs)
	})
}

func unsignedRefused(c candidate, set sample.Set) error {
	return eachDelivery(set, func(s sample.Sample) error {
		bare := clone(s.Request)
		for _, p := range proofs(c, set.Account, s.Request) {
			bare = p.set(bare, nil)
		}
		get := clone(bare)
		get.Method, get.Body, get.RawQuery = "GET", nil, ""
		empty := clone(get)
		empty.Header, empty.Method = nil, "POST"
		return errors.Join(
			refused(c, set.Account, forgery{"no proof at all", bare}),
			refused(c, set.Account, forgery{"method GET and nothing else", get}),
			refused(c, set.Account, forgery{"no header and no body", empty}))
	})
}

// secretsMatter needs one credential whose change makes Verify refuse, and holds
// each such credential to the rule.
func secretsMatter(c candidate, set sample.Set) error {
	return eachDelivery(set, func(s sample.Sample) error {
		names := provers(c, set, s.Request)
		if len(names) == 0 {
			return errors.New("accepted with every credential of another account: no secret is checked")
		}
		var errs []error
		for _, name := range names {
			for what, value := range map[string]string{"empty": "", "blank": " \t ", "one character long": "x"} {
				errs = append(errs, refused(c, with(set, name, value), forgery{fmt.Sprintf("credential %s %s", name, what),
					s.Request}))
			}
			if isOptional(c, name) {
				continue // the account may be used without it
			}
			for what, value := range map[string]string{"empty": "", "blank": " \t "} {
				errs = append(errs, refusesOwn(c, with(set, name, value), s.Request,
					fmt.Sprintf("credential %s %s, and signed with it", name, what)))
			}
			errs = append(errs, refusesOwn(c, without(set, name), s.Request, fmt.Sprintf("no credential %s, and signed so",
				name)))
		}
		errs = append(errs, refused(c, channel.NewAccount(sample.AccountID, set.Account.URL, nil), forgery{"no credentials",
			s.Request}))
		return few(errs)
	})
}

// refusesOwn checks that a refuses even what was signed with its own broken secret.
func refusesOwn(c candidate, a channel.Account, r channel.Request, what string) error {
	r = clone(r)
	c.Sign(a, &r)
	return refused(c, a, forgery{what, r})
}

func rotationAccepted(c candidate, set sample.Set) error {
	return eachDelivery(set, func(s sample.Sample) error {
		var errs []error
		for _, name := range provers(c, set, s.Request) {
			if isPublic(c, name) {
				continue
			}
			a, err := channel.ParseAccount(sample.AccountID, set.Account.URL, credentials(set, name), credentials(set, ""))
			if err != nil {
				return err
			}
			if err := verify(c, a, s.Request); err != nil {
				errs = append(errs, fmt.Errorf("signed with the previous %s: %w", name, err))
			}
			r := clone(s.Request)
			c.Sign(a, &r)
			if err := verify(c, a, r); err != nil {
				errs = append(errs, fmt.Errorf("signed with the new %s: %w", name, err))
			}
		}
		return few(errs)
	})
}

func timeChecked(c candidate, set sample.Set) error {
	return eachDelivery(set, func(s sample.Sample) error {
		if !signsTime(c, set.Account, s.Request) {
			return nil
		}
		at := func(d time.Duration) channel.Request {
			r := clone(s.Request)
			r.Received = r.Received.Add(d)
			return r
		}
		var late error
		if err := verify(c, set.Account, at(30*time.Second)); err != nil {
			late = fmt.Errorf("30 s after it was signed: %w", err)
		}
		return errors.Join(late,
			refused(c, set.Account, forgery{"a signature two hours old", at(2 * time.Hour)}),
			refused(c, set.Account, forgery{"a signature two hours ahead", at(-2 * time.Hour)}))
	})
}

func refusalsAreDiscreet(c candidate, set sample.Set) error {
	known := strings.Join([]string{channel.NoSignature, channel.BadSignature, channel.Malformed, channel.Stale,
		channel.NoSecret}, " ") + " "
	return eachDelivery(set, func(s sample.Sample) error {
		secrets := append(confidences(c, set, s.Request), string(s.Request.Body))
		for _, f := range forgeries(c, set.Account, s.Request) {
			err := verify(c, set.Account, f.request)
			if err == nil {
				continue
			}
			var r *channel.Refusal
			if !errors.As(err, &r) || !strings.Contains(known, r.Reason+" ") {
				return fmt.Errorf("with %s: error %T is not channel.Refuse of a known reason", f.what, err)
			}
			if leak := shared(fmt.Sprintf("%v %+v", err, r), secrets); leak != "" {
				return fmt.Errorf("with %s: the error holds %d characters of a secret, of the expected signature or of the body",
					f.what, len(leak))
			}
		}
		return nil
	})
}

// shared is a run of 8 characters that text has in common with one of secrets,
// the words of the reasons aside.
func shared(text string, secrets []string) string {
	const run = 8
	for _, word := range []string{"refused", channel.NoSignature, channel.BadSignature, channel.Malformed,
		channel.NoSecret} {
		text = strings.ReplaceAll(text, word, "")
	}
	for i := 0; i+run <= len(text); i++ {
		for _, s := range secrets {
			if strings.Contains(s, text[i:i+run]) {
				return text[i : i+run]
			}
		}
	}
	return ""
}
