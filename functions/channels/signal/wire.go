package signal

import "encoding/json"

// delivery is a line of signal-cli's JSON-RPC, or what the container's WebSocket
// and GET give: the notice alone.
// https://github.com/AsamK/signal-cli/blob/master/man/signal-cli-jsonrpc.5.adoc
type delivery struct {
	Params notice `json:"params"`
	notice
}

// notice is an envelope and for whom it is. After a subscription by hand it is
// the result of another notice.
type notice struct {
	Account   string          `json:"account"` // our own number
	Envelope  json.RawMessage `json:"envelope"`
	Exception json.RawMessage `json:"exception"` // of a message that could not be decrypted
	Result    *notice         `json:"result"`
}

// envelope is what somebody sent; one of the messages is set. Who hides the phone
// number has none here.
// https://github.com/AsamK/signal-cli/blob/master/src/main/java/org/asamk/signal/json/JsonMessageEnvelope.java
type envelope struct {
	SourceNumber string `json:"sourceNumber"`
	SourceUUID   string `json:"sourceUuid"`
	SourceName   string `json:"sourceName"`
	Timestamp    int64  `json:"timestamp"` // Unix milliseconds, by the sender's clock

	DataMessage    *dataMessage    `json:"dataMessage"`
	EditMessage    *editMessage    `json:"editMessage"`
	ReceiptMessage *receiptMessage `json:"receiptMessage"`
	TypingMessage  *typingMessage  `json:"typingMessage"`
	SyncMessage    *syncMessage    `json:"syncMessage"`
	CallMessage    json.RawMessage `json:"callMessage"`
	StoryMessage   json.RawMessage `json:"storyMessage"`
}

// dataMessage is a message, or one of the acts that travel as one.
// https://github.com/AsamK/signal-cli/blob/master/src/main/java/org/asamk/signal/json/JsonDataMessage.java
type dataMessage struct {
	Timestamp          int64           `json:"timestamp"` // names the message, beside its author
	Message            string          `json:"message"`   // null where there is no text
	ExpiresInSeconds   int64           `json:"expiresInSeconds"`
	IsExpirationUpdate bool            `json:"isExpirationUpdate"`
	ViewOnce           bool            `json:"viewOnce"`
	Quote              *quote          `json:"quote"`
	Mentions           []mention       `json:"mentions"`
	TextStyles         []textStyle     `json:"textStyles"`
	Previews           []preview       `json:"previews"`
	Attachments        []attachment    `json:"attachments"`
	Sticker            *sticker        `json:"sticker"`
	Contacts           []sharedContact `json:"contacts"`
	PollCreate         *pollCreate     `json:"pollCreate"`
	Payment            json.RawMessage `json:"payment"`
	StoryContext       *storyContext   `json:"storyContext"`
	GroupInfo          *groupInfo      `json:"groupInfo"`

	Reaction      *reaction     `json:"reaction"`
	RemoteDelete  *remoteDelete `json:"remoteDelete"`
	AdminDelete   *target       `json:"adminDelete"`
	PinMessage    *target       `json:"pinMessage"`
	UnpinMessage  *target       `json:"unpinMessage"`
	PollVote      *pollVote     `json:"pollVote"`
	PollTerminate *target       `json:"pollTerminate"` // names the time alone
}

// target is the message that an act is about.
// https://github.com/AsamK/signal-cli/blob/master/src/main/java/org/asamk/signal/json/JsonPinMessage.java
type target struct {
	Number    string `json:"targetAuthorNumber"`
	UUID      string `json:"targetAuthorUuid"`
	Timestamp int64  `json:"targetSentTimestamp"`
}

// https://github.com/AsamK/signal-cli/blob/master/src/main/java/org/asamk/signal/json/JsonReaction.java
type reaction struct {
	target
	Emoji    string `json:"emoji"`
	IsRemove bool   `json:"isRemove"`
}

// https://github.com/AsamK/signal-cli/blob/master/src/main/java/org/asamk/signal/json/JsonRemoteDelete.java
type remoteDelete struct {
	Timestamp int64 `json:"timestamp"` // of the message taken back, whose author is the sender
}

// https://github.com/AsamK/signal-cli/blob/master/src/main/java/org/asamk/signal/json/JsonQuote.java
type quote struct {
	ID     int64  `json:"id"` // the quoted message's timestamp
	Number string `json:"authorNumber"`
	UUID   string `json:"authorUuid"`
	Text   string `json:"text"`
}

// mention stands where the text has one U+FFFC. Start and Length count UTF-16 units.
// https://github.com/AsamK/signal-cli/blob/master/src/main/java/org/asamk/signal/json/JsonMention.java
type mention struct {
	Start  int    `json:"start"`
	Length int    `json:"length"`
	Number string `json:"number"`
	UUID   string `json:"uuid"`
}

// https://github.com/AsamK/signal-cli/blob/master/src/main/java/org/asamk/signal/json/JsonTextStyle.java
type textStyle struct {
	Style  string `json:"style"` // BOLD, ITALIC, STRIKETHROUGH, MONOSPACE or SPOILER
	Start  int    `json:"start"`
	Length int    `json:"length"`
}

