package channel

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"

	"github.com/relais-dev/relais/events"
)

// name is what a channel may be called: it is a path element and a Lambda handler.
var name = regexp.MustCompile(`^[a-z][a-z0-9]{0,19}$`)

// Validate says what is wrong with c's data, all of it. Functions are built from it at
// start-up, which fails for a channel that could not keep what its data promises.
func (c Channel) Validate() error {
	var errs []error
	need := func(ok bool, what string) {
		if !ok {
			errs = append(errs, fmt.Errorf("channel %s: %s", c.Name, what))
		}
	}
	need(name.MatchString(c.Name), "the name is no lower-case word of up to 20 characters")
	need(c.Title != "" && https(c.Docs), "it needs a title, and the https address of the platform's reference")
	need(slices.Contains([]Label{Stable, Beta, Community}, c.Label), fmt.Sprintf("its label is %q", c.Label))
	need(c.MaxBody >= 0 && c.MaxBody <= 10<<20, "MaxBody is no size that API Gateway passes")
	need(c.Verify != nil && c.Parse != nil, "it needs Verify and Parse")
	need(!c.Devices || len(c.Hosts) == 0 && c.Origin == nil, "its devices call us, and yet it has a platform to call")
	c.validateCredentials(need)
	c.Outbound.validate(need)
	return errors.Join(errs...)
}

func (c Channel) validateCredentials(need func(bool, string)) {
	seen, secret := map[string]bool{}, false
	for _, cr := range c.Credentials {
		need(cr.Name != "" && cr.Help != "", "a credential has a name, and says where an operator finds it")
		need(!seen[cr.Name], fmt.Sprintf("the credential %q is there twice", cr.Name))
		seen[cr.Name], secret = true, secret || !cr.Public
	}
	need(secret, "it has no secret: anybody could be its platform")
}

// validate looks at functions that belong together, and at limits.
func (o Outbound) validate(need func(bool, string)) {
	need(o.Send != nil && o.Class != nil, "it needs Send and Class")
	need((o.Act == nil) == (len(o.Acts) == 0), "Act and Acts go together")
	for _, v := range o.Acts {
		need(slices.Contains(events.Verbs(), v), fmt.Sprintf("Acts holds %q", v))
	}
	need(o.Rate.Account >= 0 && o.Rate.Pair >= 0 && o.Rate.Burst >= 0, "a rate is negative")
	need(o.Rate.Burst == 0 || o.Rate.Pair > 0, "a Burst runs ahead of a Pair")
	o.Limits.validate(need)
}

func (l Limits) validate(need func(bool, string)) {
	need(l.Text > 0, "Limits.Text is zero: every channel carries text")
	own := []events.Kind{events.KindText, events.KindMedia, events.KindChoice, events.KindCards}
	for _, k := range l.Kinds {
		need(slices.Contains(events.Outbounds(), k) && !slices.Contains(own, k),
			fmt.Sprintf("Limits.Kinds holds %q, which has limits of its own or is not sent", k))
	}
	for _, f := range l.Choices {
		need(f.Max > 0 && f.Min <= f.Max, "Limits.Choices holds one that offers nothing")
	}
	for kind, m := range l.Media {
		need(m.Bytes >= 0 && m.Caption >= 0, fmt.Sprintf("a limit of %s is negative", kind))
	}
}

func https(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "https" && u.Host != ""
}
