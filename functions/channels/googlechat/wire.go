package googlechat

import (
	"encoding/json"
	"math"
	"strconv"
)

// webhook is an interaction event in either format: of a classic Chat app, or, when
// Chat is set, of a Google Workspace add-on.
// https://developers.google.com/workspace/chat/api/reference/rest/v1/Event
// https://developers.google.com/workspace/add-ons/concepts/event-objects
type webhook struct {
	Type            string  `json:"type"`
	EventTime       string  `json:"eventTime"`
	Space           space   `json:"space"`
	User            user    `json:"user"`
	Message         message `json:"message"`
	Thread          thread  `json:"thread"`
	Action          action  `json:"action"`
	Common          common  `json:"common"`
	DialogEventType string  `json:"dialogEventType"`
	Command         command `json:"appCommandMetadata"`

	CommonEvent common `json:"commonEventObject"`
	Chat        *chat  `json:"chat"`
}

// chat is the part of an add-on's event that Chat fills; one payload is set.
// https://developers.google.com/workspace/add-ons/concepts/event-objects#chat-event-object
type chat struct {
	User      user     `json:"user"`
	EventTime string   `json:"eventTime"`
	Message   *payload `json:"messagePayload"`
	Added     *payload `json:"addedToSpacePayload"`
	Removed   *payload `json:"removedFromSpacePayload"`
	Button    *payload `json:"buttonClickedPayload"`
	Command   *payload `json:"appCommandPayload"`
	Widget    *payload `json:"widgetUpdatedPayload"`
}

// payload has what its kind needs.
// https://developers.google.com/workspace/add-ons/concepts/event-objects#chat-payloads
type payload struct {
	Space           space   `json:"space"`
	Message         message `json:"message"`
	Thread          thread  `json:"thread"`
	DialogEventType string  `json:"dialogEventType"`
	Command         command `json:"appCommandMetadata"`
}

// https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces
type space struct {
	Name           string `json:"name"`      // spaces/AAA
	Type           string `json:"type"`      // ROOM or DM, before SpaceType was there
	SpaceType      string `json:"spaceType"` // SPACE, GROUP_CHAT or DIRECT_MESSAGE
	DisplayName    string `json:"displayName"`
	ThreadingState string `json:"spaceThreadingState"`
}

// typed says whether s says what it is; in some events it is but a name.
func (s space) typed() bool { return s.SpaceType != "" || s.Type != "" }

// direct says whether s is a direct message; so is what does not say.
func (s space) direct() bool {
	return s.SpaceType == "DIRECT_MESSAGE" || s.SpaceType == "" && s.Type != "ROOM"
}

// threaded says whether messages of s that belong together share a thread. A group
// chat and a space without threads give every message a thread of its own.
func (s space) threaded() bool {
	switch s.ThreadingState {
	case "THREADED_MESSAGES", "GROUPED_MESSAGES":
		return true
	case "":
		return s.SpaceType != "GROUP_CHAT"
	}
	return false
}

// https://developers.google.com/workspace/chat/api/reference/rest/v1/User
type user struct {
	Name        string `json:"name"` // users/123
	DisplayName string `json:"displayName"`
	Email       string `json:"email"`
	AvatarURL   string `json:"avatarUrl"`
	Type        string `json:"type"` // HUMAN or BOT
}

// https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces.messages
type message struct {
	Name           string            `json:"name"` // spaces/A/messages/B.C
	Sender         user              `json:"sender"`
	CreateTime     string            `json:"createTime"`
	LastUpdateTime string            `json:"lastUpdateTime"`
	DeleteTime     string            `json:"deleteTime"`
	Text           string            `json:"text"`
	ArgumentText   string            `json:"argumentText"` // text without the mention of the app
	Space          space             `json:"space"`
	Thread         thread            `json:"thread"`
	Annotations    []annotation      `json:"annotations"`
	Attachment     []attachment      `json:"attachment"`
	AttachedGIFs   []attachedGIF     `json:"attachedGifs"`
	SlashCommand   *slashCommand     `json:"slashCommand"`
	MatchedURL     matchedURL        `json:"matchedUrl"`
	Quoted         quoted            `json:"quotedMessageMetadata"`
	ClientID       string            `json:"clientAssignedMessageId"`
	Cards          []json.RawMessage `json:"cardsV2"`
}

// https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces.messages#Thread
type thread struct {
	Name string `json:"name"` // spaces/A/threads/T
	Key  string `json:"threadKey,omitempty"`
}

