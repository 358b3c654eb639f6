package exam

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/sample"
)

func declaration() []check {
	return []check{
		{"declaration/facts",
			"The Channel value is the data sheet: the route, the README table and the credential form are made from it.",
			facts},
		{"declaration/credentials",
			"An account holds exactly the declared credentials, and each says where an operator finds it.",
			credentialsDeclared},
		{"declaration/readme",
			"An operator connects an account with the channel's README.md alone: it names every credential, in at most 140 lines.", readme},
	}
}

var channelName = regexp.MustCompile(`^[a-z0-9]+$`)

func facts(c candidate, set sample.Set) error {
	var errs []error
	if c.Name != set.Channel || !channelName.MatchString(c.Name) {
		errs = append(errs, fmt.Errorf("its Name is %q, want the folder's name %q, of a-z and 0-9", c.Name, set.Channel))
	}
	if c.Title == "" {
		errs = append(errs, errors.New("its Title is empty"))
	}
	if u, err := url.Parse(c.Docs); err != nil || u.Scheme != "https" || u.Host == "" {
		errs = append(errs, fmt.Errorf("its Docs is %q, want an https URL", c.Docs))
	}
	switch c.Label {
	case channel.Stable, channel.Beta, channel.Community:
	default:
		errs = append(errs, fmt.Errorf("its Label is %q, want stable, beta or community", c.Label))
	}
	if c.MaxBody < 0 {
		errs = append(errs, errors.New("MaxBody is negative"))
	}
	if len(c.Credentials) == 0 {
		errs = append(errs, errors.New("its Credentials are empty: nothing could be verified"))
	}
	return errors.Join(errs...)
}

func credentialsDeclared(c candidate, set sample.Set) error {
	var errs []error
	declared := map[string]bool{}
	for _, cr := range c.Credentials {
		if cr.Name == "" || strings.TrimSpace(cr.Help) == "" || declared[cr.Name] {
			errs = append(errs, fmt.Errorf("credential %q needs a name of its own and help", cr.Name))
		}
		declared[cr.Name] = true
	}
	if name, missing := c.Missing(set.Account); missing {
		errs = append(errs, fmt.Errorf("testdata/account.json lacks the required credential %q", name))
	}
	for name := range set.Credentials {
		if !declared[name] {
			errs = append(errs, fmt.Errorf("testdata/account.json holds %q, which the channel does not declare", name))
		}
	}
	return errors.Join(errs...)
}

// maxReadme is 60 lines to connect an account and to know what it does, and 80 for what of the
// vendor's reference is left out and why: who misses something looks there first.
const maxReadme = 140

func readme(c candidate, set sample.Set) error {
	text, err := os.ReadFile(filepath.Join(set.Dir, "README.md"))
	if err != nil {
		return errors.New("README.md is missing")
	}
	var errs []error
	for _, cr := range c.Credentials {
		if !strings.Contains(string(text), "`"+cr.Name+"`") {
			errs = append(errs, fmt.Errorf("README.md does not name the credential `%s`", cr.Name))
		}
	}
	if n := strings.Count(string(text), "\n"); n > maxReadme {
		errs = append(errs, fmt.Errorf("README.md has %d lines, want at most %d", n, maxReadme))
	}
	return errors.Join(errs...)
}
