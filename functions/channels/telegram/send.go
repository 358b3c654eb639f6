package telegram

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

const apiHost = "api.telegram.org"

// send makes the call for o, after the answer to the button whose press it answers:
// that stops the spinning, and its failure (it was too late) harms nothing.
func send(ctx context.Context, e channel.Env, o channel.Outgoing) (channel.Sent, error) {
	c, err := compose(e.Account, o)
	if err != nil {
		return channel.Sent{}, err
	}
	if o.Answer != "" {
		_, _ = invoke(ctx, e, call{method: "answerCallbackQuery", CallbackQuery: o.Answer})
	}
	a, note, err := persist(ctx, e, c)
	if err != nil {
		return channel.Sent{}, err
	}
	return channel.Sent{IDs: a.messageIDs(), Note: note}, nil
}

// messageIDs are the ids of the messages that a call made, as updates name them.
func (a answer) messageIDs() []string {
	list := []sentMessage{{}}
	if json.Unmarshal(a.Result, &list[0]) != nil && json.Unmarshal(a.Result, &list) != nil {
		return nil // True: the call made none
	}
	var ids []string
	for _, m := range list {
		if m.ID != 0 {
			ids = append(ids, scope(m.Connection, "")+id(m.Chat.ID)+":"+id(m.ID))
		}
	}
	return ids
}

// invoke calls a method of the Bot API. The answer is set with a refusal too.
// https://core.telegram.org/bots/api#making-requests
func invoke(ctx context.Context, e channel.Env, c call) (answer, error) {
	token := e.Account.Value(botToken)
	if token == "" {
		return answer{}, &channel.Error{Class: events.ClassAuth, Title: "the account has no bot_token",
			Remedy: "store the token that @BotFather gave"}
	}
	address := "https://" + apiHost + "/bot" + token + "/" + c.method
	r, err := post(ctx, e, address, c)
	if err != nil {
		return answer{}, err
	}
	var a answer
	if err := r.Decode(&a); err != nil && r.OK() {
		return a, err
	}
	if a.OK && r.OK() {
		return a, nil
	}
	return a, failure(r, a)
}

func post(ctx context.Context, e channel.Env, address string, c call) (channel.Reply, error) {
	if c.native != nil {
		return e.PostJSON(ctx, address, nil, c.native)
	}
	if c.upload == nil {
		return e.PostJSON(ctx, address, nil, c)
	}
	body, contentType, err := multipartOf(ctx, e, c)
	if err != nil {
		return channel.Reply{}, err
	}
	return e.Do(ctx, http.MethodPost, address, http.Header{"Content-Type": {contentType}}, body)
}

// act does what is no message.
func act(ctx context.Context, e channel.Env, to channel.Recipient, a events.Action) error {
	at := recipientOf(to.Conversation)
	c := call{ChatID: at.chat, Connection: at.connection}
	if a.Verb != events.ActTyping {
		if a.Message == nil || messageNumber(a.Message.PlatformID) == 0 {
			return unacceptable("the action names no message of this chat")
		}
		c.MessageID = messageNumber(a.Message.PlatformID)
	}
	c, err := acting(c, at, a)
	if err != nil || c.method == "" {
		return err
	}
	if _, err = invoke(ctx, e, c); unchanged(err) {
		return nil
	}
	return err
}

