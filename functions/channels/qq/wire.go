package qq

import (
	"encoding/json"
	"strconv"
	"strings"
)

// envelope is the body of every webhook. ID is not the message's: an answer names
// either one, each in its own field.
// https://bot.q.qq.com/wiki/develop/api-v2/dev-prepare/interface-framework/event-emit.html
type envelope struct {
	ID       string          `json:"id"`
	Op       *int64          `json:"op"`
	Sequence uint64          `json:"s"`
	Type     string          `json:"t"`
	Data     json.RawMessage `json:"d"`
}

type validation struct {
	PlainToken string `json:"plain_token"`
	EventTime  string `json:"event_ts"` // Unix seconds
}

type validationAnswer struct {
	PlainToken string `json:"plain_token"`
	Signature  string `json:"signature"`
}

type acknowledgement struct {
	Op   int    `json:"op"`
	Data uint64 `json:"d"`
}

// text is a text or a number: QQ writes times and types as either.
type text string

// UnmarshalJSON leaves t empty for what is neither.
func (t *text) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) != nil {
		if _, err := strconv.ParseFloat(string(b), 64); err != nil {
			return nil
		}
		s = string(b)
	}
	*t = text(strings.TrimSpace(s))
	return nil
}

// place says where something happened; which ids are set depends on the scene.
type place struct {
	GroupOpenID string `json:"group_openid"`
	GuildID     string `json:"guild_id"`
	ChannelID   string `json:"channel_id"`
}

// author is who wrote: with user_openid one to one, with member_openid in a group,
// with a guild user's id in a guild.
// https://bot.q.qq.com/wiki/develop/api-v2/dev-prepare/unique-id.html
type author struct {
	ID           string `json:"id"`
	UserOpenID   string `json:"user_openid"`
	MemberOpenID string `json:"member_openid"`
	UnionOpenID  string `json:"union_openid"`
	Username     string `json:"username"` // guilds only, as the next
	Avatar       string `json:"avatar"`
	Bot          bool   `json:"bot"`
}

// message is a message of any scene.
// https://bot.q.qq.com/wiki/develop/api-v2/server-inter/message/send-receive/event.html
type message struct {
	place
	ID          string       `json:"id"`
	Author      author       `json:"author"`
	Content     string       `json:"content"`
	Timestamp   text         `json:"timestamp"` // RFC 3339
	Type        text         `json:"message_type"`
	Attachments []attachment `json:"attachments"`
	Elements    []element    `json:"msg_elements"` // what it quotes
	Scene       struct {
		Source string   `json:"source"`
		Ext    []string `json:"ext"` // "msg_idx=…", "ref_msg_idx=…"
	} `json:"message_scene"`
	Member struct {
		Nick string `json:"nick"`
	} `json:"member"`
	Reference struct {
		MessageID string `json:"message_id"`
	} `json:"message_reference"`
	SourceGuildID string `json:"src_guild_id"`
}

type attachment struct {
	ContentType string `json:"content_type"` // image/png, video/mp4, voice, file …
	Filename    string `json:"filename"`
	URL         string `json:"url"`
	Size        int64  `json:"size"`
	Width       int    `json:"width"`
	Height      int    `json:"height"`
	WAV         string `json:"voice_wav_url"`
	Transcript  string `json:"asr_refer_text"`
}

type element struct {
	Content string `json:"content"`
}

// interaction is a pressed button, a menu's item or an authorisation.
// https://bot.q.qq.com/wiki/develop/api-v2/server-inter/message/trans/msg-btn.html
type interaction struct {
	place
	ID                string `json:"id"`
	Type              int64  `json:"type"`
	Timestamp         text   `json:"timestamp"`
	UserOpenID        string `json:"user_openid"`
	GroupMemberOpenID string `json:"group_member_openid"`
	Data              struct {
		Resolved struct {
			ButtonID   string `json:"button_id"`
			ButtonData string `json:"button_data"`
			UserID     string `json:"user_id"`
			FeatureID  string `json:"feature_id"`
			MessageID  string `json:"message_id"`
		} `json:"resolved"`
	} `json:"data"`
}

// Types of an interaction.
const (
	messageButton = 11
	quickMenu     = 12
	feedback      = 13
)

// change is a friendship, a setting or a membership.
// https://bot.q.qq.com/wiki/develop/api-v2/server-inter/group/manage/event.html
type change struct {
	GroupOpenID    string `json:"group_openid"`
	OpenID         string `json:"openid"`
	MemberOpenID   string `json:"member_openid"`
	OpMemberOpenID string `json:"op_member_openid"` // who did it
	Author         author `json:"author"`
	Timestamp      text   `json:"timestamp"` // Unix seconds
}

// audit is the review of a message of ours in a guild.
// https://bot.q.qq.com/wiki/develop/api-v2/openapi/message/audit.html
type audit struct {
	place
	AuditID   string `json:"audit_id"`
	AuditTime text   `json:"audit_time"`
}

// https://bot.q.qq.com/wiki/develop/api-v2/openapi/reaction/model.html
type reaction struct {
	place
	UserID string `json:"user_id"`
	Target struct {
		ID   string `json:"id"`
		Type text   `json:"type"` // 0 or ReactionTargetType_MSG for a message
	} `json:"target"`
	Emoji struct {
		ID   text `json:"id"`
		Type text `json:"type"` // 1 of QQ, 2 of Unicode
	} `json:"emoji"`
}

// https://bot.q.qq.com/wiki/develop/api-v2/server-inter/message/send-receive/event.html
type deletion struct {
	Message message `json:"message"`
	OpUser  author  `json:"op_user"`
}