// annotation marks a part of a text.
// https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces.messages#Annotation
type annotation struct {
	Type       string `json:"type"`
	StartIndex number `json:"startIndex"`
	Length     number `json:"length"`
	Mention    struct {
		User user `json:"user"`
	} `json:"userMention"`
	Command slashCommand `json:"slashCommand"`
	Link    struct {
		URI string `json:"uri"`
	} `json:"richLinkMetadata"`
	Emoji struct {
		Emoji customEmoji `json:"customEmoji"`
	} `json:"customEmojiMetadata"`
}

// https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces.messages#SlashCommandMetadata
type slashCommand struct {
	ID   number `json:"commandId"`
	Name string `json:"commandName"`
}

// https://developers.google.com/workspace/chat/api/reference/rest/v1/customEmojis
type customEmoji struct {
	UID  string `json:"uid"`
	Name string `json:"emojiName"`
}

// attachment is a file that was uploaded to Chat, or lies in Google Drive.
// https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces.messages.attachments
type attachment struct {
	Name        string `json:"name"`
	ContentName string `json:"contentName"`
	ContentType string `json:"contentType"`
	Data        struct {
		ResourceName string `json:"resourceName"`
	} `json:"attachmentDataRef"`
	Drive struct {
		FileID string `json:"driveFileId"`
	} `json:"driveDataRef"`
}

// https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces.messages#AttachedGif
type attachedGIF struct {
	URI string `json:"uri"`
}

// https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces.messages#MatchedUrl
type matchedURL struct {
	URL string `json:"url"`
}

// https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces.messages#QuotedMessageMetadata
type quoted struct {
	Name string `json:"name"`
}

// command is which command of the app was used.
// https://developers.google.com/workspace/chat/api/reference/rest/v1/Event#AppCommandMetadata
type command struct {
	ID   number `json:"appCommandId"`
	Type string `json:"appCommandType"`
}

// action is what a button of a classic card does.
// https://developers.google.com/workspace/chat/api/reference/rest/v1/Event#FormAction
type action struct {
	Method     string `json:"actionMethodName"`
	Parameters []struct {
		Key   string `json:"key"`
		Value text   `json:"value"`
	} `json:"parameters"`
}

// common is what a card holds when somebody acts on it.
// https://developers.google.com/workspace/add-ons/concepts/event-objects#common-event-object
type common struct {
	UserLocale string           `json:"userLocale"`
	Function   string           `json:"invokedFunction"`
	Parameters map[string]text  `json:"parameters"`
	Inputs     map[string]input `json:"formInputs"`
}

// input is a form's value; the member that is set says of which kind. Some clients
// put it one level deeper, under an empty key.
// https://developers.google.com/workspace/add-ons/concepts/event-objects#form-inputs
type input struct {
	Strings struct {
		Value []string `json:"value"`
	} `json:"stringInputs"`
	Date     moment `json:"dateInput"`
	DateTime moment `json:"dateTimeInput"`
	Time     *clock `json:"timeInput"`
}

// UnmarshalJSON looks under the empty key first, which no struct tag can name.
func (i *input) UnmarshalJSON(b []byte) error {
	var deeper map[string]json.RawMessage
	if err := json.Unmarshal(b, &deeper); err != nil {
		return err
	}
	if inner, ok := deeper[""]; ok {
		b = inner
	}
	type plain input
	return json.Unmarshal(b, (*plain)(i))
}

// moment is in milliseconds since 1970; of a date, at midnight UTC.
type moment struct {
	Milli number `json:"msSinceEpoch"`
}

type clock struct {
	Hours   number `json:"hours"`
	Minutes number `json:"minutes"`
}

// text is a value as it was written, where it should be a string and may not be.
type text string

// UnmarshalJSON never fails: a button must not be lost over a parameter.
func (t *text) UnmarshalJSON(b []byte) error {
	if json.Unmarshal(b, (*string)(t)) != nil {
		*t = text(b)
	}
	return nil
}

// number is a whole number, which Google writes as 1, "1" or 1.0. It is empty for
// anything else.
type number string

// UnmarshalJSON never fails: a message must not be lost over a number.
func (n *number) UnmarshalJSON(b []byte) error {
	text := string(b)
	if unquoted, err := strconv.Unquote(text); err == nil {
		text = unquoted
	}
	*n = ""
	if _, err := strconv.ParseInt(text, 10, 64); err == nil {
		*n = number(text)
	} else if f, err := strconv.ParseFloat(text, 64); err == nil && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		*n = number(strconv.FormatInt(int64(f), 10))
	}
	return nil
}

func (n number) int() int {
	i, _ := strconv.Atoi(string(n))
	return i
}