// acting is the call for a; one without a method has nothing to do.
func acting(c call, at recipient, a events.Action) (call, error) {
	switch a.Verb {
	case events.ActTyping:
		if a.Active { // it ends by itself after 5 seconds
			c.method, c.Action, c.Thread = "sendChatAction", "typing", at.thread
		}
	case events.ActRead:
		if at.connection != "" { // elsewhere Telegram shows as read what the bot has received
			c.method = "readBusinessMessage"
		}
	case events.ActReact:
		if at.connection != "" {
			return c, unacceptable("there are no reactions in the chats of a business account")
		}
		c.method, c.Reaction = "setMessageReaction", &[]reactionOut{}
		sign := strings.ReplaceAll(a.Emoji, "\ufe0f", "") // Telegram's list is without
		if sign != "" && !slices.Contains(reactions, sign) {
			return c, unacceptable("a bot reacts with none but the emoji of Telegram's list, as 👍 and ❤")
		}
		if sign != "" {
			c.Reaction = &[]reactionOut{{Type: "emoji", Emoji: sign}}
		}
	case events.ActDelete:
		c.method = "deleteMessage"
		if at.connection != "" {
			c = call{method: "deleteBusinessMessages", Connection: at.connection, MessageIDs: []int64{c.MessageID}}
		}
	case events.ActEdit:
		return edited(c, at, a.Content)
	}
	return c, nil
}

// reactions are all that a bot may react with. https://core.telegram.org/bots/api#reactiontypeemoji
var reactions = strings.Fields("❤ 👍 👎 🔥 🥰 👏 😁 🤔 🤯 😱 🤬 😢 🎉 🤩 🤮 💩 🙏 👌 🕊 🤡 🥱 🥴 😍 🐳 ❤‍🔥 🌚 🌭 💯 🤣 ⚡ 🍌 🏆 💔 🤨 " +
	"😐 🍓 🍾 💋 🖕 😈 😴 😭 🤓 👻 👨‍💻 👀 🎃 🙈 😇 😨 🤝 ✍ 🤗 🫡 🎅 🎄 ☃ 💅 🤪 🗿 🆒 💘 🙉 🦄 😘 💊 🙊 😎 👾 🤷‍♂ 🤷 🤷‍♀ 😡")

// edited is the call that gives a message new content.
// https://core.telegram.org/bots/api#updating-messages
func edited(c call, at recipient, content []events.Content) (call, error) {
	if len(content) != 1 {
		return c, unacceptable("an edit has one part")
	}
	switch part := content[0]; {
	case part.Text != nil:
		c.method, c.Text, c.Entities = "editMessageText", part.Text.Body, marks(part.Text.Entities)
	case part.Choice != nil && part.Choice.Header == nil && part.Choice.Style != events.StyleQuick:
		c.method, c.Text, c.Markup = "editMessageText", part.Choice.Text, inlineKeyboard(part.Choice.Options, at)
	case part.Media != nil && source(*part.Media) != "" && mediaMethods[part.Media.Type].input != "":
		m := part.Media
		c.method = "editMessageMedia"
		c.Media = &inputMedia{Type: mediaMethods[m.Type].input, Media: source(*m), Caption: m.Caption,
			CaptionEntities: marks(m.Entities)}
	default:
		return c, unacceptable("a message can become a text, buttons, or a medium at a URL")
	}
	return c, nil
}

func unacceptable(why string) *channel.Error {
	return &channel.Error{Class: events.ClassContent, Title: why}
}

// fetch opens a file by its id. Its URL holds the bot's token and is never shown.
// https://core.telegram.org/bots/api#getfile
func fetch(ctx context.Context, e channel.Env, m events.Media) (io.ReadCloser, error) {
	a, err := invoke(ctx, e, call{method: "getFile", FileID: m.PlatformID})
	if err != nil {
		return nil, err
	}
	var f filePath
	if err := json.Unmarshal(a.Result, &f); err != nil || f.Path == "" {
		return nil, &channel.Error{Class: events.ClassMedia, Title: "Telegram names no path of the file"}
	}
	body, r, err := e.Stream(ctx, "https://"+apiHost+"/file/bot"+e.Account.Value(botToken)+"/"+f.Path, nil)
	if err != nil {
		return nil, err
	}
	if body == nil {
		lost := r.Failure()
		if lost.Class == events.ClassRecipient {
			lost.Class = events.ClassMedia
		}
		return nil, lost
	}
	return body, nil
}
