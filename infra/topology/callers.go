package topology

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/relais-dev/relais/shared/access"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/route"
)

// checkCallers finds rights that mean nothing: who misspells a scope, a destination or an
// account would hear of it from a caller who is refused.
func (c Config) checkCallers(channels []channel.Channel) error {
	if c.API.Issuer != "" && len(c.API.Callers) > 0 {
		return &route.Error{Path: "relais.api.callers",
			Problem: "are roles, and with an issuer callers show tokens; put what they may do into the tokens' claims"}
	}
	for _, arn := range slices.Sorted(maps.Keys(c.API.Callers)) {
		if _, ok := access.ParseRole(arn); !ok {
			return &route.Error{Path: "relais.api.callers",
				Problem: fmt.Sprintf("%q is no role; name it as arn:aws:iam::123456789012:role/support-desk", arn)}
		}
		if err := c.checkRights("relais.api.callers."+arn, c.API.Callers[arn], channels); err != nil {
			return err
		}
	}
	if err := c.API.Callers.Check(); err != nil {
		return &route.Error{Path: "relais.api.callers",
			Problem: err.Error() + " can be but one role, since an account has no two of one name; keep one of them"}
	}
	return nil
}

func (c Config) checkRights(path string, r access.Rights, channels []channel.Channel) error {
	for i, s := range r.Scopes {
		if !slices.Contains(access.Scopes(), s) {
			return &route.Error{Path: fmt.Sprintf("%s.scopes[%d]", path, i),
				Problem: fmt.Sprintf("%q is no scope; choose from %s", s, strings.Join(access.Names(access.Scopes()...), ", "))}
		}
	}
	for i, d := range r.Destinations {
		if d != access.Any && !c.hasDestination(d) {
			return &route.Error{Path: fmt.Sprintf("%s.destinations[%d]", path, i),
				Problem: fmt.Sprintf("%q is no destination; choose from %s, or * for all", d,
					strings.Join(c.DestinationNames(), ", "))}
		}
	}
	for i, a := range r.Accounts {
		name, account, _ := strings.Cut(a, "/")
		if a != access.Any && !(slices.Contains(channelNames(channels), name) && channel.ValidAccountID(account)) {
			return &route.Error{Path: fmt.Sprintf("%s.accounts[%d]", path, i),
				Problem: fmt.Sprintf("%q is no account; write it as channel/account, such as line/main, or * for all", a)}
		}
	}
	return nil
}
