package exam

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/sample"
)

func handshakes() []check {
	return []check{
		{"handshake/golden", "A platform compares the answer to its handshake byte for byte. A channel with a Handshake records at least one that is answered, as handshake*.http.", handshakeGolden},
		{"handshake/forged", "Only the platform is answered: with another token, another secret, or any parameter or signature changed, missing, empty or cut short, a handshake is not given the same answer.", handshakeForged},
		{"handshake/reflection",
			"What a handshake echoes is never shown as HTML: the answer is text/plain or JSON, or there is none.",
			handshakeReflection},
		{"handshake/delivery", "A delivery is never taken for a handshake: its events would be lost.",
			deliveryIsNoHandshake},
	}
}

// shake is c.Handshake with a panic as an error. ok tells an answer that
// convinces the platform.
func shake(c candidate, a channel.Account, r channel.Request) (answer channel.Response, ok bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &panicked{"Handshake", p}
		}
	}()
	if c.Handshake == nil {
		return channel.Response{}, false, nil
	}
	answer, ok = c.Handshake(a, r)
	return answer, ok && isOK(answer), nil
}

// eachHandshake collects what find says about each sample that is answered well.
func eachHandshake(c candidate, set sample.Set, find func(sample.Sample, channel.Response) error) error {
	var errs []error
	for _, s := range set.Samples {
		if !isHandshake(s) {
			continue
		}
		answer, ok, err := shake(c, set.Account, s.Request)
		if ok {
			err = find(s, answer)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s.http: %w", s.Name, err))
		}
	}
	return few(errs)
}

func handshakeGolden(c candidate, set sample.Set) error {
	var errs []error
	for _, s := range set.Samples {
		if isHandshake(s) {
			if err := matchGolden(c, set, s); err != nil {
				errs = append(errs, fmt.Errorf("%s.http: %w", s.Name, err))
			}
		}
	}
	answered := false
	errs = append(errs, eachHandshake(c, set, func(sample.Sample,
		channel.Response) error {
		answered = true
		return nil
	}))
	if c.Handshake != nil && !answered {
		errs = append(errs, errors.New("no handshake*.http is answered with status 200"))
	}
	return few(errs)
}

func handshakeForged(c candidate, set sample.Set) error {
	return eachHandshake(c, set, func(s sample.Sample, want channel.Response) error {
		var errs []error
		differs := func(what string, a channel.Account, r channel.Request) bool {
			answer, ok, err := shake(c, a, r)
			if err != nil {
				errs = append(errs, fmt.Errorf("with %s: %w", what, err))
			}
			return !ok || answer != want
		}
		for _, f := range handshakeForgeries(c, set.Account, s.Request) {
			if !differs(f.what, set.Account, f.request) {
				errs = append(errs, fmt.Errorf("the same answer with %s", f.what))
			}
		}
		needed := false
		for name := range set.Credentials {
			a, err := channel.ParseAccount(sample.AccountID, set.Account.URL, credentials(set, name), nil)
			if err != nil {
				return err
			}
			if !differs("another "+name, a, s.Request) {
				continue
			}
			needed = true
			for _, blank := range []string{"", " "} {
				if _, ok, _ := shake(c, with(set, name, blank), s.Request); ok {
					errs = append(errs, fmt.Errorf("answered although %s is blank", name))
				}
			}
		}
		if !needed {
			errs = append([]error{errors.New("answered alike whatever the account's credentials are")}, errs...)
		}
		return few(errs)
	})
}

// handshakeForgeries are r with one query parameter changed, or one header that Sign
// sets, where the platform signs its handshakes too.
func handshakeForgeries(c candidate, a channel.Account, r channel.Request) []forgery {
	var list []forgery
	parts := slices.DeleteFunc(proofs(c, a, r), func(p proof) bool { return p.query })
	for _, name := range names(r.Query()) {
		parts = append(parts, proof{name: name, query: true})
	}
	for _, p := range parts {
		list = append(list, forgery{p.String() + " missing", p.set(r, nil)})
		if p.value(r) == "" {
			continue
		}
		for _, f := range falsified(p.value(r)) {
			if !p.query || !slices.Contains(f.values, p.value(r)) {
				list = append(list, forgery{p.String() + " " + f.what, p.set(r, f.values)})
			}
		}
	}
	return list
}

func handshakeReflection(c candidate, set sample.Set) error {
	const script = `<script>alert(1)</script>`
	return eachHandshake(c, set, func(s sample.Sample, _ channel.Response) error {
		var hostile []channel.Request
		for _, name := range names(s.Request.Query()) {
			hostile = append(hostile, proof{name: name, query: true}.set(s.Request, []string{script}))
		}
		for _, v := range values(s.Request.Body) {
			r := clone(s.Request)
			r.Body = splice(s.Request.Body, v, `"`+script+`"`)
			hostile = append(hostile, r)
		}
		for _, r := range hostile {
			signed := clone(r)
			c.Sign(set.Account, &signed)
			for _, r := range []channel.Request{r, signed} {
				answer, _, err := shake(c, set.Account, r)
				if err != nil {
					return err
				}
				harmless := strings.HasPrefix(answer.ContentType, "text/plain") || strings.HasPrefix(answer.ContentType,
					"application/json")
				if strings.Contains(answer.Body, "<script") && !harmless {
					return fmt.Errorf("echoes a script as %q", answer.ContentType)
				}
			}
		}
		return nil
	})
}

func deliveryIsNoHandshake(c candidate, set sample.Set) error {
	if c.Handshake == nil {
		return nil
	}
	return eachDelivery(set, func(s sample.Sample) error {
		if _, ok := c.Handshake(set.Account, s.Request); ok {
			return errors.New("its Handshake answers it")
		}
		return nil
	})
}
