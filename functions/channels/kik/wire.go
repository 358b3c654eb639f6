package kik

import "encoding/json"

// Kik's documents are gone; its Python library is what is left of them.
// https://github.com/kikinteractive/kik-python/tree/master/kik/messages

// delivery is the body of a webhook: messages of any chats, in no order.
type delivery struct {
	Messages []json.RawMessage `json:"messages"`
}

// message is what happened; Type says which of the fields below the first are set.
type message struct {
	ID           string          `json:"id"`
	Type         string          `json:"type"`
	ChatID       string          `json:"chatId"`
	ChatType     string          `json:"chatType"`     // direct, private or public, which are groups; may be absent
	From         string          `json:"from"`         // user name
	Participants []string        `json:"participants"` // without the bot
	Timestamp    int64           `json:"timestamp"`    // Unix milliseconds
	Mention      json.RawMessage `json:"mention"`      // the bot whose name was typed
	Metadata     json.RawMessage `json:"metadata"`     // of the suggested response that was tapped

	Body        string          `json:"body"`        // text
	PicURL      string          `json:"picUrl"`      // picture, or a link's
	Attribution json.RawMessage `json:"attribution"` // who made a picture or a link: an object with a name
	VideoURL    string          `json:"videoUrl"`
	StickerURL  string          `json:"stickerUrl"`
	StickerPack string          `json:"stickerPackId"`
	URL         string          `json:"url"` // link
	Title       string          `json:"title"`
	Text        string          `json:"text"`
	KikJSData   json.RawMessage `json:"kikJsData"` // what a web page put into the link it shared
	ScanData    json.RawMessage `json:"data"`      // what a scanned code holds
	Picked      []string        `json:"picked"`    // user names
	IsTyping    bool            `json:"isTyping"`
	MessageIDs  []string        `json:"messageIds"` // of receipts
}

// sentMessages is the body of POST /v1/message and /v1/broadcast: at most 25.
type sentMessages struct {
	Messages []any `json:"messages"`
}

// sentMessage is to a person, or into a chat; Type says which of the others are set.
type sentMessage struct {
	To     string `json:"to,omitempty"`
	ChatID string `json:"chatId,omitempty"`
	ID     string `json:"id,omitempty"`
	Type   string `json:"type,omitempty"` // of native content it is theirs

	Body       string     `json:"body,omitempty"`
	PicURL     string     `json:"picUrl,omitempty"`
	VideoURL   string     `json:"videoUrl,omitempty"`
	Loop       bool       `json:"loop,omitempty"`
	Muted      bool       `json:"muted,omitempty"`
	Autoplay   bool       `json:"autoplay,omitempty"`
	URL        string     `json:"url,omitempty"`
	Title      string     `json:"title,omitempty"`
	Text       string     `json:"text,omitempty"`
	IsTyping   *bool      `json:"isTyping,omitempty"`
	MessageIDs []string   `json:"messageIds,omitempty"`
	Keyboards  []keyboard `json:"keyboards,omitempty"`
}

type keyboard struct {
	Type      string     `json:"type"` // suggested
	Responses []response `json:"responses"`
}

type response struct {
	Type     string `json:"type"` // text
	Body     string `json:"body"`
	Metadata string `json:"metadata,omitempty"`
}