// https://github.com/AsamK/signal-cli/blob/master/src/main/java/org/asamk/signal/json/JsonPreview.java
type preview struct {
	URL         string `json:"url"`
	Title       string `json:"title"`
	Description string `json:"description"`
}

// attachment is fetched by its id from the container, which has decrypted it.
// https://github.com/AsamK/signal-cli/blob/master/src/main/java/org/asamk/signal/json/JsonAttachment.java
type attachment struct {
	ID          string `json:"id"`
	ContentType string `json:"contentType"`
	Filename    string `json:"filename"`
	Size        int64  `json:"size"` // bytes
	Width       int    `json:"width"`
	Height      int    `json:"height"`
	Caption     string `json:"caption"`
}

// https://github.com/AsamK/signal-cli/blob/master/src/main/java/org/asamk/signal/json/JsonSticker.java
type sticker struct {
	PackID    string      `json:"packId"`
	StickerID json.Number `json:"stickerId"`
}

// https://github.com/AsamK/signal-cli/blob/master/src/main/java/org/asamk/signal/json/JsonSharedContact.java
type sharedContact struct {
	Name struct {
		Nickname string `json:"nickname"`
		Given    string `json:"given"`
		Middle   string `json:"middle"`
		Family   string `json:"family"`
	} `json:"name"`
	Phone        []labelled       `json:"phone"`
	Email        []labelled       `json:"email"`
	Address      []contactAddress `json:"address"`
	Organization string           `json:"organization"`
}

// labelled has a label of its own where the type is CUSTOM.
type labelled struct {
	Value string `json:"value"`
	Type  string `json:"type"` // HOME, WORK, MOBILE or CUSTOM
	Label string `json:"label"`
}

type contactAddress struct {
	Type     string `json:"type"`
	Label    string `json:"label"`
	Street   string `json:"street"`
	City     string `json:"city"`
	Region   string `json:"region"`
	Postcode string `json:"postcode"`
	Country  string `json:"country"`
}

// https://github.com/AsamK/signal-cli/blob/master/src/main/java/org/asamk/signal/json/JsonPollCreate.java
type pollCreate struct {
	Question      string   `json:"question"`
	AllowMultiple bool     `json:"allowMultiple"`
	Options       []string `json:"options"`
}

// https://github.com/AsamK/signal-cli/blob/master/src/main/java/org/asamk/signal/json/JsonPollVote.java
type pollVote struct {
	Number    string `json:"authorNumber"` // of who asked
	UUID      string `json:"authorUuid"`
	Timestamp int64  `json:"targetSentTimestamp"`
	Options   []int  `json:"optionIndexes"` // from 0; none takes the vote back
	Count     int64  `json:"voteCount"`     // how often this person has voted
}

// https://github.com/AsamK/signal-cli/blob/master/src/main/java/org/asamk/signal/json/JsonStoryContext.java
type storyContext struct {
	Number    string `json:"authorNumber"`
	UUID      string `json:"authorUuid"`
	Timestamp int64  `json:"sentTimestamp"`
}

// https://github.com/AsamK/signal-cli/blob/master/src/main/java/org/asamk/signal/json/JsonGroupInfo.java
type groupInfo struct {
	GroupID   string `json:"groupId"` // base64
	GroupName string `json:"groupName"`
	Revision  int64  `json:"revision"`
	Type      string `json:"type"` // DELIVER, or UPDATE: the group itself changed
}

// https://github.com/AsamK/signal-cli/blob/master/src/main/java/org/asamk/signal/json/JsonEditMessage.java
type editMessage struct {
	Timestamp   int64        `json:"targetSentTimestamp"`
	DataMessage *dataMessage `json:"dataMessage"`
}

// receiptMessage is about messages of ours, named by their times.
// https://github.com/AsamK/signal-cli/blob/master/src/main/java/org/asamk/signal/json/JsonReceiptMessage.java
type receiptMessage struct {
	When       int64             `json:"when"`
	IsDelivery bool              `json:"isDelivery"`
	IsRead     bool              `json:"isRead"`
	IsViewed   bool              `json:"isViewed"`
	Timestamps []json.RawMessage `json:"timestamps"` // numbers
}

// https://github.com/AsamK/signal-cli/blob/master/src/main/java/org/asamk/signal/json/JsonTypingMessage.java
type typingMessage struct {
	Action    string `json:"action"` // STARTED or STOPPED
	Timestamp int64  `json:"timestamp"`
	GroupID   string `json:"groupId"`
}

// syncMessage is what another device of the account did.
// https://github.com/AsamK/signal-cli/blob/master/src/main/java/org/asamk/signal/json/JsonSyncMessage.java
type syncMessage struct {
	Sent *sentMessage `json:"sentMessage"`
}

// https://github.com/AsamK/signal-cli/blob/master/src/main/java/org/asamk/signal/json/JsonSyncDataMessage.java
type sentMessage struct {
	DestinationNumber string       `json:"destinationNumber"` // null in groups, as the next
	DestinationUUID   string       `json:"destinationUuid"`
	EditMessage       *editMessage `json:"editMessage"`
	dataMessage
}
