package signal

import "encoding/json"

// outgoing is a message to the container.
// https://bbernhard.github.io/signal-cli-rest-api/#/Messages/post_v2_send
type outgoing struct {
	Number         string   `json:"number"`
	Recipients     []string `json:"recipients"` // a UUID, a number or group.<base64>
	Message        string   `json:"message"`
	TextMode       string   `json:"text_mode,omitempty"`          // normal or styled
	Attachments    []string `json:"base64_attachments,omitempty"` // data:<type>;filename=<name>;base64,<data>
	ViewOnce       bool     `json:"view_once,omitempty"`
	Sticker        string   `json:"sticker,omitempty"` // <pack>:<sticker>
	QuoteAuthor    string   `json:"quote_author,omitempty"`
	QuoteTimestamp int64    `json:"quote_timestamp,omitempty"`
	EditTimestamp  int64    `json:"edit_timestamp,omitempty"`
}

// sent is the time that names the message, a text or a number, and whom it did not reach.
// https://github.com/bbernhard/signal-cli-rest-api/blob/master/src/datastructs/datastructs.go
type sent struct {
	Timestamp json.Number `json:"timestamp"`
	Errors    struct {
		Recipients []struct {
			Reason string `json:"reason"`
		} `json:"recipients"`
	} `json:"errors"`
}

// problem is an error of the container.
type problem struct {
	Error      string   `json:"error"`
	Challenges []string `json:"challenge_tokens,omitempty"` // where it takes a captcha to go on
}

// https://bbernhard.github.io/signal-cli-rest-api/#/Messages/put_v1_typing_indicator__number_
type typingAct struct {
	Recipient string `json:"recipient"`
}

// https://bbernhard.github.io/signal-cli-rest-api/#/Receipts/post_v1_receipts__number_
type receiptAct struct {
	Type      string `json:"receipt_type"`
	Recipient string `json:"recipient"`
	Timestamp int64  `json:"timestamp"`
}

// https://bbernhard.github.io/signal-cli-rest-api/#/Reactions/post_v1_reactions__number_
type reactionAct struct {
	Recipient    string `json:"recipient"`
	Reaction     string `json:"reaction,omitempty"`
	TargetAuthor string `json:"target_author"`
	Timestamp    int64  `json:"timestamp"`
}

// https://bbernhard.github.io/signal-cli-rest-api/#/Messages/delete_v1_remote_delete__number_
type deleteAct struct {
	Recipient string `json:"recipient"`
	Timestamp int64  `json:"timestamp"`
}
