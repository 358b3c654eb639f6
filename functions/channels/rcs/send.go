package rcs

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/internal/google"
	"github.com/relais-dev/relais/shared/channel"
)

const (
	globalHost = "rcsbusinessmessaging.googleapis.com"
	scope      = "https://www.googleapis.com/auth/rcsbusinessmessaging"
)

const (
	maxFile        = 100 << 20
	maxTitle       = 200
	maxDescription = 2000
	maxLabel       = 25
)

var actions = []string{events.ActionReply, events.ActionPostback, events.ActionURL, events.ActionWebView,
	events.ActionCall, events.ActionLocation}

// takes says no to a place without words: a message must have a text, and we add none;
// and to files that Google cannot fetch.
// https://developers.google.com/business-communications/rcs-business-messaging/reference/rest/v1/phones.agentMessages#contentinfo
func takes(c events.Content) string {
	if l := c.Location; l != nil && l.Name == "" && l.Address == "" {
		return "a place needs a name or an address"
	}
	for _, m := range files(c) {
		if !fetched(m.URL) {
			return "a file needs a public https URL"
		}
	}
	return ""
}

// fetched says whether Google can open a file's address.
func fetched(address string) bool {
	return strings.HasPrefix(address, "https://") && channel.Links{}.Opens(address)
}

// files are those of c that go by their URL.
func files(c events.Content) []*events.Media {
	list := []*events.Media{c.Media}
	if c.Choice != nil {
		list = append(list, c.Choice.Header)
	}
	for _, p := range c.Cards {
		list = append(list, p.Media)
	}
	return slices.DeleteFunc(list, func(m *events.Media) bool { return m == nil })
}

// keep is how long an undelivered message is kept; Google's own 30 days are longer
// than any conversation.
// https://developers.google.com/business-communications/rcs-business-messaging/guides/build/messages/expiration
const keep = "86400s"

// Kinds of traffic.
// https://developers.google.com/business-communications/rcs-business-messaging/reference/rest/v1/phones.agentMessages#messagetraffictype
const (
	transaction = "TRANSACTION"
	promotion   = "PROMOTION"
)

func token(ctx context.Context, e channel.Env) (channel.Token, error) {
	return google.Token(ctx, e, scope)
}

func send(ctx context.Context, e channel.Env, o channel.Outgoing) (channel.Sent, error) {
	m, err := compose(o)
	if err != nil {
		return channel.Sent{}, err
	}
	id := channel.UUID(o.ID)
	r, err := e.PostJSON(ctx, address(e.Account, o.To, "/agentMessages", "messageId", id), channel.Bearer(e.Token), m)
	if err != nil {
		return channel.Sent{}, err
	}
	if err := check(r); err != nil {
		return channel.Sent{}, err
	}
	return channel.Sent{IDs: []string{id}}, nil
}

// check is nil when Google took the message, now or at an earlier try.
func check(r channel.Reply) error {
	if r.Status == http.StatusConflict {
		return nil
	}
	if !r.OK() {
		return failure(r)
	}
	var answer struct{}
	return r.Decode(&answer)
}

// address is where a is told of what concerns the person.
func address(a channel.Account, to channel.Recipient, path, idName, id string) string {
	phone := to.Conversation.PlatformID
	if !strings.HasPrefix(phone, "+") {
		phone = "+" + phone
	}
	q := url.Values{"agentId": {a.Value(agentID)}}
	if idName != "" {
		q.Set(idName, id)
	}
	return "https://" + host(a) + "/v1/phones/" + url.PathEscape(phone) + path + "?" + q.Encode()
}

// host is the API of the agent's region.
// https://developers.google.com/business-communications/rcs-business-messaging/reference/rest#service-endpoint
func host(a channel.Account) string {
	switch r := a.Value(region); r {
	case "us", "europe", "asia":
		return r + "-" + globalHost
	}
	return globalHost
}

// act shows that we type or have read, or takes back a message that has not arrived.
// https://developers.google.com/business-communications/rcs-business-messaging/guides/build/events/send-events
func act(ctx context.Context, e channel.Env, to channel.Recipient, a events.Action) error {
	event := agentEvent{Type: "IS_TYPING"}
	switch {
	case a.Verb == events.ActTyping && !a.Active:
		return nil // it ends by itself
	case a.Verb == events.ActTyping:
	case a.Message == nil || a.Message.PlatformID == "":
		return &channel.Error{Class: events.ClassContent, Title: "names no message of the platform"}
	case a.Verb == events.ActRead:
		event = agentEvent{Type: "READ", MessageID: a.Message.PlatformID}
	case a.Verb == events.ActDelete:
		return revoke(ctx, e, to, a.Message.PlatformID)
	default:
		return &channel.Error{Class: events.ClassContent, Title: "RCS cannot " + string(a.Verb)}
	}
	id := channel.UUID(strings.Join([]string{event.Type, event.MessageID, to.Conversation.PlatformID,
		e.Now.Format(time.RFC3339Nano)}, " "))
	r, err := e.PostJSON(ctx, address(e.Account, to, "/agentEvents", "eventId", id), channel.Bearer(e.Token), event)
	if err != nil {
		return err
	}
	return check(r)
}

// revoke takes back a message; one that has arrived stays.
// https://developers.google.com/business-communications/rcs-business-messaging/guides/build/messages/revoke
func revoke(ctx context.Context, e channel.Env, to channel.Recipient, message string) error {
	path := "/agentMessages/" + url.PathEscape(message)
	r, err := e.Do(ctx, http.MethodDelete, address(e.Account, to, path, "", ""), channel.Bearer(e.Token), nil)
	if err != nil {
		return err
	}
	return check(r)
}

// failure is why Google refused. A person without RCS, or out of reach for this
// agent, is not found.
// https://developers.google.com/business-communications/rcs-business-messaging/guides/build/messages/send#errors
func failure(r channel.Reply) *channel.Error {
	w := google.ReadError(r)
	e := google.Failure(r, w)
	switch {
	case e.Class == events.ClassAuth && strings.Contains(strings.ToLower(w.Message), "launch"):
		e.Class, e.Remedy = events.ClassRecipient, "launch the agent on the person's carrier"
	case e.Class == events.ClassRecipient:
		e.Remedy = cmp.Or(e.Remedy,
			"the person has no RCS, or the agent is not launched on their carrier: use another channel")
	}
	return e
}
