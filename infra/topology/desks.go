package topology

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/relais-dev/relais/shared/queue"
	"github.com/relais-dev/relais/shared/route"
	"github.com/relais-dev/relais/shared/switchboard"
)

// Roles of a destination in conversations. A bot or a team may hold one; an observer gets
// copies, and never does.
const (
	bot      = "bot"
	team     = "team"
	observer = "observer"
)

// minLease is enough for a bot that is awake to say that it has heard; the clock's grain
// is a second. The longest is what SQS can delay.
const minLease = 5 * time.Second

// A person has a minute at the least, and a week at the most to answer.
const (
	minAnswer = time.Minute
	maxAnswer = 7 * day
)

// maxDesks is what Desks may take of the 4 KB that Lambda has for all variables of a
// function, in bytes.
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
const maxDesks = 2800

// Desks are what destinations are in conversations, without what goes without saying.
func (c Config) Desks() map[string]switchboard.Desk {
	desks := c.allDesks()
	maps.DeleteFunc(desks, func(_ string, d switchboard.Desk) bool { return d == switchboard.Desk{} })
	return desks
}

func (c Config) allDesks() map[string]switchboard.Desk {
	desks := map[string]switchboard.Desk{}
	for name, d := range c.Destinations {
		desk := d.Desk
		if desk.Role == team {
			desk.Role = ""
		}
		if desk.Standby != nil && *desk.Standby {
			desk.Standby = nil
		}
		desks[name] = desk
	}
	return desks
}

// DesksJSON is the switchboard's Board as functions are told.
func (c Config) DesksJSON() string {
	doc, _ := json.Marshal(switchboard.Board{Desks: c.allDesks(), Default: c.Default}) // texts and bools
	return string(doc)
}

func (c Config) checkDesks() error {
	for _, name := range c.DestinationNames() {
		if err := c.checkDesk(name, c.Destinations[name].Desk); err != nil {
			return err
		}
	}
	if c.Destinations[c.Default].Role == observer {
		return &route.Error{Path: "relais.default",
			Problem: fmt.Sprintf("%q is an observer, which never holds a conversation; choose a team or a bot",
				c.Default)}
	}
	for _, name := range c.DestinationNames() {
		if err := c.checkElse(name); err != nil {
			return err
		}
	}
	if n := len(c.DesksJSON()); n > maxDesks {
		return &route.Error{Path: "relais.destinations",
			Problem: fmt.Sprintf("their roles, leases and the like take %d bytes of the functions' environment, "+
				"where %d are free; take shorter names, and leave out what is so anyway", n, maxDesks)}
	}
	return nil
}

func (c Config) checkDesk(name string, d switchboard.Desk) error {
	wrong := func(member, problem string, args ...any) error {
		return &route.Error{Path: "relais.destinations." + name + "." + member, Problem: fmt.Sprintf(problem, args...)}
	}
	switch {
	case !slices.Contains([]string{"", bot, team, observer}, d.Role):
		return wrong("role", "%q is no role; take bot, team or observer", d.Role)
	case d.Lease != "" && d.Role != bot:
		return wrong("lease", "is for bots; leave it out, or give the destination the role bot")
	case d.Lease != "" && !within(d.Lease, minLease, queue.MaxDelay):
		return wrong("lease", `%q is no duration from 5s to 15m; write it as "45s"`, d.Lease)
	case d.Answer != "" && (d.Role == bot || d.Role == observer):
		return wrong("answer", "is for teams, whose people conversations are assigned to; leave it out")
	case d.Answer != "" && !within(d.Answer, minAnswer, maxAnswer):
		return wrong("answer", `%q is no duration from 1m to 168h; write it as "30m"`, d.Answer)
	case d.Role == observer && d.Else != "":
		return wrong("else", "is for who holds conversations, which an observer never does; leave it out")
	case d.Role == observer && d.Standby != nil && !*d.Standby:
		return wrong("standby", "is false, but an observer gets nothing but copies; leave it out")
	}
	next, known := c.Destinations[d.Else]
	switch {
	case d.Else != "" && !known:
		return wrong("else", "%q is no destination; choose one of %s", d.Else, strings.Join(c.DestinationNames(), ", "))
	case next.Role == observer:
		return wrong("else", "%q is an observer, which never holds a conversation; choose a team or a bot", d.Else)
	}
	return nil
}

func within(text string, least, most time.Duration) bool {
	d, err := time.ParseDuration(text)
	return err == nil && d >= least && d <= most
}

// checkElse follows who holds after whom: there must be an end, where somebody holds
// whose hold does not expire. A bot without a word is followed by the default.
func (c Config) checkElse(name string) error {
	chain := []string{name}
	for at := name; ; {
		d := c.Destinations[at]
		next := d.Else
		if next == "" && d.Role == bot {
			next = c.Default
		}
		if next == "" {
			return nil
		}
		if chain = append(chain, next); slices.Contains(chain[:len(chain)-1], next) {
			return &route.Error{Path: "relais.destinations." + name + ".else",
				Problem: fmt.Sprintf("leads in a circle: %s (without else, a bot is followed by the default); "+
					"let it end at a team",
					strings.Join(chain, ", "))}
		}
		at = next
	}
}
