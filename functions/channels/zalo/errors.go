package zalo

import (
	"encoding/json"
	"strconv"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// result is what the answer to a message means.
func result(r channel.Reply) (channel.Sent, error) {
	var w accepted
	if err := succeeded(r, &w); err != nil {
		return channel.Sent{}, err
	}
	for _, id := range []string{w.MessageID, w.MsgID} {
		if id != "" {
			return channel.Sent{IDs: []string{id}}, nil
		}
	}
	return channel.Sent{}, nil
}

// succeeded reads the data of an answer into v. Zalo answers with status 200
// whatever happens; error tells.
func succeeded(r channel.Reply, v any) error {
	if !r.OK() {
		return r.Failure()
	}
	var w answer
	if err := r.Decode(&w); err != nil {
		return err
	}
	switch {
	case w.Error == nil:
		return &channel.Error{Class: events.ClassPlatform, Title: "answered without an error code", Unknown: true}
	case *w.Error != 0:
		return failure(*w.Error, w.Message)
	}
	_ = json.Unmarshal(w.Data, v) // what cannot be read holds no id
	return nil
}

func failure(code int, title string) *channel.Error {
	e := &channel.Error{Class: events.ClassUnknown, Code: strconv.Itoa(code), Title: title}
	if f, ok := failures[code]; ok {
		e.Class, e.Remedy = f.class, f.remedy
	}
	return e
}

// failures are Zalo's error codes.
// https://developers.zalo.me/docs/official-account/phu-luc/ma-loi
var failures = map[int]struct{ class, remedy string }{
	-32:  {events.ClassRate, "send more slowly"},
	-124: {events.ClassAuth, ""}, // ZNS: the access token is invalid
	-201: {events.ClassAuth, ""}, // the access token is invalid
	-203: {events.ClassContent, ""},
	-204: {events.ClassContent, ""},
	-213: {events.ClassConsent, "the person must follow the OA or write to it"},
	-216: {events.ClassAuth, ""}, // the access token has expired
	-230: {events.ClassWindow, "wait for the person to write, or send ZNS"},
}
