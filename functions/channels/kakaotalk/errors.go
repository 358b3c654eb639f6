package kakaotalk

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// hubResult is the error in a hub's answer, nil when it took the call. Failures come
// with status 200 and a negative code, a number or a text. w takes the rest; nil
// leaves it.
func hubResult(r channel.Reply, w *uploadReply) error {
	if w == nil {
		w = new(uploadReply)
	}
	if !r.OK() {
		return r.Failure()
	}
	if err := r.Decode(w); err != nil {
		return err
	}
	code, err := strconv.Atoi(string(w.Code)) // an upload says "0000", a message 0
	switch {
	case err != nil:
		return unknownReply()
	case code == 0:
		return nil
	}
	return &channel.Error{Class: hubClass(w.Message), Code: string(w.Code), Title: exception(w.Message),
		Remedy: "see the hub's list of codes"}
}

// exception is the name that a hub's message begins with, without what is in
// brackets: keys, for one.
func exception(message string) string {
	name, _, _ := strings.Cut(message, "(")
	return name
}

// hubClass tells the class from the name of the exception: one code stands for
// several of them. https://developer-center.happytalk.io/KakaoWebhook/
func hubClass(message string) string {
	name := exception(message)
	for _, c := range hubClasses {
		if strings.Contains(name, c.part) {
			return c.class
		}
	}
	return events.ClassContent
}

var hubClasses = []struct{ part, class string }{
	{"Sender", events.ClassAuth}, {"Auth", events.ClassAuth}, {"Permission", events.ClassAuth},
	{"Session", events.ClassWindow}, {"Expired", events.ClassWindow},
	{"Block", events.ClassConsent}, {"User", events.ClassRecipient},
	{"Image", events.ClassMedia}, {"File", events.ClassMedia}, {"Upload", events.ClassMedia},
	{"Limit", events.ClassRate}, {"TooMany", events.ClassRate}, {"Quota", events.ClassRate},
}

// resultDelivered is Kakao's code of an AlimTalk that arrived.
const resultDelivered = "1000"

// alimtalkError is a dealer's or Kakao's code, whoever names it.
// https://docs.nhncloud.com/ko/Notification/KakaoTalk%20Bizmessage/ko/error-code/
func alimtalkError(code, title string) *channel.Error {
	e := &channel.Error{Class: events.ClassUnknown, Code: code, Title: title}
	if class, ok := alimtalkClasses[code]; ok {
		e.Class = class
	}
	if e.Class == events.ClassTemplate {
		e.Remedy = "compare name, variables and text with the approved template, spaces and line breaks included"
	}
	return e
}

var alimtalkClasses = map[string]string{
	"1002":                                   events.ClassAuth, // the dealer's key, then the sender's
	"1003":                                   events.ClassAuth,
	"1005":                                   events.ClassAuth,
	"1006":                                   events.ClassAuth, // the sender is deleted, stopped, blocked
	"1007":                                   events.ClassAuth,
	"1011":                                   events.ClassAuth, // no contract
	"1021":                                   events.ClassAuth, // the channel is blocked, switched off, deleted
	"1022":                                   events.ClassAuth,
	"1023":                                   events.ClassAuth,
	"1001":                                   events.ClassContent, // no JSON, or a member is missing
	"1004":                                   events.ClassContent,
	"2004":                                   events.ClassTemplate,
	"3013":                                   events.ClassContent, // empty, too long
	"3014":                                   events.ClassContent,
	"3015":                                   events.ClassTemplate, // no such template
	"3027":                                   events.ClassTemplate, // its buttons are others
	"3028":                                   events.ClassTemplate, // its title is another
	"3000":                                   events.ClassPlatform,
	"9998":                                   events.ClassPlatform,
	"3008":                                   events.ClassRecipient, // the phone number is wrong
	"3016":                                   events.ClassTemplate,  // the text is not that of the template
	"3018":                                   events.ClassRecipient, // no KakaoTalk on this number, or it blocks AlimTalk
	"3022":                                   events.ClassPolicy,    // not at night
	"9999":                                   events.ClassPlatform,  // Kakao's own failure
	strconv.Itoa(http.StatusTooManyRequests): events.ClassRate,
}
