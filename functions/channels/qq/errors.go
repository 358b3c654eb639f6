package qq

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// A meaning is what QQ means by a code.
// https://bot.q.qq.com/wiki/develop/api-v2/dev-prepare/error-trace/openapi.html
type meaning struct {
	from, to int // codes
	class    string
	remedy   string
}

// duplicate is the code of an answer whose number was used before: it is there.
const duplicate = 40054005

// meanings are read from above: the first that holds a code tells.
var meanings = []meaning{
	{22009, 22009, events.ClassRate, ""},
	{20028, 20028, events.ClassRate, "a channel takes five messages a second"},
	{304052, 304052, events.ClassRate, ""},
	{610013, 610013, events.ClassRate, ""},
	{1100100, 1100100, events.ClassRate, ""},
	{1100308, 1100308, events.ClassRate, ""},
	{11242, 11242, events.ClassPlatform, "QQ could not check the token"},
	{11252, 11252, events.ClassPlatform, "QQ could not check the bot's permissions"},
	{11263, 11263, events.ClassPlatform, "QQ could not check the guild's permissions"},
	{11281, 11281, events.ClassPlatform, "QQ could not check who administers the guild"},
	{11241, 11243, events.ClassAuth, newToken},
	{11251, 11299, events.ClassAuth, "the bot may not do this: see its permissions at q.qq.com"},
	{100016, 100017, events.ClassAuth, "check app_id and app_secret"}, // of the token
	{304026, 304027, events.ClassWindow, answerOnly},
	{304035, 304035, events.ClassWindow, answerOnly},
	{304045, 304050, events.ClassWindow, answerOnly},
	{304103, 304103, events.ClassWindow, answerOnly},
	{40034005, 40034005, events.ClassWindow, answerOnly},
	{40034024, 40034027, events.ClassWindow, answerOnly},
	{40034031, 40034031, events.ClassWindow, answerOnly},
	{40034100, 40034100, events.ClassWindow, answerOnly},
	{40034102, 40034102, events.ClassWindow, answerOnly},
	{40034128, 40034128, events.ClassWindow, answerOnly},
	{304031, 304031, events.ClassConsent, "the person has closed direct messages"},
	{40034105, 40034105, events.ClassConsent, "the person switched off messages that answer nothing"},
	{40054013, 40054013, events.ClassConsent, "the person does not take the bot's messages"},
	{10001, 10004, events.ClassRecipient, "the account, the channel or the guild does not exist"},
	{304032, 304034, events.ClassRecipient, "there is no such direct message"},
	{610007, 610007, events.ClassRecipient, "the bot is no member of the guild"},
	{1100104, 1100104, events.ClassRecipient, "the group does not exist any more"},
	{1100301, 1100306, events.ClassRecipient, "the bot is no member"},
	{40034101, 40034101, events.ClassRecipient, "the bot is no member of the group"},
	{40054003, 40054004, events.ClassRecipient, "the bot is no member of the group, or no friend"},
	{304022, 304022, events.ClassPolicy, "not at this time of the day"},
	{304025, 304025, events.ClassPolicy, "QQ's review refused it"},
	{1100101, 1100103, events.ClassPolicy, "QQ's review refused it"},
	{40054002, 40054002, events.ClassPolicy, "the bot is muted in the group"},
	{40034006, 40034006, events.ClassPolicy, "QQ's review refused it"},
	{306003, 306003, events.ClassPlatform, ""}, // a message could not be taken back: at another try
	{306005, 306006, events.ClassPlatform, ""},
	{306001, 306004, events.ClassContent, "a message is taken back within two minutes, by who sent it"},
	{304003, 304003, events.ClassContent, registerDomain},
	{40054010, 40054010, events.ClassContent, registerDomain},
	{40054007, 40054007, events.ClassContent, "the text is too long"},
	{50006, 50053, events.ClassContent, ""},
	{304011, 304014, events.ClassTemplate, "the template does not exist, or is not the bot's"},
	{50054, 50054, events.ClassTemplate, "compare the parameters with the template"},
	{50055, 50057, events.ClassTemplate, noMarkdown},
	{304036, 304037, events.ClassTemplate, noMarkdown},
	{40034090, 40034090, events.ClassTemplate, noMarkdown},
	{40034127, 40034127, events.ClassTemplate, noMarkdown},
	{304010, 304010, events.ClassMedia, "QQ could not keep the picture"},
	{304017, 304017, events.ClassMedia, "QQ could not keep the picture"},
	{304020, 304021, events.ClassMedia, "the file is too large, or could not be fetched"},
	{304082, 304083, events.ClassPlatform, "QQ could not fetch the file"},
}

const (
	answerOnly     = "QQ takes answers to a recent message: wait for the next one"
	newToken       = "the access token is not valid any more"
	noMarkdown     = "apply for Markdown and buttons at q.qq.com"
	registerDomain = "register the domain of the link at q.qq.com"
)

// failure is why QQ refused a call; nil where it did not.
func failure(r channel.Reply) error {
	var w answer
	_ = json.Unmarshal(r.Body, &w) // without one the status alone tells
	if r.OK() && (w.Code == 0 || w.Data.Audit.ID != "") || w.Code == duplicate {
		return nil
	}
	e := r.Failure()
	if w.Code == 0 {
		return e
	}
	e.Code, e.Subcode, e.Title = strconv.Itoa(w.Code), w.TraceID, cmp.Or(w.Message, e.Title)
	if r.Status/100 == 2 { // refused with a code alone
		e.Class, e.Unknown = events.ClassContent, false
	}
	for _, m := range meanings {
		if m.from <= w.Code && w.Code <= m.to {
			e.Class, e.Remedy, e.Unknown = m.class, m.remedy, false
			break
		}
	}
	return e
}

// before is err of a call that comes before the message: whatever became of it, the
// message was not sent.
func before(err error) error {
	var e *channel.Error
	if errors.As(err, &e) {
		e.Unknown = false
		return e
	}
	return fmt.Errorf("%w: upload: %w", channel.ErrNotSent, err)
}
