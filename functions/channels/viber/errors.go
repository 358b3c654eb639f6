package viber

import (
	"strconv"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// result is what Viber's answer means. Its status code tells, not HTTP's.
func result(r channel.Reply) (channel.Sent, error) {
	if !r.OK() {
		return channel.Sent{}, r.Failure()
	}
	var w reply
	if err := r.Decode(&w); err != nil {
		return channel.Sent{}, err
	}
	switch {
	case w.Status == nil:
		return channel.Sent{}, &channel.Error{Class: events.ClassPlatform, Title: "answered without a status", Unknown: true}
	case *w.Status != 0:
		return channel.Sent{}, failure(*w.Status, w.Message)
	case w.Token == "":
		return channel.Sent{}, nil
	}
	return channel.Sent{IDs: []string{string(w.Token)}}, nil
}

func failure(status int, title string) *channel.Error {
	e := &channel.Error{Class: events.ClassUnknown, Code: strconv.Itoa(status), Title: title}
	if f, ok := failures[status]; ok {
		e.Class, e.Remedy = f.class, f.remedy
	}
	return e
}

// failures are Viber's status codes.
// https://developers.viber.com/docs/api/rest-bot-api/#error-codes
var failures = map[int]struct{ class, remedy string }{
	1:  {events.ClassAuth, "set the webhook again: its URL does not work"},
	2:  {events.ClassAuth, "check the token: it is made anew in the admin panel"},
	3:  {events.ClassContent, ""},
	4:  {events.ClassContent, ""},
	5:  {events.ClassRecipient, ""},
	6:  {events.ClassConsent, "the person must write or subscribe first"},
	7:  {events.ClassAuth, "Viber has blocked the bot"},
	8:  {events.ClassAuth, "the bot does not exist any more"},
	9:  {events.ClassAuth, "Viber has suspended the bot: see its commercial terms"},
	10: {events.ClassAuth, "set the webhook: without one nothing can be sent"},
	11: {events.ClassRecipient, "the person has no device for this message"},
	12: {events.ClassRate, "send more slowly"},
	13: {events.ClassContent, "the person's app is too old for this message"},
	14: {events.ClassContent, "the message needs a higher min_api_version"},
	15: {events.ClassAuth, "the bot is not under Viber's commercial terms"},
	16: {events.ClassContent, ""},
	17: {events.ClassContent, ""},
	18: {events.ClassContent, ""},
	19: {events.ClassPolicy, "broadcasts are not allowed"},
	20: {events.ClassPolicy, "not allowed in this country"},
	21: {events.ClassContent, "payments are not supported"},
	22: {events.ClassContent, ""},
	23: {events.ClassRate, "the bot's free messages are used up: see its commercial terms"},
	24: {events.ClassRate, "the bot's balance is used up"},
}
