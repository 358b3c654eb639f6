package telegram

import (
	"cmp"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// A refusal is what a description of Telegram's means.
type refusal struct {
	words  string // in the description
	class  string
	remedy string
}

// refusals are the descriptions that decide what to do, the more special first.
// The Bot API documents none; the server's source and the errors of the methods
// below it do. https://github.com/tdlib/telegram-bot-api
// https://core.telegram.org/method/messages.sendMessage#possible-errors
var refusals = []refusal{
	{"method not found", events.ClassContent, "the Bot API has no such method"},
	{"BUSINESS_PEER_USAGE_MISSING", events.ClassWindow,
		"the customer has not written to the business account in the last 24 hours"},
	{"business connection", events.ClassAuth,
		"the bot is not connected to the business account any more, or may not reply"},
	{"BUSINESS_CONNECTION", events.ClassAuth,
		"the bot is not connected to the business account any more, or may not reply"},
	{"bot was blocked by the user", events.ClassConsent, "the customer stopped the bot"},
	{"can't initiate conversation", events.ClassConsent, "the customer must start the bot first"},
	{"user is deactivated", events.ClassRecipient, ""},
	{"bot was kicked", events.ClassRecipient, "the bot is no member of the group any more"},
	{"is not a member", events.ClassRecipient, "the bot is no member of the chat"},
	{"chat not found", events.ClassRecipient, "the customer never started this bot"},
	{"user not found", events.ClassRecipient, ""},
	{"PEER_ID_INVALID", events.ClassRecipient, ""},
	{"group chat was upgraded", events.ClassRecipient, "the group became a supergroup with another id"},
	{"VOICE_MESSAGES_FORBIDDEN", events.ClassMedia, "the customer takes no voice messages; send it as audio"},
	{"wrong file identifier", events.ClassMedia, "Telegram could not fetch the file, or its id is another bot's"},
	{"wrong remote file", events.ClassMedia, "the file's id is another bot's"},
	{"failed to get HTTP URL content", events.ClassMedia, "Telegram could not fetch the file"},
	{"wrong type of the web page content", events.ClassMedia, "the URL serves another type of file"},
	{"file is too big", events.ClassMedia, "bots fetch files of up to 20 MB"},
	{"Request Entity Too Large", events.ClassMedia, "bots upload files of up to 50 MB"},
	{"PHOTO_", events.ClassMedia, "width and height together have at most 10000 pixels, neither 20 times the other"},
	{"IMAGE_PROCESS_FAILED", events.ClassMedia, "the picture cannot be read"},
	{"WEBPAGE_", events.ClassMedia, "Telegram could not fetch the file"},
	{"MEDIA_EMPTY", events.ClassMedia, "Telegram could not read the file"},
	{"MEDIA_INVALID", events.ClassMedia, "Telegram could not read the file"},
	{"STICKER", events.ClassMedia, "a sticker is WEBP, TGS or WEBM of Telegram's sizes"},
	{"PAYMENT_PROVIDER_INVALID", events.ClassAuth, "check provider_token"},
	{"REACTION_INVALID", events.ClassContent, "the emoji is none that the chat allows"},
	{"BUTTON_TYPE_INVALID", events.ClassContent, "such buttons are for private chats with the bot"},
	{"send messages to bots", events.ClassRecipient, "a bot cannot write to a bot"},
	{"CHAT_ADMIN_REQUIRED", events.ClassPolicy, "the bot must be an administrator there"},
	{"need administrator rights", events.ClassPolicy, "the bot must be an administrator there"},
	{"CHAT_SEND_", events.ClassPolicy, "the group forbids messages of this kind"},
	{"BUTTON_URL_INVALID", events.ClassContent, "the address of a button is none that Telegram opens"},
	{"Wrong HTTP URL", events.ClassContent, "the address of a button is none that Telegram opens"},
	{"BUTTON_DATA_INVALID", events.ClassContent, "the id of an option is longer than 64 bytes"},
	{"USER_PRIVACY_RESTRICTED", events.ClassConsent, "the customer's privacy settings forbid it"},
	{"CHAT_RESTRICTED", events.ClassPolicy, "the chat is restricted"},
	{"topics are not enabled", events.ClassRecipient, "the group has no topics; address the group"},
	{"CHAT_WRITE_FORBIDDEN", events.ClassPolicy, "the bot may not write there"},
	{"not enough rights", events.ClassPolicy, "the bot may not do that there"},
	{"have no rights", events.ClassPolicy, "the bot may not write there"},
	{"message thread not found", events.ClassRecipient, "the topic is gone; address the group"},
	{"TOPIC_DELETED", events.ClassRecipient, "the topic is gone; address the group"},
	{"TOPIC_CLOSED", events.ClassPolicy, "the topic is closed"},
	{"FROZEN", events.ClassPolicy, "Telegram froze the bot; write to its support"},
}

// failure is why Telegram refused a call: a, or where it says nothing r's status.
// https://core.telegram.org/bots/api#making-requests
func failure(r channel.Reply, a answer) *channel.Error {
	r.Status = cmp.Or(a.Code, r.Status)
	e := r.Failure()
	e.Title = cmp.Or(title(a.Description), e.Title)
	e.RetryAfter = max(e.RetryAfter, time.Duration(a.Parameters.RetryAfter)*time.Second)
	switch r.Status {
	case http.StatusUnauthorized, http.StatusNotFound:
		e.Class, e.Remedy = events.ClassAuth, "check bot_token"
	case http.StatusConflict:
		e.Class, e.Remedy = events.ClassAuth, "another program uses this bot's token"
	case http.StatusForbidden:
		e.Class = events.ClassRecipient
	}
	for _, x := range refusals {
		if e.Class != events.ClassRate && !e.Unknown && strings.Contains(a.Description, x.words) {
			e.Class, e.Remedy = x.class, x.remedy
			break
		}
	}
	return e
}

// title is a description without what may follow a second colon: the content.
func title(description string) string {
	parts := strings.SplitN(description, ":", 3)
	return strings.Join(parts[:min(len(parts), 2)], ":")
}

// unchanged says whether err only tells that things are as they were asked to be.
func unchanged(err error) bool {
	var e *channel.Error
	return errors.As(err, &e) && (strings.Contains(e.Title, "message is not modified") ||
		strings.Contains(e.Title, "message to delete not found"))
}
