package wechat

import (
	"cmp"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// A verdict is what one of the platform's codes means.
type verdict struct {
	class, remedy string
	after         time.Duration
}

const (
	notAllowed  = "put the deployment's outgoing IP address on the account's allow-list"
	answerLater = "wait for the customer to write"
)

// verdicts are the codes of Official Accounts and Mini Programs, also those in the
// events that tell what became of a message.
// https://developers.weixin.qq.com/doc/offiaccount/Getting_Started/Global_Return_Code.html
var verdicts = map[int]verdict{
	-1:    {class: events.ClassPlatform},
	40001: {class: events.ClassAuth}, // access token
	40014: {class: events.ClassAuth},
	41001: {class: events.ClassAuth},
	42001: {class: events.ClassAuth},
	41002: {class: events.ClassAuth, remedy: "check " + appID},
	41004: {class: events.ClassAuth, remedy: "check " + appSecret},
	50001: {class: events.ClassAuth, remedy: "the account has no right to this API; verify it"},
	40013: {class: events.ClassAuth, remedy: "check " + appID},
	40125: {class: events.ClassAuth, remedy: "check " + appSecret},
	40164: {class: events.ClassAuth, remedy: notAllowed},
	40243: {class: events.ClassAuth, remedy: "the AppSecret is frozen"},
	48001: {class: events.ClassAuth, remedy: "the account has no right to this API; verify it"},
	48004: {class: events.ClassAuth, remedy: "WeChat has closed this API to the account"},
	45103: {class: events.ClassAuth, remedy: "the account is of another kind; check " + product},
	50002: {class: events.ClassAuth, remedy: "WeChat has frozen the account"},

	45009: {class: events.ClassRate, remedy: "the day's calls are used up", after: time.Hour},
	45011: {class: events.ClassRate, after: time.Minute},

	45015: {class: events.ClassWindow, remedy: answerLater + ", or send a template"},
	45047: {class: events.ClassWindow, remedy: "all answers are used up; " + answerLater},
	45080: {class: events.ClassWindow, remedy: "typing is shown within 30 seconds after a message"},

	43004: {class: events.ClassConsent, remedy: "the person does not follow the account"},
	43019: {class: events.ClassConsent, remedy: "the person is on the account's blacklist"},
	43101: {class: events.ClassConsent, remedy: "the person has not subscribed to this template"},
	48002: {class: events.ClassConsent, remedy: "the person refuses messages"},
	50005: {class: events.ClassConsent, remedy: "the person does not follow the account"},
	40003: {class: events.ClassRecipient, remedy: "the openid is none of this account"},

	40004: {class: events.ClassMedia}, // type
	40005: {class: events.ClassMedia},
	40006: {class: events.ClassMedia}, // size
	40007: {class: events.ClassMedia, remedy: "media ids live three days"},
	40009: {class: events.ClassMedia},
	40010: {class: events.ClassMedia},
	40011: {class: events.ClassMedia},
	40012: {class: events.ClassMedia},
	40137: {class: events.ClassMedia},
	41005: {class: events.ClassMedia},
	41006: {class: events.ClassMedia},
	45001: {class: events.ClassMedia},
	45006: {class: events.ClassMedia}, // the picture of a link
	45007: {class: events.ClassMedia, remedy: "a recording lasts a minute at most"},

	40037: {class: events.ClassTemplate, remedy: "the template is none of this account"},
	40036: {class: events.ClassTemplate},
	41028: {class: events.ClassTemplate},
	41030: {class: events.ClassTemplate, remedy: "check the page"},
	43116: {class: events.ClassTemplate, remedy: "WeChat has banned the template"},
	47003: {class: events.ClassTemplate, remedy: "a value has the wrong form or length for its field, or one is missing"},

	40008: {class: events.ClassContent}, // msgtype
	40033: {class: events.ClassContent},
	40035: {class: events.ClassContent},
	40048: {class: events.ClassContent, remedy: "WeChat does not take this address"},
	40200: {class: events.ClassContent, remedy: "only verified accounts send menus"},
	44003: {class: events.ClassContent},
	45072: {class: events.ClassContent}, // a command of typing
	61451: {class: events.ClassContent},
	44002: {class: events.ClassContent},
	44004: {class: events.ClassContent},
	45002: {class: events.ClassContent, remedy: "the text is too long"},
	45003: {class: events.ClassContent},
	45004: {class: events.ClassContent},
	45005: {class: events.ClassContent},
	45008: {class: events.ClassContent},
	45162: {class: events.ClassContent, remedy: "this kind of account does not send this kind of message"},
	47001: {class: events.ClassContent},
	87014: {class: events.ClassPolicy},
}

// kfVerdicts are the codes of WeCom; some numbers mean something else than in WeChat.
// https://developer.work.weixin.qq.com/document/path/90313
var kfVerdicts = map[int]verdict{
	-1:    {class: events.ClassPlatform},
	40001: {class: events.ClassAuth, remedy: "check " + kfSecret},
	40013: {class: events.ClassAuth, remedy: "check " + corpID},
	40014: {class: events.ClassAuth},
	41001: {class: events.ClassAuth},
	41002: {class: events.ClassAuth, remedy: "check " + corpID},
	41004: {class: events.ClassAuth, remedy: "check " + kfSecret},
	42001: {class: events.ClassAuth},
	48002: {class: events.ClassAuth, remedy: "the app has no right to this API of Customer Service"},
	60020: {class: events.ClassAuth, remedy: notAllowed},
	95011: {class: events.ClassAuth, remedy: "WeCom manages this account of Customer Service; let the API manage it"},
	95017: {class: events.ClassAuth, remedy: "switch the API of Customer Service on"},

	45009: {class: events.ClassRate, after: time.Minute},
	45033: {class: events.ClassRate},

	95001: {class: events.ClassWindow, remedy: "all answers are used up; " + answerLater},
	95002: {class: events.ClassWindow, remedy: answerLater},
	95013: {class: events.ClassWindow, remedy: "the session has ended; " + answerLater},
	95018: {class: events.ClassWindow, remedy: "an agent in WeCom holds the session, or it has ended"},

	40003: {class: events.ClassRecipient},
	40096: {class: events.ClassRecipient}, // external_userid
	84061: {class: events.ClassRecipient},
	95000: {class: events.ClassRecipient, remedy: "the account of Customer Service does not exist"},
	95004: {class: events.ClassRecipient, remedy: "the account of Customer Service does not exist"},

	40004: {class: events.ClassMedia},
	40005: {class: events.ClassMedia},
	40006: {class: events.ClassMedia},
	40007: {class: events.ClassMedia, remedy: "media ids live three days"},
	40009: {class: events.ClassMedia},
	40011: {class: events.ClassMedia},
	41005: {class: events.ClassMedia},
	45001: {class: events.ClassMedia},

	40008: {class: events.ClassContent},
	40033: {class: events.ClassContent},
	40035: {class: events.ClassContent},
	40058: {class: events.ClassContent},
	90207: {class: events.ClassContent, remedy: "the Mini Program's appid is wrong"},
	44004: {class: events.ClassContent},
	45002: {class: events.ClassContent, remedy: "the text is too long"},
	47001: {class: events.ClassContent},
	95008: {class: events.ClassContent, remedy: "a menu has at most ten items"},
	95009: {class: events.ClassContent},
}

// succeeded reads r into v, or is why the platform refused the call.
func succeeded(a channel.Account, r channel.Reply, v any) error {
	if !r.OK() {
		return r.Failure()
	}
	var w result
	if err := r.Decode(&w); err != nil {
		return err
	}
	if w.Code != nil && *w.Code != 0 {
		return refused(a, *w.Code, w.Message)
	}
	return r.Decode(v)
}

// refused is the error of a code. A code that the tables lack is a refusal too, of
// unknown reason.
func refused(a channel.Account, code int, message string) *channel.Error {
	table := verdicts
	if isKF(a) {
		table = kfVerdicts
	}
	v := table[code]
	return &channel.Error{Class: cmp.Or(v.class, events.ClassUnknown), Code: strconv.Itoa(code), Title: title(message),
		Remedy: v.remedy, RetryAfter: v.after}
}

// maxMessage bounds what is told of the platform's words, in bytes.
const maxMessage = 200

// title is the platform's message, of which the beginning says it.
func title(message string) string {
	if len(message) > maxMessage {
		message = message[:maxMessage]
	}
	return strings.ToValidUTF8(message, "")
}

// hasCode says whether err is the refusal with that code.
func hasCode(err error, code string) bool {
	var e *channel.Error
	return errors.As(err, &e) && e.Code == code
}

// credentialsRefused is why there is no token: unless WeChat is busy, it is for the
// account's sake.
func credentialsRefused(err error) error {
	var e *channel.Error
	if errors.As(err, &e) && !e.Passes() {
		e.Class = events.ClassAuth
		e.Remedy = cmp.Or(e.Remedy, "check the account's ids and secrets")
	}
	return err
}
